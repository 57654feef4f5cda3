package testserver

import (
	"errors"
	"net"
	"sync"
	"testing"
	"time"
)

// A Proxy forwards connections to a server, and does to them on demand what a
// network does when it fails. Everything it does lasts until [Proxy.Heal].
//
// Connections are reset, not closed: the other end gets what was forwarded
// before, and then an error.
type Proxy struct {
	t        testing.TB
	addr     string
	postgres bool // forwards whole messages

	running sync.WaitGroup // the goroutines of the listener and of all connections

	mu      sync.Mutex
	target  string
	ln      net.Listener // nil while cut
	links   map[*link]struct{}
	opened  int // connections so far
	stalled bool
	delay   time.Duration
	decide  func(Message) Verdict
	seen    int           // messages since decide was set
	changed chan struct{} // closed when one of these changes
	written *sync.Cond    // a write has ended
}

// StartProxy starts a proxy in front of the server at an address, which need not
// listen yet. It does not look into what it forwards.
func StartProxy(t testing.TB, target string) *Proxy {
	t.Helper()
	return startProxy(t, target, false)
}

// StartPostgresProxy is [StartProxy] for a server of Postgres or PgBouncer, spoken
// to without TLS. It can cut a connection at a message; see [Proxy.CutAt].
func StartPostgresProxy(t testing.TB, target string) *Proxy {
	t.Helper()
	return startProxy(t, target, true)
}

func startProxy(t testing.TB, target string, postgres bool) *Proxy {
	t.Helper()
	p := &Proxy{
		t: t, target: target, postgres: postgres,
		links: map[*link]struct{}{}, changed: make(chan struct{}),
	}
	p.written = sync.NewCond(&p.mu)
	ln, err := listen()
	if err != nil {
		t.Fatal(err)
	}
	p.addr = ln.Addr().String()
	p.mu.Lock()
	p.serve(ln)
	p.mu.Unlock()
	t.Cleanup(func() {
		p.Cut()
		p.running.Wait()
	})
	return p
}

// Addr is the host and port where the proxy listens. They stay the same.
func (p *Proxy) Addr() string { return p.addr }

// URL is the server's URL given, by way of the proxy.
func (p *Proxy) URL(server string) string { return through(p.addr, server) }

// Target makes new connections go to another server, as after a failover.
func (p *Proxy) Target(addr string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.target = addr
}

// Connections counts those that were opened so far.
func (p *Proxy) Connections() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.opened
}

// CloseAll resets the present connections. New ones are welcome.
func (p *Proxy) CloseAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closeAll()
}

// Cut resets all connections and lets new ones be refused.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ln != nil {
		closeListener(p.ln)
		p.ln = nil
	}
	p.closeAll()
}

// Stall lets nothing through: connections stay open, new ones are accepted, and
// nothing is forwarded from when it returns. What is sent meanwhile is not lost
// but late, as in a network that comes back: it arrives after [Proxy.Heal]. A
// test that wants it lost calls [Proxy.CloseAll] before that.
func (p *Proxy) Stall() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stalled = true
	p.change()
	for l := range p.links {
		l.interrupt()
	}
	for l := range p.links {
		for l.writing > 0 {
			p.written.Wait()
		}
	}
}

// Delay lets everything take longer by d, in each direction.
func (p *Proxy) Delay(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay = d
	p.change()
}

// Heal ends everything that the proxy was told to do: it listens and forwards at
// once.
func (p *Proxy) Heal() {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stalled, p.delay, p.decide = false, 0, nil
	p.change()
	if p.ln != nil {
		return
	}
	ln, err := net.Listen("tcp", p.addr)
	if err != nil {
		p.t.Errorf("heal a proxy: %v", err)
		return
	}
	p.serve(ln)
}

// The following are called with the lock held.

// change wakes whoever waits for the proxy to let something through.
func (p *Proxy) change() {
	close(p.changed)
	p.changed = make(chan struct{})
}

// closeAll resets the connections, and returns when nothing is written to them
// any more.
func (p *Proxy) closeAll() {
	for l := range p.links {
		l.reset()
	}
	for l := range p.links {
		for l.writing > 0 {
			p.written.Wait()
		}
	}
}

func (p *Proxy) serve(ln net.Listener) {
	p.ln = ln
	p.running.Go(func() {
		for {
			conn, err := ln.Accept()
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err != nil {
				p.t.Errorf("accept a connection for the proxy: %v", err)
				return
			}
			p.open(ln, conn.(*net.TCPConn))
		}
	})
}

// open takes a new connection, unless the proxy was cut while it came.
func (p *Proxy) open(ln net.Listener, client *net.TCPConn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ln != ln {
		discard(client)
		return
	}
	l := newLink(p, p.opened, client)
	p.opened++
	p.links[l] = struct{}{}
	p.running.Go(l.run)
}

// discard resets a connection.
func discard(conn *net.TCPConn) {
	_ = conn.SetLinger(0) // with what the other end has not got yet thrown away
	_ = conn.Close()
}
