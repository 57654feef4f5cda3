package tests_test

import (
	"errors"
	"testing"
	"time"

	"github.com/echosession/session/internal/testserver"
	"github.com/echosession/session/store"
	redisstore "github.com/echosession/session/store/redis"
)

// TestAnOldCopyIsNeverServed: not even when the node has forgotten what ended. It
// stands in Redis with a long life of its own, as after an old dump.
func TestAnOldCopyIsNeverServed(t *testing.T) {
	t.Parallel()
	db := database(t)
	server := testserver.SharedRedis(t, testserver.RedisOptions{})
	lease := 10 * time.Second
	o := redisstore.TierOptions{Prefix: server.Prefix(), Freshness: freshness, Lease: lease}
	n := tier(t, connect(t, server.Addr(), heedful), primaryOn(t, db), o)
	must(t, n.Create(t.Context(), record("old", "ann")))
	warmed(t, n, "old")
	raw := connect(t, server.Addr())
	key, frame := copyIn(t, raw, o.Prefix)
	must(t, n.Delete(t.Context(), &store.Record{ID: "old"}))
	c := counting(n)
	for over := time.Now(); time.Since(over) < lease+7*time.Second; {
		must(t, raw.Set(t.Context(), key, frame, time.Hour).Err())
		if _, err := n.Load(t.Context(), "old"); !errors.Is(err, store.ErrNotFound) {
			t.Fatalf("%s later: %v", time.Since(over), err)
		}
		time.Sleep(20 * time.Millisecond) // others want the machine
	}
	if c.of(store.NoticeRefused+" lease") == 0 {
		t.Error("it was not refused for its age")
	}
}

// TestANodeThatCannotAsk: it serves no copy for longer than Δ. Unknown is not
// "alive", and not "none".
func TestANodeThatCannotAsk(t *testing.T) {
	t.Parallel()
	pg := testserver.StartPostgres(t, testserver.PostgresOptions{})
	db := pooled(t, pg.URL())
	migrate(t, db)
	proxy := testserver.StartPostgresProxy(t, pg.Addr())
	server := testserver.SharedRedis(t, testserver.RedisOptions{})
	o := redisstore.TierOptions{Prefix: server.Prefix(), Freshness: freshness}
	apart := tier(t, connect(t, server.Addr(), heedful), primaryOn(t, pooled(t, proxy.URL(pg.URL()))), o)
	other := tier(t, connect(t, server.Addr(), heedful), primaryOn(t, db), o)
	must(t, other.Create(t.Context(), record("one", "ann")))
	warmed(t, apart, "one")
	raw := connect(t, server.Addr())
	key, frame := copyIn(t, raw, o.Prefix)

	proxy.Cut()
	must(t, other.Delete(t.Context(), &store.Record{ID: "one"}))
	over := time.Now()
	for ; time.Since(over) < 5*freshness; time.Sleep(2 * time.Millisecond) {
		must(t, raw.Set(t.Context(), key, frame, time.Hour).Err())
		began := time.Now()
		switch _, err := apart.Load(t.Context(), "one"); {
		case err == nil && began.Sub(over) > freshness:
			t.Fatalf("it is served %s after its end", began.Sub(over))
		case err != nil && !errors.Is(err, store.ErrUnavailable):
			t.Fatal(err)
		}
	}
	if err := apart.Delete(t.Context(), &store.Record{ID: "one"}); !errors.Is(err, store.ErrUnavailable) {
		t.Error("a logout is acknowledged that nobody has heard of:", err)
	}
	proxy.Heal()
	for {
		_, err := apart.Load(t.Context(), "one")
		if errors.Is(err, store.ErrNotFound) {
			break
		}
		if !errors.Is(err, store.ErrUnavailable) {
			t.Fatal(err)
		}
	}
}

// TestASharedRead: a lookup shares no read that began before it. That read may
// have seen what has ended since.
func TestASharedRead(t *testing.T) {
	t.Parallel()
	db := database(t)
	server := testserver.SharedRedis(t, testserver.RedisOptions{})
	o := redisstore.TierOptions{Prefix: server.Prefix(), Freshness: freshness}
	b := &barrier{}
	slow := tier(t, connect(t, server.Addr(), heedful), stopping{primaryOn(t, db), b}, o)
	other := tier(t, connect(t, server.Addr(), heedful), primaryOn(t, db), o)
	must(t, primaryOn(t, db).Create(t.Context(), record("one", "ann")))

	b.at("after the read of the primary")
	first, second := make(chan error, 1), make(chan error, 1)
	load := func(done chan error) { _, err := slow.Load(t.Context(), "one"); done <- err }
	go load(first)
	<-b.arrived
	must(t, other.Delete(t.Context(), &store.Record{ID: "one"}))
	go load(second)
	select {
	case err := <-second:
		t.Fatal("the second lookup does not wait for its turn:", err)
	case <-time.After(2 * freshness): // it has asked Redis, and waits for a read
	}
	close(b.release)
	if err := <-first; err != nil {
		t.Error("the first began before the end:", err)
	}
	if err := <-second; !errors.Is(err, store.ErrNotFound) {
		t.Error("the second began after it:", err)
	}
}
