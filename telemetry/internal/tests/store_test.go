package tests_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"

	"github.com/echosession/session/internal/testserver"
	"github.com/echosession/session/store"
	memstore "github.com/echosession/session/store/memory"
	pgstore "github.com/echosession/session/store/postgres"
	redisstore "github.com/echosession/session/store/redis"
	"github.com/echosession/session/store/storetest"
	"github.com/echosession/session/telemetry"
)

// stores are ours, each as it is.
var stores = map[string]func(t *testing.T) store.Store{
	"memory":     func(*testing.T) store.Store { return memstore.New(memstore.Options{}) },
	"postgres":   func(t *testing.T) store.Store { return onPostgres(t) },
	"redis-only": onRedis,
	"redis":      func(t *testing.T) store.Store { return onTier(t, onPostgres(t)) },
}

func onPostgres(t *testing.T) store.Store {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), testserver.SharedPostgres(t, testserver.PostgresOptions{}).Database(t))
	must(t, err)
	t.Cleanup(pool.Close)
	must(t, pgstore.Migrate(t.Context(), pool, pgstore.Options{}))
	s, err := pgstore.New(pool, pgstore.Options{Timeout: time.Minute})
	must(t, err)
	return s
}

func redisClient(t *testing.T) (*redis.Client, *testserver.Redis) {
	t.Helper()
	server := testserver.SharedRedis(t, testserver.RedisOptions{})
	client := redis.NewClient(&redis.Options{Addr: server.Addr(), ContextTimeoutEnabled: true, MaxRetries: -1})
	t.Cleanup(func() { _ = client.Close() })
	return client, server
}

func onRedis(t *testing.T) store.Store {
	t.Helper()
	client, server := redisClient(t)
	s, err := redisstore.New(client, redisstore.Options{Prefix: server.Prefix(), Timeout: time.Minute})
	must(t, err)
	return s
}

func onTier(t *testing.T, primary store.Store) store.Store {
	t.Helper()
	client, server := redisClient(t)
	s, err := redisstore.NewTier(client, primary, redisstore.TierOptions{Prefix: server.Prefix(), Timeout: 5 * time.Second})
	must(t, err)
	return s
}

// TestContract: a decorated store is a store, and each of its calls is measured.
func TestContract(t *testing.T) {
	t.Parallel()
	for name, open := range stores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tel, m := measured(t, telemetry.Options{})
			st := tel.Store(open(t), name)
			storetest.Run(t, func(*testing.T) store.Store { return st })
			seen := map[string]bool{}
			for series := range m.collect(t) {
				if f := strings.Fields(series); f[0] == "echosession.store.operation.duration" {
					seen[f[1]+" "+f[2]] = true
					if f[3] != name {
						t.Errorf("%s is of another store", series)
					}
				}
			}
			want := []string{"load ok", "load not_found", "create ok", "create exists", "save ok", "save conflict", "save not_found",
				"touch ok", "rotate ok", "rotate conflict", "delete ok", "sessions ok", "revoke ok"}
			for _, call := range want {
				if !seen[call] {
					t.Errorf("no %q was measured; there are %s", call, slices.Sorted(maps.Keys(seen)))
				}
			}
			if m.collect(t)["echosession.document.size "+name] == 0 {
				t.Error("no document was measured")
			}
		})
	}
}

