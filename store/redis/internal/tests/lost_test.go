package tests_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/echosession/session/internal/testserver"
	"github.com/echosession/session/store"
	redisstore "github.com/echosession/session/store/redis"
)

// A thief takes one answer from a client: the server has done what it was asked,
// and the connection breaks before it can say so.
type thief struct {
	left  atomic.Int64 // answers until then
	stole atomic.Bool
}

func (th *thief) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return &robbed{Conn: conn, thief: th}, nil
}

// robbed is a connection that a thief may break. An answer of these tests is one
// read, since it is small.
type robbed struct {
	net.Conn
	thief *thief
}

func (c *robbed) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if err == nil && c.thief.left.Add(-1) == 0 {
		c.thief.stole.Store(true)
		c.Conn.Close()
		return 0, io.ErrUnexpectedEOF
	}
	return n, err
}

// TestAnswerLost: an answer is lost, the next one in the next round. A client that
// asks again does nothing twice; one that does not is told that nobody knows.
func TestAnswerLost(t *testing.T) {
	for _, where := range []string{"one server", "a Cluster"} {
		for _, retries := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, asking again %v", where, retries), func(t *testing.T) {
				t.Parallel()
				var th thief
				tries := map[bool]int{true: 3, false: -1}[retries]
				var client redis.UniversalClient
				if where == "one server" {
					r := testserver.StartRedis(t, testserver.RedisOptions{})
					client = redis.NewClient(&redis.Options{Addr: r.Addr(), Dialer: th.dial, MaxRetries: tries})
				} else {
					var addrs []string
					for _, node := range testserver.StartRedisCluster(t, 3, testserver.RedisOptions{}) {
						addrs = append(addrs, node.Addr())
					}
					o := &redis.ClusterOptions{Addrs: addrs, Dialer: th.dial, MaxRetries: tries}
					if !retries {
						o.MaxRedirects = -1
					}
					client = redis.NewClusterClient(o)
				}
				t.Cleanup(func() { client.Close() })
				s := open(t, client, redisstore.Options{})
				for _, op := range []string{"Create", "Save", "Touch", "Rotate", "Login", "Delete"} {
					for k := 1; losing(t, s, &th, op, int64(k), retries) || k == 1; k++ {
						if k == 1 && !th.stole.Load() {
							t.Errorf("%s: no answer was lost", op)
						}
						if k > 100 {
							t.Fatal(op, "there is always one more answer")
						}
					}
				}
			})
		}
	}
}

// losing does op while the k-th answer from now on is lost, and reports whether
// there was one.
func losing(t *testing.T, s *redisstore.Store, th *thief, op string, k int64, retries bool) bool {
	t.Helper()
	ctx, id := t.Context(), fmt.Sprint(op, k)
	r := record(id, "")
	if op == "Delete" || op == "Save" || op == "Touch" {
		r.User = "ann"
	}
	if op != "Create" {
		must(t, s.Create(ctx, r))
	}
	warm(t, s, id+"warm")
	next := *r
	next.Data = []byte(`{"made":"next"}`)
	th.stole.Store(false)
	th.left.Store(k)
	var err error
	switch op {
	case "Create":
		next.User = "ann"
		err = s.Create(ctx, &next)
	case "Save":
		err = s.Save(ctx, &next)
	case "Touch":
		next.Data = r.Data
		err = s.Touch(ctx, &next)
	case "Rotate", "Login":
		next.ID = id + "new"
		if op == "Login" {
			next.User = "ann"
		}
		err = s.Rotate(ctx, id, &next)
	case "Delete":
		err = s.Delete(ctx, r)
	}
	th.left.Store(0)
	stole := th.stole.Load()
	if err != nil && (retries || !stole || !errors.Is(err, store.ErrUnavailable)) {
		t.Errorf("%s, answer %d lost (%v): %v", op, k, stole, err)
	}
	if err != nil {
		return stole
	}
	got, err := s.Load(ctx, next.ID)
	switch {
	case op == "Delete":
		if !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s, answer %d lost: Load: %v", op, k, err)
		}
	case err != nil:
		t.Errorf("%s, answer %d lost: Load: %v", op, k, err)
	case got.Version != next.Version || string(got.Data) != string(next.Data) || got.User != next.User || got.Handle != r.Handle:
		t.Errorf("%s, answer %d lost: version %d is stored, %d was told", op, k, got.Version, next.Version)
	}
	if next.ID != id {
		if _, err := s.Load(ctx, id); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s, answer %d lost: the old id: %v", op, k, err)
		}
	}
	return stole
}

// warm lets the server know all scripts.
func warm(t *testing.T, s *redisstore.Store, id string) {
	t.Helper()
	ctx := t.Context()
	r := record(id, "eve")
	must(t, s.Create(ctx, r))
	must(t, s.Save(ctx, r))
	must(t, s.Touch(ctx, r))
	to := *r
	to.ID += "new"
	must(t, s.Rotate(ctx, id, &to))
	must(t, s.Delete(ctx, &to))
}

// A write that was lost, asked for again after somebody else's: it has happened,
// so it is no conflict, or an operation would be replayed on top of itself.
func TestLateRetryIsNoConflict(t *testing.T) {
	t.Parallel()
	var th thief
	server := testserver.StartRedis(t, testserver.RedisOptions{})
	other := open(t, connect(t, server.Addr()), redisstore.Options{})
	ctx := t.Context()
	r := record("id", "ann")
	must(t, other.Create(ctx, r))
	must(t, other.Save(ctx, r))
	client := connect(t, server.Addr(), func(o *redis.Options) {
		o.Dialer = th.dial
		o.MaxRetries = 3
		// The second connection is opened for the retry: then the other one saves.
		o.OnConnect = func(ctx context.Context, _ *redis.Conn) error {
			if !th.stole.Load() {
				return nil
			}
			next, err := other.Load(ctx, "id")
			if err != nil {
				return err
			}
			next.Data, next.Idle = []byte(`{"made":"by the other"}`), r.Idle
			return other.Save(ctx, next)
		}
	})
	s := open(t, client, redisstore.Options{})
	must(t, s.Ping(ctx))
	th.left.Store(1)
	next := *r
	next.Data = []byte(`{"made":"by us"}`)
	if err := s.Save(ctx, &next); err != nil || !th.stole.Load() {
		t.Errorf("Save: %v, answer lost %v", err, th.stole.Load())
	}
	got, err := s.Load(ctx, "id")
	must(t, err)
	if string(got.Data) != `{"made":"by the other"}` || got.Version == next.Version {
		t.Errorf("stored is %s, of version %d; ours is %d", got.Data, got.Version, next.Version)
	}
}
