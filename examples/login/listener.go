package main

import (
	"errors"
	"net"
	"os"
	"sync"
	"time"
)

// A lastListener ends without losing a connection. Closing a listener resets
// those that wait in its queue, although their clients have been told that they
// are connected; and a server that shuts down does not know of the one that it is
// just being handed. So there is [lastListener.stop], to be called before.
type lastListener struct {
	*net.TCPListener
	served chan struct{} // closed when the server has all there were
	closed chan struct{}
	once   sync.Once
	last   []net.Conn // what waited when it stopped; only Accept uses it
	ended  bool
}

func listen(addr string) (*lastListener, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	return &lastListener{
		TCPListener: l.(*net.TCPListener),
		served:      make(chan struct{}), closed: make(chan struct{}),
	}, nil
}

// Accept is called again when the connection before is known to the server.
func (l *lastListener) Accept() (net.Conn, error) {
	if !l.ended {
		conn, err := l.TCPListener.Accept()
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return conn, err
		}
		l.last, l.ended = lastConns(l.TCPListener), true
	}
	if len(l.last) > 0 {
		conn := l.last[0]
		l.last = l.last[1:]
		return conn, nil
	}
	close(l.served)
	<-l.closed
	return nil, net.ErrClosed
}

// stop refuses new connections, and returns when the server has all others.
func (l *lastListener) stop() {
	_ = l.SetDeadline(time.Unix(1, 0)) // wakes Accept
	select {
	case <-l.served:
	case <-l.closed:
	}
}

// Close may be called more than once.
func (l *lastListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.TCPListener.Close()
}
