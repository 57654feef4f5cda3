package rules_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/echosession/session"
	"github.com/echosession/session/store"
)

// A headerCase is one way to send, or not to send, Ann's cookie. Whatever it
// is, the answer is a 200 that gives and takes no cookie, nothing is stored, and
// the store is asked only about ids that we have signed.
type headerCase struct {
	name   string
	lines  []string
	user   string         // who the request is from
	reason session.Reason // why a cookie was refused
	status int            // 0: 200
}

// headerCases are those of a cookie name and a value that opens a session.
func headerCases(name, value string) []headerCase {
	raw := signed(secret, idIn(value))
	id := idIn(value)
	is := func(value string) []string { return []string{"a=1; " + name + "=" + value + "; b=2"} }
	other := "__Host-" + name
	if strings.HasPrefix(name, "__Host-") {
		other = strings.TrimPrefix(name, "__Host-")
	}
	const forged, unknown = session.BadSignature, session.UnknownID
	cases := []headerCase{
		{name: "1 no cookie"},
		{name: "1 no cookie of our name", lines: []string{"a=1; b=2"}},
		{name: "2 an empty value", lines: is(""), reason: forged},
		{name: "2 an empty value in quotes", lines: is(`""`), reason: forged},
		{name: "3 a name without =", lines: []string{name}},
		{name: "5 a value of 4097 bytes", lines: is(strings.Repeat("a", 4097)), reason: forged},
		{name: "5 a value of 64 KB", lines: is(strings.Repeat("s%3A.", 64<<10/5)), reason: forged},
		{name: "7 the last of 3000 cookies", lines: []string{strings.Repeat("a=1; ", 2999) + name + "=" + value}, user: "ann"},
		{name: "7 the last of 3001 cookies", lines: []string{strings.Repeat("a=1; ", 3000) + name + "=" + value}},
		{name: "7 the first of 3001 cookies on two lines", lines: []string{name + "=" + value, strings.Repeat("a=1; ", 2999) + "a=1"}},
		{name: "8 several Cookie lines", lines: []string{"a=1", name + "=" + value, "b=2"}, user: "ann"},
		{name: "9 another letter case", lines: []string{strings.ToUpper(name) + "=" + value + "; " + swapCase(name) + "=" + value}},
		{name: "9 another prefix", lines: []string{"__Secure-" + name + "=" + value + "; " + other + "=" + value}},
		{name: "10 an escaped name", lines: []string{fmt.Sprintf("%%5F%%5FHost-session=%s; %%%02X%s=%s; %s%%20=%s", value, name[0], name[1:], value, name, value)}},
		{name: "11 U+2000 before the name", lines: []string{"\u2000" + name + "=" + value}},
		{name: "11 a no-break space before the name", lines: []string{"\u00a0" + name + "=" + value + "; \xa0" + name + "=" + value}},
		{name: "12 a nameless cookie", lines: []string{"=" + name + "=" + value}},
		{name: "13 $Version before", lines: []string{`$Version="1"; ` + name + "=" + value + `; $Path="/"`}, user: "ann"},
		{name: "13 $Version round a cookie in quotes", lines: []string{`$Version=1; a="` + name + "=" + value + `"`}},
		{name: "14 quoted", lines: is(`"` + value + `"`), user: "ann"},
		{name: "14 a quote before it only", lines: is(`"` + value + "x"), reason: forged},
		{name: "15 a space inside", lines: is(value[:9] + " " + value[9:]), reason: forged},
		{name: "15 a tab inside", lines: is(value[:9] + "\t" + value[9:]), reason: forged},
		{name: "15 a comma is no end", lines: is(value + ",c=3"), reason: forged},
		{name: "15 spaces and tabs round it", lines: []string{"a=1;\t " + name + " \t=\t " + value + " \t;b=2"}, user: "ann"},
		{name: "16 NUL", lines: is(value + "\x00"), status: 400},
		{name: "16 DEL", lines: is(value + "\x7f"), status: 400},
		{name: "16 bytes above 0x7f", lines: is(value + "\x80\xfe\xff"), reason: forged},
		{name: "16 NUL, escaped and signed", lines: is(escaped(signed(secret, "a\x00b"))), reason: forged},
		{name: "17 invalid UTF-8, escaped and signed", lines: is(escaped(signed(secret, "a\xffb"))), reason: forged},
		{name: "17 invalid UTF-8, raw and signed", lines: is(signed(secret, "a\xffb")), reason: forged},
		{name: "18 raw", lines: is(raw), user: "ann"},
		{name: "18 over-escaped", lines: is(escaped(raw)), user: "ann"},
		{name: "18 padded", lines: is(value + "="), reason: forged},
		{name: "18 spare bits set", lines: is(value[:len(value)-1] + string(spare(value[len(value)-1]))), reason: forged},
		{name: "18 escaped twice", lines: is(escaped(escaped(raw))), reason: forged},
		{name: "19 an id one character short", lines: is("s:" + raw[3:]), reason: forged},
		{name: "19 an id one character long", lines: is("s:A" + raw[2:]), reason: forged},
		{name: "20 the signature's last character cut", lines: is(value[:len(value)-1]), reason: forged},
		{name: "20 no signature", lines: is(raw[:strings.LastIndex(raw, ".")+1]), reason: forged},
		{name: "21 the signature of another id", lines: is("s:" + id + signed(secret, "another")[len("s:another"):]), reason: forged},
		{name: "22 the signature of another secret", lines: is(escaped(signed(rand.Text(), id))), reason: forged},
		{name: "22 the signature of an empty secret", lines: is(escaped(signed("", id))), reason: forged},
		{name: "23 unsigned", lines: is(id), reason: forged},
		{name: "23 s: is missing", lines: is(raw[2:]), reason: forged},
		{name: "24 a signed id of one character", lines: is(escaped(signed(secret, "a"))), reason: unknown},
		{name: "24 a signed id of 4000 characters", lines: is(escaped(signed(secret, strings.Repeat("a", 4000)))), reason: unknown},
		{name: "24 a signed id of none", lines: is(escaped(signed(secret, ""))), reason: forged},
		{name: "25 well signed and never issued", lines: is(escaped(signed(secret, rand.Text()))), reason: unknown},
	}
	for _, hostile := range []string{"' OR 1=1 --", "'; DROP TABLE session; --", "../../etc/passwd", "a\r\nSet-Cookie: b=c", "{}*", "sess:*", "%s%n", "a.b.c"} {
		cases = append(cases,
			headerCase{name: "27 signed " + hostile, lines: is(escaped(signed(secret, hostile))), reason: unknown},
			headerCase{name: "27 unsigned " + hostile, lines: is(escaped("s:" + hostile + "." + rand.Text())), reason: forged})
	}
	return cases
}

