package scsstore

import (
	"crypto/sha256"
	"sync"
)

// tokens remembers which sessions this process has found, and in which version.
// What it forgets is the oldest half, so that a request in flight keeps its
// session's place for as long as room others come.
type tokens struct {
	room int

	mu         sync.Mutex
	young, old map[[sha256.Size]byte]uint64
}

func (t *tokens) put(token string, version uint64) {
	key := sha256.Sum256([]byte(token)) // of one size, and no secret
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.young == nil || len(t.young) >= t.room {
		t.young, t.old = make(map[[sha256.Size]byte]uint64), t.young
	}
	t.young[key] = version
}

func (t *tokens) get(token string) (version uint64, seen bool) {
	key := sha256.Sum256([]byte(token))
	t.mu.Lock()
	defer t.mu.Unlock()
	if version, seen = t.young[key]; !seen {
		version, seen = t.old[key]
	}
	return version, seen
}
