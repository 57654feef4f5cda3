package testserver

import (
	"net"
	"testing"
	"time"
)

// TestAPortIsGivenOutOnce: also while nobody listens on it, as when a server that
// was killed is about to come back.
func TestAPortIsGivenOutOnce(t *testing.T) {
	t.Parallel()
	if ln, err := listenAt(Port(t)); err == nil {
		ln.Close()
		t.Error("a port that somebody has is given out again")
	}
}

// TestAClosedListenerRefuses: also where a process that is being started shared it,
// which a second hold of it stands for.
func TestAClosedListenerRefuses(t *testing.T) {
	t.Parallel()
	ln := listening(t)
	shared, err := ln.(*net.TCPListener).File()
	must(t, err)
	time.AfterFunc(20*time.Millisecond, func() { shared.Close() })
	closeListener(ln)
	if conn, err := net.Dial("tcp", ln.Addr().String()); err == nil {
		conn.Close()
		t.Error("it takes a connection")
	}
}
