package tests_test

import (
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/echosession/session/store"
)

type listed struct {
	User     string
	Total    int
	Sessions []struct {
		Handle, Name, Device       string
		Created, LastSeen, Expires time.Time
		Current                    bool
	}
}

func TestTheListOfAUser(t *testing.T) {
	r := newRig(t, newMemory())
	cookie, first := r.login("ann", "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:130.0) Gecko/20100101 Firefox/130.0")
	_, second := r.login("ann", "curl/8.9")
	r.login("bob", "")
	got := read[listed](t, r.do("GET", root+"sessions?user=ann", "", "Authorization", "Bearer "+token, "Cookie", cookie))
	if got.User != "ann" || got.Total != 2 || len(got.Sessions) != 2 {
		t.Fatalf("%+v", got)
	}
	newest, oldest := got.Sessions[0], got.Sessions[1]
	if newest.Handle != second || oldest.Handle != first || newest.Name != "curl" || oldest.Name != "Firefox on Windows" || newest.Current || !oldest.Current {
		t.Errorf("%+v", got.Sessions)
	}
	if oldest.LastSeen.Before(oldest.Created) || oldest.Expires.Sub(oldest.LastSeen) != 7*24*time.Hour {
		t.Errorf("%+v", oldest)
	}
	is(t, "of nobody", r.get("sessions?user=eve"), 200, `{"user":"eve","total":0,"sessions":[]}`)
	is(t, "of no name", r.get("sessions"), 400, `{"error":"whose sessions? Add ?user="}`)
	for _, user := range []string{"a%00b", "%ff", strings.Repeat("x", 256)} {
		if w := r.get("sessions?user=" + user); w.Code != 400 {
			t.Errorf("of %.10s: %d %s", user, w.Code, w.Body)
		}
	}
}

func TestASVS_7_4_5_SupportEndsSessions(t *testing.T) {
	r := newRig(t, newMemory())
	cookies, handles := map[string]string{}, map[string]string{}
	for _, name := range []string{"ann", "ann2", "bob", "bob2", "cid"} {
		cookies[name], handles[name] = r.login(strings.TrimSuffix(name, "2"), "")
	}
	left := func(sentence string, names ...string) {
		t.Helper()
		for name, cookie := range cookies {
			if in := r.user(cookie) != ""; in != strings.Contains(strings.Join(names, " ")+" ", name+" ") {
				t.Errorf("%s: %s is logged in: %v", sentence, name, in)
			}
		}
	}
	is(t, "another user's handle", r.post("sessions/revoke", `{"handle":"`+handles["ann"]+`","user":"bob","reason":"lost"}`), 200, `{"revoked":0}`)
	left("another user's handle", "ann", "ann2", "bob", "bob2", "cid")
	is(t, "a handle", r.post("sessions/revoke", `{"handle":"`+handles["ann"]+`","reason":"lost"}`), 200, `{"revoked":1}`)
	left("a handle", "ann2", "bob", "bob2", "cid")
	is(t, "a handle once more", r.post("sessions/revoke", `{"handle":"`+handles["ann"]+`","reason":"lost"}`), 200, `{"revoked":0}`)
	form := url.Values{"user": {"bob"}, "reason": {"stolen\nlaptop\u202e"}}.Encode()
	is(t, "a user, by a form", r.do("POST", root+"sessions/revoke", form, "Authorization", "Bearer "+token, "Content-Type", "application/x-www-form-urlencoded"), 200, `{"revoked":2}`)
	left("a user", "ann2", "cid")
	is(t, "everyone", r.post("sessions/revoke", `{"everyone":true,"reason":"key leaked"}`), 200, `{"revoked":2}`)
	left("everyone")
	for _, line := range []string{
		`event=authz_admin method=POST path=/api/admin/sessions/revoke actor=sue action=sessions_revoke outcome=done count=1 user="" handle=` + handles["ann"] + ` everyone=false reason=lost`,
		`count=2 user=bob handle="" everyone=false reason="stolen laptop"`,
		`count=2 user="" handle="" everyone=true reason="key leaked"`,
	} {
		if !strings.Contains(r.log.String(), line) {
			t.Errorf("the log does not hold %s\n%s", line, r.log)
		}
	}
}

