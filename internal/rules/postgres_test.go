package rules_test

import (
	"context"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	pgxsql "github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/echosession/session/internal/testserver"
	"github.com/echosession/session/store"
	pgstore "github.com/echosession/session/store/postgres"
)

func TestMain(m *testing.M) { testserver.Main(m) }

// What is said of states and rules holds on Postgres, on Redis and on the tier as it does
// on the memory store: these tests run on each.
var onBoth = map[string]func(*testing.T){
	"TestAfterAnOutageTheRequestStoresNothing": TestAfterAnOutageTheRequestStoresNothing,
	"TestAfterTheRequestEveryCallIsAnError":    TestAfterTheRequestEveryCallIsAnError,
	"TestAnonymousOutage":                      TestAnonymousOutage,
	"TestAuthority":                            TestAuthority,
	"TestCommitGoesOnWhenTheClientHasGone":     TestCommitGoesOnWhenTheClientHasGone,
	"TestConflictIsMerged":                     TestConflictIsMerged,
	"TestDeadCookie":                           TestDeadCookie,
	"TestDoubleClickedLoginEndsLoggedIn":       TestDoubleClickedLoginEndsLoggedIn,
	"TestEndedDuringTheRequest":                TestEndedDuringTheRequest,
	"TestHashedIds":                            TestHashedIds,
	"TestInstalledTwice":                       TestInstalledTwice,
	"TestLateChange":                           TestLateChange,
	"TestLateChangeInDevelopmentPanics":        TestLateChangeInDevelopmentPanics,
	"TestLateSaveThatFails":                    TestLateSaveThatFails,
	"TestLateSavesMerge":                       TestLateSavesMerge,
	"TestLazy":                                 TestLazy,
	"TestLogin":                                TestLogin,
	"TestLoginOptions":                         TestLoginOptions,
	"TestLoginRevokedWhileItIsStored":          TestLoginRevokedWhileItIsStored,
	"TestLoginRotates":                         TestLoginRotates,
	"TestLoginUser":                            TestLoginUser,
	"TestLoginKeepsTheTypeOfTheUser":           TestLoginKeepsTheTypeOfTheUser,
	"TestLogout":                               TestLogout,
	"TestLogoutAfterTheHeaders":                TestLogoutAfterTheHeaders,
	"TestLogoutAgainstARotation":               TestLogoutAgainstARotation,
	"TestLogoutGoesOnWhenTheClientHasGone":     TestLogoutGoesOnWhenTheClientHasGone,
	"TestLogoutIsFinal":                        TestLogoutIsFinal,
	"TestLogoutOfNobody":                       TestLogoutOfNobody,
	"TestLogoutThatFails":                      TestLogoutThatFails,
	"TestNothingIsStored":                      TestNothingIsStored,
	"TestOldIdAfterARotation":                  TestOldIdAfterARotation,
	"TestOtherFailedCommitIs500":               TestOtherFailedCommitIs500,
	"TestOwnChangesAreReadBeforeTheCommit":     TestOwnChangesAreReadBeforeTheCommit,
	"TestPanicInTheHandler":                    TestPanicInTheHandler,
	"TestParallelVisits":                       TestParallelVisits,
	"TestReadOnlyRequestRevertsNothing":        TestReadOnlyRequestRevertsNothing,
	"TestReturnedError":                        TestReturnedError,
	"TestRotate":                               TestRotate,
	"TestRotateOfAnIdThatIsGone":               TestRotateOfAnIdThatIsGone,
	"TestSessionIsSafeForConcurrentUse":        TestSessionIsSafeForConcurrentUse,
	"TestStoreDownAtTheCommit":                 TestStoreDownAtTheCommit,
	"TestTakenIdIsTriedAgainWithAnotherOne":    TestTakenIdIsTriedAgainWithAnotherOne,
	"TestThreeAnswers":                         TestThreeAnswers,
	"TestTouch":                                TestTouch,
	"TestEndedAfterItWasRenewed":               TestEndedAfterItWasRenewed,
	"TestRenewalThatFindsTheEnd":               TestRenewalThatFindsTheEnd,
	"TestLogoutWithoutAHandle":                 TestLogoutWithoutAHandle,
	"TestLogoutTriedAgainAgainstARotation":     TestLogoutTriedAgainAgainstARotation,
	"TestLogoutAfterACommitThatFailed":         TestLogoutAfterACommitThatFailed,
	"TestInstalledTwiceIsOneSession":           TestInstalledTwiceIsOneSession,
	"TestLoginConflictsWithALogout":            TestLoginConflictsWithALogout,
	"TestTwoManagers":                          TestTwoManagers,
	"TestUnknownOutcome":                       TestUnknownOutcome,
	"TestUnknownOutcomeThatComesLate":          TestUnknownOutcomeThatComesLate,
	"TestUnknownOutcomeOfALogin":               TestUnknownOutcomeOfALogin,
	"TestUnknownOutcomeOfASave":                TestUnknownOutcomeOfASave,
	"TestWithoutMiddleware":                    TestWithoutMiddleware,
}

