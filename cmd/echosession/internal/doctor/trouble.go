package doctor

import (
	"context"
	"errors"
	"net"
	"strings"
)

// A trouble is what a check found.
type trouble struct {
	what string // what is wrong
	hint string // how to mend it, in words
	fix  string // the command that does
	mild bool   // a warning, whatever the check's severity
}

func (t *trouble) Error() string { return t.what + "; " + t.hint }

// plain is an error in one line, and of a connection that failed only why: the
// drivers' own texts tell user and database as well.
func plain(err error) string {
	var dns *net.DNSError
	var op *net.OpError
	switch {
	case errors.As(err, &dns):
		return "no such host"
	case errors.As(err, &op) && op.Err != nil:
		return op.Err.Error()
	case errors.Is(err, context.DeadlineExceeded):
		return "no answer in time"
	}
	lines := strings.Split(strings.TrimSpace(err.Error()), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}

// quote is a word for the shell.
func quote(word string) string { return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'" }
