package main

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// module writes a module of its own into a fresh folder, with a space in its
// name, and returns that folder.
func module(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "a module")
	all := map[string]string{"go.mod": "module example.test/m\n\ngo 1.26\n"}
	maps.Copy(all, files)
	for name, text := range all {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// testsum runs the command and returns all that it printed.
func testsum(ci bool, args ...string) (string, error) {
	var stdout, stderr bytes.Buffer // two: go test writes to the second while we write to the first
	err := run(args, ci, &stdout, &stderr)
	return stdout.String() + stderr.String(), err
}

const (
	passing = `package m

import "testing"

func TestGood(t *testing.T) { t.Log("talk of the good one") }
`
	skipping = `package m

import "testing"

func TestAway(t *testing.T) { t.Run("inner", func(t *testing.T) { t.Skip("no server here") }) }
`
	failing = `package m

import "testing"

func TestGood(t *testing.T) { t.Log("talk of the good one") }
func TestBad(t *testing.T)  { t.Run("inner", func(t *testing.T) { t.Error("the reason why") }) }
`
)

// The whole way, with the real go test: what is printed and what is refused.
func TestRun(t *testing.T) {
	cases := map[string]struct {
		files   map[string]string
		flags   []string
		ci      bool
		want    []string // in the output
		without []string // not in the output
		err     string   // in the error, "" for none
	}{
		"passing": {
			files:   map[string]string{"m_test.go": passing, "empty/e.go": "package empty\n"},
			ci:      true,
			want:    []string{"ok  \texample.test/m\t", "?   \texample.test/m/empty\t[no test files]", "tests: 1 ran, 0 skipped; packages: 1 with tests, 0 failed"},
			without: []string{"talk of", "=== RUN", "PASS"},
		},
		"failing": {
			files:   map[string]string{"m_test.go": failing, "other/m_test.go": passing},
			want:    []string{"the reason why", "--- FAIL: TestBad/inner", "FAIL\texample.test/m\t", "ok  \texample.test/m/other\t"},
			without: []string{"talk of"},
			err:     "packages failed: 1",
		},
		"does not compile": {
			files: map[string]string{"m_test.go": "package m\n\nvar x int = nothing\n"},
			want:  []string{"undefined: nothing", "FAIL\texample.test/m [build failed]"},
			err:   "packages failed: 1",
		},
		"panics": {
			files: map[string]string{"m_test.go": "package m\n\nimport \"testing\"\n\nfunc TestP(*testing.T) { panic(\"out of here\") }\n"},
			want:  []string{"out of here", "goroutine", "FAIL\texample.test/m\t"},
			err:   "packages failed: 1",
		},
		"leaves early": {
			files: map[string]string{"m_test.go": "package m\n\nimport (\n\t\"os\"\n\t\"testing\"\n)\n\nfunc TestP(*testing.T) { println(\"last words\"); os.Exit(3) }\n"},
			want:  []string{"last words", "FAIL\texample.test/m\t"},
			err:   "packages failed: 1",
		},
		"skipped on a laptop": {
			files: map[string]string{"m_test.go": skipping},
			want:  []string{"ok  \texample.test/m\t", "skip\texample.test/m TestAway/inner: m_test.go:5: no server here", "1 skipped"},
		},
		"skipped in CI": {
			files: map[string]string{"m_test.go": skipping},
			ci:    true,
			want:  []string{"ok  \texample.test/m\t", "no server here"},
			err:   "tests skipped: 1, and CI is set",
		},
		"nothing but a skip": {
			files: map[string]string{"m_test.go": "package m\n\nimport \"testing\"\n\nfunc TestAway(t *testing.T) { t.Skip() }\n"},
			want:  []string{"tests: 0 ran, 1 skipped; packages: 0 with tests, 0 failed"},
			err:   "no test ran",
		},
		"no test": {
			files: map[string]string{"m.go": "package m\n"},
			want:  []string{"?   \texample.test/m\t[no test files]"},
			err:   "no test ran",
		},
		"no test of that name": {
			files: map[string]string{"m_test.go": passing},
			flags: []string{"-run=Nobody"},
			err:   "no test ran",
		},
		"bad flag": {
			files: map[string]string{"m_test.go": passing},
			flags: []string{"-count=many"},
			want:  []string{"invalid value"},
			err:   "go test in",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := module(t, c.files)
			args := slices.Concat([]string{dir, "--"}, c.flags, []string{"./..."})
			out, err := testsum(c.ci, args...)
			for _, want := range c.want {
				if !strings.Contains(out, want) {
					t.Errorf("the output lacks %q", want)
				}
			}
			for _, no := range c.without {
				if strings.Contains(out, no) {
					t.Errorf("the output holds %q", no)
				}
			}
			switch {
			case c.err == "" && err != nil:
				t.Errorf("refused: %v", err)
			case c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)):
				t.Errorf("error %v, want one with %q", err, c.err)
			}
			if t.Failed() {
				t.Logf("output:\n%s", out)
			}
		})
	}
}

// A module that fails does not keep the next one from being tested.
func TestRunGoesOn(t *testing.T) {
	t.Parallel()
	bad, good := module(t, map[string]string{"m_test.go": failing}), module(t, map[string]string{"m_test.go": passing})
	out, err := testsum(false, bad, good, "--", "./...")
	if err == nil {
		t.Error("a failure in the first of two modules went unseen")
	}
	if !strings.Contains(out, "ok  \texample.test/m\t") {
		t.Errorf("the second module was not tested:\n%s", out)
	}
}

// A race report may be printed under the name of a test that passed: with one
// in the output, nothing is left out.
func TestRaceIsNeverHidden(t *testing.T) {
	t.Parallel()
	const stream = `{"Action":"start","Package":"p"}
{"Action":"output","Package":"p","Test":"TestA","Output":"WARNING: DATA RACE\n"}
{"Action":"output","Package":"p","Test":"TestA","Output":"the racing line\n"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"fail","Package":"p","Test":"TestB"}
{"Action":"fail","Package":"p"}
`
	var out bytes.Buffer
	sum := summary{out: &out}
	if err := sum.read(strings.NewReader(stream)); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "the racing line") {
		t.Errorf("the report is hidden:\n%s", out.String())
	}
}

// A stream that breaks off is a failure, and shows what there was.
func TestBrokenStream(t *testing.T) {
	t.Parallel()
	const stream = `go: a line that is no event
{"Action":"start","Package":"p"}
{"Action":"output","Package":"p","Test":"TestA","Output":"half way\n"}
`
	var out bytes.Buffer
	sum := summary{out: &out}
	if err := sum.read(strings.NewReader(stream)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"go: a line that is no event", "half way", "FAIL\tp\t[did not finish]"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the output lacks %q:\n%s", want, out.String())
		}
	}
	if err := sum.verdict(false); err == nil {
		t.Error("a run that broke off passed")
	}
}

func TestInCI(t *testing.T) {
	t.Parallel()
	for v, want := range map[string]bool{"": false, "0": false, "false": false, "true": true, "1": true} {
		if inCI(v) != want {
			t.Errorf("CI=%q: %v", v, !want)
		}
	}
}
