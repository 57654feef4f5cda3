package redisstore

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/echosession/session/store"
)

// TierOptions say how old a copy may be and what Redis may cost. The zero value
// is usable.
type TierOptions struct {
	// Prefix begins the keys of copies. Default "echosession:copy:". It must not
	// begin with "sess:", which Express scans, and has no braces: copies are to be
	// spread over a Cluster.
	Prefix string
	// Freshness is how old may be what a copy shows: a session that ended is
	// refused by every node within it, whatever Redis does. Each node asks the
	// primary what changed about as often, while requests flow. Default 1 s; 50 ms
	// to 10 s.
	Freshness time.Duration
	// Lease is how long a copy may be served before the primary is read again. A
	// node remembers for as long what changed. Default 1 min; 10 s to 5 min.
	Lease time.Duration
	// Timeout bounds each call of Redis, whatever the client's settings are.
	// Default 50 ms; 1 ms to 10 s. After a few calls in a row that fail, Redis is
	// left alone for a second.
	Timeout time.Duration
	// Reads is how many reads of the primary a node has under way at most, so that
	// a Redis that is down does not take every connection of its pool. Default 16.
	Reads int
	// Logger is told when Redis is lost and when it is back, and the like: one line
	// for each change. Default slog.Default().
	Logger *slog.Logger
}

const (
	maxLease = 5 * time.Minute
	// maxMarks is how many changes a node remembers before it trusts no copy from
	// before: some tens of megabytes.
	maxMarks = 200_000
	// margin is added wherever a moment of one clock is compared to one that was
	// carried forward.
	margin = 5 * time.Second
)

func (o *TierOptions) complete() error {
	if o.Prefix == "" {
		o.Prefix = "echosession:copy:"
	}
	if o.Freshness == 0 {
		o.Freshness = time.Second
	}
	if o.Lease == 0 {
		o.Lease = time.Minute
	}
	if o.Timeout == 0 {
		o.Timeout = 50 * time.Millisecond
	}
	if o.Reads == 0 {
		o.Reads = 16
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	var problems []error
	between := func(field string, d, least, most time.Duration) {
		if d < least || d > most {
			problems = append(problems, fmt.Errorf("redisstore: TierOptions.%s is %s; use %s to %s", field, d, least, most))
		}
	}
	between("Freshness", o.Freshness, 50*time.Millisecond, 10*time.Second)
	between("Lease", o.Lease, 10*time.Second, maxLease)
	between("Timeout", o.Timeout, time.Millisecond, 10*time.Second)
	if strings.HasPrefix(o.Prefix, "sess:") || strings.ContainsAny(o.Prefix, "{}") || len(o.Prefix) > 256 {
		problems = append(problems, fmt.Errorf(`redisstore: TierOptions.Prefix is %.40q; use at most 256 bytes without braces that do not begin with "sess:"`, o.Prefix))
	}
	if o.Reads < 1 {
		problems = append(problems, fmt.Errorf("redisstore: TierOptions.Reads is %d; use 1 or more, or 0 for the default of 16", o.Reads))
	}
	return errors.Join(problems...)
}

// A primary is what a tier needs of the store it stands before: the store and its
// abilities, wherever they were found.
type primary struct {
	store.Store
	store.Feed
	store.UserIndex
	store.Pruner
	store.Stater
	store.Pinger
	store.Reporter // nil where it has none
}

// assemble finds the abilities of a store, or says which ones it lacks.
func assemble(s store.Store) (*primary, error) {
	a := &primary{Store: s}
	var errs [5]error
	a.Feed, errs[0] = store.As[store.Feed](s)
	a.UserIndex, errs[1] = store.As[store.UserIndex](s)
	a.Pruner, errs[2] = store.As[store.Pruner](s)
	a.Stater, errs[3] = store.As[store.Stater](s)
	a.Pinger, errs[4] = store.As[store.Pinger](s)
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("redisstore: the primary cannot feed a tier; use pgstore: %w", err)
	}
	a.Reporter, _ = store.As[store.Reporter](s)
	return a, nil
}
