package main

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/echosession/session/store"
	memstore "github.com/echosession/session/store/memory"
)

// A counting store says of itself that a cleanup is under way.
type counting struct {
	store.Store
	asked   chan struct{} // one for each question
	removed int64
}

func (c *counting) Report(context.Context) (store.Report, error) {
	c.removed += 5000
	select {
	case c.asked <- struct{}{}:
	default:
	}
	return store.Report{Cleanup: &store.Cleanup{Started: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Removed: c.removed}}, nil
}

// TestProgress: how many are removed is shown while it goes on, to somebody who
// watches and to nobody else, and the line is gone at the end.
func TestProgress(t *testing.T) {
	t.Parallel()
	for _, watched := range []bool{true, false} {
		var out strings.Builder
		st := &counting{Store: memstore.New(memstore.Options{}), asked: make(chan struct{}, 1)}
		tl := &tool{err: &out, shows: watched}
		ctx, stop := context.WithCancel(t.Context())
		var showing sync.WaitGroup
		showing.Go(func() { tl.progress(ctx, st) })
		for range 2 {
			if watched {
				<-st.asked
			}
		}
		stop()
		showing.Wait()
		text := out.String()
		if !watched && text != "" || watched && (!strings.Contains(text, "5000 expired sessions removed…") || !strings.HasSuffix(text, "\r\033[K")) {
			t.Errorf("watched %v: %q", watched, text)
		}
	}
}

// TestOtherRun: a cleanup that left the work to another process says so.
func TestOtherRun(t *testing.T) {
	t.Parallel()
	st := &counting{Store: memstore.New(memstore.Options{}), asked: make(chan struct{}, 1)}
	tl := &tool{}
	if note := tl.otherRun(t.Context(), st, 0); note != "another process is cleaning up since 2026-01-02 03:04:05: 5000 so far" {
		t.Errorf("%q", note)
	}
	if note := tl.otherRun(t.Context(), st, 7); note != "" {
		t.Errorf("after a cleanup of its own: %q", note)
	}
	if note := tl.otherRun(t.Context(), memstore.New(memstore.Options{}), 0); note != "" {
		t.Errorf("of a store without a report: %q", note)
	}
}
