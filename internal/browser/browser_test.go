package browser_test

import (
	"bytes"
	"image/png"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/echosession/session/internal/browser"
)

const html = `<!doctype html><meta name="viewport" content="width=device-width"><title>t</title><button onclick="this.textContent = 'clicked'; console.error('oh')">a button</button>
<input aria-label="a name"><script>addEventListener("keydown", (e) => { window.key = e.key })</script>`

func TestBrowser(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "seen", Value: "1"})
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(html))
	}))
	t.Cleanup(server.Close)
	b := browser.Start(t)
	p, other := b.NewPage(), b.NewPage()
	p.Open(server.URL)
	if !slices.Contains(p.Nodes(), browser.Node{Role: "button", Name: "a button"}) || !slices.Contains(p.Nodes(), browser.Node{Role: "textbox", Name: "a name"}) {
		t.Errorf("it sees %v", p.Nodes())
	}
	p.Problems() // there is no favicon
	p.Click("button")
	p.Await(`document.querySelector("button").textContent === "clicked"`)
	if problems := p.Problems(); len(problems) != 1 {
		t.Errorf("the console: %v", problems)
	}
	p.Eval(`console.log("by the way")`)
	if said := p.Console(); !strings.Contains(said, "by the way") || !strings.Contains(said, `"oh"`) {
		t.Errorf("the console: %s", said)
	}
	p.Click("input")
	p.Type("ann")
	p.Press("Tab")
	if got := p.Eval(`document.querySelector("input").value + window.key`); got != `"annTab"` {
		t.Errorf("it types %s", got)
	}
	p.Look(360, 640, true)
	if got := p.Eval(`[innerWidth, matchMedia("(prefers-color-scheme: dark)").matches].join()`); got != `"360,true"` {
		t.Errorf("it looks like %s", got)
	}
	if picture, err := png.Decode(bytes.NewReader(p.Shot(false))); err != nil || picture.Bounds().Dx() != 360 {
		t.Errorf("the picture: %v", err)
	}
	other.Open("data:text/html,x")
	other.Open(server.URL + "/other")
	if got := p.Eval("document.cookie"); got != `"seen=1"` {
		t.Errorf("the cookies are %s", got)
	}

	t.Run("another test", func(t *testing.T) {
		its := browser.Start(t).NewPage()
		its.Open(server.URL)
		its.Eval(`document.cookie = "its=1"`)
		for _, page := range []*browser.Page{other, its} {
			if got := page.Eval("[document.hasFocus(), document.visibilityState].join()"); got != `"true,visible"` {
				t.Errorf("one of two pages is %s", got)
			}
		}
	})
	if got := p.Eval("document.cookie"); got != `"seen=1"` {
		t.Errorf("after another test the cookies are %s", got)
	}
}
