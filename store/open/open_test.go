package open_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/echosession/session/internal/testserver"
	"github.com/echosession/session/store"
	"github.com/echosession/session/store/open"
)

func TestMain(m *testing.M) { testserver.Main(m) }

// env is an environment of these variables and no others.
func env(pairs ...string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1], true
			}
		}
		return "", false
	}
}

// TestBadEnvironments: all that is wrong is told together, each with its variable
// and the fix, and no password is quoted.
func TestBadEnvironments(t *testing.T) {
	for name, c := range map[string]struct {
		env  []string
		says []string
	}{
		"nothing in production":   {nil, []string{"SESSION_STORE environment variable is required", "postgres, redis, redis-only or memory"}},
		"no such store":           {[]string{"SESSION_STORE", "mysql"}, []string{`SESSION_STORE is "mysql"`, "use postgres, redis, redis-only or memory"}},
		"no address":              {[]string{"SESSION_STORE", "postgres"}, []string{"DATABASE_URL environment variable is required", "postgres://user:password@host"}},
		"an address of no sense":  {[]string{"SESSION_STORE", "postgres", "DATABASE_URL", "postgres://a:hunter2@h:port/x"}, []string{"DATABASE_URL is no connection string"}},
		"an injection":            {[]string{"SESSION_STORE", "postgres", "DATABASE_URL", "postgres://127.0.0.1:1/x", "SESSION_TABLE", "users; DROP"}, []string{`SESSION_TABLE is "users; DROP"`, "letters, digits and underscores"}},
		"no second address":       {[]string{"SESSION_STORE", "redis", "DATABASE_URL", "postgres://127.0.0.1:1/x"}, []string{"REDIS_URL environment variable is required with SESSION_STORE=redis", "redis://user:password@host"}},
		"neither address":         {[]string{"SESSION_STORE", "redis"}, []string{"DATABASE_URL environment variable is required with SESSION_STORE=redis", "REDIS_URL environment variable is required"}},
		"Redis of no sense":       {[]string{"SESSION_STORE", "redis-only", "REDIS_URL", "redis://a:hunter2@h:port/0"}, []string{"REDIS_URL is no connection string"}},
		"Redis of another kind":   {[]string{"SESSION_STORE", "redis-only", "REDIS_URL", "http://a:hunter2@127.0.0.1:1/0"}, []string{"REDIS_URL is no connection string"}},
		"Redis of no such base":   {[]string{"SESSION_STORE", "redis-only", "REDIS_URL", "redis://a:hunter2@127.0.0.1:1/base"}, []string{"REDIS_URL is no connection string"}},
		"a Cluster of no sense":   {[]string{"SESSION_STORE", "redis-only", "REDIS_URL", "redis://a:hunter2@127.0.0.1:1?addr=127.0.0.1:2&read_timeout=soon"}, []string{"REDIS_URL is no connection string"}},
		"everything at once":      {[]string{"SESSION_STORE", "postgres", "DATABASE_URL", "://hunter2", "SESSION_TABLE", `a"b`, "MIGRATE", "yes"}, []string{"DATABASE_URL", "SESSION_TABLE", `MIGRATE is "yes"`}},
		"a migration of no sense": {[]string{"SESSION_STORE", "memory", "MIGRATE", "yes"}, []string{`MIGRATE is "yes"`, "use 1"}},
	} {
		b, err := open.FromEnv(t.Context(), env(c.env...))
		if err == nil {
			t.Errorf("%s: it opens %s", name, b.Name)
			continue
		}
		for _, part := range c.says {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: it does not say %q: %v", name, part, err)
			}
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: a password is told: %v", name, err)
		}
	}
}

// TestTransportSecurity: a connection to another host that may go on without TLS
// is warned of, and opened; pgx's own default is such a one.
func TestTransportSecurity(t *testing.T) {
	was := slog.Default()
	t.Cleanup(func() { slog.SetDefault(was) })
	for url, warns := range map[string]bool{
		"postgres://db.invalid:1/x":                     true,
		"postgres://db.invalid:1/x?sslmode=prefer":      true,
		"postgres://db.invalid:1/x?sslmode=disable":     true,
		"postgres://db.invalid:1/x?sslmode=require":     false,
		"postgres://127.0.0.1:1/x":                      false,
		"postgres://localhost:1/x":                      false,
		"postgres:///x?host=/tmp&port=1":                false,
		"postgres://db.invalid:1/x?sslmode=verify-full": false,
	} {
		// Nothing is sent there: the dial is over before it begins.
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		var log bytes.Buffer
		slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
		b, err := open.FromEnv(ctx, env("SESSION_STORE", "postgres", "DATABASE_URL", url))
		if err != nil {
			t.Errorf("%s: %v", url, err)
			continue
		}
		if got := strings.Contains(log.String(), "sslmode=verify-full"); got != warns {
			t.Errorf("%s: warned %v, not %v", url, got, warns)
		}
		for range 2 {
			if err := b.Close(); err != nil {
				t.Errorf("%s: closing it: %v", url, err)
			}
		}
	}
}

