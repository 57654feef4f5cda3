package pgstore

import (
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/echosession/session/store"
)

// scan reads a row of sess, user_id, handle, version, created_at, the end of the
// lifetime, and now. A row that was written by hand must not fail here: that
// would be an outage for as long as the row is there.
func scan(row pgx.Row, r *store.Record) error {
	var version int64
	var created, expires moment
	if err := row.Scan(&r.Data, &r.User, &r.Handle, &version, &created, &expires, &r.Now); err != nil {
		return err
	}
	r.Version, r.Created, r.Expires = uint64(version), time.Time(created), time.Time(expires)
	return nil
}

// A moment is a timestamptz that may be infinite, or of a year that JSON cannot
// write: it becomes one long past, or one far away. Milliseconds that somebody
// took for seconds are of the year 58692.
type moment time.Time

var (
	longPast = time.Unix(0, 0).UTC()
	farAway  = time.Date(9999, time.December, 31, 0, 0, 0, 0, time.UTC)
)

// ScanTimestamptz is part of [pgtype.TimestamptzScanner].
func (m *moment) ScanTimestamptz(v pgtype.Timestamptz) error {
	switch v.InfinityModifier {
	case pgtype.Infinity:
		*m = moment(farAway)
	case pgtype.NegativeInfinity:
		*m = moment(longPast)
	default:
		*m = moment(v.Time)
		switch {
		case v.Time.After(farAway):
			*m = moment(farAway)
		case v.Time.UTC().Year() < 1:
			*m = moment(longPast)
		}
	}
	return nil
}
