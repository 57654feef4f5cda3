package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/echosession/session/internal/devices"
	"github.com/echosession/session/internal/figures"
	"github.com/echosession/session/store"
	"github.com/echosession/session/store/open"
)

// decode reads a JSON answer.
func decode[T any](t *testing.T, r result) (v T) {
	t.Helper()
	if err := json.Unmarshal([]byte(r.out), &v); err != nil || r.code != exitOK {
		t.Fatalf("%v: %+v", err, r)
	}
	return v
}

// says wants parts in a text.
func says(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("it does not say %q:\n%s", part, text)
		}
	}
}

// TestUsage: what makes no sense is told in a sentence, ends with 2 and touches
// nothing.
func TestUsage(t *testing.T) {
	t.Parallel()
	e := migrated(t)
	e.login(t, "ann", "1")
	for line, part := range map[string]string{
		"":                 "which command?",
		"nope":             `unknown command "nope"`,
		"stats --nope":     "unknown flag: --nope",
		"stats more":       `unknown command "more"`,
		"list":             `required flag(s) "user" not set`,
		"list --user=":     "--user is empty",
		"list --user=\xff": "--user is not UTF-8",
		"revoke --user=" + strings.Repeat("x", 256): "--user has 256 bytes",
		"list --user ann --session-idle-timeout 5x": `SESSION_IDLE_TIMEOUT is "5x"`,
		"revoke":                       "say which",
		"revoke --user= ":              "--user is empty",
		"revoke --handle=":             "--handle is empty",
		"revoke --handle " + plantedID: "--handle is no handle; a handle is 22 letters, digits, - and _, or 32 digits of 0-9 and a-f, as echosession list --user USER shows it",
		"revoke --user ann --handle s%3A" + plantedID + ".x": "--handle is no handle",
		"revoke --all --user ann":                            "say which",
		"revoke --all=maybe":                                 "invalid argument",
		"stats --session-store mysql":                        `SESSION_STORE is "mysql"`,
		"stats --session-store memory":                       "admin API",
		"migrate --database-url ://":                         "DATABASE_URL is no connection string",
		"cleanup --session-table a.b.c":                      "SESSION_TABLE",
	} {
		r := e.run(t, strings.Fields(line)...)
		if r.code != exitUsage || r.out != "" {
			t.Errorf("%q ends with %d:\n%s%s", line, r.code, r.out, r.err)
		}
		says(t, r.err, part)
	}
	if r := (environment{}).run(t, "stats"); r.code != exitUsage {
		t.Errorf("without an environment: %+v", r)
	}
	if n := value[int](t, e, `SELECT count(*) FROM session`); n != 1 {
		t.Error("a session was ended by a command that makes no sense")
	}
}

// TestHelp: of every command, on stdout, with every variable as a flag, and no
// value of the environment in it.
func TestHelp(t *testing.T) {
	t.Parallel()
	e := environment{"SESSION_SECRET": secret, "DATABASE_URL": "postgres://me:hunter2@example.com/x"}
	for _, command := range []string{"", "migrate", "doctor", "stats", "cleanup", "list", "revoke", "secret"} {
		r := e.run(t, append(strings.Fields(command), "--help")...)
		if r.code != exitOK || r.err != "" {
			t.Errorf("%s: %+v", command, r)
		}
		says(t, r.out, "Usage:", "--database-url", "--session-secret", "--redis-url", "--session-store", "--session-table", "--json")
	}
	if r := e.run(t, "completion", "bash"); r.code != exitOK || !strings.Contains(r.out, "__start_echosession") {
		t.Errorf("completion: %d", r.code)
	}
	if r := e.run(t, "--version"); r.code != exitOK || !strings.HasPrefix(r.out, "echosession version ") || r.err != "" {
		t.Errorf("version: %+v", r)
	}
}

// TestEveryVariableIsAFlag: those that the application's packages document.
func TestEveryVariableIsAFlag(t *testing.T) {
	t.Parallel()
	documented := regexp.MustCompile(`(?m)^//\t([A-Z_]+)  `)
	found := 0
	for _, file := range []string{"../../env.go", "../../store/open/open.go"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range documented.FindAllStringSubmatch(string(text), -1) {
			found++
			has := func(v variable) bool { return v.name == match[1] }
			if !slices.ContainsFunc(variables, has) && match[1] != "MIGRATE" { // which is a command here
				t.Errorf("%s is no flag", match[1])
			}
		}
	}
	if found < 15 {
		t.Errorf("only %d variables are found", found)
	}
}

