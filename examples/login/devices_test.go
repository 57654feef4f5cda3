package main

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/echosession/session/internal/browser"
)

// called is a client that calls itself something.
func (p *process) called(t *testing.T, agent string) *client {
	c := p.client(t)
	c.headers = map[string]string{"User-Agent": agent}
	return c
}

func (c *client) devices(t *testing.T) (devices []device) {
	t.Helper()
	a := c.get("/devices")
	if err := json.Unmarshal([]byte(a.body), &devices); err != nil || a.status != 200 {
		t.Fatalf("GET /devices: %d %s", a.status, a.body)
	}
	return devices
}

func TestDevices(t *testing.T) {
	const gone = `{"message":"you have no such session"}`
	for _, echo := range echoes {
		t.Run("Echo "+echo, func(t *testing.T) {
			t.Parallel()
			p := startProgram(t, "ECHO="+echo)
			for path, method := range map[string]string{"/devices": "GET", "/devices/end": "POST", "/devices/end-others": "POST"} {
				p.client(t).do(method, path, "", "").is(t, path+" of a visitor", 401, nobody)
			}
			laptop := p.called(t, "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0")
			phone, bob := p.called(t, "curl/8.9"), p.client(t)
			laptop.post("/login", asForm, "user=ann")
			phone.post("/login", asForm, "user=ann")
			bob.post("/login", asForm, "user=bob")
			d := laptop.devices(t)
			if len(d) != 2 || d[0].Name != "curl" || d[0].Current || d[1].Name != "Firefox on Linux" || !d[1].Current {
				t.Fatalf("%+v", d)
			}
			end := "handle=" + d[0].Handle
			bob.post("/devices/end", asForm, end).is(t, "bob ends ann's", 404, gone)
			phone.get("/me").is(t, "the phone", 200, `{"user":"ann","visits":0}`)
			laptop.post("/devices/end", asForm, "").is(t, "no handle", 404, gone)
			laptop.post("/devices/end", asForm, end).is(t, "the phone's", 204, "")
			laptop.post("/devices/end", asForm, end).is(t, "once more", 404, gone)
			phone.get("/me").is(t, "the phone", 401, nobody)
			phone.post("/login", asForm, "user=ann")
			p.client(t).post("/login", asForm, "user=ann")
			laptop.post("/devices/end-others", "", "").is(t, "the others", 200, `{"ended":2}`)
			phone.get("/me").is(t, "the phone", 401, nobody)
			laptop.post("/devices/end", asForm, "handle="+d[1].Handle).is(t, "its own", 204, "")
			laptop.get("/me").is(t, "the laptop", 401, nobody)
			bob.get("/me").is(t, "bob", 200, `{"user":"bob","visits":0}`)
		})
	}
}

// TestTheDevicesOnThePage: in a browser, which is logged out by support at last.
func TestTheDevicesOnThePage(t *testing.T) {
	t.Parallel()
	p := startProgram(t, "ECHO=5", "ADMIN_TOKEN="+adminToken)
	phone := p.called(t, "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1")
	tablet := p.client(t)
	page := browser.Start(t).NewPage()
	page.Open(p.url)
	page.Click("#user")
	page.Type("ann")
	page.Press("Enter")
	page.Await(`document.body.innerText.includes("Hello, ann")`)
	phone.post("/login", asForm, "user=ann")
	tablet.post("/login", asForm, "user=ann")
	page.Open(p.url)
	page.Await(`document.querySelectorAll(".devices li").length === 3 && document.querySelectorAll(".tag").length === 1`)
	for _, width := range []int{360, 900} {
		page.Look(width, 900, false)
		page.Await(`document.documentElement.scrollWidth <= innerWidth`)
		if shots := os.Getenv("LOGIN_SHOTS"); shots != "" {
			if err := os.WriteFile(shots, page.Shot(true), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	page.Click(`[aria-label="End the session on Safari on iPhone"]`)
	page.Await(`document.querySelectorAll(".devices li").length === 2`)
	phone.get("/me").is(t, "the phone", 401, nobody)
	tablet.get("/me").is(t, "the tablet", 200, `{"user":"ann","visits":0}`)
	page.Click(".devices > form button")
	page.Await(`document.querySelectorAll(".devices li").length === 1`)
	tablet.get("/me").is(t, "the tablet", 401, nobody)
	if problems := page.Problems(); len(problems) != 0 {
		t.Errorf("the console: %v", problems)
	}
	p.operator(t).revoke(t, `{"user":"ann","reason":"stolen laptop"}`, `{"revoked":1}`)
	page.Open(p.url)
	page.Await(`document.body.innerText.includes("You are not signed in")`)
}
