package matrix

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/echosession/session"
	"github.com/echosession/session/store"
	memstore "github.com/echosession/session/store/memory"
)

// A mode is what the handler does with its session.
type mode string

const (
	set    mode = "begins a session"
	logout mode = "logs out"
	read   mode = "reads the session"
	down   mode = "begins a session while the store is down"
	ended  mode = "changes a session that is ended elsewhere"
)

// CookieName is the name of the cookie in question.
const CookieName = "__Host-session"

// PageHeader is on every error page, and says who wrote it.
const PageHeader = "X-Error-Page"

// OwnPage is its value on those of the application's own error handler.
const OwnPage = "own"

const key = "matrix"

// A Visit is one request to an application, and what its handler is to do.
type Visit struct {
	Manager  *session.Manager
	Dir      string // with the files that answers serve
	Upstream string // the address of a server to pass requests on to

	mode  mode
	value string
	last  atomic.Pointer[session.Session]
	late  atomic.Int32 // changes that no cookie could follow
	store *faulty
	seen  chan struct{} // closed when the client has seen the headers
}

func (v *Visit) start() {
	v.seen = make(chan struct{})
	v.store = &faulty{Store: memstore.New(memstore.Options{Logger: quiet})}
}

// Use does with a session what this visit is about.
func (v *Visit) Use(s *session.Session) error {
	v.last.Store(s)
	switch v.mode {
	case logout:
		return s.Logout(context.Background())
	case read:
		if got, _ := session.Get[string](s, key); got != v.value {
			return fmt.Errorf("the session has %q, not %q", got, v.value)
		}
		return nil
	}
	if err := s.Set(key, v.value); err != nil || v.mode != ended {
		return err
	}
	_, err := v.Manager.Revoke(context.Background(), store.Revocation{Everyone: true})
	return err
}

// fails reports whether what the handler does with its session fails.
func (m mode) fails() bool { return m == down || m == ended }

// UseIn is Use of the session of a request's context.
func (v *Visit) UseIn(ctx context.Context) error {
	s, err := session.FromContext(ctx)
	if err != nil {
		return err
	}
	return v.Use(s)
}

// Hold waits until the client has seen the response's headers and has read its
// session with the cookie they carried, or until ctx ends.
func (v *Visit) Hold(ctx context.Context) {
	select {
	case <-v.seen:
	case <-ctx.Done():
	}
}

// Event counts what must not happen silently.
func (v *Visit) Event(_ context.Context, e session.Event) {
	if e.Kind == session.LateChange {
		v.late.Add(1)
	}
}

// Another is a manager with a cookie and a store of its own.
func Another() *session.Manager {
	m, err := session.New(memstore.New(memstore.Options{Logger: quiet}), session.Config{
		Secrets: []string{rand.Text() + rand.Text()}, Cookie: session.Cookie{Name: "__Host-another"}, Logger: quiet,
	})
	if err != nil {
		panic(err)
	}
	return m
}

// page is the error page of an application without a framework.
func page(w http.ResponseWriter, _ *http.Request, err error) {
	w.Header().Set(PageHeader, OwnPage)
	http.Error(w, http.StatusText(session.StatusCode(err)), session.StatusCode(err))
}

// faulty is a store whose writes can be made to fail. It fails as a database
// does that is gone: it says so, and reading is not impaired, which is the
// harder case, since the request gets as far as its commit.
type faulty struct {
	*memstore.Store
	down atomic.Bool // for writing
	away atomic.Bool // for reading
}

func (f *faulty) Load(ctx context.Context, id string) (*store.Record, error) {
	if f.away.Load() {
		return nil, fmt.Errorf("%w: it is away", store.ErrUnavailable)
	}
	return f.Store.Load(ctx, id)
}

func (f *faulty) fail() error {
	if f.down.Load() {
		return fmt.Errorf("%w: it is down", store.ErrUnavailable)
	}
	return nil
}

func (f *faulty) Create(ctx context.Context, r *store.Record) error {
	if err := f.fail(); err != nil {
		return err
	}
	return f.Store.Create(ctx, r)
}

func (f *faulty) Save(ctx context.Context, r *store.Record) error {
	if err := f.fail(); err != nil {
		return err
	}
	return f.Store.Save(ctx, r)
}

func (f *faulty) Rotate(ctx context.Context, oldID string, r *store.Record) error {
	if err := f.fail(); err != nil {
		return err
	}
	return f.Store.Rotate(ctx, oldID, r)
}

// stored is how many sessions there are.
func (f *faulty) stored() int {
	stats, err := f.Stats(context.Background())
	if err != nil {
		return -1
	}
	return stats.Active
}

// patience is how long a test waits for what happens at once, before it calls it
// a failure.
const patience = 20 * time.Second
