package tests_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/echosession/session"
	"github.com/echosession/session/admin"
	"github.com/echosession/session/store"
)

var errAway = fmt.Errorf("%w: dial db.internal:5432", store.ErrUnavailable)

type stats struct {
	Total, Active, Expired, LoggedIn, ActiveUsers *int
	Bytes, IndexBytes, OldestSeconds              *int64
	ExpiresIn                                     *struct{ UnderHour, UnderDay, UnderThreeDays, More int }
	CreatedPerDay                                 []struct {
		Date     string
		Sessions int
	}
	Basis map[string]string
}

func TestFiguresAreTheStores(t *testing.T) {
	st := newMemory()
	r := newRig(t, st)
	r.login("ann", "")
	r.login("ann", "")
	r.login("bob", "")
	must(t, st.Create(t.Context(), &store.Record{ID: "guest", Data: []byte(`{}`), Idle: time.Hour}))
	must(t, st.Create(t.Context(), &store.Record{ID: "short", Data: []byte(`{}`), Idle: time.Nanosecond}))
	want, err := st.Stats(t.Context())
	must(t, err)
	got := read[stats](t, r.get("session-stats"))
	if *got.Active != want.Active || *got.Expired != want.Expired || *got.Total != want.Active+want.Expired || *got.LoggedIn != want.LoggedIn || *got.ActiveUsers != want.Users || *got.Bytes != want.Bytes {
		t.Errorf("the store has %+v; the admin answers %s", want, r.get("session-stats").Body)
	}
	if want.Active != 4 || want.Expired != 1 || want.Users != 2 {
		t.Errorf("the store has %+v", want)
	}
}

// TestFiguresSayWhatTheyRestOn: what is not known is null, and not 0.
func TestFiguresSayWhatTheyRestOn(t *testing.T) {
	date := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	r := newRig(t, told{Store: newMemory(), stats: store.Stats{
		Active: 7, Expired: 3, LoggedIn: 5, Users: 2, Bytes: 900, Indexes: 100, OldestAge: time.Hour,
		Left: store.Lifetimes{Hour: 1, Day: 2, Three: 3, More: 1}, Created: []store.Day{{Date: date, Sessions: 4}},
		Basis: map[string]store.Basis{"Active": store.Estimated, "Users": store.Estimated},
	}})
	got := read[stats](t, r.get("session-stats"))
	text, _ := json.Marshal(got)
	const want = `{"Total":10,"Active":7,"Expired":3,"LoggedIn":5,"ActiveUsers":2,"Bytes":900,"IndexBytes":100,"OldestSeconds":3600,` +
		`"ExpiresIn":{"UnderHour":1,"UnderDay":2,"UnderThreeDays":3,"More":1},"CreatedPerDay":[{"Date":"2026-03-01","Sessions":4}],` +
		`"Basis":{"active":"estimated","activeUsers":"estimated","total":"estimated"}}`
	if string(text) != want {
		t.Errorf("it is %s\nnot %s", text, want)
	}
	unknown := map[string]store.Basis{}
	for _, field := range []string{"Expired", "LoggedIn", "Users", "Left", "Created", "Bytes", "Indexes", "OldestAge"} {
		unknown[field] = store.Unknown
	}
	r = newRig(t, told{Store: newMemory(), stats: store.Stats{Active: 7, Basis: unknown}})
	got = read[stats](t, r.get("session-stats"))
	if *got.Total != 7 || got.Basis["total"] != "estimated" || got.Expired != nil || got.LoggedIn != nil || got.ActiveUsers != nil || got.ExpiresIn != nil || got.CreatedPerDay != nil || got.Bytes != nil || got.IndexBytes != nil || got.OldestSeconds != nil {
		t.Errorf("it is %s", r.get("session-stats").Body)
	}
	unknown["Active"] = store.Unknown
	r = newRig(t, told{Store: newMemory(), stats: store.Stats{Basis: unknown}})
	if got = read[stats](t, r.get("session-stats")); got.Total != nil || got.Active != nil || got.Basis["total"] != "unknown" {
		t.Errorf("it is %s", r.get("session-stats").Body)
	}
}

