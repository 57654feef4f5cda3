package main

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/echosession/session/cmd/echosession/internal/doctor"
)

// A broken setup is made by break, found by the check of that name, and mended by
// the command that doctor prints: typed into a shell as it is.
type broken struct {
	name, check string
	status      doctor.Status // Failed, if ""
	says        string        // the problem has this in it
	setup       func(t *testing.T) environment
	byHand      func(t *testing.T) // where the fix is in words: does what the hint says
}

// diagnosed runs doctor, and returns its report and exit code.
func diagnosed(t *testing.T, e environment) (doctor.Report, int) {
	t.Helper()
	r := e.run(t, "doctor")
	var report doctor.Report
	if err := json.Unmarshal([]byte(r.out), &report); err != nil {
		t.Fatalf("%v\n%s%s", err, r.out, r.err)
	}
	if report.Healthy != (r.code == exitOK) || r.code > exitWrong {
		t.Errorf("healthy: %v, and the exit code is %d", report.Healthy, r.code)
	}
	return report, r.code
}

// mend finds the trouble and applies its fix.
func (b broken) mend(t *testing.T) {
	e := b.setup(t)
	want := b.status
	if want == "" {
		want = doctor.Failed
	}
	report, code := diagnosed(t, e)
	found := slices.IndexFunc(report.Results, func(r doctor.Result) bool { return r.Check == b.check && r.Status == want })
	if found < 0 || want == doctor.Failed && code != exitWrong {
		t.Fatalf("it is not found; exit code %d, %s", code, told(report))
	}
	r := report.Results[found]
	if !strings.Contains(r.Problem, b.says) || r.Hint == "" {
		t.Errorf("it does not say %q, or no hint: %+v", b.says, r)
	}
	table := e.terminal(t, "", "doctor")
	if !strings.Contains(table.out, r.Problem) || !strings.Contains(table.out, r.Fix) || table.code != code {
		t.Errorf("the table does not have it, or ends with %d:\n%s", table.code, table.out)
	}
	switch {
	case b.byHand != nil:
		b.byHand(t)
	case r.Fix == "":
		t.Fatalf("there is no fix: %+v", r)
	default:
		e = e.shell(t, r.Fix)
	}
	after, code := diagnosed(t, e)
	if code != exitOK {
		t.Errorf("after\n%s\ndoctor is not content: %s", r.Fix, told(after))
	}
	for _, again := range after.Results {
		if again.Check == b.check && again.Status == want && again.Problem == r.Problem {
			t.Errorf("after\n%s\nit is found again: %s", r.Fix, told(after))
		}
	}
}

// told is what a report found.
func told(report doctor.Report) string {
	var lines []string
	for _, r := range report.Results {
		if r.Status != doctor.OK {
			line, _ := json.Marshal(r)
			lines = append(lines, string(line))
		}
	}
	return strings.Join(lines, "\n")
}

// TestDoctor: it finds each of these setups, and is content after what it says was
// done.
func TestDoctor(t *testing.T) {
	for _, b := range slices.Concat(brokenSettings, brokenTables, brokenRoles, brokenServers, brokenRedis) {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			b.mend(t)
		})
	}
}

// TestDoctorIsContent with setups in order, and looks at everything.
func TestDoctorIsContent(t *testing.T) {
	for name, setup := range map[string]func(*testing.T) environment{
		"postgres":   migrated,
		"redis":      func(t *testing.T) environment { return inFront(t, nil) },
		"redis-only": func(t *testing.T) environment { return redisOnly(t, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report, code := diagnosed(t, setup(t))
			if code != exitOK {
				t.Error(told(report))
			}
			for _, r := range report.Results {
				if r.Status != doctor.OK {
					t.Errorf("%+v", r)
				}
			}
			pages, err := os.ReadFile("../../docs/cli.md")
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range report.Results {
				if !strings.Contains(string(pages), "| `"+r.Check+"` |") {
					t.Errorf("docs/cli.md does not tell of the check %q", r.Check)
				}
			}
			if len(report.Results) < 13 {
				t.Errorf("only %d checks were made", len(report.Results))
			}
		})
	}
}

// TestDoctorLeavesNothing: the row of the round trip is gone.
func TestDoctorLeavesNothing(t *testing.T) {
	t.Parallel()
	e := migrated(t)
	e.login(t, "ann", "1")
	diagnosed(t, e)
	if n := value[int](t, e, `SELECT count(*) FROM session`); n != 1 {
		t.Errorf("%d rows are there, not 1", n)
	}
}
