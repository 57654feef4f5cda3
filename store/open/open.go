// Package open makes a store from the environment. It is the only package that
// imports every driver; a program that knows its store imports that one alone.
package open

import (
	"context"
	"log/slog"

	"github.com/jackc/pgx/v5"

	"github.com/echosession/session/store"
	memstore "github.com/echosession/session/store/memory"
)

// A Backend is an opened store and what it needs to be closed.
type Backend struct {
	Store store.Store
	// Name is the value of SESSION_STORE that was opened.
	Name    string
	servers []server
	close   func()
}

// An Option is what an environment cannot say.
type Option func(*options)

type options struct {
	tracer pgx.QueryTracer
}

// WithTracer has a tracer watch the statements of Postgres, where there is one:
// for telemetry. It may implement pgx's other tracers as well. What it gets as
// arguments are session ids and data: one that shows them must not be used.
// Default nil: nobody watches.
func WithTracer(tracer pgx.QueryTracer) Option {
	return func(o *options) { o.tracer = tracer }
}

// Close frees the connections. The store is not used after it. It may be called
// twice.
func (b *Backend) Close() error {
	if b.close != nil {
		b.close()
		b.close = nil
	}
	return nil
}

// FromEnv opens the store that an environment names, and reads nothing but what
// lookup gives it: pass os.LookupEnv.
//
//	SESSION_STORE  postgres; redis, which is Postgres with copies in Redis; redis-only; or memory.
//	               Required in production, memory by default in development
//	DATABASE_URL   postgres, redis: the database, postgres://user:password@host:5432/database
//	REDIS_URL      redis, redis-only: redis://user:password@host:6379/0, rediss:// with TLS; with
//	               ?master_name=… through Sentinels, with ?addr=host:port a Cluster
//	SESSION_TABLE  postgres, redis: the table, session by default, or schema.table
//	MIGRATE        postgres, redis: 1 makes or adopts the table first
//	APP_ENV        production, the default, or development
//
// What is wrong with the variables is reported together, each named with its
// value's problem and the fix; so is, in one sentence, a database that is not
// ready. A server that merely does not answer is no error: the store says
// unavailable until it comes.
func FromEnv(ctx context.Context, lookup func(string) (string, bool), opts ...Option) (*Backend, error) {
	s, err := Read(lookup)
	if err != nil {
		return nil, err
	}
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	if s.Postgres != nil {
		s.Postgres.ConnConfig.Tracer = o.tracer
	}
	for _, w := range s.Warnings {
		slog.Warn(w.Text, "host", w.Host)
	}
	migrate, _ := lookup("MIGRATE")
	return s.open(ctx, migrate == "1")
}

// Open opens the store that the settings name, as [FromEnv] does, and never
// migrates. The settings are those of a [Read] without an error, and are not used
// again.
func (s *Settings) Open(ctx context.Context) (*Backend, error) { return s.open(ctx, false) }

func (s *Settings) open(ctx context.Context, migrate bool) (*Backend, error) {
	if s.Name == "memory" {
		return &Backend{Store: memstore.New(memstore.Options{}), Name: s.Name}, nil
	}
	var b *Backend
	if s.Postgres != nil {
		var err error
		if b, err = s.openPostgres(ctx, migrate); err != nil || s.Redis == nil {
			return b, err
		}
	}
	client := s.Redis()
	var err error
	if b == nil {
		b, err = openRedis(ctx, client)
	} else {
		b, err = before(ctx, b, client)
	}
	if err != nil {
		_ = client.Close()
	}
	return b, err
}
