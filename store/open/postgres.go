package open

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/echosession/session/store"
	pgstore "github.com/echosession/session/store/postgres"
)

// postgres is what the environment says of a Postgres store.
type postgres struct {
	config  *pgxpool.Config
	options pgstore.Options
}

// readPostgres reads its variables, and reports all that is wrong with them.
func readPostgres(text func(string) string, kind string) (*postgres, error) {
	p := &postgres{options: pgstore.Options{Table: text("SESSION_TABLE")}}
	if schema, table, ok := strings.Cut(p.options.Table, "."); ok {
		p.options.Schema, p.options.Table = schema, table
	}
	config, err := parseURL(text("DATABASE_URL"), kind)
	problems := []error{err}
	if _, err := pgstore.SQL(p.options); err != nil { // checks the names
		problems = append(problems, fmt.Errorf("SESSION_TABLE is %q: %s", text("SESSION_TABLE"), strings.TrimPrefix(err.Error(), "pgstore: ")))
	}
	p.config = config
	return p, errors.Join(problems...)
}

// open connects and looks whether the database is ready.
func (p *postgres) open(ctx context.Context, migrate bool) (*Backend, error) {
	pool, err := pgxpool.NewWithConfig(ctx, p.config)
	if err != nil {
		return nil, fmt.Errorf("DATABASE_URL: %w", err)
	}
	s, err := pgstore.New(pool, p.options)
	if err == nil {
		err = p.ready(ctx, pool, s, migrate)
	}
	if err != nil {
		pool.Close()
		return nil, err
	}
	return &Backend{Store: s, Name: "postgres", close: pool.Close}, nil
}

// parseURL reads a connection string. Its parser's own errors are not passed on:
// they quote the string, which holds a password.
func parseURL(url, kind string) (*pgxpool.Config, error) {
	if url == "" {
		return nil, errors.New("DATABASE_URL environment variable is required with SESSION_STORE=" + kind + "; write postgres://user:password@host:5432/database")
	}
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, errors.New("DATABASE_URL is no connection string; write postgres://user:password@host:5432/database, with special characters of the password percent-encoded")
	}
	if cc := config.ConnConfig; !strings.HasPrefix(cc.Host, "/") && !isLoopback(cc.Host) {
		plain := cc.TLSConfig == nil
		for _, fallback := range cc.Fallbacks {
			plain = plain || fallback.TLSConfig == nil
		}
		if plain {
			slog.Warn("DATABASE_URL allows a connection without TLS to another host: add sslmode=verify-full", "host", cc.Host)
		}
	}
	return config, nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// ready migrates, if asked to, and checks. A server that does not answer is
// waited for by nobody: the store answers when it comes.
func (p *postgres) ready(ctx context.Context, pool *pgxpool.Pool, s *pgstore.Store, migrate bool) error {
	err := s.Ping(ctx)
	if err == nil && migrate {
		err = pgstore.Migrate(ctx, pool, p.options)
	}
	if err == nil {
		err = s.Check(ctx)
	}
	if errors.Is(err, store.ErrUnavailable) && !errors.Is(err, pgstore.ErrNotReady) {
		slog.Error("Session store error", "operation", "start", "error", err)
		if migrate {
			slog.Error("The migration did not run: start again with MIGRATE=1 when the database answers")
		}
		return nil
	}
	return err
}
