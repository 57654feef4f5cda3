package redisstore

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"sync"
	"time"

	"github.com/echosession/session/store"
)

// A view is what this node knows of the primary, and since when: how its clock
// goes, which data it has, and what changed. A copy is believed only if nothing
// in the view speaks against it, and the view is fresh.
type view struct {
	feed store.Feed
	o    *TierOptions
	told func(context.Context, store.Notice)

	turns turns[struct{}] // polls, one at a time

	mu       sync.Mutex
	known    bool      // the last poll was answered
	sent     time.Time // when it was sent
	clock    time.Time // the primary's, when it answered
	next     string
	identity string
	keys     string    // what keys of copies begin with, of this identity
	floor    time.Time // copies from before are not believed
	marks    marks
	polling  time.Time // when the poll that is under way was sent
}

// since is how long ago that was, by the clock that has run further: the
// monotonic one stands still while a machine sleeps, and the other may be set.
func since(t time.Time) time.Duration {
	now := time.Now()
	return max(now.Sub(t), now.Round(0).Sub(t.Round(0)))
}

// now is the primary's clock, rather ahead than behind: carried forward since
// the poll was sent. Under the lock.
func (v *view) now() time.Time { return v.clock.Add(since(v.sent)) }

func (v *view) fresh() bool { return v.known && since(v.sent) <= v.o.Freshness }

// ensure polls unless the last poll was sent a short while ago, and reports
// whether copies may be believed. Callers share a poll; shortly before one is
// due the next is sent ahead, so that under steady traffic nobody waits.
func (v *view) ensure(ctx context.Context) bool {
	v.mu.Lock()
	fresh, age, under := v.fresh(), since(v.sent), since(v.polling)
	v.mu.Unlock()
	if fresh && age < v.o.Freshness*3/4 {
		return true
	}
	t := v.turns.running("")
	if t == nil || under > v.o.Freshness { // one that was sent long ago is of no use
		t = v.poll(ctx)
	}
	if fresh {
		return true
	}
	if _, err := t.wait(ctx); err != nil {
		return false
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.fresh()
}

// poll asks what changed, beginning after this call.
func (v *view) poll(ctx context.Context) *turn[struct{}] {
	ctx = context.WithoutCancel(ctx)
	return v.turns.do("", func() (struct{}, error) { return struct{}{}, v.ask(ctx) })
}

func (v *view) ask(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, max(v.o.Freshness, time.Second))
	defer cancel()
	v.mu.Lock()
	from, sent := v.next, time.Now()
	v.polling = sent
	v.mu.Unlock()
	c, err := v.feed.Changes(ctx, from)
	n := store.Notice{Kind: store.NoticePolled, Took: since(sent), Err: err}
	v.mu.Lock()
	if err != nil {
		v.known = false
	} else {
		n.Count, n.Reason = len(c.List), v.take(c, sent)
	}
	v.mu.Unlock()
	v.told(ctx, n)
	return err
}

// take makes an answer part of the view, and says what was wrong with the one
// before, if anything was.
func (v *view) take(c *store.Changes, sent time.Time) (reason string) {
	switch {
	case v.identity == "":
		reason = "first"
	case c.Identity != v.identity:
		reason = "identity"
	case c.Gap:
		reason = "gap"
	case c.Now.Before(v.clock):
		reason = "clock"
	case c.Now.Sub(v.clock) > v.o.Lease:
		reason = "pause"
	}
	if reason != "" {
		v.floor = c.Now
	}
	if c.Identity != v.identity { // what this node did just now stays marked
		v.identity = c.Identity
		sum := sha256.Sum256([]byte(c.Identity))
		v.keys = v.o.Prefix + base64.RawURLEncoding.EncodeToString(sum[:9]) + ":"
	}
	v.known, v.sent, v.clock, v.next = true, sent, c.Now, c.Next
	for _, change := range c.List {
		v.set(change.ID, change.Version, change.Ended)
	}
	v.marks.forget(v.clock.Add(-v.o.Lease - 2*v.o.Freshness - margin))
	return reason
}

func (v *view) set(id string, version uint64, ended bool) {
	if len(v.marks.order) >= maxMarks { // rather believe no copy than lose count
		v.marks.clear()
		v.floor = v.now()
	}
	v.marks.set(id, version, ended, v.now())
}

// changed, ended: what this node did itself, at once.
func (v *view) changed(id string, version uint64) {
	v.mu.Lock()
	v.set(id, version, false)
	v.mu.Unlock()
}

func (v *view) ended(r *store.Record) {
	v.mu.Lock()
	if r.ID != "" {
		v.set(r.ID, 0, true)
	}
	if r.Handle != "" {
		v.set(ofHandle(r.Handle), 0, true)
	}
	v.mu.Unlock()
}

// judge says why a copy is not believed, or "".
func (v *view) judge(c *copied) (reason string, now time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	now = v.now()
	m := v.marks.byID[c.id]
	switch {
	case c.ended:
		return "ended", now
	case !v.fresh():
		return "unsure", now
	case m.ended || c.handle != "" && v.marks.byID[ofHandle(c.handle)].ended:
		return "ended", now
	case c.version < m.version:
		return "version", now
	case !c.stamp.After(v.floor), c.stamp.After(now):
		return "floor", now
	case !now.Before(c.lease), !now.Before(c.stamp.Add(v.o.Lease)): // nodes may be configured differently
		return "lease", now
	case !now.Before(c.expires):
		return "expired", now
	}
	return "", now
}

// place is where the copy of an id stands, "" while the primary's data has no
// name, and what time it is there.
func (v *view) place(id string) (key string, now time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.known {
		return "", time.Time{}
	}
	return v.keys + id, v.now()
}

func (v *view) key(id string) string { key, _ := v.place(id); return key }

// age is how long ago the primary was asked last of those times that it answered;
// negative when it never did.
func (v *view) age() time.Duration {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.sent.IsZero() {
		return -1
	}
	return since(v.sent)
}

// doubt has the next lookup poll first.
func (v *view) doubt() {
	v.mu.Lock()
	v.known = false
	v.mu.Unlock()
}

// count is the number of the last mark.
func (v *view) count() uint64 {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.marks.count
}

func (v *view) endedSince(number uint64) []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.marks.endedSince(number)
}
