package main

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/echosession/session/store/open"
	pgstore "github.com/echosession/session/store/postgres"
)

// conversion is the answer of migrate --timestamptz.
type conversion struct {
	Table     string  `json:"table"`
	Needed    bool    `json:"needed"`
	Zone      string  `json:"zone"`          // in which expire is written
	Rewrites  bool    `json:"rewrites"`      // else only an index is
	Rows      int64   `json:"rows"`          // about
	Bytes     int64   `json:"bytes"`         // of the table; as much again is needed for a moment
	Locked    float64 `json:"lockedSeconds"` // about; nobody can use the table meanwhile
	Converted bool    `json:"converted"`
}

// convert gives an adopted expire its time zone. It locks the table, so it says for
// how long, and asks.
func (t *tool) convert(ctx context.Context, pool *pgxpool.Pool, s *open.Settings, dryRun, yes bool) error {
	plan, err := pgstore.PlanConversion(ctx, pool, s.Options)
	if err != nil {
		return err
	}
	c := conversion{tableOf(s), plan.Needed, plan.Zone, plan.Rewrites, plan.Rows, plan.Bytes, plan.Locked.Seconds(), false}
	if plan.Needed && !dryRun {
		if !yes {
			if err := t.confirm(ctx, c.announcement()+"\nType yes to go on: "); err != nil {
				return err
			}
		}
		if err := pgstore.ConvertExpire(ctx, pool, s.Options); err != nil {
			return err
		}
		c.Converted = true
	}
	return t.answer(c, func(w *tabwriter.Writer) {
		switch {
		case !c.Needed:
			row(w, "expire of "+c.Table+" knows its time zone: nothing to do")
		case c.Converted:
			row(w, "expire of "+c.Table+" is TIMESTAMPTZ now; every moment is the same as before")
		default:
			row(w, c.announcement())
		}
	})
}

// announcement is what a conversion costs.
func (c *conversion) announcement() string {
	what := "the index on expire is built anew"
	if c.Rewrites {
		what = "the table is written anew"
	}
	return fmt.Sprintf("expire of %s is written in %s and becomes TIMESTAMPTZ: %s (about %d rows, %s, as much again on the disk for a moment); nobody can use it for about %s.",
		c.Table, c.Zone, what, c.Rows, size(c.Bytes), time.Duration(c.Locked*float64(time.Second)).Round(10*time.Millisecond))
}
