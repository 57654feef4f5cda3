package redisstore

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/echosession/session/store"
)

// errUnreadable: there is something at the key that is no string.
var errUnreadable = errors.New("not a copy")

// heedsDeadlines reports whether a client ends a call with its context.
func heedsDeadlines(client redis.UniversalClient) bool {
	switch c := client.(type) {
	case *redis.Client:
		return c.Options().ContextTimeoutEnabled
	case *redis.ClusterClient:
		return c.Options().ContextTimeoutEnabled
	case *redis.Ring:
		return c.Options().ContextTimeoutEnabled
	}
	return false
}

// call runs one call of Redis within the tier's budget. fault says whether an
// error is one of Redis's: then it counts against it.
func (t *Tier) call(ctx context.Context, fault func(error) bool, do func(context.Context) error) error {
	if !t.breaker.allow() {
		return errLeftAlone
	}
	within, cancel := context.WithTimeout(ctx, t.o.Timeout)
	defer cancel()
	err := t.bounded(within, do)
	switch {
	case err == nil || !fault(err):
		t.breaker.report(nil)
	case ctx.Err() != nil: // its caller has gone
		t.breaker.release()
	default:
		t.breaker.report(err)
	}
	return err
}

// bounded waits for no call that outlives its deadline.
func (t *Tier) bounded(ctx context.Context, do func(context.Context) error) error {
	if t.direct {
		return do(ctx)
	}
	done := make(chan error, 1)
	go func() { done <- do(ctx) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (t *Tier) get(ctx context.Context, key string) ([]byte, error) {
	var frame []byte
	err := t.call(ctx, func(err error) bool { return !errors.Is(err, redis.Nil) && !wrongType(err) }, func(ctx context.Context) error {
		b, err := t.client.Get(ctx, key).Bytes()
		if err == nil {
			frame = b
		}
		return err
	})
	if wrongType(err) {
		return nil, errUnreadable
	}
	if err != nil {
		return nil, err
	}
	return frame, nil
}

func wrongType(err error) bool { return err != nil && strings.HasPrefix(err.Error(), "WRONGTYPE") }

// put leaves a copy of what was read or written, best effort: whoever asked has
// the answer already.
func (t *Tier) put(ctx context.Context, key string, r *store.Record) {
	c := copyOf(r, t.o.Lease)
	t.store(ctx, key, &c)
}

func (t *Tier) store(ctx context.Context, key string, c *copied) {
	t.write(ctx, putCopy, key, func() []any {
		return []any{c.encode(), milliseconds(c.lease.Sub(c.stamp)), digits(c.stamp.Add(2 * maxLease))}
	})
}

// renew gives a copy of that version a later lease and end.
func (t *Tier) renew(ctx context.Context, key string, r *store.Record) {
	t.write(ctx, renewCopy, key, func() []any {
		c := copyOf(r, t.o.Lease)
		text := string(c.encode())
		return []any{text[6:26], text[27:47], text[48:68], text[90:110], milliseconds(t.o.Lease)}
	})
}

// bury leaves word that a session is over, for as long as a copy of it may come
// from a slow reader.
func (t *Tier) bury(ctx context.Context, id string) {
	key, now := t.view.place(id)
	t.store(ctx, key, &copied{ended: true, id: id, stamp: now, lease: now.Add(t.o.Lease + margin)})
}

func (t *Tier) write(ctx context.Context, script *redis.Script, key string, args func() []any) {
	if key == "" {
		return
	}
	stored := 0
	err := t.call(context.WithoutCancel(ctx), unanswered, func(ctx context.Context) (err error) {
		stored, err = script.Run(ctx, t.client, []string{key}, args()...).Int()
		return err
	})
	if !errors.Is(err, errLeftAlone) {
		t.refused.set(err != nil && !unanswered(err), "Redis stores no copies", "Redis stores copies again", err)
	}
	n := store.Notice{Kind: store.NoticeNotCopied, Err: err}
	switch {
	case errors.Is(err, errLeftAlone):
		n.Reason, n.Err = "left_alone", nil
	case err != nil:
		n.Reason = "redis"
	case stored == 0 && script == putCopy:
		n.Reason = "newer"
	default:
		return
	}
	t.tell(ctx, n)
}

// unanswered reports whether Redis did not answer at all. One that answers with
// an error, as a full one does, may still be read from.
func unanswered(err error) bool {
	var answer redis.Error
	return !errors.As(err, &answer)
}

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// lost is told when Redis is left alone, and when it answers again.
func (t *Tier) lost(down bool, err error) {
	if down {
		t.o.Logger.Warn("Redis does not answer: sessions are read from the primary", "error", err)
		t.tell(context.Background(), store.Notice{Kind: store.NoticeCopiesDown, Err: err})
		return
	}
	t.o.Logger.Info("Redis answers again")
	t.tell(context.Background(), store.Notice{Kind: store.NoticeCopiesUp})
}

// A condition is logged when it begins and when it ends.
type condition struct {
	mu  sync.Mutex
	on  bool
	log *slog.Logger
}

func (c *condition) set(on bool, begins, ends string, err error) {
	c.mu.Lock()
	was := c.on
	c.on = on
	c.mu.Unlock()
	switch {
	case on && !was:
		c.log.Warn(begins, "error", err)
	case was && !on && err == nil:
		c.log.Info(ends)
	}
}