// pairCases are two cookies of our name: with a __Host- name, that only this
// host can set, the one that verifies; with a shared name the first.
func pairCases(name, value, another string) []headerCase {
	pair := func(a, b string) []string { return []string{name + "=" + a + "; " + name + "=" + b} }
	host := strings.HasPrefix(name, "__Host-")
	pick := func(host bool) (string, session.Reason) {
		if host {
			return "ann", ""
		}
		return "", session.BadSignature
	}
	badFirst, badReason := pick(host)
	cases := []headerCase{
		{name: "6 good and bad", lines: pair(value, "x"), user: "ann"},
		{name: "6 bad and good", lines: pair("x", value), user: badFirst, reason: badReason},
		{name: "6 empty and good, on two lines", lines: []string{name + "=", name + "=" + value}, user: badFirst, reason: badReason},
		{name: "6 the same twice", lines: pair(value, value), user: "ann"},
		{name: "6 the same in two spellings", lines: pair(value, `"`+value+`"`), user: "ann"},
		{name: "6 bad and bad", lines: pair("x", "y"), reason: session.BadSignature},
	}
	two := headerCase{name: "6 two that verify and differ", lines: pair(value, another), user: "ann"}
	if host {
		two.user, two.reason = "", session.TwoCookies
	}
	return append(cases, two)
}

