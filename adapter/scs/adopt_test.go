package scsstore_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"

	scsstore "github.com/echosession/session/adapter/scs"
	"github.com/echosession/session/sessiontest"
)

// breaking is scs's own store in memory, which fails on command.
type breaking struct {
	scs.Store
	find, del error
}

func (b *breaking) Find(token string) ([]byte, bool, error) {
	if b.find != nil {
		return nil, false, b.find
	}
	return b.Store.Find(token)
}

func (b *breaking) Delete(token string) error {
	if b.del != nil {
		return b.del
	}
	return b.Store.Delete(token)
}

// moving is an application that moves from scs to ours, and the manager it had.
func moving(kit *sessiontest.Kit) (http.Handler, *scs.SessionManager, *breaking) {
	old := scs.New()
	old.Cookie.Name = "old"
	store := &breaking{Store: old.Store}
	old.Store = store
	read := func(ctx context.Context) (scsstore.Found, error) {
		if old.GetBool(ctx, "fail") {
			return scsstore.Found{}, errors.New("away")
		}
		found := scsstore.Found{User: old.GetString(ctx, "user")}
		if cart := old.GetString(ctx, "cart"); cart != "" {
			found.Values = map[string]any{"cart": cart}
		}
		return found, nil
	}
	app := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	return kit.Manager.Handler(scsstore.Adopt(old, read)(app)), old, store
}

func get() *http.Request { return httptest.NewRequest(http.MethodGet, "/", nil) }

// login is a request with an old session that holds these values.
func login(t *testing.T, old *scs.SessionManager, values map[string]any) *http.Request {
	t.Helper()
	ctx, err := old.Load(t.Context(), "")
	must(t, err)
	for key, value := range values {
		old.Put(ctx, key, value)
	}
	token, _, err := old.Commit(ctx)
	must(t, err)
	r := get()
	r.AddCookie(&http.Cookie{Name: old.Cookie.Name, Value: token})
	return r
}

func TestAnOldLoginIsAdoptedOnce(t *testing.T) {
	t.Parallel()
	kit := sessiontest.New(t)
	app, old, _ := moving(kit)
	r := login(t, old, map[string]any{"user": "ann", "cart": "tea"})
	res := kit.Serve(app, r)
	res.WantCookie(t)
	if cart, _ := sessiontest.Value[string](t, res, "cart"); res.User(t) != "ann" || cart != "tea" || res.Code != 204 {
		t.Errorf("%d: %q has the cart %q", res.Code, res.User(t), cart)
	}
	if cookies := res.Next(get()).Cookies(); len(cookies) != 1 || cookies[0].Name != "session" {
		t.Errorf("the client has the cookies %v", cookies)
	}
	kit.Serve(app, res.Next(get())).WantKept(t)
	again := kit.Serve(app, r) // whoever has a copy of the old cookie
	if again.WantKept(t); again.User(t) != "" {
		t.Errorf("the old cookie logs in %q a second time", again.User(t))
	}
}

func TestWhatIsNoOldLoginIsLeftAlone(t *testing.T) {
	t.Parallel()
	kit := sessiontest.New(t)
	app, old, _ := moving(kit)
	unknown := get()
	unknown.AddCookie(&http.Cookie{Name: "old", Value: "unknown"})
	in := kit.LoggedIn(t, login(t, old, map[string]any{"user": "ann"}), "bob")
	for what, r := range map[string]*http.Request{
		"no cookie": get(), "nobody": login(t, old, map[string]any{"theme": "dark"}), "an unknown token": unknown, "another login here": in,
	} {
		res := kit.Serve(app, r)
		if res.WantKept(t); res.Code != 204 || len(res.Result().Cookies()) != 0 {
			t.Errorf("%s: %d, %d cookies", what, res.Code, len(res.Result().Cookies()))
		}
	}
}

func TestAnAdoptionThatFailsChangesNothing(t *testing.T) {
	t.Parallel()
	for _, what := range []string{"the old store's Find", "the old store's Delete", "read", "our Create", "a user that is refused"} {
		kit := sessiontest.New(t)
		app, old, store := moving(kit)
		values := map[string]any{"user": "ann"}
		if what == "a user that is refused" {
			values["user"] = "\xff"
		}
		if what == "read" {
			values["fail"] = true
		}
		r := login(t, old, values)
		switch what {
		case "the old store's Find":
			store.find = errors.New("away")
		case "the old store's Delete":
			store.del = errors.New("away")
		case "our Create":
			kit.Store.Fail(nil, "Create")
		}
		res := kit.Serve(app, r)
		if res.Code != 503 || res.Header().Get("Retry-After") == "" {
			t.Errorf("%s fails: %d", what, res.Code)
		}
		for _, c := range res.Result().Cookies() {
			if c.Name == "old" || c.Value != "" {
				t.Errorf("%s fails, and the response sets %s", what, c.Name)
			}
		}
		kit.Store.Recover()
		if stats, _ := kit.Store.Stats(t.Context()); stats.Active != 0 {
			t.Errorf("%s fails, and %d sessions are left", what, stats.Active)
		}
		store.find, store.del = nil, nil
		if what == "read" || what == "a user that is refused" {
			continue
		}
		if user := kit.Serve(app, res.Next(get())).User(t); user != "ann" {
			t.Errorf("%s works again, and the user is %q", what, user)
		}
	}
}

// The default names are the same in development: ours wins.
func TestBothCookiesOfOneName(t *testing.T) {
	t.Parallel()
	kit := sessiontest.New(t)
	app, old, _ := moving(kit)
	old.Cookie.Name = "session"
	res := kit.Serve(app, login(t, old, map[string]any{"user": "ann"}))
	if res.WantCookie(t); res.User(t) != "ann" {
		t.Errorf("the user is %q", res.User(t))
	}
	if kept := kit.Serve(app, res.Next(get())); kept.User(t) != "ann" || kept.Code != 204 {
		t.Errorf("after that: %d %q", kept.Code, kept.User(t))
	}
}

// Our sessions and the old ones may be in one store.
func TestTheOldStoreMayBeOurs(t *testing.T) {
	t.Parallel()
	kit := sessiontest.New(t)
	app, old, _ := moving(kit)
	old.Store = on(t, kit.Store)
	old.Lifetime = time.Hour
	res := kit.Serve(app, login(t, old, map[string]any{"user": "ann"}))
	if stats, _ := kit.Store.Stats(t.Context()); res.User(t) != "ann" || stats.Active != 1 {
		t.Errorf("%q, and %d sessions", res.User(t), stats.Active)
	}
}

// Somebody has to learn why visitors get a 503, and a store's error may have the
// token in it.
func TestAnAdoptionThatFailsIsLogged(t *testing.T) {
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })
	kit := sessiontest.New(t)
	app, old, store := moving(kit)
	r := login(t, old, map[string]any{"user": "ann"})
	token := r.Cookies()[0].Value
	store.find = errors.New("no connection for key " + token)
	if res := kit.Serve(app, r); res.Code != 503 {
		t.Errorf("the answer is %d", res.Code)
	}
	if !strings.Contains(log.String(), "the old manager's Load: no connection for key …") || strings.Contains(log.String(), token) {
		t.Errorf("the log says %s", log.String())
	}
	log.Reset()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	kit.Serve(app, r.WithContext(ctx))
	if log.Len() != 0 {
		t.Errorf("the client has gone, and the log says %s", log.String())
	}
}
