package tests_test

import (
	"context"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/echosession/session"
	"github.com/echosession/session/telemetry"
)

var errGone = errors.New("gone")

// What each event counts as.
var counted = []struct {
	event session.Event
	want  []string
}{
	{session.Event{Kind: session.Created}, []string{"echosession.events created 1"}},
	{session.Event{Kind: session.LoggedIn}, []string{"echosession.events logged_in 1"}},
	{session.Event{Kind: session.Rotated}, []string{"echosession.events rotated 1"}},
	{session.Event{Kind: session.Committed, Took: time.Second}, []string{"echosession.events committed 1"}},
	{session.Event{Kind: session.LoggedOut}, []string{"echosession.events logged_out 1"}},
	{session.Event{Kind: session.Revoked, Count: 3}, []string{"echosession.events revoked 1", "echosession.sessions.revoked 3"}},
	{session.Event{Kind: session.Expired}, []string{"echosession.events expired 1"}},
	{session.Event{Kind: session.Refused, Reason: session.BadSignature}, []string{"echosession.events refused bad_signature 1"}},
	{session.Event{Kind: session.Refused, Reason: session.TwoCookies}, []string{"echosession.events refused two_cookies 1"}},
	{session.Event{Kind: session.Refused, Reason: session.UnknownID}, []string{"echosession.events refused unknown_id 1"}},
	{session.Event{Kind: session.Refused, Reason: session.UsedAfterEnd}, []string{"echosession.events refused used_after_end 1"}},
	{session.Event{Kind: session.Refused, Reason: session.UsedAfterRequest}, []string{"echosession.events refused used_after_request 1"}},
	{session.Event{Kind: session.Touched}, []string{"echosession.events touched 1"}},
	{session.Event{Kind: session.TouchSkipped}, []string{"echosession.events touch_skipped 1"}},
	{session.Event{Kind: session.TouchFailed, Err: errGone}, []string{"echosession.events touch_failed 1"}},
	{session.Event{Kind: session.Merged, Count: 2}, []string{"echosession.conflicts.merged 2", "echosession.events merged 1"}},
	{session.Event{Kind: session.LoadFailed, Err: errGone}, []string{"echosession.events load_failed 1"}},
	{session.Event{Kind: session.CommitFailed, Reason: session.Unavailable, Err: errGone}, []string{"echosession.commit.failures unavailable 1", "echosession.events commit_failed unavailable 1"}},
	{session.Event{Kind: session.CommitFailed, Reason: session.EndedMeantime, Err: errGone}, []string{"echosession.commit.failures ended 1", "echosession.events commit_failed ended 1"}},
	{session.Event{Kind: session.CommitFailed, Reason: session.Invalid, Err: errGone}, []string{"echosession.commit.failures invalid 1", "echosession.events commit_failed invalid 1"}},
	{session.Event{Kind: session.LateChange, Err: errGone}, []string{"echosession.events late_change 1"}},
	{session.Event{Kind: session.Pruned, Count: 7, Took: time.Second}, []string{"echosession.cleanup.duration ok 1", "echosession.cleanup.rows 7", "echosession.events pruned 1"}},
	{session.Event{Kind: session.PruneFailed, Count: 5, Err: errGone}, []string{"echosession.cleanup.duration error 1", "echosession.cleanup.rows 5", "echosession.events prune_failed 1"}},

	{session.Event{Kind: session.CopyServed}, []string{"echosession.tier.reads hit 1"}},
	{session.Event{Kind: session.CopyMissed, Reason: "absent"}, []string{"echosession.tier.reads absent miss 1"}},
	{session.Event{Kind: session.CopyRefused, Reason: "ended"}, []string{"echosession.tier.reads ended refused 1"}},
	{session.Event{Kind: session.CopyFallback, Reason: "redis", Err: errGone}, []string{"echosession.tier.fallbacks redis 1"}},
	{session.Event{Kind: session.CopyNotStored, Reason: "newer"}, []string{"echosession.tier.not_stored newer 1"}},
	{session.Event{Kind: session.Polled, Count: 4}, []string{"echosession.tier.poll.changes 4", "echosession.tier.poll.duration ok 1"}},
	{session.Event{Kind: session.Polled, Reason: "gap"}, []string{"echosession.tier.invalidations gap 1", "echosession.tier.poll.duration ok 1"}},
	{session.Event{Kind: session.Polled, Err: errGone}, []string{"echosession.tier.poll.duration error 1"}},
	{session.Event{Kind: session.CopiesDown, Err: errGone}, []string{"echosession.events copies_down 1"}},
	{session.Event{Kind: session.CopiesUp}, []string{"echosession.events copies_up 1"}},
}

