package gorillastore_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorilla/sessions"

	gorillastore "github.com/echosession/session/adapter/gorilla"
	"github.com/echosession/session/sessiontest"
)

// oldLogin is a login that an application made with gorilla, as its cookie.
func oldLogin(t *testing.T, old sessions.Store, values map[any]any) *http.Cookie {
	t.Helper()
	r, w := get(), httptest.NewRecorder()
	gs, err := old.New(r, "old")
	if err != nil {
		t.Fatal(err)
	}
	gs.Values = values
	if err := gs.Save(r, w); err != nil {
		t.Fatal(err)
	}
	return w.Result().Cookies()[0]
}

func readOld(gs *sessions.Session) (gorillastore.Found, error) {
	user, _ := gs.Values["user"].(string)
	found := gorillastore.Found{User: user}
	if cart, ok := gs.Values["cart"].([]any); ok {
		found.Values = map[string]any{"cart": cart}
	}
	return found, nil
}

// adopting is an application that moves from gorilla to ours, behind both.
func adopting(kit *sessiontest.Kit, old sessions.Store, read func(*sessions.Session) (gorillastore.Found, error)) http.Handler {
	app := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	return kit.Manager.Handler(gorillastore.Adopt(old, "old", read)(app))
}

func TestAnOldLoginIsAdoptedOnce(t *testing.T) {
	t.Parallel()
	kit, old := sessiontest.New(t), sessions.NewCookieStore([]byte("0123456789abcdef0123456789abcdef"))
	app := adopting(kit, old, readOld)
	r := get()
	r.AddCookie(oldLogin(t, old, map[any]any{"user": "ann", "cart": []any{"tea"}}))
	res := kit.Serve(app, r)
	res.WantCookie(t)
	if cart, _ := sessiontest.Value[[]string](t, res, "cart"); res.User(t) != "ann" || len(cart) != 1 || res.Code != 204 {
		t.Errorf("%d: %q has the cart %q", res.Code, res.User(t), cart)
	}
	next := res.Next(get())
	if cookies := next.Cookies(); len(cookies) != 1 {
		t.Errorf("the client has %d cookies; the old one is to go", len(cookies))
	}
	kit.Serve(app, next).WantKept(t)
}

func TestWhatIsNoOldLoginIsLeftAlone(t *testing.T) {
	t.Parallel()
	old := sessions.NewCookieStore([]byte("0123456789abcdef0123456789abcdef"))
	kit := sessiontest.New(t)
	app := adopting(kit, old, readOld)
	anonymous := get()
	anonymous.AddCookie(oldLogin(t, old, map[any]any{"theme": "dark"}))
	forged := get()
	forged.AddCookie(&http.Cookie{Name: "old", Value: "forged"})
	in := kit.LoggedIn(t, get(), "bob")
	in.AddCookie(oldLogin(t, old, map[any]any{"user": "ann"}))
	for what, r := range map[string]*http.Request{"no cookie": get(), "nobody": anonymous, "a forged cookie": forged, "another login here": in} {
		res := kit.Serve(app, r)
		if res.WantKept(t); res.Code != 204 || len(res.Result().Cookies()) != 0 {
			t.Errorf("%s: %d, %d cookies", what, res.Code, len(res.Result().Cookies()))
		}
	}
}

// breaking is an old store that fails on command.
type breaking struct {
	sessions.Store
	load, save error
}

func (b *breaking) New(r *http.Request, name string) (*sessions.Session, error) {
	if b.load != nil {
		return sessions.NewSession(b, name), b.load
	}
	return b.Store.New(r, name)
}

func (b *breaking) Save(r *http.Request, w http.ResponseWriter, gs *sessions.Session) error {
	if b.save != nil {
		return b.save
	}
	return b.Store.Save(r, w, gs)
}

