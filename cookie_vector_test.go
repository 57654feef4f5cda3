package session

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

// captured is what a live Express wrote: what express-session, cookie-signature
// and encodeURIComponent make of an id and a secret, and what it stored and sent.
// One fixture (G) was written in Go and taken by Express; Redis without a cookie
// age (F) was captured without its line. The folder interop compares the same with
// an Express of today. The first secret is the one in Express's own
// documentation; New refuses it, and only tests may use it.
var vectors, fixtures = captured()

type (
	vector  struct{ ID, Secret, Value string }
	fixture struct{ Name, Line, Document string }
)

func captured() ([]vector, []fixture) {
	var all struct {
		Vectors  []vector
		Fixtures []fixture
	}
	text, err := os.ReadFile("testdata/express.json")
	if err == nil {
		err = json.Unmarshal(text, &all)
	}
	if err != nil || len(all.Vectors) != 5 || len(all.Fixtures) != 7 {
		panic(fmt.Sprint("testdata/express.json: ", err))
	}
	return all.Vectors, all.Fixtures
}

func TestVectors(t *testing.T) {
	for _, v := range vectors {
		j := newJar(Cookie{Name: "connect.sid", Path: "/"}, []string{v.Secret})
		line, _, _ := strings.Cut(j.line(v.ID, time.Time{}), ";")
		if line != "connect.sid="+v.Value {
			t.Errorf("signing %q gives\n%s, and Express has\n%s", v.ID, line, v.Value)
		}
		if id, ok := j.verify(v.Value); !ok || id != v.ID {
			t.Errorf("Express's %s reads as %q, %v; want %q", v.Value, id, ok, v.ID)
		}
	}
}

// Express leaves SameSite out unless it is configured; we always send one. So
// for a line without it ours is Express's and that attribute.
func TestFixtureLines(t *testing.T) {
	for _, f := range fixtures {
		if f.Line == "" {
			continue
		}
		sent, err := http.ParseSetCookie(f.Line)
		if err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
		j := newJar(Cookie{
			Name: "connect.sid", Domain: sent.Domain, Path: "/", SameSite: http.SameSiteLaxMode, Insecure: !sent.Secure,
		}, []string{"keyboard cat"})
		id, found := j.find([]string{"other=1; connect.sid=" + sent.Value})
		if found != cookieValid {
			t.Errorf("%s: Express's cookie is refused", f.Name)
		}
		// The clock of the document has milliseconds, that of the line has not.
		var expires time.Time
		d := parseDocument([]byte(f.Document))
		if raw := member(d.get(keyCookie), "expires"); string(raw) != "null" {
			if err := json.Unmarshal(raw, &expires); err != nil {
				t.Fatal(err)
			}
		}
		want := strings.TrimSuffix(f.Line, "; SameSite=Lax") + "; SameSite=Lax"
		if got := j.line(id, expires); got != want {
			t.Errorf("%s: our line is\n%s, and Express's\n%s", f.Name, got, want)
		}
	}
}

func TestFixtureDocuments(t *testing.T) {
	for _, f := range fixtures {
		d := parseDocument([]byte(f.Document))
		if got := string(d.text()); got != f.Document {
			t.Errorf("%s: an unchanged document is written as\n%s, and was\n%s", f.Name, got, f.Document)
		}
		if breaksExpress(d.get(keyCookie)) {
			t.Errorf("%s: what Express wrote itself is taken for what breaks it", f.Name)
		}
		cfg := Config{Idle: 7 * day}
		idle, browser := cfg.lifetime(&d)
		if aged := strings.Contains(f.Document, "3600000"); aged && (idle != time.Hour || browser) || !aged && (idle != day || !browser) {
			t.Errorf("%s: lives %v (browser session: %v)", f.Name, idle, browser)
		}
	}
}

// The cookie object of fixture D has every attribute there is, so that ours has
// to be the same text: an Express app takes them from the row.
func TestFixtureCookieObject(t *testing.T) {
	cfg := Config{Cookie: Cookie{Domain: "example.com", Path: "/", SameSite: http.SameSiteLaxMode}}
	at := time.Date(2026, 11, 23, 19, 23, 53, 379_999_999, time.FixedZone("two hours east", 2*60*60))
	d := parseDocument([]byte(fixtures[3].Document))
	if got, want := string(cfg.cookieObject(time.Hour, false, at)), string(d.get(keyCookie)); got != want {
		t.Errorf("our cookie object is\n%s, and Express's\n%s", got, want)
	}
	d = parseDocument([]byte(fixtures[2].Document))
	cfg = Config{Cookie: Cookie{Path: "/", SameSite: http.SameSiteStrictMode, Insecure: true}}
	want := strings.TrimSuffix(string(d.get(keyCookie)), "}") + `,"sameSite":"strict"}`
	if got := string(cfg.cookieObject(time.Hour, true, at)); got != want {
		t.Errorf("our cookie object of a browser session is\n%s, and Express's\n%s", got, want)
	}
	cfg.Cookie.SameSite = http.SameSiteDefaultMode
	if got, want := string(cfg.cookieObject(time.Hour, true, at)), string(d.get(keyCookie)); got != want {
		t.Errorf("our cookie object without SameSite is\n%s, and Express's\n%s", got, want)
	}
}

