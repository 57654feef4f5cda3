package rules_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/echosession/session"
	"github.com/echosession/session/store"
)

// A hidden knows what must not be seen: ids, secrets, cookie values, session
// data, in whatever notation a log may write them.
type hidden struct {
	mu    sync.Mutex
	forms map[string]string // a notation of it, and what it is
}

func (h *hidden) add(what, value string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.forms == nil {
		h.forms = map[string]string{}
	}
	list := func(format, between string) string {
		var parts []string
		for _, b := range []byte(value) {
			parts = append(parts, fmt.Sprintf(format, b))
		}
		return strings.Join(parts, between)
	}
	for _, form := range []string{
		value, escaped(value), strings.NewReplacer("+", "%2B", "/", "%2F").Replace(value),
		hex.EncodeToString([]byte(value)), list("%02x", " "), list("%d", " "), list("%#x", ", "),
	} {
		h.forms[form] = what
	}
	for offset := range 3 { // inside of something that is base64 as a whole
		text := base64.StdEncoding.EncodeToString([]byte("abc"[:offset] + value))
		h.forms[text[4:len(text)-4]] = what
	}
}

// search reports what can be seen in a text.
func (h *hidden) search(t testing.TB, where, text string) {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	for form, what := range h.forms {
		if i := strings.Index(text, form); i >= 0 {
			t.Errorf("%s shows %s: …%.200s", where, what, text[max(0, i-60):])
			return
		}
	}
}

var verbs = []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%X", "% x", "%10.3v", "%t", "%T"}

// print searches everything that fmt, encoding/json and log/slog make of a value.
func (h *hidden) print(t testing.TB, name string, value any) {
	t.Helper()
	for _, verb := range verbs {
		h.search(t, fmt.Sprintf("%s with %s", name, verb), fmt.Sprintf(verb, value))
		h.search(t, fmt.Sprintf("a list with %s, with %s", name, verb), fmt.Sprintf(verb, []any{value}))
		h.search(t, fmt.Sprintf("a struct with %s, with %s", name, verb), fmt.Sprintf(verb, struct{ V any }{value}))
	}
	var log bytes.Buffer
	options := &slog.HandlerOptions{Level: slog.LevelDebug}
	slog.New(slog.NewTextHandler(&log, options)).Info("", "value", value, slog.Group("g", "value", value))
	slog.New(slog.NewJSONHandler(&log, options)).Info("", "value", value, slog.Group("g", "value", value))
	h.search(t, name+" in a log", log.String())
}

// watch is a store decorator that learns every id, to hide it.
type watch struct {
	*rig
	hidden *hidden
}

func (st watch) Unwrap() store.Store { return st.rig }

func (st watch) Create(ctx context.Context, r *store.Record) error {
	st.hidden.add("an id", r.ID)
	return st.rig.Create(ctx, r)
}

func (st watch) Rotate(ctx context.Context, oldID string, r *store.Record) error {
	st.hidden.add("an id", r.ID)
	return st.rig.Rotate(ctx, oldID, r)
}

// private is a piece of session data.
const private = "the-private-thing-of-ann"

// talkative types put their content into the errors and panics of encoding.
type talkative struct{ Text string }

func (v talkative) MarshalJSON() ([]byte, error) { return nil, errors.New("cannot encode " + v.Text) }

type loud struct{ Text string }

func (v loud) MarshalJSON() ([]byte, error) { panic("cannot encode " + v.Text) }

type choosy struct{}

func (*choosy) UnmarshalJSON(b []byte) error { return fmt.Errorf("cannot decode %s", b) }

// leakRig is an app all of whose output is kept.
func leakRig(t *testing.T, edit ...func(*session.Config)) (*app, watch) {
	st := watch{newRig(newMemory(nil)), &hidden{}}
	st.hidden.add("the secret", secret)
	st.hidden.add("an old secret", "old-"+secret)
	st.hidden.add("session data", private)
	logs := &lockedBuffer{}
	defaults := func(c *session.Config) {
		options := &slog.HandlerOptions{Level: slog.LevelDebug}
		c.Logger = slog.New(slog.NewMultiHandler(slog.NewTextHandler(logs, options), slog.NewJSONHandler(logs, options)))
		c.Secrets = append(c.Secrets, "old-"+secret)
		c.MaxDocument = 4 << 10
	}
	a := newApp(t, st, append([]func(*session.Config){defaults}, edit...)...)
	t.Cleanup(func() {
		st.hidden.search(t, "the log", logs.String())
		st.hidden.search(t, "the server's log", a.log.String())
		for _, e := range a.events.of() {
			st.hidden.print(t, "the event "+string(e.Kind), e)
		}
		if len(a.events.of()) == 0 {
			t.Error("nothing was kept")
		}
	})
	return a, st
}

