package interop

import (
	"flag"
	"fmt"
	"sync"
	"testing"
)

// turns is how many requests take turns: a hundred show what a thousand do, and
// "go test -run TestTogether -turns=1000" is for who changes how either side writes.
var turns = flag.Int("turns", 100, "requests that take turns at one session")

// takingTurns: requests that do not overlap lose nothing, whoever makes them; and
// parallel ones of Echo's own lose nothing beside an Express that only reads.
func takingTurns(t *testing.T, c *couple) {
	v := newVisitor(t)
	v.login(c.theirs, "ann", "string")
	const marks = 10
	for n := 1; n <= *turns; n++ {
		s := []side{c.theirs, c.ours}[n%2]
		v.post(s, "/visit").is(t, 200, fmt.Sprintf(`{"visits":%d}`, n))
		if n%marks < 2 { // a key of each side's, to be there in the end
			v.set(s, fmt.Sprintf(`{"turn %d":%d}`, n, n))
		}
		if t.Failed() {
			return
		}
	}
	for _, s := range []side{c.ours, c.theirs} {
		v.until(c.isLate(s, c.theirs), s, "/me", 200, fmt.Sprintf(`{"user":"ann","visits":%d}`, *turns))
		for n := 1; n <= *turns; n++ {
			if n%marks < 2 {
				v.until(c.isLate(s, c.theirs), s, fmt.Sprintf("/get?key=turn%%20%d", n), 200, fmt.Sprint(n))
			}
		}
	}

	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 10 {
				v.post(c.ours, "/visit").is(t, 200, "*")
				v.get(c.theirs, "/me").is(t, 200, "*")
			}
		})
	}
	all.Wait()
	v.get(c.theirs, "/me").is(t, 200, fmt.Sprintf(`{"user":"ann","visits":%d}`, *turns+80))
}
