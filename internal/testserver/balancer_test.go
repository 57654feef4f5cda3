package testserver

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
)

func startNode(t *testing.T, addr, name string) *httptest.Server {
	t.Helper()
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/broken" {
			panic(http.ErrAbortHandler)
		}
		io.WriteString(w, name+" "+r.Host+" "+r.Header.Get("X-Forwarded-Proto"))
	}))
	srv.Listener.Close()
	if addr == "" {
		addr = address(Port(t))
	}
	ln, err := net.Listen("tcp", addr)
	must(t, err)
	srv.Listener = ln
	srv.Start()
	t.Cleanup(srv.Close)
	return srv
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	resp, err := http.Get(url)
	must(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	must(t, err)
	return resp.StatusCode, string(body)
}

func TestBalancerTakesTurnsAndPassesOverThoseThatAreDown(t *testing.T) {
	t.Parallel()
	one, other := startNode(t, "", "one"), startNode(t, "", "other")
	b := StartBalancer(t, one.Listener.Addr().String(), other.Listener.Addr().String())
	count := func() map[string]int {
		counts := map[string]int{}
		for range 6 {
			status, body := get(t, b.URL())
			want(t, "status", status, 200)
			counts[body]++
		}
		return counts
	}
	rest := " " + b.URL()[len("http://"):] + " http" // the host that the client asked for
	both := count()
	want(t, "requests to one", both["one"+rest], 3)
	want(t, "requests to the other", both["other"+rest], 3)
	b.Set(one.Listener.Addr().String())
	want(t, "requests to the one named", count()["one"+rest], 6)
	b.Set(one.Listener.Addr().String(), other.Listener.Addr().String())
	one.Close()
	closeListener(one.Listener) // it refuses from then on
	want(t, "requests to the one left", count()["other"+rest], 6)
	if failures := b.Failures(); len(failures) > 0 {
		t.Errorf("failures: %v", failures)
	}
}

func TestBalancerWaitsForANodeToComeUp(t *testing.T) {
	t.Parallel()
	port := Port(t)
	b := StartBalancer(t, address(port))
	answer := make(chan string)
	go func() {
		resp, err := http.Get(b.URL())
		if err != nil {
			answer <- err.Error()
			return
		}
		defer resp.Body.Close()
		answer <- resp.Status
	}()
	holds(t, "a refused attempt", func() bool {
		b.mu.Lock()
		defer b.mu.Unlock()
		return b.next > 0
	})
	startNode(t, address(port), "late")
	want(t, "answer", <-answer, "200 OK")
}

func TestBalancerReportsWhatFails(t *testing.T) {
	t.Parallel()
	b := StartBalancer(t, startNode(t, "", "node").Listener.Addr().String())
	status, _ := get(t, b.URL()+"/broken")
	want(t, "status", status, 502)
	want(t, "failures", len(b.Failures()), 1)
}
