package doctor

import (
	"errors"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestClocks: a difference is told with its direction, from five seconds on, and
// what the question itself took is no difference.
func TestClocks(t *testing.T) {
	for _, c := range []struct {
		ahead, took time.Duration
		says        string
	}{
		{0, 0, ""}, {4 * time.Second, 0, ""}, {-5 * time.Second, 0, ""}, {7 * time.Second, 4 * time.Second, ""},
		{time.Hour, time.Second, "is 1h0m0s ahead of Postgres's"}, {-10 * time.Minute, 0, "is 10m0s behind Postgres's"},
	} {
		_, err := judgeClocks("Postgres", c.ahead, c.took)
		var found *trouble
		switch {
		case c.says == "" && err != nil:
			t.Errorf("%s in %s: %v", c.ahead, c.took, err)
		case c.says != "" && (!errors.As(err, &found) || !strings.Contains(found.what, c.says) || !found.mild || found.fix == ""):
			t.Errorf("%s in %s: %v", c.ahead, c.took, err)
		}
	}
}

// TestSettingsOfAnAddress: what bash makes of the commands that change
// DATABASE_URL, in each of its forms.
func TestSettingsOfAnAddress(t *testing.T) {
	for _, c := range []struct{ dsn, name, value, want string }{
		{"postgres://h/d", "a", "b", "postgres://h/d?a=b"},
		{"postgres://h/d?x=y", "a", "b", "postgres://h/d?x=y&a=b"},
		{"postgres://h/d?a=old&x=y", "a", "b", "postgres://h/d?a=b&x=y"},
		{"postgres://h/d?timezone=America/New_York", "timezone", "Europe/Paris", "postgres://h/d?timezone=Europe%2FParis"},
		{"postgres://h/d?timezone=Etc%2FGMT%2B5&a=*", "timezone", "Etc/UTC", "postgres://h/d?timezone=Etc%2FUTC&a=*"},
		{"host=h dbname=d", "a", "b", "host=h dbname=d a=b"},
	} {
		p := &patient{lookup: func(string) (string, bool) { return c.dsn, true }}
		command := p.setting(c.name, c.value)
		bash := exec.CommandContext(t.Context(), "bash", "-c", command+` && printf %s "$DATABASE_URL"`)
		bash.Env = []string{"DATABASE_URL=" + c.dsn}
		if out, err := bash.CombinedOutput(); err != nil || string(out) != c.want {
			t.Errorf("%s of %s is %s, not %s: %v", command, c.dsn, out, c.want, err)
		}
	}
}

// TestSQLInTheShell: quotes of SQL reach psql as they are.
func TestSQLInTheShell(t *testing.T) {
	sql := `ALTER ROLE "it's" SET timezone = 'Etc/UTC'; SELECT '$HOME'`
	if out, err := exec.CommandContext(t.Context(), "bash", "-c", "printf %s "+quote(sql)).Output(); err != nil || string(out) != sql {
		t.Errorf("%s, %v", out, err)
	}
}
