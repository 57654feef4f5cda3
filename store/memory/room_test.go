package memstore_test

import (
	"bytes"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/echosession/session/store"
	memstore "github.com/echosession/session/store/memory"
)

func TestEvictionOrder(t *testing.T) {
	clock := newClock()
	s := newStore(t, memstore.Options{MaxEntries: 5, Now: clock.Now})
	short := record("ann") // logged in, but soon over
	short.Idle = time.Minute
	create(t, s, short)
	oldest := create(t, s, record(""))
	login := create(t, s, record("bob"))
	middle := create(t, s, record(""))
	newest := create(t, s, record(""))

	clock.Advance(time.Minute)
	first := create(t, s, record("eve"))
	gone(t, s, "what is over", short)
	stay(t, s, "the oldest anonymous session", oldest)

	// Use does not make it younger: it is the order of creation that counts.
	if err := s.Touch(t.Context(), oldest); err != nil {
		t.Fatal(err)
	}
	second := create(t, s, record(""))
	gone(t, s, "the oldest anonymous session", oldest)
	stay(t, s, "the next one", middle)
	third := create(t, s, record("eve"))
	gone(t, s, "the next one", middle)
	fourth := create(t, s, record("eve"))
	gone(t, s, "the third one", newest)
	fifth := create(t, s, record("eve"))
	gone(t, s, "the fourth one", second)
	for what, r := range map[string]*store.Record{"login": login, "first": first, "third": third, "fourth": fourth, "fifth": fifth} {
		stay(t, s, what, r)
	}

	for _, user := range []string{"eve", ""} {
		r := record(user)
		err := s.Create(t.Context(), r)
		isFull(t, err, "MaxEntries is 5")
		gone(t, s, "what was refused", r)
	}
	stay(t, s, "a session that was logged in", login)
}

// isFull wants an error that names the bound and the way out.
func isFull(t *testing.T, err error, bound string) {
	t.Helper()
	if !errors.Is(err, store.ErrFull) || !errors.Is(err, store.ErrUnavailable) {
		t.Fatalf("got the error %v, want ErrFull", err)
	}
	if text := err.Error(); !strings.Contains(text, bound) || !strings.Contains(text, "raise memstore.Options.Max") || strings.Contains(text, "id-") {
		t.Errorf("the error says %q, want %q", text, bound)
	}
}

// A session that logs in is not evicted any more; one that logs out queues as new.
func TestLoginProtects(t *testing.T) {
	s := newStore(t, memstore.Options{MaxEntries: 3})
	login, logout, anonymous := create(t, s, record("")), create(t, s, record("bob")), create(t, s, record(""))
	in := moved(login, "ann")
	if err := s.Rotate(t.Context(), login.ID, in); err != nil {
		t.Fatal(err)
	}
	logout.User = ""
	if err := s.Save(t.Context(), logout); err != nil {
		t.Fatal(err)
	}
	create(t, s, record("eve"))
	gone(t, s, "the oldest anonymous session", anonymous)
	stay(t, s, "one that logged out since", logout)
	create(t, s, record("eve"))
	gone(t, s, "one that logged out", logout)
	stay(t, s, "one that logged in", in)
}

// Between the choice of a session and its eviction no lock is held.
func TestEvictionLooksAgain(t *testing.T) {
	s := newStore(t, memstore.Options{MaxEntries: 2})
	a, b := create(t, s, record("")), create(t, s, record(""))
	if !s.EvictOldest(func() {
		if err := s.Delete(t.Context(), b); err != nil {
			t.Error(err)
		}
	}) {
		t.Error("there was room, but it was not noticed")
	}
	stay(t, s, "the oldest, when others made room", a)

	create(t, s, record("bob"))
	login := moved(a, "ann")
	if s.EvictOldest(func() {
		if err := s.Rotate(t.Context(), a.ID, login); err != nil {
			t.Error(err)
		}
	}) {
		t.Error("took a login for an eviction")
	}
	stay(t, s, "the oldest, that logged in", login)

	s = newStore(t, memstore.Options{MaxEntries: 1})
	c := create(t, s, record(""))
	if s.EvictOldest(func() {
		if err := s.Delete(t.Context(), c); err != nil {
			t.Error(err)
		}
	}) {
		t.Error("took a logout for an eviction")
	}
}

