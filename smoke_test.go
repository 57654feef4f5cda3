package session_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/echosession/session"
	memstore "github.com/echosession/session/store/memory"
)

var secret = "Vq3nY0rT8kW1zL5xC7mB2jH4gF6dS9pA0qwertzu"

func TestSmoke(t *testing.T) {
	m, err := session.New(memstore.New(memstore.Options{}), session.Config{Secrets: []string{secret}, Development: true})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/visit", func(w http.ResponseWriter, r *http.Request) {
		s, err := session.FromContext(r.Context())
		if err != nil {
			http.Error(w, err.Error(), 503)
			return
		}
		if err := session.Update(s, "n", func(n int) int { return n + 1 }); err != nil {
			t.Error(err)
		}
		if err := s.Commit(r.Context()); err != nil {
			t.Error(err)
		}
		n, _ := session.Get[int](s, "n")
		fmt.Fprint(w, n)
	})
	mux.HandleFunc("/login", func(w http.ResponseWriter, r *http.Request) {
		s, _ := session.FromContext(r.Context())
		s.Login("ann")
	})
	mux.HandleFunc("/logout", func(w http.ResponseWriter, r *http.Request) {
		s, _ := session.FromContext(r.Context())
		if err := s.Logout(context.Background()); err != nil {
			t.Error(err)
		}
	})
	mux.HandleFunc("/me", func(w http.ResponseWriter, r *http.Request) {
		s, _ := session.FromContext(r.Context())
		fmt.Fprint(w, s.User())
	})
	srv := httptest.NewServer(m.Handler(mux))
	defer srv.Close()
	jar, _ := cookiejar.New(nil)
	c := &http.Client{Jar: jar}
	get := func(p string) string {
		res, err := c.Get(srv.URL + p)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		b, _ := io.ReadAll(res.Body)
		t.Log(p, res.StatusCode, res.Header["Set-Cookie"], res.Header["Cache-Control"], res.Header["Vary"], string(b))
		return string(b)
	}
	get("/me")
	get("/visit")
	get("/visit")
	get("/login")
	get("/me")
	var wg sync.WaitGroup
	var mu sync.Mutex
	seen := map[string]bool{}
	for range 50 {
		wg.Go(func() {
			res, err := c.Get(srv.URL + "/visit")
			if err != nil {
				t.Error(err)
				return
			}
			b, _ := io.ReadAll(res.Body)
			res.Body.Close()
			mu.Lock()
			seen[string(b)] = true
			mu.Unlock()
		})
	}
	wg.Wait()
	if len(seen) != 50 || !seen["52"] {
		t.Error(len(seen), strings.Join(func() (k []string) {
			for x := range seen {
				k = append(k, x)
			}
			return
		}(), " "))
	}
	get("/logout")
	get("/me")
}
