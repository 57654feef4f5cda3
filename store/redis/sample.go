package redisstore

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	scannedKeys    = 40_000 // of each server; most sessions have four
	loadedSessions = 10_000 // of all servers
)

// A find is a session of a sample, which stands for so many.
type find struct {
	id    string
	times float64
}

// sample are sessions to look at, and whether they are all there are. SCAN goes
// through keys in the order of their hashes, so the first are as good as any.
func (s *Store) sample(ctx context.Context) (found []find, whole bool, err error) {
	var one sync.Mutex
	whole = true
	err = s.eachMaster(ctx, func(ctx context.Context, client redis.Cmdable) error {
		ids, times, err := s.first(ctx, client)
		one.Lock()
		defer one.Unlock()
		for _, id := range ids {
			found = append(found, find{id, times})
		}
		whole = whole && times == 1
		return err
	})
	if err != nil {
		return nil, false, s.wrap("stats", err)
	}
	if len(found) <= loadedSessions {
		return found, whole, nil
	}
	every := (len(found) + loadedSessions - 1) / loadedSessions
	var some []find
	for i := 0; i < len(found); i += every {
		some = append(some, found[i])
	}
	for i := range some {
		some[i].times *= float64(len(found)) / float64(len(some))
	}
	return some, false, nil
}

// first are the first ids that SCAN finds on a server, each once; each stands for
// so many of all the server's.
func (s *Store) first(ctx context.Context, client redis.Cmdable) (ids []string, times float64, err error) {
	seen, known := 0, map[string]bool{}
	for cursor := uint64(0); ; {
		keys, next, err := s.scanOnce(ctx, client, cursor, "")
		if err != nil {
			return nil, 0, err
		}
		seen += len(keys)
		for _, id := range s.idsAmong(keys) {
			known[id] = true
		}
		if next == 0 {
			return slices.Collect(maps.Keys(known)), 1, nil
		}
		if seen >= scannedKeys {
			break
		}
		cursor = next
	}
	within, cancel := s.within(ctx)
	defer cancel()
	size, err := await(within, s.heeds, func() (int64, error) { return client.DBSize(within).Result() })
	// Never quite 1, which is for those that were seen whole.
	return slices.Collect(maps.Keys(known)), max(float64(size)/float64(seen), 1.0001), err
}

// guessUsers says from a sample how many users there are. A user with k sessions
// is represented by each of them with 1/k. Their list has k: some of it may be
// over, and of what only Express has written it knows nothing.
func (s *Store) guessUsers(ctx context.Context, sampled map[string]float64, now time.Time) (users float64, err error) {
	for names := range slices.Chunk(slices.Collect(maps.Keys(sampled)), 1000) {
		counts, err := s.listed(ctx, names, now)
		if err != nil {
			return 0, err
		}
		for i, name := range names {
			users += sampled[name] / float64(max(counts[i], 1))
		}
	}
	return users, nil
}

// listed says how many sessions of some users are on their lists, and not over.
func (s *Store) listed(ctx context.Context, users []string, now time.Time) ([]int64, error) {
	ctx, cancel := s.within(ctx)
	defer cancel()
	from := strconv.FormatInt(now.UnixMilli(), 10)
	counts, err := await(ctx, s.heeds, func() ([]int64, error) {
		pipe, cmds := s.client.Pipeline(), make([]*redis.IntCmd, len(users))
		for i, user := range users {
			cmds[i] = pipe.ZCount(ctx, s.keys.users+user, from, "+inf")
		}
		_, _ = pipe.Exec(ctx) // each command has its own error
		counts := make([]int64, len(cmds))
		for i, cmd := range cmds {
			n, err := cmd.Result()
			if err != nil && !redis.HasErrorPrefix(err, "WRONGTYPE") { // somebody's own key
				return nil, err
			}
			counts[i] = n
		}
		return counts, nil
	})
	return counts, s.wrap("stats", err)
}
