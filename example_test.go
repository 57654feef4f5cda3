package session_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"

	"github.com/echosession/session"
	memstore "github.com/echosession/session/store/memory"
)

// A visitor is counted, logs in, and is known from then on.
func Example() {
	m, err := session.New(memstore.New(memstore.Options{Logger: slog.New(slog.DiscardHandler)}), session.Config{
		Secrets:     []string{rand.Text() + rand.Text()}, // a program has one from outside, such as its environment
		Development: true,                                // plain http
		Logger:      slog.New(slog.DiscardHandler),
	})
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s, err := session.FromContext(r.Context())
		if err != nil {
			http.Error(w, "try again", session.StatusCode(err)) // the store is away
			return
		}
		if err := session.Update(s, "visits", func(n int) int { return n + 1 }); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		visits, _ := session.Get[int](s, "visits")
		fmt.Fprintf(w, "user %q, visit %d", s.User(), visits)
	})
	mux.HandleFunc("/login", func(w http.ResponseWriter, r *http.Request) {
		s, err := session.FromContext(r.Context())
		if err == nil {
			err = s.Login("ann") // after the password was checked
		}
		if err != nil {
			http.Error(w, "try again", session.StatusCode(err))
			return
		}
		fmt.Fprint(w, "welcome")
	})
	server := httptest.NewServer(m.Handler(mux))
	defer server.Close()

	jar, _ := cookiejar.New(nil)
	browser := &http.Client{Jar: jar}
	for _, path := range []string{"/", "/login", "/"} {
		res, err := browser.Get(server.URL + path)
		if err != nil {
			panic(err)
		}
		body, _ := io.ReadAll(res.Body)
		res.Body.Close()
		fmt.Println(res.StatusCode, string(body))
	}
	// Output:
	// 200 user "", visit 1
	// 200 welcome
	// 200 user "ann", visit 2
}

// Secrets, lifetimes and the cookie's name come from the environment; everything
// that is wrong is reported at once.
func ExampleConfigFromEnv() {
	env := map[string]string{"SESSION_IDLE_TIMEOUT": "30", "APP_ENV": "staging"}
	lookup := func(name string) (string, bool) { value, ok := env[name]; return value, ok }
	_, err := session.ConfigFromEnv(lookup) // os.LookupEnv in a program
	fmt.Println(err)
	// Output:
	// APP_ENV is "staging"; use production or development
	// SESSION_SECRET environment variable is required; generate one with: openssl rand -base64 48
	// SESSION_IDLE_TIMEOUT is "30", which is no duration; write a duration with its unit, such as 90m, 24h or 7d, or "browser"
}

// A hook is told what happens: here it counts the merges of parallel requests.
func ExampleHookFunc() {
	merges := 0
	hook := session.HookFunc(func(_ context.Context, e session.Event) {
		if e.Kind == session.Merged {
			merges += e.Count
		}
	})
	hook.Event(context.Background(), session.Event{Kind: session.Merged, Count: 2})
	fmt.Println(merges)
	// Output: 2
}
