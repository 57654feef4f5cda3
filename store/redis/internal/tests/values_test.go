package tests_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/echosession/session/internal/testserver"
	"github.com/echosession/session/store"
	redisstore "github.com/echosession/session/store/redis"
)

// What connect-redis 9 wrote for a login by passport.
const captured = `{"cookie":{"originalMaxAge":3600000,"expires":"2026-11-23T18:10:41.429Z","httpOnly":true,"path":"/"},"passport":{"user":1}}`

// alone starts a server of the test's own, with a client and a store on it.
func alone(t *testing.T, o testserver.RedisOptions) (*testserver.Redis, *redis.Client, *redisstore.Store) {
	t.Helper()
	server := testserver.StartRedis(t, o)
	client := connect(t, server.Addr())
	return server, client, open(t, client, redisstore.Options{})
}

func TestValueIsConnectRedis(t *testing.T) {
	t.Parallel()
	_, client, s := alone(t, testserver.RedisOptions{})
	ctx := t.Context()
	must(t, client.Set(ctx, "sess:theirs", captured, time.Hour).Err())
	r, err := s.Load(ctx, "theirs")
	must(t, err)
	if string(r.Data) != captured || r.User != "1" || r.Handle != "" || !r.Created.IsZero() || r.Expires.Sub(r.Now).Round(time.Minute) != time.Hour {
		t.Errorf("loaded %q, user %q, handle %q, created %v, lives %v", r.Data, r.User, r.Handle, r.Created, r.Expires.Sub(r.Now))
	}
	// Theirs again after ours: their user counts, our handle and age stay.
	r.Idle, r.Data = 2*time.Hour, []byte(strings.Replace(captured, `"user":1`, `"user":"<ann> \u2028"`, 1))
	r.User = "<ann> \u2028"
	must(t, s.Save(ctx, r))
	if got := client.Get(ctx, "sess:theirs").Val(); got != string(r.Data) {
		t.Errorf("stored %q, want %q", got, r.Data)
	}
	if left := client.PTTL(ctx, "sess:theirs").Val(); left.Round(time.Minute) != 2*time.Hour {
		t.Errorf("the key lives %v", left)
	}
	must(t, client.Set(ctx, "sess:theirs", captured, time.Hour).Err())
	got, err := s.Load(ctx, "theirs")
	must(t, err)
	if got.User != "1" || !got.Created.Equal(r.Created) || got.Version == r.Version {
		t.Errorf("user %q, created %v, version %d after %d", got.User, got.Created, got.Version, r.Version)
	}
	if err := s.Save(ctx, r); !errors.Is(err, store.ErrConflict) {
		t.Errorf("Save over what they wrote: %v", err)
	}
	must(t, client.Expire(ctx, "sess:theirs", 3*time.Hour).Err())
	got.Idle = time.Hour
	must(t, s.Save(ctx, got)) // their touch is no conflict
	must(t, client.Del(ctx, "sess:theirs").Err())
	if err := s.Save(ctx, got); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Save of what they destroyed: %v", err)
	}
}

// A session that was ended here stays so for us, whatever a slow request of
// Express writes.
func TestSlowExpressRevivesNothing(t *testing.T) {
	t.Parallel()
	_, client, s := alone(t, testserver.RedisOptions{})
	ctx := t.Context()
	for name, end := range map[string]func(*store.Record) error{
		"deleted": func(r *store.Record) error { return s.Delete(ctx, r) },
		"revoked": func(r *store.Record) error {
			_, err := s.Revoke(ctx, store.Revocation{User: r.User})
			return err
		},
		"rotated": func(r *store.Record) error {
			to := *r
			to.ID = "new"
			return s.Rotate(ctx, r.ID, &to)
		},
	} {
		r := record(name, name)
		must(t, s.Create(ctx, r))
		must(t, end(r))
		must(t, client.Set(ctx, "sess:"+name, captured, time.Hour).Err())
		if _, err := s.Load(ctx, name); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s: Load: %v", name, err)
		}
		if err := s.Touch(ctx, r); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s: Touch: %v", name, err)
		}
	}
}