// TestSecret: 48 bytes, another each time, and plain into a pipe.
func TestSecret(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 3 {
		text, _ := strings.CutSuffix(environment{}.run(t, "secret").out, "\n")
		b, err := base64.StdEncoding.DecodeString(text)
		if err != nil || len(b) != 48 || seen[text] {
			t.Errorf("%d bytes, %v", len(b), err)
		}
		seen[text] = true
	}
	if s := decode[map[string]string](t, environment{}.run(t, "secret", "--json"))["secret"]; len(s) != 64 {
		t.Errorf("as JSON: %q", s)
	}
}

// TestMigrate: a fresh database, Express's table, and one that is up to date, first
// on paper. What is printed is what psql takes.
func TestMigrate(t *testing.T) {
	t.Parallel()
	for name, before := range map[string]string{"fresh": "SELECT 1", "adopted": guide + `INSERT INTO session VALUES ('old', '{"passport":{"user":"ann"}}', now() + interval '1 day')`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := postgres(t)
			e.exec(t, before)
			tables := func() int {
				return value[int](t, e, `SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace`)
			}
			had := tables()
			dry := e.run(t, "migrate", "--dry-run")
			says(t, dry.out, "-- What the migration of public.session would run.", "CREATE TABLE IF NOT EXISTS", "CREATE INDEX CONCURRENTLY")
			if dry.code != exitOK || tables() != had {
				t.Errorf("a dry run ends with %d, %d tables of %d: %s", dry.code, tables(), had, dry.err)
			}
			if r := e.terminal(t, "", "migrate"); r.code != exitOK || r.out != "public.session is migrated\n" {
				t.Errorf("%+v", r)
			}
			if again := decode[migration](t, e.run(t, "migrate")); again.Changed || again.Table != "public.session" {
				t.Errorf("again: %+v", again)
			}
			if r := e.terminal(t, "", "migrate"); r.out != "public.session was up to date\n" {
				t.Errorf("again: %+v", r)
			}
			if r := e.run(t, "migrate", "--dry-run"); r.out != "-- public.session is up to date: nothing would run.\n" {
				t.Errorf("again: %+v", r)
			}
		})
	}
	t.Run("by psql", func(t *testing.T) {
		t.Parallel()
		e := postgres(t)
		e.exec(t, guide)
		e.shell(t, `echosession migrate --dry-run | psql "$DATABASE_URL" -v ON_ERROR_STOP=1 -f -`)
		if r := e.run(t, "migrate", "--dry-run"); !strings.Contains(r.out, "up to date") {
			t.Errorf("%+v", r)
		}
	})
	t.Run("without the rights", func(t *testing.T) {
		t.Parallel()
		e := asRole(`DROP TABLE session_job`)(t)
		if r := e.run(t, "migrate"); r.code != exitWrong || !strings.Contains(r.err, "run it as the owner") {
			t.Errorf("%+v", r)
		}
	})
}

// TestConvert: what it costs is said before it is done; refused, nothing happens.
func TestConvert(t *testing.T) {
	t.Parallel()
	e := adopted(`INSERT INTO session (sid, sess, expire) VALUES ('old', '{}', now() + interval '1 day')`)(t)
	kind := func() string {
		return value[string](t, e, `SELECT format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = 'session'::regclass AND attname = 'expire'`)
	}
	dry := e.terminal(t, "", "migrate", "--timestamptz", "--dry-run")
	says(t, dry.out, "is written in America/New_York and becomes TIMESTAMPTZ", "nobody can use it for about")
	refused := e.terminal(t, "no\n", "migrate", "--timestamptz")
	says(t, refused.err, "nobody can use it for about", "Type yes", "nothing is changed")
	if dry.code != exitOK || refused.code != exitWrong || kind() != "timestamp without time zone" {
		t.Errorf("%+v, %+v, and expire is %s", dry, refused, kind())
	}
	if r := e.terminal(t, "yes\n", "migrate", "--timestamptz"); r.code != exitOK || kind() != "timestamp with time zone" {
		t.Errorf("%+v, and expire is %s", r, kind())
	}
	if c := decode[conversion](t, e.run(t, "migrate", "--timestamptz")); c.Needed || c.Converted {
		t.Errorf("again: %+v", c)
	}
	if n := value[int](t, e, `SELECT count(*) FROM session WHERE expire BETWEEN now() + interval '23 hours' AND now() + interval '25 hours'`); n != 1 {
		t.Error("a moment has moved")
	}
}

