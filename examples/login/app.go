package main

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/echosession/session"
	"github.com/echosession/session/admin"
	"github.com/echosession/session/store/open"
)

// An app is the application's logic. It knows sessions and net/http, and no
// framework: echo4.go and echo5.go put the same handlers on their routes.
type app struct {
	sessions *session.Manager
	backend  *open.Backend
	counts   *counts         // nil: nothing is counted
	metrics  http.Handler    // nil: there is no such page
	admin    *admin.Handler  // nil: there is none
	stopping <-chan struct{} // closed when the server is told to stop
}

// A handler answers one route, or returns an error: see explain.
type handler func(s *session.Session, w http.ResponseWriter, r *http.Request) error

// login takes anyone's word for who they are; a real one checks a password
// first. The session gets a new id, so one that was known before is worth
// nothing.
func (a *app) login(s *session.Session, w http.ResponseWriter, r *http.Request) error {
	form, err := readLogin(r)
	if err != nil {
		return err
	}
	var opts []session.LoginOption
	if form.Numeric {
		opts = append(opts, session.Numeric())
	}
	if err := s.Login(form.User, opts...); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// me says who is logged in. With ?fresh=1 it asks the store itself, past every
// copy: for what is worth a round trip.
func (a *app) me(s *session.Session, w http.ResponseWriter, r *http.Request) error {
	if r.FormValue("fresh") == "1" {
		if err := s.Refresh(r.Context()); err != nil {
			return err
		}
	}
	user := s.User()
	if user == "" {
		return session.ErrNobody
	}
	visits, _ := session.Get[int](s, "visits")
	return writeJSON(w, struct {
		User   string `json:"user"`
		Visits int    `json:"visits"`
	}{user, visits})
}

// visit counts. It commits by itself, because the answer holds the final value:
// parallel visits merge, and each sees its own number.
func (a *app) visit(s *session.Session, w http.ResponseWriter, r *http.Request) error {
	if err := session.Update(s, "visits", func(n int) int { return n + 1 }); err != nil {
		return err
	}
	if err := s.Commit(r.Context()); err != nil {
		return err
	}
	visits, _ := session.Get[int](s, "visits")
	return writeJSON(w, struct {
		Visits int `json:"visits"`
	}{visits})
}

// set stores each value of a JSON object under its key, in the order of the
// keys, up to the first one that is refused.
func (a *app) set(s *session.Session, w http.ResponseWriter, r *http.Request) error {
	values, err := readObject(r)
	if err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if err := s.Set(key, values[key]); err != nil {
			return err
		}
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// get answers with the JSON of one key, as it is stored.
func (a *app) get(s *session.Session, w http.ResponseWriter, r *http.Request) error {
	value, ok := session.Get[json.RawMessage](s, r.FormValue("key"))
	if !ok {
		return refusal{http.StatusNotFound, "the session has no such key"}
	}
	return writeJSON(w, value)
}

// logout ends this session. On an error the user is still logged in, and is told
// so by the status.
func (a *app) logout(s *session.Session, w http.ResponseWriter, r *http.Request) error {
	if err := s.Logout(r.Context()); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// logoutEverywhere ends every session of the user, this one as well: on a stolen
// laptop, after a change of password.
func (a *app) logoutEverywhere(s *session.Session, w http.ResponseWriter, r *http.Request) error {
	if _, err := s.EndAll(r.Context()); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

const longestWait = time.Minute

// slow reads the session, waits, and sets a key, whether or not the client is
// still there. It is for trying what happens meanwhile, such as a logout or a
// restart; a real GET changes nothing.
func (a *app) slow(s *session.Session, w http.ResponseWriter, r *http.Request) error {
	ms, err := strconv.ParseUint(r.FormValue("ms"), 10, 31)
	if err != nil {
		return refusal{http.StatusBadRequest, "ms is not a number of milliseconds"}
	}
	wait := min(time.Duration(ms)*time.Millisecond, longestWait)
	time.Sleep(wait)
	if err := s.Set(r.FormValue("key"), true); err != nil {
		return err
	}
	return writeJSON(w, struct {
		Waited int64 `json:"waited_ms"`
	}{wait.Milliseconds()})
}
