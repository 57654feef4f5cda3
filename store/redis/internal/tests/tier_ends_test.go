package tests_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"

	"github.com/echosession/session/internal/testserver"
	"github.com/echosession/session/store"
	redisstore "github.com/echosession/session/store/redis"
)

// freshness is Δ in these tests: short, so that it passes.
const freshness = 100 * time.Millisecond

// An ending is a way for the session "victim" of the user ann to end.
type ending func(t *testing.T, n *redisstore.Tier, r *store.Record, db *pgxpool.Pool)

func sql(statement string) ending {
	return func(t *testing.T, _ *redisstore.Tier, _ *store.Record, db *pgxpool.Pool) {
		_, err := db.Exec(t.Context(), statement)
		must(t, err)
	}
}

func revoking(v store.Revocation) ending {
	return func(t *testing.T, n *redisstore.Tier, _ *store.Record, _ *pgxpool.Pool) {
		_, err := n.Revoke(t.Context(), v)
		must(t, err)
	}
}

var endings = map[string]ending{
	"a logout": func(t *testing.T, n *redisstore.Tier, r *store.Record, _ *pgxpool.Pool) {
		must(t, n.Delete(t.Context(), r))
	},
	"a logout by the handle": func(t *testing.T, n *redisstore.Tier, r *store.Record, _ *pgxpool.Pool) {
		must(t, n.Delete(t.Context(), &store.Record{ID: "another", Handle: r.Handle}))
	},
	"a rotation": func(t *testing.T, n *redisstore.Tier, r *store.Record, _ *pgxpool.Pool) {
		next := *r
		next.ID, next.Idle = "victim 2", time.Hour
		must(t, n.Rotate(t.Context(), r.ID, &next))
	},
	"a revocation of one":      revoking(store.Revocation{Handle: "h-victim"}),
	"a revocation of all":      revoking(store.Revocation{User: "ann"}),
	"a revocation of everyone": revoking(store.Revocation{Everyone: true}),
	"a logout at Express":      sql(`DELETE FROM session WHERE sid = 'victim'`),
	"a DELETE of all":          sql(`DELETE FROM session`),
	"an expire in the past":    sql(`UPDATE session SET expire = now() - interval '1 day' WHERE sid = 'victim'`),
	"a TRUNCATE":               sql(`TRUNCATE session`),
	"another id, by hand":      sql(`UPDATE session SET sid = 'other' WHERE sid = 'victim'`),
}

// TestTheEndIsFinal: a session ends while Redis cannot be reached by the node that
// ends it, and Redis has its copy and goes on having it: it comes back with its old
// data before every lookup. Whoever asks more than Δ later is refused by every
// node, and for ever.
func TestTheEndIsFinal(t *testing.T) {
	for name, end := range endings {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := database(t)
			server := testserver.SharedRedis(t, testserver.RedisOptions{})
			proxy := testserver.StartProxy(t, server.Addr())
			o := redisstore.TierOptions{Prefix: server.Prefix(), Freshness: freshness}
			here := tier(t, connect(t, proxy.Addr(), heedful), primaryOn(t, db), o)
			there := tier(t, connect(t, server.Addr(), heedful), primaryOn(t, db), o)
			late := tier(t, connect(t, server.Addr(), heedful), primaryOn(t, db), o) // it has asked nobody yet
			must(t, here.Create(t.Context(), record("victim", "ann")))
			warmed(t, here, "victim")
			warmed(t, there, "victim")
			r, err := there.Load(t.Context(), "victim")
			must(t, err)
			raw := connect(t, server.Addr())
			key, frame := copyIn(t, raw, o.Prefix)

			proxy.Cut()
			end(t, here, r, db)
			over := time.Now()
			if _, err := here.Load(t.Context(), "victim"); name == "a logout" && !errors.Is(err, store.ErrNotFound) {
				t.Error("the node itself still serves it:", err)
			}
			served := 0
			for round := 0; round < 20 || time.Since(over) < 4*freshness; round++ {
				time.Sleep(2 * time.Millisecond) // others want the machine
				must(t, raw.Set(t.Context(), key, frame, time.Hour).Err())
				if round == 10 {
					proxy.Heal()
				}
				nodes := []*redisstore.Tier{here, there}
				if time.Since(over) > 2*freshness {
					nodes = append(nodes, late)
				}
				for _, n := range nodes {
					began := time.Now()
					_, err := n.Load(t.Context(), "victim")
					switch {
					case err == nil && began.Sub(over) > freshness:
						t.Fatalf("it is served %s after its end", began.Sub(over))
					case err == nil:
						served++
					case !errors.Is(err, store.ErrNotFound):
						t.Fatal(err)
					}
				}
			}
			t.Logf("served %d times within Δ", served)
		})
	}
}

// copyIn finds the one copy under a prefix.
func copyIn(t *testing.T, client *redis.Client, prefix string) (key, frame string) {
	t.Helper()
	keys, err := client.Keys(t.Context(), prefix+"*").Result()
	must(t, err)
	if len(keys) != 1 {
		t.Fatalf("%d copies", len(keys))
	}
	frame, err = client.Get(t.Context(), keys[0]).Result()
	must(t, err)
	return keys[0], frame
}

