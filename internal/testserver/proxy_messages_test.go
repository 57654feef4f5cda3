package testserver

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// A chain is three proxies in front of Postgres. The middle one is cut; those
// beside it record what came through it, to the client and to the server.
type chain struct {
	nearClient, middle, nearServer *Proxy
	url                            string

	mu                 sync.Mutex
	seen               []string // by the middle one
	toClient, toServer []string // beyond it
}

func startChain(t *testing.T) *chain {
	t.Helper()
	c := &chain{}
	pg := SharedPostgres(t, PostgresOptions{})
	c.nearServer = StartPostgresProxy(t, pg.Addr())
	c.middle = StartPostgresProxy(t, c.nearServer.Addr())
	c.nearClient = StartPostgresProxy(t, c.middle.Addr())
	c.url = c.nearClient.URL(pg.Database(t))
	c.nearServer.CutAt(c.recorder(ToServer, &c.toServer))
	c.nearClient.CutAt(c.recorder(ToClient, &c.toClient))
	return c
}

func (c *chain) recorder(dir Direction, to *[]string) func(Message) Verdict {
	return func(m Message) Verdict {
		if m.Dir == dir {
			c.mu.Lock()
			*to = append(*to, name(m))
			c.mu.Unlock()
		}
		return Pass
	}
}

func name(m Message) string {
	who := "client"
	if m.Dir == ToClient {
		who = "server"
	}
	if m.Type < ' ' {
		return fmt.Sprintf("%s:%d", who, m.Type)
	}
	return fmt.Sprintf("%s:%c", who, m.Type)
}

// exchange opens a connection, does something and closes it, with a verdict for
// message k. It returns when everything that came through has been recorded.
func (c *chain) exchange(t *testing.T, k int, verdict Verdict, do func(context.Context, *pgx.Conn) error) error {
	t.Helper()
	c.mu.Lock()
	c.seen, c.toClient, c.toServer = nil, nil, nil
	c.mu.Unlock()
	c.middle.CutAt(func(m Message) Verdict {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.seen = append(c.seen, name(m))
		if m.N == k {
			return verdict
		}
		return Pass
	})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, c.url)
	if err == nil {
		err = do(ctx, conn)
		conn.Close(ctx)
	}
	holds(t, "no connection", func() bool { return c.nearClient.open0() && c.middle.open0() && c.nearServer.open0() })
	return err
}

// open0 says that no connection is open.
func (p *Proxy) open0() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.links) == 0
}

func only(all []string, who string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(s string) bool { return !strings.HasPrefix(s, who) })
}

func selectOne(ctx context.Context, conn *pgx.Conn) error {
	var n int
	return conn.QueryRow(ctx, "SELECT 1").Scan(&n)
}

func TestCutIsExactlyAtItsMessage(t *testing.T) {
	t.Parallel()
	for _, v := range []struct {
		what    string
		verdict Verdict
		more    int // messages that come through beside those before k
	}{{"before", CutBefore, 0}, {"after", CutAfter, 1}} {
		t.Run(v.what, func(t *testing.T) {
			t.Parallel()
			c := startChain(t)
			must(t, c.exchange(t, -1, Pass, selectOne))
			all := c.seen
			text := strings.Join(all, " ")
			for _, part := range []string{"client:0 server:R", "client:P client:D client:S", "server:D server:C server:Z client:X"} {
				if !strings.Contains(text, part) {
					t.Fatalf("a connection and a query are %s, which has no %s", text, part)
				}
			}
			for k := range all {
				err := c.exchange(t, k, v.verdict, selectOne)
				through := all[:k+v.more]
				for _, r := range []struct {
					what      string
					got, want []string
				}{
					{"seen", c.seen, all[:k+1]},
					{"to the server", c.toServer, only(through, "client")},
					{"to the client", c.toClient, only(through, "server")},
				} {
					if !slices.Equal(r.got, r.want) {
						t.Errorf("cut %s message %d, %s:\n got %v\nwant %v", v.what, k, r.what, r.got, r.want)
					}
				}
				// The client has its answer when the server is ready for the next: after
				// connecting, preparing and asking.
				ready := len(only(through, "server:Z"))
				if (ready == 3) != (err == nil) {
					t.Errorf("cut %s message %d, %v was forwarded, and the client says %v", v.what, k, through, err)
				}
			}
		})
	}
}

