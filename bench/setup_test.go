package bench

import (
	"strconv"
	"testing"
)

// A benchmark of a route that answers anything, or of a cookie nobody accepts,
// would be fast and mean nothing. So each setup has to do what it is measured
// for, on every host.
func TestSetups(t *testing.T) {
	for _, h := range hosts {
		for _, lib := range []library{ours(), scsLibrary(), gorilla()} {
			t.Run(h.name+"/"+lib.name, func(t *testing.T) {
				app := h.serve(lib)
				for _, k := range kinds {
					if !k.in(lib) {
						continue
					}
					t.Run(k.name, func(t *testing.T) { testKind(t, newVisitor(app), k) })
				}
			})
		}
	}
}

func testKind(t *testing.T, v *visitor, k kind) {
	cookie, err := v.login()
	if err != nil {
		t.Fatal(err)
	}
	expect := func(route, cookie, want string) {
		t.Helper()
		if v.at(route, cookie).serve(); v.answered(want) != nil {
			t.Errorf("with what was stored: %v", v.answered(want))
		}
	}
	expect(read, cookie, name)
	expect(count, cookie, "0")

	// Three requests of the kind: a state that wears out would show.
	last := 0
	sent := k.cookie(cookie)
	for round := range 3 {
		v.at(k.route, sent).serve()
		if err := v.answered(k.answer); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		given := len(v.header["Set-Cookie"]) == 1
		before := sent
		sent = v.cookie()
		switch k.name {
		case write, update:
			if v.at(count, sent).serve(); string(v.body) == strconv.Itoa(last) {
				t.Errorf("round %d: nothing was stored, the number is still %d", round, last)
			}
			last, _ = strconv.Atoi(string(v.body))
		case login:
			if sent == before {
				t.Errorf("round %d: the cookie is the same after the login", round)
			}
			expect(read, before, nobody)
			expect(read, sent, name)
		default:
			if given {
				t.Errorf("round %d: a request that changes nothing was given %q", round, v.header["Set-Cookie"])
			}
		}
	}
	if k.name == update && last != 3 {
		t.Errorf("three updates counted to %d", last)
	}
}

// The clients of the whole server check each answer: it is enough to ask.
func TestLoopback(t *testing.T) {
	for _, k := range kinds[:2] {
		for _, lib := range []library{bare(), ours(), scsLibrary()} {
			if !k.in(lib) {
				continue
			}
			t.Run(k.name+"/"+lib.name, func(t *testing.T) {
				crowd := open(t, lib, k)
				crowd.many(2 * connections)
				if err := crowd.err(); err != nil {
					t.Error(err)
				}
				crowd[0].want = "something else"
				if crowd.many(connections); crowd.err() == nil {
					t.Error("a client takes any answer for the right one")
				}
			})
		}
	}
}

// Allocations, unlike time, do not depend on the machine.
func TestAllocations(t *testing.T) {
	for _, h := range hosts {
		base := newVisitor(h.serve(bare())).at(unused, "session=none")
		plain := allocations(base.serve)
		for _, k := range kinds[:2] {
			t.Run(h.name+"/"+k.name, func(t *testing.T) {
				lib := ours()
				v, err := visit(h.serve(lib), lib, k)
				if err != nil {
					t.Fatal(err)
				}
				most := k.allocs
				if k.name != unused {
					most += droppedByRace
				}
				// The rest of the average is a map that grows now and then.
				if over := allocations(v.serve) - plain; over > most+0.3 {
					t.Errorf("the session adds %.1f allocations, at most %.0f are allowed", over, most)
				}
			})
		}
	}
}
