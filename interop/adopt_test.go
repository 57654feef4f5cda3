package interop

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/echosession/session/internal/testserver"
	pgstore "github.com/echosession/session/store/postgres"
)

// theirTable is the statement with which connect-pg-simple makes its table, and
// an older one of its releases, which made no index.
func theirTable(t *testing.T, index bool) string {
	t.Helper()
	raw, err := os.ReadFile("express/node_modules/connect-pg-simple/table.sql")
	if err != nil {
		t.Fatal(err)
	}
	sql := strings.ReplaceAll(string(raw), "WITH (OIDS=FALSE)", "")
	at := strings.Index(sql, `CREATE INDEX "IDX_session_expire"`)
	if at < 0 {
		t.Fatalf("connect-pg-simple makes no index:\n%s", sql)
	}
	if !index {
		sql = sql[:at]
	}
	return sql
}

// adopted is how many sessions are taken over: enough for many batches, and
// "go test -run TestAdoption -rows=100000" is for who changes the migration.
var adopted = flag.Int("rows", 20_000, "sessions of a table that is taken over")

// TestAdoption: a table of many sessions is taken over while Express
// goes on with it, and then its expire gets a time zone. No request of Express
// fails, and whoever is logged in is known at Echo.
func TestAdoption(t *testing.T) {
	for name, rows := range map[string]int{"as of today": *adopted, "of an older release, without its index": *adopted / 4} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pg := testserver.SharedPostgres(t, testserver.PostgresOptions{})
			at := pg.Database(t)
			pool, err := pgxpool.New(t.Context(), at)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(pool.Close)
			must := func(sql string) {
				t.Helper()
				if _, err := pool.Exec(t.Context(), sql); err != nil {
					t.Fatal(err)
				}
			}
			must(theirTable(t, rows == *adopted))
			must(`INSERT INTO session SELECT 'row-' || n, json_build_object(
					'cookie', json_build_object('originalMaxAge', 604800000, 'expires', now() + interval '7 days', 'httpOnly', true, 'path', '/'),
					'passport', json_build_object('user', n % 20000), 'filler', repeat('x', 200)), now() + (0.1 + random()) * interval '7 days'
				FROM generate_series(1, ` + fmt.Sprint(rows) + `) n`)
			_, limited := pg.Role(t, at, "SELECT, INSERT, UPDATE, DELETE ON session")
			theirs := express(t, "DATABASE_URL="+limited, "PRUNE=1")("rolling")

			early := newVisitor(t)
			early.login(theirs, "ann", "string")
			traffic := serve(t, theirs)
			measure := func(what string, do func(context.Context, *pgxpool.Pool, pgstore.Options) error) {
				t.Helper()
				traffic.phase()
				began := time.Now()
				if err := do(t.Context(), pool, pgstore.Options{}); err != nil {
					t.Fatal(err)
				}
				took := time.Since(began)
				requests, slowest := traffic.phase()
				t.Logf("%s: %v; meanwhile %d requests of Express, the slowest %v", what, took.Round(time.Millisecond), requests, slowest.Round(time.Millisecond))
			}
			measure("the migration", pgstore.Migrate)
			plan, err := pgstore.PlanConversion(t.Context(), pool, pgstore.Options{})
			t.Logf("planned: the table is locked for about %v; %v", plan.Locked.Round(time.Millisecond), err)
			measure("expire into TIMESTAMPTZ", pgstore.ConvertExpire)
			measure("the migration again", pgstore.Migrate)
			traffic.stop()

			ours := echo(t, "SESSION_STORE=postgres", "DATABASE_URL="+at)
			early.get(ours, "/me").is(t, 200, `{"user":"ann","visits":0}`)
			bearing(t, ours, signed(secret, "row-7")).get(ours, "/me").is(t, 200, `{"user":"7","visits":0}`)
			var handles, users int
			if err := pool.QueryRow(t.Context(), `SELECT count(DISTINCT handle), count(user_id) FROM session WHERE sid LIKE 'row-%'`).Scan(&handles, &users); err != nil || handles != rows || users != rows {
				t.Errorf("%d handles and %d users of %d rows; %v", handles, users, rows, err)
			}
		})
	}
}

// A traffic is visitors of Express who come and go all the time.
type traffic struct {
	quit chan struct{}
	all  sync.WaitGroup

	mu       sync.Mutex
	requests int
	slowest  time.Duration
}

func serve(t *testing.T, s side) *traffic {
	t.Helper()
	tr := &traffic{quit: make(chan struct{})}
	for n := range 2 {
		tr.all.Go(func() {
			v := newVisitor(t)
			name := fmt.Sprint("visitor ", n)
			for !t.Failed() {
				for _, step := range []func(){
					func() { v.login(s, name, "string") },
					func() { v.post(s, "/visit").is(t, 200, `{"visits":1}`) },
					func() { v.get(s, "/me").is(t, 200, `{"user":"`+name+`","visits":1}`) },
					func() { v.post(s, "/logout").is(t, 204, "") },
					func() { v.get(s, "/me").is(t, 401, "*") },
				} {
					began := time.Now()
					step()
					tr.mu.Lock()
					tr.requests++
					tr.slowest = max(tr.slowest, time.Since(began))
					tr.mu.Unlock()
				}
				select {
				case <-tr.quit:
					return
				default:
				}
			}
		})
	}
	t.Cleanup(tr.stop)
	return tr
}

// phase says what came since it was called before.
func (tr *traffic) phase() (requests int, slowest time.Duration) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	requests, slowest = tr.requests, tr.slowest
	tr.requests, tr.slowest = 0, 0
	return requests, slowest
}

// stop may be called twice.
func (tr *traffic) stop() {
	select {
	case <-tr.quit:
	default:
		close(tr.quit)
	}
	tr.all.Wait()
}
