package main

import (
	"context"
	"net/http/httptest"
	"testing"

	"github.com/echosession/session"
	"github.com/echosession/session/store"
	memstore "github.com/echosession/session/store/memory"
	"github.com/echosession/session/store/open"
)

// Some things a process with a memory store never meets. These tests put the app
// on a server of their own.

var routers = map[string]router{"Echo 4": newEcho4, "Echo 5": newEcho5}

// A hookedStore is a memory store that calls a function before and after each
// call: to fail it, or to hold it up.
type hookedStore struct {
	*memstore.Store
	hook hook
}

type hook func(point string) error

func (s *hookedStore) Load(ctx context.Context, id string) (*store.Record, error) {
	if err := s.hook("load"); err != nil {
		return nil, err
	}
	defer s.hook("loaded")
	return s.Store.Load(ctx, id)
}

func (s *hookedStore) Save(ctx context.Context, r *store.Record) error {
	if err := s.hook("save"); err != nil {
		return err
	}
	defer s.hook("saved")
	return s.Store.Save(ctx, r)
}

func (s *hookedStore) Ping(ctx context.Context) error {
	if err := s.hook("ping"); err != nil {
		return err
	}
	return s.Store.Ping(ctx)
}

func quiet(string) error { return nil }

func newBackend(h hook) *open.Backend {
	return &open.Backend{Name: "memory", Store: &hookedStore{memstore.New(memstore.Options{}), h}}
}

func newApp(t *testing.T, backend *open.Backend) *app {
	t.Helper()
	sessions, err := session.New(backend.Store, session.Config{Secrets: []string{secret}, Development: true})
	if err != nil {
		t.Fatal(err)
	}
	return &app{sessions: sessions, backend: backend, stopping: t.Context().Done()}
}

// serveHere serves the app in this process.
func serveHere(t *testing.T, router router, backend *open.Backend) *client {
	t.Helper()
	routes, err := router(newApp(t, backend))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(nil)
	server.Config = newServer(routes)
	server.Start()
	t.Cleanup(server.Close)
	return (&process{url: server.URL}).client(t)
}
