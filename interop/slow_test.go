package interop

import (
	"fmt"
	"sync/atomic"
	"testing"
)

var gates atomic.Int64

// held begins a request at Express that has loaded the session and waits. With a
// key it changes the session when finish lets it go on; the answer is finish's.
func (v *visitor) held(c *couple, s side, key string) (finish func() answer) {
	v.t.Helper()
	gate := fmt.Sprint("/gates/", gates.Add(1))
	root := c.theirs
	done := make(chan answer, 1)
	go func() { done <- v.get(s, fmt.Sprintf("/slow?gate=%s&key=%s", gate[len("/gates/"):], key)) }()
	v.get(root, gate).is(v.t, 204, "")
	return func() answer {
		v.t.Helper()
		v.post(root, gate).is(v.t, 204, "")
		return <-done
	}
}

// endings are the ways in which Echo ends an id.
var endings = map[string]func(v *visitor, ours side){
	"a logout":     func(v *visitor, ours side) { v.post(ours, "/logout").is(v.t, 204, "") },
	"a rotation":   func(v *visitor, ours side) { v.login(ours, "ann", "string") },
	"a revocation": func(v *visitor, ours side) { v.post(ours, "/logout-everywhere").is(v.t, 204, "") },
}

// slowExpress: what Echo ends while a request of Express is under way stays ended
// on Postgres, whatever that request saves in the end. Redis has nothing that
// could refuse the save, as docs/migrating.md says: there it comes back.
func slowExpress(t *testing.T, c *couple) {
	for _, request := range []struct{ name, settings, key string }{
		{"changes the session", "plain", "late"},
		{"only reads, and touches it", "plain", ""},
		{"only reads, and saves it all the same", "resave", ""},
		{"changes it, under rolling", "rolling", "late"},
	} {
		for how, end := range endings {
			t.Run(request.name+"/"+how, func(t *testing.T) {
				t.Parallel()
				v := newVisitor(t)
				v.login(c.ours, fmt.Sprint("user ", gates.Add(1)), "string") // of its own: a revocation takes all of them
				if how == "a rotation" {
					v.login(c.ours, "ann", "string")
				}
				v.post(c.theirs, "/visit").is(t, 200, `{"visits":1}`)
				cookie := v.cookie(c.ours)
				express := c.settings(request.settings)
				finish := bearing(t, c.ours, cookie).held(c, express, request.key)
				end(v, c.ours)
				finish().is(t, 200, `{"waited":true}`)

				old := bearing(t, c.ours, cookie)
				if saves := request.key != "" || request.settings == "resave"; c.database == "" && saves {
					old.get(c.theirs, "/me").is(t, 200, "*")
					return
				}
				for range 3 {
					old.get(c.theirs, "/me").is(t, 401, "*")
					old.get(c.ours, "/me").is(t, 401, "*")
				}
				if how == "a rotation" {
					v.get(c.theirs, "/me").is(t, 200, `{"user":"ann","visits":1}`)
				}
			})
		}
	}

	// What docs/migrating.md says that Express can lose: its save is the whole
	// document as it was loaded.
	t.Run("it writes over what Echo stored meanwhile", func(t *testing.T) {
		t.Parallel()
		v := newVisitor(t)
		v.login(c.ours, "ann", "string")
		finish := v.held(c, c.theirs, "theirs")
		v.set(c.ours, `{"ours":true}`)
		finish().is(t, 200, `{"waited":true}`)
		for _, s := range []side{c.theirs, c.ours} {
			v.until(c.isLate(s, c.theirs), s, "/get?key=theirs", 200, "true")
			v.until(c.isLate(s, c.theirs), s, "/get?key=ours", 404, "*")
		}
	})
	// But one that only reads writes nothing.
	t.Run("unless it only reads", func(t *testing.T) {
		t.Parallel()
		v := newVisitor(t)
		v.login(c.ours, "ann", "string")
		finish := v.held(c, c.theirs, "")
		v.set(c.ours, `{"ours":true}`)
		finish().is(t, 200, `{"waited":true}`)
		for _, s := range []side{c.theirs, c.ours} {
			v.get(s, "/get?key=ours").is(t, 200, "true")
		}
	})
}