func TestEventsAreCounted(t *testing.T) {
	t.Parallel()
	for _, c := range counted {
		tel, m := measured(t, telemetry.Options{})
		before := m.collect(t)
		c.event.Handle, c.event.User = "a handle", "a user"
		tel.Hook().Event(t.Context(), c.event)
		after := m.collect(t)
		delete(after, "echosession.tier.poll.age")
		if got := changed(before, after); !slices.Equal(got, c.want) {
			t.Errorf("%s %s counts as %q, not %q", c.event.Kind, c.event.Reason, got, c.want)
		}
	}
}

// TestNoEventIsForgotten: the tables of this package name every kind there is.
func TestNoEventIsForgotten(t *testing.T) {
	t.Parallel()
	known := map[session.Kind]bool{}
	for _, c := range counted {
		known[c.event.Kind] = true
	}
	for _, kind := range kinds(t) {
		if !known[kind] {
			t.Errorf("%s is not counted by any test", kind)
		}
	}
}

// kinds are those that event.go has, by its source.
func kinds(t *testing.T) (all []session.Kind) {
	t.Helper()
	for _, name := range []string{"../../../event.go", "../../../store/notice.go"} {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		must(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 {
				return true
			}
			typ, _ := spec.Type.(*ast.Ident)
			literal, ok := spec.Values[0].(*ast.BasicLit)
			if ok && (typ == nil || typ.Name == "Kind") {
				text, err := strconv.Unquote(literal.Value)
				must(t, err)
				all = append(all, session.Kind(text))
			}
			return true
		})
	}
	if len(all) < 25 {
		t.Fatalf("only %d kinds are found: %s", len(all), all)
	}
	return all
}

// TestSeriesAreBounded: what a store of someone else's tells makes no series.
func TestSeriesAreBounded(t *testing.T) {
	t.Parallel()
	tel, m := measured(t, telemetry.Options{})
	all := append(kinds(t), "made_up")
	tell := func(reason session.Reason) int {
		for _, kind := range all {
			tel.Hook().Event(t.Context(), session.Event{Kind: kind, Reason: reason})
		}
		return len(m.collect(t))
	}
	before := tell("made up")
	for n := range 1000 {
		tel.Hook().Event(t.Context(), session.Event{Kind: session.Kind("kind " + strconv.Itoa(n))})
		for _, kind := range all {
			tel.Hook().Event(t.Context(), session.Event{Kind: kind, Reason: session.Reason("reason " + strconv.Itoa(n))})
		}
	}
	if after := tell("another"); after != before || before > 100 {
		t.Errorf("%d series have become %d", before, after)
	}
	if got := m.collect(t)["echosession.events other"]; got < 1000 {
		t.Errorf("%v events are \"other\"", got)
	}
}

// TestCopiesStand: the poll's age and the breaker are told once there has been a
// poll, and not before.
func TestCopiesStand(t *testing.T) {
	t.Parallel()
	tel, m := measured(t, telemetry.Options{})
	tell := func(kind session.Kind, err error) map[string]float64 {
		tel.Hook().Event(t.Context(), session.Event{Kind: kind, Err: err})
		return m.collect(t)
	}
	if _, ok := tell(session.Polled, errGone)["echosession.tier.poll.age"]; ok {
		t.Error("a poll that failed has an age")
	}
	first := tell(session.Polled, nil)
	if age, ok := first["echosession.tier.poll.age"]; !ok || age < 0 {
		t.Error("after a poll:", first)
	}
	if got := tell(session.CopiesDown, errGone)["echosession.tier.down"]; got != 1 {
		t.Error("down:", got)
	}
	if got := tell(session.CopiesUp, nil)["echosession.tier.down"]; got != 0 {
		t.Error("up:", got)
	}
	before := m.collect(t)["echosession.tier.poll.age"]
	if after := tell(session.Polled, errGone)["echosession.tier.poll.age"]; after <= before {
		t.Error("a poll that failed makes the age smaller:", before, after)
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	if _, err := telemetry.New(telemetry.Options{}); err != nil {
		t.Error("the zero value:", err)
	}
	for _, o := range []telemetry.Options{
		{SampleEvery: time.Millisecond}, {SampleEvery: -1}, {SampleTimeout: -1}, {SampleTimeout: time.Hour},
	} {
		if _, err := telemetry.New(o); err == nil {
			t.Errorf("%+v is taken", o)
		}
	}
}

// TestHooks: all are told, in their order, also after one that panics.
func TestHooks(t *testing.T) {
	t.Parallel()
	var told string
	name := func(name string) session.Hook {
		return session.HookFunc(func(context.Context, session.Event) { told += name })
	}
	panics := session.HookFunc(func(context.Context, session.Event) { panic("a hook") })
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic is not passed on, and so not logged")
			}
		}()
		session.Hooks(nil, name("a"), panics, name("b"), nil, name("c")).Event(t.Context(), session.Event{})
	}()
	if told != "abc" {
		t.Errorf("told %q", told)
	}
	session.Hooks(nil, nil).Event(t.Context(), session.Event{}) // none at all
}