// Whatever stands at our keys, a request gets a session or none, never an outage.
func TestHostileValues(t *testing.T) {
	t.Parallel()
	_, client, s := alone(t, testserver.RedisOptions{})
	const lives, none = true, false
	for name, c := range map[string]struct {
		args  []any // a command; K and M stand for the keys
		lives bool
	}{
		"a list":               {[]any{"RPUSH", "K", "x"}, none},
		"a hash":               {[]any{"HSET", "K", "a", "b"}, none},
		"empty":                {[]any{"SET", "K", ""}, none},
		"17 MiB":               {[]any{"SETRANGE", "K", 17 << 20, "x"}, none},
		"no JSON":              {[]any{"SET", "K", "no JSON"}, lives},
		"no text":              {[]any{"SET", "K", "\xff\x00\xfe"}, lives},
		"null":                 {[]any{"SET", "K", "null"}, lives},
		"an array":             {[]any{"SET", "K", "[]"}, lives},
		"nested":               {[]any{"SET", "K", strings.Repeat("[", 100_000)}, lives},
		"no end":               {[]any{"SET", "K", captured}, lives},
		"an odd user":          {[]any{"SET", "K", `{"passport":{"user":{"id":1}},"_session":{"auth":"x"}}`}, lives},
		"beside it a list":     {[]any{"EVAL", "redis.call('DEL',KEYS[1]) return redis.call('RPUSH',KEYS[1],'x')", 1, "M"}, lives},
		"beside it no JSON":    {[]any{"SET", "M", "no JSON"}, lives},
		"beside it odd fields": {[]any{"SET", "M", `{"n":[],"h":5,"u":{},"c":"x","v":null,"x":1}`}, lives},
		"beside it nothing":    {[]any{"DEL", "M"}, lives},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, id := t.Context(), strings.ReplaceAll(name, " ", "-")
			must(t, s.Create(ctx, record(id, "ann")))
			key := map[any]string{"K": "sess:" + id, "M": "echosession:{sess:" + id + "}"}
			if c.args[1] == "K" && c.args[0] != "SET" {
				must(t, client.Del(ctx, key["K"]).Err())
			}
			for i, arg := range c.args {
				if k, ok := key[arg]; ok {
					c.args[i] = k
				}
			}
			must(t, client.Do(ctx, c.args...).Err())
			got, err := s.Load(ctx, id)
			if c.lives {
				must(t, err)
				got.Idle = time.Hour
				must(t, s.Touch(ctx, got))
				got.Data = []byte(`{}`)
				must(t, s.Save(ctx, got))
				to := *got
				to.ID, to.User = id+"-2", "bob"
				must(t, s.Rotate(ctx, id, &to))
				got = &to
			} else {
				got = record(id, "ann")
				for what, err := range map[string]error{
					"Load": err, "Touch": s.Touch(ctx, got), "Save": s.Save(ctx, got), "Rotate": s.Rotate(ctx, id, record(id+"-2", "")),
				} {
					if !errors.Is(err, store.ErrNotFound) {
						t.Errorf("%s: %v", what, err)
					}
				}
			}
			_, err = s.Sessions(ctx, "ann")
			must(t, err)
			_, err = s.Stats(ctx)
			must(t, err)
			must(t, s.Delete(ctx, got))
		})
	}
}

// No key is ever without an end, after any operation, on one server and in a
// Cluster.
func TestEveryKeyHasAnEnd(t *testing.T) {
	t.Parallel()
	server, one, s := alone(t, testserver.RedisOptions{})
	many, parts := cluster(t)
	check := func(after string, client redis.Cmdable) {
		t.Helper()
		keys, err := client.Keys(context.Background(), "*").Result()
		must(t, err)
		for _, key := range keys {
			if left := client.PTTL(context.Background(), key).Val(); left == -1 {
				t.Errorf("after %s %q has no end", after, key)
			}
		}
	}
	_ = server
	for _, c := range []struct {
		store *redisstore.Store
		check func(after string)
	}{
		{s, func(after string) { check(after, one) }},
		{many, func(after string) {
			must(t, parts.ForEachMaster(t.Context(), func(_ context.Context, c *redis.Client) error {
				check(after, c)
				return nil
			}))
		}},
	} {
		ctx := t.Context()
		r := record("a", "ann")
		must(t, c.store.Create(ctx, r))
		c.check("Create")
		must(t, c.store.Save(ctx, r))
		c.check("Save")
		must(t, c.store.Touch(ctx, r))
		c.check("Touch")
		to := *r
		to.ID, to.User = "b", "bob"
		must(t, c.store.Rotate(ctx, "a", &to))
		c.check("Rotate")
		must(t, c.store.Delete(ctx, &to))
		c.check("Delete")
		must(t, c.store.Create(ctx, record("c", "cleo")))
		_, err := c.store.Revoke(ctx, store.Revocation{User: "cleo"})
		must(t, err)
		c.check("Revoke")
		_, err = c.store.Revoke(ctx, store.Revocation{Everyone: true})
		must(t, err)
		c.check("Revoke of everyone")
	}
}
