// Package doctor says what is wrong with a setup, and which command mends it. It
// changes nothing but one row, which it stores and deletes again.
package doctor

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"

	"github.com/echosession/session/store/open"
	pgstore "github.com/echosession/session/store/postgres"
)

// A Status is what a check came to.
type Status string

// Warnings are unwise, or cost something; only a failure means that something is
// wrong.
const (
	OK      Status = "ok"
	Warning Status = "warning"
	Failed  Status = "failed"
	Skipped Status = "skipped" // what has to be mended first was found before
)

// A Result is one check's.
type Result struct {
	Check   string `json:"check"`
	Status  Status `json:"status"`
	Note    string `json:"note,omitempty"`    // what was seen, where all is well
	Problem string `json:"problem,omitempty"` // what is not
	Hint    string `json:"hint,omitempty"`    // how to mend it, in words
	Fix     string `json:"fix,omitempty"`     // the command that does, for bash; "" where a person has to decide
}

// A Report is all of them.
type Report struct {
	Healthy bool     `json:"healthy"` // nothing failed
	Results []Result `json:"checks"`
}

// A check has a name, a severity, which is what it means where it finds something,
// and a function that looks. That returns what it saw in a few words, or a
// *trouble, which has the fix, or any other error.
type check struct {
	name     string
	severity Status
	look     func(context.Context, *patient) (note string, err error)
	ends     bool // where it finds something the rest of its list is skipped
}

// A patient is the setup that is looked at.
type patient struct {
	lookup   func(string) (string, bool)
	settings *open.Settings

	pool     *pgxpool.Pool
	postgres *pgstore.Store
	owner    bool // the role may change the session table

	client redis.UniversalClient
	nodes  []info

	results []Result
}

// callTimeout bounds each check, connectTimeout the way to a server.
const (
	callTimeout    = 15 * time.Second
	connectTimeout = 5 * time.Second
)

// Run examines the setup that an environment describes. It is bound by ctx, and
// by deadlines of its own for each server.
func Run(ctx context.Context, lookup func(string) (string, bool)) Report {
	p := &patient{lookup: lookup}
	defer p.close()
	p.run(ctx, settingsChecks)
	if p.settings.Postgres != nil {
		p.examinePostgres(ctx)
	}
	if p.settings.Redis != nil {
		p.client = p.settings.Redis()
		p.run(ctx, redisChecks)
	}
	r := Report{Healthy: true, Results: p.results}
	for _, result := range p.results {
		r.Healthy = r.Healthy && result.Status != Failed
	}
	return r
}

func (p *patient) close() {
	if p.pool != nil {
		p.pool.Close()
	}
	if p.client != nil {
		_ = p.client.Close()
	}
}

func (p *patient) text(name string) string {
	value, _ := p.lookup(name)
	return value
}

// run makes a list of checks, in their order.
func (p *patient) run(ctx context.Context, list []check) {
	ended := false
	for _, c := range list {
		if ended {
			p.results = append(p.results, Result{Check: c.name, Status: Skipped})
			continue
		}
		within, cancel := context.WithTimeout(ctx, callTimeout)
		note, err := c.look(within, p)
		cancel()
		p.add(c, note, err)
		ended = c.ends && err != nil && !errors.Is(err, errUntold)
	}
}

// errUntold: the server does not tell what a check wants to know. What nobody has
// looked at is not well, but skipped.
var errUntold = errors.New("the server does not tell")

// add notes what a check came to: one result, or one for each of several errors.
func (p *patient) add(c check, note string, err error) {
	if err == nil {
		p.results = append(p.results, Result{Check: c.name, Status: OK, Note: note})
		return
	}
	if errors.Is(err, errUntold) {
		p.results = append(p.results, Result{Check: c.name, Status: Skipped})
		return
	}
	for _, err := range parts(err) {
		r := Result{Check: c.name, Status: c.severity, Problem: plain(err)}
		var t *trouble
		if errors.As(err, &t) {
			r.Problem, r.Hint, r.Fix = t.what, t.hint, t.fix
			if t.mild {
				r.Status = Warning
			}
		}
		p.results = append(p.results, r)
	}
}

// parts are the errors that were joined.
func parts(err error) []error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok || !strings.Contains(err.Error(), "\n") {
		return []error{err}
	}
	var list []error
	for _, e := range joined.Unwrap() {
		list = append(list, parts(e)...)
	}
	return list
}
