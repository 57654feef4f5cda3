package bench

import "time"

// A kind is one kind of request: the route, the cookie it is sent with, the
// answer that proves it did what it is measured for.
type kind struct {
	name   string
	route  string
	cookie func(valid string) string
	answer string

	// What this library may add to bare Echo, at most; 0 where nobody has said.
	goal   time.Duration
	allocs float64
}

func own(valid string) string { return valid }
func none(string) string      { return "" }

// forged changes one letter near the end of the signature.
func forged(valid string) string {
	at := len(valid) - 4
	letter := "A"
	if valid[at:at+1] == letter {
		letter = "B"
	}
	return valid[:at] + letter + valid[at+1:]
}

var kinds = []kind{
	{name: unused, route: unused, cookie: own, answer: done, goal: 250 * time.Nanosecond, allocs: 2},
	{name: read, route: read, cookie: own, answer: name, goal: 2500 * time.Nanosecond, allocs: 12},
	{name: write, route: write, cookie: own, answer: done},
	{name: update, route: update, cookie: own, answer: done},
	{name: login, route: login, cookie: own, answer: done},
	{name: "anonymous", route: read, cookie: none, answer: nobody},
	{name: "forged", route: read, cookie: forged, answer: nobody},
}

// in reports whether a library has what such a request needs. bare has no
// session that could be read, gorilla/sessions answers a forged cookie by an
// error.
func (k kind) in(lib library) bool {
	_, ok := lib.steps[k.route]
	return ok && (lib.name != "gorilla" || k.answer != nobody)
}
