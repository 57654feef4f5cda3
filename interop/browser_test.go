package interop

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"sync"
	"testing"

	"github.com/echosession/session/internal/browser"
	"github.com/echosession/session/internal/testserver"
)

// page shows who is logged in and counts clicks, whichever side answers.
const page = `<!doctype html><html lang="en"><title>Moving</title><link rel="icon" href="data:,">
<p id="who">…</p><button id="visit">Visit</button><button id="login">Log in</button><button id="logout">Log out</button>
<script>
const who = document.getElementById('who');
let clicks = 0;
async function show() {
  const r = await fetch('/me');
  const me = r.ok ? await r.json() : {};
  who.textContent = clicks + ': ' + (r.ok ? me.user + ' ' + me.visits : r.status === 401 ? 'nobody' : r.status);
}
for (const [id, body] of [['visit'], ['login', 'user=ann&password=any'], ['logout']]) {
  document.getElementById(id).onclick = async () => {
    await fetch('/' + id, { method: 'POST', body, headers: body ? { 'Content-Type': 'application/x-www-form-urlencoded' } : {} });
    clicks++;
    await show();
  };
}
show();
</script></html>`

// A switchboard is a proxy that sends each route to one of the sides.
type switchboard struct {
	url string

	mu    sync.Mutex
	sides map[string]side // by path
	asked map[string]string
}

func newSwitchboard(t *testing.T, to side, routes ...string) *switchboard {
	t.Helper()
	b := &switchboard{sides: map[string]side{}, asked: map[string]string{}}
	for _, route := range routes {
		b.sides[route] = to
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.mu.Lock()
		s, moved := b.sides[r.URL.Path]
		b.asked[r.URL.Path] = s.name
		b.mu.Unlock()
		switch {
		case r.URL.Path == "/":
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = io.WriteString(w, page)
		case moved:
			u, _ := url.Parse(s.url)
			(&httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) { p.SetURL(u); p.SetXForwarded() }}).ServeHTTP(w, r)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(srv.Close)
	b.url = srv.URL
	return b
}

func (b *switchboard) move(route string, to side) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sides[route] = to
}

func (b *switchboard) answered(route string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.asked[route]
}

// TestOneBrowser: a browser that logged in at Express stays logged in, and loses
// no click, while one route after the other moves to Echo; it logs out there and
// in again, and the routes move back.
func TestOneBrowser(t *testing.T) {
	t.Parallel()
	pg := testserver.SharedPostgres(t, testserver.PostgresOptions{})
	c := onTable(t, pg, pg.Database(t))
	theirs := c.settings("rolling")
	routes := []string{"/visit", "/login", "/logout", "/me"} // what writes comes first: docs/migrating.md
	board := newSwitchboard(t, theirs, routes...)
	tab := browser.Start(t).NewPage()
	tab.Open(board.url)
	clicks, visits := 0, 0
	shows := func(state string) {
		t.Helper()
		tab.Await(fmt.Sprintf("document.getElementById('who').textContent === '%d: %s'", clicks, state))
	}
	click := func(id, state string) {
		t.Helper()
		clicks++
		tab.Click("#" + id)
		shows(state)
	}
	visit := func() {
		t.Helper()
		visits++
		click("visit", fmt.Sprint("ann ", visits))
	}
	shows("nobody")
	tab.Problems() // the browser notes the 401
	click("login", "ann 0")
	visit()
	for _, there := range []side{c.ours, theirs} {
		for _, route := range routes {
			board.move(route, there)
			visit()
			visit()
			tab.Open(board.url) // and over a reload
			clicks = 0
			shows(fmt.Sprint("ann ", visits))
			if by := board.answered("/me"); route == "/me" && by != there.name {
				t.Errorf("/me was answered by %s", by)
			}
		}
		if problems := tab.Problems(); len(problems) > 0 {
			t.Errorf("the console says %q", problems)
		}
		click("logout", "nobody")
		click("login", "ann 0")
		visits = 0
		visit()
		tab.Problems()
		slices.Reverse(routes)
	}
}
