package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const ours = "github.com/echosession/session"

// errTidy is that a consumer's module cannot be tidied: other versions than ours
// are wanted for that, which may be neither in the module cache nor in reach.
var errTidy = errors.New("no module can be made of it")

// A cost is what a consumer pays.
type cost struct{ modules, packages, mod, sum int }

// measure makes the consumer's module in a folder of its own and tidies it, as
// its author would.
func measure(root string, c consumer) (cost, error) {
	dir, err := os.MkdirTemp("", "consumer")
	if err != nil {
		return cost{}, err
	}
	defer os.RemoveAll(dir)
	for name, text := range map[string]string{"go.mod": module(root, c), "main.go": program(c)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return cost{}, err
		}
	}
	if _, err := command(dir, "mod", "tidy"); err != nil {
		return cost{}, errors.Join(errTidy, err)
	}
	var paid cost
	if paid.mod, err = required(filepath.Join(dir, "go.mod")); err != nil {
		return cost{}, err
	}
	if paid.sum, err = lines(filepath.Join(dir, "go.sum")); err != nil {
		return cost{}, err
	}
	linked, err := command(dir, append([]string{"list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}}{{end}}{{end}}", "."}, tools(c)...)...)
	if err != nil {
		return cost{}, err
	}
	modules := map[string]bool{}
	for _, path := range strings.Fields(linked) {
		if path == ours || strings.HasPrefix(path, ours+"/") {
			continue
		}
		modules[path] = true
		paid.packages++
	}
	paid.modules = len(modules)
	return paid, nil
}

// module is the go.mod before it is tidied: our modules come from the local tree.
func module(root string, c consumer) string {
	var b strings.Builder
	b.WriteString("module consumer\n\ngo 1.26\n")
	local := func(path, dir string) {
		fmt.Fprintf(&b, "\nrequire %s v0.0.0\n\nreplace %s => %q\n", path, path, dir)
	}
	for _, path := range c.imports {
		switch {
		case path == "." || isTool(path):
			local(ours, root)
		case strings.HasPrefix(path, "./adapter/"):
			local(ours+path[1:], filepath.Join(root, path))
		}
	}
	for _, path := range tools(c) {
		fmt.Fprintf(&b, "\ntool %s\n", path)
	}
	// The versions that our own tests run with.
	for _, path := range c.imports {
		if version := wanted(root, path); version != "" {
			fmt.Fprintf(&b, "\nrequire %s %s\n", path, version)
		}
	}
	return b.String()
}

// wanted is the version of a module that our go.mod requires, or "".
func wanted(root, path string) string {
	text, _ := os.ReadFile(filepath.Join(root, "go.mod"))
	for _, line := range strings.Split(string(text), "\n") {
		if fields := strings.Fields(line); len(fields) >= 2 && fields[0] == path {
			return fields[1]
		}
	}
	return ""
}

func isTool(path string) bool { return strings.HasPrefix(path, "./cmd/") }

// tools are the commands among what a consumer uses.
func tools(c consumer) (all []string) {
	for _, path := range c.imports {
		if isTool(path) {
			all = append(all, ours+path[1:])
		}
	}
	return all
}

func program(c consumer) string {
	var b strings.Builder
	b.WriteString("package main\n\nimport (\n")
	for _, path := range c.imports {
		if isTool(path) {
			continue
		}
		if path[0] == '.' {
			path = ours + path[1:]
		}
		fmt.Fprintf(&b, "\t_ %q\n", path)
	}
	b.WriteString(")\n\nfunc main() {}\n")
	return b.String()
}

// required counts the modules that a go.mod requires.
func required(file string) (n int, err error) {
	text, err := os.ReadFile(file)
	for _, line := range strings.Split(string(text), "\n") {
		fields := strings.Fields(strings.TrimPrefix(line, "require "))
		if len(fields) >= 2 && strings.HasPrefix(fields[1], "v") && !strings.Contains(line, "=>") {
			n++
		}
	}
	return n, err
}

// lines counts the lines of a file; one that is not there has none.
func lines(file string) (int, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	return bytes.Count(text, []byte("\n")), err
}

func command(dir string, args ...string) (string, error) {
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod")
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, errs.String())
	}
	return string(out), nil
}
