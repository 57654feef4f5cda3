package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/echosession/session/internal/testserver"
)

// TestARollingDeploy: two processes behind a balancer that retries refused
// connects are replaced in turn, a dozen times, by SIGTERM and a start at the same
// address, while clients go on: none gets a 5xx, a reset or a 401, and no visit
// is lost.
func TestARollingDeploy(t *testing.T) {
	for _, echo := range []string{"4", "5"} {
		t.Run("Echo "+echo, func(t *testing.T) {
			t.Parallel()
			rollingDeploy(t, echo)
		})
	}
}

func rollingDeploy(t *testing.T, echo string) {
	env := onPostgres(testserver.SharedPostgres(t, testserver.PostgresOptions{}).Database(t), echo)
	ports := []string{port(t), port(t)}
	nodes, addresses := make([]*process, len(ports)), make([]string, len(ports))
	for i := range nodes {
		nodes[i] = startProgram(t, append(env, ports[i])...)
		addresses[i] = strings.TrimPrefix(nodes[i].url, "http://")
	}
	balancer := testserver.StartBalancer(t, addresses...)
	front := &process{url: balancer.URL()} // what clients see

	const users, requests = 8, 100 // so many clients at once find every gap of a stop
	var sent atomic.Int64
	var clients sync.WaitGroup
	for range users {
		c := front.client(t)
		c.post("/login", asForm, "user=ann").is(t, "the login", 204, "")
		clients.Go(func() {
			visits := 0
			for i := range requests {
				method, path := http.MethodGet, []string{"/me", "/visit", "/plain", "/get?key=visits"}[i%4]
				if path == "/visit" {
					method, visits = http.MethodPost, visits+1
				}
				res, err := c.send(t.Context(), method, path, "", "")
				if err != nil {
					t.Errorf("%s %s: %v", method, path, err)
					return
				}
				var body struct{ Visits int }
				if path == "/visit" {
					err = json.NewDecoder(res.Body).Decode(&body)
				}
				res.Body.Close()
				if err != nil || body.Visits != 0 && body.Visits != visits || res.StatusCode != 200 && !(res.StatusCode == 404 && visits == 0) {
					t.Errorf("%s %s after %d visits: %d, %d visits, %v", method, path, visits, res.StatusCode, body.Visits, err)
					return
				}
				sent.Add(1)
			}
		})
	}
	done := make(chan struct{})
	go func() { clients.Wait(); close(done) }()
	replaced := 0
	for going := true; going && replaced < 12; replaced++ {
		i := replaced % len(nodes)
		nodes[i].signal(t, syscall.SIGTERM)
		if code := nodes[i].exitCode(t); code != exitOK {
			t.Errorf("a node exits with %d", code)
		}
		nodes[i] = startProgram(t, append(env, ports[i])...)
		select {
		case <-done:
			going = false
		default:
		}
	}
	<-done
	if sent.Load() != users*requests || replaced < 2 {
		t.Errorf("%d of %d requests, %d replacements", sent.Load(), users*requests, replaced)
	}
	for _, err := range balancer.Failures() {
		t.Error("the balancer:", err)
	}
	t.Logf("%d requests, %d replacements", sent.Load(), replaced)
}
