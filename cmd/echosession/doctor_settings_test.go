package main

import (
	"strings"
	"testing"

	"github.com/echosession/session/cmd/echosession/internal/doctor"
)

// set is a setup in order, but for some variables.
func set(pairs ...string) func(*testing.T) environment {
	return func(t *testing.T) environment { return migrated(t).with(pairs...) }
}

// without is one that lacks a variable.
func without(name string) func(*testing.T) environment {
	return func(t *testing.T) environment {
		e := migrated(t)
		delete(e, name)
		return e
	}
}

var brokenSettings = []broken{
	{name: "no store named", check: "settings", says: "SESSION_STORE", setup: without("SESSION_STORE")},
	{name: "a store of no sense", check: "settings", says: `SESSION_STORE is "mysql"`, setup: set("SESSION_STORE", "mysql")},
	{name: "sessions in memory", check: "settings", status: doctor.Warning, says: "memory", setup: set("SESSION_STORE", "memory")},
	{name: "a table of no sense", check: "settings", says: "SESSION_TABLE", setup: set("SESSION_TABLE", "users; DROP")},
	{name: "a lifetime of no sense", check: "settings", says: "SESSION_IDLE_TIMEOUT", setup: set("SESSION_IDLE_TIMEOUT", "a week")},
	{name: "no secret", check: "secrets", says: "required", setup: without("SESSION_SECRET")},
	{name: "a weak secret", check: "secrets", says: "has 8 bytes", setup: set("SESSION_SECRET", "hunter22")},
	{name: "a weak secret, in JSON", check: "secrets", says: "has 8 bytes", setup: set("SESSION_SECRET", ` ["hunter22"]`)},
	{name: "a well-known secret", check: "secrets", says: "well-known", setup: set("SESSION_SECRET", "this is the keyboard cat of everybody")},
}

// TestDoctorAdvises: a short secret that only verifies, and connections to other
// hosts that may go without TLS, are told and are no failures.
func TestDoctorAdvises(t *testing.T) {
	t.Parallel()
	warned := func(e environment, check, says string) string {
		t.Helper()
		report, code := diagnosed(t, e)
		for _, r := range report.Results {
			if r.Check == check && r.Status == doctor.Warning && strings.Contains(r.Problem+r.Hint, says) {
				if code != exitOK {
					t.Errorf("%d: %s", code, told(report))
				}
				return r.Fix
			}
		}
		t.Errorf("%s does not say %q: %s", check, says, told(report))
		return ""
	}
	warned(migrated(t).with("SESSION_SECRET", secret+",short"), "advice", "it still verifies cookies")

	// An address of this host that does not look like one.
	e := migrated(t)
	e["DATABASE_URL"] = strings.Replace(e["DATABASE_URL"], "127.0.0.1", "0.0.0.0", 1)
	fixed := e.shell(t, warned(e, "transport", "without TLS"))
	if !strings.Contains(fixed["DATABASE_URL"], "sslmode=verify-full") || strings.Contains(fixed["DATABASE_URL"], "sslmode=disable") {
		t.Error("mended it is", fixed["DATABASE_URL"])
	}
	e = redisOnly(t, nil)
	e["REDIS_URL"] = strings.Replace(e["REDIS_URL"], "127.0.0.1", "0.0.0.0", 1)
	if fixed := e.shell(t, warned(e, "transport", "rediss://")); !strings.HasPrefix(fixed["REDIS_URL"], "rediss://0.0.0.0:") {
		t.Error("mended it is", fixed["REDIS_URL"])
	}
}
