package testserver

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// PgBouncerOptions are of a pooler. The zero value pools by transactions, 20
// connections for each database and user.
type PgBouncerOptions struct {
	Mode     string // pool_mode: transaction by default, or session, statement
	PoolSize int    // default_pool_size
	// Settings are lines of the section [pgbouncer], which come after the defaults.
	Settings map[string]string
}

// PgBouncer is a private pooler in front of a [Postgres].
type PgBouncer struct{ server }

// StartPgBouncer starts a pooler in front of a cluster: all its databases, for
// all its users. It takes some milliseconds.
func StartPgBouncer(t testing.TB, pg *Postgres, opts PgBouncerOptions) *PgBouncer {
	t.Helper()
	b, err := newPgBouncer(pg, opts)
	if err != nil {
		giveUp(t, err)
	}
	b.t = t
	b.closeAfter(t)
	return b
}

func newPgBouncer(pg *Postgres, opts PgBouncerOptions) (*PgBouncer, error) {
	path, err := findProgram("pgbouncer")
	if err != nil {
		return nil, err
	}
	as, err := unprivileged()
	if err != nil {
		return nil, err
	}
	dir, err := newDir(as)
	if err != nil {
		return nil, err
	}
	b := &PgBouncer{server{name: "PgBouncer", dir: dir, as: as, ready: func(p *process) bool {
		return strings.Contains(p.output(), "process up")
	}}}
	b.server.command = func() (command, error) {
		config, err := b.configure(pg, opts)
		return command{path: path, args: []string{config}, dir: dir, log: b.logFile(), as: as, soon: "KILL"}, err
	}
	if err := b.launch(); err != nil {
		return nil, errors.Join(err, b.close())
	}
	return b, nil
}

// configure writes the files for one start: the port may not be that of the last
// try.
func (b *PgBouncer) configure(pg *Postgres, opts PgBouncerOptions) (string, error) {
	users := filepath.Join(b.dir, "users")
	lines := map[string]string{
		"listen_addr":       "127.0.0.1",
		"listen_port":       strconv.Itoa(b.port),
		"unix_socket_dir":   "",
		"pool_mode":         cmp.Or(opts.Mode, "transaction"),
		"default_pool_size": strconv.Itoa(cmp.Or(opts.PoolSize, 20)),
		"max_client_conn":   "500",
		// It asks the cluster itself whom it knows.
		"auth_type":   "trust",
		"auth_file":   users,
		"auth_user":   "postgres",
		"auth_query":  "SELECT usename, NULL::text FROM pg_catalog.pg_user WHERE usename = $1",
		"admin_users": "postgres", // at the database pgbouncer
		// By default it refuses everybody for 15 s after it could not connect.
		"server_login_retry":        "1",
		"ignore_startup_parameters": "extra_float_digits",
	}
	maps.Copy(lines, opts.Settings)
	var text strings.Builder
	fmt.Fprintf(&text, "[databases]\n* = host=127.0.0.1 port=%d\n\n[pgbouncer]\n", pg.port)
	for _, name := range slices.Sorted(maps.Keys(lines)) {
		fmt.Fprintf(&text, "%s = %s\n", name, lines[name])
	}
	config := filepath.Join(b.dir, "pgbouncer.ini")
	for path, content := range map[string]string{users: "\"postgres\" \"\"\n", config: text.String()} {
		if err := errors.Join(os.WriteFile(path, []byte(content), 0o600), b.as.give(path)); err != nil {
			return "", err
		}
	}
	return config, nil
}

// URL is that of a database of the cluster, by way of the pooler.
func (b *PgBouncer) URL(database string) string { return through(b.Addr(), database) }

// findProgram looks for the server that a package of the same name brings, also
// where Debian keeps such programs out of a user's path.
func findProgram(name string) (string, error) {
	if err := checkSupported(); err != nil {
		return "", err
	}
	for _, path := range []string{name, filepath.Join("/usr/sbin", name), filepath.Join("/usr/local/sbin", name)} {
		if path, err := exec.LookPath(path); err == nil {
			return path, nil
		}
	}
	return "", &missing{what: name, install: "install Debian's package " + name}
}
