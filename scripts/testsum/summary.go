package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// event is one line of "go test -json"; see "go doc test2json".
type event struct {
	Action, Package, Test, Output string
}

// line is a piece of output and the test that wrote it, "" for the package.
type line struct{ test, text string }

// pkg is a package whose tests are still running.
type pkg struct {
	lines   []line
	actions map[string]string // how each test ended; a test that never did is absent
	race    bool
}

// summary adds up the events of one or more modules.
type summary struct {
	out      io.Writer
	running  map[string]*pkg
	tests    int // top-level tests, examples and fuzz targets that ran
	packages int // that hold at least one of them
	failures int
	skipped  []string
}

// read takes events until r ends. A package is printed when it is done, so
// that a long run shows how far it is.
func (s *summary) read(r io.Reader) error {
	s.running = map[string]*pkg{}
	in := bufio.NewReader(r) // not a Scanner: a line of output has no limit
	for {
		text, err := in.ReadString('\n')
		if text != "" {
			s.line(text)
		}
		if err != nil {
			// go test was killed, or crashed: show what there is.
			for name, p := range s.running {
				s.failures++
				fmt.Fprintf(s.out, "FAIL\t%s\t[did not finish]\n", name)
				p.print(s.out, false)
			}
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
	}
}

func (s *summary) line(text string) {
	var e event
	if json.Unmarshal([]byte(text), &e) != nil || e.Action == "" {
		fmt.Fprint(s.out, text) // not an event: go test's own words
		return
	}
	if e.Package == "" { // build-output, build-fail: what the compiler says
		fmt.Fprint(s.out, e.Output)
		return
	}
	p := s.running[e.Package]
	if p == nil {
		p = &pkg{actions: map[string]string{}}
		s.running[e.Package] = p
	}
	switch {
	case e.Action == "output":
		p.lines = append(p.lines, line{e.Test, e.Output})
		p.race = p.race || strings.Contains(e.Output, "WARNING: DATA RACE")
	case e.Action != "pass" && e.Action != "fail" && e.Action != "skip":
		// start, run, pause, cont, and whatever a later Go adds
	case e.Test != "":
		p.actions[e.Test] = e.Action
		if e.Action == "skip" {
			s.skipped = append(s.skipped, e.Package+" "+e.Test+p.reason(e.Test))
		}
	default:
		delete(s.running, e.Package)
		s.finish(p, e.Action)
	}
}

// finish counts and prints a package that is done.
func (s *summary) finish(p *pkg, action string) {
	ran := 0
	for name, how := range p.actions {
		if how != "skip" && !strings.Contains(name, "/") {
			ran++
		}
	}
	s.tests += ran
	if ran > 0 {
		s.packages++
	}
	if action == "fail" {
		s.failures++
	}
	p.print(s.out, action != "fail")
}

// print writes the closing line alone where all is well. Else it writes the
// package's own output and that of every test that failed or never ended. A
// race report is attributed to whichever test printed last, so with one in the
// output nothing is left out.
func (p *pkg) print(w io.Writer, ok bool) {
	for _, l := range p.lines {
		var show bool
		switch how := p.actions[l.test]; {
		case ok:
			show = l.test == "" && (strings.HasPrefix(l.text, "ok  \t") || strings.HasPrefix(l.text, "?   \t"))
		default:
			show = l.test == "" || how == "fail" || how == "" || p.race
		}
		if show {
			fmt.Fprint(w, l.text)
		}
	}
}

// reason is what a skipped test said, as ": words", or "".
func (p *pkg) reason(test string) string {
	for i := len(p.lines) - 1; i >= 0; i-- {
		l := p.lines[i]
		if l.test != test || strings.HasPrefix(l.text, "===") || strings.HasPrefix(strings.TrimSpace(l.text), "---") {
			continue
		}
		return ": " + strings.TrimSpace(l.text)
	}
	return ""
}

// verdict prints the sum and says what is wrong with it, if anything.
func (s *summary) verdict(ci bool) error {
	for _, name := range s.skipped {
		fmt.Fprintf(s.out, "skip\t%s\n", name)
	}
	fmt.Fprintf(s.out, "tests: %d ran, %d skipped; packages: %d with tests, %d failed\n",
		s.tests, len(s.skipped), s.packages, s.failures)

	var wrong []error
	if s.failures > 0 {
		wrong = append(wrong, fmt.Errorf("packages failed: %d", s.failures))
	}
	if s.tests == 0 {
		wrong = append(wrong, errors.New("no test ran"))
	}
	if ci && len(s.skipped) > 0 {
		wrong = append(wrong, fmt.Errorf("tests skipped: %d, and CI is set: there, every test has to run", len(s.skipped)))
	}
	return errors.Join(wrong...)
}
