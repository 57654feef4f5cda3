package admin

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/echosession/session/store"
)

// healthTimeout is how long servers that are asked may take.
const healthTimeout = 2 * time.Second

// A healthAnswer is GET session-health. What this store or this application
// does not tell is null.
type healthAnswer struct {
	Status    string            `json:"status"`
	Backends  map[string]string `json:"backends"`
	Copies    *copies           `json:"copies"`
	Cleanup   *cleanup          `json:"lastCleanup"`
	Pool      *pool             `json:"pool"`
	Prevented *int64            `json:"resurrectionsPrevented"`
	Process   *counted          `json:"process"`
	SignOut   bool              `json:"signOut"` // by POST sign-out
	At        time.Time         `json:"at"`
}

type copies struct {
	PollAge *float64 `json:"pollAgeSeconds"` // null: never polled yet
	Breaker string   `json:"breaker"`
}

type cleanup struct {
	Started  time.Time  `json:"started"`
	Finished *time.Time `json:"finished"`
	Removed  int64      `json:"removed"`
}

type pool struct {
	InUse  int   `json:"inUse"`
	Idle   int   `json:"idle"`
	Max    *int  `json:"max"` // null: the client does not know
	Waited int64 `json:"waited"`
}

// health answers 200 also when a server is away: to say so is what it is for.
func (h *Handler) health(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := context.WithTimeout(r.Context(), healthTimeout)
	defer cancel()
	a := healthAnswer{Status: "ok", Process: h.o.Counts.counted(), At: time.Now().UTC().Truncate(time.Second)}
	_, a.SignOut = h.routes["sign-out"]
	if h.o.Health != nil {
		h.ask(ctx, &a)
	}
	report, err := h.sessions.Report(ctx)
	a.tell(report, err == nil)
	if err != nil && !errors.Is(err, errors.ErrUnsupported) {
		h.o.Logger.ErrorContext(ctx, "Session admin failed", "path", r.URL.Path, "error", err)
		a.Status = "unavailable"
	}
	return writeJSON(w, http.StatusOK, a)
}

// ask asks the servers.
func (h *Handler) ask(ctx context.Context, a *healthAnswer) {
	health := h.o.Health(ctx)
	a.Status, a.Backends = health.Status, map[string]string{}
	for name, err := range health.Servers {
		a.Backends[name] = "ok"
		if err != nil {
			a.Backends[name] = "unavailable"
			h.o.Logger.WarnContext(ctx, "Session server does not answer", "server", name, "error", err)
		}
	}
}

// tell adds what the store says of its own work. Connections and copies are this
// process's, and told in an outage as well: then they matter most. The number
// beside them is only known where the whole was answered.
func (a *healthAnswer) tell(r store.Report, answered bool) {
	if answered {
		a.Prevented = &r.Prevented
	}
	if p := r.Pool; p != nil {
		a.Pool = &pool{InUse: p.InUse, Idle: p.Idle, Waited: p.Waited}
		if p.Max > 0 {
			a.Pool.Max = &p.Max
		}
	}
	if c := r.Cleanup; c != nil {
		a.Cleanup = &cleanup{Started: c.Started.UTC(), Removed: c.Removed}
		if !c.Finished.IsZero() {
			finished := c.Finished.UTC()
			a.Cleanup.Finished = &finished
		}
	}
	if c := r.Copies; c != nil {
		a.Copies = &copies{Breaker: "closed"}
		if c.Down {
			a.Copies.Breaker = "open"
		}
		if c.PollAge >= 0 {
			age := c.PollAge.Seconds()
			a.Copies.PollAge = &age
		}
	}
}
