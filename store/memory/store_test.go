package memstore_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/echosession/session/store"
	memstore "github.com/echosession/session/store/memory"
	"github.com/echosession/session/store/storetest"
)

// The contract comes first; the other tests are about what is memstore's own.
func TestContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store { return newStore(t, memstore.Options{}) })
}

func TestZeroAndNegativeOptionsAreDefaults(t *testing.T) {
	for _, opts := range []memstore.Options{{}, {MaxEntries: -1, MaxBytes: -1}} {
		s := newStore(t, opts)
		r := create(t, s, record("ann"))
		stay(t, s, "a session", r)
		if since := time.Since(r.Now); since < 0 || since > time.Hour {
			t.Errorf("Now is %v", r.Now)
		}
	}
}

func TestSaysOnceWhatItIs(t *testing.T) {
	var log bytes.Buffer
	s := newStore(t, memstore.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if _, err := s.Load(t.Context(), "unknown"); err == nil || log.Len() > 0 {
		t.Errorf("logged before anything was stored: %s", &log)
	}
	r := create(t, s, record("ann"))
	create(t, s, record("bob"))
	text := log.String()
	if strings.Count(text, "\n") != 1 || !strings.Contains(text, "level=WARN") ||
		!strings.Contains(text, "sessions are kept in memory and end with this process") {
		t.Errorf("logged %q", text)
	}
	for _, secret := range []string{r.ID, string(r.Data), r.User} {
		if strings.Contains(text, secret) {
			t.Errorf("logged %q", text)
		}
	}
}

// The default logger is the one of the time of writing.
func TestDefaultLogger(t *testing.T) {
	s := memstore.New(memstore.Options{})
	var log bytes.Buffer
	before := slog.Default()
	t.Cleanup(func() { slog.SetDefault(before) })
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	create(t, s, record(""))
	if log.Len() == 0 {
		t.Error("nothing was logged")
	}
}

func TestContextThatIsOver(t *testing.T) {
	s := newStore(t, memstore.Options{})
	r := create(t, s, record("ann"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	load := func(_ *store.Record, err error) error { return err }
	count := func(_ int, err error) error { return err }
	_, sessions := s.Sessions(ctx, "ann")
	_, stats := s.Stats(ctx)
	for what, err := range map[string]error{
		"Load":     load(s.Load(ctx, r.ID)),
		"Create":   s.Create(ctx, record("")),
		"Save":     s.Save(ctx, r),
		"Touch":    s.Touch(ctx, r),
		"Rotate":   s.Rotate(ctx, r.ID, moved(r, "")),
		"Delete":   s.Delete(ctx, r),
		"Sessions": sessions,
		"Revoke":   count(s.Revoke(ctx, store.Revocation{User: "ann"})),
		"Prune":    count(s.Prune(ctx)),
		"Stats":    stats,
		"Ping":     s.Ping(ctx),
	} {
		if err != context.Canceled {
			t.Errorf("%s: got %v", what, err)
		}
	}
	stay(t, s, "the session", r)
	if stats, err := s.Stats(t.Context()); err != nil || stats.Active != 1 {
		t.Errorf("Stats: %+v, %v", stats, err)
	}
}

// A record that no store could keep is the caller's mistake: an error that says
// what is wrong, is none of the sentinels, and nothing happened.
func TestImpossibleRecords(t *testing.T) {
	s := newStore(t, memstore.Options{})
	there := create(t, s, record("ann"))
	for name, test := range map[string]struct {
		change func(r *store.Record)
		says   string
	}{
		"no id":        {func(r *store.Record) { r.ID = "" }, "ID is empty"},
		"no idle":      {func(r *store.Record) { r.Idle = 0 }, "Idle is 0s"},
		"below idle":   {func(r *store.Record) { r.Idle = -time.Second }, "Idle is -1s"},
		"below cap":    {func(r *store.Record) { r.Absolute = -time.Second }, "Absolute is -1s"},
		"a long user":  {func(r *store.Record) { r.User = strings.Repeat("x", 256) }, "User has 256 bytes, at most 255"},
		"a huge user":  {func(r *store.Record) { r.User = strings.Repeat("x", 1<<20) }, "User has 1048576 bytes"},
		"everything 0": {func(r *store.Record) { *r = store.Record{} }, "ID is empty"},
	} {
		t.Run(name, func(t *testing.T) {
			created, saved, rotated := *record("ann"), *there, *moved(there, "ann")
			test.change(&created)
			test.change(&saved)
			test.change(&rotated)
			errs := map[string]error{
				"Create": s.Create(t.Context(), &created),
				"Save":   s.Save(t.Context(), &saved),
				"Rotate": s.Rotate(t.Context(), there.ID, &rotated),
			}
			if saved.Idle <= 0 && saved.ID != "" || saved.Absolute < 0 {
				errs["Touch"] = s.Touch(t.Context(), &saved)
			}
			for what, err := range errs {
				if err == nil || !strings.Contains(err.Error(), test.says) {
					t.Errorf("%s: got the error %v, want one that says %q", what, err, test.says)
				}
				for _, sentinel := range []error{store.ErrNotFound, store.ErrExists, store.ErrConflict, store.ErrUnavailable, store.ErrRevoked} {
					if errors.Is(err, sentinel) {
						t.Errorf("%s: the error is %q", what, sentinel)
					}
				}
				if created.ID != "" && strings.Contains(err.Error(), created.ID) || strings.Contains(err.Error(), there.ID) {
					t.Errorf("%s: the error holds an id", what)
				}
			}
			stay(t, s, "what was there", there)
			if stats, _ := s.Stats(t.Context()); stats.Active != 1 {
				t.Errorf("%d sessions are stored", stats.Active)
			}
		})
	}
}

func TestHandlesAreUnique(t *testing.T) {
	s := newStore(t, memstore.Options{})
	r := create(t, s, record("ann"))
	other := record("bob")
	other.Handle = r.Handle
	if err := s.Create(t.Context(), other); !errors.Is(err, store.ErrExists) {
		t.Errorf("Create with a taken handle: %v", err)
	}

	nameless := record("bob")
	nameless.Handle = ""
	create(t, s, nameless)
	to := moved(nameless, "bob")
	to.Handle = r.Handle
	if err := s.Rotate(t.Context(), nameless.ID, to); !errors.Is(err, store.ErrExists) {
		t.Errorf("Rotate with a taken handle: %v", err)
	}
	stay(t, s, "the session", nameless)

	// A record that has no handle gets one with its rotation, for good.
	to.Handle = record("").Handle
	if err := s.Rotate(t.Context(), nameless.ID, to); err != nil {
		t.Fatalf("Rotate: %v", err)
	}
	if n, err := s.Revoke(t.Context(), store.Revocation{Handle: to.Handle}); n != 1 || err != nil {
		t.Errorf("Revoke: %d, %v", n, err)
	}
}

func TestRotateToItself(t *testing.T) {
	s := newStore(t, memstore.Options{})
	r := create(t, s, record("ann"))
	same := *r
	if err := s.Rotate(t.Context(), r.ID, &same); !errors.Is(err, store.ErrExists) {
		t.Errorf("Rotate to the same id: %v", err)
	}
	stay(t, s, "the session", r)
}

// Lifetimes of centuries are no lifetimes in the past.
func TestLongestLifetimes(t *testing.T) {
	for name, now := range map[string]func() time.Time{"the clock": nil, "a clock by hand": newClock().Now} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t, memstore.Options{Now: now})
			r := record("ann")
			r.Idle, r.Absolute = math.MaxInt64, math.MaxInt64
			create(t, s, r)
			check := func(what string) {
				t.Helper()
				if left := r.Expires.Sub(r.Now); left < 290*365*24*time.Hour {
					t.Errorf("%s: it expires in %v", what, left)
				}
				stay(t, s, "the session after "+what, r)
			}
			check("Create")
			if err := s.Save(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			check("Save")
			if err := s.Touch(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			check("Touch")
			old := r.ID
			r = moved(r, "bob")
			if err := s.Rotate(t.Context(), old, r); err != nil {
				t.Fatal(err)
			}
			check("Rotate")
		})
	}
}

// A cap given later may lie in the past: the session is over, at once.
func TestCapInThePast(t *testing.T) {
	for name, call := range map[string]func(s *memstore.Store, r *store.Record) error{
		"Save":  func(s *memstore.Store, r *store.Record) error { return s.Save(context.Background(), r) },
		"Touch": func(s *memstore.Store, r *store.Record) error { return s.Touch(context.Background(), r) },
		"Rotate": func(s *memstore.Store, r *store.Record) error {
			return s.Rotate(context.Background(), r.ID, moved(r, "ann"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			clock := newClock()
			s := newStore(t, memstore.Options{Now: clock.Now})
			r := create(t, s, record("ann"))
			clock.Advance(30 * time.Minute)
			r.Absolute = 10 * time.Minute
			if err := call(s, r); !errors.Is(err, store.ErrExpired) {
				t.Errorf("got %v", err)
			}
			gone(t, s, "the session", r)
			if n, err := s.Prune(t.Context()); n != 1 || err != nil {
				t.Errorf("Prune: %d, %v", n, err)
			}
		})
	}
}

// Load is what every request pays for.
func TestLoadAllocates(t *testing.T) {
	s := newStore(t, memstore.Options{})
	r := create(t, s, record("ann"))
	if n := testing.AllocsPerRun(100, func() { _, _ = s.Load(t.Context(), r.ID) }); n > 2 {
		t.Errorf("Load allocates %v times, want at most 2: the record and its data", n)
	}
	if n := testing.AllocsPerRun(100, func() { _, _ = s.Load(t.Context(), "unknown") }); n > 0 {
		t.Errorf("Load of an unknown id allocates %v times", n)
	}
}
