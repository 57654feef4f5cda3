package session

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"sync"
	"sync/atomic"

	"github.com/echosession/session/store"
)

// A Manager gives sessions to requests and keeps them in a store. All logic
// lives here, once: stores do I/O, hosts (net/http, Echo) pass requests in. It
// is safe for concurrent use.
type Manager struct {
	cfg    Config
	store  store.Store
	jar    *jar
	saving keyedLocks // saves of one id wait for each other in this process

	running             atomic.Bool
	unpruned, plainHTTP sync.Once // warnings that are said once
}

// New returns a manager of the sessions in st. It does no I/O, starts nothing
// and keeps st for as long as it lives. Everything that is wrong with cfg is
// reported at once, each with the field, the problem and the fix; what is only
// unwise is logged as a warning.
func New(st store.Store, cfg Config) (*Manager, error) {
	warnings, bad := cfg.complete()
	if isNil(st) {
		bad.add("store", "is nil; open one, such as memstore.New(memstore.Options{})")
	}
	if len(bad) > 0 {
		return nil, fmt.Errorf("session: bad configuration: %w", bad.err())
	}
	m := &Manager{cfg: cfg, store: st, jar: newJar(cfg.Cookie, cfg.Secrets)}
	for _, w := range warnings {
		m.log().Warn("Session configuration", "warning", w)
	}
	m.listen()
	return m, nil
}

// isNil also finds the nil pointer that hides in an interface.
func isNil(st store.Store) bool {
	if st == nil {
		return true
	}
	v := reflect.ValueOf(st)
	return v.Kind() == reflect.Pointer && v.IsNil()
}

// Format writes the cookie's name, whatever the verb: no secret, and no id of a
// session that is being saved.
func (m *Manager) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "session.Manager("+m.jar.Name+")")
}

func (m *Manager) log() *slog.Logger {
	if m.cfg.Logger != nil {
		return m.cfg.Logger
	}
	return slog.Default()
}

// storeID is the id under which the store knows a bearer's id.
func (m *Manager) storeID(id string) string {
	if m.cfg.HashIDs {
		return hashID(id)
	}
	return id
}

// loadFresh reads the original, past any copy the store may keep.
func (m *Manager) loadFresh(ctx context.Context, id string) (*store.Record, error) {
	if a, err := store.As[store.Authority](m.store); err == nil {
		return a.LoadFresh(ctx, id)
	}
	return m.store.Load(ctx, id)
}
