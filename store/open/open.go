// Package open makes a store from the environment. It is the only package that
// imports every driver; a program that knows its store imports that one alone.
package open

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

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
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	text := func(name string) string {
		value, _ := lookup(name)
		return value
	}
	kind := text("SESSION_STORE")
	if kind == "" && text("APP_ENV") == "development" {
		kind = "memory"
	}
	var problems []error
	migrate := text("MIGRATE")
	if migrate != "" && migrate != "0" && migrate != "1" {
		problems = append(problems, fmt.Errorf("MIGRATE is %q; use 1 to migrate at start, or leave it out", migrate))
	}
	switch kind {
	case "memory":
		if len(problems) == 0 {
			return &Backend{Store: memstore.New(memstore.Options{}), Name: kind}, nil
		}
	case "postgres", "redis", "redis-only":
		return openServers(ctx, text, kind, migrate == "1", o, problems)
	case "":
		problems = append(problems, errors.New("SESSION_STORE environment variable is required in production; set it to "+stores+", or set APP_ENV=development for local work"))
	default:
		problems = append(problems, fmt.Errorf("SESSION_STORE is %q, which is no store; use %s", kind, stores))
	}
	return nil, errors.Join(problems...)
}

const stores = "postgres, redis, redis-only or memory"

// openServers opens a store that is on one server or two, unless there are
// problems with the variables.
func openServers(ctx context.Context, text func(string) string, kind string, migrate bool, o options, problems []error) (b *Backend, err error) {
	var p *postgres
	if kind != "redis-only" {
		p, err = readPostgres(text, kind)
		problems = append(problems, err)
	}
	var client redis.UniversalClient
	if kind != "postgres" {
		client, err = readRedis(text, kind)
		problems = append(problems, err)
	}
	err = errors.Join(problems...)
	if err == nil && p != nil {
		p.config.ConnConfig.Tracer = o.tracer
		b, err = p.open(ctx, migrate)
	}
	switch {
	case err != nil:
	case client == nil:
		return b, nil
	case b == nil:
		b, err = openRedis(ctx, client)
	default:
		b, err = before(ctx, b, client)
	}
	if err != nil && client != nil {
		_ = client.Close()
	}
	return b, err
}
