package testserver

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"sync"
	"syscall"
	"testing"
	"time"
)

// A Balancer is an HTTP reverse proxy in front of several nodes, in turn. A node
// that refuses connections is passed over; while all do, the balancer tries again
// for ten seconds. So a rolling deploy goes unnoticed if each node is taken out by
// [Balancer.Set] before it ends, and ends well. Nodes take their ports by [Port].
type Balancer struct {
	srv *httptest.Server

	mu    sync.Mutex
	nodes []string
	next  int
	fails []error
}

// StartBalancer starts a balancer in front of addresses.
func StartBalancer(t testing.TB, nodes ...string) *Balancer {
	b := &Balancer{nodes: nodes}
	transport := &http.Transport{
		// Each request takes a connection of its own: a kept one may be closed by
		// a node that ends, just when the next request is written to it.
		DisableKeepAlives: true,
		DialContext:       b.dial,
	}
	b.srv = httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host = "http", "nodes"
			r.SetXForwarded()
		},
		Transport:     transport,
		FlushInterval: -1,
		ErrorLog:      log.New(io.Discard, "", 0),
		ErrorHandler:  b.failed,
	})
	t.Cleanup(b.srv.Close)
	return b
}

// URL is where the balancer listens.
func (b *Balancer) URL() string { return b.srv.URL }

// Set replaces the nodes for requests from now on: a node is taken out before it
// ends.
func (b *Balancer) Set(nodes ...string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.nodes = nodes
}

// Failures are the errors of requests that the balancer answered with 502.
func (b *Balancer) Failures() []error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]error(nil), b.fails...)
}

func (b *Balancer) failed(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() == nil { // the client has not gone away
		b.mu.Lock()
		b.fails = append(b.fails, err)
		b.mu.Unlock()
	}
	w.WriteHeader(http.StatusBadGateway)
}

// dial connects to the next node that takes it.
func (b *Balancer) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for {
		err := errors.New("no nodes")
		for range b.count() {
			var conn net.Conn
			if conn, err = (&net.Dialer{}).DialContext(ctx, network, b.turn()); err == nil {
				return conn, nil
			}
			// Reset while connecting is refused as well: the listener went down
			// between two packets of the handshake, and no request was sent.
			if !errors.Is(err, syscall.ECONNREFUSED) && !errors.Is(err, syscall.ECONNRESET) {
				return nil, err
			}
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (b *Balancer) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.nodes)
}

func (b *Balancer) turn() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.nodes) == 0 {
		return ""
	}
	b.next++
	return b.nodes[b.next%len(b.nodes)]
}
