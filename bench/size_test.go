package bench

import (
	"context"
	"crypto/rand"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/echosession/session/internal/testserver"
	"github.com/echosession/session/store"
	redisstore "github.com/echosession/session/store/redis"
)

const (
	sized     = 50_000 // sessions
	documentB = 300    // bytes of each document
)

// BenchmarkBytes is how much sessions take in Postgres and Redis, and in the WAL,
// as they are created, renewed, changed, copied and ended. Nothing is vacuumed
// between; time is that of all operations together, by 16 callers.
func BenchmarkBytes(b *testing.B) {
	for range b.N {
		measureBytes(b)
	}
}

func measureBytes(b *testing.B) {
	db := postgres(b)
	db.exec(b, `ALTER TABLE session SET (autovacuum_enabled = off)`)
	padding := strings.Repeat("x", documentB-len(document)-len(`,"pad":""`))
	body := []byte(document[:len(document)-1] + `,"pad":"` + padding + `"}`)
	all := make([]*store.Record, sized)
	for i := range all {
		all[i] = &store.Record{ID: rand.Text() + rand.Text()[:6], Handle: rand.Text()[:22], User: strconv.Itoa(i), Data: body, Idle: 7 * 24 * time.Hour, Absolute: 30 * 24 * time.Hour}
	}
	tell := func(kind, text string) { note(row{table: "bytes", kind: kind, library: "session", text: text}) }
	step := func(kind string, do func(context.Context, *store.Record) error) {
		db.exec(b, `CHECKPOINT`)
		before, began := db.number(b, `SELECT (pg_current_wal_lsn() - '0/0')::bigint`), time.Now()
		inParallel(b, all, do)
		took := time.Since(began)
		wal := db.number(b, `SELECT (pg_current_wal_lsn() - '0/0')::bigint`) - before
		tell(kind, fmt.Sprintf("table %d\tindexes %d\tWAL %d bytes\t%.0f/s",
			db.number(b, `SELECT pg_table_size('session')`)/sized, db.number(b, `SELECT pg_indexes_size('session')`)/sized, wal/sized, sized/took.Seconds()))
	}
	step("login", db.ours.Create)
	step("renewal", db.ours.Touch)
	for i := range 3 {
		step("change "+strconv.Itoa(i+1), db.ours.Save)
	}

	server := testserver.StartRedis(b, testserver.RedisOptions{})
	client := redis.NewClient(&redis.Options{Addr: server.Addr(), ContextTimeoutEnabled: true, MaxRetries: -1})
	defer client.Close()
	tier, err := redisstore.NewTier(client, db.ours, redisstore.TierOptions{Timeout: 5 * time.Second, Lease: 5 * time.Minute, Logger: quiet})
	if err != nil {
		b.Fatal(err)
	}
	before := redisMemory(b, client)
	inParallel(b, all, func(ctx context.Context, r *store.Record) error {
		_, err := tier.Load(ctx, r.ID)
		return err
	})
	copies, err := client.DBSize(b.Context()).Result()
	if err != nil || copies == 0 {
		b.Fatal("no copies:", err)
	}
	tell("copy in Redis", fmt.Sprintf("%d bytes", (redisMemory(b, client)-before)/copies))
	inParallel(b, all, db.ours.Delete)
	tell("logout, for a day", fmt.Sprintf("table %d\tindexes %d", db.number(b, `SELECT pg_table_size('session_dead')`)/sized, db.number(b, `SELECT pg_indexes_size('session_dead')`)/sized))
}

// inParallel does something to each record, sixteen at a time.
func inParallel(b *testing.B, all []*store.Record, do func(context.Context, *store.Record) error) {
	b.Helper()
	next := make(chan *store.Record)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for r := range next {
				if err := do(context.Background(), r); err != nil {
					b.Error(err)
				}
			}
		})
	}
	for _, r := range all {
		next <- r
	}
	close(next)
	wg.Wait()
}

func (db *database) number(b *testing.B, sql string) (n int64) {
	b.Helper()
	if err := db.pool.QueryRow(b.Context(), sql).Scan(&n); err != nil {
		b.Fatal(err)
	}
	return n
}

// redisMemory is what a server says that it uses.
func redisMemory(b *testing.B, client *redis.Client) (used int64) {
	b.Helper()
	info, err := client.Info(b.Context(), "memory").Result()
	if err != nil {
		b.Fatal(err)
	}
	_, rest, _ := strings.Cut(info, "used_memory:")
	line, _, _ := strings.Cut(rest, "\r\n")
	if used, err = strconv.ParseInt(line, 10, 64); err != nil {
		b.Fatal(err)
	}
	return used
}
