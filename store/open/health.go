package open

import (
	"context"
	"sync"

	"github.com/echosession/session/store"
)

// A server is what a backend asks for its sessions.
type server struct {
	name  string
	ping  func(context.Context) error
	spare bool // the backend serves without it
}

// Health is how a backend stands.
type Health struct {
	// Status is "ok"; "degraded" when a server is away that only makes it slower;
	// or "unavailable".
	Status string
	// Servers has each server's name, and nil or why it does not answer.
	Servers map[string]error
}

// Health asks every server, at the same time, and waits as long as ctx lets it. It
// is safe for concurrent use.
func (b *Backend) Health(ctx context.Context) Health {
	servers := b.servers
	if servers == nil {
		servers = []server{{name: b.Name, ping: func(ctx context.Context) error {
			p, err := store.As[store.Pinger](b.Store)
			if err != nil {
				return err
			}
			return p.Ping(ctx)
		}}}
	}
	errs := make([]error, len(servers))
	var wg sync.WaitGroup
	for i, s := range servers {
		wg.Go(func() { errs[i] = s.ping(ctx) })
	}
	wg.Wait()
	h := Health{Status: "ok", Servers: map[string]error{}}
	for i, s := range servers {
		h.Servers[s.name] = errs[i]
		switch {
		case errs[i] == nil:
		case !s.spare:
			h.Status = "unavailable"
		case h.Status == "ok":
			h.Status = "degraded"
		}
	}
	return h
}
