package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v5"

	"github.com/echosession/session"
	echosession "github.com/echosession/session/middleware/v5"
	"github.com/echosession/session/sessiontest"
)

func post(path, form string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

func get(path string) *http.Request { return httptest.NewRequest(http.MethodGet, path, nil) }

func TestTheCartIsTheUsersOwn(t *testing.T) {
	kit := sessiontest.New(t)
	res := kit.Serve(newShop(kit.Manager), kit.LoggedIn(t, get("/cart"), "ann", sessiontest.Set("cart", []string{"tea"})))
	if got, want := strings.TrimSpace(res.Body.String()), `{"items":["tea"],"user":"ann"}`; got != want {
		t.Errorf("the cart is %s, not %s", got, want)
	}
}

func TestWhoIsNotLoggedInHasNoCart(t *testing.T) {
	kit := sessiontest.New(t)
	if res := kit.Serve(newShop(kit.Manager), get("/cart")); res.Code != http.StatusUnauthorized {
		t.Errorf("the answer is %d", res.Code)
	}
}

func TestALoginKeepsTheCart(t *testing.T) {
	kit := sessiontest.New(t)
	shop := newShop(kit.Manager)
	added := kit.Serve(shop, post("/cart", "item=tea"))
	in := kit.Serve(shop, added.Next(post("/login", "user=ann&password=correct+horse")))
	if in.WantCookie(t).Value == added.WantCookie(t).Value {
		t.Error("the login keeps the cookie: whoever planted it is logged in too")
	}
	if items, _ := sessiontest.Value[[]string](t, in, "cart"); in.User(t) != "ann" || len(items) != 1 {
		t.Errorf("%q has %d items", in.User(t), len(items))
	}
}

func TestAWrongPassword(t *testing.T) {
	kit := sessiontest.New(t)
	res := kit.Serve(newShop(kit.Manager), post("/login", "user=ann&password=wrong"))
	if res.WantKept(t); res.Code != http.StatusUnauthorized || kit.Store.Calls() != 0 {
		t.Errorf("the answer is %d after %d calls of the store", res.Code, kit.Store.Calls())
	}
}

func TestALogoutThatFails(t *testing.T) {
	kit := sessiontest.New(t)
	ann := kit.LoggedIn(t, post("/logout", ""), "ann")
	kit.Store.Fail(nil, "Delete")
	res := kit.Serve(newShop(kit.Manager), ann)
	if res.WantKept(t); res.Code != http.StatusServiceUnavailable {
		t.Errorf("the answer is %d", res.Code)
	}
	kit.Store.Recover()
	if user := res.User(t); user != "ann" {
		t.Errorf("told that the logout failed, and the user is %q", user)
	}
}

func TestALoginEndsAfterAnHour(t *testing.T) {
	kit := sessiontest.New(t, func(c *session.Config) { c.Idle = time.Hour })
	ann := kit.LoggedIn(t, get("/cart"), "ann")
	kit.Clock.Advance(61 * time.Minute)
	if res := kit.Serve(newShop(kit.Manager), ann); res.Code != http.StatusUnauthorized {
		t.Errorf("the answer is %d", res.Code)
	}
}

// One handler by itself, in Echo's own way.
func TestAHandlerByItself(t *testing.T) {
	kit := sessiontest.New(t)
	w := httptest.NewRecorder()
	c := echo.New().NewContext(kit.LoggedIn(t, get("/cart"), "ann"), w)
	if err := echosession.Middleware(kit.Manager)(cart)(c); err != nil || w.Code != http.StatusOK {
		t.Errorf("the answer is %d, %v", w.Code, err)
	}
}

// A handler that nobody put behind the middleware says so.
func TestAHandlerWithoutTheMiddleware(t *testing.T) {
	err := cart(echo.New().NewContext(get("/cart"), httptest.NewRecorder()))
	if status := echo.StatusCode(err); status != http.StatusInternalServerError {
		t.Errorf("the error is %v", err)
	}
}
