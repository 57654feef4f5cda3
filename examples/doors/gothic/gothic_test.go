package main

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/gorilla/sessions"
	"github.com/markbates/goth"
	"github.com/markbates/goth/gothic"
	"github.com/markbates/goth/providers/gitea"

	"github.com/echosession/session"
	gorillastore "github.com/echosession/session/adapter/gorilla"
	"github.com/echosession/session/sessiontest"
)

// A visit is a browser at the application, and the provider both go to. gothic's
// store and goth's providers are global: the tests here do not run in parallel.
type visit struct {
	t       *testing.T
	kit     *sessiontest.Kit
	app     string
	browser *http.Client
}

func onBoth(t *testing.T, f func(v *visit)) {
	for name, newApp := range map[string]func(*session.Manager, sessions.Store) http.Handler{"Echo v4": newEcho4, "Echo v5": newEcho5} {
		t.Run(name, func(t *testing.T) {
			v := &visit{t: t, kit: sessiontest.New(t)}
			store, err := gorillastore.New(gorillastore.Options{})
			if err != nil {
				t.Fatal(err)
			}
			gothic.Store = store
			app, provider := httptest.NewServer(newApp(v.kit.Manager, store)), httptest.NewServer(newProvider())
			t.Cleanup(app.Close)
			t.Cleanup(provider.Close)
			goth.UseProviders(gitea.NewCustomisedURL("id", "secret", app.URL+"/auth/gitea/callback",
				provider.URL+"/authorize", provider.URL+"/token", provider.URL+"/user"))
			t.Cleanup(goth.ClearProviders)
			jar, _ := cookiejar.New(nil)
			v.app, v.browser = app.URL, &http.Client{Jar: jar}
			f(v)
		})
	}
}

func (v *visit) get(path string) (int, string) {
	v.t.Helper()
	res, err := v.browser.Get(v.app + path)
	if err != nil {
		v.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

func (v *visit) want(path string, status int, text string) {
	v.t.Helper()
	if got, body := v.get(path); got != status || !strings.Contains(body, text) {
		v.t.Errorf("%s: %d %q, not %d %q", path, got, body, status, text)
	}
}

// cookie is the session cookie that the browser holds.
func (v *visit) cookie() *http.Cookie {
	at, _ := url.Parse(v.app)
	for _, c := range v.browser.Jar.Cookies(at) {
		if c.Name == "session" {
			return c
		}
	}
	v.t.Fatal("the browser has no session cookie")
	return nil
}

// bucket is what gothic's bucket holds, read as gothic reads it.
func (v *visit) bucket() (n int) {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.AddCookie(v.cookie())
	v.kit.Serve(v.kit.Manager.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		gs, err := gothic.Store.Get(r, gothic.SessionName)
		if err != nil {
			v.t.Error(err)
		}
		n = len(gs.Values)
	})), r)
	return n
}

func TestGothicLogsAUserInEndToEnd(t *testing.T) {
	onBoth(t, func(v *visit) {
		v.want("/cart?add=tea", 200, "added")
		before := v.cookie()
		v.want("/auth/gitea", 200, `user "gitea:7", cart ["tea"]`) // there, back, and home
		if v.cookie().Value == before.Value {
			t.Error("the login keeps the id")
		}
		if n := v.bucket(); n != 0 {
			t.Errorf("gothic's bucket still holds %d values", n)
		}
		old := httptest.NewRequest(http.MethodGet, "/", nil)
		old.AddCookie(before)
		if res := v.kit.Serve(v.kit.Manager.Handler(http.NotFoundHandler()), old); res.User(t) != "" {
			t.Error("the cookie from before the login is logged in")
		}
	})
}

func TestTheCartAndTheLoginSurviveGothicsLogout(t *testing.T) {
	onBoth(t, func(v *visit) {
		v.want("/cart?add=tea", 200, "added")
		v.want("/auth/gitea", 200, "gitea:7")
		v.want("/theme?set=dark", 200, "saved")
		v.want("/auth/logout", 200, "forgotten")
		v.want("/", 200, `user "gitea:7", cart ["tea"], theme dark`)
	})
}

// begin goes to the provider and does not come back.
func (v *visit) begin() (state string) {
	v.t.Helper()
	v.browser.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	defer func() { v.browser.CheckRedirect = nil }()
	res, err := v.browser.Get(v.app + "/auth/gitea")
	if err != nil {
		v.t.Fatal(err)
	}
	defer res.Body.Close()
	to, err := res.Location()
	if err != nil {
		v.t.Fatal(err)
	}
	return to.Query().Get("state")
}

func TestAnAnswerToNoQuestionLogsNobodyIn(t *testing.T) {
	onBoth(t, func(v *visit) {
		v.want("/auth/gitea/callback?code=a+code&state=made+up", 403, "")
		v.begin()
		v.want("/auth/gitea/callback?code=a+code&state=made+up", 403, "")
		v.want("/", 200, `user ""`)
		state := v.begin()
		v.want("/auth/gitea/callback?"+url.Values{"code": {"a code"}, "state": {state}}.Encode(), 200, "gitea:7")
		v.want("/auth/gitea/callback?"+url.Values{"code": {"a code"}, "state": {state}}.Encode(), 403, "") // once
	})
}

func TestALoginThatIsNotStoredIsNotToldToTheClient(t *testing.T) {
	onBoth(t, func(v *visit) {
		state := v.begin()
		before := v.cookie()
		v.kit.Store.Fail(nil, "Rotate")
		status, _ := v.get("/auth/gitea/callback?" + url.Values{"code": {"a code"}, "state": {state}}.Encode())
		if status != http.StatusServiceUnavailable || v.cookie().Value != before.Value {
			t.Errorf("answered %d, another cookie: %v", status, v.cookie().Value != before.Value)
		}
		v.kit.Store.Recover()
		v.want("/", 200, `user ""`)
	})
}

// gothic has one error for "no such login" and for "the store cannot be asked", and
// writes it with a status of its own.
func TestAnOutageIsNoAnswerOfGothics(t *testing.T) {
	onBoth(t, func(v *visit) {
		v.want("/theme?set=dark", 200, "saved")
		state := v.begin()
		answer := "/auth/gitea/callback?" + url.Values{"code": {"a code"}, "state": {state}}.Encode()
		v.kit.Store.Fail(nil)
		for _, path := range []string{"/auth/gitea", answer, "/auth/logout", "/theme?set=light", "/"} {
			v.want(path, 503, "")
		}
		v.kit.Store.Recover()
		v.want(answer, 200, "gitea:7") // nothing is lost
	})
}
