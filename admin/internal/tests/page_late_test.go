package tests_test

import (
	"context"
	"testing"

	"github.com/echosession/session/internal/browser"
	"github.com/echosession/session/store"
	memstore "github.com/echosession/session/store/memory"
)

// slow is a store that answers for ann when it is told to.
type slow struct {
	*memstore.Store
	asked, answer chan struct{}
}

func (s slow) Sessions(ctx context.Context, user string) ([]*store.Record, error) {
	if user == "ann" {
		s.asked <- struct{}{}
		<-s.answer
	}
	return s.Store.Sessions(ctx, user)
}

// TestThePageForgetsWhatComesLate: an answer for somebody else than whom it was
// asked for last is not shown, and none to a page that is signed out.
func TestThePageForgetsWhatComesLate(t *testing.T) {
	t.Parallel()
	st := slow{newMemory(), make(chan struct{}), make(chan struct{})}
	r, url := served(t, st)
	r.login("ann", "curl/8.9")
	r.login("bob", "curl/8.9")
	p := browser.Start(t).NewPage()
	// An answer is counted when the page has dealt with it.
	const count = `window.late = 0; const before = window.fetch; window.fetch = (...a) => before(...a).then((r) => { if (String(a[0]).includes("user=ann")) setTimeout(() => window.late++, 100); return r; })`
	find := func(user string) {
		p.Eval(`(document.getElementById("user").value = "` + user + `", document.getElementById("find").requestSubmit(), 0)`)
	}
	signIn(p, url)
	p.Eval(`(() => { ` + count + ` })()`)

	find("ann")
	<-st.asked
	find("bob")
	p.Await(shows("bob is logged in once."))
	st.answer <- struct{}{}
	p.Await(`window.late === 1`)
	p.Await(shows("bob is logged in once."))

	find("ann")
	<-st.asked
	p.Click("#sign-out")
	p.Await(`!document.getElementById("sign-in").hidden`)
	st.answer <- struct{}{}
	p.Await(`window.late === 2 && document.getElementById("list").children.length === 0 && document.getElementById("found").textContent === ""`)
}
