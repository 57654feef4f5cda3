package testserver

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"sync/atomic"
)

// A Direction is that of a message.
type Direction int

// The directions.
const (
	ToServer Direction = iota
	ToClient
)

// A Message is one of Postgres's protocol. Requests to cancel what another
// connection runs are none: pgx sends them on its own, and some time, after any
// error. They are forwarded, and neither counted nor shown.
type Message struct {
	Conn int // connections through the proxy before this one's
	N    int // messages since CutAt before this one, of all connections and both directions
	Dir  Direction
	Type byte   // as in the protocol, such as 'Q' and 'C', or one of those below
	Body []byte // without type and length; not to be changed
}

// The types of messages that have none in the protocol.
const (
	TypeStartup   byte = iota // protocol version and parameters
	TypeEncrypt               // asks for TLS or GSSAPI
	TypeNoEncrypt             // the answer to it: no
)

// A Verdict says what to do at a message.
type Verdict int

// Cut resets the connection of the message, and no other one; Stall does what
// [Proxy.Stall] does. Before and After mean that everything until the message,
// without it or with it, is forwarded, and nothing else.
const (
	Pass Verdict = iota
	CutBefore
	CutAfter
	StallBefore
	StallAfter
)

// CutAt lets decide say at every message from now on what to do, until
// [Proxy.Heal] or the next CutAt. It is called for one message at a time, while
// the proxy stands still: it must not call the proxy, nor t.Fatal. To try every
// message of an exchange:
//
//	for k, cut := 0, true; cut; k++ { // until there is no such message
//		p.CloseAll() // so that nothing of the last round is counted
//		cut = false
//		p.CutAt(func(m testserver.Message) testserver.Verdict {
//			if m.N == k {
//				cut = true
//				return testserver.CutAfter
//			}
//			return testserver.Pass
//		})
//		exchange()
//		p.Heal()
//	}
func (p *Proxy) CutAt(decide func(Message) Verdict) {
	p.t.Helper()
	if !p.postgres {
		p.t.Fatal("CutAt needs StartPostgresProxy")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.decide, p.seen = decide, 0
}

// judge counts a message and asks what to do at it, with the lock held.
func (l *link) judge(u *unit) Verdict {
	if u.message == nil {
		return Pass
	}
	m := *u.message
	m.Conn, m.N = l.number, l.seen
	l.seen++
	if l.decide == nil {
		return Pass
	}
	return l.decide(m)
}

// frames finds the messages in the streams of one link. The two directions
// depend on each other at the beginning only.
type frames struct {
	*link
	asked atomic.Bool // the client asked for encryption and was not answered yet
}

func newFrames(l *link) *frames { return &frames{link: l} }

// reader returns messages one by one.
func (f *frames) reader(from io.Reader, dir Direction) func() *unit {
	r := bufio.NewReader(from)
	started := dir == ToClient
	return func() *unit {
		if !started {
			u := f.startup(r)
			started = u.message != nil && u.message.Type == TypeStartup
			return u
		}
		head, err := r.Peek(1)
		switch {
		case err != nil:
			return &unit{err: err}
		case dir == ToClient && f.asked.Load(): // not before something has come
			return f.answer(r)
		default:
			return f.frame(r, dir, head[0], 1)
		}
	}
}

// frame reads a message that has its length after skip bytes.
func (f *frames) frame(r *bufio.Reader, dir Direction, kind byte, skip int) *unit {
	head, err := r.Peek(skip + 4)
	if err != nil {
		return &unit{err: err}
	}
	length := int(binary.BigEndian.Uint32(head[skip:]))
	if length < 4 || length > 1<<30 {
		f.t.Errorf("proxy: not Postgres's protocol: a message of type %q and length %d", kind, length)
		return &unit{err: io.ErrUnexpectedEOF}
	}
	data := make([]byte, skip+length)
	if _, err := io.ReadFull(r, data); err != nil {
		return &unit{err: err}
	}
	return &unit{data: data, message: &Message{Dir: dir, Type: kind, Body: data[skip+4:]}}
}

// startup reads what a client sends before its first ordinary message.
func (f *frames) startup(r *bufio.Reader) *unit {
	u := f.frame(r, ToServer, TypeStartup, 0)
	if u.err != nil {
		return u
	}
	if len(u.message.Body) < 4 {
		f.t.Errorf("proxy: not Postgres's protocol: it begins with % x", u.data)
		return &unit{err: io.ErrUnexpectedEOF}
	}
	switch binary.BigEndian.Uint32(u.message.Body) {
	case 80877102:
		u.message = nil
	case 80877103, 80877104:
		u.message.Type = TypeEncrypt
		f.asked.Store(true)
	}
	return u
}

// answer reads the byte that answers a request for encryption.
func (f *frames) answer(r *bufio.Reader) *unit {
	b, err := r.ReadByte()
	if err != nil {
		return &unit{err: err}
	}
	f.asked.Store(false)
	if b != 'N' {
		f.t.Errorf("proxy: cannot look into an encrypted connection: use sslmode=disable (the server said %s)", fmt.Sprintf("%q", b))
		return &unit{err: io.ErrUnexpectedEOF}
	}
	return &unit{data: []byte{b}, message: &Message{Dir: ToClient, Type: TypeNoEncrypt}}
}
