package session

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/echosession/session/store"
)

// browserIdle is how long a session without a cookie age lives on the server,
// as connect-pg-simple and connect-redis have it.
const browserIdle = day

// lifetime is how long a session lives after its last use, as its document says
// under cookie.originalMaxAge; that wins over the configuration, since Express
// and SetLifetime put it there. null, and nothing at all in a cookie object, is
// a browser session. What makes no sense reads as the configured lifetime.
func (c *Config) lifetime(d *document) (idle time.Duration, browser bool) {
	cookie := d.get(keyCookie)
	if len(cookie) == 0 || cookie[0] != '{' {
		return c.Idle, c.BrowserSession
	}
	age := member(cookie, "originalMaxAge")
	if age == nil || string(age) == "null" {
		if c.BrowserSession {
			return c.Idle, true
		}
		return browserIdle, true
	}
	ms, err := strconv.ParseFloat(string(age), 64)
	switch {
	case err != nil || ms <= 0:
		return c.Idle, c.BrowserSession
	case ms > float64(longest.Milliseconds()):
		return longest, false
	}
	return max(time.Duration(ms*float64(time.Millisecond)), time.Millisecond), false
}

// touchEvery is how much of a lifetime has to pass until a read renews it.
func (c *Config) touchEvery(idle time.Duration) time.Duration {
	if c.TouchEvery > 0 {
		return min(c.TouchEvery, idle/2)
	}
	return min(max(idle/100, time.Minute), time.Hour, idle/10)
}

// touchDue reports whether renewing the record would move its end far enough to
// be worth a write, and a cookie. It compares times of the store's clock only.
func (c *Config) touchDue(r *store.Record, idle time.Duration) bool {
	end := r.Now.Add(idle)
	if !c.NoAbsolute && !r.Created.IsZero() {
		if limit := r.Created.Add(c.Absolute); limit.Before(end) {
			end = limit
		}
	}
	return end.Sub(r.Expires) >= c.touchEvery(idle)
}

// outlived reports whether a record is older than any session may be: someone
// else, with another configuration or by hand, has moved its end.
func (c *Config) outlived(r *store.Record) bool {
	return !c.NoAbsolute && !r.Created.IsZero() && !r.Now.Before(r.Created.Add(c.Absolute))
}

// cookieObject is what our documents say under "cookie". It carries every
// attribute we send, in Express's order, because an Express app that shares the
// table takes them from the row and not from its options. expires is for
// reading only: a store decides by its own clock.
func (c *Config) cookieObject(idle time.Duration, browser bool, now time.Time) []byte {
	var object struct {
		OriginalMaxAge *int64  `json:"originalMaxAge"`
		Partitioned    bool    `json:"partitioned,omitempty"`
		Expires        *string `json:"expires"`
		Secure         bool    `json:"secure,omitempty"`
		HTTPOnly       bool    `json:"httpOnly"`
		Domain         string  `json:"domain,omitempty"`
		Path           string  `json:"path"`
		SameSite       string  `json:"sameSite,omitempty"`
	}
	if !browser {
		ms, expires := idle.Milliseconds(), now.Add(idle).UTC().Format("2006-01-02T15:04:05.000Z")
		object.OriginalMaxAge, object.Expires = &ms, &expires
	}
	object.Partitioned, object.Secure, object.HTTPOnly = c.Cookie.Partitioned, !c.Cookie.Insecure, true
	object.Domain, object.Path = c.Cookie.Domain, c.Cookie.Path
	object.SameSite = strings.ToLower(sameSiteName(c.Cookie.SameSite))
	raw, _ := json.Marshal(object) // strings, numbers and booleans always encode
	return raw
}

// breaksExpress reports whether express-session answers a row with this cookie
// object by an error, a request that hangs, or a truncated response, for ever.
// Only such an object is replaced when we write the row.
func breaksExpress(cookie []byte) bool {
	if len(cookie) == 0 || cookie[0] != '{' {
		return true
	}
	if age := member(cookie, "originalMaxAge"); age != nil && string(age) != "null" {
		if _, err := strconv.ParseFloat(string(age), 64); err != nil { // no number, or none of JavaScript's
			return true
		}
	}
	switch site := strings.ToLower(string(member(cookie, "sameSite"))); site {
	case "", "null", "true", "false", `"strict"`, `"lax"`, `"none"`:
		return false
	}
	return true
}

// plainHTTP reports whether a request came without TLS and no proxy in front
// says otherwise. It feeds a warning only, so that a forged header does no harm.
func plainHTTP(r *http.Request) bool {
	return r.TLS == nil && r.Header.Get("X-Forwarded-Proto") == "" && r.Header.Get("Forwarded") == ""
}
