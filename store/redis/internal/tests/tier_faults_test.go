package tests_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/echosession/session/internal/testserver"
	"github.com/echosession/session/store"
	redisstore "github.com/echosession/session/store/redis"
)

// A redisFault is what befalls Redis while sessions live and end. It returns how
// it ends.
type redisFault struct {
	settings map[string]string
	strike   func(t *testing.T, server *testserver.Redis, proxy *testserver.Proxy, prefix string) (mend func())
}

func nothing() {}

func command(args ...string) func(*testing.T, *testserver.Redis, *testserver.Proxy, string) func() {
	return func(t *testing.T, server *testserver.Redis, _ *testserver.Proxy, _ string) func() {
		_, err := server.Do(args...)
		must(t, err)
		return nothing
	}
}

var redisFaults = map[string]redisFault{
	"killed": {strike: func(_ *testing.T, s *testserver.Redis, _ *testserver.Proxy, _ string) func() {
		s.Kill()
		return s.Start
	}},
	"paused": {strike: func(_ *testing.T, s *testserver.Redis, _ *testserver.Proxy, _ string) func() {
		s.Pause()
		return s.Resume
	}},
	"cut off": {strike: func(_ *testing.T, _ *testserver.Redis, p *testserver.Proxy, _ string) func() {
		p.Cut()
		return p.Heal
	}},
	"a black hole": {strike: func(_ *testing.T, _ *testserver.Redis, p *testserver.Proxy, _ string) func() {
		p.Stall()
		return p.Heal
	}},
	"slow": {strike: func(_ *testing.T, _ *testserver.Redis, p *testserver.Proxy, _ string) func() {
		p.Delay(200 * time.Millisecond)
		return p.Heal
	}},
	"flushed":              {strike: command("FLUSHALL")},
	"its scripts flushed":  {strike: command("SCRIPT", "FLUSH")},
	"another password":     {strike: withPassword},
	"without a right":      {strike: withoutRights},
	"full, and keeps all":  {settings: map[string]string{"maxmemory-policy": "noeviction"}, strike: full},
	"full, and drops some": {settings: map[string]string{"maxmemory-policy": "allkeys-lru"}, strike: full},
	"read-only":            {strike: asReplica},
	"another type of value": {strike: func(t *testing.T, s *testserver.Redis, _ *testserver.Proxy, prefix string) func() {
		client := connect(t, s.Addr())
		keys, err := client.Keys(t.Context(), prefix+"*").Result()
		must(t, err)
		for _, key := range keys {
			must(t, client.Del(t.Context(), key).Err())
			must(t, client.HSet(t.Context(), key, "a", "b").Err())
		}
		return nothing
	}},
	"garbage at every key": {strike: func(t *testing.T, s *testserver.Redis, _ *testserver.Proxy, prefix string) func() {
		client := connect(t, s.Addr())
		keys, err := client.Keys(t.Context(), prefix+"*").Result()
		must(t, err)
		for i, key := range keys {
			frame, err := client.Get(t.Context(), key).Result()
			must(t, err)
			other, err := client.Get(t.Context(), keys[(i+1)%len(keys)]).Result()
			must(t, err)
			must(t, client.Set(t.Context(), key, []string{"", frame[:50], other, "es1 L " + strings.Repeat("9", 200)}[i%4], time.Hour).Err())
		}
		return nothing
	}},
	"failed over to a replica that has not seen the end": {strike: func(t *testing.T, s *testserver.Redis, p *testserver.Proxy, _ string) func() {
		replica := s.Replica(t)
		replica.Promote() // it gets nothing from here on
		return func() {
			p.Target(replica.Addr())
			p.CloseAll()
		}
	}},
	"back with an old dump": {strike: func(_ *testing.T, s *testserver.Redis, _ *testserver.Proxy, _ string) func() {
		dump := s.Dump()
		return func() { s.Load(dump) }
	}},
}

func withPassword(t *testing.T, s *testserver.Redis, p *testserver.Proxy, _ string) func() {
	_, err := s.Do("CONFIG", "SET", "requirepass", "sesame")
	must(t, err)
	p.CloseAll()
	return func() {
		client := connect(t, s.Addr(), func(o *redis.Options) { o.Password = "sesame" })
		must(t, client.ConfigSet(t.Context(), "requirepass", "").Err())
	}
}

func withoutRights(t *testing.T, s *testserver.Redis, _ *testserver.Proxy, _ string) func() {
	_, err := s.Do("ACL", "SETUSER", "default", "-evalsha", "-eval")
	must(t, err)
	return func() { _, err := s.Do("ACL", "SETUSER", "default", "+@all"); must(t, err) }
}

func full(t *testing.T, s *testserver.Redis, _ *testserver.Proxy, _ string) func() {
	_, err := s.Do("CONFIG", "SET", "maxmemory", "1mb")
	must(t, err)
	return func() { _, err := s.Do("CONFIG", "SET", "maxmemory", "0"); must(t, err) }
}

func asReplica(t *testing.T, s *testserver.Redis, _ *testserver.Proxy, _ string) func() {
	_, err := s.Do("REPLICAOF", "127.0.0.1", "1")
	must(t, err)
	return func() { _, err := s.Do("REPLICAOF", "NO", "ONE"); must(t, err) }
}

