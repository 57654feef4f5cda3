package open

import (
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"

	pgstore "github.com/echosession/session/store/postgres"
)

// Settings are what an environment says of the store, read and checked, with
// nothing opened yet: for tools that need the connections themselves.
type Settings struct {
	// Name is the value of SESSION_STORE, or its default.
	Name string
	// Postgres and Options are nil and zero where the store is not in Postgres, or
	// the variables are wrong.
	Postgres *pgxpool.Config
	Options  pgstore.Options
	// Redis makes a client; nil where the store has no Redis, or its variable is
	// wrong. It does no I/O.
	Redis func() redis.UniversalClient
	// Warnings are what is unwise, and no error.
	Warnings []Warning
}

// A Warning is a setting that is unwise.
type Warning struct {
	Variable string
	Text     string // what is unwise, and what to write in its place
	Host     string // the server that it is about
}

const stores = "postgres, redis, redis-only or memory"

// Read reads the variables that [FromEnv] does, and opens nothing. All that is
// wrong is reported together, joined by [errors.Join]; the settings hold what
// could be read in spite of it.
func Read(lookup func(string) (string, bool)) (*Settings, error) {
	text := func(name string) string {
		value, _ := lookup(name)
		return value
	}
	s := &Settings{Name: text("SESSION_STORE")}
	if s.Name == "" && text("APP_ENV") == "development" {
		s.Name = "memory"
	}
	var problems []error
	if migrate := text("MIGRATE"); migrate != "" && migrate != "0" && migrate != "1" {
		problems = append(problems, fmt.Errorf("MIGRATE is %q; use 1 to migrate at start, or leave it out", migrate))
	}
	switch s.Name {
	case "memory":
	case "postgres":
		problems = append(problems, s.readPostgres(text)...)
	case "redis":
		problems = append(append(problems, s.readPostgres(text)...), s.readRedis(text))
	case "redis-only":
		problems = append(problems, s.readRedis(text))
	case "":
		problems = append(problems, errors.New("SESSION_STORE environment variable is required in production; set it to "+stores+", or set APP_ENV=development for local work"))
	default:
		problems = append(problems, fmt.Errorf("SESSION_STORE is %q, which is no store; use %s", s.Name, stores))
	}
	return s, errors.Join(problems...)
}