// TestSessions is the day of an operator: list, stats, revoke, cleanup; in Postgres,
// with Redis in front, and in Redis alone.
func TestSessions(t *testing.T) {
	for kind, setup := range map[string]func(*testing.T) environment{
		"postgres":   migrated,
		"redis":      func(t *testing.T) environment { return inFront(t, nil) },
		"redis-only": func(t *testing.T) environment { return redisOnly(t, nil) },
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			e := setup(t)
			ann := e.login(t, "ann", "1")
			e.login(t, "ann", "2")
			e.login(t, "bob", "3")
			e.login(t, "cid", "4")

			list := decode[devices.List](t, e.run(t, "list", "--user", "ann"))
			if list.User != "ann" || list.Total != 2 || len(list.Sessions) != 2 || *list.Sessions[1].Handle != ann || time.Until(list.Sessions[0].Expires) < 50*time.Minute {
				t.Errorf("%+v", list)
			}
			says(t, e.terminal(t, "", "list", "--user", "ann").out, "HANDLE", "CREATED", ann, list.Sessions[0].Expires.Format(time.DateTime))
			if r := e.terminal(t, "", "list", "--user", "nobody"); r.code != exitOK || r.out != "no live session\n" {
				t.Errorf("%+v", r)
			}
			if list := decode[devices.List](t, e.run(t, "list", "--user", "nobody")); list.Sessions == nil || list.Total != 0 {
				t.Errorf("as JSON an empty list is %v", list)
			}

			f := decode[figures.Figures](t, e.run(t, "stats"))
			if f.Active == nil || *f.Active != 4 || *f.LoggedIn != 4 || *f.ActiveUsers != 3 || f.Basis == nil {
				t.Errorf("%+v", f)
			}
			says(t, e.terminal(t, "", "stats").out, "active", "4", "counted", "active users", "3")

			revoked := func(want int, args ...string) {
				t.Helper()
				if n := decode[map[string]int](t, e.run(t, append([]string{"revoke"}, args...)...))["revoked"]; n != want {
					t.Errorf("revoke %v ends %d, not %d", args, n, want)
				}
			}
			revoked(0, "--user", "bob", "--handle", ann) // not his
			revoked(1, "--handle", ann)
			revoked(1, "--user", "ann")
			revoked(0, "--user", "ann")
			r := e.terminal(t, "no\n", "revoke", "--all")
			if says(t, r.err, "This logs everybody out"); r.code != exitWrong {
				t.Errorf("not confirmed: %+v", r)
			}
			if r := e.terminal(t, "", "revoke", "--all"); r.code != exitWrong { // the terminal is gone
				t.Errorf("not confirmed: %+v", r)
			}
			if r := e.terminal(t, "yes\n", "revoke", "--all"); r.code != exitOK || r.out != "2 sessions ended\n" {
				t.Errorf("%+v", r)
			}
			e.login(t, "dan", "5")
			if r := e.terminal(t, "", "revoke", "--all", "--yes"); r.code != exitOK || r.out != "1 session ended\n" || r.err != "" {
				t.Errorf("%+v", r)
			}
			e.login(t, "eve", "6")
			revoked(1, "--all") // a script means it

			if kind == "redis-only" {
				says(t, e.run(t, "cleanup").out, "Redis forgets expired sessions by itself", `"deleted": 0`)
				return
			}
			e.exec(t, `INSERT INTO session (sid, sess, expire) VALUES ('`+plantedID+`fay', '{"passport":{"user":"fay"}}', now() + interval '1 hour')`) // as Express does
			fay := decode[devices.List](t, e.run(t, "list", "--user", "fay")).Sessions[0].Handle
			revoked(1, "--handle", *fay)
			e.exec(t, `INSERT INTO session (sid, sess, expire) SELECT 'old ' || n, '{}', now() - interval '1 hour' FROM generate_series(1, 300) n`)
			if r := e.terminal(t, "", "cleanup"); r.code != exitOK || r.out != "300 expired sessions removed\n" {
				t.Errorf("%+v", r)
			}
			if c := decode[cleaned](t, e.run(t, "cleanup")); c.Deleted != 0 {
				t.Errorf("%+v", c)
			}
		})
	}
}