// TestAnotherPostgres: what comes to the address instead knows other sessions. No
// copy of before is believed, whichever way it came there.
func TestAnotherPostgres(t *testing.T) {
	for name, replace := range map[string]func(t *testing.T, pg *testserver.Postgres, p *testserver.Proxy, backup testserver.Backup){
		"a restored copy": func(_ *testing.T, pg *testserver.Postgres, _ *testserver.Proxy, backup testserver.Backup) {
			pg.Restore(backup, testserver.NewTimeline)
		},
		"a snapshot of the disk": func(_ *testing.T, pg *testserver.Postgres, _ *testserver.Proxy, backup testserver.Backup) {
			pg.Restore(backup, testserver.SameTimeline)
		},
		"a new cluster": func(t *testing.T, pg *testserver.Postgres, p *testserver.Proxy, _ testserver.Backup) {
			other := testserver.StartPostgres(t, testserver.PostgresOptions{})
			migrate(t, pooled(t, other.URL()))
			p.Target(other.Addr())
			pg.Stop(testserver.Immediate)
		},
		stillThere: func(t *testing.T, pg *testserver.Postgres, p *testserver.Proxy, _ testserver.Backup) {
			standby := pg.Standby(t)
			standby.CatchUp()
			pg.Stop(testserver.Immediate)
			standby.Promote()
			p.Target(standby.Addr())
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pg := testserver.StartPostgres(t, testserver.PostgresOptions{})
			proxy := testserver.StartPostgresProxy(t, pg.Addr())
			db := pooled(t, proxy.URL(pg.URL()))
			migrate(t, db)
			backup := pg.Backup(t)
			server := testserver.SharedRedis(t, testserver.RedisOptions{})
			o := redisstore.TierOptions{Prefix: server.Prefix(), Freshness: freshness}
			n := tier(t, connect(t, server.Addr(), heedful), primaryOn(t, db), o)
			must(t, n.Create(t.Context(), record("today", "ann")))
			warmed(t, n, "today")
			c := counting(n)

			replace(t, pg, proxy, backup)
			var want error
			if name != stillThere {
				want = store.ErrNotFound
			}
			for over := time.Now(); time.Since(over) <= freshness; time.Sleep(2 * time.Millisecond) {
				_, _ = n.Load(t.Context(), "today")
			}
			for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(2 * time.Millisecond) {
				_, err := n.Load(t.Context(), "today")
				if !errors.Is(err, store.ErrUnavailable) {
					if !errors.Is(err, want) {
						t.Errorf("it answers %v, not %v", err, want)
					}
					break
				}
				if time.Now().After(deadline) {
					t.Fatal(err)
				}
			}
			warm := counting(n)
			for ; name == stillThere && warm.of(store.NoticeHit) == 0; time.Sleep(2 * time.Millisecond) { // copies are made anew
				_, err := n.Load(t.Context(), "today")
				must(t, err)
			}
			if c.of(store.NoticePolled+" identity") != 1 {
				t.Errorf("%d times another identity", c.of(store.NoticePolled+" identity"))
			}
		})
	}
}

const stillThere = "a standby that is promoted"

// TestADeleteHeldOpen: a transaction that deletes and stays open for longer than
// a copy lives is seen when it commits, and not before.
func TestADeleteHeldOpen(t *testing.T) {
	t.Parallel()
	db := databaseOfItsOwn(t) // others would wait for it
	server := testserver.SharedRedis(t, testserver.RedisOptions{})
	n := tier(t, connect(t, server.Addr(), heedful), primaryOn(t, db),
		redisstore.TierOptions{Prefix: server.Prefix(), Freshness: freshness, Lease: 10 * time.Second})
	must(t, n.Create(t.Context(), record("held", "ann")))
	warmed(t, n, "held")
	tx, err := db.Begin(t.Context())
	must(t, err)
	defer tx.Rollback(context.WithoutCancel(t.Context()))
	_, err = tx.Exec(t.Context(), `DELETE FROM session WHERE sid = 'held'`)
	must(t, err)
	for began := time.Now(); time.Since(began) < 11*time.Second; { // more than a lease
		_, err := n.Load(t.Context(), "held")
		must(t, err)
		time.Sleep(20 * time.Millisecond) // others want the machine
	}
	must(t, tx.Commit(t.Context()))
	over := time.Now()
	for {
		began := time.Now()
		_, err := n.Load(t.Context(), "held")
		if errors.Is(err, store.ErrNotFound) {
			break
		}
		if must(t, err); began.Sub(over) > freshness {
			t.Fatalf("it is served %s after the commit", began.Sub(over))
		}
	}
}

// TestARevocationIsToldAtOnce: by a node that nobody has asked for a session yet,
// as a tool's or an admin's, where Redis works.
func TestARevocationIsToldAtOnce(t *testing.T) {
	t.Parallel()
	db := databaseOfItsOwn(t) // a transaction of another test would make the poll a gap
	client := connect(t, testserver.SharedRedis(t, testserver.RedisOptions{}).Addr(), heedful)
	o := redisstore.TierOptions{Prefix: testserver.SharedRedis(t, testserver.RedisOptions{}).Prefix(), Freshness: time.Second}
	there := tier(t, client, primaryOn(t, db), o)
	for id, v := range map[string]store.Revocation{
		"a user's": {User: "ann"}, "a handle's": {Handle: "h-a handle's"}, "everyone's": {Everyone: true},
	} {
		must(t, there.Create(t.Context(), record(id, "ann")))
		warmed(t, there, id)
		support := tier(t, client, primaryOn(t, db), o)
		if n, err := support.Revoke(t.Context(), v); n != 1 || err != nil {
			t.Fatal(id, n, err)
		}
		if _, err := there.Load(t.Context(), id); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s: another node answers with %v at once", id, err)
		}
		_ = there.Delete(t.Context(), record(id, "ann")) // where it is not ended: the next one counts
	}
}
