package telemetry

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// The attributes. Each has a few values, all written in this package.
const (
	keyStore     = attribute.Key("echosession.store")     // the name that Store was given
	keyOperation = attribute.Key("echosession.operation") // of the store
	keyOutcome   = attribute.Key("echosession.outcome")
	keyKind      = attribute.Key("echosession.kind") // of an event
	keyReason    = attribute.Key("echosession.reason")
	keyResult    = attribute.Key("echosession.result") // of a look for a copy: hit, miss, refused
	keyState     = attribute.Key("echosession.state")
	keyPart      = attribute.Key("echosession.part")
	keyFigure    = attribute.Key("echosession.figure") // of a sample: stats, report
)

// instruments are what is counted as it happens. What is asked for at a scrape
// stands in sample.go and copies.go.
type instruments struct {
	operation metric.Float64Histogram
	document  metric.Int64Histogram

	events, failures, merged, revoked metric.Int64Counter

	reads, fallbacks, notStored, invalidated, changes metric.Int64Counter
	poll                                              metric.Float64Histogram

	removed metric.Int64Counter
	cleanup metric.Float64Histogram

	unsampled metric.Int64Counter
}

func newInstruments(m metric.Meter) (*instruments, error) {
	var errs []error
	counter := func(name, unit, text string) metric.Int64Counter {
		c, err := m.Int64Counter(name, metric.WithUnit(unit), metric.WithDescription(text))
		errs = append(errs, err)
		return c
	}
	seconds := func(name, text string, bounds ...float64) metric.Float64Histogram {
		h, err := m.Float64Histogram(name, metric.WithUnit("s"), metric.WithDescription(text), metric.WithExplicitBucketBoundaries(bounds...))
		errs = append(errs, err)
		return h
	}
	i := &instruments{
		operation: seconds("echosession.store.operation.duration", "Calls of the session store, by what came of them",
			.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5),

		events:   counter("echosession.events", "{event}", "What happened to sessions"),
		failures: counter("echosession.commit.failures", "{failure}", "Changes that were not stored; the client got an error"),
		merged:   counter("echosession.conflicts.merged", "{conflict}", "Saves that met another request's and were merged with it"),
		revoked:  counter("echosession.sessions.revoked", "{session}", "Sessions ended by someone else than their own request"),

		reads:       counter("echosession.tier.reads", "{read}", "Looks for a copy, by what was found"),
		fallbacks:   counter("echosession.tier.fallbacks", "{fallback}", "Reads for which copies could not be asked"),
		notStored:   counter("echosession.tier.not_stored", "{copy}", "Copies that were not stored"),
		invalidated: counter("echosession.tier.invalidations", "{invalidation}", "Polls after which no older copy is believed"),
		changes:     counter("echosession.tier.poll.changes", "{change}", "Changes that polls of the authority told of"),
		poll: seconds("echosession.tier.poll.duration", "Polls of the authority for what changed",
			.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5),

		removed: counter("echosession.cleanup.rows", "{session}", "Expired sessions that were removed"),
		cleanup: seconds("echosession.cleanup.duration", "Runs of the cleanup by this process", .01, .05, .1, .5, 1, 5, 15, 60, 300),

		unsampled: counter("echosession.sample.failures", "{failure}", "Questions for a gauge that the store did not answer"),
	}
	var err error
	i.document, err = m.Int64Histogram("echosession.document.size", metric.WithUnit("By"), metric.WithDescription("Session documents as they were stored"),
		metric.WithExplicitBucketBoundaries(128, 256, 512, 1<<10, 2<<10, 4<<10, 16<<10, 64<<10, 256<<10, 1<<20, 4<<20, 16<<20))
	return i, errors.Join(append(errs, err)...)
}

// begin has counters exist with zero, so that the first increase is seen as one:
// a rate over a series that was not there before is none.
func (i *instruments) begin() {
	ctx := context.Background() // nothing is waited for
	for _, with := range lifecycle {
		i.events.Add(ctx, 0, with)
	}
	for _, with := range commitReasons {
		i.failures.Add(ctx, 0, with)
	}
	i.merged.Add(ctx, 0)
	i.revoked.Add(ctx, 0)
	i.removed.Add(ctx, 0)
}

// beginTier is begin for a store of copies.
func (i *instruments) beginTier() {
	ctx := context.Background()
	for _, with := range copyResults {
		i.reads.Add(ctx, 0, with)
	}
	for _, with := range fallbackReasons {
		i.fallbacks.Add(ctx, 0, with)
	}
	for _, with := range notStoredReasons {
		i.notStored.Add(ctx, 0, with)
	}
	for _, with := range pollReasons {
		i.invalidated.Add(ctx, 0, with)
	}
	i.changes.Add(ctx, 0)
}
