package tests_test

import (
	"testing"

	"github.com/echosession/session/internal/browser"
)

// held lets a test hold requests of the page back, and count its refreshes to come.
const held = `(() => {
	const fetched = window.fetch, set = window.setTimeout, clear = window.clearTimeout;
	window.holds = ""; window.waiting = []; window.due = new Set();
	window.fetch = (path, options) => window.holds && String(path).startsWith(window.holds)
		? new Promise((go, fail) => window.waiting.push({ go: () => go(fetched(path, options)), fail })) : fetched(path, options);
	window.setTimeout = (f, delay) => { const id = set(() => { window.due.delete(id); f(); }, delay); if (delay === 10_000) window.due.add(id); return id; };
	window.clearTimeout = (id) => { window.due.delete(id); clear(id); };
	window.free = (how) => { window.holds = ""; for (const w of window.waiting.splice(0)) w[how](); };
	return 0;
})()`

// TestThePageSignsOutWhileItAsks: figures that are on their way when somebody signs
// out bring no refresh after it, which would be an attempt without a token. Who
// cannot be signed out stays, and sees new figures.
func TestThePageSignsOutWhileItAsks(t *testing.T) {
	t.Parallel()
	_, url := served(t, newMemory())
	p := browser.Start(t).NewPage()
	signIn(p, url)
	p.Eval(held)
	p.Click("#live")
	p.Click("#live")
	p.Await(`window.due.size === 1`)

	p.Eval(`window.holds = "sign-out", 0`)
	p.Click("#sign-out")
	p.Await(`window.waiting.length === 1`)
	p.Eval(`window.free("fail"), 0`)
	p.Await(shows("The server does not answer."))
	p.Await(`window.due.size === 1`)

	p.Eval(`window.holds = "session-", 0`)
	p.Click("#live")
	p.Click("#live")
	p.Await(`window.waiting.length === 2`)
	p.Click("#sign-out")
	p.Eval(`window.free("go"), 0`)
	p.Await(`!document.getElementById("sign-in").hidden`)
	if due := p.Eval(`window.due.size`); due != "0" {
		t.Error("it refreshes after signing out")
	}
	p.Problems()
}

// TestThePageLooksForNobodyAfterItsHour: a search that meets the end of the sign-in
// is not under way for ever.
func TestThePageLooksForNobodyAfterItsHour(t *testing.T) {
	t.Parallel()
	_, url := served(t, newMemory())
	p := browser.Start(t).NewPage()
	signIn(p, url)
	p.Eval(`fetch("sign-out", { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" }).then((r) => r.status)`)
	p.Click("#user")
	p.Type("ann")
	p.Press("Enter")
	p.Await(`document.activeElement.id === "token"`)
	p.Type(token)
	p.Press("Enter")
	p.Await(`!document.getElementById("board").hidden`)
	if found := p.Eval(`document.getElementById("found").textContent`); found != `""` {
		t.Error("after signing in again:", found)
	}
}

// TestThePageAsksOneThingAtATime: what comes of a change whose question was put away
// leaves the next question open.
func TestThePageAsksOneThingAtATime(t *testing.T) {
	t.Parallel()
	r, url := served(t, newMemory())
	r.login("ann", "curl/8.9")
	r.login("ann", "curl/8.9")
	p := browser.Start(t).NewPage()
	signIn(p, url)
	p.Eval(held)
	p.Click("#user")
	p.Type("ann")
	p.Press("Enter")
	p.Click("#list li:last-child button")
	p.Await(`document.activeElement.id === "reason"`)
	p.Type("Lost device")
	p.Eval(`window.holds = "sessions/revoke", 0`)
	p.Press("Enter")
	p.Await(`window.waiting.length === 1`)
	p.Press("Escape")
	p.Await(`!document.getElementById("confirm").open`)
	p.Click("#end-everyone")
	p.Await(`document.getElementById("confirm").open`)
	p.Eval(`window.free("go"), 0`)
	p.Await(`document.getElementById("said").textContent === "1 session ended."`)
	p.Await(shows("ann is logged in once."))
	if p.Eval(`document.getElementById("confirm").open`) != "true" {
		t.Error("the next question is gone")
	}
	if problems := p.Problems(); len(problems) != 0 {
		t.Errorf("the console: %v", problems)
	}
}
