package tests_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/echosession/session/internal/testserver"
	"github.com/echosession/session/store"
	redisstore "github.com/echosession/session/store/redis"
)

// keysOf is told the keys of each script that is run.
type keysOf struct{ told func(keys []any) }

func (keysOf) DialHook(next redis.DialHook) redis.DialHook { return next }

func (keysOf) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (k keysOf) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if args := cmd.Args(); cmd.Name() == "evalsha" {
			k.told(args[3 : 3+args[2].(int)])
		}
		return next(ctx, cmd)
	}
}

// The two keys of a session are in one slot, as a server of a Cluster counts them,
// whatever is in the id.
func TestKeysShareASlot(t *testing.T) {
	t.Parallel()
	node := testserver.StartRedisCluster(t, 1, testserver.RedisOptions{})[0]
	client := connect(t, node.Addr())
	var keys []any
	client.AddHook(keysOf{func(k []any) { keys = k }})
	seen := map[any]string{}
	for _, prefix := range []string{"sess:", "{app}:", "a}{", "{}"} {
		s := open(t, client, redisstore.Options{Prefix: prefix})
		for _, id := range []string{"cdBonmEFkf3UFgsHdPqDGqoQsbXkzGFC", "a:b{c}d", "{}", "}{", "{", "}", "{{x}}", "a b\r\n", "é", "{c}"} {
			if _, err := s.Load(t.Context(), id); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("%q: %v", prefix+id, err) // the server refuses what is in two slots
			}
			if len(keys) != 2 {
				t.Fatalf("%q has the keys %q, not two", prefix+id, keys)
			}
			var slots [2]string
			for i, key := range keys {
				if other := seen[key]; other != "" {
					t.Errorf("%q of %q is a key of %s", key, prefix+id, other)
				}
				seen[key] = fmt.Sprintf("%q", prefix+id)
				var err error
				if slots[i], err = node.Do("CLUSTER", "KEYSLOT", key.(string)); err != nil {
					t.Fatal(err)
				}
			}
			if slots[0] != slots[1] {
				t.Errorf("the keys of %q are in the slots %s and %s", prefix+id, slots[0], slots[1])
			}
		}
	}
}
