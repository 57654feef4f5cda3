package interop

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"testing"

	"github.com/echosession/session/internal/testserver"
)

var (
	login string // the reference app, with the race detector
	node  string // the interpreter of the Express apps
)

func TestMain(m *testing.M) {
	var err error
	login, err = testserver.Build("../examples/login", "-race")
	if err := errors.Join(err, installExpress()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	slog.SetDefault(slog.New(slog.DiscardHandler))
	testserver.Main(m)
}

// installExpress has npm install what the lock file names, when it has not.
func installExpress() (err error) {
	if node, err = exec.LookPath("node"); err != nil {
		return fmt.Errorf("node is missing, version 18 or newer: %w", err)
	}
	lock, err := os.ReadFile("express/package-lock.json")
	if err != nil {
		return err
	}
	const mark = "express/node_modules/.installed"
	sum := fmt.Appendf(nil, "%x", sha256.Sum256(lock))
	if have, err := os.ReadFile(mark); err == nil && bytes.Equal(have, sum) {
		return nil
	}
	cmd := exec.Command("npm", "ci", "--ignore-scripts")
	cmd.Dir = "express"
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("npm ci: %w\n%s", err, out)
	}
	return os.WriteFile(mark, sum, 0o600)
}
