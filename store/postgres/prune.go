package pgstore

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

const (
	pruneBatch = 5000        // rows a statement
	pruneLease = time.Minute // how long a node that fell silent keeps the others waiting
	tailBatch  = 10000
)

// Prune is part of [store.Pruner]. One node at a time does the work, the others
// return at once with none: a lease in the job table decides, and is renewed with
// each batch, so that the work of a node that died goes on after a minute. Rows
// that someone holds are passed over until the next run. The tail is pruned
// along: of what a run saw, a later one removes what nobody can still need.
func (s *Store) Prune(ctx context.Context) (deleted int, err error) {
	holder := rand.Text()
	xmin, ripe, err := s.claimPrune(ctx, holder)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, s.wrap("prune", err)
	}
	defer func() {
		within, cancel := s.within(context.WithoutCancel(ctx))
		defer cancel()
		if _, rerr := s.pool.Exec(within, s.sql.release, holder, int64(deleted)); err == nil {
			err = s.wrap("prune", rerr)
		}
	}()
	from := pgtype.Timestamptz{Valid: true, InfinityModifier: pgtype.NegativeInfinity}
	for {
		n, upto, err := s.pruneOnce(ctx, from)
		deleted += n
		if err != nil {
			return deleted, s.wrap("prune", err)
		}
		if n < pruneBatch {
			break
		}
		from = upto
		if err := s.exec(ctx, s.sql.extend, holder, pruneLease.Microseconds(), int64(deleted)); err != nil {
			return deleted, s.wrap("prune", err)
		}
	}
	if ripe {
		return deleted, s.wrap("prune", s.pruneTail(ctx, *xmin))
	}
	return deleted, nil
}

func (s *Store) claimPrune(ctx context.Context, holder string) (xmin *string, ripe bool, err error) {
	ctx, cancel := s.within(ctx)
	defer cancel()
	err = s.pool.QueryRow(ctx, s.sql.claim, holder, pruneLease.Microseconds()).Scan(&xmin, &ripe)
	return xmin, ripe && xmin != nil, err
}

func (s *Store) pruneOnce(ctx context.Context, from pgtype.Timestamptz) (n int, upto pgtype.Timestamptz, err error) {
	ctx, cancel := s.within(ctx)
	defer cancel()
	err = s.pool.QueryRow(ctx, s.sql.prune, from, int32(pruneBatch)).Scan(&n, &upto)
	return n, upto, err
}

func (s *Store) pruneTail(ctx context.Context, xmin string) error {
	for _, sql := range []string{s.sql.pruneChange, s.sql.pruneDead} {
		for {
			within, cancel := s.within(ctx)
			tag, err := s.pool.Exec(within, sql, xmin)
			cancel()
			if err != nil {
				return err
			}
			if tag.RowsAffected() < tailBatch {
				break
			}
		}
	}
	return s.exec(ctx, s.sql.pruneRevocation, xmin)
}

func (s *Store) exec(ctx context.Context, sql string, args ...any) error {
	ctx, cancel := s.within(ctx)
	defer cancel()
	_, err := s.pool.Exec(ctx, sql, args...)
	return err
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
