package matrix

import (
	"bytes"
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/echosession/session"
	memstore "github.com/echosession/session/store/memory"
)

// Install puts the sessions of a manager around a handler, by one framework.
type Install func(m *session.Manager, h http.HandlerFunc) http.Handler

// cacheCase is what a response says to caches, given what its handler said.
type cacheCase struct {
	sentence      string
	does          func(*session.Session) error // nil: the session is not asked for
	control, vary []string                     // by the handler
	wantControl   string
	wantVary      string
	warned        bool
	away          bool // the store cannot be asked, and the handler goes on all the same
}

var cacheCases = func() []cacheCase {
	reads := func(*session.Session) error { return nil }
	begins := func(s *session.Session) error { return s.Set("a", 1) }
	logsOut := func(s *session.Session) error { return s.Logout(context.Background()) }
	public := []string{"public, max-age=60"}
	return []cacheCase{
		{sentence: "a session that is not asked for leaves the response cacheable"},
		{sentence: "a session that is not asked for leaves the handler's words alone", control: public, vary: []string{"Accept"}, wantControl: public[0], wantVary: "Accept"},
		{sentence: "a session that was read makes the response private", does: reads, wantControl: "private", wantVary: "Cookie"},
		{sentence: "a session that could not be read makes it private, too", does: reads, away: true, wantControl: "private", wantVary: "Cookie"},
		{sentence: "an explicit Cache-Control stays where the session was only read, with a warning", does: reads, control: public, wantControl: public[0], wantVary: "Cookie", warned: true},
		{sentence: "an explicit private needs no warning", does: reads, control: []string{"private, max-age=60"}, wantControl: "private, max-age=60", wantVary: "Cookie"},
		{sentence: "an explicit private=\"x\" needs none either", does: reads, control: []string{`private="x"`}, wantControl: `private="x"`, wantVary: "Cookie"},
		{sentence: "an explicit no-store needs none either", does: reads, control: []string{"no-cache, No-Store"}, wantControl: "no-cache, No-Store", wantVary: "Cookie"},
		{sentence: "Cookie is appended to the handler's Vary", does: reads, vary: []string{"Accept"}, wantControl: "private", wantVary: "Accept, Cookie"},
		{sentence: "Cookie is in Vary once", does: reads, vary: []string{"Accept, cookie"}, wantControl: "private", wantVary: "Accept, cookie"},
		{sentence: "Cookie is in Vary once, whichever line has it", does: reads, vary: []string{"Accept", "COOKIE"}, wantControl: "private", wantVary: "Accept, COOKIE"},
		{sentence: "Cookie2 is not Cookie", does: reads, vary: []string{"Cookie2"}, wantControl: "private", wantVary: "Cookie2, Cookie"},
		{sentence: "nothing goes beside a Vary of *", does: reads, vary: []string{"*"}, wantControl: "private", wantVary: "*"},
		{sentence: "the cookie makes the response no-store", does: begins, wantControl: "no-store", wantVary: "Cookie"},
		{sentence: "no-store replaces what is less strict", does: begins, control: public, wantControl: "no-store", wantVary: "Cookie"},
		{sentence: "no-store replaces private", does: begins, control: []string{"private"}, wantControl: "no-store", wantVary: "Cookie"},
		{sentence: "no-store replaces no-cache, in two lines", does: begins, control: []string{"no-cache", "max-age=0"}, wantControl: "no-store", wantVary: "Cookie"},
		{sentence: "a no-store of the handler's stays as it is", does: begins, control: []string{"no-cache", "NO-STORE"}, wantControl: "no-cache, NO-STORE", wantVary: "Cookie"},
		{sentence: "taking the cookie makes the response no-store", does: logsOut, control: public, wantControl: "no-store", wantVary: "Cookie"},
	}
}()

// Caching checks what responses say to caches.
func Caching(t *testing.T, install Install) {
	t.Helper()
	for _, c := range cacheCases {
		t.Run(c.sentence, func(t *testing.T) {
			t.Helper()
			h, log := c.response(t, install)
			if got := strings.Join(h.Values("Cache-Control"), ", "); got != c.wantControl {
				t.Errorf("%s: Cache-Control is %q, not %q", c.sentence, got, c.wantControl)
			}
			if got := strings.Join(h.Values("Vary"), ", "); got != c.wantVary {
				t.Errorf("%s: Vary is %q, not %q", c.sentence, got, c.wantVary)
			}
			if warned := strings.Contains(log, "may be cached for others"); warned != c.warned {
				t.Errorf("%s: the log is %q", c.sentence, log)
			}
		})
	}
}

// response is what a visitor with a session gets.
func (c cacheCase) response(t *testing.T, install Install) (h http.Header, log string) {
	t.Helper()
	var lines bytes.Buffer
	st := &faulty{Store: memstore.New(memstore.Options{Logger: quiet})}
	m, err := session.New(st, session.Config{
		Secrets: []string{rand.Text() + rand.Text()}, Development: true, Logger: slog.New(slog.NewTextHandler(&lines, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(install(m, func(w http.ResponseWriter, r *http.Request) {
		does := c.does
		if r.URL.RawQuery == "first" {
			does = func(s *session.Session) error { return s.Set("first", true) }
		} else {
			w.Header()["Cache-Control"], w.Header()["Vary"] = c.control, c.vary
		}
		if does == nil {
			return
		}
		s, err := session.FromContext(r.Context())
		if err == nil {
			err = does(s)
		}
		if (err != nil) != st.away.Load() {
			t.Error(err)
		}
	}))
	first := get(t, server.URL+"/?first", "")
	cookie, _, _ := strings.Cut(first.Get("Set-Cookie"), ";")
	st.away.Store(c.away)
	h = get(t, server.URL, cookie)
	server.Close() // from here on nobody writes to the log
	return h, lines.String()
}

func get(t *testing.T, url, cookie string) http.Header {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Cookie", cookie)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	return res.Header
}
