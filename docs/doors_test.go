package docs_test

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The pages of docs/doors show pieces of programs that are compiled and tested
// where they stand, and what those programs print.

var (
	shown  = regexp.MustCompile("(?ms)^```go\n(.*?)^```$")
	answer = regexp.MustCompile("(?ms)^```sh\n([^`]*?)```\n+```text\n(.*?)^```$")
)

func doors(t *testing.T) map[string]string {
	t.Helper()
	files, _ := filepath.Glob("doors/*.md")
	if len(files) < 4 {
		t.Fatalf("found %d pages; where are they?", len(files))
	}
	pages := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		pages[file] = string(text)
	}
	return pages
}

// flat is a text without its indentation.
func flat(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	return strings.Join(lines, "\n")
}

func TestTheCodeOfTheDoorsIsCompiled(t *testing.T) {
	var sources []string
	for _, dir := range []string{"../examples", "../adapter", "../middleware", "../sessiontest"} {
		err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(path) != ".go" {
				return err
			}
			text, err := os.ReadFile(path)
			sources = append(sources, flat(string(text)))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	all := strings.Join(sources, "\n\n")
	for page, text := range doors(t) {
		found := shown.FindAllStringSubmatch(text, -1)
		if len(found) == 0 {
			t.Errorf("%s shows no program", page)
		}
		for i, match := range found {
			if !strings.Contains(all, flat(match[1])) {
				t.Errorf("%s: program %d is in no file of the examples, as it is shown", page, i+1)
			}
		}
	}
}

func TestTheOutputOfTheDoorsIsReal(t *testing.T) {
	for page, text := range doors(t) {
		found := answer.FindAllStringSubmatch(text, -1)
		if len(found) == 0 {
			t.Errorf("%s shows no output", page)
		}
		for _, match := range found {
			t.Run(page, func(t *testing.T) {
				t.Parallel()
				cmd := exec.CommandContext(t.Context(), "bash", "-c", "set -eo pipefail\n"+match[1])
				cmd.Dir = ".."
				cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-race") // what it is built from is there
				var errs bytes.Buffer
				cmd.Stderr = &errs
				out, err := cmd.Output()
				if err != nil {
					t.Fatalf("%s: %v\n%s", match[1], err, errs.String())
				}
				if string(out) != match[2] {
					t.Errorf("%sprints\n%s\nand the page says\n%s", match[1], out, match[2])
				}
			})
		}
	}
}
