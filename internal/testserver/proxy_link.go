package testserver

import (
	"context"
	"io"
	"net"
	"sync"
	"time"
)

// A link is a connection through a proxy: one to the client, one to the server.
// For each direction one goroutine reads and another writes, so that the time at
// which something came is known also while earlier things wait.
type link struct {
	*Proxy
	number int
	ctx    context.Context
	cancel context.CancelFunc
	ends   [2]*net.TCPConn // by the direction that writes to it: the server's, the client's

	// Guarded by the proxy's lock.
	over    bool
	last    *unit // what is yet to be forwarded before the end
	writing int   // writes under way
}

// A unit is what is forwarded as a whole: some bytes, or a message.
type unit struct {
	data    []byte
	at      time.Time // when it came
	err     error     // the end of the stream
	message *Message  // nil where messages are not looked at
}

func newLink(p *Proxy, number int, client *net.TCPConn) *link {
	l := &link{Proxy: p, number: number}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	l.ends[ToClient] = client
	return l
}

// run forwards until both ends are done, or one of them is broken.
func (l *link) run() {
	defer l.close()
	server := l.dial()
	if server == nil {
		return
	}
	frames := newFrames(l)
	var directions sync.WaitGroup
	for _, dir := range []Direction{ToServer, ToClient} {
		units := make(chan *unit, 16)
		directions.Go(func() {
			defer close(units)
			l.read(l.ends[1-dir], units, frames, dir)
		})
		directions.Go(func() { l.forward(units, dir) })
	}
	directions.Wait()
}

// dial connects to the server, which is nil if that was not possible. A stalled
// proxy does not even try.
func (l *link) dial() *net.TCPConn {
	if !l.pass(&unit{at: time.Now()}) {
		return nil
	}
	target := l.target
	l.mu.Unlock()
	conn, err := (&net.Dialer{}).DialContext(l.ctx, "tcp", target)
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		l.reset()
		return nil
	}
	server := conn.(*net.TCPConn)
	if l.over {
		discard(server)
		return nil
	}
	l.ends[ToServer] = server
	return server
}

// close ends the link for good.
func (l *link) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.over = true
	l.cancel()
	for _, end := range l.ends {
		if end != nil {
			end.Close()
		}
	}
	delete(l.links, l)
	l.written.Broadcast()
}

// read passes on what comes from one end, and in the end the reason why nothing
// more does.
func (l *link) read(from *net.TCPConn, units chan<- *unit, frames *frames, dir Direction) {
	next := chunks(from)
	if l.postgres {
		next = frames.reader(from, dir)
	}
	for {
		u := next()
		u.at = time.Now()
		select {
		case units <- u:
		case <-l.ctx.Done():
			return
		}
		if u.err != nil {
			return
		}
	}
}

// chunks reads bytes as they come.
func chunks(from io.Reader) func() *unit {
	return func() *unit {
		b := make([]byte, 32<<10)
		n, err := from.Read(b)
		if n > 0 {
			err = nil // it comes again
		}
		return &unit{data: b[:n], err: err}
	}
}
