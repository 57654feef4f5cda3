package session

import (
	"context"
	"errors"
	"time"

	"github.com/echosession/session/internal/handle"
	"github.com/echosession/session/store"
)

// List returns the live sessions of a user, newest first. The records carry no
// id: they are for showing, by handle. All of them are read, with their documents:
// where a user may have thousands, set the store's UserLimit. A store that has no
// index of users is [errors.ErrUnsupported].
func (m *Manager) List(ctx context.Context, user string) ([]*store.Record, error) {
	index, err := store.As[store.UserIndex](m.store)
	if err != nil {
		return nil, err
	}
	within := within(ctx, m.cfg.LoadTimeout)
	defer within.cancel()
	list, err := index.Sessions(within, user)
	return list, known(err)
}

// everyoneTimeout bounds the end of everybody's sessions, which may be millions.
const everyoneTimeout = 10 * time.Minute

// Revoke ends the sessions that v names, at once, and says how many they were.
// When it returns nil that is final, as for [Session.Logout]; a login of such a
// user that was being stored meanwhile is dead too. It goes on when the client
// has gone. It takes [Config.LogoutTimeout] at most, and ten minutes to end
// everyone's sessions. The session of the request itself is among them where v says
// so: call Logout as well, to take its cookie. [Config.Hook] is told, unless
// v.Handle ended nothing and cannot be a handle: then it may be an id that somebody
// pasted.
func (m *Manager) Revoke(ctx context.Context, v store.Revocation) (int, error) {
	if err := v.Validate(); err != nil {
		return 0, err
	}
	index, err := store.As[store.UserIndex](m.store)
	if err != nil {
		return 0, err
	}
	began := time.Now()
	timeout := m.cfg.LogoutTimeout
	if v.Everyone {
		timeout = max(timeout, everyoneTimeout)
	}
	within := within(context.WithoutCancel(ctx), timeout)
	defer within.cancel()
	n, err := index.Revoke(within, v)
	if err != nil {
		return n, known(err)
	}
	if n == 0 && v.Handle != "" && !handle.Is(v.Handle) {
		return 0, nil // nothing is told of what may be a pasted id: it ended nothing
	}
	m.emit(ctx, Event{Kind: Revoked, Handle: v.Handle, User: v.User, Count: n, Took: time.Since(began)})
	return n, nil
}

// Stats counts the sessions. A store that cannot count is
// [errors.ErrUnsupported].
func (m *Manager) Stats(ctx context.Context) (store.Stats, error) {
	stater, err := store.As[store.Stater](m.store)
	if err != nil {
		return store.Stats{}, err
	}
	stats, err := stater.Stats(ctx)
	return stats, known(err)
}

// Report says how the store works: its cleanup, connections and copies. Beside an
// error stands what is known all the same. A store that keeps no account is
// [errors.ErrUnsupported].
func (m *Manager) Report(ctx context.Context) (store.Report, error) {
	reporter, err := store.As[store.Reporter](m.store)
	if err != nil {
		return store.Report{}, err
	}
	report, err := reporter.Report(ctx)
	return report, known(err)
}

// known marks an error as an outage unless it says something else for certain.
func known(err error) error {
	if err == nil || errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	return unavailable(err)
}
