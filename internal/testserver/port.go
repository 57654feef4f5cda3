package testserver

import (
	"errors"
	"math/rand/v2"
	"net"
	"net/url"
	"strconv"
	"sync"
	"testing"
	"time"
)

// Port finds a port for a program that the test runs itself, and that goes down and
// comes back at its address. It is out of the range of outgoing connections, which
// net/http/httptest takes its own from: such a one may be any client's while its
// server is down, and worse, a client that dials it while nobody listens may be
// given the very same port for its own end, and be connected to itself.
func Port(t testing.TB) int {
	t.Helper()
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func listen() (net.Listener, error) {
	const lowest = 10000
	var last error
	for range 100 {
		port := 0
		if n := ephemeral() - lowest; n > 0 {
			port = lowest + rand.IntN(n)
		}
		ln, err := listenAt(port)
		if err == nil {
			return ln, nil
		}
		last = err
	}
	return nil, errors.Join(errors.New("no free port"), last)
}

// reserved are ports that were given out.
var reserved struct {
	mu   sync.Mutex
	held []net.PacketConn
}

// listenAt opens a port that was not given out before, by this process or by
// another one that runs tests: whoever has it may be down just now, and wants to
// come back. The port of the same number for datagrams, which nobody else has a use
// for, says so until this process ends, in whatever way.
func listenAt(port int) (net.Listener, error) {
	ln, err := net.Listen("tcp", address(port))
	if err != nil {
		return nil, err
	}
	hold, err := net.ListenPacket("udp", ln.Addr().String())
	if err != nil {
		ln.Close()
		return nil, err
	}
	reserved.mu.Lock()
	defer reserved.mu.Unlock()
	reserved.held = append(reserved.held, hold)
	return ln, nil
}

// freePort finds a port that nobody listens on. A program that does not run tests
// may take it before the server does: then the server says so, and is given another.
func freePort() (int, error) {
	ln, err := listen()
	if err != nil {
		return 0, err
	}
	defer closeListener(ln)
	return ln.Addr().(*net.TCPAddr).Port, nil
}

// closeListener closes a listener, and returns when connections to it are refused.
// A process that is being started shares it until it has become another program:
// so long the port is in use, and connections are taken that are reset then.
func closeListener(ln net.Listener) {
	ln.Close()
	for {
		conn, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			return
		}
		discard(conn.(*net.TCPConn))
		time.Sleep(time.Millisecond)
	}
}

func address(port int) string {
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
}

// through returns a URL with another address in it.
func through(addr, target string) string {
	u, err := url.Parse(target)
	if err != nil {
		panic(err)
	}
	u.Host = addr
	return u.String()
}
