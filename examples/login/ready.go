package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"time"
)

const pingTimeout = 2 * time.Second

// healthy says that the process serves. A store that is away is no reason to
// restart it, so that none is asked.
func (a *app) healthy(w http.ResponseWriter, _ *http.Request) {
	w.WriteHeader(http.StatusOK)
}

// ready says whether to send requests here: 200 when the store answers, else 503,
// and the state of each server. "degraded" is a 200: a server is away that only
// makes it slower. Beside it stands what the store of copies has told.
func (a *app) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), pingTimeout)
	defer cancel()
	health := a.backend.Health(ctx)
	code, answer := http.StatusOK, map[string]any{"status": health.Status}
	for name, err := range health.Servers {
		answer[name] = "ok"
		if err != nil {
			answer[name] = "unavailable"
			if health.Status == answer[name] {
				slog.Warn("Not ready", "server", name, "error", err)
			}
		}
	}
	if health.Status == "unavailable" {
		code = http.StatusServiceUnavailable
	}
	if counts := a.counts.all(); len(counts) > 0 {
		answer["events"] = counts
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(answer)
}
