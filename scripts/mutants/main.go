// Mutants breaks the code in the ways that docs/protocol.md says it must not be
// built, one after the other, and sees a named test fail each time: make mutants.
// The tree is not touched.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

func main() {
	only := strings.Join(os.Args[1:], " ") // part of a name
	survived, ran := 0, 0
	for _, m := range mutants {
		if !strings.Contains(m.name, only) {
			continue
		}
		ran++
		began := time.Now()
		verdict := "found by " + m.test
		if err := m.run(); err != nil {
			verdict, survived = "NOT FOUND: "+err.Error(), survived+1
		}
		fmt.Printf("%-60s %s (%.0f s)\n", m.name, verdict, time.Since(began).Seconds())
	}
	fmt.Printf("%d mutants, %d not found\n", ran, survived)
	if survived > 0 || ran == 0 {
		os.Exit(1)
	}
}

// A mutant replaces text of one file, which must be there once, and names the test
// that has to fail.
type mutant struct {
	name, file, old, new string
	pkg, test            string
	also                 [2]string // another replacement
}

func (m mutant) run() error {
	text, err := os.ReadFile(m.file)
	if err != nil {
		return err
	}
	broken := string(text)
	for _, edit := range [][2]string{{m.old, m.new}, m.also} {
		if n := strings.Count(broken, edit[0]); n != 1 && edit[0] != "" {
			return fmt.Errorf("%s has its text %d times", m.file, n)
		}
		broken = strings.Replace(broken, edit[0], edit[1], 1)
	}
	dir, err := os.MkdirTemp("", "mutant")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	changed := filepath.Join(dir, filepath.Base(m.file))
	if err := os.WriteFile(changed, []byte(broken), 0o644); err != nil {
		return err
	}
	at, err := filepath.Abs(m.file)
	if err != nil {
		return err
	}
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{at: changed}})
	if err != nil {
		return err
	}
	plan := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(plan, overlay, 0o644); err != nil {
		return err
	}
	out, err := exec.Command("go", "test", "-overlay", plan, "-count=1", "-vet=off", "-timeout=3m", "-run", "^"+m.test+"$", m.pkg).CombinedOutput()
	switch {
	case err == nil:
		return fmt.Errorf("%s passes", m.test)
	case !bytes.Contains(out, []byte("--- FAIL: "+m.test)) && !bytes.Contains(out, []byte("panic: test timed out")):
		return fmt.Errorf("%s did not fail:\n%s", m.test, out)
	}
	return nil
}
