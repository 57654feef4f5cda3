package testserver

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestServerThatDoesNotStartFailsItsTestWithItsLog(t *testing.T) {
	t.Parallel()
	var f fakeTB
	f.run(func() { StartRedis(&f, RedisOptions{Settings: map[string]string{"nonsense": "1"}}) })
	if !strings.Contains(f.failed, "nonsense") || !strings.Contains(f.failed, "FATAL CONFIG FILE ERROR") {
		t.Errorf("the test was told %q", f.failed)
	}
}

func TestLogIsShownWhenTheTestFails(t *testing.T) {
	t.Parallel()
	var f fakeTB
	f.run(func() {
		r := StartRedis(&f, RedisOptions{})
		if f.logged != "" {
			t.Errorf("shown before: %q", f.logged)
		}
		if !strings.Contains(r.Log(), "Ready to accept connections") {
			t.Errorf("the log is %q", r.Log())
		}
		f.Fatal("wrong")
	})
	if !strings.Contains(f.logged, "Ready to accept connections") {
		t.Errorf("shown: %q", f.logged)
	}
}

func TestServerIsTalkedToOnlyInTheRightState(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		what string
		do   func(*Redis)
		want string
	}{
		{"Start of one that runs", func(r *Redis) { r.Start() }, "runs already"},
		{"Kill of one that is down", func(r *Redis) { r.Kill(); r.Kill() }, "is down"},
		{"Pause of one that is down", func(r *Redis) { r.Kill(); r.Pause() }, "is down"},
		{"Restart of one that is down", func(r *Redis) { r.Kill(); r.Restart() }, "is down"},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			var f fakeTB
			f.run(func() { c.do(StartRedis(&f, RedisOptions{})) })
			if !strings.Contains(f.failed, c.want) {
				t.Errorf("the test was told %q, want %q", f.failed, c.want)
			}
		})
	}
}

// Between the time when a port was found free and the server's start, it may
// have been taken.
func TestServerIsGivenAnotherPort(t *testing.T) {
	t.Parallel()
	dir, err := newDir(nil)
	must(t, err)
	path := filepath.Join(dir, "program")
	program(t, path, `echo "$1" >>ports; [ -e again ] || { touch again; echo 'Address already in use'; exit 1; }; echo up; exec sleep 3600`)
	s := &server{name: "server", dir: dir, ready: func(p *process) bool { return strings.Contains(p.output(), "up") }}
	s.command = func() (command, error) {
		return command{path: path, args: []string{s.Addr()}, dir: dir, log: s.logFile(), soon: "KILL"}, nil
	}
	must(t, s.launch())
	text, err := os.ReadFile(filepath.Join(dir, "ports"))
	must(t, err)
	ports := strings.Fields(string(text))
	if len(ports) != 2 || ports[0] == ports[1] || ports[1] != s.Addr() {
		t.Errorf("it was started at %v, and is at %s", ports, s.Addr())
	}
	must(t, s.close())
}
