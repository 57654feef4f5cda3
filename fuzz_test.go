package session

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/echosession/session/store"
	memstore "github.com/echosession/session/store/memory"
)

var fuzzSecrets = []string{"a secret that signs, of 32 bytes.", "one that only verifies"}

// referenceValue is what a secret makes of an id, written down without the code
// under test.
func referenceValue(secret, id string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(id))
	return "s:" + id + "." + base64.RawStdEncoding.EncodeToString(mac.Sum(nil))
}

// referenceUnescape decodes % escapes, all of them or none.
func referenceUnescape(s string) string {
	var b []byte
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			b = append(b, s[i])
			continue
		}
		const hex = "0123456789abcdef"
		if i+2 >= len(s) {
			return s
		}
		high, low := strings.IndexByte(hex, s[i+1]|0x20), strings.IndexByte(hex, s[i+2]|0x20)
		if high < 0 || low < 0 || s[i+1] < '0' || s[i+2] < '0' {
			return s
		}
		b, i = append(b, byte(high<<4|low)), i+2
	}
	return string(b)
}

// referenceIDs are the ids, in order, of the cookies of that name; "" stands
// for one that proves nothing.
func referenceIDs(lines []string, name string) (ids []string) {
	for _, line := range lines {
		for pair := range strings.SplitSeq(line, ";") {
			key, value, ok := strings.Cut(pair, "=")
			if !ok || strings.Trim(key, " \t") != name {
				continue
			}
			value = strings.Trim(value, " \t")
			if len(value) > 1 && strings.HasPrefix(value, `"`) && strings.HasSuffix(value, `"`) {
				value = value[1 : len(value)-1]
			}
			value = referenceUnescape(value)
			id := strings.TrimPrefix(value, "s:")
			if dot := strings.LastIndex(id, "."); dot > 0 {
				id = id[:dot]
			}
			for _, secret := range fuzzSecrets {
				if value != referenceValue(secret, id) || !utf8.ValidString(id) || strings.Contains(id, "\x00") {
					continue
				}
				ids = append(ids, id)
				goto next
			}
			ids = append(ids, "")
		next:
		}
	}
	return ids
}

// FuzzCookie: whatever the Cookie lines are, the id that is found is the one a
// second implementation finds, and that one has to be signed. {0} and {1} in
// the header stand for the id under either secret, {e} for the first escaped.
func FuzzCookie(f *testing.F) {
	f.Add("__Host-session={e}", "-lwhNbQhBS9U7BTDZKwOrK2IhRrO_IVC")
	f.Add("connect.sid={0}; connect.sid={1}", "sid.with.dots")
	f.Add(`$Version="1"; connect.sid="{1}"; __Host-session = {0} ;x`, "~!*()' x/+=é")
	f.Add("connect.sid=; connect.sid={e}\n__Host-session=a; __Host-session={e}", "a")
	f.Add("connect.sid={e}%zz;connect.sid", "\xff\x00")
	f.Add("__Host-session={0}\n__Host-session=s%3Ab.c;__host-session={0}", "../../etc/passwd")
	f.Add("connect.sid=s%3a{0}=; =connect.sid={0}; %5F%5FHost-session={0}", "%41+ ")
	f.Add(strings.Repeat(";", maxCookies)+"connect.sid={0}", "many")
	f.Fuzz(func(t *testing.T, header, id string) {
		first, second := referenceValue(fuzzSecrets[0], id), referenceValue(fuzzSecrets[1], id)
		header = strings.NewReplacer("{0}", first, "{1}", second, "{e}", encodeValue(first)).Replace(header)
		lines := strings.Split(header, "\n")
		for _, name := range []string{"connect.sid", "__Host-session"} {
			j := newJar(Cookie{Name: name, Path: "/"}, fuzzSecrets)
			got, found := j.find(lines)
			ids := referenceIDs(lines, name)
			if strings.Count(header, ";")+len(lines) > maxCookies {
				ids = nil
			}
			want, wantFound := "", cookieNone
			if len(ids) > 0 {
				wantFound = cookieForged
			}
			if name == "connect.sid" { // a shared name: the first decides
				ids = ids[:min(len(ids), 1)]
			}
			valid := slices.Compact(slices.Sorted(maps.Keys(setOf(ids))))
			switch len(valid) {
			case 0:
			case 1:
				want, wantFound = valid[0], cookieValid
			default:
				wantFound = cookieAmbiguous
			}
			if got != want || found != wantFound {
				t.Errorf("%s of %q is %q (%d), want %q (%d)", name, lines, got, found, want, wantFound)
			}

			line, _, _ := strings.Cut(j.line(id, time.Time{}), ";")
			issued := id != "" && utf8.ValidString(id) && !strings.Contains(id, "\x00")
			if back, found := j.find([]string{line}); issued && back != id || !issued && found != cookieForged {
				t.Errorf("%q comes back from %s as %q (%d)", id, line, back, found)
			}
		}
	})
}

