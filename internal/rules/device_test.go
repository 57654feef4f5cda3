package rules_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/echosession/session"
	"github.com/echosession/session/store"
)

const firefox = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:130.0) Gecko/20100101 Firefox/130.0"

// An agent is what a browser calls itself.
type agent struct {
	http.RoundTripper
	name, from string
}

func (a agent) RoundTrip(r *http.Request) (*http.Response, error) {
	r.Header.Set("User-Agent", a.name)
	r.Header.Set("X-From", a.from)
	return a.RoundTripper.RoundTrip(r)
}

// on is a browser of that name, where a user is logged in.
func on(a *app, user, name string) *client {
	a.t.Helper()
	c := a.client()
	c.http.Transport = agent{c.http.Transport, name, "192.0.2.7"}
	c.post("/login?user="+user).want(a.t, 200, "")
	return c
}

func (c *client) handle() string { return c.get("/handle").body }

// devices is what a client sees of its user's.
func (c *client) devices() (devices []session.Device) {
	c.a.t.Helper()
	c.within(func(r *http.Request, s *session.Session) {
		var err error
		if devices, err = s.Devices(r.Context()); err != nil {
			c.a.t.Error(err)
		}
	})
	return devices
}

func TestDevices(t *testing.T) {
	clock := newClock()
	a := newApp(t, newMemory(clock))
	laptop := on(a, "ann", firefox)
	began := clock.now()
	clock.pass(2 * day)
	phone := on(a, "ann", "curl/8.9")
	on(a, "bob", firefox)
	got := phone.devices()
	if len(got) != 2 || got[0].Handle != phone.handle() || got[1].Handle != laptop.handle() {
		t.Fatalf("ann has %+v", got)
	}
	if got[0].Device != "curl/8.9" || got[0].Name() != "curl" || !got[0].Current || got[1].Device != firefox || got[1].Name() != "Firefox on Windows" || got[1].Current {
		t.Errorf("%+v", got)
	}
	if got[0].Address != "" {
		t.Error("an address is kept that nobody asked for:", got[0].Address)
	}
	if !got[1].Created.Equal(began) || !got[1].LastSeen.Equal(began) || !got[1].Expires.Equal(began.Add(7*day)) {
		t.Errorf("the laptop: %+v, began %v", got[1], began)
	}
	laptop.get("/me").want(t, 200, "ann") // which renews it
	if got := phone.devices(); !got[1].LastSeen.Equal(clock.now()) || !got[1].Created.Equal(began) {
		t.Errorf("the laptop, used: %+v", got[1])
	}
	support, err := a.Devices(t.Context(), "ann")
	if err != nil || len(support) != 2 || support[0].Current || support[1].Device != firefox {
		t.Errorf("for support: %+v %v", support, err)
	}
}

// TestLastSeenIsNeverTooLate: not where the absolute lifetime cuts the idle one
// short, and not where a lifetime was made shorter.
func TestLastSeenIsNeverTooLate(t *testing.T) {
	clock := newClock()
	st := newMemory(clock)
	a := newApp(t, st)
	c := on(a, "ann", firefox)
	for range 14 {
		clock.pass(2 * day)
		c.get("/me").want(t, 200, "ann")
	}
	if d := c.devices()[0]; d.LastSeen.After(clock.now()) || d.LastSeen.Before(d.Expires.Add(-7*day)) || d.Expires.After(d.Created.Add(30*day)) {
		t.Errorf("at the end of its absolute lifetime: %+v", d)
	}
	c = on(a, "bob", firefox)
	c.within(func(_ *http.Request, s *session.Session) { s.SetLifetime(time.Hour) })
	if d := c.devices()[0]; d.LastSeen.After(clock.now()) || d.LastSeen.Before(d.Created) {
		t.Errorf("with another lifetime: %+v, now %v", d, clock.now())
	}
	// Someone else has moved its end, and not its lifetime.
	foreign := &store.Record{ID: "foreign", User: "eve", Data: []byte(`{"cookie":{"originalMaxAge":60000}}`), Idle: day}
	if err := st.Create(t.Context(), foreign); err != nil {
		t.Fatal(err)
	}
	if got, err := a.Devices(t.Context(), "eve"); err != nil || len(got) != 1 || got[0].LastSeen.After(clock.now()) {
		t.Errorf("a foreign one: %+v, now %v, %v", got, clock.now(), err)
	}
}

