package pgstore_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/echosession/session"
	"github.com/echosession/session/internal/testserver"
	pgstore "github.com/echosession/session/store/postgres"
)

// cutRig is an app whose way to Postgres leads through a proxy, one visitor of
// it, and a way around the proxy.
type cutRig struct {
	t      *testing.T
	proxy  *testserver.Proxy
	pool   *pgxpool.Pool // of the app
	direct *pgxpool.Pool // one connection
	url    string        // of the app
	around string        // of a node of it whose way is free: before the cut and after it
	client *http.Client
}

func newCutRig(t *testing.T) *cutRig {
	pg := shared(t)
	at := copyOfMigrated(t)
	rig := &cutRig{t: t, proxy: testserver.StartPostgresProxy(t, pg.Addr()), direct: connect(t, at, "pool_max_conns", "1")}
	rig.pool = connect(t, rig.proxy.URL(at), "pool_max_conns", "2")
	rig.url, rig.around = node(t, rig.pool), node(t, rig.direct)
	return rig
}

// node is the app on a pool.
func node(t *testing.T, pool *pgxpool.Pool) (url string) {
	s, err := pgstore.New(pool, pgstore.Options{Timeout: time.Minute}) // a slow machine reaches none of these
	if err != nil {
		t.Fatal(err)
	}
	m, err := session.New(s, session.Config{
		Secrets:     []string{"mR4vT9xk2WqLz7bYc0PfJh5sNd8gUa3e"},
		Cookie:      session.Cookie{Insecure: true},
		LoadTimeout: time.Minute, CommitTimeout: time.Minute,
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	for path, do := range map[string]func(ctx context.Context, s *session.Session) error{
		"/add": func(_ context.Context, s *session.Session) error {
			return session.Update(s, "n", func(n int) int { return n + 1 })
		},
		"/login":  func(_ context.Context, s *session.Session) error { return s.Login("ann") },
		"/rotate": func(_ context.Context, s *session.Session) error { return s.Rotate() },
		"/logout": func(ctx context.Context, s *session.Session) error { return s.Logout(ctx) },
		"/who":    func(context.Context, *session.Session) error { return nil },
	} {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			s, err := session.FromContext(r.Context())
			if err == nil {
				err = do(r.Context(), s)
			}
			if err != nil {
				w.WriteHeader(session.StatusCode(err))
				return
			}
			n, _ := session.Get[int](s, "n")
			fmt.Fprint(w, s.User(), n)
		})
	}
	server := httptest.NewServer(m.Handler(mux))
	t.Cleanup(server.Close)
	return server.URL
}

// visitor is a new browser.
func (rig *cutRig) visitor() {
	jar, err := cookiejar.New(nil)
	if err != nil {
		rig.t.Fatal(err)
	}
	rig.client = &http.Client{Jar: jar, Transport: http.DefaultTransport}
}

func (rig *cutRig) cookies() int {
	u, _ := url.Parse(rig.url)
	return len(rig.client.Jar.Cookies(u))
}