// What a live Express accepted and rejected, on one header line. %V is the
// vector's encoded value, %R the raw one, %F a value whose signature is off.
func TestSpellings(t *testing.T) {
	v := vectors[1] // its signature has both + and /
	raw := "s:" + v.ID + ".R9+pBi/ISgT+uIipHK2fVdc5t3t0s3dnrvpEIfEpAD0"
	forged := strings.TrimSuffix(v.Value, "0") + "1"
	header := strings.NewReplacer("%V", v.Value, "%R", raw, "%F", forged)
	j := newJar(Cookie{Name: "connect.sid", Path: "/"}, []string{"unused", v.Secret})
	const oddID = "100%" // genid may make any id
	percent := "s:" + oddID + "." + newKeyring([]string{v.Secret}).sign(oddID)

	for _, c := range []struct {
		name, line string
		want       finding
	}{
		{"encoded is accepted", "connect.sid=%V", cookieValid},
		{"raw is accepted", "connect.sid=%R", cookieValid},
		{"%3a in lower case is accepted", "connect.sid=" + strings.Replace(v.Value, "%3A", "%3a", 1), cookieValid},
		{"over-encoded is accepted", "connect.sid=" + strings.Replace(v.Value, "s%3AL_", "%73%3A%4c%5F", 1), cookieValid},
		{"encoded in double quotes is accepted", `connect.sid="%V"`, cookieValid},
		{"raw in double quotes is accepted", `connect.sid="%R"`, cookieValid},
		{"spaces and tabs round = and ; are accepted", "a=1 ;\t connect.sid \t= \t%V \t; b=2", cookieValid},
		{"no space behind ; is accepted", "a=1;connect.sid=%V;b=2", cookieValid},
		{"good first, bad second is accepted", "connect.sid=%V; connect.sid=%F", cookieValid},
		{"good first, empty second is accepted", "connect.sid=%V; connect.sid=", cookieValid},

		{"bad first, good second is rejected", "connect.sid=%F; connect.sid=%V", cookieForged},
		{"empty first, good second is rejected", "connect.sid=; connect.sid=%V", cookieForged},
		{"an invalid escape falls back to the raw text, which fails", "connect.sid=%V%zz", cookieForged},
		{"an invalid escape in a raw id that was signed with it is accepted", "connect.sid=" + percent, cookieValid},
		{"a cut escape is rejected", "connect.sid=%V%2", cookieForged},
		{"padding is rejected", "connect.sid=%R=", cookieForged},
		{"encoded padding is rejected", "connect.sid=%V%3D", cookieForged},
		{"a url-safe signature is rejected", "connect.sid=s:" + v.ID + ".R9-pBi_ISgT-uIipHK2fVdc5t3t0s3dnrvpEIfEpAD0", cookieForged},
		{"+ that became a space is rejected", "connect.sid=" + strings.ReplaceAll(raw, "+", " "), cookieForged},
		{"+ that became %20 is rejected", "connect.sid=" + strings.ReplaceAll(v.Value, "%2B", "%20"), cookieForged},
		{"an escape escaped is rejected", "connect.sid=" + strings.ReplaceAll(v.Value, "%2B", "%252B"), cookieForged},
		{"unsigned is rejected", "connect.sid=" + v.ID, cookieForged},
		{"unsigned with s: is rejected", "connect.sid=s%3A" + v.ID, cookieForged},
		{"without s: is rejected", "connect.sid=" + strings.TrimPrefix(v.Value, "s%3A"), cookieForged},
		{"j: in place of s: is rejected", "connect.sid=j" + strings.TrimPrefix(v.Value, "s"), cookieForged},
		{"spare bits of the last character count", "connect.sid=%F", cookieForged},
		{"an empty id is rejected", "connect.sid=s%3A.R9%2BpBi%2FISgT%2BuIipHK2fVdc5t3t0s3dnrvpEIfEpAD0", cookieForged},
		{"single quotes are no quotes", "connect.sid='%V'", cookieForged},
		{"one quote is no quotes", `connect.sid="%V`, cookieForged},
		{"a name in another letter case is another name", "Connect.sid=%V; CONNECT.SID=%V", cookieNone},
		{"an encoded name is another name", "connect%2Esid=%V", cookieNone},
		{"a name without = is no cookie", "connect.sid; other=%V", cookieNone},
	} {
		t.Run(c.name, func(t *testing.T) {
			id, found := j.find([]string{header.Replace(c.line)})
			if found != c.want {
				t.Errorf("finding %d, want %d", found, c.want)
			}
			want := (map[finding]string{cookieValid: v.ID})[c.want]
			if strings.Contains(c.line, oddID) {
				want = oddID
			}
			if id != want {
				t.Errorf("id %q, want %q", id, want)
			}
		})
	}
}

// A secret that no longer signs still verifies, until it is taken off the list.
func TestEverySecretVerifies(t *testing.T) {
	secrets := []string{"the first of three", "the second of three", "the third of three"}
	j := newJar(Cookie{Name: "s", Path: "/"}, secrets)
	for i, secret := range secrets {
		one := newJar(Cookie{Name: "s", Path: "/"}, []string{secret})
		cookie, _, _ := strings.Cut(one.line("id", time.Time{}), ";")
		if id, _ := j.find([]string{cookie}); id != "id" {
			t.Errorf("secret %d of 3 does not verify", i+1)
		}
		if id, _ := one.find([]string{strings.Split(j.line("id", time.Time{}), ";")[0]}); (id == "id") != (i == 0) {
			t.Errorf("secret %d of 3 signs: %v", i+1, id == "id")
		}
		rest := append(append([]string{}, secrets[:i]...), secrets[i+1:]...)
		if _, found := newJar(Cookie{Name: "s", Path: "/"}, rest).find([]string{cookie}); found != cookieForged {
			t.Errorf("a cookie of secret %d is accepted although the secret is no longer listed", i+1)
		}
	}
}
