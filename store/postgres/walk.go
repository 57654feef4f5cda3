package pgstore

import (
	"context"
	"time"

	"github.com/echosession/session/store"
)

const walkPage = 1000 // rows a statement

// Walk is part of [store.Walker]. It reads the table in the order of its key, a
// page at a time, and holds no connection while it calls each.
func (s *Store) Walk(ctx context.Context, prefix string, each func(*store.Record) error) error {
	for after, more := "", true; more; {
		page, last, err := s.walkOnce(ctx, prefix, after)
		if err != nil {
			return s.wrap("walk", err)
		}
		for _, r := range page {
			if err := each(r); err != nil {
				return err
			}
		}
		after, more = last, last != ""
	}
	return nil
}

// walkOnce returns the wanted records among the rows that follow an id, and the
// last id it has looked at, "" when there are no more rows.
func (s *Store) walkOnce(ctx context.Context, prefix, after string) (page []*store.Record, last string, err error) {
	ctx, cancel := s.within(ctx)
	defer cancel()
	rows, err := s.pool.Query(ctx, s.sql.walk, after, prefix, int32(walkPage))
	if err != nil {
		return nil, "", err
	}
	defer rows.Close()
	for rows.Next() {
		r := &store.Record{}
		var wanted bool
		var version int64
		var created, expires moment
		if err := rows.Scan(&last, &wanted, &r.Data, &r.User, &r.Handle, &version, &created, &expires, &r.Now); err != nil {
			return nil, "", err
		}
		if wanted {
			r.ID, r.Version, r.Created, r.Expires = last, uint64(version), time.Time(created), time.Time(expires)
			page = append(page, r)
		}
	}
	return page, last, rows.Err()
}
