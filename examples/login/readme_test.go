package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The README's curl lines, run as they stand but for the address and the file of
// cookies. What an answer is to be stands behind a #.
func TestTheLinesOfTheREADME(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, echo := range echoes {
		t.Run("Echo "+echo, func(t *testing.T) {
			t.Parallel()
			p := startProgram(t, "ECHO="+echo)
			own := strings.NewReplacer("http://127.0.0.1:8080", p.url, "/tmp/jar", filepath.Join(t.TempDir(), "jar"))
			ran := 0
			for line := range strings.Lines(string(readme)) {
				if !strings.HasPrefix(line, "curl ") {
					continue
				}
				ran++
				command, want, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " # ")
				cmd := exec.CommandContext(t.Context(), "bash", "-c", own.Replace(command))
				cmd.Env = append(os.Environ(), "no_proxy=*")
				out, err := cmd.Output()
				if got := strings.TrimSuffix(string(out), "\n"); err != nil || got != want {
					t.Errorf("%s\nanswers %q, %v, not %q", command, got, err, want)
				}
			}
			if ran < 8 {
				t.Errorf("only %d lines were found", ran)
			}
		})
	}
}
