package pgstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/echosession/session/store"
)

// pollLimit is how many changes of a kind one answer may hold. With more it is
// cheaper to read the sessions again.
const pollLimit = 10_000

// Changes is part of [store.Feed]: one statement, and once a minute over all
// nodes another one that keeps the tail fed. A standby answers with an error.
func (s *Store) Changes(ctx context.Context, since string) (*store.Changes, error) {
	ctx, cancel := s.within(ctx)
	defer cancel()
	var p poll
	err := s.reading(ctx, func() (err error) {
		p, err = s.poll(ctx, since)
		return err
	})
	if err != nil {
		return nil, s.wrap("poll", err)
	}
	if p.standby {
		return nil, fmt.Errorf("%w: poll: the server is a standby", store.ErrUnavailable)
	}
	c := &store.Changes{Next: p.snapshot, Now: p.clock, Identity: p.identity, List: p.list}
	if p.off || !p.complete || p.backwards || p.over {
		c.Gap, c.List = true, nil
	}
	switch {
	case p.due:
		err = s.exec(ctx, s.sql.heartbeat)
	case p.unbounded:
		err = s.exec(ctx, s.sql.recording)
	}
	if err != nil {
		return nil, s.wrap("poll", err)
	}
	return c, nil
}

// A poll is what the statement answers.
type poll struct {
	snapshot, identity string
	clock              time.Time
	standby            bool
	due, off           bool // nobody has polled for a minute; for so long that changes are not recorded
	unbounded          bool // it is not known yet since when they are
	complete           bool // whatever the snapshot before did not see was recorded
	backwards          bool // the snapshot before is no earlier one of this server
	over               bool // there is more than the list holds
	list               []store.Change
}

func (s *Store) poll(ctx context.Context, snapshot string) (p poll, err error) {
	rows, err := s.pool.Query(ctx, s.sql.poll, null(snapshot), int32(pollLimit))
	if err != nil {
		return p, err
	}
	var sid *string
	var version *int64
	ended, changed := 0, 0
	_, err = pgx.ForEachRow(rows, []any{
		&p.snapshot, &p.clock, &p.standby, &p.identity, &p.due, &p.off, &p.unbounded, &p.complete, &p.backwards, &sid, &version,
	}, func() error {
		switch {
		case sid == nil: // nothing changed
			return nil
		case version == nil:
			ended++
			p.list = append(p.list, store.Change{ID: *sid, Ended: true})
		default:
			changed++
			p.list = append(p.list, store.Change{ID: *sid, Version: uint64(*version)})
		}
		return nil
	})
	p.over = ended >= pollLimit || changed >= pollLimit
	if err == nil && p.snapshot == "" {
		err = errors.New("the state row is missing")
	}
	return p, err
}
