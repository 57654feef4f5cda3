package testserver

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestBuild(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a program")
	source := func(text string) {
		t.Helper()
		must(t, os.MkdirAll(dir, 0o700))
		must(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module said\n\ngo 1.26\n"), 0o600))
		must(t, os.WriteFile(filepath.Join(dir, "main.go"), []byte("package main\n\nfunc main() { println("+text+") }\n"), 0o600))
	}
	source(`"at work"`)
	path, err := Build(dir, "-race")
	must(t, err)
	out, err := exec.Command(path).CombinedOutput()
	must(t, err)
	want(t, "the program says", strings.TrimSpace(string(out)), "at work")
	source("nothing")
	if _, err := Build(dir, "-race"); err == nil || !strings.Contains(err.Error(), "undefined: nothing") {
		t.Errorf("what does not compile: %v", err)
	}
}
