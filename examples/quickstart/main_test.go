package main_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/echosession/session/internal/testserver"
)

// The program is run as a reader runs it, and the lines it prints are given to a
// shell as they stand.

func TestThePrintedLines(t *testing.T) {
	lines, _ := start(t)
	want := []string{
		`user "", visit 1`,
		`logged in`,
		`user "ann", visit 2`,
		`logged out`,
		`user "", visit 1`,
	}
	if len(lines) != len(want) {
		t.Fatalf("it prints %d curl lines, not %d: %q", len(lines), len(want), lines)
	}
	for i, line := range lines {
		var stderr strings.Builder
		cmd := exec.CommandContext(t.Context(), "bash", "-c", line)
		cmd.Env = append(os.Environ(), "no_proxy=*")
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s: %v\n%s", line, err, &stderr)
		}
		if got := strings.TrimSuffix(string(out), "\n"); got != want[i] {
			t.Errorf("line %d, %s\nanswers %q, not %q", i+1, line, got, want[i])
		}
	}
}

func TestALoginWithoutAUserIsRefused(t *testing.T) {
	_, base := start(t)
	res, err := http.PostForm(base+"/login", url.Values{})
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	if res.StatusCode != http.StatusBadRequest || !strings.Contains(string(body), "empty") {
		t.Errorf("answers %d %s", res.StatusCode, body)
	}
	if cookies := res.Header["Set-Cookie"]; cookies != nil {
		t.Error("a refused login sets a cookie")
	}
}

// start builds and runs the program on a free port, and returns the curl lines
// it printed and where it listens.
func start(t *testing.T) (lines []string, base string) {
	t.Helper()
	dir := t.TempDir()
	program, err := testserver.Build(".", "-race")
	if err != nil {
		t.Fatal(err)
	}
	for range 5 { // somebody else may take the port first
		addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(testserver.Port(t)))
		if lines, ok := run(t, program, dir, addr); ok {
			return lines, "http://" + addr
		}
	}
	t.Fatal("it does not start")
	return nil, ""
}

// run starts the program and waits until it listens, or has ended.
func run(t *testing.T, program, dir, addr string) (lines []string, ok bool) {
	t.Helper()
	_, port, _ := net.SplitHostPort(addr)
	ctx, cancel := context.WithCancel(t.Context())
	cmd := exec.CommandContext(ctx, program)
	cmd.Env = append(os.Environ(), "PORT="+port, "TMPDIR="+dir)
	stdout, err := os.Create(filepath.Join(dir, "stdout"))
	if err != nil {
		t.Fatal(err)
	}
	defer stdout.Close()
	cmd.Stdout = stdout
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait() // it is killed
	}()
	t.Cleanup(func() { cancel(); <-ended })

	for !listens(addr) {
		select {
		case <-ended:
			return nil, false
		case <-time.After(5 * time.Millisecond):
		}
	}
	return curlLines(t, stdout.Name()), true
}

func listens(addr string) bool {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return false
	}
	return conn.Close() == nil
}

// curlLines are the lines of a file that begin with curl.
func curlLines(t *testing.T, name string) []string {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var lines []string
	for s := bufio.NewScanner(f); s.Scan(); {
		if line := strings.TrimSpace(s.Text()); strings.HasPrefix(line, "curl ") {
			lines = append(lines, line)
		}
	}
	return lines
}
