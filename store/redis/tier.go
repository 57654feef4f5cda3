package redisstore

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/echosession/session/store"
)

// Tier keeps copies of a primary's sessions in Redis, and takes reads off the
// primary. The primary alone decides: every write goes there first, and a copy is
// served only if the primary has been asked a short while ago what changed and
// said nothing against it. A Redis that is down, slow, flushed, or back with old
// data costs time, and never a session. docs/protocol.md is the whole story.
//
// It is safe for concurrent use, and owns neither client nor primary. It offers
// the abilities of its primary, and reads the original with LoadFresh.
type Tier struct {
	client  redis.UniversalClient
	heeds   bool // the client heeds deadlines
	o       TierOptions
	primary *primary
	view    view
	breaker breaker
	reads   turns[*store.Record]
	slots   chan struct{}

	reading, writing condition // that Redis refuses it

	mu     sync.RWMutex
	notice []func(context.Context, store.Notice)
}

// NewTier returns a tier before a primary. It does no I/O: Redis may be down. An
// error names the option that is wrong, or what the primary lacks: it must be
// able to tell what changed, as pgstore is.
//
// The client is best made with ContextTimeoutEnabled and without retries; any
// client works, a call that outlives its deadline is left to end by itself.
func NewTier(client redis.UniversalClient, behind store.Store, o TierOptions) (*Tier, error) {
	if client == nil {
		return nil, errors.New("redisstore: the client is nil; make one with redis.NewUniversalClient")
	}
	if behind == nil {
		return nil, errors.New("redisstore: the primary is nil; make one with pgstore.New")
	}
	if err := o.complete(); err != nil {
		return nil, err
	}
	whole, err := assemble(behind)
	if err != nil {
		return nil, err
	}
	t := &Tier{client: client, heeds: heedsDeadlines(client), o: o, primary: whole, slots: make(chan struct{}, o.Reads)}
	t.view = view{feed: whole, o: &t.o, told: t.tell}
	t.breaker.changed = t.lost
	t.reading = condition{begins: "Redis gives no copies", ends: "Redis gives copies again", log: o.Logger}
	t.writing = condition{begins: "Redis stores no copies", ends: "Redis stores copies again", log: o.Logger}
	return t, nil
}

// OnNotice is part of [store.Noticer].
func (t *Tier) OnNotice(f func(context.Context, store.Notice)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.notice = append(t.notice, f)
}

func (t *Tier) tell(ctx context.Context, n store.Notice) {
	t.mu.RLock()
	all := t.notice
	t.mu.RUnlock()
	for _, f := range all {
		f(ctx, n)
	}
}

// Load is part of [store.Store].
func (t *Tier) Load(ctx context.Context, id string) (*store.Record, error) {
	if !t.view.ensure(ctx) {
		t.tell(ctx, store.Notice{Kind: store.NoticeFallback, Reason: "poll"})
		return t.read(ctx, id, true)
	}
	r, answered := t.lookup(ctx, id)
	if r != nil {
		return r, nil
	}
	return t.read(ctx, id, answered) // else one request would wait for Redis twice
}

// LoadFresh is part of [store.Authority].
func (t *Tier) LoadFresh(ctx context.Context, id string) (*store.Record, error) {
	return t.read(ctx, id, true)
}

// lookup is the session as Redis has it, or nil where that is not to be believed;
// and whether Redis answered.
func (t *Tier) lookup(ctx context.Context, id string) (r *store.Record, answered bool) {
	key := t.view.key(id)
	if key == "" {
		return nil, true
	}
	frame, err := t.get(ctx, key)
	switch {
	case errors.Is(err, redis.Nil):
		t.tell(ctx, store.Notice{Kind: store.NoticeMiss, Reason: "absent"})
		return nil, true
	case errors.Is(err, errUnreadable):
		t.tell(ctx, store.Notice{Kind: store.NoticeMiss, Reason: "unreadable"})
		return nil, true
	case errors.Is(err, errLeftAlone):
		t.tell(ctx, store.Notice{Kind: store.NoticeFallback, Reason: "left_alone"})
		return nil, false
	case err != nil:
		t.tell(ctx, store.Notice{Kind: store.NoticeFallback, Reason: "redis", Err: err})
		return nil, false
	}
	c, ok := decode(frame, id)
	if !ok {
		t.tell(ctx, store.Notice{Kind: store.NoticeMiss, Reason: "unreadable"})
		return nil, true
	}
	reason, now := t.view.judge(&c)
	if reason != "" {
		t.tell(ctx, store.Notice{Kind: store.NoticeRefused, Reason: reason})
		return nil, true
	}
	t.tell(ctx, store.Notice{Kind: store.NoticeHit})
	return c.record(now), true
}

// read asks the primary, and leaves a copy where it is to. Requests for one session
// share a read that began after they came; all of them together are bounded.
func (t *Tier) read(ctx context.Context, id string, copying bool) (*store.Record, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("%w: load: %w", store.ErrUnavailable, err)
	}
	values := context.WithoutCancel(ctx)
	r, err := t.reads.do(id, func() (*store.Record, error) {
		key := t.view.key(id) // of the data that is read, or of older data: never of newer
		r, err := t.readOnce(values, id)
		if err == nil && copying {
			t.put(values, key, r)
		}
		return r, err
	}).wait(ctx)
	if err != nil {
		if ctx.Err() != nil && !errors.Is(err, store.ErrNotFound) && !errors.Is(err, store.ErrUnavailable) {
			err = fmt.Errorf("%w: load: %w", store.ErrUnavailable, err)
		}
		return nil, err
	}
	return clone(r), nil
}

// readOnce is one read of the primary, which outlives the request that wanted it.
func (t *Tier) readOnce(ctx context.Context, id string) (*store.Record, error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	select {
	case t.slots <- struct{}{}:
		defer func() { <-t.slots }()
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: load: too many reads are under way: %w", store.ErrUnavailable, ctx.Err())
	}
	return t.primary.Load(ctx, id)
}

// readTimeout bounds a read together with its wait for its turn; the primary has
// a deadline of its own.
const readTimeout = 5 * time.Second

// clone is for callers that share a read.
func clone(r *store.Record) *store.Record {
	c := *r
	c.Data = append([]byte(nil), r.Data...)
	return &c
}