func TestCookieHeader(t *testing.T) {
	for _, name := range []string{"session", "connect.sid", "__Host-session"} {
		st := newMemory(nil)
		watched := newRig(st)
		a := newApp(t, watched, func(c *session.Config) {
			c.Cookie = session.Cookie{Name: name, Insecure: !strings.HasPrefix(name, "__Host-")}
		})
		ann := a.ask("POST", "/login?user=ann")
		_, value, _ := strings.Cut(ann.sent(t), "=")
		another := a.ask("POST", "/login?user=bob")
		_, bob, _ := strings.Cut(another.sent(t), "=")

		for _, c := range append(headerCases(name, value), pairCases(name, value, bob)...) {
			t.Run(name+"/"+c.name, func(t *testing.T) {
				check := *a
				check.t = t
				checkHeader(t, &check, watched, c)
			})
		}
		if n := rows(t, st); n != 2 {
			t.Errorf("%s: %d sessions at the end, and two people are logged in", name, n)
		}
	}
}

func checkHeader(t *testing.T, a *app, st *rig, c headerCase) {
	calls, loads := st.count(), st.count("Load")
	a.events.forget()
	got := a.ask("GET", "/me", c.lines...)
	if c.status != 0 {
		got.want(t, c.status, "*")
	} else {
		got.want(t, 200, c.user)
	}
	if line := got.setCookie(t); line != "" {
		t.Errorf("the answer carries %q", line)
	}
	wantLoads := 0
	if c.user != "" || c.reason == session.UnknownID {
		wantLoads = 1
	}
	if n := st.count("Load") - loads; n != wantLoads {
		t.Errorf("the store was asked %d times, want %d", n, wantLoads)
	}
	if n := st.count() - calls; n != wantLoads {
		t.Errorf("the store got %d calls, want %d", n, wantLoads)
	}
	var want []session.Reason
	if c.reason != "" {
		want = append(want, c.reason)
	}
	if got := a.reasons(); !slices.Equal(got, want) {
		t.Errorf("refused because of %q, want %q", got, want)
	}
}

func TestCookieHeaderOfAMegabyteIsRefusedByTheServer(t *testing.T) {
	st := newRig(newMemory(nil))
	a := newApp(t, st)
	a.ask("GET", "/me", "session="+strings.Repeat("a", 1<<20+8<<10)).want(t, http.StatusRequestHeaderFieldsTooLarge, "*")
	if st.count() != 0 {
		t.Error("the store was asked")
	}
}

// HTTP/2 and HTTP/3 send each cookie on a line of its own.
func TestCookieOverHTTP2(t *testing.T) {
	a := prepare(t, newMemory(nil))
	a.mux.HandleFunc("/protocol", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Proto) })
	var unencrypted http.Protocols
	unencrypted.SetUnencryptedHTTP2(true)
	srv := &http.Server{Handler: a.handler(), Protocols: &unencrypted}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go srv.Serve(l)
	t.Cleanup(func() { srv.Close() })
	a.url, a.dial = "http://"+l.Addr().String(), func(tr *http.Transport) { tr.Protocols = &unencrypted }

	ann := a.client()
	ann.get("/protocol").want(t, 200, "HTTP/2.0")
	ann.post("/login?user=ann").want(t, 200, "")
	ann.get("/me").want(t, 200, "ann")
	a.replay("a=1; "+ann.cookies()+"; b=2").get("/me").want(t, 200, "ann")
	a.replay("session=x; "+ann.cookies()).get("/me").want(t, 200, "")
}

// A first write under a cookie that proves nothing begins a session with an id
// of ours, however the cookie looks.
func TestPlantedIDsAreNeverAdopted(t *testing.T) {
	st := newMemory(nil)
	a := newApp(t, st)
	for _, id := range []string{"chosen-by-somebody-else", "a", strings.Repeat("a", 32), "../../etc/passwd"} {
		for _, cookie := range []string{signedCookie(id), "session=" + escaped(id), "session=" + escaped("s:"+id+".x")} {
			got := a.ask("POST", "/set?key=k&value=v", cookie)
			got.want(t, 200, "")
			fresh := idOf(t, got.sent(t))
			if fresh == id || len(fresh) != 32 {
				t.Errorf("%q became the id of a session: %q", id, fresh)
			}
			if _, err := st.Load(t.Context(), id); err == nil {
				t.Errorf("a session is stored under %q", id)
			}
		}
	}
}

