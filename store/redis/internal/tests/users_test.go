package tests_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/echosession/session/internal/testserver"
	"github.com/echosession/session/store"
	redisstore "github.com/echosession/session/store/redis"
)

func TestUserLimit(t *testing.T) {
	t.Parallel()
	_, client, _ := alone(t, testserver.RedisOptions{})
	s := open(t, client, redisstore.Options{UserLimit: 3})
	ctx := t.Context()
	other := record("other", "bob")
	must(t, s.Create(ctx, other))
	for i := range 5 {
		r := record(fmt.Sprint("id", i), "ann")
		r.Idle = time.Duration(i+1) * time.Hour // the order of their last use
		must(t, s.Create(ctx, r))
	}
	list, err := s.Sessions(ctx, "ann")
	must(t, err)
	if len(list) != 3 {
		t.Errorf("%d sessions are left, want 3", len(list))
	}
	for i := range 5 {
		if _, err := s.Load(ctx, fmt.Sprint("id", i)); (err == nil) != (i >= 2) {
			t.Errorf("session %d of 5: %v", i, err)
		}
	}
	if _, err := s.Load(ctx, "other"); err != nil {
		t.Error("another user's:", err)
	}
	if n := client.ZCard(ctx, "echosession:user:5:sess:ann").Val(); n != 3 {
		t.Errorf("the index holds %d ids", n)
	}
}

// While everyone is revoked, and for a login that began before that was done, there
// is no new login; a rotation does not carry a session past it.
func TestLoginDuringRevokeOfEveryone(t *testing.T) {
	t.Parallel()
	_, one, single := alone(t, testserver.RedisOptions{})
	apart, parts := cluster(t)
	const mark = "echosession:everyone:5:sess:"
	for name, s := range map[string]*redisstore.Store{"one server": single, "a Cluster": apart} {
		ctx := t.Context()
		must(t, s.Create(ctx, record("anonymous", "")))
		from, err := s.Load(ctx, "anonymous")
		must(t, err)
		from.Idle, from.User = time.Hour, "ann"
		to := *from
		to.ID = "new"
		if s == single {
			must(t, one.Set(ctx, mark, "rUNDERWAY", time.Minute).Err())
		} else {
			must(t, parts.Set(ctx, mark, "rUNDERWAY", time.Minute).Err())
		}
		for what, err := range map[string]error{"Create": s.Create(ctx, record("login", "ann")), "Rotate": s.Rotate(ctx, "anonymous", &to)} {
			if !errors.Is(err, store.ErrRevoked) {
				t.Errorf("%s: %s: %v", name, what, err)
			}
		}
		n, err := s.Revoke(ctx, store.Revocation{Everyone: true})
		if err != nil || n != 1 {
			t.Errorf("%s: Revoke: %d, %v", name, n, err)
		}
		must(t, s.Create(ctx, record("after", "ann")))
	}
}

func TestOptions(t *testing.T) {
	client := connect(t, "127.0.0.1:1")
	for want, o := range map[string]redisstore.Options{
		"Prefix":    {Prefix: "echosession:x"},
		"Timeout":   {Timeout: -1},
		"UserLimit": {UserLimit: -1},
	} {
		if _, err := redisstore.New(client, o); err == nil || !contains(err, "Options."+want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	if _, err := redisstore.New(client, redisstore.Options{Prefix: "echo"}); err == nil {
		t.Error("a prefix that our own keys begin with is taken")
	}
	if _, err := redisstore.New(nil, redisstore.Options{}); err == nil {
		t.Error("a nil client is taken")
	}
	s, err := redisstore.New(client, redisstore.Options{})
	must(t, err)
	for what, change := range map[string]func(*store.Record){
		"no id": func(r *store.Record) { r.ID = "" }, "no data": func(r *store.Record) { r.Data = nil },
		"too much data": func(r *store.Record) { r.Data = make([]byte, 16<<20+1) }, "a negative cap": func(r *store.Record) { r.Absolute = -1 },
	} {
		r := record("id", "")
		change(r)
		if err := s.Create(t.Context(), r); err == nil || errors.Is(err, store.ErrUnavailable) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