// TestAbilities: what a store can do is found in the decorated one, and what it
// cannot do is not.
func TestAbilities(t *testing.T) {
	t.Parallel()
	for name, open := range stores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plain := open(t)
			tel, _ := measured(t, telemetry.Options{})
			once := tel.Store(plain, name)
			for _, st := range []store.Store{once, tel.Store(once, "twice")} {
				same[store.UserIndex](t, plain, st)
				same[store.Pruner](t, plain, st)
				same[store.Pinger](t, plain, st)
				same[store.Stater](t, plain, st)
				same[store.Reporter](t, plain, st)
				same[store.Feed](t, plain, st)
				same[store.Noticer](t, plain, st)
			}
		})
	}
	t.Run("a store with none", func(t *testing.T) {
		t.Parallel()
		plain := bare{memstore.New(memstore.Options{})}
		tel, m := measured(t, telemetry.Options{})
		st := tel.Store(plain, "bare")
		same[store.UserIndex](t, plain, st)
		same[store.Pruner](t, plain, st)
		fresh, err := store.As[store.Authority](st)
		must(t, err)
		if _, err := fresh.LoadFresh(t.Context(), "unknown"); !errors.Is(err, store.ErrNotFound) {
			t.Error("the original is not read:", err)
		}
		if m.collect(t)["echosession.store.operation.duration load_fresh not_found bare"] != 1 {
			t.Error("that is not measured")
		}
	})
	t.Run("one of the two", func(t *testing.T) {
		t.Parallel()
		mem := memstore.New(memstore.Options{})
		tel, _ := measured(t, telemetry.Options{})
		for _, plain := range []store.Store{
			struct {
				bare
				store.UserIndex
			}{bare{mem}, mem},
			struct {
				bare
				store.Pruner
			}{bare{mem}, mem},
		} {
			same[store.UserIndex](t, plain, tel.Store(plain, "x"))
			same[store.Pruner](t, plain, tel.Store(plain, "x"))
		}
	})
}

// bare has no ability.
type bare struct{ store.Store }

func same[T any](t *testing.T, plain, decorated store.Store) {
	t.Helper()
	_, want := store.As[T](plain)
	_, got := store.As[T](decorated)
	if (want == nil) != (got == nil) {
		t.Errorf("the store says %v, decorated %v", want, got)
	}
}

// TestTierOnADecoratedStore: a tier takes one as its primary, and both are told
// apart.
func TestTierOnADecoratedStore(t *testing.T) {
	t.Parallel()
	tel, m := measured(t, telemetry.Options{})
	st := tel.Store(onTier(t, tel.Store(onPostgres(t), "postgres")), "redis")
	noticer, err := store.As[store.Noticer](st)
	must(t, err)
	noticer.OnNotice(func(context.Context, store.Notice) {})
	must(t, st.Create(t.Context(), &store.Record{ID: "one", Data: []byte(`{}`), Idle: time.Hour}))
	got := m.collect(t)
	for _, series := range []string{"echosession.store.operation.duration create ok postgres", "echosession.store.operation.duration create ok redis"} {
		if got[series] != 1 {
			t.Errorf("%s: %v", series, got[series])
		}
	}
	for _, series := range []string{"echosession.tier.reads hit", "echosession.tier.fallbacks redis", "echosession.tier.invalidations gap"} {
		if n, ok := got[series]; !ok || n != 0 {
			t.Errorf("%s does not begin with zero", series)
		}
	}
}

// A failing store fails as it is told.
type failing struct {
	store.Store
	err error
}

func (f failing) Load(context.Context, string) (*store.Record, error) { return nil, f.err }

func TestOutcomes(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"not_found":   store.ErrNotFound,
		"expired":     store.ErrExpired,
		"conflict":    fmt.Errorf("x: %w", store.ErrConflict),
		"exists":      store.ErrExists,
		"revoked":     pgstore.ErrUserLimit,
		"unsupported": errors.ErrUnsupported,
		"full":        store.ErrFull,
		"unavailable": fmt.Errorf("%w: load: refused", store.ErrUnavailable),
		"canceled":    fmt.Errorf("%w: load: %w", store.ErrUnavailable, context.Canceled),
		"error":       errors.New("what?"),
	} {
		tel, m := measured(t, telemetry.Options{})
		st := tel.Store(failing{memstore.New(memstore.Options{}), err}, "x")
		if _, got := st.Load(t.Context(), "x"); got != err {
			t.Errorf("%v is passed on as %v", err, got)
		}
		if m.collect(t)["echosession.store.operation.duration load "+want+" x"] != 1 {
			t.Errorf("%v is not %s: %v", err, want, m.collect(t))
		}
	}
}