// roomFor is the bytes that so many records of record's kind take.
func roomFor(records int, user string) int64 {
	r := record(user)
	return int64(records) * int64(memstore.Overhead+len(r.ID)+len(r.Handle)+len(r.User)+len(r.Data))
}

func TestBytesAreBounded(t *testing.T) {
	s := newStore(t, memstore.Options{MaxBytes: roomFor(3, "")})
	a, b, c := create(t, s, record("")), create(t, s, record("")), create(t, s, record(""))
	create(t, s, record(""))
	gone(t, s, "the oldest", a)

	// A Save that needs room gets it from others, and not from itself.
	b.Data = bytes.Repeat([]byte("x"), int(memstore.Overhead))
	if err := s.Save(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	stay(t, s, "the oldest, that grew", b)
	gone(t, s, "the second", c)

	// So does a Rotate.
	to := moved(b, "ann")
	to.Data = bytes.Repeat([]byte("x"), int(2*memstore.Overhead-len(to.User)))
	if err := s.Rotate(t.Context(), b.ID, to); err != nil {
		t.Fatal(err)
	}
	stay(t, s, "the one that grew by its login", to)
	if stats, _ := s.Stats(t.Context()); stats.Active != 1 {
		t.Errorf("%d sessions are left, want 1", stats.Active)
	}
	// Shrinking gives the room back.
	to.Data = []byte("{}")
	if err := s.Save(t.Context(), to); err != nil {
		t.Fatal(err)
	}
	d, e := create(t, s, record("")), create(t, s, record(""))
	stay(t, s, "one", d)
	stay(t, s, "two", e)
}

// What may not grow stays as it is, under its id and version.
func TestGrowthIsRefused(t *testing.T) {
	s := newStore(t, memstore.Options{MaxBytes: roomFor(2, "ann") + 5})
	r, other := create(t, s, record("ann")), create(t, s, record("ann"))
	big := *r
	big.Data = bytes.Repeat([]byte("x"), 100)
	isFull(t, s.Save(t.Context(), &big), "MaxBytes is ")
	to := moved(&big, "ann")
	isFull(t, s.Rotate(t.Context(), r.ID, to), "MaxBytes is ")
	isFull(t, s.Create(t.Context(), record("")), "MaxBytes is ")
	gone(t, s, "what was refused", to)
	if got, err := s.Load(t.Context(), r.ID); err != nil || got.Version != r.Version || !bytes.Equal(got.Data, r.Data) {
		t.Errorf("Load: %+v, %v", got, err)
	}
	stay(t, s, "the other session", other)
	r.User = "ann-12" // grows by 3 bytes, which are there
	if err := s.Save(t.Context(), r); err != nil {
		t.Errorf("Save: %v", err)
	}
}

// A record that could never fit drops nobody on its way out.
func TestTooBigDropsNothing(t *testing.T) {
	s := newStore(t, memstore.Options{MaxBytes: roomFor(3, "")})
	a, b := create(t, s, record("")), create(t, s, record(""))
	big := record("")
	big.Data = make([]byte, roomFor(3, ""))
	isFull(t, s.Create(t.Context(), big), "MaxBytes is ")
	grown := *a
	grown.Data = big.Data
	isFull(t, s.Save(t.Context(), &grown), "MaxBytes is ")
	stay(t, s, "one", a)
	stay(t, s, "the other", b)
}

// The heaps know an end that comes nearer, and one that went away.
func TestExpiryMoves(t *testing.T) {
	clock := newClock()
	s := newStore(t, memstore.Options{MaxEntries: 2, Now: clock.Now})
	nearer, later := create(t, s, record("ann")), create(t, s, record("ann"))
	nearer.Idle = time.Minute
	if err := s.Save(t.Context(), nearer); err != nil {
		t.Fatal(err)
	}
	later.Idle = 10 * time.Hour
	if err := s.Touch(t.Context(), later); err != nil {
		t.Fatal(err)
	}
	clock.Advance(2 * time.Minute)
	r := create(t, s, record("ann"))
	gone(t, s, "what ended sooner", nearer)
	clock.Advance(2 * time.Hour)
	create(t, s, record("ann"))
	gone(t, s, "what ended", r)
	stay(t, s, "what was touched", later)
	clock.Advance(10 * time.Hour)
	if n, err := s.Prune(t.Context()); n != 2 || err != nil {
		t.Errorf("Prune: %d, %v", n, err)
	}
}

// The bounds hold at every moment, also when everybody wants the last place.
func TestBoundsUnderConcurrency(t *testing.T) {
	const maxEntries = 3
	maxBytes := roomFor(3, "ann") + 40
	s := newStore(t, memstore.Options{MaxEntries: maxEntries, MaxBytes: maxBytes})
	stop := make(chan struct{})
	var watcher, workers sync.WaitGroup
	watcher.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			if err := s.Audit(); err != nil {
				t.Errorf("audit: %v", err)
				return
			}
			runtime.Gosched()
		}
	})
	for worker := range 6 {
		workers.Go(func() {
			for i := range 200 {
				user := ""
				if (worker+i)%3 == 0 {
					user = "ann"
				}
				r := record(user)
				if err := s.Create(t.Context(), r); err != nil {
					if !errors.Is(err, store.ErrFull) {
						t.Errorf("Create: %v", err)
					}
					continue
				}
				r.Data = bytes.Repeat([]byte("x"), i%60)
				if err := s.Save(t.Context(), r); err != nil && !errors.Is(err, store.ErrFull) && !errors.Is(err, store.ErrNotFound) {
					t.Errorf("Save: %v", err)
				}
				to := moved(r, user)
				err := s.Rotate(t.Context(), r.ID, to)
				if err != nil && !errors.Is(err, store.ErrFull) && !errors.Is(err, store.ErrNotFound) {
					t.Errorf("Rotate: %v", err)
				}
				if user != "" {
					if err := s.Delete(t.Context(), r); err != nil {
						t.Errorf("Delete: %v", err)
					}
					gone(t, s, "what was deleted", to)
				}
			}
		})
	}
	workers.Wait()
	close(stop)
	watcher.Wait()
}

