package admin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path"
	"strings"

	"github.com/echosession/session"
)

// Options say who may use the admin API, and what it can tell.
type Options struct {
	// Authorize decides who may. Required: [Token], or a function of yours as an
	// [AuthorizeFunc].
	Authorize Authorizer
	// Actor names who makes a request, for the log of changes: a user, not a
	// secret. Required. It is called for requests that were authorized; where it
	// returns "" a change is refused.
	Actor func(*http.Request) string

	// Path is where the handler is mounted, as the browser sees it. Default
	// /api/admin.
	Path string
	// Address is where a request comes from, for the limit of failed attempts.
	// Behind proxies set it to one of Echo's extractors, or all clients share one
	// limit. Default: the connection's remote address.
	Address func(*http.Request) string
	// Health asks the servers whether they answer. Where package open has made the
	// store: func(ctx context.Context) admin.Health { return admin.Health(backend.Health(ctx)) }.
	// Default nil: no server is listed.
	Health func(context.Context) Health
	// Counts are what the manager's hook has counted. Default nil: no hit rate and
	// no past cleanups are shown.
	Counts *Counts
	// Logger receives a line for each change and for refusals. Default
	// slog.Default().
	Logger *slog.Logger
}

// Health is how the servers stand. It has the fields of open.Health.
type Health struct {
	// Status is "ok", "degraded" or "unavailable".
	Status string
	// Servers has each server's name, and nil or why it does not answer. The
	// errors are logged and not shown.
	Servers map[string]error
}

// An Authorizer decides whether a request may use the admin API. It is safe for
// concurrent use.
type Authorizer interface {
	// Authorize returns nil for one that may. The text of an error is logged and
	// not shown; it must hold no secret. One that is [session.ErrUnavailable] is
	// answered 503, every other one 403.
	Authorize(r *http.Request) error
}

// AuthorizeFunc makes an Authorizer of a function. [session.CheckRecentLogin]
// and the user's role make a good one.
type AuthorizeFunc func(r *http.Request) error

// Authorize calls f.
func (f AuthorizeFunc) Authorize(r *http.Request) error { return f(r) }

// New returns a handler for the sessions of m. What is missing or wrong is
// reported at once, each with its field and the fix. It does no I/O and starts
// nothing.
func New(m *session.Manager, o Options) (*Handler, error) {
	var bad []error
	if m == nil {
		bad = append(bad, errors.New("the manager is nil; make one with session.New"))
	}
	if o.Authorize == nil {
		bad = append(bad, errors.New("Options.Authorize is nil; use admin.Token, or an admin.AuthorizeFunc that checks the caller's role"))
	}
	if f, ok := o.Authorize.(AuthorizeFunc); ok && f == nil {
		bad = append(bad, errors.New("Options.Authorize is a nil function; return an error for those who may not"))
	}
	if o.Actor == nil {
		bad = append(bad, errors.New("Options.Actor is nil; return who makes the request, for the log of changes"))
	}
	if o.Path == "" {
		o.Path = "/api/admin"
	}
	// It becomes a cookie's Path, too.
	if o.Path[0] != '/' || o.Path == "/" || path.Clean(o.Path) != o.Path || strings.ContainsFunc(o.Path, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("/-_.~", r)
	}) {
		bad = append(bad, fmt.Errorf("Options.Path is %q; write it as in /api/admin: from the root, without a slash at the end, of letters, digits and - _ . ~", o.Path))
	}
	if len(bad) > 0 {
		return nil, fmt.Errorf("admin: bad options: %w", errors.Join(bad...))
	}
	if o.Address == nil {
		o.Address = remoteAddress
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return newHandler(m, o), nil
}

// remoteAddress is the other end of the connection.
func remoteAddress(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
