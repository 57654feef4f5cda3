package interop

import (
	"testing"

	"github.com/echosession/session/internal/testserver"
)

// A couple is both sides on what they share.
type couple struct {
	name     string
	settings func(string) side // Express with other settings
	theirs   side              // Express, plain
	ours     side
	env      []string // of Echo: what it keeps its sessions in
	database string   // the superuser's URL, "" on Redis alone
	redis    *testserver.Redis
	late     bool // what Express does takes a moment to be seen at Echo
}

// late says whether s has to be asked more than once about what other did.
func (c *couple) isLate(s, other side) bool { return c.late && s == c.ours && other != c.ours }

// TestTogether runs every scenario on Postgres, through the tier, and on Redis
// alone.
func TestTogether(t *testing.T) {
	scenarios := map[string]func(*testing.T, *couple){
		"logins are shared":          shared,
		"passport's own logout":      passportsOwnLogout,
		"nobody, as Express has it":  nobody,
		"taking turns loses nothing": takingTurns,
		"a slow request of Express":  slowExpress,
		"a slow request of Echo":     slowEcho,
		"odd rows":                   oddRows,
		"captured rows":              fixtures,
		"cookies look alike":         alike,
	}
	ground := map[string]func(*testing.T) *couple{
		"Postgres": func(t *testing.T) *couple {
			pg := testserver.SharedPostgres(t, testserver.PostgresOptions{})
			return onTable(t, pg, pg.Database(t))
		},
		"the tier": func(t *testing.T) *couple {
			pg := testserver.StartPostgres(t, testserver.PostgresOptions{}) // its own: a transaction of another test makes polls wait
			c := onTable(t, pg, pg.URL(), "SESSION_STORE=redis", "REDIS_URL="+testserver.SharedRedis(t, testserver.RedisOptions{}).URL())
			c.late = true
			return c
		},
		"Redis alone": func(t *testing.T) *couple {
			redis := testserver.StartRedis(t, testserver.RedisOptions{})
			env := []string{"SESSION_STORE=redis-only", "REDIS_URL=" + redis.URL(), "ECHO=5"}
			return &couple{env: env, redis: redis, ours: echo(t, env...), settings: express(t, "REDIS_URL="+redis.URL())}
		},
	}
	for name, start := range ground {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := start(t)
			c.name, c.theirs = name, c.settings("plain")
			for name, scenario := range scenarios {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					scenario(t, c)
				})
			}
		})
	}
}

// onTable puts both sides on one table, Express under a role that has rights on
// that table and on nothing beside it.
func onTable(t *testing.T, pg *testserver.Postgres, at string, env ...string) *couple {
	t.Helper()
	env = append([]string{"DATABASE_URL=" + at, "MIGRATE=1"}, env...)
	if len(env) == 2 {
		env = append(env, "SESSION_STORE=postgres")
	}
	c := &couple{env: env, database: at, ours: echo(t, env...)}
	_, limited := pg.Role(t, at, "SELECT, INSERT, UPDATE, DELETE ON session")
	c.settings = express(t, "DATABASE_URL="+limited)
	return c
}
