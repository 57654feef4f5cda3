package gorillastore

import (
	"runtime"
	"sync"
	"weak"

	"github.com/gorilla/sessions"
)

// A memory knows what each gorilla session held when it was loaded or last saved:
// what to compare with, to tell a value that this request deleted from one that
// another request has added since. gorilla's type has no room for it. It keeps no
// session alive.
type memory struct {
	m sync.Map // weak.Pointer[sessions.Session] to values
}

func (m *memory) put(gs *sessions.Session, v values) {
	key := weak.Make(gs)
	if _, known := m.m.Swap(key, v); !known {
		runtime.AddCleanup(gs, func(key weak.Pointer[sessions.Session]) { m.m.Delete(key) }, key)
	}
}

// get is nil for a session that was never loaded.
func (m *memory) get(gs *sessions.Session) values {
	v, _ := m.m.Load(weak.Make(gs))
	known, _ := v.(values)
	return known
}
