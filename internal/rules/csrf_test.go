package rules_test

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/echosession/session"
	"github.com/echosession/session/sessiontest"
	"github.com/echosession/session/store"
)

// csrfApp shows tokens and takes them.
func csrfApp(kit *sessiontest.Kit) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/token", func(w http.ResponseWriter, r *http.Request) {
		s, err := session.FromContext(r.Context())
		token := ""
		if err == nil {
			token, err = session.CSRFToken(r.Context(), s)
		}
		if err != nil {
			http.Error(w, err.Error(), session.StatusCode(err))
			return
		}
		_, _ = w.Write([]byte(token))
	})
	mux.HandleFunc("/login", func(_ http.ResponseWriter, r *http.Request) {
		s, _ := session.FromContext(r.Context())
		_ = s.Login("ann")
	})
	mux.HandleFunc("/rotate", func(_ http.ResponseWriter, r *http.Request) {
		s, _ := session.FromContext(r.Context())
		_ = s.Rotate()
	})
	mux.HandleFunc("/pay", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("paid")) })
	return kit.Manager.Handler(session.RequireCSRF(mux))
}

// withToken are the ways a token travels.
var withToken = map[string]func(token string) *http.Request{
	"a header": func(token string) *http.Request {
		r := httptest.NewRequest(http.MethodPost, "/pay", strings.NewReader(`{"json":true}`))
		r.Header.Set(session.CSRFHeader, token)
		return r
	},
	"a form": func(token string) *http.Request {
		r := httptest.NewRequest(http.MethodPost, "/pay", strings.NewReader(url.Values{session.CSRFField: {token}}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return r
	},
	"an upload": func(token string) *http.Request {
		body := "--b\r\nContent-Disposition: form-data; name=\"" + session.CSRFField + "\"\r\n\r\n" + token + "\r\n--b--\r\n"
		r := httptest.NewRequest(http.MethodPost, "/pay", strings.NewReader(body))
		r.Header.Set("Content-Type", "multipart/form-data; boundary=b")
		return r
	},
}

func TestACSRFTokenIsTheSessionsOwn(t *testing.T) {
	t.Parallel()
	kit := sessiontest.New(t)
	app := csrfApp(kit)
	get := func(path string) *http.Request { return httptest.NewRequest(http.MethodGet, path, nil) }
	mine := kit.Serve(app, get("/token"))
	mine.WantCookie(t) // a visitor's first token begins a session
	token := mine.Body.String()
	second := kit.Serve(app, mine.Next(get("/token")))
	if second.WantKept(t); second.Body.String() == token {
		t.Error("two tokens are written alike")
	}
	theirs := kit.Serve(app, kit.LoggedIn(t, get("/token"), "eve")).Body.String()

	decoded, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		t.Fatal(err)
	}
	decoded[40] ^= 1
	for how, request := range withToken {
		for what, given := range map[string]string{"the first": token, "the second": second.Body.String()} {
			if res := kit.Serve(app, mine.Next(request(given))); res.Code != 200 || res.Body.String() != "paid" {
				t.Errorf("%s in %s: %d", what, how, res.Code)
			}
		}
		for what, given := range map[string]string{
			"none": "", "no base64": "!", "a short one": "AAAA", "another session's": theirs,
			"zeros": strings.Repeat("A", 86), "one bit changed": base64.RawURLEncoding.EncodeToString(decoded), "one with a tail": token + "A",
		} {
			if res := kit.Serve(app, mine.Next(request(given))); res.Code != http.StatusForbidden {
				t.Errorf("%s in %s: %d", what, how, res.Code)
			}
		}
		if res := kit.Serve(app, request(token)); res.Code != http.StatusForbidden {
			t.Errorf("without its session, in %s: %d", how, res.Code)
		}
	}
	inQuery := httptest.NewRequest(http.MethodPost, "/pay?"+session.CSRFField+"="+token, nil)
	if res := kit.Serve(app, mine.Next(inQuery)); res.Code != http.StatusForbidden {
		t.Errorf("in the address, where logs keep it: %d", res.Code)
	}
	for _, method := range []string{"GET", "HEAD", "OPTIONS", "TRACE"} {
		if res := kit.Serve(app, httptest.NewRequest(method, "/pay", nil)); res.Code != 200 {
			t.Errorf("%s needs a token: %d", method, res.Code)
		}
	}
	for _, method := range []string{"PUT", "PATCH", "DELETE", "get", "X"} {
		if res := kit.Serve(app, mine.Next(httptest.NewRequest(method, "/pay", nil))); res.Code != http.StatusForbidden {
			t.Errorf("%s needs no token: %d", method, res.Code)
		}
	}
}

func TestALoginEndsItsCSRFTokensAndARotationDoesNot(t *testing.T) {
	t.Parallel()
	kit := sessiontest.New(t)
	app := csrfApp(kit)
	get := func(path string) *http.Request { return httptest.NewRequest(http.MethodGet, path, nil) }
	for path, want := range map[string]int{"/rotate": 200, "/login": 403} {
		first := kit.Serve(app, kit.LoggedIn(t, get("/token"), "ann"))
		after := kit.Serve(app, first.Next(get(path)))
		if res := kit.Serve(app, after.Next(withToken["a header"](first.Body.String()))); res.Code != want {
			t.Errorf("after %s: %d, not %d", path, res.Code, want)
		}
		fresh := kit.Serve(app, after.Next(get("/token")))
		if res := kit.Serve(app, after.Next(withToken["a header"](fresh.Body.String()))); res.Code != 200 {
			t.Errorf("a fresh one after %s: %d", path, res.Code)
		}
	}
}

// Two tabs open a form for the first time: both get a token of the same secret.
func TestParallelFirstCSRFTokensAreBothGood(t *testing.T) {
	t.Parallel()
	rig := newRig(newMemory(nil))
	a := newApp(t, rig)
	a.route("/token", func(ctx context.Context, s *session.Session) (string, error) { return session.CSRFToken(ctx, s) })
	a.mux.Handle("/pay", session.RequireCSRF(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})))
	c := a.client()
	c.post("/set?key=a&value=1").want(t, 200, "")
	first := rig.hold("Save")
	slow := c.later("/token")
	<-first.reached
	// The other one is another process's: saves of one wait for each other.
	other := prepare(t, rig)
	other.route("/token", func(ctx context.Context, s *session.Session) (string, error) { return session.CSRFToken(ctx, s) })
	r := httptest.NewRequest(http.MethodGet, "/token", nil)
	r.Header.Set("Cookie", c.cookies())
	w := httptest.NewRecorder()
	other.handler().ServeHTTP(w, r)
	first.release()
	for what, token := range map[string]string{"the slow one": (<-slow).body, "the quick one": w.Body.String()} {
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, a.url+"/pay", nil)
		r.Header.Set("Cookie", c.cookies())
		r.Header.Set(session.CSRFHeader, token)
		res, err := c.http.Transport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != 200 || token == "" {
			t.Errorf("%s: %d", what, res.StatusCode)
		}
	}
}

