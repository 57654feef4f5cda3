package testserver

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
)

// shared are the servers that all tests of a package use.
var shared sharing

type sharing struct {
	mu      sync.Mutex
	running bool
	servers map[string]*sharedServer // by kind and options
}

type sharedServer struct {
	once  sync.Once
	value interface{ close() error }
	err   error
}

// Main runs the tests of a package, ends the servers that they shared, and exits.
// It is what TestMain calls.
func Main(m *testing.M) { os.Exit(shared.run(m)) }

// SharedPostgres returns the package's cluster of these options, and starts it for
// the first test that asks. It cannot be killed or paused; each test takes a
// database of its own by [Postgres.Database].
func SharedPostgres(t testing.TB, opts PostgresOptions) *Postgres {
	t.Helper()
	return share(t, &shared, opts, newPostgres)
}

// SharedRedis returns the package's Redis of these options, and starts it for the
// first test that asks. It cannot be killed or paused; each test keeps to names
// that begin with a [Redis.Prefix] of its own.
func SharedRedis(t testing.TB, opts RedisOptions) *Redis {
	t.Helper()
	return share(t, &shared, opts, newRedis)
}

func share[O any, S interface{ close() error }](t testing.TB, all *sharing, opts O, start func(O) (S, error)) S {
	t.Helper()
	s := all.server(t, fmt.Sprintf("%T %+v", opts, opts))
	s.once.Do(func() { s.value, s.err = start(opts) })
	if s.err != nil {
		giveUp(t, s.err)
	}
	return s.value.(S)
}

func (all *sharing) server(t testing.TB, key string) *sharedServer {
	t.Helper()
	all.mu.Lock()
	defer all.mu.Unlock()
	if !all.running {
		t.Fatal("a package with shared servers needs: func TestMain(m *testing.M) { testserver.Main(m) }")
	}
	s := all.servers[key]
	if s == nil {
		s = &sharedServer{}
		all.servers[key] = s
	}
	return s
}

func (all *sharing) run(m interface{ Run() int }) (code int) {
	all.mu.Lock()
	all.running, all.servers = true, map[string]*sharedServer{}
	all.mu.Unlock()
	code = m.Run()

	all.mu.Lock()
	defer all.mu.Unlock()
	all.running = false
	var err error
	for _, s := range all.servers {
		if s.err == nil && s.value != nil {
			err = errors.Join(err, s.value.close())
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "testserver:", err)
		code = max(code, 1)
	}
	return code
}
