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

// wrap turns what go-redis reports into the contract's errors. Whatever is not an
// answer of one of our scripts is unavailable: not known. Of an error of the
// server only the code is kept; its text may quote arguments.
func (s *Store) wrap(operation string, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%w: %s: no answer within %s: %w", store.ErrUnavailable, operation, s.o.Timeout, err)
	}
	var answer redis.Error
	if !errors.As(err, &answer) {
		return fmt.Errorf("%w: %s: %w", store.ErrUnavailable, operation, err)
	}
	code, hint := codeOf(answer.Error()), ""
	if text := hints[code]; text != "" {
		hint = ": " + text
	}
	if code == "OOM" {
		return fmt.Errorf("%w: %s: Redis answers %s%s", store.ErrFull, operation, code, hint)
	}
	return fmt.Errorf("%w: %s: Redis answers %s%s", store.ErrUnavailable, operation, code, hint)
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
