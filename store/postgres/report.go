package pgstore

import (
	"context"
	"time"

	"github.com/echosession/session/store"
)

// report is the last run of Prune, and how often the guard undid an insert. One
// row, also where nobody has pruned yet.
const report = `SELECT (SELECT sum(again) FROM {{dead}} WHERE again > 0), started, finished, deleted
	FROM (SELECT) one LEFT JOIN {{job}} ON name = 'prune'`

// Report is part of [store.Reporter]. Cleanup is the last run of [Store.Prune] by
// any node; Prevented counts what the guard of the table undid and Prune has not
// forgotten since: a day's at least. Waited includes those who gave up waiting,
// and who waited for a new connection to be made.
func (s *Store) Report(ctx context.Context) (store.Report, error) {
	ctx, cancel := s.within(ctx)
	defer cancel()
	pool := s.pool.Stat() // before we take a connection ourselves
	r := store.Report{Pool: &store.Pool{
		InUse: int(pool.AcquiredConns()), Idle: int(pool.IdleConns()), Max: int(pool.MaxConns()),
		Waited: pool.EmptyAcquireCount() + pool.CanceledAcquireCount(),
	}}
	var prevented, removed *int64
	var started, finished *time.Time
	err := s.reading(ctx, func() error {
		return s.pool.QueryRow(ctx, s.sql.report).Scan(&prevented, &started, &finished, &removed)
	})
	if err != nil {
		return r, s.wrap("report", err)
	}
	if prevented != nil {
		r.Prevented = *prevented
	}
	if started != nil {
		r.Cleanup = &store.Cleanup{Started: *started, Removed: *removed}
		if finished != nil {
			r.Cleanup.Finished = *finished
		}
	}
	return r, nil
}
