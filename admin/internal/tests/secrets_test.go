package tests_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// TestNothingSecretIsShown: no id, value, secret or token in any answer or line.
// What a browser shows is looked through in TestThePageOnPostgres.
func TestNothingSecretIsShown(t *testing.T) {
	r := newRig(t, newMemory())
	id, handle := r.askEverything()
	r.keeps(r.shown.String()+r.log.String(), id)
	if !strings.Contains(r.shown.String(), handle) {
		t.Error("nothing is shown at all")
	}
}

// askEverything asks for each resource with the token, and with the cookie of a
// user, whose device calls itself by the id. It returns the user's id and handle.
func (r *rig) askEverything() (id, handle string) {
	cookie, handle := r.login("eve", "a device")
	id = idOf(cookie)
	for _, path := range slices.Backward(slices.Sorted(maps.Keys(resources))) { // the list before the session ends
		method := resources[path]
		path = strings.Replace(path, "user=ann", "user=eve", 1)
		for _, header := range [][]string{{"Authorization", "Bearer " + token}, {"Cookie", cookie}} {
			r.do(method, root+path, `{"handle":"`+handle+`","reason":"x"}`, append(header, "Content-Type", "application/json", "User-Agent", id)...)
		}
	}
	return id, handle
}

// idOf is the id in a session's cookie.
func idOf(cookie string) string {
	_, value, _ := strings.Cut(cookie, "=")
	id, _, _ := strings.Cut(strings.TrimPrefix(value, "s%3A"), ".")
	return id
}

// keeps fails the test if a text holds what nobody may see.
func (r *rig) keeps(text string, ids ...string) {
	r.t.Helper()
	for _, hidden := range append(ids, planted, secret, token) {
		if at := strings.Index(text, hidden); len(hidden) < 10 || at >= 0 {
			r.t.Errorf("%q is shown: …%s…", hidden, text[max(at-200, 0):min(max(at, 0)+200, len(text))])
		}
	}
}
