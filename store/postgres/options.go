package pgstore

import (
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"time"
)

// Options say where the sessions are and how long a statement may take. The zero
// value is the guide's table, public.session.
type Options struct {
	// Schema and Table name the session table. Defaults "public" and "session".
	// Letters, digits and underscores, not beginning with a digit, taken as they
	// are written; a table name has at most 40 bytes, since the names of what
	// stands beside it derive from it.
	Schema, Table string
	// Timeout bounds each statement, the wait for a connection included. Default
	// 2 s. An earlier deadline of the context wins.
	Timeout time.Duration
	// UserLimit is how many live sessions one user may have. Default 0: any
	// number. It holds under parallel logins too.
	UserLimit int
	// RejectOverLimit refuses the login over the limit with [ErrUserLimit]. By
	// default the user's oldest sessions make room.
	RejectOverLimit bool
	// Logger is told of what is tried again. Default slog.Default().
	Logger *slog.Logger
}

var plainName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

const maxTableName = 40

func (o *Options) complete() error {
	if o.Schema == "" {
		o.Schema = "public"
	}
	if o.Table == "" {
		o.Table = "session"
	}
	if o.Timeout == 0 {
		o.Timeout = 2 * time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	for _, name := range []struct {
		field, value string
		most         int
	}{{"Schema", o.Schema, 63}, {"Table", o.Table, maxTableName}} {
		switch {
		case !plainName.MatchString(name.value):
			return fmt.Errorf("pgstore: Options.%s is %q; use letters, digits and underscores, not beginning with a digit", name.field, name.value)
		case len(name.value) > name.most:
			return fmt.Errorf("pgstore: Options.%s is %q, which has %d bytes; use at most %d", name.field, name.value, len(name.value), name.most)
		}
	}
	if o.Timeout < time.Millisecond || o.Timeout > time.Hour {
		return fmt.Errorf("pgstore: Options.Timeout is %s; use 1ms to 1h", o.Timeout)
	}
	if o.UserLimit < 0 {
		return fmt.Errorf("pgstore: Options.UserLimit is %d; use 0 for no limit, or a number above it", o.UserLimit)
	}
	return nil
}

// names replaces the placeholders of our SQL by quoted names. Every object's
// name derives from the table's.
func (o *Options) names() *strings.Replacer {
	quote := func(name string) string { return `"` + name + `"` }
	in := func(suffix string) string { return quote(o.Schema) + "." + quote(o.Table+suffix) }
	pairs := []string{
		"{{session}}", in(""), "{{session_pkey}}", quote(o.Table + "_pkey"),
		// The guide's and connect-pg-simple's name for the table of that name.
		"{{expire_idx}}", quote("IDX_" + o.Table + "_expire"),
		"{{user_idx}}", quote(o.Table + "_user_idx"), "{{handle_idx}}", quote(o.Table + "_handle_idx"),
		"{{dead_xid}}", quote(o.Table + "_dead_xid_idx"), "{{dead_again}}", quote(o.Table + "_dead_again_idx"),
	}
	for _, table := range []string{"state", "dead", "change", "revocation", "job"} {
		pairs = append(pairs, "{{"+table+"}}", in("_"+table))
	}
	for _, fn := range []string{"at", "until", "handle", "user", "foreign", "shortened", "changed", "deleted", "inserted", "truncated", "login", "revoke"} {
		pairs = append(pairs, "{{fn_"+fn+"}}", in("_"+fn))
	}
	return strings.NewReplacer(pairs...)
}

// display is the table's name as messages show it.
func (o *Options) display() string { return o.Schema + "." + o.Table }
