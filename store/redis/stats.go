package redisstore

import (
	"context"
	"math"
	"time"

	"github.com/echosession/session/store"
)

// Stats is part of [store.Stater]. It looks at some 40,000 keys of each server,
// and at 10,000 sessions at most. Where that is all there are, it counts; else the
// figures are estimates, from the sample that SCAN gives and the number of keys.
//
// Bytes is the length of the documents. Expired is not known, for Redis forgets by
// itself, nor is what the indexes take. A session that Go has never written is in
// no day and has no age: where there are such, Created and OldestAge are estimates.
// An estimate of Users takes each of them for another user's.
func (s *Store) Stats(ctx context.Context) (store.Stats, error) {
	found, whole, err := s.sample(ctx)
	if err != nil {
		return store.Stats{}, err
	}
	ids, times := make([]string, len(found)), make(map[string]float64, len(found))
	for i, f := range found {
		ids[i], times[f.id] = f.id, f.times
	}
	t := tally{created: map[int64]float64{}, users: map[string]float64{}}
	err = s.loadAll(ctx, "stats", ids, false, func(id string, r row) error {
		if r.record != nil {
			t.add(r, times[id])
		}
		return nil
	})
	if err != nil {
		return store.Stats{}, err
	}
	users := float64(len(t.users))
	if !whole {
		if users, err = s.guessUsers(ctx, t.users, t.now); err != nil {
			return store.Stats{}, err
		}
	}
	return t.stats(users, whole), nil
}

// A tally adds up sessions, each of which stands for some.
type tally struct {
	loggedIn, bytes float64
	left            [4]float64
	created         map[int64]float64 // by the number of the day
	oldest          time.Duration
	ageless         bool               // there are some whose age nobody knows
	users           map[string]float64 // how many sessions each has
	now             time.Time          // the server's latest
}

const day = 24 * time.Hour

func (t *tally) add(r row, times float64) {
	rec := r.record
	t.bytes += times * float64(r.size)
	if rec.User != "" {
		t.loggedIn += times
		t.users[rec.User] += times
	}
	switch left := rec.Expires.Sub(rec.Now); {
	case left < time.Hour:
		t.left[0] += times
	case left < day:
		t.left[1] += times
	case left < 3*day:
		t.left[2] += times
	default:
		t.left[3] += times
	}
	if rec.Now.After(t.now) {
		t.now = rec.Now
	}
	if rec.Created.IsZero() {
		t.ageless = true
		return
	}
	t.created[dayOf(rec.Created)] += times
	t.oldest = max(t.oldest, rec.Now.Sub(rec.Created))
}

func dayOf(at time.Time) int64 { return at.Unix() / int64(day/time.Second) }

func (t *tally) stats(users float64, whole bool) store.Stats {
	n := func(sum float64) int { return int(math.Round(sum)) }
	st := store.Stats{
		Left:  store.Lifetimes{Hour: n(t.left[0]), Day: n(t.left[1]), Three: n(t.left[2]), More: n(t.left[3])},
		Bytes: int64(math.Round(t.bytes)), OldestAge: t.oldest,
		Basis: map[string]store.Basis{"Expired": store.Unknown, "Indexes": store.Unknown},
	}
	st.Active = st.Left.Hour + st.Left.Day + st.Left.Three + st.Left.More
	st.LoggedIn = min(n(t.loggedIn), st.Active)
	st.Users = min(n(users), st.LoggedIn)
	if t.now.IsZero() { // there is no session, and no server's clock
		t.now = time.Now()
	}
	st.Created = store.LastDays(t.now)
	for i := range st.Created {
		st.Created[i].Sessions = n(t.created[dayOf(st.Created[i].Date)])
	}
	estimates := []string{"Active", "LoggedIn", "Users", "Left", "Created", "Bytes", "OldestAge"}
	if whole {
		estimates = nil
		if t.ageless {
			estimates = []string{"Created", "OldestAge"}
		}
	}
	for _, figure := range estimates {
		st.Basis[figure] = store.Estimated
	}
	return st
}

// Ping is part of [store.Pinger].
func (s *Store) Ping(ctx context.Context) error {
	ctx, cancel := s.within(ctx)
	defer cancel()
	_, err := await(ctx, s.heeds, func() (string, error) { return s.client.Ping(ctx).Result() })
	return s.wrap("ping", err)
}