// get asks a node for a page.
func (rig *cutRig) get(node, path string) (status int, body string) {
	rig.t.Helper()
	res, err := rig.client.Get(node + path)
	if err != nil {
		rig.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		rig.t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

// settle waits until Postgres has nothing under way for the app any more.
func (rig *cutRig) settle() {
	rig.t.Helper()
	rig.proxy.CloseAll()
	rig.pool.Reset()
	for pause := time.Millisecond; value[int](rig.t, rig.direct, `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'`) > 0; pause *= 2 {
		time.Sleep(pause)
		if rig.t.Context().Err() != nil {
			rig.t.Fatal("the connections stay")
		}
	}
}

// TestCutAtEveryMessage sends a request while the connection to Postgres is cut at
// one message of the protocol, the next one in the next round, until none is left
// to cut at: once, and for good from there on. A status of 200 was seen only for
// what is done; whatever was seen, there is one session or none, never two, and a
// count never goes up twice.
func TestCutAtEveryMessage(t *testing.T) {
	for path, check := range map[string]func(rig *cutRig, status int) (wrong string){
		"/add":    (*cutRig).afterAdd,
		"/login":  (*cutRig).afterLogin,
		"/rotate": (*cutRig).afterRotation,
		"/logout": (*cutRig).afterLogout,
	} {
		for name, verdict := range map[string]testserver.Verdict{"before": testserver.CutBefore, "after": testserver.CutAfter} {
			for _, forGood := range []bool{false, true} {
				if forGood && name == "after" {
					continue // it is the same as before the next one
				}
				t.Run(fmt.Sprintf("%s, %s the message, for good %v", path[1:], name, forGood), func(t *testing.T) {
					t.Parallel()
					rig := newCutRig(t)
					for k, cut := 0, true; cut; k++ {
						exec(t, rig.direct, `DELETE FROM session`)
						rig.visitor()
						if status, body := rig.get(rig.around, "/add"); status != http.StatusOK || body != "1" {
							t.Fatalf("the way is free, and the first visit gets %d %q", status, body)
						}
						cut = false
						rig.proxy.CutAt(counted(func(n int) testserver.Verdict {
							if n == k || forGood && n > k {
								cut = true
								return verdict
							}
							return testserver.Pass
						}))
						status, _ := rig.get(rig.url, path)
						rig.proxy.Heal()
						rig.settle()
						if status != http.StatusOK && status != http.StatusServiceUnavailable {
							t.Errorf("cut at message %d: status %d", k, status)
						}
						if status != http.StatusOK && rig.cookies() != 1 {
							t.Errorf("cut at message %d: the cookie is gone with a %d", k, status)
						}
						if wrong := check(rig, status); wrong != "" {
							t.Errorf("cut at message %d, status %d: %s", k, status, wrong)
						}
						if k > 500 {
							t.Fatal("there is always one more message")
						}
					}
				})
			}
		}
	}
}

// counted decides by the number of a message. The settings that a server tells
// every new connection are one, of a dozen: to a client they are all the same, and
// they were a quarter of all rounds.
func counted(decide func(n int) testserver.Verdict) func(testserver.Message) testserver.Verdict {
	n, told := 0, map[int]bool{} // by connection
	return func(m testserver.Message) testserver.Verdict {
		if m.Dir == testserver.ToClient && m.Type == 'S' {
			if told[m.Conn] {
				return testserver.Pass
			}
			told[m.Conn] = true
		}
		n++
		return decide(n - 1)
	}
}

func (rig *cutRig) rows() int {
	rig.t.Helper()
	return value[int](rig.t, rig.direct, `SELECT count(*) FROM session`)
}

func (rig *cutRig) afterAdd(status int) string {
	n := value[int](rig.t, rig.direct, `SELECT coalesce(max((sess ->> 'n')::int), 0) FROM session`)
	switch {
	case rig.rows() != 1:
		return fmt.Sprintf("there are %d sessions", rig.rows())
	case n != 2 && (status == http.StatusOK || n != 1):
		return fmt.Sprintf("the count is %d", n)
	}
	return ""
}

func (rig *cutRig) afterRotation(status int) string {
	if n := rig.rows(); n != 1 {
		return fmt.Sprintf("%d of the old and the new id live", n)
	}
	if _, body := rig.get(rig.around, "/who"); status == http.StatusOK && body != "1" {
		return fmt.Sprintf("the new cookie opens %q", body)
	}
	return ""
}

func (rig *cutRig) afterLogin(status int) string {
	if n := rig.rows(); n != 1 {
		return fmt.Sprintf("%d of the old and the new id live", n)
	}
	if _, body := rig.get(rig.around, "/who"); status == http.StatusOK && body != "ann1" {
		return fmt.Sprintf("the new cookie opens %q", body)
	}
	return ""
}

func (rig *cutRig) afterLogout(status int) string {
	if n := rig.rows(); status == http.StatusOK && n != 0 || n > 1 {
		return fmt.Sprintf("there are %d sessions", n)
	}
	return ""
}
