package telemetry

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/echosession/session"
)

// A choice is one value of an attribute, or two of two, ready to be recorded. The
// tables below are all there are: what a store of someone else's may tell beside
// them counts as "other", so that no series is made by what comes in.
type choice struct{ first, second string }

const other = "other"

func table(first, second attribute.Key, choices ...choice) map[choice]metric.MeasurementOption {
	all := map[choice]metric.MeasurementOption{}
	for _, c := range choices {
		attrs := []attribute.KeyValue{first.String(c.first)}
		if c.second != "" {
			attrs = append(attrs, second.String(c.second))
		}
		all[c] = metric.WithAttributeSet(attribute.NewSet(attrs...))
	}
	return all
}

func reasons(all ...string) map[choice]metric.MeasurementOption {
	choices := []choice{{other, ""}}
	for _, reason := range all {
		choices = append(choices, choice{reason, ""})
	}
	return table(keyReason, "", choices...)
}

// of finds a choice, and "other" for one that is not there.
func of(all map[choice]metric.MeasurementOption, first, second string) metric.MeasurementOption {
	for _, c := range []choice{{first, second}, {first, other}} {
		if with, ok := all[c]; ok {
			return with
		}
	}
	return all[choice{other, ""}]
}

var (
	lifecycle = table(keyKind, keyReason,
		choice{string(session.Created), ""}, choice{string(session.LoggedIn), ""}, choice{string(session.Rotated), ""},
		choice{string(session.Committed), ""}, choice{string(session.LoggedOut), ""}, choice{string(session.Revoked), ""},
		choice{string(session.Expired), ""},
		choice{string(session.Refused), string(session.BadSignature)}, choice{string(session.Refused), string(session.TwoCookies)},
		choice{string(session.Refused), string(session.UnknownID)}, choice{string(session.Refused), string(session.UsedAfterEnd)},
		choice{string(session.Refused), string(session.UsedAfterRequest)}, choice{string(session.Refused), other},
		choice{string(session.Touched), ""}, choice{string(session.TouchSkipped), ""}, choice{string(session.TouchFailed), ""},
		choice{string(session.Merged), ""}, choice{string(session.LoadFailed), ""},
		choice{string(session.CommitFailed), string(session.Unavailable)}, choice{string(session.CommitFailed), string(session.EndedMeantime)},
		choice{string(session.CommitFailed), string(session.Invalid)}, choice{string(session.CommitFailed), other},
		choice{string(session.LateChange), ""}, choice{string(session.Pruned), ""}, choice{string(session.PruneFailed), ""},
		choice{string(session.CopiesDown), ""}, choice{string(session.CopiesUp), ""},
		choice{other, ""},
	)
	commitReasons = reasons(string(session.Unavailable), string(session.EndedMeantime), string(session.Invalid))

	// Of a store that keeps copies; see store/notice.go.
	copyResults = table(keyResult, keyReason,
		choice{"hit", ""},
		choice{"miss", "absent"}, choice{"miss", "unreadable"}, choice{"miss", other},
		choice{"refused", "ended"}, choice{"refused", "version"}, choice{"refused", "floor"}, choice{"refused", "lease"},
		choice{"refused", "expired"}, choice{"refused", "unsure"}, choice{"refused", other},
		choice{other, ""},
	)
	fallbackReasons  = reasons("redis", "left_alone", "poll")
	notStoredReasons = reasons("redis", "left_alone", "newer")
	pollReasons      = reasons("first", "identity", "gap", "clock", "pause")

	ok     = metric.WithAttributeSet(attribute.NewSet(keyOutcome.String(outcomeOK)))
	failed = metric.WithAttributeSet(attribute.NewSet(keyOutcome.String(outcomeFailed)))
)

// event is the hook.
func (t *T) event(ctx context.Context, e session.Event) {
	i, reason, n := t.i, string(e.Reason), int64(e.Count)
	outcome := ok
	if e.Err != nil {
		outcome = failed
	}
	switch e.Kind {
	case session.CopyServed:
		i.reads.Add(ctx, 1, of(copyResults, "hit", ""))
		return
	case session.CopyMissed:
		i.reads.Add(ctx, 1, of(copyResults, "miss", reason))
		return
	case session.CopyRefused:
		i.reads.Add(ctx, 1, of(copyResults, "refused", reason))
		return
	case session.CopyFallback:
		i.fallbacks.Add(ctx, 1, of(fallbackReasons, reason, ""))
		return
	case session.CopyNotStored:
		i.notStored.Add(ctx, 1, of(notStoredReasons, reason, ""))
		return
	case session.Polled:
		i.poll.Record(ctx, e.Took.Seconds(), outcome)
		i.changes.Add(ctx, n)
		if e.Err == nil {
			t.copies.polled()
		}
		if reason != "" {
			i.invalidated.Add(ctx, 1, of(pollReasons, reason, ""))
		}
		return
	case session.CopiesDown, session.CopiesUp:
		t.copies.down.Store(e.Kind == session.CopiesDown)
	case session.CommitFailed:
		i.failures.Add(ctx, 1, of(commitReasons, reason, ""))
	case session.Merged:
		i.merged.Add(ctx, n)
	case session.Revoked:
		i.revoked.Add(ctx, n)
	case session.Pruned, session.PruneFailed:
		i.removed.Add(ctx, n)
		i.cleanup.Record(ctx, e.Took.Seconds(), outcome)
	}
	i.events.Add(ctx, 1, of(lifecycle, string(e.Kind), reason))
}
