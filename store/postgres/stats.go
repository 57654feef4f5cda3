package pgstore

import (
	"context"
	"math"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/echosession/session/store"
)

const (
	// countedPages is how many pages of rows are read whole: 32 MiB, which is some
	// 65,000 rows with small documents.
	countedPages = 4096
	// sampledPages is how many are read of a larger table.
	sampledPages = 2000

	maxAge = 9e9 // in seconds: about what a time.Duration holds
)

// Stats is part of [store.Stater]. It counts a table whose rows take up to 32 MiB.
// Of a larger one it reads 2,000 pages and some users by the index, whatever its
// size: the figures are estimates then, as their Basis says, but for Bytes and
// Indexes. Numbers of many rows are within some percent; a figure of few, such as
// one day's of a million, may be far off, and OldestAge is too young. Users are
// those of the column user_id: a document whose user is an object has none.
func (s *Store) Stats(ctx context.Context) (store.Stats, error) {
	ctx, cancel := s.within(ctx)
	defer cancel()
	var st store.Stats
	err := s.reading(ctx, func() error {
		// One snapshot, so that the figures are of one moment.
		return pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) (err error) {
			st, err = s.look(ctx, tx)
			return err
		})
	})
	if err != nil {
		return store.Stats{}, s.wrap("stats", err)
	}
	return st, nil
}

func (s *Store) look(ctx context.Context, tx pgx.Tx) (store.Stats, error) {
	var st store.Stats
	var now time.Time
	var pages int64
	if err := tx.QueryRow(ctx, s.sql.weigh).Scan(&now, &pages, &st.Bytes, &st.Indexes, nil, nil, nil, nil); err != nil {
		return st, err
	}
	percent, users := float32(100), s.sql.users
	if pages > countedPages {
		percent, users = 100*sampledPages/float32(pages), s.sql.guessUsers
		st.Basis = map[string]store.Basis{}
		for _, figure := range []string{"Active", "Expired", "LoggedIn", "Users", "Left", "Created", "OldestAge"} {
			st.Basis[figure] = store.Estimated
		}
	}
	rows, err := tx.Query(ctx, s.sql.count, percent)
	if err != nil {
		return st, err
	}
	if err := fold(&st, rows, now, 100/float64(percent)); err != nil {
		return st, err
	}
	var n float64
	if err := tx.QueryRow(ctx, users, percent).Scan(&n); err != nil {
		return st, err
	}
	st.Users = min(int(math.Round(n)), st.LoggedIn)
	return st, nil
}

// fold adds up the groups of rows that count has found, each of which stands for
// times as many.
func fold(st *store.Stats, rows pgx.Rows, now time.Time, times float64) error {
	left := [5]float64{}
	created := [30]float64{}
	loggedIn := 0.0
	var life int
	var n, known float64
	var ago, age *float64
	_, err := pgx.ForEachRow(rows, []any{&life, &ago, &n, &known, &age}, func() error {
		left[life] += n * times
		if ago != nil && *ago >= 0 && *ago < float64(len(created)) {
			created[int(*ago)] += n * times
		}
		if life == 0 {
			return nil
		}
		loggedIn += known * times
		if age != nil {
			st.OldestAge = max(st.OldestAge, seconds(min(max(*age, 0), maxAge)))
		}
		return nil
	})
	whole := func(n float64) int { return int(math.Round(n)) }
	st.Left = store.Lifetimes{Hour: whole(left[1]), Day: whole(left[2]), Three: whole(left[3]), More: whole(left[4])}
	st.Active = st.Left.Hour + st.Left.Day + st.Left.Three + st.Left.More
	st.Expired, st.LoggedIn = whole(left[0]), min(whole(loggedIn), st.Active)
	st.Created = store.LastDays(now)
	for ago, n := range created {
		st.Created[len(st.Created)-1-ago].Sessions = whole(n)
	}
	return err
}
