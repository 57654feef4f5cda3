package testserver

import (
	"context"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"
)

// What a store's tests are about: was it committed, when the answer is lost?
func TestCutAroundACommit(t *testing.T) {
	t.Parallel()
	pg := SharedPostgres(t, PostgresOptions{})
	for _, c := range []struct {
		what      string
		verdict   Verdict
		at        func(Message) bool
		committed string
	}{
		{"before the server gets it", CutBefore, isCommit, "0"},
		{"after the server got it", CutAfter, isCommit, "1"},
		{"before the client sees that it is done", CutBefore, isCommitted, "1"},
		{"after the client saw that it is done", CutAfter, isCommitted, "1"},
		{"stalled before the server gets it", StallBefore, isCommit, "0"},
		{"stalled after the server got it", StallAfter, isCommit, "1"},
		{"stalled before the client sees that it is done", StallBefore, isCommitted, "1"},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			db := pg.Database(t)
			run(t, db, "CREATE TABLE notes (text text)")
			p := StartPostgresProxy(t, pg.Addr())
			conn, err := pgx.Connect(t.Context(), p.URL(db))
			must(t, err)
			defer conn.Close(t.Context())
			fired := make(chan struct{})
			p.CutAt(func(m Message) Verdict {
				if !c.at(m) {
					return Pass
				}
				close(fired)
				return c.verdict
			})
			tx, err := conn.Begin(t.Context())
			must(t, err)
			_, err = tx.Exec(t.Context(), "INSERT INTO notes VALUES ('x')")
			must(t, err)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			go func() {
				<-fired
				if c.verdict == StallBefore || c.verdict == StallAfter {
					holds(t, "no transaction under way", func() bool {
						return c.committed == "0" || sql(db, "SELECT count(*) FROM notes") == "1"
					})
					cancel()
				}
			}()
			err = tx.Commit(ctx)
			if err == nil {
				t.Error("the client believes that all is well")
			}
			if c.verdict == StallBefore || c.verdict == StallAfter {
				want(t, "cancelled", errors.Is(err, context.Canceled), true)
				p.CloseAll() // else it would be forwarded later
			}
			holds(t, "the end of the connection", func() bool {
				return sql(db, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'") == "0"
			})
			want(t, "rows", sql(db, "SELECT count(*) FROM notes"), c.committed)
			p.Heal()
			want(t, "healed", sql(p.URL(db), "SELECT 1"), "1")
		})
	}
}

func isCommit(m Message) bool {
	return m.Dir == ToServer && m.Type == 'Q' && string(m.Body) == "commit\x00"
}

func isCommitted(m Message) bool {
	return m.Dir == ToClient && m.Type == 'C' && string(m.Body) == "COMMIT\x00"
}
