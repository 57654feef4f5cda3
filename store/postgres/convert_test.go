package pgstore_test

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/echosession/session/store"
	pgstore "github.com/echosession/session/store/postgres"
)

// TestConvertExpire: under a node and an Express that never stop, an adopted
// expire gets its time zone; no call fails, no moment moves, and whoever lived
// lives on. It can be repeated, and a zone matters no more.
func TestConvertExpire(t *testing.T) {
	for _, zone := range []string{"Etc/UTC", "America/New_York"} {
		t.Run(zone, func(t *testing.T) {
			t.Parallel()
			at := shared(t).Database(t)
			owner := connect(t, at)
			exec(t, owner, `ALTER DATABASE "`+owner.Config().ConnConfig.Database+`" SET timezone = '`+zone+`'`)
			owner.Close()
			owner = connect(t, at)
			exec(t, owner, guide)
			exec(t, owner, `INSERT INTO session SELECT 'old ' || n, '{"passport":{"user":"ann"}}', now() + n * interval '1 hour' FROM generate_series(1, 2000) n`)
			if _, err := pgstore.PlanConversion(t.Context(), owner, pgstore.Options{}); !errors.Is(err, pgstore.ErrNotReady) {
				t.Error("before the migration:", err)
			}
			if err := pgstore.Migrate(t.Context(), owner, pgstore.Options{}); err != nil {
				t.Fatal(err)
			}
			s := open(t, connect(t, at), pgstore.Options{})
			exec(t, owner, `ANALYZE session`)
			plan, err := pgstore.PlanConversion(t.Context(), owner, pgstore.Options{})
			if err != nil || !plan.Needed || plan.Zone != zone || plan.Rewrites != (zone != "Etc/UTC") || plan.Rows != 2000 || plan.Bytes == 0 || plan.Locked <= 0 {
				t.Errorf("planned: %+v, %v", plan, err)
			}
			moments := `SELECT string_agg(sid || extract(epoch FROM session_until(expire)) || version || handle, ',' ORDER BY sid) FROM session WHERE sid LIKE 'old %'`
			before := value[string](t, owner, moments)

			var rounds atomic.Int64
			stop := make(chan struct{})
			var all sync.WaitGroup
			all.Go(func() { // a node
				for n := 0; ; n++ {
					r := record(fmt.Sprint("ours ", n), "bob")
					if err := errors.Join(s.Create(t.Context(), r), s.Save(t.Context(), r), s.Touch(t.Context(), r)); err != nil {
						t.Error(err)
					}
					if _, err := s.Load(t.Context(), r.ID); err != nil {
						t.Error(err)
					}
					if err := s.Delete(t.Context(), r); err != nil {
						t.Error(err)
					}
					rounds.Add(1)
					select {
					case <-stop:
						return
					default:
					}
				}
			})
			all.Go(func() { // Express
				for n := 0; ; n++ {
					if err := expressSaves(t.Context(), owner, fmt.Sprint("theirs ", n%10), `{"cookie":{},"passport":{"user":"eve"}}`); err != nil {
						t.Error("Express cannot save:", err)
					}
					select {
					case <-stop:
						return
					default:
					}
				}
			})
			under := func() { // a few rounds of calls, whatever the machine does
				for end := rounds.Load() + 5; rounds.Load() < end && !t.Failed(); {
					time.Sleep(time.Millisecond)
				}
			}
			under()
			for range 2 {
				if err := pgstore.ConvertExpire(t.Context(), connect(t, at), pgstore.Options{}); err != nil {
					t.Fatal(err)
				}
				under()
			}
			close(stop)
			all.Wait()

			if after := value[string](t, owner, moments); after != before {
				t.Error("a moment, a version or a handle has changed")
			}
			if kind := value[string](t, owner, `SELECT data_type FROM information_schema.columns WHERE table_name = 'session' AND column_name = 'expire'`); kind != "timestamp with time zone" {
				t.Error("expire is a", kind)
			}
			if plan, err := pgstore.PlanConversion(t.Context(), owner, pgstore.Options{}); err != nil || plan.Needed {
				t.Errorf("planned after it: %+v, %v", plan, err)
			}
			if n := value[int](t, owner, `SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'echosession%'`); n != 6 {
				t.Errorf("%d triggers", n)
			}
			elsewhere := open(t, connect(t, at, "timezone", "Asia/Tokyo"), pgstore.Options{}) // Check is content
			r, err := elsewhere.Load(t.Context(), "old 3")
			if err != nil || r.Expires.Sub(r.Now).Round(time.Hour) != 3*time.Hour {
				t.Errorf("read from Tokyo: %v", err)
			}
			if n, err := elsewhere.Revoke(t.Context(), store.Revocation{User: "ann"}); n < 2000 || err != nil {
				t.Errorf("%d sessions revoked, %v", n, err)
			}
		})
	}
}

// TestConvertExpireWaitsForNobody: while a transaction holds the table, others
// are served, and the conversion is done when it ends.
func TestConvertExpireWaitsForNobody(t *testing.T) {
	t.Parallel()
	at := shared(t).Database(t)
	pool := connect(t, at)
	exec(t, pool, guide)
	if err := pgstore.Migrate(t.Context(), pool, pgstore.Options{}); err != nil {
		t.Fatal(err)
	}
	s := open(t, connect(t, at), pgstore.Options{})
	tx, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), `SELECT FROM session`); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	busy := make(said, 100)
	go func() {
		done <- pgstore.ConvertExpire(t.Context(), connect(t, at), pgstore.Options{Logger: slog.New(slog.NewTextHandler(busy, nil))})
	}()
	<-busy
	for n := range 20 {
		if err := s.Create(t.Context(), record(fmt.Sprint(n), "ann")); err != nil {
			t.Fatal(err)
		}
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// said is a log that can be waited for.
type said chan string

func (s said) Write(line []byte) (int, error) {
	s <- string(line)
	return len(line), nil
}
