package session

import (
	"context"
	"slices"
	"time"

	"github.com/echosession/session/store"
)

// A Hook is told what happens to sessions: telemetry, audit and logs attach
// here. Event is called from many goroutines, after the fact, outside every
// lock, on the request's own time: it must be quick and safe for concurrent
// use. What it panics with is recovered and logged; it can undo nothing.
type Hook interface {
	Event(ctx context.Context, e Event)
}

// HookFunc makes a Hook of a function.
type HookFunc func(ctx context.Context, e Event)

// Event calls f.
func (f HookFunc) Event(ctx context.Context, e Event) { f(ctx, e) }

// Hooks makes one Hook of several. Each is told in this order, whether or not one
// before it panicked; nil ones are left out.
func Hooks(list ...Hook) Hook {
	return hooks(slices.DeleteFunc(slices.Clone(list), func(h Hook) bool { return h == nil }))
}

type hooks []Hook

func (list hooks) Event(ctx context.Context, e Event) {
	if len(list) > 0 {
		defer list[1:].Event(ctx, e)
		list[0].Event(ctx, e)
	}
}

// An Event is one thing that happened. It carries handles, never ids, and no
// session data.
type Event struct {
	Kind   Kind
	Reason Reason        // why: Refused, CommitFailed, and those of copies
	Handle string        // which session; "" where none is known
	User   string        // its user; "" before login
	Count  int           // Merged: reloads it took; Revoked, Pruned: sessions; Polled: changes
	Took   time.Duration // Committed, Merged, LoggedOut, Pruned, PruneFailed, Polled: how long the store took
	Err    error         // of what failed: the cause
}

// A Kind says what happened.
type Kind string

// The kinds of events.
const (
	Created      Kind = "created"       // a session was stored for the first time
	LoggedIn     Kind = "logged_in"     // a user was bound and the id rotated
	Rotated      Kind = "rotated"       // the id changed, the login did not
	Committed    Kind = "committed"     // a change was stored
	LoggedOut    Kind = "logged_out"    // a session was ended by its own request
	Revoked      Kind = "revoked"       // sessions were ended by someone else
	Expired      Kind = "expired"       // a cookie came whose session's lifetime is over
	Refused      Kind = "refused"       // a cookie or a use was refused; see Reason
	Touched      Kind = "touched"       // the lifetime was renewed
	TouchSkipped Kind = "touch_skipped" // it was renewed not long ago
	TouchFailed  Kind = "touch_failed"  // it could not be renewed; the answer stays
	Merged       Kind = "merged"        // another request had saved; both changes stand
	LoadFailed   Kind = "load_failed"   // the store could not be asked
	CommitFailed Kind = "commit_failed" // a change was not stored; the client gets an error
	LateChange   Kind = "late_change"   // a change came after the headers and needs a cookie
	Pruned       Kind = "pruned"        // expired sessions were removed
	PruneFailed  Kind = "prune_failed"  // they could not be

	// Of a store that keeps copies; the reasons are those of package store.
	CopyServed    Kind = store.NoticeHit        // a lookup was answered from a copy
	CopyMissed    Kind = store.NoticeMiss       // there was none
	CopyRefused   Kind = store.NoticeRefused    // there was one that is not believed
	CopyFallback  Kind = store.NoticeFallback   // copies could not be asked
	CopyNotStored Kind = store.NoticeNotCopied  // a copy was not stored
	Polled        Kind = store.NoticePolled     // the authority was asked what changed
	CopiesDown    Kind = store.NoticeCopiesDown // the server of the copies is left alone for a moment
	CopiesUp      Kind = store.NoticeCopiesUp   // it answers again
)

// A Reason says why.
type Reason string

// The reasons of Refused and CommitFailed.
const (
	BadSignature     Reason = "bad_signature"      // Refused: no secret of ours signed the cookie
	TwoCookies       Reason = "two_cookies"        // Refused: two valid cookies of one name differ
	UnknownID        Reason = "unknown_id"         // Refused: signed by us, and not in the store
	UsedAfterEnd     Reason = "used_after_end"     // Refused: the session ended while a request used it
	UsedAfterRequest Reason = "used_after_request" // Refused: the session was used when its request was over
	Unavailable      Reason = "unavailable"        // CommitFailed: the store did not answer, or merging took too long
	EndedMeantime    Reason = "ended"              // CommitFailed: the session ended meanwhile
	Invalid          Reason = "invalid"            // CommitFailed: the merged document cannot be stored
)

// emit tells the hook. It is called without any lock held.
func (m *Manager) emit(ctx context.Context, e Event) {
	if m.cfg.Hook == nil {
		return
	}
	defer func() {
		if p := recover(); p != nil {
			m.log().Error("Session hook panicked", "event", string(e.Kind))
		}
	}()
	m.cfg.Hook.Event(ctx, e)
}

// listen passes on what a store of copies tells.
func (m *Manager) listen() {
	if m.cfg.Hook == nil {
		return
	}
	if noticer, err := store.As[store.Noticer](m.store); err == nil {
		noticer.OnNotice(func(ctx context.Context, n store.Notice) {
			m.emit(ctx, Event{Kind: Kind(n.Kind), Reason: Reason(n.Reason), Count: n.Count, Took: n.Took, Err: n.Err})
		})
	}
}
