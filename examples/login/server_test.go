package main

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/echosession/session"
)

func TestAStoreThatIsAway(t *testing.T) {
	for name, router := range routers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			away := ""
			c := serveHere(t, router, newBackend(func(point string) error {
				if point == away {
					return errors.New("dial tcp 192.0.2.1:5432: no route to host")
				}
				return nil
			}))
			c.post("/login", asForm, "user=ann")

			const unavailable = `{"message":"Service Unavailable"}`
			away = "load"
			for _, path := range []string{"/", "/me", "/get?key=k", "/slow?ms=0&key=k", "/stream"} {
				a := c.get(path)
				a.is(t, "GET "+path+" while sessions cannot be read", 503, unavailable)
				checkOutage(t, a)
			}
			c.get("/plain").is(t, "a route without a session goes on", 200, "ok")

			away = "save"
			for _, path := range []string{"/visit", "/set"} {
				a := c.post(path, asJSON, `{"k":1}`)
				a.is(t, "POST "+path+" while sessions cannot be saved", 503, unavailable)
				checkOutage(t, a)
			}

			away = "ping"
			c.get("/readyz").is(t, "GET /readyz", 503, `{"memory":"unavailable","status":"unavailable"}`)
			c.get("/healthz").is(t, "GET /healthz", 200, "")

			away = ""
			c.get("/me").is(t, "nobody was logged out by it", 200, `{"user":"ann","visits":0}`)
			c.get("/readyz").is(t, "GET /readyz", 200, `{"memory":"ok","status":"ok"}`)
		})
	}
}

func checkOutage(t *testing.T, a answer) {
	t.Helper()
	if a.header.Get("Retry-After") == "" || a.header["Set-Cookie"] != nil {
		t.Errorf("it has Retry-After %q and %d cookies", a.header.Get("Retry-After"), len(a.header["Set-Cookie"]))
	}
}

func TestAPanicIsA500(t *testing.T) {
	for name, router := range routers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			broken := true
			c := serveHere(t, router, newBackend(func(string) error {
				if broken {
					panic("a bug of the store")
				}
				return nil
			}))
			c.post("/visit", "", "").is(t, "without a cookie no store is asked", 200, `{"visits":1}`)
			c.get("/me").is(t, "GET /me", 500, `{"message":"Internal Server Error"}`)
			broken = false
			c.post("/visit", "", "").is(t, "the next one", 200, `{"visits":2}`)
		})
	}
}

func TestFreshAsksTheStoreItself(t *testing.T) {
	for name, router := range routers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			loads := 0
			c := serveHere(t, router, newBackend(func(point string) error {
				if point == "load" {
					loads++
				}
				return nil
			}))
			c.post("/login", asForm, "user=ann")
			for _, request := range []struct {
				path string
				want int
			}{{"/me", 1}, {"/me?fresh=0", 1}, {"/me?fresh=1", 2}} {
				loads = 0
				c.get(request.path).is(t, "GET "+request.path, 200, `{"user":"ann","visits":0}`)
				if loads != request.want {
					t.Errorf("GET %s asks the store %d times, not %d", request.path, loads, request.want)
				}
			}
		})
	}
}

func TestALogoutIsFinal(t *testing.T) {
	for name, router := range routers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			saving, loggedOut := make(chan struct{}, 1), make(chan struct{})
			c := serveHere(t, router, newBackend(func(point string) error {
				if point == "save" { // the slow request's: the login creates
					saving <- struct{}{}
					<-loggedOut
				}
				return nil
			}))
			goOn := sync.OnceFunc(func() { close(loggedOut) })
			t.Cleanup(goOn)
			_, cookie := c.post("/login", asForm, "user=ann").cookie(t)
			answered := c.p.bearing(t, cookie).sendInFlight(t.Context(), "/slow?ms=0&key=k")
			<-saving
			if line, _ := c.post("/logout", "", "").cookie(t); !strings.Contains(line, "1970") {
				t.Errorf("the cookie is not taken away: %s", line)
			}
			goOn()
			res, err := answered()
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			if res.StatusCode != 401 || res.Header["Set-Cookie"] != nil {
				t.Errorf("a request in flight at the logout is answered with %d, and %d cookies", res.StatusCode, len(res.Header["Set-Cookie"]))
			}
			c.p.bearing(t, cookie).get("/me").is(t, "the cookie is nobody", 401, nobody)
			c.p.bearing(t, cookie).get("/get?key=k").is(t, "the session stays away", 404, noSuchKey)
		})
	}
}

func TestSlowSetsItsKeyWhenTheClientHasGone(t *testing.T) {
	for name, router := range routers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			loaded, left, saved := make(chan struct{}, 9), make(chan struct{}), make(chan struct{}, 1)
			c := serveHere(t, router, newBackend(func(point string) error {
				switch point {
				case "loaded":
					loaded <- struct{}{}
				case "save":
					<-left
				case "saved":
					saved <- struct{}{}
				}
				return nil
			}))
			goOn := sync.OnceFunc(func() { close(left) })
			t.Cleanup(goOn)
			c.post("/visit", "", "")
			ctx, leave := context.WithCancel(t.Context())
			answered := c.sendInFlight(ctx, "/slow?ms=200&key=k")
			<-loaded
			leave()
			if _, err := answered(); err == nil {
				t.Error("it was answered")
			}
			goOn()
			select {
			case <-saved:
			case <-time.After(patience):
				t.Fatal("it saves nothing")
			}
			c.get("/get?key=k").is(t, "the key is set", 200, "true")
		})
	}
}

func TestTheServerWaitsForNobodyForEver(t *testing.T) {
	s := newServer(http.NotFoundHandler())
	for name, d := range map[string]time.Duration{"ReadHeaderTimeout": s.ReadHeaderTimeout, "ReadTimeout": s.ReadTimeout, "IdleTimeout": s.IdleTimeout} {
		if d <= 0 {
			t.Errorf("%s is not set", name)
		}
	}
	if s.WriteTimeout != 0 {
		t.Errorf("WriteTimeout is %s, which would end a stream", s.WriteTimeout)
	}
}

func TestSlowWaitsAMinuteAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newApp(t, newBackend(quiet))
		handler := a.sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s, err := session.FromContext(r.Context())
			if err != nil {
				t.Fatal(err)
			}
			if err := a.slow(s, w, r); err != nil {
				t.Error(err)
			}
		}))
		began := time.Now()
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest("GET", "/slow?ms=3600000&key=k", nil))
		if took := time.Since(began); took != time.Minute || w.Body.String() != `{"waited_ms":60000}` {
			t.Errorf("it took %s, and says %s", took, w.Body)
		}
	})
}
