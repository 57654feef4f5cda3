package testserver

import (
	"bytes"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// Build builds the program in a directory, with flags such as -race, and returns its
// path. It is in Go's cache of builds: packages whose tests run the same program
// link it once, which takes seconds, and it may stay there.
func Build(dir string, flags ...string) (path string, err error) {
	// "go run" keeps what it links, and -exec is told where that is; the first time
	// it is told of a copy that does not stay.
	for range 2 {
		var errs bytes.Buffer
		cmd := exec.Command("go", append(append([]string{"-C", dir, "run"}, flags...), "-exec", "echo", ".")...)
		cmd.Stderr = &errs
		out, err := cmd.Output()
		if err != nil {
			return "", fmt.Errorf("go build in %s: %w\n%s", dir, err, errs.String())
		}
		path = strings.TrimSpace(string(out))
	}
	if _, err := exec.LookPath(path); err != nil || !filepath.IsAbs(path) {
		return "", fmt.Errorf("go run does not keep what it builds: %q: %w", path, err)
	}
	return path, nil
}