// answered searches all of an answer but the one line that has to carry an id.
func (h *hidden) answered(t testing.TB, path string, got answer) {
	t.Helper()
	if line := got.setCookie(t); gives(line) {
		_, value, _ := strings.Cut(got.sent(t), "=")
		h.add("a cookie's value", value)
		h.add("a signature", value[strings.LastIndex(value, ".")+1:])
	}
	headers := got.header.Clone()
	headers.Del("Set-Cookie")
	h.search(t, "the answer to "+path, fmt.Sprint(got.body, headers))
}

func TestNothingLeaks(t *testing.T) {
	a, st := leakRig(t)
	h := st.hidden
	ask := func(path, cookie string) string {
		t.Helper()
		got := a.ask("POST", path, cookie)
		h.answered(t, path, got)
		return got.sent(t)
	}
	// Every way in.
	cookie := ask("/login?user=ann", "")
	h.add("a cookie", cookie)
	ask("/set?key=k&value="+private, cookie)
	ask("/me", cookie+"x")
	ask("/me", "session="+idOf(t, cookie))
	ask("/me", signedCookie("never-issued-but-an-id-all-the-same"))
	ask("/me", cookie+"; "+strings.Repeat("session=x; ", 3))
	ask("/get?key="+strings.Repeat("x", 300), cookie)
	ask("/set?key=passport&value="+private, cookie)
	ask("/set?key=k&value="+strings.Repeat(private, 400), cookie)
	ask("/login?user="+strings.Repeat(private, 20), cookie)
	// Every call that the store can fail.
	for _, fault := range []error{errCut, store.ErrUnavailable, store.ErrNotFound, store.ErrConflict, store.ErrExpired, store.ErrRevoked, store.ErrExists, context.DeadlineExceeded} {
		for path, op := range map[string]string{"/me": "Load", "/set?key=k&value=" + private: "Save", "/login?user=ann": "Rotate", "/rotate": "Rotate"} {
			fresh := ask("/login?user=ann", "")
			fresh = ask("/set?key=k&value="+private, fresh)
			st.answer(op, 2, fault)
			ask(path, fresh)
			st.heal()
		}
		st.answer("Create", 2, fault)
		ask("/set?key=k&value="+private, "")
		st.heal()
	}
	st.lose("Delete", 10)
	ask("/logout", cookie)
	st.heal()
	ask("/me", cookie)
}

// Errors, panics and the printing of what a handler holds.
func TestNothingLeaksFromTheInside(t *testing.T) {
	a, st := leakRig(t, func(c *session.Config) { c.TouchEvery = 1 })
	h := st.hidden
	failed := func(name string, err error) {
		t.Helper()
		if err == nil {
			t.Errorf("%s: no error", name)
			return
		}
		h.print(t, name, err)
	}
	inside := func(do func(r *http.Request, s *session.Session)) answer {
		c := a.replay(a.ask("POST", "/login?user=ann").sent(t))
		h.add("a cookie", c.cookie)
		c.cookie = c.post("/set?key=k&value=" + private).sent(t)
		got := c.inside(do)
		h.answered(t, "a request", got)
		return got
	}
	var kept *session.Session
	inside(func(r *http.Request, s *session.Session) {
		kept = s
		ctx := r.Context()
		_, _, wrong := session.Lookup[int](s, "k")
		failed("a value of another type", wrong)
		_, _, wrong = session.Lookup[choosy](s, "k")
		failed("a decoder that quotes", wrong)
		_, _, wrong = session.Take[[]int](ctx, s, "k")
		failed("a Take of another type", wrong)
		failed("an Update of another type", session.Update(s, "k", func(n int) int { return n }))
		failed("an encoder that quotes", s.Set("k", talkative{private}))
		failed("an encoder that panics", s.Set("k", loud{private}))
		failed("a value with NUL", s.Set("k", private+"\x00"))
		failed("a value too large", s.Set("k", strings.Repeat(private, 1000)))
		failed("a flash too large", s.Flash(strings.Repeat(private, 1000)))
		failed("a user of too many bytes", s.Login(strings.Repeat(private, 100)))
		failed("a user who is no number", s.Login(private, session.Numeric()))
		for name, value := range map[string]any{
			"the session": s, "the context": ctx, "a context of it": context.WithValue(ctx, aKey{}, 1),
			"a context with a deadline": within(ctx), "the manager": a.Manager,
			"a record": st.given("Save"), "a record's pointer": new(st.given("Save")),
		} {
			h.print(t, name, value)
		}
		text, err := json.Marshal(map[string]any{"session": s, "manager": a.Manager})
		h.search(t, "JSON", fmt.Sprint(string(text), err))
	})
	failed("a use after the request", kept.Set("k", private))
	h.print(t, "a session that is over", kept)

	inside(func(r *http.Request, s *session.Session) {
		first := true
		st.meanwhile("Save", func() { // another process saves first
			r, err := st.Store.Load(r.Context(), st.given("Save").ID)
			if err == nil {
				r.Idle, r.Data = day, bytes.Replace(r.Data, []byte(private), []byte(private+"-changed"), 1)
				err = st.Store.Save(t.Context(), r)
			}
			if err != nil {
				t.Error(err)
			}
		})
		_ = session.Update(s, "k", func(old string) string {
			if !first {
				panic("what is this? " + old)
			}
			first = false
			return old + "!"
		})
		failed("an Update that panics when it runs again", s.Commit(r.Context()))
	})
	inside(func(r *http.Request, s *session.Session) {
		st.lose("Save", 2)
		_ = s.Set("k", private)
		failed("a commit without a store", s.Commit(r.Context()))
		st.answer("Load", 1, errCut)
		failed("a refresh without a store", s.Refresh(r.Context()))
		st.lose("Delete", 10)
		failed("a logout without a store", s.Logout(r.Context()))
		st.heal()
	})
	// A manager that is at work, whose locks carry ids.
	gate := st.hold("Save")
	done := make(chan struct{})
	go func() {
		defer close(done)
		inside(func(*http.Request, *session.Session) {})
	}()
	<-gate.reached
	h.print(t, "a manager at work", a.Manager)
	gate.release()
	<-done
	_, err := a.Revoke(t.Context(), store.Revocation{})
	failed("an empty revocation", err)
}

