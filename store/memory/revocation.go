package memstore

import (
	"sync/atomic"

	"github.com/echosession/session/store"
)

// remembered is how many finished revocations are kept to compare logins with.
// A login that spans more of them than that is refused without a look.
const remembered = 1024

// revocations is what a login is compared with when it binds its user.
//
// The danger is a login that was checked against a password before a Revoke and
// is stored after it. So each call that may bind a user notes, before all else,
// how many revocations had been finished by then. When it binds, with the index
// held, it is refused if a revocation that names it is running now or was
// finished since the note:
//
//   - bound before the revocation began: it is in the index, and is ended;
//   - bound while it runs: refused, it is among the running;
//   - bound after it returned, begun before: refused, it is among the finished
//     that the note does not know;
//   - begun after it returned: the note counts it, the login stands.
//
// Nothing is kept per user, and a login that meets no revocation pays for one
// atomic load.
type revocations struct {
	finished atomic.Uint64
	running  []*store.Revocation
	recent   []store.Revocation // the n-th finished is at n % remembered
}

// now is the note to take when a call begins. It needs no lock.
func (v *revocations) now() uint64 { return v.finished.Load() }

// begin and end enclose a revocation. The caller holds the index, as for refuse.
func (v *revocations) begin(r *store.Revocation) { v.running = append(v.running, r) }

func (v *revocations) end(r *store.Revocation) {
	for i, other := range v.running {
		if other == r {
			last := len(v.running) - 1
			v.running[i], v.running[last] = v.running[last], nil
			v.running = v.running[:last]
			break
		}
	}
	n := v.finished.Load()
	if n < remembered {
		v.recent = append(v.recent, *r)
	} else {
		v.recent[n%remembered] = *r
	}
	v.finished.Store(n + 1)
}

// refuse reports whether a call that began at that note may not bind the user.
// Anybody may have no user.
func (v *revocations) refuse(began uint64, user, handle string) bool {
	if user == "" {
		return false
	}
	for _, r := range v.running {
		if names(r, user, handle) {
			return true
		}
	}
	finished := v.finished.Load()
	if finished-began > remembered {
		return true // cannot be told any more: better logged out than not revoked
	}
	for n := began; n < finished; n++ {
		if names(&v.recent[n%remembered], user, handle) {
			return true
		}
	}
	return false
}

// names reports whether v means the session of that user and handle.
func names(v *store.Revocation, user, handle string) bool {
	switch {
	case v.Everyone:
		return true
	case v.Handle != "":
		return v.Handle == handle && (v.User == "" || v.User == user)
	}
	return v.User == user && (v.Except == "" || v.Except != handle)
}
