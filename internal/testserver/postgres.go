package testserver

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
)

// PostgresOptions are of a cluster. The zero value is the newest version that is
// installed, with settings that are fast and safe against kill -9.
type PostgresOptions struct {
	// Version is a major one, such as 18. The default is the newest that is
	// installed. One that is not is fetched by npm; see [releases].
	Version int
	// Settings are lines of postgresql.conf, which come after the defaults.
	Settings map[string]string
}

// settings are the defaults. Nothing is synced to the disk, which only a crash of
// the machine would show. The others that are often switched off for tests stay
// on, since kill -9 shows them: synchronous_commit, for else a commit that was
// acknowledged may not have been written, and full_page_writes, for a process may
// be killed in the middle of writing a page.
var settings = map[string]string{
	"fsync":                       "off",
	"max_connections":             "600",
	"shared_buffers":              "64MB",
	"timezone":                    "UTC",
	"log_timezone":                "UTC",
	"min_wal_size":                "32MB", // segments are small, which makes copies small
	"max_wal_size":                "1GB",
	"checkpoint_timeout":          "30min",
	"wal_keep_size":               "256MB", // for standbys that come back
	"wal_retrieve_retry_interval": "100ms",
	"dynamic_shared_memory_type":  "mmap", // else a crash leaves files in /dev/shm
}

// Postgres is a private cluster. It is a primary, or a standby made by
// [Postgres.Standby].
type Postgres struct {
	server
	bin     string
	major   int
	options map[string]string // of this one
	primary *Postgres         // nil for one that never was a standby

	preparing sync.Mutex
	prepared  map[string]bool // by name
}

// StartPostgres starts a cluster of the test's own. It takes a fraction of a
// second; the first of a version on a machine takes a second more.
func StartPostgres(t testing.TB, opts PostgresOptions) *Postgres {
	t.Helper()
	pg, err := newPostgres(opts)
	if err != nil {
		giveUp(t, err)
	}
	pg.t = t
	pg.closeAfter(t)
	return pg
}

func newPostgres(opts PostgresOptions) (*Postgres, error) {
	if err := checkSupported(); err != nil {
		return nil, err
	}
	bin, major, err := findPostgres(opts.Version)
	if err != nil {
		return nil, err
	}
	pg, err := preparePostgres(bin, major, opts.Settings)
	if err != nil {
		return nil, err
	}
	if err = pg.initdb(); err == nil {
		err = pg.launch()
	}
	if err != nil {
		return nil, errors.Join(err, pg.close())
	}
	return pg, nil
}

// preparePostgres makes a cluster that has no data yet.
func preparePostgres(bin string, major int, extra map[string]string) (*Postgres, error) {
	as, err := unprivileged()
	if err != nil {
		return nil, err
	}
	dir, err := newDir(as)
	if err != nil {
		return nil, err
	}
	pg := &Postgres{bin: bin, major: major, options: maps.Clone(settings)}
	maps.Copy(pg.options, extra)
	pg.server = server{name: fmt.Sprintf("Postgres %d", major), dir: dir, as: as, ready: pg.isReady, swept: pg.sweep}
	pg.server.command = func() (command, error) {
		c := pg.program("postgres", "-D", pg.data(), "-p", strconv.Itoa(pg.port), "-k", pg.dir,
			"-c", "listen_addresses=127.0.0.1", "-c", "config_file="+pg.config())
		c.soon = "QUIT" // it ends its children, and leaves no shared memory
		return c, nil
	}
	return pg, pg.configure()
}

func (pg *Postgres) data() string   { return filepath.Join(pg.dir, "data") }
func (pg *Postgres) config() string { return filepath.Join(pg.dir, "postgresql.conf") }

// program is one of Postgres's own.
func (pg *Postgres) program(name string, args ...string) command {
	return command{path: filepath.Join(pg.bin, name), args: args, dir: pg.dir, log: pg.logFile(), as: pg.as, soon: "KILL"}
}

// configure writes the settings. The file is not in the data directory, so that
// a copy of the data does not bring its own.
func (pg *Postgres) configure() error {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(pg.options)) {
		fmt.Fprintf(&b, "%s = '%s'\n", name, strings.ReplaceAll(pg.options[name], "'", "''"))
	}
	if err := os.WriteFile(pg.config(), []byte(b.String()), 0o600); err != nil {
		return err
	}
	return pg.as.give(pg.config())
}

// isReady reads what the server says of itself in a file of its own data: unlike
// an answer at the port, this cannot be another server's. The first line is its
// process, the last but one "ready" when it takes connections, also on a standby.
func (pg *Postgres) isReady(p *process) bool {
	lines := pg.pidFile()
	return len(lines) >= 8 && lines[0] == strconv.Itoa(p.pid) && strings.HasPrefix(lines[7], "ready")
}

func (pg *Postgres) pidFile() []string {
	text, _ := os.ReadFile(filepath.Join(pg.data(), "postmaster.pid"))
	return strings.Split(string(text), "\n")
}

// sweep removes what a server that did not end well leaves: a bit of shared
// memory, and files with its process number, which would keep the next one from
// starting if the number were another process's by then.
func (pg *Postgres) sweep() {
	if lines := pg.pidFile(); len(lines) >= 7 {
		if key := strings.Fields(lines[6]); len(key) == 2 {
			_ = exec.Command("ipcrm", "-m", key[1]).Run() // the next start takes care of it as well
		}
		os.Remove(filepath.Join(pg.data(), "postmaster.pid"))
	}
	sockets, _ := filepath.Glob(filepath.Join(pg.dir, ".s.PGSQL.*"))
	for _, path := range sockets {
		os.Remove(path)
	}
}

// Version is the major one.
func (pg *Postgres) Version() int { return pg.major }

// URL is for the database postgres, as the superuser of the same name.
func (pg *Postgres) URL() string { return pg.url("postgres") }

func (pg *Postgres) url(database string) string {
	return (&url.URL{
		Scheme: "postgres", User: url.User("postgres"), Host: pg.Addr(),
		Path: "/" + database, RawQuery: "sslmode=disable",
	}).String()
}

// with calls do with a connection.
func (pg *Postgres) with(url string, do func(context.Context, *pgx.Conn) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	return errors.Join(do(ctx, conn), conn.Close(ctx))
}

func (pg *Postgres) exec(url string, statements ...string) error {
	return pg.with(url, func(ctx context.Context, conn *pgx.Conn) error {
		for _, sql := range statements {
			if _, err := conn.Exec(ctx, sql); err != nil {
				return fmt.Errorf("%s: %w", sql, err)
			}
		}
		return nil
	})
}
