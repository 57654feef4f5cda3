package servers_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"

	scsstore "github.com/echosession/session/adapter/scs"
	"github.com/echosession/session/internal/testserver"
	"github.com/echosession/session/store"
	memstore "github.com/echosession/session/store/memory"
	pgstore "github.com/echosession/session/store/postgres"
	redisstore "github.com/echosession/session/store/redis"
)

func TestMain(m *testing.M) { testserver.Main(m) }

// stores are what the adapter is for.
var stores = map[string]func(t *testing.T) store.Store{
	"memory": func(*testing.T) store.Store {
		return memstore.New(memstore.Options{Logger: slog.New(slog.DiscardHandler)})
	},
	"Postgres": func(t *testing.T) store.Store { return postgres(t) },
	"Redis": func(t *testing.T) store.Store {
		s, err := redisstore.New(redisClient(t), redisstore.Options{Timeout: time.Minute})
		must(t, err)
		return s
	},
	"Redis in front of Postgres": func(t *testing.T) store.Store {
		s, err := redisstore.NewTier(redisClient(t), postgres(t), redisstore.TierOptions{Timeout: 5 * time.Second})
		must(t, err)
		return s
	},
}

func postgres(t *testing.T) store.Store {
	pool, err := pgxpool.New(t.Context(), testserver.SharedPostgres(t, testserver.PostgresOptions{}).Database(t))
	must(t, err)
	t.Cleanup(pool.Close)
	must(t, pgstore.Migrate(t.Context(), pool, pgstore.Options{}))
	s, err := pgstore.New(pool, pgstore.Options{Timeout: time.Minute})
	must(t, err)
	return s
}

func redisClient(t *testing.T) *redis.Client {
	client := redis.NewClient(&redis.Options{Addr: testserver.StartRedis(t, testserver.RedisOptions{}).Addr(), ContextTimeoutEnabled: true})
	t.Cleanup(func() { client.Close() })
	return client
}

// onEach runs a test on a fresh store of each kind.
func onEach(t *testing.T, f func(t *testing.T, s *scsstore.Store, below store.Store)) {
	for name, open := range stores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			below := open(t)
			f(t, on(t, below), below)
		})
	}
}

func on(t *testing.T, below store.Store) *scsstore.Store {
	t.Helper()
	s, err := scsstore.New(below, scsstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// finds fails the test unless that is what the store has for a token.
func finds(t *testing.T, s *scsstore.Store, token, want string) {
	t.Helper()
	b, found, err := s.FindCtx(t.Context(), token)
	if err != nil || !found || string(b) != want {
		t.Errorf("Find: %q, %v, %v; want %q", b, found, err, want)
	}
}

func findsNone(t *testing.T, s *scsstore.Store, token string) {
	t.Helper()
	if b, found, err := s.FindCtx(t.Context(), token); err != nil || found || b != nil {
		t.Errorf("Find: %q, %v, %v; want none", b, found, err)
	}
}