// TestStores: what opens, and under which name.
func TestStores(t *testing.T) {
	url := testserver.SharedPostgres(t, testserver.PostgresOptions{}).Database(t)
	redis := testserver.SharedRedis(t, testserver.RedisOptions{}).URL()
	for name, c := range map[string]struct {
		env  []string
		want string
	}{
		"memory":                    {[]string{"SESSION_STORE", "memory"}, "memory"},
		"nothing in development":    {[]string{"APP_ENV", "development"}, "memory"},
		"postgres, migrated first":  {[]string{"SESSION_STORE", "postgres", "DATABASE_URL", url, "MIGRATE", "1"}, "postgres"},
		"postgres, another table":   {[]string{"SESSION_STORE", "postgres", "DATABASE_URL", url, "MIGRATE", "1", "SESSION_TABLE", "public.logins"}, "postgres"},
		"redis":                     {[]string{"SESSION_STORE", "redis", "DATABASE_URL", url, "MIGRATE", "1", "REDIS_URL", redis}, "redis"},
		"redis, not there (yet)":    {[]string{"SESSION_STORE", "redis", "DATABASE_URL", "postgres://127.0.0.1:1/x", "REDIS_URL", "redis://127.0.0.1:1"}, "redis"},
		"redis-only":                {[]string{"SESSION_STORE", "redis-only", "REDIS_URL", redis}, "redis-only"},
		"redis-only, not there":     {[]string{"SESSION_STORE", "redis-only", "REDIS_URL", "redis://127.0.0.1:1"}, "redis-only"},
		"redis-only, a Cluster":     {[]string{"SESSION_STORE", "redis-only", "REDIS_URL", "redis://127.0.0.1:1?addr=127.0.0.1:2"}, "redis-only"},
		"redis-only, Sentinels":     {[]string{"SESSION_STORE", "redis-only", "REDIS_URL", "redis://127.0.0.1:1?addr=127.0.0.1:2&master_name=sessions"}, "redis-only"},
		"postgres, not there (yet)": {[]string{"SESSION_STORE", "postgres", "DATABASE_URL", "postgres://127.0.0.1:1/x"}, "postgres"},
	} {
		b, err := open.FromEnv(t.Context(), env(c.env...))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if b.Name != c.want {
			t.Errorf("%s: it opens %s", name, b.Name)
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := open.FromEnv(t.Context(), env("SESSION_STORE", "postgres", "DATABASE_URL", url, "SESSION_TABLE", "never_made")); err == nil || !strings.Contains(err.Error(), "MIGRATE=1") {
		t.Error("an unmigrated database:", err)
	}
}

// TestRedisAddresses: a server, a Cluster and Sentinels are reached as REDIS_URL
// says, alone and before Postgres.
func TestRedisAddresses(t *testing.T) {
	url := testserver.SharedPostgres(t, testserver.PostgresOptions{}).Database(t)
	master := testserver.StartRedis(t, testserver.RedisOptions{})
	master.Replica(t)
	sentinel := testserver.StartSentinel(t, master, 1)
	nodes := testserver.StartRedisCluster(t, 3, testserver.RedisOptions{})
	for name, at := range map[string]string{
		"a server":  master.URL(),
		"Sentinels": "redis://" + sentinel.Addr() + "?master_name=" + testserver.SentinelMaster,
		"a Cluster": "redis://" + nodes[0].Addr() + "?addr=" + nodes[1].Addr(),
	} {
		for _, kind := range []string{"redis-only", "redis"} {
			b, err := open.FromEnv(t.Context(), env("SESSION_STORE", kind, "REDIS_URL", at, "DATABASE_URL", url, "MIGRATE", "1"))
			if err != nil {
				t.Errorf("%s, %s: %v", name, kind, err)
				continue
			}
			r := &store.Record{ID: name + kind, Data: []byte(`{}`), Idle: time.Hour}
			if err := b.Store.Create(t.Context(), r); err != nil {
				t.Errorf("%s, %s: %v", name, kind, err)
			}
			if _, err := b.Store.Load(t.Context(), r.ID); err != nil {
				t.Errorf("%s, %s: %v", name, kind, err)
			}
			h := b.Health(t.Context())
			for end := time.Now().Add(30 * time.Second); h.Status != "ok" && time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
				h = b.Health(t.Context()) // before Postgres, Redis has 50 ms to answer, and the machine may be busy
			}
			if h.Status != "ok" || h.Servers["redis"] != nil {
				t.Errorf("%s, %s: %+v", name, kind, h)
			}
			if err := b.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}
