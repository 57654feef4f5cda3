package testserver

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"sync"
	"syscall"
	"testing"
	"time"
)

func TestProxyForwards(t *testing.T) {
	t.Parallel()
	p := StartProxy(t, startEcho(t).addr())
	conn := dial(t, p.Addr())
	askWell(t, conn, "hello")
	// The end of one direction is not that of the other.
	_, err := io.WriteString(conn, "bye")
	must(t, err)
	must(t, conn.(*net.TCPConn).CloseWrite())
	rest, err := io.ReadAll(conn)
	must(t, err)
	want(t, "after the end of the question", string(rest), "bye")
	want(t, "connections", p.Connections(), 1)
	want(t, "URL", p.URL("redis://:word@127.0.0.1:1/0"), "redis://:word@"+p.Addr()+"/0")
}

func TestProxyBreaksConnections(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		what    string
		do      func(*Proxy)
		refused bool
	}{
		{"CloseAll resets those there are, and welcomes new ones", (*Proxy).CloseAll, false},
		{"Cut resets those there are, and refuses new ones", (*Proxy).Cut, true},
		{"Cut also when stalled", func(p *Proxy) { p.Stall(); p.Cut() }, true},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			p := StartProxy(t, startEcho(t).addr())
			one, other := dial(t, p.Addr()), dial(t, p.Addr())
			askWell(t, one, "one")
			askWell(t, other, "other")
			c.do(p)
			want(t, "one was reset", isReset(one), true)
			want(t, "the other was reset", isReset(other), true)
			conn, err := net.Dial("tcp", p.Addr())
			want(t, "a new one is refused", errors.Is(err, syscall.ECONNREFUSED), c.refused)
			if err == nil {
				askWell(t, conn, "new")
				conn.Close()
			}
			p.Heal()
			askWell(t, dial(t, p.Addr()), "healed")
		})
	}
}

func TestProxyStalls(t *testing.T) {
	t.Parallel()
	e := startEcho(t)
	p := StartProxy(t, e.addr())
	old, direct := dial(t, p.Addr()), dial(t, e.addr())
	askWell(t, old, "before")
	p.Stall()
	late := dial(t, p.Addr())
	for _, conn := range []net.Conn{old, late} {
		_, err := io.WriteString(conn, "during")
		must(t, err)
	}
	// What goes past the proxy is answered many times; what goes through it has
	// not even come.
	before := e.received()
	for range 200 {
		askWell(t, direct, "x")
	}
	want(t, "bytes that came", e.received(), before+200)
	p.Heal()
	for _, conn := range []net.Conn{old, late} {
		late := make([]byte, len("during"))
		_, err := io.ReadFull(conn, late)
		must(t, err)
		want(t, "what came late", string(late), "during")
		askWell(t, conn, "after")
	}
}

func TestProxyForgetsWhatWasStalledWhenClosed(t *testing.T) {
	t.Parallel()
	e := startEcho(t)
	p := StartProxy(t, e.addr())
	conn := dial(t, p.Addr())
	askWell(t, conn, "before")
	p.Stall()
	_, err := io.WriteString(conn, "lost")
	must(t, err)
	p.CloseAll()
	p.Heal()
	want(t, "reset", isReset(conn), true)
	askWell(t, dial(t, p.Addr()), "after")
	want(t, "bytes that came", e.received(), len("before")+len("after"))
}

// Stall has to interrupt a write that does not get on, and to go on with it later
// without a byte lost or doubled.
func TestProxyStallsInTheMiddleOfAWrite(t *testing.T) {
	t.Parallel()
	ln := listening(t)
	p := StartProxy(t, ln.Addr().String())
	client := dial(t, p.Addr())
	server, err := ln.Accept()
	must(t, err)
	defer server.Close()

	sent := make([]byte, 16<<20)
	_, _ = rand.Read(sent)
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() {
		if _, err := client.Write(sent); err != nil {
			t.Error(err)
		}
		client.(*net.TCPConn).CloseWrite()
	})
	writing := func() (n int) {
		p.mu.Lock()
		defer p.mu.Unlock()
		for l := range p.links {
			n += l.writing
		}
		return n
	}
	for range 3 {
		holds(t, "a write under way, since nobody reads", func() bool { return writing() > 0 })
		p.Stall()
		want(t, "writes under way in a stalled proxy", writing(), 0)
		p.Heal()
	}
	wg.Go(func() {
		for range 50 {
			p.Stall()
			p.Heal()
		}
	})
	got, err := io.ReadAll(server)
	must(t, err)
	if !bytes.Equal(got, sent) {
		t.Errorf("of %d bytes, %d came, or others", len(sent), len(got))
	}
}

func TestProxyDelays(t *testing.T) {
	t.Parallel()
	p := StartProxy(t, startEcho(t).addr())
	conn := dial(t, p.Addr())
	askWell(t, conn, "before")
	const d = 50 * time.Millisecond
	p.Delay(d)
	start := time.Now()
	askWell(t, conn, "during")
	if took := time.Since(start); took < 2*d {
		t.Errorf("there and back took %v, want %v at least", took, 2*d)
	}
	p.Delay(time.Hour)
	_, err := io.WriteString(conn, "healed")
	must(t, err)
	p.Heal() // also for what waits already
	b := make([]byte, 6)
	_, err = io.ReadFull(conn, b)
	must(t, err)
	want(t, "answer", string(b), "healed")
}

func TestProxyChangesItsTarget(t *testing.T) {
	t.Parallel()
	one, other := startEcho(t), startEcho(t)
	p := StartProxy(t, one.addr())
	old := dial(t, p.Addr())
	askWell(t, old, "old")
	p.Target(other.addr())
	askWell(t, dial(t, p.Addr()), "other")
	askWell(t, old, "old")
	want(t, "at the first", one.received(), 6)
	want(t, "at the second", other.received(), 5)

	other.Close()
	conn, err := net.Dial("tcp", p.Addr())
	if err == nil { // the reset may come at once
		_, err = ask(conn, "anybody?")
		conn.Close()
	}
	want(t, "reset, when the target is down", errors.Is(err, syscall.ECONNRESET), true)
}

func TestProxyEndsWithItsTest(t *testing.T) {
	t.Parallel()
	e := startEcho(t)
	var conn net.Conn
	var addr string
	t.Run("the test", func(t *testing.T) {
		p := StartProxy(t, e.addr())
		addr = p.Addr()
		var err error
		conn, err = net.Dial("tcp", addr)
		must(t, err)
		askWell(t, conn, "hello")
		p.Stall()
	})
	defer conn.Close()
	want(t, "its connection is reset", isReset(conn), true)
	_, err := net.Dial("tcp", addr)
	want(t, "its port is closed", errors.Is(err, syscall.ECONNREFUSED), true)
}
