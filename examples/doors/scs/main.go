// Scs is an application on alexedwards/scs that keeps its sessions in a store of
// this module, and then moves to our own sessions without logging anybody out.
package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"

	"github.com/alexedwards/scs/v2"

	"github.com/echosession/session"
	scsstore "github.com/echosession/session/adapter/scs"
	memstore "github.com/echosession/session/store/memory"
)

func main() {
	store := memstore.New(memstore.Options{}) // or pgstore, redisstore, the tier

	// Step one: scs as it was, on our store.
	old := scs.New()
	old.Cookie.Name = "old_session"
	adapted, err := scsstore.New(store, scsstore.Options{})
	if err != nil {
		log.Fatal(err)
	}
	old.Store = adapted
	old.ErrorFunc = func(w http.ResponseWriter, _ *http.Request, err error) {
		http.Error(w, "try again", session.StatusCode(err)) // 503: away. 401: ended meanwhile
	}
	before := http.NewServeMux()
	before.HandleFunc("/login", func(w http.ResponseWriter, r *http.Request) {
		if err := old.RenewToken(r.Context()); err != nil {
			http.Error(w, "try again", session.StatusCode(err))
			return
		}
		old.Put(r.Context(), "userID", "ann")
		old.Put(r.Context(), "theme", "dark")
		fmt.Fprint(w, "welcome")
	})
	before.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "scs: user %q", old.GetString(r.Context(), "userID"))
	})

	// Step two: our sessions. Whoever comes with scs's cookie is taken over, once.
	manager, err := session.New(store, session.Config{
		Secrets:     []string{rand.Text() + rand.Text()}, // yours: from the environment, and kept
		Development: true,                                // cookies over plain http
	})
	if err != nil {
		log.Fatal(err)
	}
	adopt := scsstore.Adopt(old, func(ctx context.Context) (scsstore.Found, error) {
		user := old.GetString(ctx, "userID")
		if user == "" {
			return scsstore.Found{}, nil // nobody: nothing to take over
		}
		return scsstore.Found{User: user, Values: map[string]any{"theme": old.GetString(ctx, "theme")}}, nil
	})
	after := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, err := session.FromContext(r.Context())
		if err != nil {
			http.Error(w, "try again", session.StatusCode(err))
			return
		}
		theme, _ := session.Get[string](s, "theme")
		fmt.Fprintf(w, "ours: user %q, theme %q", s.User(), theme)
	})

	var app http.Handler = old.LoadAndSave(before)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { app.ServeHTTP(w, r) }))
	defer server.Close()
	jar, _ := cookiejar.New(nil)
	browser := &http.Client{Jar: jar}
	visit := func(path string) {
		res, err := browser.Get(server.URL + path)
		if err != nil {
			log.Fatal(err)
		}
		defer res.Body.Close()
		body, _ := io.ReadAll(res.Body)
		fmt.Printf("%d %s\n", res.StatusCode, body)
	}
	visit("/login")
	visit("/")
	app = manager.Handler(adopt(after)) // the deploy
	visit("/")
	visit("/")
	left, err := adapted.All()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("sessions of scs that are left: %d\n", len(left))
}
