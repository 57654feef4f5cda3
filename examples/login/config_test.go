package main

import (
	"net"
	"strings"
	"testing"
)

func TestABadConfiguration(t *testing.T) {
	tests := []struct {
		sentence string
		env      []string
		names    []string // of the lines, in any order
	}{
		{"a missing secret", []string{"SESSION_SECRET="}, []string{"SESSION_SECRET"}},
		{"a short secret", []string{"SESSION_SECRET=short"}, []string{"SESSION_SECRET"}},
		{"an environment of another name", []string{"APP_ENV=staging"}, []string{"APP_ENV"}},
		{"no store in production", []string{"APP_ENV=production", "SESSION_STORE="}, []string{"SESSION_STORE"}},
		{"no store of that name", []string{"SESSION_STORE=paper"}, []string{"SESSION_STORE"}},
		{"a cookie name that browsers refuse", []string{"SESSION_COOKIE_NAME=a b"}, []string{"SESSION_COOKIE_NAME"}},
		{"a __Host- cookie over plain http", []string{"SESSION_COOKIE_NAME=__Host-a"}, []string{"SESSION_COOKIE_NAME"}},
		{"a lifetime without a unit", []string{"SESSION_IDLE_TIMEOUT=30"}, []string{"SESSION_IDLE_TIMEOUT"}},
		{"an idle lifetime above the absolute one", []string{"SESSION_IDLE_TIMEOUT=2d", "SESSION_ABSOLUTE_TIMEOUT=1d"}, []string{"SESSION_IDLE_TIMEOUT"}},
		{"an absolute lifetime below zero", []string{"SESSION_ABSOLUTE_TIMEOUT=-1h"}, []string{"SESSION_ABSOLUTE_TIMEOUT"}},
		{"a cleanup without a pause", []string{"SESSION_CLEANUP_INTERVAL=1ms"}, []string{"SESSION_CLEANUP_INTERVAL"}},
		{"a schedule that is none", []string{"SESSION_CLEANUP_SCHEDULE=nightly"}, []string{"SESSION_CLEANUP_SCHEDULE"}},
		{"an Echo of another version", []string{"ECHO=3"}, []string{"ECHO"}},
		{"a port that is no number", []string{"PORT=http"}, []string{"PORT"}},
		{"a port that no machine has", []string{"PORT=65536"}, []string{"PORT"}},
		{"a migration that is neither on nor off", []string{"MIGRATE=yes"}, []string{"MIGRATE"}},
		{"metrics that are neither on nor off", []string{"METRICS=1"}, []string{"METRICS"}},
		{"traces to where the program sends none", []string{"OTEL_TRACES_EXPORTER=otlp"}, []string{"OTEL_TRACES_EXPORTER"}},
		{"a short admin token", []string{"ADMIN_TOKEN=letmein"}, []string{"ADMIN_TOKEN"}},
		{"an admin token with a space", []string{"ADMIN_TOKEN=correct horse battery staple and more"}, []string{"ADMIN_TOKEN"}},
		{"everything at once", []string{
			"ADMIN_TOKEN=letmein",
			"SESSION_SECRET=short", "APP_ENV=staging", "SESSION_STORE=paper", "SESSION_COOKIE_NAME=a b", "SESSION_IDLE_TIMEOUT=30",
			"SESSION_ABSOLUTE_TIMEOUT=never", "SESSION_CLEANUP_INTERVAL=x", "SESSION_CLEANUP_SCHEDULE=nightly", "ECHO=6", "PORT=x", "MIGRATE=2", "METRICS=yes", "OTEL_TRACES_EXPORTER=jaeger",
		}, []string{
			"ADMIN_TOKEN", "METRICS", "OTEL_TRACES_EXPORTER", "SESSION_SECRET", "APP_ENV", "SESSION_STORE", "SESSION_COOKIE_NAME", "SESSION_IDLE_TIMEOUT",
			"SESSION_ABSOLUTE_TIMEOUT", "SESSION_CLEANUP_INTERVAL", "SESSION_CLEANUP_SCHEDULE", "ECHO", "PORT", "MIGRATE",
		}},
	}
	for _, test := range tests {
		t.Run(test.sentence, func(t *testing.T) {
			t.Parallel()
			p := launch(t, test.env...)
			if code := p.exitCode(t); code != exitBadConfig {
				t.Errorf("it exits with %d, not %d", code, exitBadConfig)
			}
			lines := strings.Split(strings.TrimSuffix(p.text(), "\n"), "\n")
			for _, name := range test.names {
				found := 0
				for _, line := range lines {
					if strings.HasPrefix(line, name+" ") {
						found++
					}
				}
				if found != 1 {
					t.Errorf("%d lines begin with %s", found, name)
				}
			}
			if len(lines) != len(test.names) || strings.Contains(p.text(), "Listening") {
				t.Errorf("it says more than that:\n%s", p.text())
			}
		})
	}
}

