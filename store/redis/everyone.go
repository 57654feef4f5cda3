package redisstore

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// lease is how long logins stay refused when a revocation of everyone died.
const lease = 10 * time.Second

// revokeEveryone ends all sessions of the prefix. While it runs, and for those
// that began before it was done, logins are refused: SCAN does not promise to find
// what comes while it goes on.
func (s *Store) revokeEveryone(ctx context.Context) (int, error) {
	this := nonce()
	ended := 0
	err := s.setMark(ctx, "r"+this, lease)
	if err != nil {
		return 0, err
	}
	err = s.scan(ctx, "revoke", func(ids []string) error {
		if err := s.setMark(ctx, "r"+this, lease); err != nil {
			return err
		}
		calls := make([]call, len(ids))
		for i, id := range ids {
			calls[i] = s.killCall(id, "revoked", "", "")
		}
		return s.runAll(ctx, "revoke", calls, func(_ int, a []string) error {
			if a[0] == "ok" && len(a) > 1 && a[1] == "1" {
				ended++
			}
			return nil
		})
	})
	if err != nil {
		return ended, err
	}
	return ended, s.setMark(ctx, "d"+this, time.Hour)
}

func (s *Store) setMark(ctx context.Context, mark string, ttl time.Duration) error {
	ctx, cancel := s.within(ctx)
	defer cancel()
	_, err := await(ctx, s.heeds, func() (string, error) { return s.client.Set(ctx, s.keys.everyone, mark, ttl).Result() })
	return s.wrap("revoke", err)
}

// scan calls each with all ids there are, some at a time, one call after the
// other; an id may come twice.
func (s *Store) scan(ctx context.Context, operation string, each func(ids []string) error) error {
	var one sync.Mutex
	var failed error
	node := func(ctx context.Context, client redis.Cmdable) error {
		for cursor := uint64(0); ; {
			keys, next, err := s.scanOnce(ctx, client, cursor, s.keys.pattern())
			if err != nil {
				return err
			}
			ids := s.idsAmong(keys)
			one.Lock()
			if failed == nil && len(ids) > 0 {
				failed = each(ids)
			}
			stop := failed
			one.Unlock()
			if stop != nil || next == 0 {
				return stop
			}
			cursor = next
		}
	}
	err := s.eachMaster(ctx, node)
	if failed != nil {
		return failed
	}
	return s.wrap(operation, err)
}

// eachMaster calls f with each server that has keys of its own; in a Cluster all
// at the same time.
func (s *Store) eachMaster(ctx context.Context, f func(context.Context, redis.Cmdable) error) error {
	if cluster, ok := s.client.(*redis.ClusterClient); ok {
		return cluster.ForEachMaster(ctx, func(ctx context.Context, c *redis.Client) error { return f(ctx, c) })
	}
	return f(ctx, s.client)
}

// scanOnce is one step of SCAN, over some thousand keys; a pattern of "" takes
// them all.
func (s *Store) scanOnce(ctx context.Context, client redis.Cmdable, cursor uint64, pattern string) (keys []string, next uint64, err error) {
	ctx, cancel := s.within(ctx)
	defer cancel()
	type page struct {
		keys []string
		next uint64
	}
	p, err := await(ctx, s.heeds, func() (page, error) {
		keys, next, err := client.Scan(ctx, cursor, pattern, 1000).Result()
		return page{keys, next}, err
	})
	return p.keys, p.next, err
}

// idsAmong are the ids of those keys that are of sessions.
func (s *Store) idsAmong(keys []string) (ids []string) {
	for _, key := range keys {
		if id, ours := strings.CutPrefix(key, s.keys.prefix); ours {
			ids = append(ids, id)
		}
	}
	return ids
}
