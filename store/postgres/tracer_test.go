package pgstore_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/echosession/session"
	pgstore "github.com/echosession/session/store/postgres"
)

// A counter counts the statements of a pool.
type counter struct{ atomic.Int64 }

func (c *counter) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	c.Add(1)
	return ctx
}

func (c *counter) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// TestStatementsPerRequest counts what requests of a visitor cost, by a tracer of
// the pool, and with it how often a visitor who only reads is written for.
func TestStatementsPerRequest(t *testing.T) {
	_, pool := migrated(t, pgstore.Options{})
	var statements counter
	config := pool.Config()
	config.ConnConfig.Tracer = &statements
	traced, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(traced.Close)
	s := open(t, traced, pgstore.Options{})
	m, err := session.New(s, session.Config{
		Secrets: []string{"mR4vT9xk2WqLz7bYc0PfJh5sNd8gUa3e"},
		Cookie:  session.Cookie{Insecure: true},
		Idle:    100 * time.Hour, // a hundredth is an hour
	})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	route := func(path string, do func(ctx context.Context, s *session.Session) error) {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			s, err := session.FromContext(r.Context())
			if err == nil {
				err = do(r.Context(), s)
			}
			if err != nil {
				w.WriteHeader(session.StatusCode(err))
			}
		})
	}
	mux.HandleFunc("/plain", func(http.ResponseWriter, *http.Request) {})
	route("/read", func(_ context.Context, s *session.Session) error {
		if n, ok := session.Get[int](s, "n"); !ok {
			return fmt.Errorf("it reads %d", n)
		}
		return nil
	})
	route("/write", func(_ context.Context, s *session.Session) error {
		return session.Update(s, "n", func(n int) int { return n + 1 })
	})
	route("/login", func(_ context.Context, s *session.Session) error { return s.Login("ann") })
	route("/logout", func(ctx context.Context, s *session.Session) error { return s.Logout(ctx) })
	server := httptest.NewServer(m.Handler(mux))
	t.Cleanup(server.Close)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar}
	costs := func(what, path string, want int64) {
		t.Helper()
		before := statements.Load()
		res, err := client.Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if got := statements.Load() - before; got != want || res.StatusCode != http.StatusOK {
			t.Errorf("%s: %d statements, not %d; status %d", what, got, want, res.StatusCode)
		}
	}
	later := func(d time.Duration) { // by moving the row back
		exec(t, pool, fmt.Sprintf(`UPDATE session SET expire = expire - interval '%d seconds', version = version + 1`, int(d.Seconds())))
	}

	costs("a route without the session, no cookie", "/plain", 0)
	costs("the first write stores a new session", "/write", 1)
	costs("a route without the session", "/plain", 0)
	costs("a read", "/read", 1)
	costs("a read and a write", "/write", 2)
	costs("a login", "/login", 3)
	for range 20 {
		costs("a read, again and again", "/read", 1)
	}
	later(59 * time.Minute)
	costs("a read before a hundredth of the lifetime", "/read", 1)
	later(2 * time.Minute)
	costs("a read after it renews the lifetime", "/read", 2)
	for range 20 {
		costs("and then no more", "/read", 1)
	}
	costs("a logout", "/logout", 2)
	costs("a dead cookie", "/plain", 0)
}
