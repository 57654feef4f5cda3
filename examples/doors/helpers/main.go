// Helpers shows what Echo's own and well-known middleware want of a session:
// casbin a user, echo-jwt a token, the rate limiter an identifier; CSRF tokens;
// and OAuth's state and nonce, which are used once.
package main

import (
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"

	"github.com/casbin/casbin/v2"
	"github.com/casbin/casbin/v2/model"
	"github.com/golang-jwt/jwt/v5"
	echocasbin "github.com/labstack/echo-contrib/casbin"
	echojwt "github.com/labstack/echo-jwt/v4"
	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"github.com/echosession/session"
	echosession "github.com/echosession/session/middleware"
	memstore "github.com/echosession/session/store/memory"
)

var jwtKey = []byte(rand.Text() + rand.Text())

func main() {
	manager, err := session.New(memstore.New(memstore.Options{}), session.Config{
		Secrets:     []string{rand.Text() + rand.Text()}, // yours: from the environment, and kept
		Development: true,                                // cookies over plain http
	})
	if err != nil {
		log.Fatal(err)
	}
	e, err := newApp(manager)
	if err != nil {
		log.Fatal(err)
	}
	server := httptest.NewServer(e)
	defer server.Close()
	b := newBrowser(server.URL)

	b.do("GET", "/admin") // nobody
	b.do("POST", "/login?user=ann")
	b.do("GET", "/admin")
	b.do("GET", "/api")
	b.do("POST", "/pay") // without a token
	b.token = b.do("GET", "/form")
	b.do("POST", "/pay")
	b.do("GET", "/limited")
	b.do("GET", "/limited")
	b.do("GET", "/oauth/begin")
	b.do("GET", "/oauth/callback?state=guessed")
	state := b.do("GET", "/oauth/begin")
	b.do("GET", "/oauth/callback?state="+url.QueryEscape(state))
	b.do("GET", "/oauth/callback?state="+url.QueryEscape(state)) // a second time
}

func newApp(manager *session.Manager) (http.Handler, error) {
	enforcer, err := newEnforcer()
	if err != nil {
		return nil, err
	}
	e := echo.New()
	// In front of everything: no token is needed where the browser says that a
	// request comes from elsewhere (Go 1.25).
	e.Use(echo.WrapMiddleware(http.NewCrossOriginProtection().Handler))
	e.Use(echosession.Middleware(manager))

	e.POST("/login", login)

	// casbin decides by the session's user. An outage stays a 503.
	e.GET("/admin", hello, echocasbin.MiddlewareWithConfig(echocasbin.Config{
		Enforcer:   enforcer,
		UserGetter: echosession.User,
		ErrorHandler: func(_ echo.Context, err error, status int) error {
			if errors.Is(err, session.ErrUnavailable) {
				return err
			}
			return echo.NewHTTPError(status)
		},
	}))

	// echo-jwt takes the token from the session: the browser never has it.
	e.GET("/api", hello, echojwt.WithConfig(echojwt.Config{
		SigningKey:       jwtKey,
		TokenLookupFuncs: []middleware.ValuesExtractor{echosession.Value("jwt")},
		ErrorHandler: func(_ echo.Context, err error) error {
			if errors.Is(err, session.ErrUnavailable) {
				return echosession.Error(err)
			}
			return echo.ErrUnauthorized
		},
	}))

	// The rate limiter counts by user, whatever cookies and addresses they use.
	e.GET("/limited", hello, middleware.RateLimiterWithConfig(middleware.RateLimiterConfig{
		Store:               middleware.NewRateLimiterMemoryStoreWithConfig(middleware.RateLimiterMemoryStoreConfig{Rate: 0.001, Burst: 1}),
		IdentifierExtractor: echosession.Identifier,
	}))

	e.GET("/form", form)
	e.POST("/pay", hello, echosession.RequireCSRF())

	e.GET("/oauth/begin", begin)
	e.GET("/oauth/callback", callback)
	return e, nil
}

func hello(c echo.Context) error { return c.String(http.StatusOK, "hello") }

func login(c echo.Context) error {
	s, err := echosession.From(c)
	if err != nil {
		return err
	}
	user := c.FormValue("user") // yours: after the password was checked
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.RegisteredClaims{Subject: user}).SignedString(jwtKey)
	if err != nil {
		return err
	}
	if err := s.Login(user); err != nil {
		return err
	}
	if err := s.Set("jwt", token); err != nil {
		return err
	}
	return c.String(http.StatusOK, "welcome")
}

// form shows a token, as an <input type="hidden" name="csrf_token"> does.
func form(c echo.Context) error {
	s, err := echosession.From(c)
	if err != nil {
		return err
	}
	token, err := session.CSRFToken(c.Request().Context(), s)
	if err != nil {
		return echosession.Error(err)
	}
	return c.String(http.StatusOK, token)
}

// question is what a login at a provider begins with. It is in the session until
// the answer comes, and for one answer.
type question struct {
	State, Nonce string
}

func begin(c echo.Context) error {
	s, err := echosession.From(c)
	if err != nil {
		return err
	}
	q := question{State: rand.Text(), Nonce: rand.Text()}
	if err := s.Set("oauth", q); err != nil {
		return err
	}
	return c.String(http.StatusOK, q.State) // yours: a redirect to the provider, with both
}

func callback(c echo.Context) error {
	s, err := echosession.From(c)
	if err != nil {
		return err
	}
	q, found, err := session.Take[question](c.Request().Context(), s, "oauth")
	if err != nil {
		return echosession.Error(err)
	}
	if !found || subtle.ConstantTimeCompare([]byte(q.State), []byte(c.QueryParam("state"))) != 1 {
		return echo.NewHTTPError(http.StatusForbidden, "this is no answer to a question of ours")
	}
	return c.String(http.StatusOK, "the state is good; the id token has to carry our nonce")
}

func newEnforcer() (*casbin.Enforcer, error) {
	rules, err := model.NewModelFromString(`
[request_definition]
r = sub, obj, act
[policy_definition]
p = sub, obj, act
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = r.sub == p.sub && r.obj == p.obj && r.act == p.act`)
	if err != nil {
		return nil, err
	}
	enforcer, err := casbin.NewEnforcer(rules)
	if err != nil {
		return nil, err
	}
	_, err = enforcer.AddPolicy("ann", "/admin", "GET")
	return enforcer, err
}

// A browser keeps cookies, and prints what it is answered.
type browser struct {
	http.Client
	at, token string
}

func newBrowser(at string) *browser {
	jar, _ := cookiejar.New(nil)
	return &browser{Client: http.Client{Jar: jar}, at: at}
}

func (b *browser) do(method, path string) string {
	r, err := http.NewRequest(method, b.at+path, nil)
	if err != nil {
		log.Fatal(err)
	}
	if b.token != "" {
		r.Header.Set(session.CSRFHeader, b.token)
	}
	res, err := b.Do(r)
	if err != nil {
		log.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		log.Fatal(err)
	}
	text := strings.TrimSpace(string(body))
	shown := text
	if res.StatusCode == http.StatusOK && len(text) > 20 && !strings.Contains(text, " ") {
		shown = "(a token)"
	}
	path, _, _ = strings.Cut(path, "?")
	fmt.Printf("%-4s %-16s %d %s\n", method, path, res.StatusCode, shown)
	return text
}
