package redisstore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/echosession/session/store"
)

// errUnreadable: there is something at the key that is no string.
var errUnreadable = errors.New("not a copy")

// commandRefused are the codes of a server that works, and does not do this: it is
// full, a replica, lacks the command, or the right to it. Others, such as a wrong
// password, are the server's that fails.
var commandRefused = map[string]bool{"OOM": true, "READONLY": true, "NOPERM": true, "MISCONF": true, "NOREPLICAS": true, "ERR": true}

// ask runs one call of Redis within the tier's budget. refused is the state of
// such calls: whether Redis does them. Errors hold nothing of a session.
func ask[T any](ctx context.Context, t *Tier, refused *condition, do func(context.Context) (T, error)) (T, error) {
	var none T
	if !t.breaker.allow() {
		return none, errLeftAlone
	}
	within, cancel := context.WithTimeout(ctx, t.o.Timeout)
	defer cancel()
	got, err := await(within, t.heeds, func() (T, error) { return do(within) })
	err = told(err)
	var answer reply
	answered := errors.As(err, &answer)
	switch {
	case err == nil, errors.Is(err, redis.Nil):
		t.breaker.report(nil)
		refused.set(nil)
	case answered && answer.code == "WRONGTYPE":
		t.breaker.report(nil)
		err = errUnreadable
	case answered && commandRefused[answer.code]:
		t.breaker.report(nil)
		refused.set(err)
	case ctx.Err() != nil: // its caller has gone
		t.breaker.release()
	default:
		t.breaker.report(err)
	}
	return got, err
}

func (t *Tier) get(ctx context.Context, key string) ([]byte, error) {
	return ask(ctx, t, &t.reading, func(ctx context.Context) ([]byte, error) { return t.client.Get(ctx, key).Bytes() })
}

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
		return []any{fmt.Sprintf("%020d", r.Version), digits(r.Now), digits(r.Now.Add(t.o.Lease)), digits(r.Expires), milliseconds(t.o.Lease)}
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
	stored, err := ask(context.WithoutCancel(ctx), t, &t.writing, func(ctx context.Context) (int, error) {
		return script.Run(ctx, t.client, []string{key}, args()...).Int()
	})
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

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// lost is told when Redis is left alone, and when it works again.
func (t *Tier) lost(down bool, err error) {
	if down {
		t.o.Logger.Warn("Redis fails: sessions are read from the primary", "error", err)
		t.tell(context.Background(), store.Notice{Kind: store.NoticeCopiesDown, Err: err})
		return
	}
	t.o.Logger.Info("Redis works again")
	t.tell(context.Background(), store.Notice{Kind: store.NoticeCopiesUp})
}

// A condition is logged when it begins and when it ends.
type condition struct {
	begins, ends string
	log          *slog.Logger

	mu sync.Mutex
	on bool
}

func (c *condition) set(err error) {
	c.mu.Lock()
	was := c.on
	c.on = err != nil
	c.mu.Unlock()
	switch {
	case err != nil && !was:
		c.log.Warn(c.begins, "error", err)
	case err == nil && was:
		c.log.Info(c.ends)
	}
}
