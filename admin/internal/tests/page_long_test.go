package tests_test

import (
	"strings"
	"testing"

	"github.com/echosession/session/internal/browser"
)

// TestThePageHoldsALongName: the longest name there may be, of one word, breaks
// nothing on a phone: what ends its sessions stays within reach.
func TestThePageHoldsALongName(t *testing.T) {
	t.Parallel()
	r, url := served(t, newMemory())
	name := strings.Repeat("W", 255)
	r.login(name, "")
	p := browser.Start(t).NewPage()
	p.Look(360, 740, false)
	signIn(p, url)
	p.Click("#user")
	p.Type(name)
	p.Press("Enter")
	p.Await(shows(name + " is logged in once."))
	const wide = `document.documentElement.scrollWidth`
	if width := p.Eval(wide); width != "360" {
		t.Error("the page is wider than the phone:", width)
	}
	p.Click("#end-all")
	p.Await(`document.getElementById("confirm").open`)
	const sides = `(() => { const d = document.getElementById("confirm"); return d.scrollWidth - d.clientWidth })()`
	if over := p.Eval(sides); over != "0" {
		t.Error("the question is wider than its box:", over)
	}
}