func TestAnAdoptionThatFailsChangesNothing(t *testing.T) {
	t.Parallel()
	for _, what := range []string{"the old store's New", "the old store's Save", "read", "our Create", "a user that is refused"} {
		kit := sessiontest.New(t)
		old := &breaking{Store: sessions.NewCookieStore([]byte("0123456789abcdef0123456789abcdef"))}
		cookie := oldLogin(t, old.Store, map[any]any{"user": "ann"})
		read := readOld
		switch what {
		case "the old store's New":
			old.load = errors.New("away")
		case "the old store's Save":
			old.save = errors.New("away")
		case "read":
			read = func(*sessions.Session) (gorillastore.Found, error) { return gorillastore.Found{}, errors.New("away") }
		case "our Create":
			kit.Store.Fail(nil, "Create")
		case "a user that is refused":
			read = func(*sessions.Session) (gorillastore.Found, error) { return gorillastore.Found{User: "\xff"}, nil }
		}
		r := get()
		r.AddCookie(cookie)
		res := kit.Serve(adopting(kit, old, read), r)
		if res.Code != 503 || res.Header().Get("Retry-After") == "" {
			t.Errorf("%s fails: %d", what, res.Code)
		}
		for _, c := range res.Result().Cookies() {
			if c.Name == "old" || c.MaxAge >= 0 && c.Value != "" {
				t.Errorf("%s fails, and the response sets %s", what, c.Name)
			}
		}
		kit.Store.Recover()
		if stats, _ := kit.Store.Stats(t.Context()); stats.Active != 0 {
			t.Errorf("%s fails, and %d sessions are left", what, stats.Active)
		}
		// And it goes through as soon as it can.
		old.load, old.save = nil, nil
		if user := kit.Serve(adopting(kit, old, readOld), res.Next(get())).User(t); user != "ann" {
			t.Errorf("%s works again, and the user is %q", what, user)
		}
	}
}

// gorilla's FilesystemStore has an error for a cookie that is good and whose file
// is gone: after a logout there, a cleaning of /tmp, or the adoption itself. It is
// no login, and no outage that would lock the visitor out until the cookie ends.
func TestALoginWhoseFileIsGoneIsNone(t *testing.T) {
	t.Parallel()
	kit, dir := sessiontest.New(t), t.TempDir()
	old := sessions.NewFilesystemStore(dir, []byte("0123456789abcdef0123456789abcdef"))
	app := adopting(kit, old, readOld)
	first, second := get(), get()
	first.AddCookie(oldLogin(t, old, map[any]any{"user": "ann"}))
	second.AddCookie(first.Cookies()[0]) // of the same page
	if user := kit.Serve(app, first).User(t); user != "ann" {
		t.Errorf("the user is %q", user)
	}
	if files, _ := os.ReadDir(dir); len(files) != 0 {
		t.Errorf("%d files are left of the old session", len(files))
	}
	res := kit.Serve(app, second)
	if res.WantKept(t); res.Code != 204 || res.User(t) != "" {
		t.Errorf("a second time: %d, %q", res.Code, res.User(t))
	}
}

// Somebody has to learn why visitors get a 503; and a FilesystemStore's error has
// the session's id in it.
func TestAnAdoptionThatFailsIsLogged(t *testing.T) {
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })
	kit, dir := sessiontest.New(t), t.TempDir()
	old := sessions.NewFilesystemStore(dir, []byte("0123456789abcdef0123456789abcdef"))
	r := get()
	r.AddCookie(oldLogin(t, old, map[any]any{"user": "ann"}))
	files, _ := filepath.Glob(filepath.Join(dir, "session_*"))
	if len(files) != 1 || os.Remove(files[0]) != nil || os.Mkdir(files[0], 0o700) != nil {
		t.Fatalf("there are %d files", len(files))
	}
	if res := kit.Serve(adopting(kit, old, readOld), r); res.Code != 503 {
		t.Errorf("the answer is %d", res.Code)
	}
	id := strings.TrimPrefix(filepath.Base(files[0]), "session_")
	if !strings.Contains(log.String(), "the old store's New: read "+dir) || strings.Contains(log.String(), id) {
		t.Errorf("the log says %s", log.String())
	}
	log.Reset()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	kit.Serve(adopting(kit, old, readOld), r.WithContext(ctx))
	if log.Len() != 0 {
		t.Errorf("the client has gone, and the log says %s", log.String())
	}
}
