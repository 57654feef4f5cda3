package doctor

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"
)

// A right is a command that the store sends or a script of it calls, and a harmless
// call of it on a key of our own.
type right struct {
	command string
	args    []any
}

// rightsOf are in an order in which each call makes sense.
func rightsOf(key string, alone bool) []right {
	list := []right{
		{"ping", nil},
		{"eval", []any{"return 1", 1, key}},
		{"evalsha", []any{"0000000000000000000000000000000000000000", 1, key}}, // no such script
		{"set", []any{key, "", "PX", 1000}},
		{"get", []any{key}},
		{"del", []any{key}},
	}
	if !alone {
		return list
	}
	return append(list, []right{
		{"time", nil}, {"exists", []any{key}}, {"strlen", []any{key}}, {"type", []any{key}}, {"pttl", []any{key}}, {"pexpire", []any{key, 1000}},
		{"zadd", []any{key, 1, "m"}}, {"zcard", []any{key}}, {"zscore", []any{key, "m"}}, {"zrange", []any{key, 0, 0}},
		{"zrangebyscore", []any{key, 0, 0}}, {"zrem", []any{key, "m"}}, {"zremrangebyscore", []any{key, 0, 0}},
		{"scan", []any{0, "COUNT", 1}},
	}...)
}

// checkRedisRights finds commands and keys that the user of REDIS_URL may not use.
func checkRedisRights(ctx context.Context, p *patient) (string, error) {
	prefixes := []string{"echosession:"}
	if p.alone() {
		prefixes = append(prefixes, "sess:")
	}
	var lacking []string
	for _, prefix := range prefixes {
		for _, r := range rightsOf(prefix+"doctor:"+rand.Text(), p.alone()) {
			err := p.client.Do(ctx, append([]any{r.command}, r.args...)...).Err()
			var answer redis.Error
			switch {
			case err == nil, errors.Is(err, redis.Nil):
				continue
			case !errors.As(err, &answer):
				return "", err
			case answered(err) != "NOPERM":
				continue // such as NOSCRIPT: it may be called
			}
			// It names either the command or that it is about a key.
			missing := "+" + r.command
			if !strings.Contains(answer.Error(), "command") {
				missing = "~" + prefix + "*"
			}
			if !slices.Contains(lacking, missing) {
				lacking = append(lacking, missing)
			}
		}
	}
	if len(lacking) == 0 {
		return "", nil
	}
	return "", &trouble{
		what: "the user of REDIS_URL lacks " + strings.Join(lacking, " "),
		hint: "allow it, as an administrator, and keep that by ACL SAVE or in the users' file",
		fix:  p.allow(ctx, lacking...),
	}
}

// allow gives rights to the user of REDIS_URL.
func (p *patient) allow(ctx context.Context, rules ...string) string {
	user, err := p.client.Do(ctx, "ACL", "WHOAMI").Text()
	if err != nil { // it may not even ask that
		user = "default"
		if c, ok := p.client.(*redis.Client); ok && c.Options().Username != "" {
			user = c.Options().Username
		}
	}
	words := []string{"ACL SETUSER", quote(user)}
	for _, rule := range rules {
		if strings.HasPrefix(rule, "~") {
			rule = quote(rule)
		}
		words = append(words, rule)
	}
	return p.cli(false, strings.Join(words, " "))
}
