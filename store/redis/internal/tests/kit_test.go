package tests_test

import (
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/echosession/session/internal/testserver"
	"github.com/echosession/session/store"
	redisstore "github.com/echosession/session/store/redis"
)

func TestMain(m *testing.M) { testserver.Main(m) }

// connect opens a client, with go-redis's own settings but for what edit changes.
func connect(t testing.TB, addr string, edit ...func(*redis.Options)) *redis.Client {
	t.Helper()
	o := &redis.Options{Addr: addr}
	for _, do := range edit {
		do(o)
	}
	c := redis.NewClient(o)
	t.Cleanup(func() { c.Close() })
	return c
}

// open makes a store whose calls a slow machine does not cut short.
func open(t testing.TB, client redis.UniversalClient, o redisstore.Options) *redisstore.Store {
	t.Helper()
	if o.Timeout == 0 {
		o.Timeout = time.Minute
	}
	s, err := redisstore.New(client, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// record is one that can be stored.
func record(id, user string) *store.Record {
	return &store.Record{ID: id, Handle: "h-" + id, User: user, Data: []byte(`{"made":"new"}`), Idle: time.Hour, Absolute: 24 * time.Hour}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func contains(err error, text string) bool { return err != nil && strings.Contains(err.Error(), text) }
