package main

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/echosession/session"
	"github.com/echosession/session/internal/devices"
	"github.com/echosession/session/internal/testserver"
	"github.com/echosession/session/store/open"
)

// visit is a login through the application, which has the settings of e, from an
// address, or from nowhere.
func (e environment) visit(t *testing.T, user, agent, address string) {
	t.Helper()
	b, err := open.FromEnv(t.Context(), e.lookup)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	cfg, err := session.ConfigFromEnv(e.lookup)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Address = func(*http.Request) string { return address }
	m, err := session.New(b.Store, cfg)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("POST", "/", nil)
	r.Header.Set("User-Agent", agent)
	m.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, err := session.FromContext(r.Context())
		if err == nil {
			err = s.Login(user)
		}
		if err == nil {
			err = s.Commit(r.Context())
		}
		if err != nil {
			t.Error(err)
		}
	})).ServeHTTP(httptest.NewRecorder(), r)
}

const firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"

// TestList: where a user is logged in, as the application's own lifetimes tell it,
// and without the secret that signs.
func TestList(t *testing.T) {
	t.Parallel()
	e := migrated(t).with("SESSION_IDLE_TIMEOUT", "2h")
	e.visit(t, "ann", firefox, "")
	e.visit(t, "ann", "\x1b[2J\u202eevil\ttool\r\n"+strings.Repeat("x", 300)+"/1", "")
	e.login(t, "ann", "1") // by another application: it says nothing of a device
	e.exec(t, `UPDATE session SET expire = expire - interval '30 minutes', created_at = created_at - interval '1 day' WHERE sess::text LIKE '%Firefox%'`)
	e = e.with("SESSION_SECRET", "")

	list := decode[devices.List](t, e.run(t, "list", "--user", "ann"))
	if list.User != "ann" || list.Total != 3 || len(list.Sessions) != 3 {
		t.Fatalf("%+v", list)
	}
	oldest := list.Sessions[2]
	if oldest.Name != "Firefox on Linux" || *oldest.Device != firefox || oldest.Address != nil || oldest.Current || oldest.Handle == nil {
		t.Errorf("%+v", oldest)
	}
	if ago := time.Since(oldest.LastSeen); ago < 30*time.Minute || ago > 40*time.Minute || oldest.Expires.Sub(oldest.LastSeen) != 2*time.Hour || time.Since(*oldest.Created) < 23*time.Hour {
		t.Errorf("it was seen %s ago: %+v", ago, oldest)
	}
	if unknown := list.Sessions[0]; unknown.Name != "Unknown device" || unknown.Device != nil {
		t.Errorf("%+v", unknown)
	}
	if hostile := list.Sessions[1]; hostile.Name == "" || len(*hostile.Device) > 256 || strings.ContainsAny(*hostile.Device, "\x1b\u202e\t\n") {
		t.Errorf("%+v", hostile)
	}

	out := e.terminal(t, "", "list", "--user", "ann").out
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	if len(lines) != 4 || !regexp.MustCompile(`^DEVICE +LAST SEEN \(UTC\) +CREATED \(UTC\) +EXPIRES \(UTC\) +HANDLE$`).MatchString(lines[0]) {
		t.Fatal(out)
	}
	const at = ` +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d`
	if !regexp.MustCompile(`^Firefox on Linux` + at + at + at + ` +\S{22}$`).MatchString(lines[3]) {
		t.Error(out)
	}
	for _, line := range lines {
		if len([]rune(line)) > 160 || strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r == '\u202e' }) {
			t.Errorf("a client writes on the terminal: %q", line)
		}
	}

	e.with("SESSION_SECRET", secret).visit(t, "bob", "curl/8.9", "192.0.2.7")
	says(t, e.terminal(t, "", "list", "--user", "bob").out, "DEVICE", "ADDRESS", "curl ", " 192.0.2.7 ")
	if list := decode[devices.List](t, e.run(t, "list", "--user", "bob")); *list.Sessions[0].Address != "192.0.2.7" {
		t.Errorf("%+v", list)
	}
}

// TestListOfExpress: a session that Express made in Redis, and that was changed here
// since, has no handle: it is null, and a dash.
func TestListOfExpress(t *testing.T) {
	t.Parallel()
	r := testserver.StartRedis(t, testserver.RedisOptions{Settings: map[string]string{"appendonly": "yes"}})
	e := environment{"SESSION_STORE": "redis-only", "REDIS_URL": r.URL(), "SESSION_SECRET": secret, "SESSION_SHARE": "express"}
	document := `{"cookie":{"originalMaxAge":3600000},"passport":{"user":"ann"}}`
	if _, err := r.Do("SET", "sess:"+plantedID, document, "EX", "3600"); err != nil {
		t.Fatal(err)
	}
	b, err := open.FromEnv(t.Context(), e.lookup)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	record, err := b.Store.Load(t.Context(), plantedID)
	if err == nil {
		record.Idle, record.Data = time.Hour, []byte(document)
		record.User = "ann"
		err = b.Store.Save(t.Context(), record)
	}
	if err != nil {
		t.Fatal(err)
	}
	says(t, e.run(t, "list", "--user", "ann").out, `"handle": null`, `"device": null`, `"address": null`, `"name": "Unknown device"`)
	if out := e.terminal(t, "", "list", "--user", "ann").out; !regexp.MustCompile(`(?m)^Unknown device .*  -$`).MatchString(out) {
		t.Error(out)
	}
}

// TestDevicesTable: each in its column, also where something is not known.
func TestDevicesTable(t *testing.T) {
	var out strings.Builder
	w := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	devicesTable(w, devices.Of("ann", []session.Device{
		{Handle: "h", Device: firefox, Address: "2001:db8::1", Created: at, LastSeen: at.Add(time.Minute), Expires: at.Add(time.Hour)},
		{LastSeen: at, Expires: at.Add(time.Hour)},
	}, 0, "").Sessions)
	w.Flush()
	const want = `DEVICE            ADDRESS      LAST SEEN (UTC)      CREATED (UTC)        EXPIRES (UTC)        HANDLE
Firefox on Linux  2001:db8::1  2026-03-01 12:01:00  2026-03-01 12:00:00  2026-03-01 13:00:00  h
Unknown device    -            2026-03-01 12:00:00  -                    2026-03-01 13:00:00  -
`
	if out.String() != want {
		t.Errorf("it is\n%s\nnot\n%s", &out, want)
	}
}
