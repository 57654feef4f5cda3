package interop

import (
	"fmt"
	"testing"
)

// shared: whoever logs in at either side is known at both, with all data, and so
// is what either changes; and a logout at either ends it at both.
func shared(t *testing.T, c *couple) {
	for _, settings := range []string{"plain", "rolling", "resave", "rolling-resave"} {
		theirs := c.settings(settings)
		for _, first := range []side{theirs, c.ours} {
			for kind, user := range map[string]struct{ name, atExpress, atEcho string }{
				"string": {"ann", `"ann"`, `"ann"`},
				"number": {"7", `7`, `"7"`},
				"object": {"ann", `{"id":"ann","roles":["reader"]}`, `"{\"id\":\"ann\",\"roles\":[\"reader\"]}"`},
			} {
				if kind == "object" && first == c.ours {
					continue // such a user is made by an app's serializeUser only
				}
				known := map[side]string{theirs: `{"user":` + user.atExpress, c.ours: `{"user":` + user.atEcho}
				t.Run(settings+"/login at "+first.name+"/"+kind, func(t *testing.T) {
					t.Parallel()
					both := []side{theirs, c.ours}
					for _, last := range both {
						share(t, c, both, known, first, last, user.name, kind)
					}
				})
			}
		}
	}
}

// share logs in at first, and out at last.
func share(t *testing.T, c *couple, both []side, known map[side]string, first, last side, user, kind string) {
	v := newVisitor(t)
	v.post(first, "/visit").is(t, 200, `{"visits":1}`) // before the login, and kept over it
	v.login(first, user, kind)
	visits, by := 1, first
	for range 2 {
		for _, s := range both {
			v.until(c.isLate(s, by), s, "/me", 200, fmt.Sprintf(`%s,"visits":%d}`, known[s], visits))
			visits, by = visits+1, s
			v.post(s, "/visit").is(t, 200, fmt.Sprintf(`{"visits":%d}`, visits))
		}
	}
	for _, s := range both {
		v.set(s, `{"n":null,"f":1.5,"text":"<\u2028é😀>","deep":{"list":[1,"2",null,{}]},"__x":"`+s.name+`"}`)
		for _, asked := range both {
			v.until(c.isLate(asked, s), asked, "/get?key=__x", 200, `"`+s.name+`"`)
			for key, value := range map[string]string{"n": "null", "f": "1.5", "deep": `{"list":[1,"2",null,{}]}`} {
				v.until(c.isLate(asked, s), asked, "/get?key="+key, 200, value)
			}
		}
	}

	cookie := v.cookie(first)
	v.post(last, "/logout").is(t, 204, "")
	for _, s := range both {
		v.until(c.isLate(s, last), s, "/me", 401, "*")
		bearing(t, s, cookie).until(c.isLate(s, last), s, "/me", 401, "*")
	}
}

// passportsOwnLogout keeps a session, and the user is out at both sides; a login
// at Echo on what it leaves is known at both again.
func passportsOwnLogout(t *testing.T, c *couple) {
	v := newVisitor(t)
	v.login(c.ours, "ann", "string")
	v.get(c.theirs, "/me").is(t, 200, `{"user":"ann","visits":0}`)
	before := v.cookie(c.ours)
	v.post(c.theirs, "/passport-logout").is(t, 204, "")
	v.until(c.late, c.ours, "/me", 401, "*")
	bearing(t, c.ours, before).until(c.late, c.ours, "/me", 401, "*")
	v.get(c.theirs, "/me").is(t, 401, "*")

	v.login(c.ours, "bob", "string")
	v.get(c.theirs, "/me").is(t, 200, `{"user":"bob","visits":0}`)
	v.until(c.late, c.ours, "/me", 200, `{"user":"bob","visits":0}`)
}

// nobody: what Express leaves where nobody is logged in is nobody here, and no
// error.
func nobody(t *testing.T, c *couple) {
	for _, passport := range []string{`null`, `{}`, `{"user":null}`, `""`, `[]`} {
		v := newVisitor(t)
		v.set(c.theirs, `{"passport":`+passport+`}`)
		v.get(c.ours, "/me").is(t, 401, "*")
		v.post(c.ours, "/visit").is(t, 200, `{"visits":1}`)
		v.get(c.theirs, "/get?key=visits").is(t, 200, "1")
		v.get(c.theirs, "/me").is(t, 401, "*")
		v.login(c.ours, "7", "number")
		v.get(c.theirs, "/me").is(t, 200, `{"user":7,"visits":1}`)
	}
}
