package store

import (
	"context"
	"time"
)

// Stater is the ability to count. It must not be slow on millions of records: a
// store estimates what it would have to read them all for.
type Stater interface {
	Stats(ctx context.Context) (Stats, error)
}

// Stats is how a store stands.
type Stats struct {
	Active    int           // records whose lifetime is not over
	Expired   int           // records that wait to be pruned
	LoggedIn  int           // active ones that have a user
	Users     int           // different users of active records
	Left      Lifetimes     // active records by how long they still have
	Created   []Day         // records that are there, live or not, by the day they were created: thirty days as of LastDays
	Bytes     int64         // what the records take with all that belongs to them, as the store accounts for it
	Indexes   int64         // the part of Bytes that is indexes
	OldestAge time.Duration // age of the oldest active record

	// Basis says how figures were come by that were not simply counted, by the
	// name of their field. An unknown figure is zero.
	Basis map[string]Basis
}

// A Basis is how a figure was come by.
type Basis string

// What a figure may rest on; one that Stats.Basis does not name was counted.
const (
	Estimated Basis = "estimated" // from a sample, or without records that do not tell
	Unknown   Basis = "unknown"   // this kind of store cannot know it
)

// Lifetimes counts records by the time until they expire.
type Lifetimes struct {
	Hour  int // under one hour
	Day   int // under one day
	Three int // under three days
	More  int
}

// A Day is a day in UTC and the records created on it.
type Day struct {
	Date     time.Time // its midnight
	Sessions int
}

// LastDays are the thirty days up to now, today the last, with no sessions yet.
func LastDays(now time.Time) []Day {
	today := now.UTC().Truncate(24 * time.Hour)
	days := make([]Day, 30)
	for i := range days {
		days[i].Date = today.AddDate(0, 0, i-len(days)+1)
	}
	return days
}

// Reporter is the ability to say how the store works: for operators, beside
// Pinger. It is quick, and asks no server for more than a few rows.
type Reporter interface {
	// Report says so. Beside an error stands what was known without the server
	// that did not answer.
	Report(ctx context.Context) (Report, error)
}

// A Report is what a store tells of its own work. Parts it does not have are nil.
type Report struct {
	Cleanup   *Cleanup // the last cleanup by any node
	Pool      *Pool    // connections of this process to the authority
	Copies    *Copies  // the copies that this process keeps
	Prevented int64    // how often someone tried to bring a session back after its end, in about a day
}

// A Cleanup is one run of Prune.
type Cleanup struct {
	Started  time.Time
	Finished time.Time // zero: it is under way, or its node died
	Removed  int64
}

// A Pool is how a pool of connections stands.
type Pool struct {
	InUse, Idle int
	Max         int   // 0: not known
	Waited      int64 // how often someone had to wait for one, since the start
}

// Copies is how copies in front of an authority stand.
type Copies struct {
	PollAge time.Duration // since the authority last said what changed; negative: never yet
	Down    bool          // their server is left alone for a moment
}
