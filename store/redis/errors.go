package redisstore

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/echosession/session/store"
)

// hints say what to do about errors of the server that a person has to mend.
var hints = map[string]string{
	"WRONGPASS": "user or password is wrong; check the client's options",
	"NOAUTH":    "the server asks for a password; set it in the client's options",
	"NOPERM":    "the user lacks a right; allow it scripts and the keys of the prefix and of " + namespace + "*",
	"OOM":       "its memory is full and it evicts nothing; raise maxmemory",
	"READONLY":  "the server is a replica; use the primary's address, or a Sentinel client",
	"CROSSSLOT": "the server is part of a Cluster; open it with redis.NewClusterClient",
	"MOVED":     "the server is part of a Cluster; open it with redis.NewClusterClient",
}

// A reply is an error that the server answered with. Of its text only the code is
// kept: the rest may quote what it was sent, a session's id among it.
type reply struct{ code string }

func (r reply) Error() string {
	if hint := hints[r.code]; hint != "" {
		return "Redis answers " + r.code + ": " + hint
	}
	return "Redis answers " + r.code
}

// told is an error as it may be told. That there is nothing at a key stays redis.Nil.
func told(err error) error {
	var answer redis.Error
	if errors.Is(err, redis.Nil) || !errors.As(err, &answer) {
		return err
	}
	return reply{codeOf(answer.Error())}
}

// wrap turns what go-redis reports into the contract's errors. Whatever is not an
// answer of one of our scripts is unavailable: not known.
func (s *Store) wrap(operation string, err error) error {
	err = told(err)
	var answer reply
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%w: %s: no answer within %s: %w", store.ErrUnavailable, operation, s.o.Timeout, err)
	case errors.As(err, &answer) && answer.code == "OOM":
		return fmt.Errorf("%w: %s: %w", store.ErrFull, operation, err)
	}
	return fmt.Errorf("%w: %s: %w", store.ErrUnavailable, operation, err)
}

// codeOf is the first word of an error, or of the one that a script met.
func codeOf(text string) string {
	for _, code := range []string{"OOM", "READONLY", "NOPERM", "MISCONF", "NOREPLICAS"} {
		if strings.Contains(text, code+" ") {
			return code
		}
	}
	code, _, _ := strings.Cut(text, " ")
	if code == "" || len(code) > 20 || code != strings.ToUpper(code) {
		return "an error"
	}
	return code
}

// refusal is the error that a script's status stands for.
func refusal(status string) error {
	switch status {
	case "conflict":
		return store.ErrConflict
	case "exists":
		return store.ErrExists
	case "handle":
		return fmt.Errorf("redisstore: %w: the handle is another session's", store.ErrExists)
	case "refused":
		return store.ErrRevoked
	case "expired":
		return store.ErrExpired
	}
	return store.ErrNotFound
}