func TestTheAddressIsKeptWhereTheApplicationAllowsIt(t *testing.T) {
	address := func(r *http.Request) string { return r.Header.Get("X-From") }
	st := newMemory(nil)
	a := newApp(t, st, func(c *session.Config) { c.Address = address })
	c := on(a, "ann", firefox)
	if d := c.devices()[0]; d.Address != "192.0.2.7" {
		t.Errorf("%+v", d)
	}
	c.http.Transport = agent{c.http.Transport.(agent).RoundTripper, "", ""}
	c.post("/login?user=ann").want(t, 200, "")
	if d := c.devices()[0]; d.Address != "" || d.Device != "" || d.Name() != "Unknown device" {
		t.Errorf("a login that says nothing leaves what another one said: %+v", d)
	}
}

// TestADeviceIsOneLine: whatever a client calls itself, or someone wrote into
// the table.
func TestADeviceIsOneLine(t *testing.T) {
	st := newMemory(nil)
	a := newApp(t, st)
	on(a, "ann", "a\tb\u202ec\u2028d\xffe "+strings.Repeat("é", 200))
	for i, data := range []string{
		`{"cookie":{},"passport":{"user":"ann"},"_session":{"device":"a\u0000\nb\u001b[31m"}}`,
		`{"cookie":{},"passport":{"user":"ann"},"_session":{"device":7,"address":[]}}`,
		`{"cookie":{},"passport":{"user":"ann"},"_session":5}`,
		`[`,
	} {
		r := &store.Record{ID: "foreign" + string(rune('0'+i)), Handle: string(rune('0' + i)), User: "ann", Data: []byte(data), Idle: time.Hour}
		if err := st.Create(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	got, err := a.Devices(t.Context(), "ann")
	if err != nil || len(got) != 5 {
		t.Fatal(got, err)
	}
	want := map[string]string{"0": "ab[31m", "1": "", "2": "", "3": ""}
	for _, d := range got {
		text, foreign := want[d.Handle]
		switch {
		case foreign && d.Device != text:
			t.Errorf("%s is %q", d.Handle, d.Device)
		case !foreign && (!strings.HasPrefix(d.Device, "abcde é") || len(d.Device) > 256 || len(d.Device) < 255):
			t.Errorf("the client is %q", d.Device)
		}
	}
}

func TestADeviceHasAName(t *testing.T) {
	const webkit = "Mozilla/5.0 (%s) AppleWebKit/537.36 (KHTML, like Gecko) "
	in := func(system, rest string) string { return strings.Replace(webkit, "%s", system, 1) + rest }
	for text, name := range map[string]string{
		"": "Unknown device", " ": "Unknown device", "curl/8.9": "curl", "Go-http-client/1.1": "Go-http-client", "okhttp": "okhttp",
		firefox: "Firefox on Windows",
		in("X11; Linux x86_64", "Chrome/130.0.0.0 Safari/537.36"):                                      "Chrome on Linux",
		in("Windows NT 10.0; Win64; x64", "Chrome/130.0.0.0 Safari/537.36 Edg/130.0.0.0"):              "Edge on Windows",
		in("Linux; Android 14; Pixel 8", "Chrome/130.0.0.0 Mobile Safari/537.36"):                      "Chrome on Android",
		in("iPhone; CPU iPhone OS 18_0 like Mac OS X", "Version/18.0 Mobile/15E148 Safari/604.1"):      "Safari on iPhone",
		in("iPad; CPU OS 18_0 like Mac OS X", "CriOS/130.0 Mobile/15E148 Safari/604.1"):                "Chrome on iPad",
		in("Macintosh; Intel Mac OS X 10_15_7", "Version/18.0 Safari/605.1.15"):                        "Safari on macOS",
		in("X11; CrOS x86_64 14541.0.0", "Chrome/130.0.0.0 Safari/537.36"):                             "Chrome on ChromeOS",
		in("Linux; Android 14; SM-S921B", "SamsungBrowser/26.0 Chrome/122.0.0.0 Mobile Safari/537.36"): "Samsung Internet on Android",
	} {
		if got := (session.Device{Device: text}).Name(); got != name {
			t.Errorf("%q is %q, not %q", text, got, name)
		}
	}
}

// By handle, and never another user's.
func TestASVS_7_5_2_UsersEndTheirOwnSessions(t *testing.T) {
	a := newApp(t, newMemory(nil))
	laptop, phone, tablet, bob := on(a, "ann", firefox), on(a, "ann", ""), on(a, "ann", ""), on(a, "bob", "")
	end := func(c *client, handle string, want bool) answer {
		t.Helper()
		return c.within(func(r *http.Request, s *session.Session) {
			if ended, err := s.EndDevice(r.Context(), handle); ended != want || err != nil {
				t.Errorf("it ended %v, %v", ended, err)
			}
		})
	}
	end(bob, laptop.handle(), false)
	end(laptop, "", false)
	end(laptop, "unknown", false)
	laptop.get("/me").want(t, 200, "ann")
	end(laptop, phone.handle(), true)
	end(laptop, phone.handle(), false)
	phone.get("/me").want(t, 200, "")
	if got := end(tablet, tablet.handle(), true); !takes(got.setCookie(t)) {
		t.Error("ending one's own session leaves its cookie")
	}
	tablet.get("/me").want(t, 200, "")
	laptop.get("/me").want(t, 200, "ann")

	phone, tablet = on(a, "ann", ""), on(a, "ann", "")
	count := func(c *client, want int, end func(*session.Session, *http.Request) (int, error)) {
		t.Helper()
		c.within(func(r *http.Request, s *session.Session) {
			if n, err := end(s, r); n != want || err != nil {
				t.Errorf("%d ended, not %d: %v", n, want, err)
			}
		})
	}
	count(laptop, 2, func(s *session.Session, r *http.Request) (int, error) { return s.EndOthers(r.Context()) })
	laptop.get("/me").want(t, 200, "ann")
	phone.get("/me").want(t, 200, "")
	tablet.get("/me").want(t, 200, "")
	phone = on(a, "ann", "")
	count(laptop, 2, func(s *session.Session, r *http.Request) (int, error) { return s.EndAll(r.Context()) })
	laptop.get("/me").want(t, 200, "")
	phone.get("/me").want(t, 200, "")
	bob.get("/me").want(t, 200, "bob")
}

func TestDevicesOfNobody(t *testing.T) {
	a := newApp(t, newMemory(nil))
	on(a, "ann", "")
	a.client().within(func(r *http.Request, s *session.Session) {
		_, list := s.Devices(r.Context())
		_, one := s.EndDevice(r.Context(), "h")
		_, others := s.EndOthers(r.Context())
		_, all := s.EndAll(r.Context())
		for name, err := range map[string]error{"Devices": list, "EndDevice": one, "EndOthers": others, "EndAll": all} {
			if !errors.Is(err, session.ErrNobody) || session.StatusCode(err) != 401 {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := s.Login("ann"); err != nil {
			t.Error(err)
		}
		if n, err := s.EndOthers(r.Context()); n != 0 || !errors.Is(err, session.ErrValue) {
			t.Errorf("before its login is stored, %d others are ended: %v", n, err)
		}
	})
}
