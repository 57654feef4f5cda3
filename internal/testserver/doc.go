// Package testserver starts private servers for tests: Postgres with standbys
// and PgBouncer, Redis with replicas, a program under test, a proxy that breaks
// connections, and a load balancer. They listen on 127.0.0.1 only, keep their files
// in a directory of their own under the temporary one, and are real, so that their
// faults are real too: a server is killed, paused, promoted or restored, not mocked.
//
// A test starts a server of its own where it is going to break it:
//
//	pg := testserver.StartPostgres(t, testserver.PostgresOptions{})
//	pg.Kill()
//	pg.Start()
//
// All others share one per package and take a database each, so that they run
// in parallel:
//
//	func TestMain(m *testing.M) { testserver.Main(m) }
//
//	func TestSomething(t *testing.T) {
//		t.Parallel()
//		url := testserver.SharedPostgres(t, testserver.PostgresOptions{}).Database(t)
//		...
//	}
//
// # What is missing
//
// A server that is not installed skips the test on a laptop, and says what to
// install; where the environment has CI set, it fails the test.
//
// # Where they come from
//
// Programs are looked for in PATH and where Debian and others keep servers, those
// of Postgres in the directory PGBIN before. A version of Postgres that nobody
// has installed is fetched by npm, once per machine; initdb runs once, too, and
// each cluster gets a copy of what it made. Both are in /var/cache/echosession, or
// where the user's caches are, and may be deleted. Files are kept in memory
// where there is room, which is several times as fast; TMPDIR says where else.
//
// # Cleaning up
//
// Whatever is started ends with the test, or with Main. A watchdog, a small
// process beside the tests, does the same where they could not: after a panic,
// a timeout or kill -9. Only what this package started is ever ended.
//
// # Threads
//
// Methods may be called by several goroutines at once. Those that can fail fail
// the test that the server was started by: in another goroutine than the test's
// own that ends this goroutine only.
package testserver
