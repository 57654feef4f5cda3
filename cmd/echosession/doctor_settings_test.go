package main

import (
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

// TestDoctorAdvises: a short secret that only verifies, and a connection to another
// host that may go without TLS, are no failures.
func TestDoctorAdvises(t *testing.T) {
	t.Parallel()
	report, code := diagnosed(t, migrated(t).with("SESSION_SECRET", secret+",short"))
	if code != exitOK || len(report.Results) == 0 || told(report) == "" {
		t.Errorf("%d: %s", code, told(report))
	}
}
