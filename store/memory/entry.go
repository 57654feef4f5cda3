package memstore

import (
	"errors"
	"fmt"
	"time"

	"github.com/echosession/session/store"
)

// overhead is what a record takes beside its own bytes: the entry, its places in
// the maps of shard and index, in the heap and in a list. TestOverhead measures
// that it is not too little.
const overhead = 512

// An entry is one stored record. It stays the same entry when a rotation gives
// it another id, so that a pointer taken from the index still finds it.
type entry struct {
	// Written under the locks of shard and index both, so that either is enough
	// to read them.
	id, handle, user string

	// Guarded by the shard. The bytes of data are never written once stored, a
	// Save puts another slice: readers copy them after the lock is let go.
	data             []byte
	version          uint64
	created, expires time.Time
	due              time.Time // place in the shard's heap; never after expires
	pos              int

	// Guarded by the index. An entry without a list is gone.
	in         *list
	prev, next *entry
}

// size is what a record of these parts takes, as MaxBytes counts it.
func size(id, handle, user string, data []byte) int64 {
	return overhead + int64(len(id)+len(handle)+len(user)+len(data))
}

func (e *entry) size() int64 { return size(e.id, e.handle, e.user, e.data) }

// over reports whether the lifetime has ended. Times from [time.Now] carry the
// monotonic clock, so a step of the wall clock ends nothing and revives nothing.
func (e *entry) over(now time.Time) bool { return !now.Before(e.expires) }

// record is a copy but for Data, which the caller has to copy: that may wait
// until the lock is let go.
func (e *entry) record(now time.Time) *store.Record {
	return &store.Record{
		ID: e.id, Handle: e.handle, User: e.user, Data: e.data,
		Version: e.version, Created: e.created, Expires: e.expires, Now: now,
	}
}

// fill tells r what was stored. The caller holds the shard's lock.
func (e *entry) fill(r *store.Record, now time.Time) {
	r.Version, r.Created, r.Expires, r.Now = e.version, e.created, e.expires, now
}

// check refuses a record that no store could keep. None of the sentinels fits:
// it is the caller's mistake, and nothing was stored.
func check(r *store.Record) error {
	switch {
	case r.ID == "":
		return errors.New("memory store: the record's ID is empty")
	case len(r.User) > store.MaxUser:
		return fmt.Errorf("memory store: the record's User has %d bytes, at most %d are allowed", len(r.User), store.MaxUser)
	}
	return checkLifetime(r)
}

func checkLifetime(r *store.Record) error {
	switch {
	case r.Idle <= 0:
		return fmt.Errorf("memory store: the record's Idle is %v, it must be more than 0", r.Idle)
	case r.Absolute < 0:
		return fmt.Errorf("memory store: the record's Absolute is %v, it must be 0 (no cap) or more", r.Absolute)
	}
	return nil
}

// lifetime is when a record created then, and used now, expires. time.Time adds
// centuries without overflow, so the longest durations need no guard here.
func lifetime(created, now time.Time, r *store.Record) time.Time {
	return capped(now.Add(r.Idle), created, r)
}

// capped is expires, or the end of the absolute lifetime when that is earlier.
func capped(expires, created time.Time, r *store.Record) time.Time {
	if end := created.Add(r.Absolute); r.Absolute > 0 && end.Before(expires) {
		return end
	}
	return expires
}
