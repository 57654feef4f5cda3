package sessiontest_test

import (
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/echosession/session"
	"github.com/echosession/session/sessiontest"
	"github.com/echosession/session/store"
	"github.com/echosession/session/store/storetest"
)

// failures is a test that may fail, and remembers what was said.
type failures struct {
	testing.TB
	said string
}

func (f *failures) Helper()           {}
func (f *failures) Error(args ...any) { f.said += fmt.Sprintln(args...) }
func (f *failures) Errorf(format string, args ...any) {
	f.said += fmt.Sprintf(format, args...) + "\n"
}
func (f *failures) Fatal(args ...any) { f.Error(args...); runtime.Goexit() }
func (f *failures) Fatalf(format string, args ...any) {
	f.Errorf(format, args...)
	runtime.Goexit()
}

// run runs what may end the test.
func (f *failures) run(do func()) *failures {
	done := make(chan struct{})
	go func() { defer close(done); do() }()
	<-done
	return f
}

func (f *failures) want(t *testing.T, what, text string) {
	t.Helper()
	if !strings.Contains(f.said, text) || f.said == "" {
		t.Errorf("%s says %q, not %q", what, f.said, text)
	}
}

// A store that fails on command keeps the contract while it is told nothing.
func TestContract(t *testing.T) {
	storetest.Run(t, func(*testing.T) store.Store { return sessiontest.NewStore(nil) })
}

func TestWhatGoesWrongIsSaid(t *testing.T) {
	t.Parallel()
	kit := sessiontest.New(t)
	app := newApp(kit.Manager)
	fail := func(do func(t testing.TB)) *failures {
		f := &failures{TB: t}
		return f.run(func() { do(f) })
	}
	given := kit.Serve(app, get("/visit"))
	kept := kit.Serve(app, kit.LoggedIn(t, get("/me"), "ann"))
	gone := kit.Serve(app, kit.LoggedIn(t, get("/logout"), "ann"))

	fail(func(t testing.TB) { given.WantKept(t) }).want(t, "a cookie that is given", "gives a session cookie")
	fail(func(t testing.TB) { given.WantGone(t) }).want(t, "a cookie that is given", "gives a session cookie")
	fail(func(t testing.TB) { gone.WantKept(t) }).want(t, "a cookie that is taken", "takes the session cookie")
	fail(func(t testing.TB) { gone.WantCookie(t) }).want(t, "a cookie that is taken", "takes the session cookie")
	fail(func(t testing.TB) { kept.WantGone(t) }).want(t, "a cookie that stays", "as it is")
	fail(func(t testing.TB) { kept.WantCookie(t) }).want(t, "a cookie that stays", "no session cookie")
	fail(func(t testing.TB) { kit.LoggedIn(t, get("/"), "") }).want(t, "a login of nobody", "step 1")
	fail(func(t testing.TB) { kit.LoggedIn(t, get("/"), "ann", sessiontest.Set("cookie", 1)) }).want(t, "a reserved key", "reserved")
	fail(func(t testing.TB) { sessiontest.LoggedIn(t, nil, get("/"), "ann") }).want(t, "no manager", "manager is nil")
	fail(func(t testing.TB) { sessiontest.Value[string](t, given, "visits") }).want(t, "a value of another type", "another type")
	fail(func(t testing.TB) { sessiontest.New(t, func(c *session.Config) { c.Idle = -1 }) }).want(t, "a bad configuration", "Idle")

	other := func(times int) *sessiontest.Response { // a middleware that rewrites cookies
		return kit.Serve(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			for range times {
				http.SetCookie(w, &http.Cookie{Name: "session", Value: "rewritten"})
			}
		}), get("/"))
	}
	fail(func(t testing.TB) { other(1).WantCookie(t) }).want(t, "a cookie that scripts can read", "not HttpOnly")
	fail(func(t testing.TB) { other(2).WantKept(t) }).want(t, "a cookie that is set twice", "2 times")

	kit.Store.Fail(errors.New("on fire"))
	fail(func(t testing.TB) { kit.LoggedIn(t, get("/"), "ann") }).want(t, "a store that fails", "on fire")
}

func TestAJobForTheRequestOutside(t *testing.T) {
	t.Parallel()
	kit := sessiontest.New(t)
	f := &failures{TB: t}
	kit.Serve(kit.Manager.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		f.run(func() { kit.LoggedIn(f, r, "ann") })
	})), get("/"))
	f.want(t, "a request that is being served", "being served")
}

func TestMisuseIsAPanicWithItsReason(t *testing.T) {
	t.Parallel()
	kit := sessiontest.New(t)
	for text, do := range map[string]func(){
		`no operation "Lode"`: func() { kit.Store.Fail(nil, "Lode") },
		"run backwards":       func() { kit.Clock.Advance(-time.Second) },
	} {
		func() {
			defer func() {
				if p := fmt.Sprint(recover()); !strings.Contains(p, text) {
					t.Errorf("panics with %q, not %q", p, text)
				}
			}()
			do()
		}()
	}
}

func TestEachAbilityFailsToo(t *testing.T) {
	t.Parallel()
	kit := sessiontest.New(t)
	kit.Store.Fail(nil)
	_, sessions := kit.Store.Sessions(t.Context(), "ann")
	_, revoked := kit.Manager.Revoke(t.Context(), store.Revocation{User: "ann"})
	_, pruned := kit.Store.Prune(t.Context())
	_, stats := kit.Manager.Stats(t.Context())
	_, report := kit.Manager.Report(t.Context())
	for name, err := range map[string]error{"Sessions": sessions, "Revoke": revoked, "Prune": pruned, "Stats": stats, "Report": report, "Ping": kit.Store.Ping(t.Context()), "Walk": kit.Store.Walk(t.Context(), "", nil)} {
		if !errors.Is(err, session.ErrUnavailable) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
