package session

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A pair is a lazyContext, and what the standard library makes of the same.
type pair struct {
	lazy   *lazyContext
	std    context.Context
	cancel context.CancelFunc
}

func newPair(parent context.Context, d time.Duration) *pair {
	if d == 0 {
		std, cancel := context.WithCancel(parent)
		return &pair{&lazyContext{parent: parent}, std, cancel}
	}
	std, cancel := context.WithTimeout(parent, d)
	return &pair{within(parent, d), std, cancel}
}

func (p *pair) cancelBoth() { p.lazy.cancel(); p.cancel() }

type valueKey struct{}

func TestLazyContextIsAsTheStandardLibrarys(t *testing.T) {
	type step = func(p *pair, cancelParent context.CancelFunc)
	cancel := func(p *pair, _ context.CancelFunc) { p.cancelBoth() }
	parent := func(_ *pair, cancelParent context.CancelFunc) { cancelParent() }
	wait := func(d time.Duration) step { return func(*pair, context.CancelFunc) { time.Sleep(d) } }
	done := func(p *pair, _ context.CancelFunc) { p.lazy.Done() }
	tests := []struct {
		name           string
		parent, within time.Duration // deadlines; 0: none
		steps          []step
	}{
		{"before anything happens", 0, 0, nil},
		{"before anything happens, with a deadline", 0, time.Hour, nil},
		{"when Done was asked for", 0, time.Hour, []step{done}},
		{"cancelled", 0, 0, []step{cancel}},
		{"cancelled twice", 0, 0, []step{cancel, cancel}},
		{"cancelled after Done was asked for", 0, time.Hour, []step{done, cancel}},
		{"with a parent that is cancelled", 0, 0, []step{parent}},
		{"with a parent that is cancelled after Done was asked for", 0, time.Hour, []step{done, parent}},
		{"just before its deadline", 0, time.Hour, []step{wait(time.Hour - 1)}},
		{"at its deadline", 0, time.Hour, []step{wait(time.Hour)}},
		{"at its deadline, after Done was asked for", 0, time.Hour, []step{done, wait(time.Hour)}},
		{"at its parent's deadline, which is earlier", time.Minute, time.Hour, []step{wait(time.Minute)}},
		{"at its own deadline, which is earlier than its parent's", time.Hour, time.Minute, []step{wait(time.Minute)}},
		{"without a deadline of its own, at its parent's", time.Minute, 0, []step{wait(time.Minute)}},
		{"cancelled, and then its deadline passes: the first counts", 0, time.Hour, []step{cancel, wait(2 * time.Hour)}},
		{"cancelled, and Done asked for after its deadline: the first counts", 0, time.Hour, []step{cancel, wait(2 * time.Hour), done}},
		{"its deadline passes, and then it is cancelled: the first counts", 0, time.Hour, []step{wait(2 * time.Hour), cancel}},
		{"its deadline passes, it is cancelled, and Done asked for: the first counts", 0, time.Hour, []step{wait(2 * time.Hour), cancel, done}},
		{"its parent's deadline passes, and then it is cancelled: the first counts", time.Minute, 0, []step{wait(time.Hour), cancel}},
		{"its parent is cancelled, and then its deadline passes: the first counts", 0, time.Hour, []step{done, parent, wait(2 * time.Hour)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				above := context.WithValue(t.Context(), valueKey{}, "value")
				above, cancelParent := context.WithCancel(above)
				defer cancelParent()
				if tt.parent > 0 {
					var cancel context.CancelFunc
					above, cancel = context.WithTimeout(above, tt.parent)
					defer cancel()
				}
				p := newPair(above, tt.within)
				defer p.cancelBoth()
				for _, do := range tt.steps {
					do(p, cancelParent)
					synctest.Wait()
				}
				for range 2 { // the first look at Done must change nothing
					compare(t, p.lazy, p.std)
				}
			})
		})
	}
}

func compare(t *testing.T, lazy, std context.Context) {
	t.Helper()
	if got, want := lazy.Err(), std.Err(); got != want {
		t.Errorf("Err is %v, want %v", got, want)
	}
	if got, want := context.Cause(lazy), context.Cause(std); got != want {
		t.Errorf("Cause is %v, want %v", got, want)
	}
	got, gotOK := lazy.Deadline()
	want, wantOK := std.Deadline()
	if !got.Equal(want) || gotOK != wantOK {
		t.Errorf("Deadline is %v %v, want %v %v", got, gotOK, want, wantOK)
	}
	if got, want := isDone(lazy), isDone(std); got != want {
		t.Errorf("Done is closed: %v, want %v", got, want)
	}
	if got := lazy.Value(valueKey{}); got != "value" {
		t.Errorf("Value is %v", got)
	}
	if got := lazy.Value("no such key"); got != nil {
		t.Errorf("Value of an unknown key is %v", got)
	}
	child, cancel := context.WithCancel(lazy)
	defer cancel()
	if got, want := child.Err(), std.Err(); got != want {
		t.Errorf("Err of a child is %v, want %v", got, want)
	}
}

func isDone(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return true
	default:
		return false
	}
}

func TestLazyContextEndsItsChildren(t *testing.T) {
	for name, end := range map[string]time.Duration{"without a deadline": 0, "with a deadline": time.Hour} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPair(context.Background(), end)
				var below []context.Context
				for range 10 {
					child, cancel := context.WithCancel(p.lazy)
					defer cancel()
					grandchild, cancel := context.WithTimeout(child, 2*time.Hour)
					defer cancel()
					below = append(below, child, grandchild)
				}
				told := 0
				defer context.AfterFunc(p.lazy, func() { told++ })()
				p.cancelBoth()
				synctest.Wait()
				for _, ctx := range below {
					if !errors.Is(ctx.Err(), context.Canceled) {
						t.Error("a child goes on:", ctx.Err())
					}
				}
				if told != 1 {
					t.Error("AfterFunc ran", told, "times")
				}
			})
		})
	}
}

// A bubble whose function returns while a goroutine is left panics; one that
// follows a context without an end would be left.
func TestLazyContextNeedsNoGoroutineForItsChildren(t *testing.T) {
	for _, end := range []time.Time{{}, time.Now().Add(time.Hour)} {
		synctest.Test(t, func(t *testing.T) {
			child, forgotten := context.WithCancel(&lazyContext{parent: context.Background(), end: end})
			grandchild, forgottenToo := context.WithCancel(child)
			_, _ = forgotten, forgottenToo
			if grandchild.Err() != nil {
				t.Error(grandchild.Err())
			}
		})
	}
}

// cancel races with the first Done: whoever asked must learn of it.
func TestLazyContextCancelRace(t *testing.T) {
	for range 2000 {
		c := within(t.Context(), time.Hour)
		var wg sync.WaitGroup
		start := make(chan struct{})
		for range 3 {
			wg.Go(func() {
				<-start
				<-c.Done()
				if err := c.Err(); err != context.Canceled {
					t.Error("Done is closed, and Err is", err)
				}
			})
		}
		wg.Go(func() { <-start; c.cancel() })
		wg.Go(func() { <-start; _, _ = c.Err(), c.Value(valueKey{}) })
		close(start)
		wg.Wait()
	}
}
