package testserver

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestProgram: a program has the environment that it is given and no other, and
// can be killed, started again and paused.
func TestProgram(t *testing.T) {
	t.Setenv("OTHERS", "x")
	path := filepath.Join(t.TempDir(), "a program")
	must(t, os.WriteFile(path, []byte("#!/bin/sh\necho \"port $PORT others $OTHERS.\"\nexec sleep 600\n"), 0o755))
	p := StartProgram(t, ProgramOptions{
		Name: "a program", Path: path, Ready: "port ",
		Env: func(port int) []string { return []string{"PORT=" + strconv.Itoa(port)} },
	})
	line := "port " + strconv.Itoa(p.port) + " others ."
	want(t, "its first run", strings.Count(p.Log(), line), 1)
	first := p.PID()
	p.Kill()
	want(t, "the first one is gone", gone(first), true)
	p.Start()
	want(t, "its second run", strings.Count(p.Log(), line), 2)
	p.Pause()
	_, state, ok := stat(p.PID())
	want(t, "it is stopped", ok && strings.IndexByte("Tt", state) >= 0, true)
	p.Resume()
	p.Pause()
	p.Kill() // also a paused one
	want(t, "it is down", p.PID(), 0)
}

// TestProgramThatEnds: one that ends before it is ready fails the test with what
// it said.
func TestProgramThatEnds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "program")
	must(t, os.WriteFile(path, []byte("#!/bin/sh\necho no such database\n"), 0o755))
	f := &fakeTB{}
	f.run(func() {
		StartProgram(f, ProgramOptions{Name: "it", Path: path, Ready: "ready", Env: func(int) []string { return nil }})
	})
	if !strings.Contains(f.failed, "no such database") {
		t.Error("it fails with:", f.failed)
	}
}
