package bench

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"
)

// connections is how many clients a whole server has at once.
const connections = 32

// BenchmarkServer measures a whole server over loopback: 32 connections that are
// kept alive, each sending its next request when it has the answer. Server and
// clients share the machine, so that a client does as little as it can. The
// metric "of-bare" is the share of bare Echo's requests that remains.
func BenchmarkServer(b *testing.B) {
	base := open(b, bare(), kinds[0])
	for _, k := range kinds[:2] {
		for _, lib := range []library{bare(), ours(), scsLibrary()} {
			if !k.in(lib) {
				continue
			}
			b.Run(k.name+"/"+lib.name, func(b *testing.B) {
				crowd := base
				if lib.name != "bare" {
					crowd = open(b, lib, k)
				}
				b.ResetTimer()
				crowd.many(b.N)
				b.StopTimer()
				r := row{table: "server", kind: k.name, library: lib.name}
				turns := pair(base.many, crowd.many, 20*time.Millisecond, 50)
				r.turn, r.share = fastest(turns), share(turns)
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "req/s")
				b.ReportMetric(r.share, "of-bare")
				if err := errors.Join(base.err(), crowd.err()); err != nil {
					b.Fatal(err)
				}
				note(r)
			})
		}
	}
}

// A crowd is the clients of one server.
type crowd []*client

func open(tb testing.TB, lib library, k kind) crowd {
	app := onEcho4.serve(lib)
	server := httptest.NewServer(app)
	tb.Cleanup(server.Close)
	var all crowd
	for range connections {
		v, err := visit(app, lib, k) // for the cookie: each client has a session of its own
		if err != nil {
			tb.Fatal(err)
		}
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(func() { _ = conn.Close() })
		all = append(all, newClient(conn, k, v.cookie()))
	}
	return all
}

// many sends n requests, shared out among the clients.
func (all crowd) many(n int) {
	var wg sync.WaitGroup
	for i, c := range all {
		share := n / len(all)
		if i < n%len(all) {
			share++
		}
		wg.Go(func() {
			for range share {
				if c.err = c.get(); c.err != nil {
					return
				}
			}
		})
	}
	wg.Wait()
}

func (all crowd) err() error {
	for _, c := range all {
		if c.err != nil {
			return c.err
		}
	}
	return nil
}

// A client sends one request over and over and reads what HTTP/1.1 needs to be
// read, no more.
type client struct {
	conn    net.Conn
	in      *bufio.Reader
	request []byte
	want    string // the body
	body    []byte
	err     error
}

func newClient(conn net.Conn, k kind, cookie string) *client {
	request := "GET /" + k.route + " HTTP/1.1\r\nHost: app.example.com\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\nAccept: text/html\r\nX-Forwarded-Proto: https\r\n"
	if cookie != "" {
		request += "Cookie: " + cookie + "\r\n"
	}
	return &client{conn: conn, in: bufio.NewReader(conn), request: []byte(request + "\r\n"), want: k.answer}
}

func (c *client) get() error {
	if _, err := c.conn.Write(c.request); err != nil {
		return err
	}
	status, err := c.in.ReadSlice('\n')
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(status, []byte("HTTP/1.1 200 ")) {
		return fmt.Errorf("the answer was %q", status)
	}
	length := -1
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return err
		}
		if line = bytes.TrimSpace(line); len(line) == 0 {
			break
		}
		if value, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			if length, err = strconv.Atoi(string(value)); err != nil {
				return err
			}
		}
	}
	if length < 0 {
		return errors.New("the answer has no Content-Length")
	}
	c.body = append(c.body[:0], make([]byte, length)...)
	if _, err := io.ReadFull(c.in, c.body); err != nil {
		return err
	}
	if string(c.body) != c.want {
		return fmt.Errorf("the answer was %q, want %q", c.body, c.want)
	}
	return nil
}
