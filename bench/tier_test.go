package bench

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/echosession/session/internal/testserver"
	"github.com/echosession/session/store"
	redisstore "github.com/echosession/session/store/redis"
)

// The tables of the tier.
const (
	tierOne  = "tier, one"
	tierMany = "tier, many"
)

// BenchmarkTier measures lookups that Redis answers beside the GET that they
// cannot do without, and beside Postgres's own on the same machine. A lookup that
// was not answered by Redis would be measured for something else: so they are
// counted.
func BenchmarkTier(b *testing.B) {
	db := postgres(b)
	db.fill(b, "other", others, 24)
	db.exec(b, `VACUUM ANALYZE session`)
	ids := db.ids(b, "other", connections)
	client := redis.NewClient(&redis.Options{
		Addr: testserver.StartRedis(b, testserver.RedisOptions{}).Addr(), PoolSize: 2 * connections, ContextTimeoutEnabled: true,
	})
	b.Cleanup(func() { client.Close() })
	tier, err := redisstore.NewTier(client, db.ours, redisstore.TierOptions{Logger: quiet})
	if err != nil {
		b.Fatal(err)
	}
	var hits, asked atomic.Int64
	tier.OnNotice(func(_ context.Context, n store.Notice) {
		switch n.Kind {
		case store.NoticeHit:
			hits.Add(1)
			asked.Add(1)
		case store.NoticeMiss, store.NoticeRefused, store.NoticeFallback:
			asked.Add(1)
		}
	})
	load := func(st store.Store) func(id string) error {
		return func(id string) error {
			_, err := st.Load(context.Background(), id)
			return err
		}
	}
	get := func(id string) error {
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		defer cancel()
		return client.Get(ctx, "raw:"+id).Err()
	}
	for _, id := range ids {
		if err := client.Set(b.Context(), "raw:"+id, document, time.Hour).Err(); err != nil {
			b.Fatal(err)
		}
		for before := hits.Load(); hits.Load() == before; { // the first polls believe no copy
			if err := load(tier)(id); err != nil {
				b.Fatal(err)
			}
		}
	}
	for _, size := range []struct {
		table, name string
		n           int
		each        time.Duration
	}{{tierOne, "one", 1, 5 * time.Millisecond}, {tierMany, "many", connections, 20 * time.Millisecond}} {
		var sides []side
		run := func(kind, name string, all callers) {
			b.Run(size.name+"/"+kind+"/"+name, func(b *testing.B) {
				s := side{row{table: size.table, kind: kind, library: name}, all}
				b.ReportAllocs()
				b.ResetTimer()
				s.all.many(b.N)
				b.StopTimer()
				if len(sides) > 0 && sides[len(sides)-1].row.is(s.row) {
					sides = sides[:len(sides)-1] // of a smaller b.N
				}
				sides = append(sides, s)
			})
		}
		hits.Store(0)
		asked.Store(0)
		run("lookup", "raw GET, deadline", each(ids[:size.n], get))
		run("lookup", "session, tier", each(ids[:size.n], load(tier)))
		run("lookup", "session, Postgres", each(ids[:size.n], load(db.ours)))
		for _, k := range postgresKinds() {
			if k.name == read {
				run(k.name, "session, tier", visits(b, oursOn(tier), k, size.n))
			}
		}
		compare(b, each(ids[:size.n], get), sides, size.each)
		note(row{table: size.table, kind: "lookup", library: "of which from Redis", text: fmt.Sprintf("%.2f %%", 100*float64(hits.Load())/float64(asked.Load()))})
	}
}
