package tests_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/echosession/session/internal/testserver"
	"github.com/echosession/session/store"
	redisstore "github.com/echosession/session/store/redis"
)

// attempts are all operations, on a session that is there.
func attempts(s *redisstore.Store, r *store.Record) map[string]func(context.Context) error {
	copied := func(id string) *store.Record { c := *r; c.ID = id; return &c }
	return map[string]func(context.Context) error{
		"Load":     func(ctx context.Context) error { _, err := s.Load(ctx, r.ID); return err },
		"Create":   func(ctx context.Context) error { return s.Create(ctx, record("fresh", "ann")) },
		"Save":     func(ctx context.Context) error { return s.Save(ctx, copied(r.ID)) },
		"Touch":    func(ctx context.Context) error { return s.Touch(ctx, copied(r.ID)) },
		"Rotate":   func(ctx context.Context) error { return s.Rotate(ctx, r.ID, copied("moved")) },
		"Sessions": func(ctx context.Context) error { _, err := s.Sessions(ctx, "ann"); return err },
		"Stats":    func(ctx context.Context) error { _, err := s.Stats(ctx); return err },
		"Ping":     s.Ping,
		"Revoke": func(ctx context.Context) error {
			_, err := s.Revoke(ctx, store.Revocation{User: "ann"})
			return err
		},
		"Everyone": func(ctx context.Context) error {
			_, err := s.Revoke(ctx, store.Revocation{Everyone: true})
			return err
		},
		"Delete": func(ctx context.Context) error { return s.Delete(ctx, copied(r.ID)) },
	}
}

const secretID = "an-id-that-nobody-may-see"

// wantUnavailable is for errors of an outage: each operation has one, in time, and
// it says nothing of the session.
func wantUnavailable(t *testing.T, s *redisstore.Store, r *store.Record, within time.Duration) {
	t.Helper()
	for name, do := range attempts(s, r) {
		began := time.Now()
		err := do(t.Context())
		if !errors.Is(err, store.ErrUnavailable) || errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
		if took := time.Since(began); took > within {
			t.Errorf("%s took %v", name, took)
		}
		for _, secret := range []string{r.ID, string(r.Data), "sesame"} {
			if text := fmt.Sprintf("%v %+v", err, err); strings.Contains(text, secret) {
				t.Errorf("%s: the error holds an id, a document or a password: %s", name, text)
			}
		}
	}
}

// The client knows no deadline of a context, and waits a minute for each answer.
// The store's timeout holds all the same.
func TestOutages(t *testing.T) {
	for name, outage := range map[string]struct {
		begin, end func(*testserver.Redis, *testserver.Proxy)
	}{
		"killed":  {func(r *testserver.Redis, _ *testserver.Proxy) { r.Kill() }, func(r *testserver.Redis, _ *testserver.Proxy) { r.Start() }},
		"paused":  {func(r *testserver.Redis, _ *testserver.Proxy) { r.Pause() }, func(r *testserver.Redis, _ *testserver.Proxy) { r.Resume() }},
		"stalled": {func(_ *testserver.Redis, p *testserver.Proxy) { p.Stall() }, func(_ *testserver.Redis, p *testserver.Proxy) { p.CloseAll(); p.Heal() }},
		"cut":     {func(_ *testserver.Redis, p *testserver.Proxy) { p.Cut() }, func(_ *testserver.Redis, p *testserver.Proxy) { p.Heal() }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := testserver.StartRedis(t, testserver.RedisOptions{Settings: map[string]string{"appendonly": "yes", "appendfsync": "always"}})
			proxy := testserver.StartProxy(t, server.Addr())
			client := connect(t, proxy.Addr(), func(o *redis.Options) { o.ReadTimeout = time.Minute })
			r := record(secretID, "ann")
			must(t, open(t, client, redisstore.Options{}).Create(t.Context(), r))
			outage.begin(server, proxy)
			wantUnavailable(t, open(t, client, redisstore.Options{Timeout: 300 * time.Millisecond}), r, 10*time.Second)
			outage.end(server, proxy)
			patient := open(t, client, redisstore.Options{})
			var err error
			for {
				// Ended by a call that came late, or there; but the server answers.
				if _, err = patient.Load(t.Context(), secretID); !errors.Is(err, store.ErrUnavailable) || t.Context().Err() != nil {
					break
				}
			}
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				t.Error(err)
			}
			if name == "killed" || name == "cut" {
				must(t, err) // nothing was ever sent
			}
		})
	}
}

func TestServerThatRefuses(t *testing.T) {
	t.Parallel()
	server := testserver.StartRedis(t, testserver.RedisOptions{Password: "sesame", ACL: []string{"user reader on >sesame ~* +@read +@connection"}})
	r := record(secretID, "ann")
	for name, c := range map[string]struct {
		edit func(*redis.Options)
		says string
	}{
		"a wrong password": {func(o *redis.Options) { o.Password = "sesam" }, "user or password is wrong"},
		"no password":      {func(*redis.Options) {}, "asks for a password"},
		"no right":         {func(o *redis.Options) { o.Username, o.Password = "reader", "sesame" }, "lacks a right"},
	} {
		s := open(t, connect(t, server.Addr(), c.edit), redisstore.Options{})
		_, err := s.Load(t.Context(), secretID)
		if err == nil || !strings.Contains(err.Error(), c.says) || !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("%s: %v", name, err)
		}
		if name != "no right" {
			wantUnavailable(t, s, r, time.Minute)
		}
	}
}

// A server whose memory is full takes no new session and loses none, and a logout
// is still possible.
func TestFullServer(t *testing.T) {
	t.Parallel()
	_, client, s := alone(t, testserver.RedisOptions{Settings: map[string]string{"maxmemory-policy": "noeviction"}})
	ctx := t.Context()
	r := record(secretID, "ann")
	must(t, s.Create(ctx, r))
	must(t, client.ConfigSet(ctx, "maxmemory", "1").Err())
	next := *r
	next.Data = []byte(`{"other":1}`)
	for name, err := range map[string]error{"Create": s.Create(ctx, record("other", "")), "Save": s.Save(ctx, &next)} {
		if !errors.Is(err, store.ErrFull) || !strings.Contains(err.Error(), "maxmemory") {
			t.Errorf("%s: %v", name, err)
		}
	}
	got, err := s.Load(ctx, secretID)
	must(t, err)
	if string(got.Data) != string(r.Data) || got.Version != r.Version {
		t.Errorf("what was refused left %q", got.Data)
	}
	must(t, s.Touch(ctx, r))
	must(t, s.Delete(ctx, r))
	if _, err := s.Load(ctx, secretID); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("after Delete: %v", err)
	}
}

func TestScriptsAreFlushed(t *testing.T) {
	t.Parallel()
	_, client, s := alone(t, testserver.RedisOptions{})
	r := record("id", "ann")
	must(t, s.Create(t.Context(), r))
	for name, do := range attempts(s, r) {
		if name == "Rotate" || name == "Delete" || name == "Revoke" || name == "Everyone" {
			continue // below: they end what the others need
		}
		must(t, client.ScriptFlush(t.Context()).Err())
		must(t, do(t.Context()))
	}
	for _, name := range []string{"Rotate", "Revoke", "Everyone", "Delete"} {
		r := record("id-"+name, "ann")
		must(t, s.Create(t.Context(), r))
		must(t, client.ScriptFlush(t.Context()).Err())
		must(t, attempts(s, r)[name](t.Context()))
	}
}
