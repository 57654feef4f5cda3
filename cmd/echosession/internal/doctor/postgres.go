package doctor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	pgstore "github.com/echosession/session/store/postgres"
)

// examinePostgres makes the checks that the store itself has, and then those that
// only make sense where these are content.
func (p *patient) examinePostgres(ctx context.Context) {
	config := p.settings.Postgres
	if config.ConnConfig.ConnectTimeout == 0 {
		config.ConnConfig.ConnectTimeout = connectTimeout
	}
	p.settings.Options.Timeout = callTimeout
	var err error
	if p.pool, err = pgxpool.NewWithConfig(ctx, config); err == nil {
		p.postgres, err = pgstore.New(p.pool, p.settings.Options)
	}
	if err != nil {
		p.add(check{name: "postgres server", severity: Failed}, "", err)
		return
	}
	p.owner = p.mayAlter(ctx)
	usable := true
	for _, f := range p.postgres.Examine(ctx) {
		c := check{name: "postgres " + f.Check, severity: Failed}
		if f.Skipped {
			p.results = append(p.results, Result{Check: c.name, Status: Skipped})
			usable = false
			continue
		}
		p.add(c, f.Note, p.diagnose(ctx, f.Err))
	}
	if usable {
		p.run(ctx, postgresChecks)
	}
}

// postgresChecks are made where all of the store's own could be.
var postgresChecks = []check{
	{name: "postgres round trip", severity: Failed, look: func(ctx context.Context, p *patient) (string, error) {
		return "one row stored, read, changed, deleted", roundTrip(ctx, p.postgres)
	}},
	{name: "postgres clock", severity: Warning, look: func(ctx context.Context, p *patient) (string, error) {
		return compareClocks(ctx, "Postgres", func(ctx context.Context) (now time.Time, err error) {
			err = p.pool.QueryRow(ctx, `SELECT clock_timestamp()`).Scan(&now)
			return now, err
		})
	}},
}

// diagnose adds the command to what the store found.
func (p *patient) diagnose(ctx context.Context, err error) error {
	var problem *pgstore.Problem
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &problem):
		return &trouble{
			what: fmt.Sprintf("Postgres at %s does not answer: %s", strings.Join(p.addresses(), ", "), plain(err)),
			hint: "start it, or set DATABASE_URL to where it is; the application waits for it, and answers 503 meanwhile",
		}
	}
	t := &trouble{what: problem.What, hint: problem.Hint, fix: p.command(problem.Fix)}
	if strings.HasPrefix(problem.Fix.Setting, "target_session_attrs=") && len(p.addresses()) == 1 {
		t.fix = p.towardsPrimary(ctx) // there is no other server to choose
	}
	if strings.Contains(problem.Hint, "SESSION_TABLE") { // the table is something else's
		t.fix = "export SESSION_TABLE=http_session && " + p.command(pgstore.Fix{Migrate: true})
	}
	if strings.HasPrefix(problem.What, "the server refuses the connection") {
		t.fix = "export DATABASE_URL='" + addressForm + "'"
	}
	return t
}

// addressForm is what a person fills in: nobody else knows what is right.
const addressForm = "postgres://user:password@host:5432/database"

// addresses are the servers of DATABASE_URL.
func (p *patient) addresses() []string {
	cc := p.settings.Postgres.ConnConfig
	list := []string{net.JoinHostPort(cc.Host, strconv.Itoa(int(cc.Port)))}
	for _, f := range cc.Fallbacks {
		if at := net.JoinHostPort(f.Host, strconv.Itoa(int(f.Port))); !slices.Contains(list, at) {
			list = append(list, at)
		}
	}
	return list
}

// towardsPrimary asks a standby whom it follows. It tells that only to roles that
// may see statistics.
func (p *patient) towardsPrimary(ctx context.Context) string {
	var host *string
	var port *int
	if err := p.pool.QueryRow(ctx, `SELECT sender_host, sender_port FROM pg_stat_wal_receiver`).Scan(&host, &port); err != nil || host == nil || port == nil {
		return ""
	}
	return p.address("DATABASE_URL", p.addresses()[0], net.JoinHostPort(*host, strconv.Itoa(*port)))
}

// mayAlter reports whether the role may change the session table, or make it where
// there is none. A pooler is not known yet: nothing is prepared.
func (p *patient) mayAlter(ctx context.Context) (may bool) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	schema, table := p.settings.Options.Schema, p.settings.Options.Table
	if schema == "" {
		schema = "public"
	}
	if table == "" {
		table = "session"
	}
	err := p.pool.QueryRow(ctx, `SELECT CASE
			WHEN (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN true
			WHEN c.oid IS NOT NULL THEN pg_has_role(c.relowner, 'USAGE')
			WHEN n.oid IS NOT NULL THEN has_schema_privilege(n.oid, 'CREATE')
			ELSE has_database_privilege(current_database(), 'CREATE') END
		FROM (VALUES ($1::text, $2::text)) v(s, t) LEFT JOIN pg_namespace n ON nspname = s LEFT JOIN pg_class c ON relnamespace = n.oid AND relname = t`, pgx.QueryExecModeSimpleProtocol, schema, table).Scan(&may)
	return err == nil && may
}
