package tests_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/echosession/session"
	"github.com/echosession/session/admin"
	"github.com/echosession/session/internal/browser"
	"github.com/echosession/session/store"
)

// shots is where pictures of the page are kept, for whoever wants to look:
// ADMIN_SHOTS="$PWD/docs/images" go test ./admin/internal/tests -run Page
var shots = os.Getenv("ADMIN_SHOTS")

// served is a rig at an address, with an admin cookie that travels by http.
func served(t *testing.T, st store.Store, edit ...func(*admin.Options)) (*rig, string) {
	t.Helper()
	r := newRig(t, st, append([]func(*admin.Options){func(o *admin.Options) {
		may, err := admin.Token(token, admin.TokenOptions{Insecure: true})
		must(t, err)
		o.Authorize = may
		o.Health = func(context.Context) admin.Health {
			return admin.Health{Status: "ok", Servers: map[string]error{"postgres": nil, "redis": nil}}
		}
	}}, edit...)...)
	server := httptest.NewServer(r.app)
	t.Cleanup(server.Close)
	return r, server.URL + root
}

// busy is a store as an operator may find it.
func busy() told {
	now := time.Now().UTC()
	days := make([]store.Day, 30)
	for i := range days {
		date := now.AddDate(0, 0, i-29).Truncate(24 * time.Hour)
		days[i] = store.Day{Date: date, Sessions: 40 + 7*i + (i*i*37)%90}
		if w := date.Weekday(); w == time.Saturday || w == time.Sunday {
			days[i].Sessions /= 3
		}
	}
	return told{Store: newMemory(), stats: store.Stats{
		Active: 4812, Expired: 318, LoggedIn: 4377, Users: 3906, Bytes: 9_412_608, Indexes: 2_310_144, OldestAge: 29 * 24 * time.Hour,
		Left: store.Lifetimes{Hour: 41, Day: 522, Three: 1130, More: 3119}, Created: days,
		Basis: map[string]store.Basis{"Users": store.Estimated},
	}, report: store.Report{
		Cleanup: &store.Cleanup{Started: now.Add(-4 * time.Minute), Finished: now.Add(-4*time.Minute + time.Second), Removed: 57},
		Pool:    &store.Pool{InUse: 2, Idle: 6, Max: 20}, Copies: &store.Copies{PollAge: 300 * time.Millisecond}, Prevented: 3,
	}}
}

func (r *rig) count(counts *admin.Counts) {
	for kind, n := range map[session.Kind]int{session.CopyServed: 9613, session.CopyMissed: 402, session.CopyRefused: 77, session.CopyFallback: 5} {
		for range n {
			counts.Event(r.t.Context(), session.Event{Kind: kind})
		}
	}
	for i := range 24 {
		counts.Event(r.t.Context(), session.Event{Kind: session.Pruned, Count: 20 + (i*i*13)%61})
	}
}

// keep writes a picture down, if someone asked for it.
func keep(t *testing.T, p *browser.Page, name string) {
	open := p.Eval(`document.getElementById("confirm").open`) == "true"
	if shots != "" {
		must(t, os.WriteFile(filepath.Join(shots, name+".png"), p.Shot(!open), 0o644))
	}
}

// signIn opens the page, and signs in with the keyboard alone.
func signIn(p *browser.Page, url string) {
	p.Open(url)
	p.Await(`document.activeElement.id === "token"`)
	p.Type(token)
	p.Press("Enter")
	p.Await(`!document.getElementById("board").hidden`)
}

const text = `document.getElementById("board").innerText.replace(/\s+/g, " ")`

func shows(parts ...string) string {
	quoted, _ := json.Marshal(parts)
	return string(quoted) + `.every((part) => (` + text + `).includes(part))`
}

