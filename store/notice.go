package store

import (
	"context"
	"time"
)

// A Notice is something that a store with copies tells of itself. It holds no id
// and no session data.
type Notice struct {
	Kind   string
	Reason string
	Count  int           // NoticePolled: changes
	Took   time.Duration // NoticePolled
	Err    error         // NoticeFallback, NoticePolled, NoticeNotCopied, NoticeCopiesDown: the cause
}

// The kinds of notices, and their reasons.
const (
	NoticeHit        = "copy_served"     // a lookup was answered from a copy
	NoticeMiss       = "copy_missed"     // there was none: absent, unreadable
	NoticeRefused    = "copy_refused"    // there was one that is not believed: ended, version, floor, lease, expired, unsure
	NoticeFallback   = "copy_fallback"   // copies could not be asked: redis, left_alone, poll
	NoticePolled     = "polled"          // the primary was asked what changed; no copy from before it is believed after: first, identity, gap, clock, pause
	NoticeNotCopied  = "copy_not_stored" // a copy was not stored: redis, left_alone, newer (a slow reader would have brought back what is over)
	NoticeCopiesDown = "copies_down"     // Redis is left alone for a moment
	NoticeCopiesUp   = "copies_up"       // it answers again
)

// Noticer is the ability to tell notices. Each function is called from many
// goroutines, outside every lock, on a request's own time.
type Noticer interface {
	OnNotice(func(ctx context.Context, n Notice))
}