func TestDeadCookies(t *testing.T) {
	clock := newClock()
	st := newMemory(clock)
	a := newApp(t, st)
	visitor := a.client()
	visitor.post("/set?key=cart&value=pen")
	anonymous := visitor.cookies()
	visitor.post("/login?user=ann")
	before := visitor.cookies()
	visitor.post("/rotate").want(t, 200, "")
	rotated := visitor.cookies()
	visitor.post("/logout").want(t, 200, "")
	expiring := a.client()
	expiring.post("/login?user=bob")
	expired := expiring.cookies()
	clock.pass(7 * 24 * time.Hour)

	for _, c := range []struct {
		name, cookie string
		kind         session.Kind
	}{
		{"29 the id from before the login", anonymous, session.Refused},
		{"26 the id from before the rotation", before, session.Refused},
		{"26 the id that was logged out", rotated, session.Refused},
		{"26 an id whose lifetime is over", expired, session.Expired},
	} {
		t.Run(c.name, func(t *testing.T) {
			a.events.forget()
			for _, path := range []string{"/me", "/get?key=cart"} {
				got := a.ask("GET", path, c.cookie)
				got.want(t, 200, "")
				if line := got.setCookie(t); line != "" {
					t.Errorf("the answer carries %q", line)
				}
			}
			if n := len(a.events.of(c.kind)); n != 2 {
				t.Errorf("%d events %q, want one for each request", n, c.kind)
			}
			if fresh := a.ask("POST", "/set?key=k&value=v", c.cookie).sent(t); fresh == c.cookie || fresh == "" {
				t.Errorf("it was adopted: %q", fresh)
			}
		})
	}
}

// The Cookie header is the only way in.
func TestIDsOutsideTheCookieAreIgnored(t *testing.T) {
	st := newRig(newMemory(nil))
	a := newApp(t, st)
	ann := a.client()
	ann.post("/login?user=ann")
	_, value, _ := strings.Cut(ann.cookies(), "=")
	calls := st.count()
	for _, c := range []struct{ name, head, body string }{
		{"the query", "GET /me?session=" + value + "&sid=" + value + "&connect.sid=" + value, ""},
		{"a matrix parameter", "GET /me;session=" + value, ""},
		{"the body", "POST /me", "session=" + value},
		{"Authorization", "GET /me\nAuthorization: Bearer " + value, ""},
		{"headers of that name", "GET /me\nsession: " + value + "\nX-Session-Id: " + value + "\nCookie2: session=" + value, ""},
		{"Set-Cookie", "GET /me\nSet-Cookie: session=" + value, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			target, headers, _ := strings.Cut(c.head, "\n")
			headers = strings.ReplaceAll(headers, "\n", "\r\n")
			if headers != "" {
				headers += "\r\n"
			}
			got := a.wire(fmt.Sprintf("%s HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n%s\r\n%s",
				target, len(c.body), headers, c.body))
			if strings.Contains(got.body, "ann") || got.status >= 500 {
				t.Errorf("answered with %d %q", got.status, got.body)
			}
		})
	}
	if st.count() != calls {
		t.Error("the store was asked")
	}
}

func TestParallelRequestsWhileOneLogsOut(t *testing.T) {
	st := newMemory(nil)
	a := newApp(t, st)
	ann := a.client()
	ann.post("/login?user=ann")
	ann.post("/visit").want(t, 200, "1")
	cookie := ann.cookies()
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Go(func() {
			c := a.replay(cookie)
			switch {
			case i == 50:
				c.post("/logout").want(t, 200, "")
				c.get("/me").want(t, 200, "")
			case i%2 == 0:
				if got := c.get("/me"); got.status != 200 {
					t.Errorf("a read while the session ends: %d %q", got.status, got.body)
				}
			default:
				if got := c.post("/visit"); got.status != 200 && got.status != 401 {
					t.Errorf("a write while the session ends: %d %q", got.status, got.body)
				}
			}
		})
	}
	wg.Wait()
	a.replay(cookie).get("/me").want(t, 200, "")
	if list, err := a.List(t.Context(), "ann"); err != nil || len(list) != 0 {
		t.Errorf("%d sessions of ann are left (%v)", len(list), err)
	}
	if _, err := st.Load(t.Context(), idOf(t, cookie)); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("loading the session that was logged out: %v", err)
	}
}
