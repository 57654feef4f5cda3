package session_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
	"time"

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

// aDatabase is a migrated database that no test uses: each store gets a copy. It
// is gone with the test that prepared it.
var aDatabase string

// prepareDatabase makes it. Nobody may be connected to what is copied.
func prepareDatabase(t *testing.T) {
	t.Helper()
	aDatabase = testserver.SharedPostgres(t, testserver.PostgresOptions{}).Database(t)
	pool := connect(t, aDatabase)
	if err := pgstore.Migrate(t.Context(), pool, pgstore.Options{}); err != nil {
		t.Fatal(err)
	}
	pool.Close()
}

const underPostgres = "TestOnPostgres/"

func TestOnPostgres(t *testing.T) {
	prepareDatabase(t)
	for name, test := range onBoth {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t)
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

// newPostgres is a store on a database of its own.
func newPostgres(t *testing.T, clock *clock) *pgstore.Store {
	t.Helper()
	url := testserver.SharedPostgres(t, testserver.PostgresOptions{}).Copy(t, aDatabase)
	st, err := pgstore.New(connect(t, url), pgstore.Options{Timeout: time.Minute}) // a slow machine does not reach it
	if err != nil {
		t.Fatal(err)
	}
	if clock != nil {
		// A server's clock is its own. Time passes for the rows instead, behind
		// the back of the triggers: nobody has written anything.
		rows := connect(t, url, "session_replication_role", "replica")
		clock.onPass(func(d time.Duration) {
			_, err := rows.Exec(t.Context(), `UPDATE session SET
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
	config, err := pgxpool.ParseConfig(url)
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
