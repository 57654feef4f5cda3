package telemetry

import (
	"context"
	"errors"

	"github.com/echosession/session/store"
)

// What comes of a call of the store.
const (
	outcomeOK          = "ok"
	outcomeNotFound    = "not_found"
	outcomeExpired     = "expired"
	outcomeConflict    = "conflict"
	outcomeExists      = "exists"
	outcomeRevoked     = "revoked"
	outcomeUnsupported = "unsupported"
	outcomeCanceled    = "canceled" // the client has gone, or the process stops
	outcomeFull        = "full"
	outcomeUnavailable = "unavailable"
	outcomeFailed      = "error"
)

// An outcome is what an error says. The first that fits is it.
var outcomes = []struct {
	name   string
	err    error
	answer bool // the store did its work
}{
	{outcomeExpired, store.ErrExpired, true},
	{outcomeNotFound, store.ErrNotFound, true},
	{outcomeConflict, store.ErrConflict, true},
	{outcomeExists, store.ErrExists, true},
	{outcomeRevoked, store.ErrRevoked, true},
	{outcomeUnsupported, errors.ErrUnsupported, true},
	{outcomeCanceled, context.Canceled, true},
	{outcomeFull, store.ErrFull, false},
	{outcomeUnavailable, store.ErrUnavailable, false},
	{outcomeUnavailable, context.DeadlineExceeded, false},
}

// outcomeOf names what an error says, and whether the store answered.
func outcomeOf(err error) (name string, answer bool) {
	if err == nil {
		return outcomeOK, true
	}
	for _, o := range outcomes {
		if errors.Is(err, o.err) {
			return o.name, o.answer
		}
	}
	return outcomeFailed, false
}

func outcomeNames() []string {
	names := []string{outcomeOK, outcomeFailed}
	for _, o := range outcomes {
		names = append(names, o.name)
	}
	return names
}
