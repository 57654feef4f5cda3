package rules_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/echosession/session"
	"github.com/echosession/session/store"
)

func TestLoginOptions(t *testing.T) {
	// Before each: user ann with cart, lang and theme.
	tests := []struct {
		name string
		user string
		opts []session.LoginOption
		kept string
	}{
		{"without options the same user keeps all", "ann", nil, "cart lang theme"},
		{"without options another user keeps none", "bob", nil, ""},
		{"Keep keeps the named keys for another user", "bob", []session.LoginOption{session.Keep("lang"), session.Keep("theme")}, "lang theme"},
		{"Keep drops all others for the same user", "ann", []session.LoginOption{session.Keep("lang")}, "lang"},
		{"Drop drops the named keys", "ann", []session.LoginOption{session.Drop("cart", "lang")}, "theme"},
		{"Drop goes after Keep", "bob", []session.LoginOption{session.Keep("lang", "theme"), session.Drop("lang")}, "theme"},
		{"Keep of a reserved key keeps nothing of ours", "bob", []session.LoginOption{session.Keep("passport", "_session", "lang")}, "lang"},
		{"Drop of a reserved key drops no user", "ann", []session.LoginOption{session.Drop("passport", "cookie", "cart")}, "lang theme"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := newApp(t, newStore(t, nil))
			a.route("/switch", func(_ context.Context, s *session.Session) (string, error) {
				return "", s.Login(tt.user, tt.opts...)
			})
			a.route("/flash", func(_ context.Context, s *session.Session) (string, error) { return "", s.Flash("hello, ann") })
			a.route("/flashes", func(ctx context.Context, s *session.Session) (string, error) {
				list, err := session.Flashes[string](ctx, s)
				return strings.Join(list, ","), err
			})
			a.route("/keys", func(_ context.Context, s *session.Session) (string, error) {
				var found []string
				for _, key := range []string{"cart", "lang", "theme"} {
					if _, ok := session.Get[string](s, key); ok {
						found = append(found, key)
					}
				}
				return strings.Join(found, " "), nil
			})
			c := a.client()
			c.post("/login?user=ann")
			for _, key := range []string{"cart", "lang", "theme"} {
				c.post("/set?value=x&key=" + key)
			}
			c.post("/flash").want(t, 200, "")
			c.post("/switch").want(t, 200, "")
			c.get("/keys").want(t, 200, tt.kept)
			c.get("/me").want(t, 200, tt.user)
			flashes := "hello, ann"
			if tt.user != "ann" {
				flashes = ""
			}
			c.get("/flashes").want(t, 200, flashes)
		})
	}
}

func TestLoginUser(t *testing.T) {
	tests := []struct {
		name     string
		user     string
		opts     []session.LoginOption
		passport string // what is stored; "" where it is refused
	}{
		{"a user is stored as a string", "1", nil, `{"user":"1"}`},
		{"Numeric stores a number", "1", []session.LoginOption{session.Numeric()}, `{"user":1}`},
		{"Numeric takes 0, who is a user", "0", []session.LoginOption{session.Numeric()}, `{"user":0}`},
		{"Numeric refuses a name", "ann", []session.LoginOption{session.Numeric()}, ""},
		{"Numeric refuses a list", "[1]", []session.LoginOption{session.Numeric()}, ""},
		{"a user of 255 bytes is taken", strings.Repeat("u", 255), nil, `{"user":"` + strings.Repeat("u", 255) + `"}`},
		{"a user of 256 bytes is refused", strings.Repeat("u", 256), nil, ""},
		{"no user is refused", "", nil, ""},
		{"NUL is refused", "an\x00n", nil, ""},
		{"invalid UTF-8 is refused", "an\xffn", nil, ""},
		{"what reads as an object is refused", `{"id":1}`, nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			st := newStore(t, nil)
			a := newApp(t, st)
			a.route("/enter", func(_ context.Context, s *session.Session) (string, error) {
				err := s.Login(tt.user, tt.opts...)
				if refused := tt.passport == ""; refused != errors.Is(err, session.ErrValue) {
					t.Error("Login:", err)
				}
				return s.User(), nil
			})
			c := a.client()
			if tt.passport == "" {
				c.post("/enter").want(t, 200, "")
				if c.cookies() != "" {
					t.Error("a refused login stored something")
				}
				return
			}
			c.post("/enter").want(t, 200, tt.user)
			c.get("/me").want(t, 200, tt.user)
			r := storedFor(t, st, c)
			var doc struct{ Passport json.RawMessage }
			if err := json.Unmarshal(r.Data, &doc); err != nil || string(doc.Passport) != tt.passport || r.User != tt.user {
				t.Errorf("stored %s for user %q, want %s", doc.Passport, r.User, tt.passport)
			}
		})
	}
}

// A user whom Express stored as a number stays one when they prove who they are
// again, and so does any other that this user's name reads as.
func TestLoginKeepsTheTypeOfTheUser(t *testing.T) {
	for _, tt := range []struct {
		stored, user string
		opts         []session.LoginOption
		want         string
	}{
		{`{"user":1,"since":2}`, "1", nil, `{"user":1}`},
		{`{"user":"1"}`, "1", nil, `{"user":"1"}`},
		{`{"user":"1"}`, "1", []session.LoginOption{session.Numeric()}, `{"user":1}`},
		{`{"user":1}`, "2", nil, `{"user":"2"}`},
		{`{"user":true}`, "true", nil, `{"user":true}`},
		{`{}`, "1", nil, `{"user":"1"}`},
	} {
		st := newStore(t, nil)
		a := newApp(t, st, func(c *session.Config) { c.Express = true })
		a.route("/enter", func(_ context.Context, s *session.Session) (string, error) { return "", s.Login(tt.user, tt.opts...) })
		r := &store.Record{ID: "express", User: tt.user, Data: []byte(`{"cookie":{"originalMaxAge":60000},"passport":` + tt.stored + `}`), Idle: time.Minute}
		if err := st.Create(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		got := a.replay("connect.sid=" + escaped(signed(secret, "express"))).post("/enter")
		r, err := st.Load(t.Context(), idOf(t, pair(got.setCookie(t))))
		if err != nil {
			t.Fatal(tt.stored, err)
		}
		var doc struct{ Passport json.RawMessage }
		if err := json.Unmarshal(r.Data, &doc); err != nil || string(doc.Passport) != tt.want {
			t.Errorf("a login of %s over %s stores %s, want %s", tt.user, tt.stored, doc.Passport, tt.want)
		}
	}
}
