package testserver

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// SentinelMaster is the name by which a Sentinel of these knows its master.
const SentinelMaster = "tested"

// Sentinel watches a Redis and its replicas.
type Sentinel struct{ Redis }

// StartSentinel starts a Sentinel that alone decides about a master, and returns
// when it knows that many replicas. The master counts as down after half a second.
func StartSentinel(t testing.TB, master *Redis, replicas int) *Sentinel {
	t.Helper()
	path, err := findProgram("redis-server")
	if err != nil {
		giveUp(t, err)
	}
	dir, err := newDir(nil)
	if err != nil {
		t.Fatal(err)
	}
	s := &Sentinel{}
	s.server = server{t: t, name: "Sentinel", dir: dir, ready: func(p *process) bool {
		return strings.Contains(p.output(), "+monitor master")
	}}
	config := filepath.Join(dir, "sentinel.conf")
	s.server.command = func() (command, error) {
		return command{path: path, args: []string{config, "--sentinel", "--port", fmt.Sprint(s.port)}, dir: dir, log: s.logFile(), soon: "KILL"}, nil
	}
	host, port, _ := strings.Cut(master.Addr(), ":")
	text := fmt.Sprintf("bind 127.0.0.1\nsentinel monitor %[1]s %[2]s %[3]s 1\nsentinel down-after-milliseconds %[1]s 500\nsentinel failover-timeout %[1]s 5000\n",
		SentinelMaster, host, port)
	if master.opts.Password != "" {
		text += fmt.Sprintf("sentinel auth-pass %s %s\n", SentinelMaster, master.opts.Password)
	}
	err = os.WriteFile(config, []byte(text), 0o600)
	if err == nil {
		err = s.launch()
	}
	if err != nil {
		t.Fatal(errors.Join(err, s.close()))
	}
	s.closeAfter(t)
	err = await(patience, "the Sentinel to know the replicas", func() (bool, error) {
		info, err := s.Do("SENTINEL", "MASTER", SentinelMaster)
		return strings.Contains(info, fmt.Sprintf("num-slaves\n%d\n", replicas)), err
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Master is the address of the master that the Sentinel sends clients to.
func (s *Sentinel) Master() string {
	s.t.Helper()
	answer, err := s.Do("SENTINEL", "GET-MASTER-ADDR-BY-NAME", SentinelMaster)
	if err != nil {
		s.t.Fatal(err)
	}
	return strings.ReplaceAll(answer, "\n", ":")
}