// These stay on the memory store: time in them is a bubble's (testing/synctest),
// which no connection to a server can be in, or is compared to the nanosecond,
// which a clock that nobody stops does not allow. The contract has the lifetimes of
// Postgres.
var memoryOnly = map[string]bool{
	"TestDeadlines":               true, // a bubble
	"TestNothingStartsByItself":   true, // a bubble
	"TestLifetimes":               true,
	"TestCookieAndRowEndTogether": true,
	"TestOriginalMaxAgeOfTheRow":  true,
	"TestTouchThrottle":           true,
}

// A kind of Postgres to run the tests on.
type postgresKind struct {
	version int
	table   string // made before the migration
	zone    string // of the sessions' connections, and of the migration's
	mode    string // of execution
	pooler  bool

	t        *testing.T // of all tests on it
	server   *testserver.Postgres
	database string // migrated, and used by no test: stores get copies
	through  *testserver.PgBouncer

	mu   sync.Mutex
	free []*postgresCopy
}

// A postgresCopy is a database for one store after the other.
type postgresCopy struct {
	url  string
	rows *pgxpool.Pool // behind the back of the triggers
}

// guideTable is express-session's, as connect-pg-simple makes it.
const guideTable = `CREATE TABLE session (sid varchar NOT NULL COLLATE "default", sess json NOT NULL, expire timestamp(6) NOT NULL,
	CONSTRAINT session_pkey PRIMARY KEY (sid)); CREATE INDEX "IDX_session_expire" ON session (expire)`

var postgresKinds = map[string]*postgresKind{
	"a new table": {},
	"the guide's table in New York, through PgBouncer, by simple_protocol, Postgres 18": {
		version: 18, table: guideTable, zone: "America/New_York", mode: "simple_protocol", pooler: true,
	},
}

// morePostgresKinds take minutes: go test ./internal/rules -run TestOnPostgres -kinds=all
var morePostgresKinds = map[string]*postgresKind{
	"the guide's table in Tokyo, by exec":  {table: guideTable, zone: "Asia/Tokyo", mode: "exec"},
	"the guide's table in UTC":             {table: guideTable, zone: "UTC"},
	"by cache_describe, through PgBouncer": {mode: "cache_describe", pooler: true},
	"by describe_exec":                     {mode: "describe_exec"},
}

// kindOfPostgres is the one in use: kinds come one after the other.
var kindOfPostgres *postgresKind

// prepare makes the database. Nobody may be connected to what is copied.
func (k *postgresKind) prepare(t *testing.T) {
	t.Helper()
	kindOfPostgres, k.t, k.free = k, t, nil
	k.server = testserver.SharedPostgres(t, testserver.PostgresOptions{Version: k.version})
	k.database = k.server.Database(t)
	settings := []string{}
	if k.zone != "" {
		settings = append(settings, "timezone", k.zone)
	}
	pool := connect(t, k.database, settings...)
	if k.table != "" {
		if _, err := pool.Exec(t.Context(), k.table, pgxsql.QueryExecModeSimpleProtocol); err != nil {
			t.Fatal(err)
		}
	}
	if err := pgstore.Migrate(t.Context(), pool, pgstore.Options{}); err != nil {
		t.Fatal(err)
	}
	pool.Close()
	if k.pooler {
		k.through = testserver.StartPgBouncer(t, k.server, testserver.PgBouncerOptions{})
	}
}

const underPostgres = "TestOnPostgres/"

var kindsFlag = flag.String("kinds", "few", `which kinds of Postgres TestOnPostgres runs on: "few" or "all"`)

func TestOnPostgres(t *testing.T) {
	kinds := maps.Clone(postgresKinds)
	if *kindsFlag == "all" {
		maps.Copy(kinds, morePostgresKinds)
	}
	for name, kind := range kinds {
		t.Run(name, func(t *testing.T) {
			kind.prepare(t)
			for name, test := range onBoth {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					test(t)
				})
			}
		})
	}
}

