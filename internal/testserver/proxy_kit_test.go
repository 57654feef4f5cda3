package testserver

import (
	"errors"
	"io"
	"net"
	"sync"
	"syscall"
	"testing"
)

// An echo answers every connection with what it says, and keeps the number of
// bytes that came.
type echo struct {
	net.Listener
	conns sync.WaitGroup
	mu    sync.Mutex
	bytes int
}

func startEcho(t *testing.T) *echo {
	t.Helper()
	ln := listening(t)
	e := &echo{Listener: ln}
	e.conns.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			e.conns.Go(func() {
				defer conn.Close()
				b := make([]byte, 1<<10)
				for {
					n, err := conn.Read(b)
					e.mu.Lock()
					e.bytes += n
					e.mu.Unlock()
					if _, werr := conn.Write(b[:n]); err != nil || werr != nil {
						return
					}
				}
			})
		}
	})
	t.Cleanup(func() {
		ln.Close()
		e.conns.Wait()
	})
	return e
}

func (e *echo) addr() string { return e.Addr().String() }

func (e *echo) received() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.bytes
}

func dial(t *testing.T, addr string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	must(t, err)
	t.Cleanup(func() { conn.Close() })
	return conn
}

// ask sends a text and reads as much.
func ask(conn net.Conn, text string) (string, error) {
	if _, err := io.WriteString(conn, text); err != nil {
		return "", err
	}
	b := make([]byte, len(text))
	n, err := io.ReadFull(conn, b)
	return string(b[:n]), err
}

func askWell(t *testing.T, conn net.Conn, text string) {
	t.Helper()
	got, err := ask(conn, text)
	must(t, err)
	want(t, "answer", got, text)
}

// isReset waits for the end of a connection and says if it was by a reset.
func isReset(conn net.Conn) bool {
	_, err := io.Copy(io.Discard, conn)
	return errors.Is(err, syscall.ECONNRESET)
}
