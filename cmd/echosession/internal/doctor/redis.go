package doctor

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	redisstore "github.com/echosession/session/store/redis"
)

// redisChecks are of Redis, alone or in front of Postgres.
var redisChecks = []check{
	{name: "redis server", severity: Failed, look: checkRedisServer, ends: true},
	{name: "redis version", severity: Failed, look: checkRedisVersion},
	{name: "redis role", severity: Failed, look: checkRedisRole, ends: true},
	{name: "redis rights", severity: Failed, look: checkRedisRights, ends: true},
	{name: "redis eviction", severity: Failed, look: checkEviction},
	{name: "redis persistence", severity: Warning, look: checkPersistence},
	{name: "redis round trip", severity: Failed, look: checkRedisTrip},
	{name: "redis clock", severity: Warning, look: func(ctx context.Context, p *patient) (string, error) {
		return compareClocks(ctx, "Redis", func(ctx context.Context) (time.Time, error) { return p.client.Time(ctx).Result() })
	}},
}

// redisForm is what a person fills in.
const redisForm = "redis://user:password@host:6379/0"

// alone: sessions are kept in Redis and nowhere else.
func (p *patient) alone() bool { return p.settings.Name == "redis-only" }

func checkRedisServer(ctx context.Context, p *patient) (string, error) {
	err := p.client.Ping(ctx).Err()
	switch code := answered(err); {
	case err == nil:
		return "", nil
	case code == "":
		away := "the application serves without it, more slowly"
		if p.alone() {
			away = "the application answers 503 meanwhile"
		}
		return "", &trouble{what: "Redis does not answer: " + plain(err), hint: "start it, or set REDIS_URL to where it is; " + away}
	case code == "WRONGPASS", code == "NOAUTH":
		return "", &trouble{what: "Redis refuses user or password (" + code + ")", hint: "correct them in REDIS_URL", fix: "export REDIS_URL='" + redisForm + "'"}
	case code == "NOPERM":
		return "", nil // it answers; which rights it wants is asked later
	default:
		return "", &trouble{what: "Redis answers " + code, hint: "look at its own log"}
	}
}

// answered is the code of an error that the server answered with, or "". Its text
// may quote what it was sent.
func answered(err error) string {
	var reply redis.Error
	if !errors.As(err, &reply) {
		return ""
	}
	code, _, _ := strings.Cut(reply.Error(), " ")
	return strings.TrimSuffix(code, ":")
}

// info is what a server tells of itself.
type info map[string]string

func parseInfo(text string) info {
	i := info{}
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			i[name] = value
		}
	}
	return i
}

// checkRedisVersion asks for what the later checks look at as well.
func checkRedisVersion(ctx context.Context, p *patient) (string, error) {
	var mu sync.Mutex
	ask := func(ctx context.Context, node *redis.Client) error {
		text, err := node.Info(ctx).Result()
		mu.Lock()
		defer mu.Unlock()
		if err == nil {
			p.nodes = append(p.nodes, parseInfo(text))
		}
		return err
	}
	var err error
	switch c := p.client.(type) {
	case *redis.ClusterClient:
		err = c.ForEachMaster(ctx, ask)
	case *redis.Client:
		err = ask(ctx, c)
	}
	if code := answered(err); code == "NOPERM" {
		return "", &trouble{what: "Redis does not tell its version, role and eviction policy (NOPERM on info)", hint: "allow the user +info, and +cluster in a Cluster", fix: p.allow(ctx, "+info"), mild: true}
	}
	if err != nil {
		return "", err
	}
	if len(p.nodes) == 0 {
		return "", errUntold
	}
	for _, node := range p.nodes {
		version := node["redis_version"]
		major, _, _ := strings.Cut(version, ".")
		if n, err := strconv.Atoi(major); err == nil && n < 7 {
			return "", &trouble{what: "the server is Redis " + version, hint: "use Redis 7 or newer, or Valkey"}
		}
	}
	if v := p.nodes[0]["valkey_version"]; v != "" {
		return "Valkey " + v, nil
	}
	return "Redis " + p.nodes[0]["redis_version"], nil
}

func checkRedisRole(_ context.Context, p *patient) (string, error) {
	if len(p.nodes) == 0 {
		return "", errUntold
	}
	for _, node := range p.nodes {
		if node["role"] != "slave" {
			continue
		}
		t := &trouble{what: "the server is a replica: nothing can be stored there", hint: "set REDIS_URL to the master, or name it by its Sentinels with master_name"}
		if c, ok := p.client.(*redis.Client); ok {
			t.fix = p.address("REDIS_URL", c.Options().Addr, node["master_host"]+":"+node["master_port"])
		}
		return "", t
	}
	return "", nil
}

func checkRedisTrip(ctx context.Context, p *patient) (string, error) {
	if !p.alone() {
		return "copies only: what Postgres has decides", nil
	}
	st, err := redisstore.New(p.client, redisstore.Options{Timeout: callTimeout})
	if err != nil {
		return "", err
	}
	return "one session stored, read, changed, deleted", roundTrip(ctx, st)
}

// cli is redis-cli at the server: as the application's own user where that may do
// it, else as an administrator.
func (p *patient) cli(own bool, args string) string {
	at := `"$REDIS_ADMIN_URL"`
	if own && !strings.Contains(p.text("REDIS_URL"), "?") {
		at = `"$REDIS_URL"`
	}
	return fmt.Sprintf("redis-cli -e -u %s %s", at, args)
}
