package tests_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"

	"github.com/echosession/session/internal/testserver"
	"github.com/echosession/session/store"
	pgstore "github.com/echosession/session/store/postgres"
	redisstore "github.com/echosession/session/store/redis"
)

// A barrier stops whoever comes to one step of a lookup, once.
type barrier struct {
	mu      sync.Mutex
	step    string // where; "" nowhere
	arrived chan struct{}
	release chan struct{}
}

func (b *barrier) at(step string) {
	b.mu.Lock()
	b.step, b.arrived, b.release = step, make(chan struct{}), make(chan struct{})
	b.mu.Unlock()
}

func (b *barrier) pass(step string) {
	b.mu.Lock()
	if b.step != step {
		b.mu.Unlock()
		return
	}
	b.step = ""
	arrived, release := b.arrived, b.release
	b.mu.Unlock()
	close(arrived)
	<-release
}

// stopping is a primary whose reads and polls can be stopped before and after.
type stopping struct {
	*pgstore.Store
	b *barrier
}

func (s stopping) Load(ctx context.Context, id string) (*store.Record, error) {
	s.b.pass("before the read of the primary")
	r, err := s.Store.Load(ctx, id)
	s.b.pass("after the read of the primary")
	return r, err
}

func (s stopping) Changes(ctx context.Context, since string) (*store.Changes, error) {
	s.b.pass("before the poll")
	c, err := s.Store.Changes(ctx, since)
	s.b.pass("after the poll")
	return c, err
}

// stopHook does the same for the calls of Redis.
type stopHook struct{ b *barrier }

func (stopHook) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

func (stopHook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (h stopHook) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		name := strings.ToUpper(cmd.Name())
		h.b.pass("before " + name)
		err := next(ctx, cmd)
		h.b.pass("after " + name)
		return err
	}
}

// TestASlowReader is stopped at each step of its lookup while another node ends
// the session, or saves it. Whatever it does when it goes on, nobody who comes
// later finds what is over; with Redis within reach of the other node, and without.
func TestASlowReader(t *testing.T) {
	db := database(t) // each case has a session of its own
	steps := []struct {
		name string
		miss bool // there is no copy to begin with
	}{
		{"before the poll", false}, {"after the poll", false}, {"before GET", false}, {"after GET", false},
		{"before GET", true}, {"after GET", true}, {"before the read of the primary", true},
		{"after the read of the primary", true}, {"before EVALSHA", true}, {"after EVALSHA", true},
	}
	for _, step := range steps {
		for _, change := range []string{"a logout", "a save"} {
			for _, cut := range []bool{false, true} {
				name := step.name + ", " + change
				if step.miss {
					name += ", without a copy"
				}
				if cut {
					name += ", Redis cut off"
				}
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					slowReader(t, db, name, step.name, step.miss, change, cut)
				})
			}
		}
	}
}

func slowReader(t *testing.T, db *pgxpool.Pool, id, step string, miss bool, change string, cut bool) {
	server := testserver.SharedRedis(t, testserver.RedisOptions{})
	proxy := testserver.StartProxy(t, server.Addr())
	o := redisstore.TierOptions{Prefix: server.Prefix(), Freshness: freshness}
	b := &barrier{}
	client := connect(t, server.Addr(), heedful)
	client.AddHook(stopHook{b})
	slow := tier(t, client, stopping{primaryOn(t, db), b}, o)
	other := tier(t, connect(t, proxy.Addr(), heedful), primaryOn(t, db), o)
	must(t, other.Create(t.Context(), record(id, "ann")))
	warmed(t, slow, id)
	warmed(t, other, id)
	raw := connect(t, server.Addr())
	if miss {
		key, _ := copyIn(t, raw, o.Prefix)
		must(t, raw.Del(t.Context(), key).Err())
	}
	r, err := primaryOn(t, db).Load(t.Context(), id)
	must(t, err)

	b.at(step)
	done := make(chan error, 1)
	go func() {
		for { // a poll is not due in every lookup
			_, err := slow.Load(t.Context(), id)
			select {
			case <-b.arrived:
				done <- err
				return
			default:
			}
			if err != nil {
				done <- err
				return
			}
			time.Sleep(time.Millisecond)
		}
	}()
	select {
	case <-b.arrived:
	case err := <-done:
		t.Fatalf("it never came to that step: %v", err)
	}
	if cut {
		proxy.Cut()
	}
	r.Idle = time.Hour
	if change == "a save" {
		r.Data = []byte(`{"made":"anew"}`)
		must(t, other.Save(t.Context(), r))
	} else {
		must(t, other.Delete(t.Context(), r))
	}
	over := time.Now()
	close(b.release)
	if err := <-done; err != nil && !errors.Is(err, store.ErrNotFound) {
		t.Error(err)
	}
	for ; time.Since(over) < 3*freshness; time.Sleep(10 * time.Millisecond) {
		for _, n := range []*redisstore.Tier{other, slow} {
			began := time.Now()
			got, err := n.Load(t.Context(), id)
			stale := change == "a save" && (err != nil || string(got.Data) != string(r.Data)) || change != "a save" && !errors.Is(err, store.ErrNotFound)
			if stale && (n == other || !cut || began.Sub(over) > freshness) {
				t.Fatalf("%s later a lookup answers %v, %v", began.Sub(over), got, err)
			}
		}
	}
}
