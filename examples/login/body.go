package main

import (
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"strconv"
)

// loginForm is the body of a login: a form, or the same as JSON.
type loginForm struct {
	User    string `json:"user"`
	Numeric bool   `json:"numeric"` // the user is a number, as an Express app may want it
}

func readLogin(r *http.Request) (form loginForm, err error) {
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind == "application/json" {
		return form, readJSON(r, &form)
	}
	form.User = r.PostFormValue("user")
	if numeric := r.PostFormValue("numeric"); numeric != "" {
		if form.Numeric, err = strconv.ParseBool(numeric); err != nil {
			return form, refusal{http.StatusBadRequest, "numeric is neither true nor false"}
		}
	}
	return form, nil
}

// readObject reads a JSON object, its values as they stand.
func readObject(r *http.Request) (values map[string]json.RawMessage, err error) {
	if err := readJSON(r, &values); err != nil {
		return nil, err
	}
	if values == nil { // null
		return nil, refusal{http.StatusBadRequest, "the body is not a JSON object"}
	}
	return values, nil
}

// readJSON reads a whole body, of a length that the server bounds.
func readJSON(r *http.Request, into any) error {
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = json.Unmarshal(body, into)
	}
	if err != nil {
		return refusal{http.StatusBadRequest, "the body is not the JSON we take: " + err.Error()}
	}
	return nil
}