func TestWhatTheStoreCannotDo(t *testing.T) {
	can := newRig(t, bare{newMemory()})
	cannot := newRig(t, away{newMemory()})
	for path, says := range map[string]string{
		"session-stats":     "this store cannot count sessions",
		"sessions?user=ann": "this store cannot find sessions by their user or handle",
		"sessions/revoke":   "this store cannot find sessions by their user or handle",
		"session-cleanup":   "this store cannot be cleaned up: it forgets expired sessions by itself",
	} {
		send := func(r *rig) (code int, body, wait string) {
			w := r.get(path)
			if resources[path] == "POST" {
				w = r.post(path, `{"user":"ann","reason":"x"}`)
			}
			return w.Code, w.Body.String(), w.Header().Get("Retry-After")
		}
		if code, body, _ := send(can); code != 501 || !strings.Contains(body, says) {
			t.Errorf("%s, unsupported: %d %s", path, code, body)
		}
		code, body, wait := send(cannot)
		if code != 503 || wait == "" || strings.Contains(body, "db.internal") || !strings.Contains(body, "unavailable") {
			t.Errorf("%s, away: %d %s %s", path, code, body, wait)
		}
		if known := !strings.Contains(body, "whether it was done is not known"); known == (resources[path] == "POST") {
			t.Errorf("%s, away, says %s", path, body)
		}
	}
	if !strings.Contains(cannot.log.String(), "outcome=unknown") {
		t.Errorf("a revocation of unknown outcome is not in the log: %s", cannot.log)
	}
	if log := can.log.String(); !strings.Contains(log, "outcome=unsupported") || strings.Contains(log, "outcome=unknown") {
		t.Errorf("the log: %s", log)
	}
	is(t, "health, unsupported", can.get("session-health"), 200, strings.TrimSpace(can.get("session-health").Body.String()))
	if h := read[health](t, cannot.get("session-health")); h.Status != "unavailable" {
		t.Errorf("health, away: %+v", h)
	}
}

type health struct {
	Status      string
	Backends    map[string]string
	Copies      *struct{ Breaker string }
	LastCleanup *struct{ Removed int64 }
	Process     struct {
		CopyReads *struct {
			Served, Missed, Refused, Fallback int64
			HitRate                           float64
		}
		Cleanups []struct{ Removed int }
		Events   map[string]int64
	}
}

func TestHealth(t *testing.T) {
	at := time.Date(2026, 3, 1, 3, 0, 0, 0, time.UTC)
	st := told{Store: newMemory(), report: store.Report{
		Cleanup: &store.Cleanup{Started: at, Finished: at.Add(time.Second), Removed: 12},
		Pool:    &store.Pool{InUse: 1, Idle: 2, Max: 3, Waited: 4},
		Copies:  &store.Copies{PollAge: 250 * time.Millisecond, Down: true}, Prevented: 5,
	}}
	counts := &admin.Counts{}
	r := newRig(t, st, func(o *admin.Options) {
		o.Counts = counts
		o.Health = func(context.Context) admin.Health {
			return admin.Health{Status: "degraded", Servers: map[string]error{"postgres": nil, "redis": errors.New("dial cache.internal")}}
		}
	})
	for kind, n := range map[session.Kind]int{session.CopyServed: 6, session.CopyMissed: 2, session.CopyRefused: 1, session.CopyFallback: 1} {
		for range n {
			counts.Event(t.Context(), session.Event{Kind: kind})
		}
	}
	counts.Event(t.Context(), session.Event{Kind: session.Pruned, Count: 9})
	body := r.get("session-health").Body.String()
	for _, part := range []string{
		`"status":"degraded","backends":{"postgres":"ok","redis":"unavailable"},"copies":{"pollAgeSeconds":0.25,"breaker":"open"}`,
		`"lastCleanup":{"started":"2026-03-01T03:00:00Z","finished":"2026-03-01T03:00:01Z","removed":12},"pool":{"inUse":1,"idle":2,"max":3,"waited":4},"resurrectionsPrevented":5`,
		`"copyReads":{"served":6,"missed":2,"refused":1,"fallback":1,"hitRate":0.6}`,
		`"removed":9`,
	} {
		if !strings.Contains(body, part) {
			t.Errorf("it does not hold %s\n%s", part, body)
		}
	}
	if strings.Contains(body, "cache.internal") || !strings.Contains(r.log.String(), "cache.internal") {
		t.Error("why a server does not answer is for the log, and for it alone")
	}
	for range 100 {
		counts.Event(t.Context(), session.Event{Kind: session.PruneFailed})
	}
	if h := read[health](t, r.get("session-health")); len(h.Process.Cleanups) != 48 || h.Process.Events["prune_failed"] != 100 {
		t.Errorf("%d runs are kept", len(h.Process.Cleanups))
	}
}