// A flood of anonymous sessions costs those who log in meanwhile their session
// at most before the login, and never after it.
func TestFloodOfAnonymous(t *testing.T) {
	const logins = 300
	s := newStore(t, memstore.Options{MaxEntries: logins + 2})
	stop := make(chan struct{})
	var flood sync.WaitGroup
	for range 4 {
		flood.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if err := s.Create(t.Context(), record("")); err != nil && !errors.Is(err, store.ErrFull) {
					t.Errorf("Create: %v", err)
				}
			}
		})
	}
	var users []*store.Record
	for len(users) < logins {
		r := record("")
		if s.Create(t.Context(), r) != nil {
			continue
		}
		to := moved(r, "ann")
		switch err := s.Rotate(t.Context(), r.ID, to); {
		case err == nil:
			users = append(users, to)
		case !errors.Is(err, store.ErrNotFound):
			t.Fatalf("Rotate: %v", err)
		}
	}
	close(stop)
	flood.Wait()
	for _, r := range users {
		stay(t, s, "a session that is logged in", r)
	}
}

// What a record is counted for is not less than what it takes.
func TestOverhead(t *testing.T) {
	const n = 20_000
	heap := func() uint64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	s := newStore(t, memstore.Options{})
	for range n {
		r := record("")
		r.User = r.Handle // everybody is somebody else: the most the index can take
		if err := s.Create(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	takes := heap() - before
	stats, err := s.Stats(t.Context())
	if err != nil || stats.Active != n || uint64(stats.Bytes) < takes {
		t.Errorf("%d sessions take %d bytes each and count for %d (%v)", stats.Active, takes/n, stats.Bytes/n, err)
	}
	t.Logf("a session takes %d bytes and counts for %d", takes/n, stats.Bytes/n)
}
