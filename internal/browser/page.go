package browser

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

// A Page is a tab. A failure of its methods ends the test.
type Page struct {
	b       *Browser
	t       testing.TB
	session string

	mu       sync.Mutex
	problems []string
	console  strings.Builder
}

// object is a JSON object.
type object = map[string]any

// NewPage opens a tab with cookies of its own, 1280 pixels wide.
func (b *Browser) NewPage() *Page {
	b.t.Helper()
	p := &Page{b: b, t: b.t}
	var context struct{ BrowserContextID string }
	p.ask("", "Target.createBrowserContext", nil, &context)
	var target struct{ TargetID string }
	p.ask("", "Target.createTarget", object{"url": "about:blank", "browserContextId": context.BrowserContextID}, &target)
	var attached struct{ SessionID string }
	p.ask("", "Target.attachToTarget", object{"targetId": target.TargetID, "flatten": true}, &attached)
	p.session = attached.SessionID
	b.mu.Lock()
	b.pages[p.session] = p
	b.mu.Unlock()
	b.t.Cleanup(func() {
		b.mu.Lock()
		delete(b.pages, p.session)
		b.mu.Unlock()
		_, _ = b.call("", "Target.disposeBrowserContext", object{"browserContextId": context.BrowserContextID}) // nothing is lost with one that has crashed
	})
	for _, domain := range []string{"Page", "Runtime", "Log"} { // not Accessibility, which would work out the whole tree on every change
		p.do(domain+".enable", nil)
	}
	p.Look(1280, 900, false)
	return p
}

func (p *Page) ask(session, method string, params any, into any) {
	p.t.Helper()
	result, err := p.b.call(session, method, params)
	if err == nil && into != nil {
		err = json.Unmarshal(result, into)
	}
	must(p.t, err)
}

func (p *Page) do(method string, params any) {
	p.t.Helper()
	p.ask(p.session, method, params, nil)
}

// event keeps what the page says, and apart from it what goes wrong there.
func (p *Page) event(method string, params json.RawMessage) {
	text := string(params)
	if method == "Runtime.exceptionThrown" || method == "Runtime.consoleAPICalled" || method == "Log.entryAdded" {
		p.mu.Lock()
		p.console.WriteString(text + "\n")
		p.mu.Unlock()
	}
	switch method {
	case "Runtime.exceptionThrown":
	case "Runtime.consoleAPICalled":
		if !strings.Contains(text, `"type":"error"`) && !strings.Contains(text, `"type":"warning"`) {
			return
		}
	case "Log.entryAdded":
		if !strings.Contains(text, `"level":"error"`) && !strings.Contains(text, `"level":"warning"`) {
			return
		}
	default:
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.problems = append(p.problems, text[:min(len(text), 300)])
}

// Problems are the errors and warnings of the console since the last call.
func (p *Page) Problems() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	problems := p.problems
	p.problems = nil
	return problems
}

// Console is all that the page has written there, and what is wrong with it, as the
// protocol tells it.
func (p *Page) Console() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.console.String()
}

// Look sets the size of the window, and whether the user prefers dark.
func (p *Page) Look(width, height int, dark bool) {
	p.t.Helper()
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	p.do("Emulation.setDeviceMetricsOverride", object{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600})
	p.do("Emulation.setEmulatedMedia", object{"features": []object{
		{"name": "prefers-color-scheme", "value": scheme}, {"name": "prefers-reduced-motion", "value": "reduce"}}})
}

// Open goes to an address, and returns when the page is loaded.
func (p *Page) Open(url string) {
	p.t.Helper()
	p.do("Page.navigate", object{"url": url})
	p.Await("document.readyState === 'complete' && location.href !== 'about:blank'")
}

func (p *Page) eval(expression string) (json.RawMessage, error) {
	var answer struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails *struct {
			Exception struct{ Description string }
		}
	}
	result, err := p.b.call(p.session, "Runtime.evaluate", object{"expression": expression, "returnByValue": true, "awaitPromise": true})
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(result, &answer); err != nil {
		return nil, err
	}
	if answer.ExceptionDetails != nil {
		return nil, errors.New(answer.ExceptionDetails.Exception.Description)
	}
	return answer.Result.Value, nil
}

// Eval is the JSON of a JavaScript expression.
func (p *Page) Eval(expression string) string {
	p.t.Helper()
	value, err := p.eval(expression)
	if err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
	return string(value)
}

// Await waits until a JavaScript expression is true.
func (p *Page) Await(expression string) {
	p.t.Helper()
	var value json.RawMessage
	var err error
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if value, err = p.eval(expression); err == nil && string(value) == "true" {
			return
		}
	}
	text, _ := p.eval("document.body.innerText")
	p.t.Fatalf("it does not come true: %s: %s %v\n%s\n%v", expression, value, err, text, p.Problems())
}

// Click clicks on the middle of what a selector finds, as a mouse does, once it
// is there.
func (p *Page) Click(selector string) {
	p.t.Helper()
	p.Await(fmt.Sprintf("!!document.querySelector(%q) && !document.querySelector(%q).disabled", selector, selector))
	var at struct{ X, Y float64 }
	text := p.Eval(fmt.Sprintf(`(() => { const e = document.querySelector(%q); e.scrollIntoView({block: "center"});
		const r = e.getBoundingClientRect(); return {x: r.x + r.width / 2, y: r.y + r.height / 2}; })()`, selector))
	must(p.t, json.Unmarshal([]byte(text), &at))
	for _, kind := range []string{"mousePressed", "mouseReleased"} {
		p.do("Input.dispatchMouseEvent", object{"type": kind, "x": at.X, "y": at.Y, "button": "left", "clickCount": 1})
	}
}

// Type writes into what has the focus.
func (p *Page) Type(text string) {
	p.t.Helper()
	p.do("Input.insertText", object{"text": text})
}

// Press presses a key: Tab, Enter, Escape.
func (p *Page) Press(key string) {
	p.t.Helper()
	code := map[string]int{"Tab": 9, "Enter": 13, "Escape": 27}[key]
	down := object{"type": "keyDown", "key": key, "code": key, "windowsVirtualKeyCode": code}
	if key == "Enter" {
		down["text"] = "\r"
	}
	p.do("Input.dispatchKeyEvent", down)
	p.do("Input.dispatchKeyEvent", object{"type": "keyUp", "key": key, "code": key, "windowsVirtualKeyCode": code})
}

// Shot is a picture, as PNG: of the whole page, or of what the window shows.
func (p *Page) Shot(whole bool) []byte {
	p.t.Helper()
	var shot struct{ Data string }
	p.ask(p.session, "Page.captureScreenshot", object{"format": "png", "captureBeyondViewport": whole}, &shot)
	png, err := base64.StdEncoding.DecodeString(shot.Data)
	must(p.t, err)
	return png
}

// A Node is what assistive technology sees.
type Node struct{ Role, Name string }

// Nodes is the accessibility tree, flat, without what it leaves out.
func (p *Page) Nodes() (nodes []Node) {
	p.t.Helper()
	type value struct{ Value any }
	var tree struct {
		Nodes []struct {
			Ignored    bool
			Role, Name value
		}
	}
	p.ask(p.session, "Accessibility.getFullAXTree", nil, &tree)
	for _, n := range tree.Nodes {
		if !n.Ignored {
			name, _ := n.Name.Value.(string)
			nodes = append(nodes, Node{fmt.Sprint(n.Role.Value), name})
		}
	}
	return nodes
}
