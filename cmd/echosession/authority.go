package main

import (
	"context"
	"errors"
	"time"

	"github.com/echosession/session/store"
	"github.com/echosession/session/store/open"
)

// How long a command may wait for the server: to be connected, and to do what can
// be much, such as ending everybody's sessions.
const (
	connectTimeout = 5 * time.Second
	workTimeout    = 10 * time.Minute
)

// settings reads the environment for the store that decides: with Redis in front
// of Postgres that is Postgres, and the nodes learn from it what changed. Where
// SESSION_STORE is not set, the address that is there says it.
func (t *tool) settings() (*open.Settings, error) {
	kind := t.text("SESSION_STORE")
	switch {
	case kind == "redis", kind == "" && t.text("DATABASE_URL") != "":
		kind = "postgres"
	case kind == "" && t.text("REDIS_URL") != "":
		kind = "redis-only"
	case kind == "memory":
		return nil, usage{errors.New("SESSION_STORE is memory: these sessions are in the application's own process, where no other can look; ask the application, by its admin API")}
	case kind == "":
		return nil, usage{errors.New("SESSION_STORE, DATABASE_URL and REDIS_URL are not set; set them as for the application, or use --session-store, --database-url and --redis-url")}
	}
	return t.read(kind)
}

// read reads the environment for one kind of store.
func (t *tool) read(kind string) (*open.Settings, error) {
	s, err := open.Read(t.with("SESSION_STORE", kind))
	if err != nil {
		return nil, usage{err}
	}
	if s.Postgres != nil && s.Postgres.ConnConfig.ConnectTimeout == 0 {
		s.Postgres.ConnConfig.ConnectTimeout = connectTimeout
	}
	s.Options.Timeout = workTimeout
	return s, nil
}

// ability opens that store for what not every store can do. The store is open unless
// there is an error.
func ability[T any](ctx context.Context, t *tool) (able T, b *open.Backend, err error) {
	if b, err = t.authority(ctx); err != nil {
		return able, nil, err
	}
	if able, err = store.As[T](b.Store); err != nil {
		b.Close()
		return able, nil, err
	}
	return able, b, nil
}

// authority opens that store.
func (t *tool) authority(ctx context.Context) (*open.Backend, error) {
	s, err := t.settings()
	if err != nil {
		return nil, err
	}
	return s.Open(ctx)
}