func TestCSRFWithoutAStoreOrAMiddleware(t *testing.T) {
	t.Parallel()
	kit := sessiontest.New(t)
	app := csrfApp(kit)
	ann := kit.LoggedIn(t, httptest.NewRequest(http.MethodPost, "/pay", nil), "ann")
	first := kit.LoggedIn(t, httptest.NewRequest(http.MethodGet, "/token", nil), "ann")
	kit.Store.Fail(nil, "Save")
	if res := kit.Serve(app, first); res.Code != 503 {
		t.Errorf("a token that is not stored: %d %q", res.Code, res.Body)
	}
	kit.Store.Fail(nil, "Load")
	if res := kit.Serve(app, ann); res.Code != 503 || res.Header().Get("Retry-After") == "" {
		t.Errorf("while the store is away: %d", res.Code)
	}
	w := httptest.NewRecorder()
	session.RequireCSRF(http.NotFoundHandler()).ServeHTTP(w, ann)
	if w.Code != 500 {
		t.Errorf("without the middleware: %d", w.Code)
	}
}

func TestADamagedCSRFSecretIsReplaced(t *testing.T) {
	t.Parallel()
	for _, damaged := range []string{`1`, `""`, `"AAAA"`, `null`, `{}`} {
		st := newMemory(nil)
		a := newApp(t, st)
		a.route("/token", func(ctx context.Context, s *session.Session) (string, error) { return session.CSRFToken(ctx, s) })
		record := &store.Record{ID: "odd", Data: []byte(`{"cookie":{"originalMaxAge":60000},"_session":{"csrf":` + damaged + `}}`), Idle: time.Minute}
		if err := st.Create(t.Context(), record); err != nil {
			t.Fatal(err)
		}
		a.mux.Handle("/pay", session.RequireCSRF(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})))
		token := a.replay(signedCookie("odd")).get("/token").body
		pay := httptest.NewRequest(http.MethodPost, "/pay", nil)
		pay.Header.Set("Cookie", signedCookie("odd"))
		pay.Header.Set(session.CSRFHeader, token)
		w := httptest.NewRecorder()
		if a.handler().ServeHTTP(w, pay); w.Code != 200 || len(token) != 86 {
			t.Errorf("%s: %d with a token of %d characters", damaged, w.Code, len(token))
		}
	}
}