func TestThePage(t *testing.T) {
	t.Parallel()
	counts := &admin.Counts{}
	r, url := served(t, busy(), func(o *admin.Options) { o.Counts = counts })
	r.count(counts)
	firefox, _ := r.login("ann", "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:130.0) Gecko/20100101 Firefox/130.0")
	r.login("ann", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1")
	r.login("ann", "<script>alert(1)</script>")
	bob, _ := r.login("bob", "")
	p := browser.Start(t).NewPage()

	p.Open(url)
	p.Await(`document.activeElement.id === "token"`)
	keep(t, p, "admin-sign-in")
	if problems := p.Problems(); len(problems) != 0 {
		t.Errorf("the console, of who has not signed in: %v", problems)
	}
	p.Type("this is not the token, but it is long")
	p.Press("Enter")
	p.Await(`document.getElementById("sign-in-problem").textContent === "That is not the token."`)
	p.Type(token)
	p.Press("Enter")
	p.Await(shows("Active sessions 4,812 counted", "Users logged in 3,906 estimated, in 4,377 sessions", "Expired 318", "Size 9.4 MB counted, 2.3 MB of it indexes", "Oldest 29 days",
		"Active 4,812 94 %", "By a copy 9,613 95 %", "postgres answers", "2 in use, 6 idle, at most 20", "removed 57 sessions"))
	p.Problems() // of the wrong token
	if cookies := p.Eval("document.cookie"); cookies != `""` {
		t.Error("a script can read", cookies)
	}
	for id, marks := range map[string]int{"whole": 2, "left": 4, "days": 30, "cleanups": 24, "reads": 4} {
		p.Await(`document.querySelectorAll("#` + id + ` rect:not(.track):not(.hit)").length === ` + string(rune('0'+marks/10)) + string(rune('0'+marks%10)) + ` * 1`)
	}
	looks(t, p, "admin")

	p.Click("#user")
	p.Type("ann")
	p.Press("Enter")
	p.Await(shows("ann is logged in 3 times.", "Firefox on Windows", "Safari on iPhone", "<script>alert(1)<"))
	keep(t, p, "admin-user")
	names(t, p)

	p.Click("#list li:last-child button")
	p.Await(`document.getElementById("confirm").open && document.activeElement.id === "reason"`)
	p.Press("Enter") // a reason is required
	p.Await(`document.getElementById("confirm").open`)
	p.Press("Escape")
	p.Await(`!document.getElementById("confirm").open`)
	p.Click("#list li:last-child button")
	p.Await(`document.activeElement.id === "reason"`)
	p.Type("Stolen device")
	names(t, p)
	keep(t, p, "admin-confirm")
	p.Press("Enter")
	p.Await(`document.getElementById("said").textContent === "1 session ended."`)
	p.Await(shows("ann is logged in 2 times."))
	if r.user(firefox) != "" || r.user(bob) != "bob" {
		t.Error("the wrong session has ended")
	}
	p.Click("#end-all")
	p.Await(`document.activeElement.id === "reason"`)
	p.Type("Account closed")
	p.Click("#do-it")
	p.Await(shows("ann is not logged in anywhere."))

	p.Click("#end-everyone")
	p.Await(`document.activeElement.id === "reason"`)
	p.Type("Secret leaked")
	p.Press("Enter") // the word is missing
	p.Click("#word")
	if r.user(bob) != "bob" {
		t.Error("everyone was ended without the word")
	}
	p.Type("everyone")
	p.Press("Enter")
	p.Await(`document.getElementById("said").textContent.endsWith("ended.") && !document.getElementById("confirm").open`)
	if r.user(bob) != "" {
		t.Error("bob is still logged in")
	}
	if !strings.Contains(r.log.String(), `count=1 user=ann handle=`) || !strings.Contains(r.log.String(), `everyone=true reason="Secret leaked"`) {
		t.Errorf("the log: %s", r.log)
	}

	p.Click("#sign-out")
	p.Await(`!document.getElementById("sign-in").hidden`)
	if problems := p.Problems(); len(problems) != 0 {
		t.Errorf("the console: %v", problems)
	}
	p.Open(url)
	p.Await(`!document.getElementById("sign-in").hidden`)
}

// looks goes through the sizes and schemes: nothing is wider than the window.
func looks(t *testing.T, p *browser.Page, name string) {
	t.Helper()
	for _, look := range []struct {
		suffix string
		width  int
		dark   bool
	}{{"-phone", 360, false}, {"-phone-dark", 360, true}, {"-dark", 1280, true}, {"", 1280, false}} {
		p.Look(look.width, 900, look.dark)
		p.Await(`document.documentElement.scrollWidth <= innerWidth && Math.round(document.querySelector("#days svg").getBoundingClientRect().width) === document.getElementById("days").clientWidth`)
		keep(t, p, name+look.suffix)
	}
}

// names checks that whatever one can use, or is an image, has a name.
func names(t *testing.T, p *browser.Page) {
	t.Helper()
	uses := []string{"button", "textbox", "searchbox", "combobox", "image", "link", "dialog", "img", "region", "DisclosureTriangle"}
	seen := 0
	for _, n := range p.Nodes() {
		if slices.Contains(uses, n.Role) {
			seen++
			if strings.TrimSpace(n.Name) == "" {
				t.Errorf("a %s has no name", n.Role)
			}
		}
	}
	if seen < 3 {
		t.Errorf("only %d are seen: %v", seen, p.Nodes())
	}
}

// TestThePageWhenThereIsLittleToShow: an empty store, one that can do nothing,
// one that goes away, and one who may not.
func TestThePageWhenThereIsLittleToShow(t *testing.T) {
	t.Parallel()
	b := browser.Start(t)
	_, empty := served(t, newMemory())
	p := b.NewPage()
	signIn(p, empty)
	p.Await(shows("Active sessions 0", "No sessions yet.", "No active sessions.", "No cleanup by this process yet."))
	keep(t, p, "admin-empty")
	p.Click("#clean")
	p.Await(`document.getElementById("said").textContent === "There was nothing to remove."`)

	_, cannot := served(t, bare{newMemory()})
	p = b.NewPage()
	signIn(p, cannot)
	p.Await(shows("This store cannot count sessions.", "postgres answers"))
	p.Click("#user")
	p.Type("ann")
	p.Press("Enter")
	p.Await(shows("This store cannot find sessions by their user or handle."))

	unknown := told{Store: newMemory(), stats: store.Stats{Basis: map[string]store.Basis{}}}
	for _, field := range []string{"Active", "Expired", "LoggedIn", "Users", "Left", "Created", "Bytes", "Indexes", "OldestAge"} {
		unknown.stats.Basis[field] = store.Unknown
	}
	_, cannot = served(t, unknown)
	p = b.NewPage()
	signIn(p, cannot)
	p.Await(shows("Active sessions Not known this store cannot know"))

	var down atomic.Bool
	_, goes := served(t, newMemory(), func(o *admin.Options) {
		may := o.Authorize
		o.Authorize = admin.AuthorizeFunc(func(r *http.Request) error {
			if down.Load() {
				return session.ErrUnavailable
			}
			return may.Authorize(r)
		})
	})
	p = b.NewPage()
	p.Open(goes)
	p.Await(`!document.getElementById("denied").hidden || !document.getElementById("sign-in").hidden`)

	r, away := served(t, away{newMemory()}, func(o *admin.Options) {
		o.Authorize = admin.AuthorizeFunc(func(*http.Request) error { return nil })
		o.Health = func(context.Context) admin.Health {
			return admin.Health{Status: "unavailable", Servers: map[string]error{"postgres": errors.New("no"), "redis": nil}}
		}
	})
	p = b.NewPage()
	p.Open(away)
	p.Await(shows("The session store is unavailable; nothing is known.", "postgres does not answer"))
	p.Await(`document.getElementById("sign-out").hidden`)
	keep(t, p, "admin-away")
	_ = r

	_, denied := served(t, newMemory(), func(o *admin.Options) {
		o.Authorize = admin.AuthorizeFunc(func(*http.Request) error { return errors.New("no") })
	})
	p = b.NewPage()
	p.Open(denied)
	p.Await(`!document.getElementById("denied").hidden && document.getElementById("board").hidden`)
	keep(t, p, "admin-denied")
}

// TestThePageRefreshesWhileSomeoneLooks: not when it is paused.
func TestThePageRefreshesWhileSomeoneLooks(t *testing.T) {
	t.Parallel()
	st := newMemory()
	r, url := served(t, st)
	p := browser.Start(t).NewPage()
	signIn(p, url)
	p.Await(shows("Active sessions 0"))
	p.Click("#live")
	r.login("ann", "")
	p.Click("#live") // on again: at once
	p.Await(shows("Active sessions 1"))
	r.login("bob", "")
	p.Eval(`Object.defineProperty(document, "hidden", { value: true, configurable: true }) && document.dispatchEvent(new Event("visibilitychange"))`)
	p.Eval(`delete document.hidden && document.dispatchEvent(new Event("visibilitychange"))`)
	p.Await(shows("Active sessions 2"))
}

// TestThePagesFiles: their policy lets nothing else run, and they ask for nothing
// else.
func TestThePagesFiles(t *testing.T) {
	r := newRig(t, newMemory())
	bare := httptest.NewRecorder() // past the mux, which redirects by itself
	r.admin.ServeHTTP(bare, httptest.NewRequest("GET", strings.TrimSuffix(root, "/"), nil))
	is(t, "the page without its slash", bare, 308, `<a href="/api/admin/">Permanent Redirect</a>.`)
	outside := regexp.MustCompile(`(?i)(src|href|action)=["']?(https?:)?//|url\(|@import|\son\w+=|\sstyle=|<style|<script(?: type="module")?>|innerHTML|insertAdjacentHTML|eval\(|https?://[a-z]+\.`)
	for path, kind := range map[string]string{"": "text/html; charset=utf-8", "page.css": "text/css; charset=utf-8", "page.js": "text/javascript; charset=utf-8", "charts.js": "text/javascript; charset=utf-8"} {
		w := r.do("GET", root+path, "")
		policy := w.Header().Get("Content-Security-Policy")
		if w.Code != 200 || w.Header().Get("Content-Type") != kind || w.Header().Get("X-Content-Type-Options") != "nosniff" || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%q: %d %v", path, w.Code, w.Header())
		}
		if !strings.HasPrefix(policy, "default-src 'none'; script-src 'self'; style-src 'self';") || !strings.Contains(policy, "frame-ancestors 'none'") || strings.Contains(policy, "unsafe") {
			t.Errorf("%q: the policy is %s", path, policy)
		}
		body := strings.ReplaceAll(strings.ReplaceAll(w.Body.String(), "http://www.w3.org/2000/svg", ""), "https.", "")
		if found := outside.FindString(body); found != "" {
			t.Errorf("%q holds %q", path, found)
		}
	}
}
