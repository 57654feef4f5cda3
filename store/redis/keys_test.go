package redisstore

import (
	"fmt"
	"testing"

	"github.com/echosession/session/internal/testserver"
)

// The two keys of a session are in one slot, as a server of a Cluster counts them,
// whatever is in the id.
func TestKeysShareASlot(t *testing.T) {
	t.Parallel()
	node := testserver.StartRedisCluster(t, 1, testserver.RedisOptions{})[0]
	seen := map[string]string{}
	for _, prefix := range []string{"sess:", "{app}:", "a}{", "{}"} {
		k := newKeys(prefix)
		for _, id := range []string{"cdBonmEFkf3UFgsHdPqDGqoQsbXkzGFC", "a:b{c}d", "{}", "}{", "{", "}", "{{x}}", "a b\r\n", "é", "{c}"} {
			var slots [2]string
			for i, key := range k.session(id) {
				if other := seen[key]; other != "" {
					t.Errorf("%q of %q is a key of %s", key, prefix+id, other)
				}
				seen[key] = fmt.Sprintf("%q", prefix+id)
				var err error
				if slots[i], err = node.Do("CLUSTER", "KEYSLOT", key); err != nil {
					t.Fatal(err)
				}
			}
			if slots[0] != slots[1] {
				t.Errorf("the keys of %q are in the slots %s and %s", prefix+id, slots[0], slots[1])
			}
		}
	}
}
