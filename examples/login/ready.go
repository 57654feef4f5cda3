package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"time"

	"github.com/echosession/session/store"
)

const pingTimeout = 2 * time.Second

// healthy says that the process serves. A store that is away is no reason to
// restart it, so that none is asked.
func (a *app) healthy(w http.ResponseWriter, _ *http.Request) {
	w.WriteHeader(http.StatusOK)
}

// ready says whether to send requests here: 200 when every backend answers, else
// 503, and the state of each.
func (a *app) ready(w http.ResponseWriter, r *http.Request) {
	status, state := http.StatusOK, "ok"
	if err := a.ping(r.Context()); err != nil {
		slog.Warn("Not ready", "store", a.backend.Name, "error", err)
		status, state = http.StatusServiceUnavailable, "unavailable"
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{a.backend.Name: state})
}

func (a *app) ping(ctx context.Context) error {
	pinger, err := store.As[store.Pinger](a.backend.Store)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	return pinger.Ping(ctx)
}