// TestFlagsComeFirst: a flag is the variable of the same name, and comes before it;
// without SESSION_STORE the address says which store it is.
func TestFlagsComeFirst(t *testing.T) {
	t.Parallel()
	e := migrated(t)
	e.login(t, "ann", "1")
	away := environment{"DATABASE_URL": "postgres://127.0.0.1:1/none"}
	if f := decode[figures.Figures](t, away.run(t, "stats", "--database-url", e["DATABASE_URL"])); *f.Active != 1 {
		t.Errorf("%+v", f)
	}
	r := redisOnly(t, nil)
	r.login(t, "ann", "1")
	if f := decode[figures.Figures](t, environment{"REDIS_URL": r["REDIS_URL"]}.run(t, "stats")); *f.Active != 1 {
		t.Errorf("%+v", f)
	}
	if r := e.run(t, "stats", "--session-table", "never_made"); r.code != exitWrong || !strings.Contains(r.err, "echosession migrate") {
		t.Errorf("another table: %+v", r)
	}
}

// TestServerDown: each command says so and ends with 1.
func TestServerDown(t *testing.T) {
	t.Parallel()
	e := environment{"SESSION_STORE": "postgres", "DATABASE_URL": "postgres://me:hunter2@127.0.0.1:1/none?sslmode=disable"}
	for _, line := range []string{"migrate", "migrate --dry-run", "stats", "cleanup", "list --user ann", "revoke --user ann", "revoke --all"} {
		if r := e.run(t, strings.Fields(line)...); r.code != exitWrong || r.out != "" || !strings.Contains(r.err, "refused") {
			t.Errorf("%s: %+v", line, r)
		}
	}
}

// TestProgram is the built thing, in a shell, piped: JSON, and its exit codes.
func TestProgram(t *testing.T) {
	t.Parallel()
	e := migrated(t)
	ann := e.login(t, "ann", "1")
	after := e.shell(t, `test "$(echosession stats | grep -c '"active": 1')" = 1 &&
		export HANDLE="$(echosession list --user ann | sed -n 's/.*"handle": "\(.*\)".*/\1/p')" &&
		echosession revoke --handle "$HANDLE" &&
		echosession list --user ann | grep -q '"total": 0' &&
		! echosession doctor --session-secret short &&
		{ echosession nope; export CODE=$?; }`)
	if after["HANDLE"] != ann || after["CODE"] != "2" {
		t.Errorf("handle %q, exit code %q", after["HANDLE"], after["CODE"])
	}
}

// TestRevokeReachesTheTier: a node that serves from Redis refuses the session, though
// the tool has only told Postgres.
func TestRevokeReachesTheTier(t *testing.T) {
	t.Parallel()
	e := inFront(t, nil)
	e.login(t, "ann", "1")
	node, err := open.FromEnv(t.Context(), e.lookup)
	if err != nil {
		t.Fatal(err)
	}
	defer node.Close()
	// The first polls believe no copy that is there: one of them would end whatever
	// it is. So it is a copy after another poll that has to end.
	var settled, copied atomic.Bool
	notices, err := store.As[store.Noticer](node.Store)
	if err != nil {
		t.Fatal(err)
	}
	notices.OnNotice(func(_ context.Context, n store.Notice) {
		switch {
		case n.Kind == store.NoticePolled && n.Reason == "" && n.Err == nil:
			settled.Store(true)
		case n.Kind == store.NoticeHit && settled.Load():
			copied.Store(true)
		}
	})
	served := func() bool {
		_, err := node.Store.Load(t.Context(), plantedID+"1")
		return err == nil
	}
	for deadline := time.Now().Add(30 * time.Second); !copied.Load(); time.Sleep(10 * time.Millisecond) {
		if !served() || time.Now().After(deadline) {
			t.Fatal("the node does not serve a copy of the session")
		}
	}
	if r := e.with("REDIS_URL", "").run(t, "revoke", "--user", "ann"); r.code != exitOK { // it needs no Redis
		t.Fatalf("%+v", r)
	}
	const freshness = time.Second // how long a copy may be served after its session has ended
	for over := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		began := time.Now()
		if !served() {
			break
		}
		if began.Sub(over) > freshness {
			t.Fatal("a copy is served that is older than it may be")
		}
	}
}