func TestRevocationsThatAreRefused(t *testing.T) {
	r := newRig(t, newMemory())
	cookie, _ := r.login("ann", "")
	const asForm = "application/x-www-form-urlencoded"
	for _, c := range []struct{ kind, body, says string }{
		{"application/json", `{"reason":"x"}`, "name whom to end"},
		{"application/json", `{"user":"","reason":"x"}`, "name whom to end"},
		{"application/json", `{"everyone":true,"user":"ann","reason":"x"}`, "name whom to end"},
		{"application/json", `{"user":"ann"}`, "say why"},
		{"application/json", `{"user":"ann","reason":" \n "}`, "say why"},
		{"application/json", `{"user":"ann","reason":"` + strings.Repeat("x", 201) + `"}`, "201 characters"},
		{"application/json", `{"user":"ann","handel":"x","reason":"x"}`, "not a JSON object of"},
		{"application/json", `{"user":"ann","reason":"x"} {}`, "something after"},
		{"application/json", `{"user":"a\u0000","reason":"x"}`, "not valid text"},
		{"application/json", `["ann"]`, "not a JSON object of"},
		{"application/json", ``, "not a JSON object of"},
		{"application/json", `{"user":"ann","reason":"` + strings.Repeat(" ", 20<<10) + `x"}`, "not a JSON object of"},
		{"text/plain", `{"user":"ann","reason":"x"}`, "send JSON"},
		{asForm, "user=ann&user=bob&reason=x", "each field once"},
		{asForm, "user=ann&handel=x&reason=x", "the fields are"},
		{asForm, "everyone=perhaps&reason=x", "neither true nor false"},
		{asForm, "user=%zz", "not a form"},
	} {
		w := r.do("POST", root+"sessions/revoke?user=ann&reason=x", c.body, "Authorization", "Bearer "+token, "Content-Type", c.kind)
		if w.Code != 400 || !strings.Contains(w.Body.String(), c.says) {
			t.Errorf("%.60s: %d %s", c.body, w.Code, w.Body)
		}
	}
	if r.user(cookie) != "ann" || strings.Contains(r.log.String(), "authz_admin") {
		t.Errorf("something was done: %s", r.log)
	}
}

func TestCleanup(t *testing.T) {
	st := newMemory()
	r := newRig(t, st)
	cookie, _ := r.login("ann", "")
	for _, id := range []string{"a", "b", "c"} {
		must(t, st.Create(t.Context(), &store.Record{ID: id, Data: []byte(`{}`), Idle: time.Nanosecond}))
	}
	is(t, "a cleanup", r.post("session-cleanup", ""), 200, `{"deleted":3}`)
	is(t, "once more", r.post("session-cleanup", ""), 200, `{"deleted":0}`)
	if h := read[health](t, r.get("session-health")); len(h.Process.Cleanups) != 2 || h.Process.Cleanups[0].Removed != 3 {
		t.Errorf("it is counted as %+v", h.Process.Cleanups)
	}
	if r.user(cookie) != "ann" || !strings.Contains(r.log.String(), "actor=sue action=session_cleanup outcome=done count=3") {
		t.Errorf("the log: %s", r.log)
	}
}

// TestWhatIsPastedInPlaceOfAHandle: it is refused with a sentence that says what a
// handle is, and comes into no log.
func TestWhatIsPastedInPlaceOfAHandle(t *testing.T) {
	r := newRig(t, newMemory())
	cookie, handle := r.login("ann", "")
	id := idOf(cookie)
	_, signed, _ := strings.Cut(cookie, "=")
	plain, _ := url.PathUnescape(signed)
	for _, pasted := range []string{id, cookie, signed, plain, " " + id, id + handle, "x", strings.Repeat("x", 300), "a\x00b"} {
		body, _ := json.Marshal(map[string]string{"handle": pasted, "user": "ann", "reason": "lost"})
		is(t, strconv.Quote(pasted), r.post("sessions/revoke", string(body)), 400,
			`{"error":"this is no handle; a handle is 22 letters, digits, - and _, or 32 digits of 0-9 and a-f, as GET sessions and the page show it"}`)
	}
	for _, pasted := range []string{cookie, signed, plain, "cookie: " + cookie + " lost"} {
		for _, field := range []string{"user", "reason"} {
			order := map[string]string{"user": "ann", "reason": "lost"}
			order[field] = pasted
			body, _ := json.Marshal(order)
			is(t, pasted, r.post("sessions/revoke", string(body)), 400, `{"error":"user or reason holds the cookie of a session, which the log must not have; leave it out"}`)
		}
	}
	r.keeps(r.log.String()+r.shown.String(), id)
	if r.user(cookie) != "ann" {
		t.Error("something was done")
	}
	is(t, "what was meant", r.post("sessions/revoke", `{"handle":"`+handle+`","user":"ann","reason":"lost s: 1.2"}`), 200, `{"revoked":1}`)
}
