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

// readPostgres reads its variables, and reports all that is wrong with them.
func (s *Settings) readPostgres(text func(string) string) []error {
	table := text("SESSION_TABLE")
	s.Options = pgstore.Options{Table: table}
	if schema, name, ok := strings.Cut(table, "."); ok {
		s.Options.Schema, s.Options.Table = schema, name
	}
	var problems []error
	config, err := parseURL(text("DATABASE_URL"), s.Name)
	if err != nil {
		problems = append(problems, err)
	} else if host := plainTo(config); host != "" {
		s.Warnings = append(s.Warnings, Warning{"DATABASE_URL", "DATABASE_URL allows a connection without TLS to another host: add sslmode=verify-full", host})
	}
	if _, err := pgstore.SQL(s.Options); err != nil { // checks the names
		problems = append(problems, fmt.Errorf("SESSION_TABLE is %q: %s", table, strings.TrimPrefix(err.Error(), "pgstore: ")))
	}
	if len(problems) == 0 {
		s.Postgres = config
	}
	return problems
}

// openPostgres connects and looks whether the database is ready.
func (s *Settings) openPostgres(ctx context.Context, migrate bool) (*Backend, error) {
	pool, err := pgxpool.NewWithConfig(ctx, s.Postgres)
	if err != nil {
		return nil, fmt.Errorf("DATABASE_URL: %w", err)
	}
	st, err := pgstore.New(pool, s.Options)
	if err == nil {
		err = ready(ctx, pool, st, s.Options, migrate)
	}
	if err != nil {
		pool.Close()
		return nil, err
	}
	return &Backend{Store: st, Name: "postgres", close: pool.Close}, nil
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
	return config, nil
}

// plainTo is the other host to which a connection may go on without TLS, or "".
func plainTo(config *pgxpool.Config) string {
	cc := config.ConnConfig
	plain := cc.TLSConfig == nil
	for _, fallback := range cc.Fallbacks {
		plain = plain || fallback.TLSConfig == nil
	}
	if !plain || strings.HasPrefix(cc.Host, "/") || isLoopback(cc.Host) {
		return ""
	}
	return cc.Host
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// ready migrates, if asked to, and checks. A server that does not answer is
// waited for by nobody: the store answers when it comes.
func ready(ctx context.Context, pool *pgxpool.Pool, s *pgstore.Store, o pgstore.Options, migrate bool) error {
	err := s.Ping(ctx)
	if err == nil && migrate {
		err = pgstore.Migrate(ctx, pool, o)
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