func TestItListensWhereItIsTold(t *testing.T) {
	t.Run("a port that is taken is an error", func(t *testing.T) {
		t.Parallel()
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		_, port, _ := net.SplitHostPort(l.Addr().String())
		p := launch(t, "PORT="+port)
		if code := p.exitCode(t); code != exitFailed || !strings.Contains(p.text(), "address already in use") {
			t.Errorf("it exits with %d:\n%s", code, p.text())
		}
	})
	t.Run("HOST is the host", func(t *testing.T) {
		t.Parallel()
		if p := startProgram(t, "HOST=127.0.0.2"); !strings.HasPrefix(p.url, "http://127.0.0.2:") {
			t.Errorf("it listens on %s", p.url)
		}
	})
	t.Run("the defaults are 127.0.0.1 and 8080", func(t *testing.T) {
		t.Parallel()
		env := map[string]string{"SESSION_SECRET": secret}
		cfg, err := configFromEnv(func(name string) (string, bool) { v, ok := env[name]; return v, ok })
		if err != nil || cfg.addr != "127.0.0.1:8080" {
			t.Errorf("the address is %q, %v", cfg.addr, err)
		}
	})
}

func TestTheEnvironmentIsHeeded(t *testing.T) {
	const (
		plain  = "session= ; Path=/; Expires=* GMT; HttpOnly; SameSite=Lax"
		secure = "__Host-session= ; Path=/; Expires=* GMT; HttpOnly; Secure; SameSite=Lax"
	)
	tests := []struct {
		sentence string
		env      []string
		line     string // of the cookie, masked
		echo     string // as the page says it
	}{
		{"development sends a cookie over plain http", nil, plain, "Echo v4"},
		{"production sends a __Host- cookie, Secure, on Echo v4", []string{"APP_ENV=production", "ECHO=4"}, secure, "Echo v4"},
		{"production sends a __Host- cookie, Secure, on Echo v5", []string{"APP_ENV=production", "ECHO=5"}, secure, "Echo v5"},
		{"no APP_ENV is production", []string{"APP_ENV="}, secure, "Echo v4"},
		{"a cookie has the name it is given", []string{"SESSION_COOKIE_NAME=connect.sid"}, strings.Replace(plain, "session", "connect.sid", 1), "Echo v4"},
		{"a browser session has no end", []string{"SESSION_IDLE_TIMEOUT=browser"}, strings.Replace(plain, " Expires=* GMT;", "", 1), "Echo v4"},
		{"a migration of memory is nothing", []string{"MIGRATE=1"}, plain, "Echo v4"},
	}
	for _, test := range tests {
		t.Run(test.sentence, func(t *testing.T) {
			t.Parallel()
			p := startProgram(t, test.env...)
			line, cookie := p.client(t).post("/login", asForm, "user=ann").cookie(t)
			if got := masked(line); got != test.line {
				t.Errorf("it sends %q, not %q", got, test.line)
			}
			c := p.bearing(t, cookie)
			c.get("/me").is(t, "a client that sends it on is logged in", 200, `{"user":"ann","visits":0}`)
			contains(t, c.get("/").body, test.echo)
		})
	}
}

// masked is a Set-Cookie line without what differs every time.
func masked(line string) string {
	name, rest, _ := strings.Cut(line, "=")
	_, attributes, _ := strings.Cut(rest, ";")
	if before, after, ok := strings.Cut(attributes, "Expires="); ok {
		_, after, _ = strings.Cut(after, " GMT")
		attributes = before + "Expires=* GMT" + after
	}
	return name + "= ;" + attributes
}
