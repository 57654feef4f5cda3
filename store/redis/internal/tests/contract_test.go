package tests_test

import (
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/echosession/session/internal/testserver"
	"github.com/echosession/session/store"
	redisstore "github.com/echosession/session/store/redis"
	"github.com/echosession/session/store/storetest"
)

func TestContract(t *testing.T) {
	for _, c := range []struct {
		name    string
		edit    func(*redis.Options)
		acl     []string
		options redisstore.Options
	}{
		{name: "connect-redis's prefix"},
		{name: "RESP 2, a prefix with glob characters and braces", edit: func(o *redis.Options) { o.Protocol = 2 }, options: redisstore.Options{Prefix: `a[b]*?\{x}:`}},
		{name: "the rights of docs/stores.md", acl: []string{"user app on >sesame ~sess:* ~echosession:* +@all -@admin -@dangerous +info"},
			edit: func(o *redis.Options) { o.Username, o.Password = "app", "sesame" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := testserver.StartRedis(t, testserver.RedisOptions{ACL: c.acl})
			var edits []func(*redis.Options)
			if c.edit != nil {
				edits = append(edits, c.edit)
			}
			s := open(t, connect(t, r.Addr(), edits...), c.options)
			storetest.Run(t, func(*testing.T) store.Store { return s })
		})
	}
}
