package testserver

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// started are the processes and directories of one server of each kind, some of
// them paused, killed and started again.
type started struct {
	pids  []int
	dirs  []string
	shmem []string // numbers of shared memory
}

func (s *started) memory(servers ...*Postgres) {
	for _, pg := range servers {
		s.shmem = append(s.shmem, strings.Fields(pg.pidFile()[6])[1])
	}
}

func (s *started) size() int { return len(s.pids) + len(s.dirs) + len(s.shmem) }

func (s *started) add(servers ...*server) {
	for _, srv := range servers {
		s.dirs = append(s.dirs, srv.dir)
		if pid := srv.PID(); pid != 0 {
			all := append(children(pid), pid)
			s.pids = append(s.pids, slices.DeleteFunc(all, gone)...)
		}
	}
}

func startAll(t testing.TB) *started {
	pg := StartPostgres(t, PostgresOptions{})
	standby := pg.Standby(t)
	backup := pg.Backup(t)
	pooler := StartPgBouncer(t, pg, PgBouncerOptions{})
	redis := StartRedis(t, RedisOptions{})
	s := &started{}
	s.memory(pg, standby)
	must(t, standby.proc.kill()) // not by Kill, which cleans up
	pg.Pause()
	redis.Pause()
	s.add(&pg.server, &standby.server, &pooler.server, &redis.server)
	s.dirs = append(s.dirs, filepath.Dir(backup.dir))
	return s
}

// left describes what of it is still there.
func (s *started) left() (left []string) {
	for _, pid := range s.pids {
		if !gone(pid) {
			left = append(left, fmt.Sprint("process ", pid))
		}
	}
	for _, dir := range s.dirs {
		if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
			left = append(left, dir)
		}
	}
	inUse, _ := os.ReadFile("/proc/sysvipc/shm") // of Linux
	for line := range strings.Lines(string(inUse)) {
		if fields := strings.Fields(line); len(fields) > 1 && slices.Contains(s.shmem, fields[1]) {
			left = append(left, "shared memory "+fields[1])
		}
	}
	return left
}

func (s *started) mustBeThere(t *testing.T) {
	t.Helper()
	if left := s.left(); len(left) != s.size() || len(s.pids) < 8 || len(s.dirs) != 5 || len(s.shmem) != 2 {
		t.Errorf("of %+v only these are there: %v", s, left)
	}
}

func TestNothingIsLeftAfterATest(t *testing.T) {
	t.Parallel()
	var s *started
	t.Run("the test", func(t *testing.T) {
		s = startAll(t)
		s.mustBeThere(t)
	})
	if left := s.left(); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// The watchdog takes over where the tests come to no good end.
func TestNothingIsLeftAfterTestsThatDie(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"killed", "panics"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			exe, err := os.Executable()
			must(t, err)
			cmd := exec.Command(exe)
			cmd.Env = append(os.Environ(), childMode+"="+mode)
			stdin, err := cmd.StdinPipe()
			must(t, err)
			stdout, err := cmd.StdoutPipe()
			must(t, err)
			must(t, cmd.Start())
			s := &started{}
			for lines := bufio.NewScanner(stdout); lines.Scan() && lines.Text() != "ready"; {
				kind, what, _ := strings.Cut(lines.Text(), " ")
				switch kind {
				case "pid":
					pid, err := strconv.Atoi(what)
					must(t, err)
					s.pids = append(s.pids, pid)
				case "dir":
					s.dirs = append(s.dirs, what)
				case "memory":
					s.shmem = append(s.shmem, what)
				default:
					t.Log(lines.Text())
				}
			}
			s.mustBeThere(t)
			if mode == "killed" {
				must(t, cmd.Process.Kill())
			}
			stdin.Close()
			_ = cmd.Wait()
			if left := await(patience, "nothing left", func() (bool, error) { return len(s.left()) == 0, nil }); left != nil {
				t.Errorf("left: %v", s.left())
			}
		})
	}
}

// child is what the test binary does as a child of that test.
func child(mode string) {
	var f fakeTB
	f.run(func() {
		s := startAll(&f)
		for _, pid := range s.pids {
			fmt.Println("pid", pid)
		}
		for _, dir := range s.dirs {
			fmt.Println("dir", dir)
		}
		for _, id := range s.shmem {
			fmt.Println("memory", id)
		}
		fmt.Println("ready")
		_, _ = os.Stdin.Read(make([]byte, 1)) // the end of the input
		if mode == "panics" {
			panic("as it was told to")
		}
	})
	fmt.Println(f.failed, f.skipped)
	os.Exit(1)
}

func TestWatchdogEndsOnlyWhatHasNotEnded(t *testing.T) {
	t.Parallel()
	ends := map[int]chan error{}
	run := func(path string, args ...string) (pid int) {
		cmd := exec.Command(path, args...)
		cmd.SysProcAttr = attributes(nil)
		must(t, cmd.Start())
		end := make(chan error, 1)
		go func() { // at once: it would stay a zombie, which the watchdog waits for
			end <- cmd.Wait()
			close(end)
		}()
		t.Cleanup(func() {
			cmd.Process.Kill()
			<-end
		})
		ends[cmd.Process.Pid] = end
		return cmd.Process.Pid
	}
	left, ended, unknown := run("sleep", "3600"), run("sleep", "3600"), run("sleep", "3600")
	parent := run("/bin/sh", "-c", "sleep 3600 & wait")
	var kids []int
	holds(t, "its child", func() bool {
		kids = children(parent)
		return len(kids) == 1
	})
	kept, spaces := t.TempDir(), filepath.Join(t.TempDir(), "with  spaces")
	must(t, os.Mkdir(spaces, 0o700))

	w := exec.Command("/bin/sh", "-c", watchdogScript)
	w.Stdin = strings.NewReader(fmt.Sprintf(
		"server TERM:%d\nserver KILL:%d\nserver KILL:%d\ndir %s\ndir %s\nno-server KILL:%d\nno-dir %s\n",
		left, parent, ended, kept, spaces, ended, kept))
	must(t, w.Run())

	want(t, "what was left", fmt.Sprint(<-ends[left]), "signal: terminated")
	want(t, "a parent that was left", fmt.Sprint(<-ends[parent]), "signal: killed")
	holds(t, "the parent's child to be gone", func() bool { return gone(kids[0]) })
	want(t, "gone, what had ended", gone(ended), false)
	want(t, "gone, what it was not told of", gone(unknown), false)
	_, err := os.Stat(spaces)
	want(t, "its directory is removed", errors.Is(err, os.ErrNotExist), true)
	_, err = os.Stat(kept)
	want(t, "the directory of another is there", err == nil, true)
}

func TestSharedServersEndWithMain(t *testing.T) {
	t.Parallel()
	all := &sharing{}
	s := &started{}
	code := all.run(runner(func() int {
		pg := share(t, all, PostgresOptions{}, newPostgres)
		redis := share(t, all, RedisOptions{}, newRedis)
		pg.Database(t)
		s.add(&pg.server, &redis.server)
		return 3
	}))
	want(t, "the tests' code", code, 3)
	if left := s.left(); len(s.dirs) != 2 || len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	var f fakeTB
	f.run(func() { share(&f, all, RedisOptions{}, newRedis) })
	if !strings.Contains(f.failed, "TestMain") {
		t.Errorf("outside of Main: %q", f.failed)
	}
}

type runner func() int

func (r runner) Run() int { return r() }
