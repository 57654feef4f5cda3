package main

import (
	"context"
	"net"
	"net/http"
	"sync"
)

// arrivals are the connections whose first request has not come to a handler
// yet. A server that shuts down closes such a connection, although the client may
// have sent its request already; so it waits for them first.
type arrivals struct {
	mu    sync.Mutex
	conns map[net.Conn]bool
	none  chan struct{} // closed when there are none; nil while nobody waits
}

type arrivalKey struct{}

// watch makes a server tell of its connections.
func (a *arrivals) watch(s *http.Server) {
	a.conns = map[net.Conn]bool{}
	s.ConnContext = func(ctx context.Context, conn net.Conn) context.Context {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.conns[conn] = true
		return context.WithValue(ctx, arrivalKey{}, conn)
	}
	s.ConnState = func(conn net.Conn, state http.ConnState) {
		if state == http.StateClosed || state == http.StateHijacked {
			a.remove(conn)
		}
	}
	next := s.Handler
	s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, _ := r.Context().Value(arrivalKey{}).(net.Conn)
		a.remove(conn)
		next.ServeHTTP(w, r)
	})
}

func (a *arrivals) remove(conn net.Conn) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.conns, conn)
	if len(a.conns) == 0 && a.none != nil {
		close(a.none)
		a.none = nil
	}
}

// wait returns when there are none. ReadHeaderTimeout ends those that send
// nothing.
func (a *arrivals) wait(ctx context.Context) {
	a.mu.Lock()
	if len(a.conns) == 0 {
		a.mu.Unlock()
		return
	}
	none := make(chan struct{})
	a.none = none
	a.mu.Unlock()
	select {
	case <-none:
	case <-ctx.Done():
	}
}
