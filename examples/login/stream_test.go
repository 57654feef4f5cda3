package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// openStream returns a stream after its first event.
func openStream(t *testing.T, ctx context.Context, c *client) (*http.Response, *bufio.Reader) {
	t.Helper()
	res, err := c.send(ctx, http.MethodGet, "/stream", "", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { res.Body.Close() })
	if kind := res.Header.Get("Content-Type"); res.StatusCode != 200 || kind != "text/event-stream" {
		t.Fatalf("GET /stream is %d, %q", res.StatusCode, kind)
	}
	body := bufio.NewReader(res.Body)
	nextEvent(t, body, "data: 1\n")
	return res, body
}

func nextEvent(t *testing.T, body *bufio.Reader, want string) {
	t.Helper()
	for _, want := range []string{want, "\n"} {
		if line, err := body.ReadString('\n'); err != nil || line != want {
			t.Fatalf("the stream says %q, %v, not %q", line, err, want)
		}
	}
}

func TestStream(t *testing.T) {
	for _, echo := range echoes {
		t.Run("Echo "+echo, func(t *testing.T) {
			t.Parallel()
			p := startProgram(t, "ECHO="+echo)
			c := p.client(t)
			ctx, leave := context.WithCancel(t.Context())
			defer leave()
			res, body := openStream(t, ctx, c)
			_, cookie := answer{header: res.Header}.cookie(t)
			p.bearing(t, cookie).get("/get?key=streamed").is(t, "the session is there while the stream goes on", 200, "true")
			c.post("/visit", "", "").is(t, "and can be changed", 200, `{"visits":1}`)
			nextEvent(t, body, "data: 2\n")
			leave()
			p.await(t, `uri=/stream status=200`) // the request logger: the handler has returned
			p.bearing(t, cookie).get("/get?key=visits").is(t, "the change stands after the stream", 200, "1")
		})
	}
}

func TestSIGTERM(t *testing.T) {
	for _, echo := range echoes {
		for _, signal := range []os.Signal{syscall.SIGTERM, os.Interrupt} {
			t.Run("Echo "+echo+", "+signal.String(), func(t *testing.T) {
				t.Parallel()
				p := startProgram(t, "ECHO="+echo)
				c := p.client(t)
				c.post("/login", asForm, "user=ann")
				_, body := openStream(t, t.Context(), c)
				slow := c.sendInFlight(t.Context(), "/slow?ms=500&key=k")
				fresh := p.client(t).sendInFlight(t.Context(), "/slow?ms=500&key=k")
				p.signal(t, signal)

				if rest, err := io.ReadAll(body); err != nil {
					t.Errorf("the stream breaks off after %q: %v", rest, err)
				}
				for sentence, answered := range map[string]func() (*http.Response, error){"a request in flight": slow, "one that begins a session": fresh} {
					res, err := answered()
					if err != nil {
						t.Fatalf("%s is not answered: %v", sentence, err)
					}
					text, err := io.ReadAll(res.Body)
					res.Body.Close()
					if err != nil || res.StatusCode != 200 || string(text) != `{"waited_ms":500}` || len(res.Header["Set-Cookie"]) != 1 {
						t.Errorf("%s is answered with %d %s, %d cookies, %v", sentence, res.StatusCode, text, len(res.Header["Set-Cookie"]), err)
					}
				}
				if code := p.exitCode(t); code != exitOK {
					t.Errorf("it exits with %d", code)
				}
				if _, last, _ := strings.Cut(p.text(), "Stopping"); strings.Contains(last, "WARN") {
					t.Errorf("it ends with a warning:\n%s", last)
				}
			})
		}
	}
}

func TestASecondSIGTERMEndsItAtOnce(t *testing.T) {
	t.Parallel()
	p := startProgram(t)
	p.killed = true
	answered := p.client(t).sendInFlight(t.Context(), "/slow?ms=20000&key=k")
	p.signal(t, syscall.SIGTERM)
	p.await(t, "Stopping")
	for ended := false; !ended; { // the first signal may not be dealt with yet
		p.signal(t, syscall.SIGTERM)
		select {
		case <-p.ended:
			ended = true
		case <-time.After(5 * time.Millisecond):
		}
	}
	if state := p.cmd.ProcessState.Sys().(syscall.WaitStatus); state.Signal() != syscall.SIGTERM {
		t.Errorf("it ends with %d", state)
	}
	if _, err := answered(); err == nil {
		t.Error("the request was answered all the same")
	}
}