// TestRedisFaults: whatever is wrong with Redis, no login is lost, none revived,
// no write undone, and nobody gets an error because of it.
func TestRedisFaults(t *testing.T) {
	for name, f := range redisFaults {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := database(t)
			server := testserver.StartRedis(t, testserver.RedisOptions{Settings: f.settings})
			proxy := testserver.StartProxy(t, server.Addr())
			o := redisstore.TierOptions{Prefix: "copies:", Freshness: freshness, Timeout: 50 * time.Millisecond}
			var nodes []*redisstore.Tier
			for range 2 {
				nodes = append(nodes, tier(t, connect(t, proxy.Addr()), primaryOn(t, db), o)) // go-redis's own settings
			}
			w := &witness{t: t, nodes: nodes}
			for _, id := range []string{"kept", "ended", "saved", "rotated"} {
				must(t, nodes[0].Create(t.Context(), record(id, "ann")))
			}
			for _, n := range nodes {
				warmed(t, n, "kept")
			}
			w.look("kept", "ended", "saved", "rotated")

			mend := f.strike(t, server, proxy, o.Prefix)
			w.look("kept", "ended", "saved", "rotated")
			ended, saved, rotated := w.load("ended"), w.load("saved"), w.load("rotated")
			must(t, nodes[0].Delete(t.Context(), ended))
			saved.Idle, saved.Data = time.Hour, []byte(`{"made":"anew"}`)
			must(t, nodes[0].Save(t.Context(), saved))
			if own := w.load("saved"); string(own.Data) != string(saved.Data) {
				t.Errorf("the node itself has %s after its save", own.Data)
			}
			next := *rotated
			next.ID, next.Idle = "rotated 2", time.Hour
			must(t, nodes[0].Rotate(t.Context(), "rotated", &next))
			w.gone, w.data = map[string]bool{"ended": true, "rotated": true}, map[string]string{"saved": `{"made":"anew"}`}
			w.passes(freshness)
			for range 8 {
				w.look("kept", "ended", "saved", "rotated", "rotated 2")
			}
			mend()
			for range 8 {
				w.look("kept", "ended", "saved", "rotated", "rotated 2")
			}
			for _, n := range nodes {
				warmed(t, n, "kept") // copies are served again
			}
			w.look("kept", "ended", "saved", "rotated", "rotated 2")
			t.Logf("%d lookups, the slowest took %s; the budget of Redis is %s", w.lookups, w.slowest, o.Timeout)
		})
	}
}

// A witness looks sessions up at every node, and knows what should be there.
type witness struct {
	t       *testing.T
	nodes   []*redisstore.Tier
	gone    map[string]bool
	data    map[string]string
	lookups int
	slowest time.Duration
}

func (w *witness) load(id string) *store.Record {
	w.t.Helper()
	r, err := w.nodes[0].Load(w.t.Context(), id)
	must(w.t, err)
	return r
}

func (w *witness) passes(d time.Duration) {
	for over := time.Now(); time.Since(over) <= d; time.Sleep(2 * time.Millisecond) {
		_, _ = w.nodes[1].Load(w.t.Context(), "kept")
	}
}

func (w *witness) look(ids ...string) {
	w.t.Helper()
	for _, id := range ids {
		for i, n := range w.nodes {
			began := time.Now()
			r, err := n.Load(w.t.Context(), id)
			w.lookups++
			w.slowest = max(w.slowest, time.Since(began))
			want := w.data[id]
			if want == "" {
				want = `{"made":"new"}`
			}
			switch {
			case w.gone[id] && errors.Is(err, store.ErrNotFound):
			case w.gone[id]:
				w.t.Fatalf("node %d: %q is back (%v)", i, id, err)
			case err != nil:
				w.t.Fatalf("node %d: %q: %v", i, id, err)
			case r.ID != id || string(r.Data) != want:
				w.t.Fatalf("node %d: %q is %q, %s, not %s", i, id, r.ID, r.Data, want)
			}
		}
	}
}

// TestOneLineForEachChange: a change of state is logged once, a request never, and
// no line holds an id.
func TestOneLineForEachChange(t *testing.T) {
	t.Parallel()
	db := database(t)
	server := testserver.StartRedis(t, testserver.RedisOptions{})
	log, logger := logging()
	n := tier(t, connect(t, server.Addr(), heedful), primaryOn(t, db), redisstore.TierOptions{Freshness: freshness, Timeout: time.Second, Logger: logger})
	must(t, n.Create(t.Context(), record("an-id-that-nobody-may-see", "ann")))
	warmed(t, n, "an-id-that-nobody-may-see")
	for round := range 2 {
		_, err := server.Do("CONFIG", "SET", "maxmemory", "1mb")
		must(t, err)
		for i := range 10 {
			must(t, n.Create(t.Context(), record(fmt.Sprintf("more %d %d", round, i), "ann")))
		}
		_, err = server.Do("CONFIG", "SET", "maxmemory", "0")
		must(t, err)
		for i := range 10 {
			must(t, n.Create(t.Context(), record(fmt.Sprintf("even more %d %d", round, i), "ann")))
		}
		server.Kill()
		for range 20 {
			_, err := n.Load(t.Context(), "an-id-that-nobody-may-see")
			must(t, err)
		}
		server.Start()
		warmed(t, n, "an-id-that-nobody-may-see")
	}
	text := log.String()
	for line, want := range map[string]int{
		"Redis stores no copies": 2, "Redis stores copies again": 2,
		"Redis fails: ": 2, "Redis works again": 2,
	} {
		if got := strings.Count(text, line); got != want {
			t.Errorf("%q %d times, not %d", line, got, want)
		}
	}
	if strings.Contains(text, "nobody-may-see") {
		t.Error("an id is in the log")
	}
	if t.Failed() {
		t.Log(text)
	}
}