// within is a child of a context, with a deadline.
func within(ctx context.Context) context.Context {
	child, cancel := context.WithTimeout(ctx, time.Hour)
	context.AfterFunc(ctx, cancel)
	return child
}

func TestConfigurationsHideSecrets(t *testing.T) {
	h := &hidden{}
	weak := "weak-" + secret[:20]
	for _, text := range []string{secret, weak, secret[:16]} {
		h.add("a secret", text)
	}
	cfg := session.Config{Secrets: []string{secret, weak}, Hook: &eventLog{}, Logger: slog.New(slog.DiscardHandler)}
	if m, err := session.New(newMemory(nil), cfg); err != nil {
		t.Error(err)
	} else {
		h.print(t, "a manager", m)
	}
	h.print(t, "a configuration", cfg)
	h.print(t, "a configuration's pointer", &cfg)
	h.print(t, "an application's configuration", struct {
		Session session.Config
		More    *session.Config
	}{cfg, &cfg})
	if text := fmt.Sprintf("%+v", cfg); !strings.Contains(text, "(2 secrets)") || !strings.Contains(text, "MaxDocument:0") {
		t.Errorf("a configuration prints as %s", text)
	}
	for _, secrets := range [][]string{{weak}, {weak, secret}, {secret, secret}, {secret, weak, weak}, {secret, ""}} {
		_, err := session.New(nil, session.Config{Secrets: secrets})
		h.print(t, "the error of bad secrets", err)
	}
	for _, text := range []string{weak, `["` + secret + `"`, `["` + secret + `", 5]`, secret + "," + secret, `["` + weak + `"]`} {
		c, err := session.ConfigFromEnv(environment("SESSION_SECRET="+text, "SESSION_IDLE_TIMEOUT=x"))
		h.print(t, "the error of a bad environment", err)
		h.print(t, "a configuration of a bad environment", c)
	}
}

func TestExchangesHideEverything(t *testing.T) {
	a, st := leakRig(t)
	login := a.ask("POST", "/login?user=ann")
	st.hidden.answered(t, "/login", login)
	stored := a.ask("POST", "/set?key=k&value="+private, login.sent(t))
	r, err := http.NewRequestWithContext(t.Context(), "GET", "/", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Cookie", stored.sent(t))
	x, inner, err := a.Open(discard{}, r)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	s, err := session.FromContext(inner.Context())
	if err != nil || s.User() != "ann" {
		t.Fatal(s, err)
	}
	st.hidden.print(t, "an exchange", x)
	//lint:ignore SA9005 that it shows nothing is the point
	text, err := json.Marshal(x)
	st.hidden.search(t, "an exchange as JSON", fmt.Sprint(string(text), err))
}

// What is said in development, aloud, says no more.
func TestPanicOfALateChangeHidesEverything(t *testing.T) {
	a, st := leakRig(t, func(c *session.Config) { c.Development = true })
	a.on("/late", func(w http.ResponseWriter, r *http.Request, s *session.Session) {
		_, _ = w.Write([]byte("too soon"))
		_ = errors.Join(s.Set("k", private), s.Login("ann"))
	})
	_, _ = a.client().try("POST", "/late")
	if !strings.Contains(a.log.String(), "change the session before the response is written") {
		t.Error("no panic:", a.log)
	}
	h := st.hidden
	h.search(t, "the panic", a.log.String())
	// A hook that panics with what it knows.
	b, stB := leakRig(t, func(c *session.Config) {
		log := c.Hook
		c.Hook = session.HookFunc(func(ctx context.Context, e session.Event) {
			log.Event(ctx, e)
			s, _ := session.FromContext(ctx)
			value, _ := session.Get[string](s, "k")
			panic(value)
		})
	})
	cookie := b.ask("POST", "/set?key=k&value="+private)
	stB.hidden.answered(t, "/set", cookie)
}

// aKey is a key of some context value.
type aKey struct{}
