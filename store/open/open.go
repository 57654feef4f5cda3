// Package open makes a store from the environment. It is the only package that
// imports every driver; a program that knows its store imports that one alone.
package open

import (
	"context"
	"errors"
	"fmt"

	"github.com/echosession/session/store"
	memstore "github.com/echosession/session/store/memory"
)

// A Backend is an opened store and what it needs to be closed.
type Backend struct {
	Store store.Store
	// Name is the value of SESSION_STORE that was opened.
	Name  string
	close func() error
}

// Close frees connections. The store is not used after it. It may be called
// twice.
func (b *Backend) Close() error {
	if b.close == nil {
		return nil
	}
	done := b.close
	b.close = nil
	return done()
}

// FromEnv opens the store that an environment names, and reads nothing but what
// lookup gives it: pass os.LookupEnv.
//
//	SESSION_STORE  memory; required in production, memory by default in development
//	APP_ENV        production, the default, or development
//
// Every error is reported, each naming the variable, what is wrong with its
// value, and the fix.
func FromEnv(_ context.Context, lookup func(string) (string, bool)) (*Backend, error) {
	kind, _ := lookup("SESSION_STORE")
	env, _ := lookup("APP_ENV")
	if kind == "" && env == "development" {
		kind = "memory"
	}
	switch kind {
	case "memory":
		return &Backend{Store: memstore.New(memstore.Options{}), Name: kind}, nil
	case "":
		return nil, errors.New("SESSION_STORE environment variable is required in production; set it to memory, or set APP_ENV=development for local work")
	}
	return nil, fmt.Errorf("SESSION_STORE is %q, which is no store of this version; use memory", kind)
}
