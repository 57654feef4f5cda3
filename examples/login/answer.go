package main

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/echosession/session"
)

// A refusal is an error that the client may read.
type refusal struct {
	status int
	reason string
}

func (r refusal) Error() string { return r.reason }

// explain is the status and the text that answer an error. What a session
// refuses to store is the client's to know; session errors hold no data. All
// else gets its status and no more: 503 when the store is away, 401 when the
// session ended meanwhile.
func explain(err error) (status int, text string) {
	if r, ok := errors.AsType[refusal](err); ok {
		return r.status, r.reason
	}
	for _, refused := range []error{session.ErrKey, session.ErrValue, session.ErrType, session.ErrTooLarge} {
		if errors.Is(err, refused) {
			return http.StatusBadRequest, err.Error()
		}
	}
	return session.StatusCode(err), session.StatusText(err)
}

// writeJSON answers with a value, or with JSON as it stands.
func writeJSON(w http.ResponseWriter, value any) error {
	body, ready := value.(json.RawMessage)
	if !ready {
		var err error
		if body, err = json.Marshal(value); err != nil {
			return err
		}
	}
	w.Header().Set("Content-Type", "application/json")
	_, err := w.Write(body)
	return err
}
