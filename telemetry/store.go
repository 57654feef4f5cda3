package telemetry

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/echosession/session/store"
)

// Store measures each call of a store, and makes a span of it: a child of the
// request's, and the parent of the database's own where the driver traces. The
// name says which store it is, where there are several: one of yours, such as
// "postgres", for it becomes an attribute. It must not be nil; a tier may be
// decorated, its primary, or both.
//
// The returned store keeps nothing and unwraps, so that every ability of st is
// found as before. It measures those that a request waits for, and Prune.
func (t *T) Store(st store.Store, name string) store.Store {
	if _, err := store.As[store.Noticer](st); err == nil {
		t.i.beginTier()
	}
	o := &observed{t: t, inner: st, name: name, with: map[called][]metric.RecordOption{}}
	for _, operation := range operations {
		for _, outcome := range outcomeNames() {
			o.with[called{operation, outcome}] = []metric.RecordOption{metric.WithAttributeSet(attribute.NewSet(
				keyStore.String(name), keyOperation.String(operation[len(prefix):]), keyOutcome.String(outcome)))}
		}
	}
	o.size = metric.WithAttributeSet(attribute.NewSet(keyStore.String(name)))
	o.authority, _ = store.As[store.Authority](st)
	index, noIndex := store.As[store.UserIndex](st)
	pruner, noPruner := store.As[store.Pruner](st)
	switch { // it must not claim an ability that st lacks
	case noIndex == nil && noPruner == nil:
		return struct {
			*observed
			users
			cleaner
		}{o, users{o, index}, cleaner{o, pruner}}
	case noIndex == nil:
		return struct {
			*observed
			users
		}{o, users{o, index}}
	case noPruner == nil:
		return struct {
			*observed
			cleaner
		}{o, cleaner{o, pruner}}
	}
	return o
}

// inside is how spans begin: the database's own is the client's.
var inside = []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindInternal)}

// The operations of a store, by the names of their spans.
const (
	prefix = "echosession."

	load      = prefix + "load"
	loadFresh = prefix + "load_fresh"
	create    = prefix + "create"
	save      = prefix + "save"
	touch     = prefix + "touch"
	rotate    = prefix + "rotate"
	remove    = prefix + "delete"
	sessions  = prefix + "sessions"
	revoke    = prefix + "revoke"
	prune     = prefix + "prune"
)

var operations = []string{load, loadFresh, create, save, touch, rotate, remove, sessions, revoke, prune}

type called struct{ operation, outcome string }

// observed is a store whose calls are measured.
type observed struct {
	t         *T
	inner     store.Store
	authority store.Authority // nil: it always reads the original
	name      string
	with      map[called][]metric.RecordOption // read only
	size      metric.MeasurementOption
}

// Unwrap is part of [store.Unwrapper].
func (o *observed) Unwrap() store.Store { return o.inner }

// A call is one that is under way.
type call struct {
	operation string
	began     time.Time
	span      trace.Span
}

func (o *observed) begin(ctx context.Context, operation string) (context.Context, call) {
	ctx, span := o.t.tracer.Start(ctx, operation, inside...)
	return ctx, call{operation, time.Now(), span}
}

// end records what came of a call. An answer, such as "not found", is no error of
// the span's: the store did its work. Errors of stores hold no id and no data.
func (o *observed) end(ctx context.Context, c call, err error) {
	outcome, answer := outcomeOf(err)
	o.t.i.operation.Record(ctx, time.Since(c.began).Seconds(), o.with[called{c.operation, outcome}]...)
	if c.span.IsRecording() {
		c.span.SetAttributes(keyStore.String(o.name), keyOperation.String(c.operation[len(prefix):]), keyOutcome.String(outcome))
		if !answer {
			c.span.RecordError(err)
			c.span.SetStatus(codes.Error, outcome)
		}
	}
	c.span.End()
}

// stored is end for a call that stores a document.
func (o *observed) stored(ctx context.Context, c call, r *store.Record, err error) {
	if err == nil {
		o.t.i.document.Record(ctx, int64(len(r.Data)), o.size)
	}
	o.end(ctx, c, err)
}

// Load is part of [store.Store].
func (o *observed) Load(ctx context.Context, id string) (*store.Record, error) {
	ctx, c := o.begin(ctx, load)
	r, err := o.inner.Load(ctx, id)
	o.end(ctx, c, err)
	return r, err
}

// LoadFresh is part of [store.Authority].
func (o *observed) LoadFresh(ctx context.Context, id string) (*store.Record, error) {
	read := o.inner.Load
	if o.authority != nil {
		read = o.authority.LoadFresh
	}
	ctx, c := o.begin(ctx, loadFresh)
	r, err := read(ctx, id)
	o.end(ctx, c, err)
	return r, err
}

// Create is part of [store.Store].
func (o *observed) Create(ctx context.Context, r *store.Record) error {
	ctx, c := o.begin(ctx, create)
	err := o.inner.Create(ctx, r)
	o.stored(ctx, c, r, err)
	return err
}

// Save is part of [store.Store].
func (o *observed) Save(ctx context.Context, r *store.Record) error {
	ctx, c := o.begin(ctx, save)
	err := o.inner.Save(ctx, r)
	o.stored(ctx, c, r, err)
	return err
}

// Touch is part of [store.Store].
func (o *observed) Touch(ctx context.Context, r *store.Record) error {
	ctx, c := o.begin(ctx, touch)
	err := o.inner.Touch(ctx, r)
	o.end(ctx, c, err)
	return err
}

// Rotate is part of [store.Store].
func (o *observed) Rotate(ctx context.Context, oldID string, r *store.Record) error {
	ctx, c := o.begin(ctx, rotate)
	err := o.inner.Rotate(ctx, oldID, r)
	o.stored(ctx, c, r, err)
	return err
}

// Delete is part of [store.Store].
func (o *observed) Delete(ctx context.Context, r *store.Record) error {
	ctx, c := o.begin(ctx, remove)
	err := o.inner.Delete(ctx, r)
	o.end(ctx, c, err)
	return err
}