func TestMessagesWithoutAType(t *testing.T) {
	t.Parallel()
	pg := SharedPostgres(t, PostgresOptions{})
	p := StartPostgresProxy(t, pg.Addr())
	var seen []string
	p.CutAt(func(m Message) Verdict {
		if m.Type < ' ' {
			seen = append(seen, fmt.Sprintf("%d:%d", m.Conn, m.Type))
		}
		return Pass
	})
	url := strings.Replace(p.URL(pg.Database(t)), "sslmode=disable", "sslmode=prefer", 1)
	conn, err := pgx.Connect(t.Context(), url)
	must(t, err)
	started := p.Connections() - 1

	answer := make(chan error)
	go func() {
		_, err := conn.Exec(context.Background(), "SELECT pg_sleep(3600)")
		answer <- err
	}()
	holds(t, "the query to run", func() bool {
		return sql(pg.URL(), "SELECT count(*) FROM pg_stat_activity WHERE pid = $1 AND wait_event = 'PgSleep'", conn.PgConn().PID()) == "1"
	})
	must(t, conn.PgConn().CancelRequest(t.Context()))
	err = <-answer
	if pgErr, ok := errors.AsType[*pgconn.PgError](err); !ok || pgErr.Code != "57014" {
		t.Errorf("the cancelled query: %v", err)
	}
	conn.Close(t.Context())
	p.CutAt(nil)
	got := strings.Join(seen, " ")
	want(t, "messages", got, fmt.Sprintf("0:%d 0:%d %d:%d", TypeEncrypt, TypeNoEncrypt, started, TypeStartup))
}

// A reset overtakes what waits to be sent, so the proxy has to wait for that.
func TestCutAfterALargeMessage(t *testing.T) {
	t.Parallel()
	ln := listening(t)
	p := StartPostgresProxy(t, ln.Addr().String())
	p.CutAt(func(Message) Verdict { return CutAfter })
	client := dial(t, p.Addr())
	server, err := ln.Accept()
	must(t, err)
	defer server.Close()
	message := make([]byte, 1+8<<20)
	message[0] = 'D'
	binary.BigEndian.PutUint32(message[1:], 8<<20)
	go server.Write(message)
	n, err := io.Copy(io.Discard, client)
	want(t, "bytes before the cut", n, int64(len(message)))
	want(t, "reset", errors.Is(err, syscall.ECONNRESET), true)
}

func TestHealEndsCutAt(t *testing.T) {
	t.Parallel()
	pg := SharedPostgres(t, PostgresOptions{})
	p := StartPostgresProxy(t, pg.Addr())
	p.CutAt(func(Message) Verdict { return CutBefore })
	if got := sql(p.URL(pg.URL()), "SELECT 1"); !strings.Contains(got, "error") {
		t.Errorf("with a cut before everything: %s", got)
	}
	p.Heal()
	want(t, "healed", sql(p.URL(pg.URL()), "SELECT 1"), "1")
}

func TestCutAtIsForPostgres(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		what string
		do   func(testing.TB, *echo)
		want string
	}{
		{"not for a proxy that does not look", func(t testing.TB, e *echo) {
			StartProxy(t, e.addr()).CutAt(nil)
		}, "StartPostgresProxy"},
		{"not for another protocol", func(t testing.TB, e *echo) {
			conn, err := net.Dial("tcp", StartPostgresProxy(t, e.addr()).Addr())
			must(t, err)
			defer conn.Close()
			_, _ = ask(conn, "GET / HTTP/1.1\r\n\r\n")
		}, "not Postgres's protocol"},
		{"not for an encrypted connection", func(t testing.TB, e *echo) {
			// The server that echoes says yes by the first byte of its answer.
			conn, err := net.Dial("tcp", StartPostgresProxy(t, e.addr()).Addr())
			must(t, err)
			defer conn.Close()
			_, _ = ask(conn, "\x00\x00\x00\x08\x04\xd2\x16\x2f")
		}, "sslmode=disable"},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			e := startEcho(t)
			var f fakeTB
			f.run(func() { c.do(&f, e) })
			if !strings.Contains(f.failed, c.want) {
				t.Errorf("the test was told %q, want %q", f.failed, c.want)
			}
		})
	}
}
