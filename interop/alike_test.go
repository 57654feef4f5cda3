package interop

import (
	"net/http"
	"regexp"
	"testing"
)

var expires = regexp.MustCompile(`Expires=[^;]*`)

// alike: both sides send one and the same cookie, whoever began the session:
// Express takes its attributes from the row.
func alike(t *testing.T, c *couple) {
	rolling := c.settings("rolling")
	line := func(a answer) string {
		lines := a.header["Set-Cookie"]
		if len(lines) != 1 {
			t.Errorf("%s: %d Set-Cookie lines", a.from, len(lines))
			return ""
		}
		if parsed, err := http.ParseSetCookie(lines[0]); err != nil || parsed.Expires.IsZero() {
			t.Errorf("%s: %q: %v", a.from, lines[0], err)
		}
		return expires.ReplaceAllString(lines[0], "Expires=then")
	}
	for _, first := range []side{c.ours, rolling} {
		v := newVisitor(t)
		given := line(v.post(first, "/visit"))
		for _, s := range []side{rolling, c.ours, rolling} {
			if got := line(v.post(s, "/visit")); got != given {
				t.Errorf("begun at %s, %s sends\n%s, and first it was\n%s", first.name, s.name, got, given)
			}
		}
	}
}