// setOf is the ids that prove something.
func setOf(ids []string) map[string]bool {
	set := map[string]bool{}
	for _, id := range ids {
		if id != "" {
			set[id] = true
		}
	}
	return set
}

// FuzzDocument: any text parses; what nobody touches stays byte for byte; the
// keys are those encoding/json finds, and of duplicates the last one counts.
func FuzzDocument(f *testing.F) {
	for _, text := range []string{
		fixtures[0].Document, fixtures[3].Document, fixtures[6].Document,
		``, `null`, `5`, `[]`, `"abc"`, `{}`, ` { } `, `"{\"cookie\":{},\"a\":1}"`, `"\"{}\""`,
		`{"a":1,"b":9007199254740993,"a":-0}`, `{"b":{"a":[1e400,1.0]},"\u0061":"\ud800"}`,
		`{"\ud800":1,"\ud801":2,"�":3}`, "{\"\xff\":\"\xfe\",\"c\":\"\x00\"}", `{"a":"}],\"","b" : [ {"}":"]"} ] }`,
		`{"cookie":{"originalMaxAge":"3600000","sameSite":2},"passport":{"user":{"id":1}},"_session":{"auth":1,"flash":[1,"a"]}}`,
		`{"cookie":null,"passport":[],"_session":"x","":0}`, strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 40),
	} {
		f.Add([]byte(text), "a", "new")
	}
	f.Fuzz(func(t *testing.T, text []byte, key, value string) {
		d := parseDocument(text)
		original := d.text()
		checkDocument(t, &d, text)

		// Whoever asks about the parts must survive what the parts are.
		_, _, _ = d.user(), d.indexUser(), d.holdsNothing()
		cfg := Config{Idle: day}
		if idle, _ := cfg.lifetime(&d); idle <= 0 || idle > longest {
			t.Errorf("lives %v", idle)
		}
		_ = breaksExpress(d.get(keyCookie))

		raw, err := encode(value)
		if err != nil || checkKey(key) != nil && refusedKeys[key] == "" {
			return // no such change is made
		}
		changed := d.clone()
		changed.set(key, raw)
		if got := changed.get(key); !bytes.Equal(got, raw) {
			t.Errorf("%q was set to %s and is %s", key, raw, got)
		}
		checkOthers(t, &d, &changed, key)
		changed.delete(key)
		if changed.get(key) != nil {
			t.Errorf("%q was deleted and is %s", key, changed.get(key))
		}
		checkOthers(t, &d, &changed, key)
		part := draft{doc: d.clone()}
		part.own(func(p *document) { p.set(ownAuth, raw) })
		checkOthers(t, &d, &part.doc, keyOwn)
		if !bytes.Equal(d.text(), original) {
			t.Errorf("changing a clone changed %s to %s", original, d.text())
		}
	})
}

