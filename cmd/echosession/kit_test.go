package main

import (
	"bytes"
	"context"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/echosession/session/internal/testserver"
	"github.com/echosession/session/store"
	"github.com/echosession/session/store/open"
)

// TestMain runs the tests; or the program itself, where a shell of a test calls it.
func TestMain(m *testing.M) {
	if os.Getenv("ECHOSESSION_IS_THE_PROGRAM") != "" {
		main()
	}
	quiet()
	testserver.Main(m)
}

const secret = "mR4vT9xk2WqLz7bYc0PfJh5sNd8gUa3eXo6iVt1r"

// An environment is that of an application, and of the tool.
type environment map[string]string

func (e environment) lookup(name string) (string, bool) {
	value, ok := e[name]
	return value, ok
}

// with is the same with other values.
func (e environment) with(pairs ...string) environment {
	e = maps.Clone(e)
	for i := 0; i < len(pairs); i += 2 {
		e[pairs[i]] = pairs[i+1]
	}
	return e
}

// A result is what a command came to.
type result struct {
	code     int
	out, err string
}

// run runs a command line as main does, piped.
func (e environment) run(t *testing.T, args ...string) result {
	t.Helper()
	return e.tool(t, func(*tool) {}, args...)
}

// terminal runs one on a terminal, where somebody types what is in input.
func (e environment) terminal(t *testing.T, input string, args ...string) result {
	t.Helper()
	return e.tool(t, func(tl *tool) {
		tl.in, tl.asks, tl.shows, tl.tables = strings.NewReader(input), true, true, true
	}, args...)
}

func (e environment) tool(t *testing.T, set func(*tool), args ...string) result {
	t.Helper()
	var out, errs bytes.Buffer
	tl := &tool{lookup: e.lookup, in: strings.NewReader(""), out: &out, err: &errs}
	set(tl)
	r := result{tl.run(t.Context(), args), out.String(), errs.String()}
	e.keepsSecrets(t, r.out+r.err)
	return r
}

// keepsSecrets looks for what may never be told.
func (e environment) keepsSecrets(t *testing.T, text string) {
	t.Helper()
	for _, name := range []string{"SESSION_SECRET", "DATABASE_URL", "REDIS_URL", "ADMIN_URL", "REDIS_ADMIN_URL"} {
		value := e[name]
		if u, err := url.Parse(value); err == nil && u.User != nil {
			if password, ok := u.User.Password(); ok && password != "" && strings.Contains(text, password) {
				t.Errorf("the password of %s is told:\n%s", name, text)
			}
		}
		if len(value) > 8 && strings.Contains(text, value) {
			t.Errorf("%s is told:\n%s", name, text)
		}
	}
	for _, planted := range []string{plantedID, plantedData} {
		if strings.Contains(text, planted) {
			t.Errorf("%s is told:\n%s", planted, text)
		}
	}
}

// shell types a command into bash, and returns the environment that it leaves.
func (e environment) shell(t *testing.T, command string) environment {
	t.Helper()
	dir := t.TempDir()
	program := "#!/bin/sh\nECHOSESSION_IS_THE_PROGRAM=1 exec '" + os.Args[0] + "' \"$@\"\n"
	if err := os.WriteFile(filepath.Join(dir, "echosession"), []byte(program), 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "bash", "-c", "{ "+command+"\n} >&2 && env -0")
	cmd.Env = []string{"PATH=" + dir + ":" + os.Getenv("PATH"), "HOME=" + dir, "GORACE=atexit_sleep_ms=0"}
	for name, value := range e {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s\n%v\n%s", command, err, errs.String())
	}
	after := environment{}
	for pair := range strings.SplitSeq(out.String(), "\x00") {
		if name, value, ok := strings.Cut(pair, "="); ok {
			after[name] = value
		}
	}
	return after
}

// postgres is the environment of an application on a database of the test's own.
func postgres(t *testing.T) environment {
	t.Helper()
	at := testserver.SharedPostgres(t, testserver.PostgresOptions{}).Database(t)
	return environment{"SESSION_STORE": "postgres", "DATABASE_URL": at, "ADMIN_URL": at, "SESSION_SECRET": secret}
}

// migrated is one with a table.
func migrated(t *testing.T) environment {
	t.Helper()
	e := postgres(t)
	if r := e.run(t, "migrate"); r.code != exitOK {
		t.Fatalf("migrate: %+v", r)
	}
	return e
}

// exec runs SQL on the database of an environment, as its administrator.
func (e environment) exec(t *testing.T, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), e["ADMIN_URL"])
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	if _, err := conn.Exec(t.Context(), sql, pgx.QueryExecModeSimpleProtocol); err != nil {
		t.Fatal(err)
	}
}

// value asks it for one.
func value[T any](t *testing.T, e environment, sql string) (v T) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), e["ADMIN_URL"])
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	if err := conn.QueryRow(t.Context(), sql).Scan(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

// What no output may have.
const (
	plantedID   = "planted-id-of-a-session"
	plantedData = "planted-value-of-a-session"
)

// login stores a session, and returns its handle.
func (e environment) login(t *testing.T, user, id string) string {
	t.Helper()
	b, err := open.FromEnv(t.Context(), e.lookup)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	r := &store.Record{
		ID: plantedID + id, Handle: "handle-of-a-session--" + id, User: user, Idle: 3600e9,
		Data: []byte(`{"cookie":{},"passport":{"user":"` + user + `"},"x":"` + plantedData + `"}`),
	}
	if err := b.Store.Create(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	return r.Handle
}
