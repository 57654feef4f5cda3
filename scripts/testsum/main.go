// Command testsum runs "go test -json" and prints what a reader needs: the
// closing line of each package as go test writes it, the whole output of what
// failed, and the tests that were skipped.
//
//	go run ./scripts/testsum [dir ...] -- [go test flags] [packages]
//
// Each dir is a module; without one it is the current directory. Three things
// make it exit with 1: go test failed in a module; no test ran at all; a test
// was skipped while CI is set. A skip is for a laptop without a server. In CI
// it would be a test that nobody runs and that everybody believes in.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
)

func main() {
	if err := run(os.Args[1:], inCI(os.Getenv("CI")), os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "testsum:", err)
		os.Exit(1)
	}
}

// inCI reads the variable that every CI service sets.
func inCI(v string) bool { return v != "" && v != "0" && v != "false" }

// run tests every module, also after one of them failed, and judges the sum.
func run(args []string, ci bool, stdout, stderr io.Writer) error {
	dirs, flags := []string(nil), args
	if i := slices.Index(args, "--"); i >= 0 {
		dirs, flags = args[:i], args[i+1:]
	}
	if len(dirs) == 0 {
		dirs = []string{"."}
	}

	sum := summary{out: stdout}
	var failed []error
	for _, dir := range dirs {
		before := sum.failures
		if err := goTest(dir, flags, &sum, stderr); err != nil && sum.failures == before {
			failed = append(failed, fmt.Errorf("go test in %s: %w", dir, err))
		}
	}
	return errors.Join(append(failed, sum.verdict(ci))...)
}

// goTest feeds sum with one module's events. Its error is go test's own.
func goTest(dir string, flags []string, sum *summary, stderr io.Writer) error {
	cmd := exec.Command("go", append([]string{"test", "-json"}, flags...)...)
	cmd.Dir = dir
	cmd.Stderr = stderr
	events, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	// The pipe is read to its end before Wait, which closes it.
	readErr := sum.read(events)
	if err := cmd.Wait(); err != nil {
		return err
	}
	return readErr
}