// A statefulStore keeps sessions, and can say how many.
type statefulStore interface {
	store.Store
	store.Stater
}

// newStore is the store below a test of states or rules: in memory, or what the
// tests are run on by TestOnPostgres and the like. clock may be nil.
func newStore(t *testing.T, clock *clock) statefulStore {
	t.Helper()
	on, _, _ := strings.Cut(t.Name(), "/")
	switch on + "/" {
	case underPostgres:
		return newPostgres(t, clock)
	case underRedis:
		return newRedis(t, clock)
	case underTier:
		return newTier(t, clock)
	}
	return newMemory(clock)
}

// take is a database as the migration left it, until the end of a test. To make one
// costs more than most tests.
func (k *postgresKind) take(t *testing.T) *postgresCopy {
	t.Helper()
	k.mu.Lock()
	var c *postgresCopy
	if last := len(k.free) - 1; last >= 0 {
		c, k.free = k.free[last], k.free[:last]
	}
	k.mu.Unlock()
	if c == nil {
		c = &postgresCopy{url: k.server.Copy(k.t, k.database)}
		c.rows = connect(k.t, c.url, "session_replication_role", "replica")
	}
	t.Cleanup(func() { // after all that the test has opened later is closed
		_, err := c.rows.Exec(context.WithoutCancel(t.Context()), `DO $$ BEGIN
			LOCK TABLE session; -- after whatever is still under way
			DELETE FROM session; DELETE FROM session_dead; DELETE FROM session_change; DELETE FROM session_revocation; DELETE FROM session_job;
			UPDATE session_state SET generation = 1, polled = '-infinity', recording = NULL;
		END $$`)
		if err != nil {
			t.Error(err)
			return
		}
		k.mu.Lock()
		defer k.mu.Unlock()
		k.free = append(k.free, c)
	})
	return c
}

// newPostgres is a store on a database of its own.
func newPostgres(t *testing.T, clock *clock) *pgstore.Store {
	t.Helper()
	k := kindOfPostgres
	c := k.take(t)
	at := c.url
	if k.through != nil {
		at = k.through.URL(at)
	}
	var settings []string
	if k.zone != "" && k.through == nil { // nor does it matter where a pooler asks
		settings = append(settings, "timezone", k.zone)
	}
	st, err := pgstore.New(connectBy(t, at, k.mode, settings...), pgstore.Options{Timeout: time.Minute}) // a slow machine does not reach it
	if err != nil {
		t.Fatal(err)
	}
	if clock != nil {
		// A server's clock is its own. Time passes for the rows instead: nobody has
		// written anything.
		clock.onPass(func(d time.Duration) {
			_, err := c.rows.Exec(t.Context(), `UPDATE session SET
				expire = expire - $1::bigint * interval '1 microsecond',
				created_at = created_at - $1::bigint * interval '1 microsecond'`, d.Microseconds())
			if err != nil {
				t.Error(err)
			}
		})
	}
	return st
}

// connect opens a pool, with settings for its connections.
func connect(t *testing.T, url string, settings ...string) *pgxpool.Pool {
	t.Helper()
	return connectBy(t, url, "", settings...)
}

func connectBy(t *testing.T, at, mode string, settings ...string) *pgxpool.Pool {
	t.Helper()
	if mode != "" {
		u, err := url.Parse(at)
		if err != nil {
			t.Fatal(err)
		}
		query := u.Query()
		query.Set("default_query_exec_mode", mode)
		u.RawQuery = query.Encode()
		at = u.String()
	}
	config, err := pgxpool.ParseConfig(at)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(settings); i += 2 {
		config.ConnConfig.RuntimeParams[settings[i]] = settings[i+1]
	}
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// A test of states or rules that nobody has put on a list would run on the memory
// store alone, and nobody would know.
func TestEveryStateIsListed(t *testing.T) {
	for _, pattern := range []string{"states_*_test.go", "rules_*_test.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatal(pattern, files, err)
		}
		for _, file := range files {
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			for _, decl := range parsed.Decls {
				f, ok := decl.(*ast.FuncDecl)
				if !ok || f.Recv != nil || !strings.HasPrefix(f.Name.Name, "Test") {
					continue
				}
				if name := f.Name.Name; (onBoth[name] != nil) == memoryOnly[name] {
					t.Errorf("%s: %s is on none of the lists onBoth and memoryOnly, or on both", file, name)
				}
			}
		}
	}
}
