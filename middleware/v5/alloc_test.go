package echosession_test

import (
	"crypto/rand"
	"log/slog"
	"math"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/labstack/echo/v5"

	"github.com/echosession/session"
	echosession "github.com/echosession/session/middleware/v5"
	memstore "github.com/echosession/session/store/memory"
)

// What the session may cost a request, in allocations over bare Echo.
const (
	unusedAllocs = 2  // a route that does not ask for it
	readAllocs   = 12 // one that reads a value, from the memory store
)

// silent is a response writer that allocates nothing of its own.
type silent struct{ header http.Header }

func (w *silent) Header() http.Header         { return w.header }
func (w *silent) WriteHeader(int)             {}
func (w *silent) Write(b []byte) (int, error) { return len(b), nil }

// allocs is what one request takes once all pools are full. It is the least of
// many runs: under the race detector a pool drops what it is given by chance,
// and other goroutines' allocations count as well.
func allocs(e *echo.Echo, r *http.Request) uint64 {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // pools are a processor's
	w := &silent{http.Header{}}
	least := uint64(math.MaxUint64)
	var before, after runtime.MemStats
	for range 500 {
		clear(w.header)
		runtime.ReadMemStats(&before)
		e.ServeHTTP(w, r)
		runtime.ReadMemStats(&after)
		least = min(least, after.Mallocs-before.Mallocs)
	}
	return least
}

func TestAllocations(t *testing.T) {
	logger := slog.New(slog.DiscardHandler)
	m, err := session.New(memstore.New(memstore.Options{Logger: logger}), session.Config{
		Secrets: []string{rand.Text() + rand.Text()}, Cookie: session.Cookie{Insecure: true}, Logger: logger,
	})
	if err != nil {
		t.Fatal(err)
	}
	read := func(c *echo.Context) error {
		s, err := echosession.From(c)
		if err != nil {
			return err
		}
		if n, ok := session.Get[int](s, "visits"); !ok || n != 1 {
			t.Error("read", n, ok)
		}
		return c.NoContent(http.StatusOK)
	}
	routes := func(use ...echo.MiddlewareFunc) *echo.Echo {
		e := echo.New()
		e.Use(use...)
		e.GET("/unused", func(c *echo.Context) error { return c.NoContent(http.StatusOK) })
		e.GET("/read", func(c *echo.Context) error {
			if len(use) == 0 {
				return c.NoContent(http.StatusOK)
			}
			return read(c)
		})
		e.POST("/write", func(c *echo.Context) error {
			s, err := echosession.From(c)
			if err != nil {
				return err
			}
			return s.Set("visits", 1)
		})
		return e
	}
	with, bare := routes(echosession.Middleware(m)), routes()

	w := &silent{http.Header{}}
	post, _ := http.NewRequest(http.MethodPost, "/write", nil)
	with.ServeHTTP(w, post)
	cookie, _, _ := strings.Cut(w.header.Get("Set-Cookie"), ";")
	if cookie == "" {
		t.Fatal("no cookie")
	}
	for path, limit := range map[string]uint64{"/unused": unusedAllocs, "/read": readAllocs} {
		r, _ := http.NewRequest(http.MethodGet, path, nil)
		r.Header.Set("Cookie", cookie)
		ours, echos := allocs(with, r), allocs(bare, r)
		if ours > echos+limit {
			t.Errorf("%s: %d allocations, bare Echo has %d; at most %d more are allowed", path, ours, echos, limit)
		}
		t.Logf("%s: %d allocations, bare Echo has %d", path, ours, echos)
	}
}