// checkDocument compares a document with the text it was read from.
func checkDocument(t *testing.T, d *document, text []byte) {
	t.Helper()
	written := d.text()
	if !json.Valid(written) {
		t.Fatalf("%q is written as invalid %q", text, written)
	}
	if len(written) > d.size() {
		t.Errorf("%q is said to take %d bytes, and takes %d", text, d.size(), len(written))
	}
	again := parseDocument(written)
	if !bytes.Equal(again.text(), written) {
		t.Errorf("%q is written as %q, and that as %q", text, written, again.text())
	}
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte(`"`)) { // a double encoding
		var inner string
		if json.Unmarshal(text, &inner) != nil {
			return
		}
		text = []byte(inner)
	}
	var reference map[string]json.RawMessage
	if json.Unmarshal(text, &reference) != nil || reference == nil {
		if len(d.fields) > 0 {
			t.Errorf("%q is no object, and has %d fields", text, len(d.fields))
		}
		return
	}
	names := map[string]bool{}
	for _, field := range d.fields {
		names[unquote(field.key)] = true
	}
	var compact bytes.Buffer
	untouched := json.Compact(&compact, text) == nil && bytes.Equal(compact.Bytes(), text) && len(names) == len(d.fields)
	if untouched && !bytes.Equal(written, text) {
		t.Errorf("an untouched %q is written as %q", text, written)
	}
	for name, want := range reference {
		// encoding/json takes different unreadable names for one.
		if strings.ContainsRune(name, utf8.RuneError) {
			continue
		}
		if got := d.get(name); !bytes.Equal(got, want) {
			t.Errorf("%q of %q is %q, want %q", name, text, got, want)
		}
	}
	for _, field := range d.fields {
		var name string
		_ = json.Unmarshal(field.key, &name)
		if _, there := reference[name]; !there {
			t.Errorf("%q has no %q", text, name)
		}
	}
}

// checkOthers finds every field of before in after, byte for byte and in order,
// but for those of one name.
func checkOthers(t *testing.T, before, after *document, but string) {
	t.Helper()
	others := func(d *document) (list []string) {
		// Read back what is written: that is what another process gets.
		written := parseDocument(d.text())
		for _, field := range written.fields {
			if !isKey(field.key, but) {
				list = append(list, string(field.key)+":"+string(field.raw))
			}
		}
		return list
	}
	if want, got := others(before), others(after); !slices.Equal(got, want) {
		t.Errorf("changing %q turned the other fields from\n%q into\n%q", but, want, got)
	}
	if !json.Valid(after.text()) {
		t.Errorf("changing %q made %q", but, after.text())
	}
}

// FuzzEnvironment: an environment is accepted, and then New accepts it as well,
// or every error names the variable to look at.
func FuzzEnvironment(f *testing.F) {
	good := strings.Repeat("0123456789", 4)
	f.Add(good, "", "", "", "", "", "")
	f.Add("", "", "", "", "", "", "")
	f.Add(good+",old", "__Host-id", "7d", "30d", "15m", "0 3 * * *", "production")
	f.Add(`["`+good+`","a,b"]`, "sid", "browser", "off", "1h", "off", "development")
	f.Add("[]", "a b", "-1h", "0", "1ns", "TZ=UTC", "test")
	f.Add("[null", "__Secure-\x00", "65536d", "9223372036854775807ns", "1e9h", "0 0 30 2 *", "")
	f.Add(good, "__host-x", "1s", "1500ms", "", "CRON_TZ=Europe/Vienna 0 3 * * *", "development")
	f.Add(good, strings.Repeat("n", 300), "10000d", "3651d", "999h", "@every 1h", "")
	f.Fuzz(func(t *testing.T, secrets, name, idle, absolute, interval, schedule, env string) {
		environment := map[string]string{
			"SESSION_SECRET": secrets, "SESSION_COOKIE_NAME": name, "APP_ENV": env,
			"SESSION_IDLE_TIMEOUT": idle, "SESSION_ABSOLUTE_TIMEOUT": absolute,
			"SESSION_CLEANUP_INTERVAL": interval, "SESSION_CLEANUP_SCHEDULE": schedule,
		}
		cfg, err := ConfigFromEnv(func(key string) (string, bool) { value, ok := environment[key]; return value, ok })
		if err == nil {
			cfg.Logger = slog.New(slog.DiscardHandler)
			if _, err := New(emptyStore, cfg); err != nil {
				t.Errorf("ConfigFromEnv accepts %q, and New says: %v", environment, err)
			}
			return
		}
		for _, err := range err.(interface{ Unwrap() []error }).Unwrap() {
			variable, _, _ := strings.Cut(err.Error(), " ")
			if _, known := environment[variable]; !known {
				t.Errorf("of %q, this error names no variable: %v", environment, err)
			}
		}
	})
}

var emptyStore store.Store = memstore.New(memstore.Options{})
