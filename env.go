package session

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// ConfigFromEnv reads the session settings of an environment. It reads nothing
// but what lookup gives it: pass os.LookupEnv. Every error is reported, each
// naming the variable, what is wrong with its value, and the fix.
//
//	SESSION_SECRET            required; one secret, several separated by commas, or a JSON array
//	SESSION_SHARE             unset; "express" shares sessions with an express-session app
//	SESSION_COOKIE_NAME       __Host-session; session in development; connect.sid with SESSION_SHARE
//	SESSION_COOKIE_DOMAIN     unset: this host only
//	SESSION_COOKIE_PATH       /
//	SESSION_COOKIE_SAMESITE   lax; strict, none, or with SESSION_SHARE "unset"
//	SESSION_COOKIE_SECURE     true; false lets the cookie travel over plain http
//	SESSION_IDLE_TIMEOUT      7d; a Go duration, days (7d), or "browser"
//	SESSION_ABSOLUTE_TIMEOUT  30d, and off with SESSION_SHARE; a Go duration, days, or "off"
//	SESSION_CLEANUP_INTERVAL  15m
//	SESSION_CLEANUP_SCHEDULE  0 3 * * *; a cron line, or "off"
//	APP_ENV                   production; or development
//
// The variables of the stores are read by package open.
func ConfigFromEnv(lookup func(string) (string, bool)) (Config, error) {
	e := environment{lookup: lookup}
	var c Config
	switch env := e.text("APP_ENV"); env {
	case "", "production":
	case "development":
		c.Development = true
	default:
		e.bad("APP_ENV", fmt.Sprintf("is %q; use production or development", env))
	}
	if secrets := e.text("SESSION_SECRET"); secrets == "" {
		e.bad("SESSION_SECRET", "environment variable is required; generate one with: openssl rand -base64 48")
	} else if list, err := parseSecrets(secrets); err != nil {
		e.bad("SESSION_SECRET", err.Error())
	} else {
		c.Secrets = list
	}
	switch share := e.text("SESSION_SHARE"); share {
	case "":
	case "express":
		c.Express = true
	default:
		e.bad("SESSION_SHARE", fmt.Sprintf("is %q; use express, or leave it out", share))
	}
	e.cookie(&c)
	if c.Idle = e.duration("SESSION_IDLE_TIMEOUT", "browser"); c.Idle == named {
		c.Idle, c.BrowserSession = 0, true
	}
	if c.Absolute = e.duration("SESSION_ABSOLUTE_TIMEOUT", "off"); c.Absolute == named {
		c.Absolute, c.NoAbsolute = 0, true
	}
	if c.CleanupInterval = e.duration("SESSION_CLEANUP_INTERVAL", ""); c.CleanupInterval == named {
		c.CleanupInterval = 0
	}
	c.CleanupSchedule = e.text("SESSION_CLEANUP_SCHEDULE")

	// What the values mean together is checked where New checks it, on a copy,
	// and told in the words of the environment.
	check := c
	if len(check.Secrets) == 0 {
		check.Secrets = []string{randomText(minSecret)} // its absence is said above
	}
	_, wrong := check.complete()
	for _, p := range wrong {
		if p, ok := p.(problem); ok {
			e.bad(variables[p.field], p.what)
		}
	}
	return c, e.problems.err()
}

// variables are the names that fields of Config have in the environment.
var variables = map[string]string{
	"Secrets":         "SESSION_SECRET",
	"Cookie.Name":     "SESSION_COOKIE_NAME",
	"Cookie.Domain":   "SESSION_COOKIE_DOMAIN",
	"Cookie.Path":     "SESSION_COOKIE_PATH",
	"Cookie.SameSite": "SESSION_COOKIE_SAMESITE",
	"Idle":            "SESSION_IDLE_TIMEOUT",
	"Absolute":        "SESSION_ABSOLUTE_TIMEOUT",
	"CleanupInterval": "SESSION_CLEANUP_INTERVAL",
	"CleanupSchedule": "SESSION_CLEANUP_SCHEDULE",
}

// environment reads variables and collects what is wrong with them.
type environment struct {
	lookup   func(string) (string, bool)
	problems problems
}

func (e *environment) text(name string) string {
	value, _ := e.lookup(name)
	return value
}

func (e *environment) bad(name, what string) { e.problems.add(name, what) }

// cookie reads how the cookie is sent.
func (e *environment) cookie(c *Config) {
	c.Cookie.Name, c.Cookie.Domain, c.Cookie.Path = e.text("SESSION_COOKIE_NAME"), e.text("SESSION_COOKIE_DOMAIN"), e.text("SESSION_COOKIE_PATH")
	switch site := strings.ToLower(e.text("SESSION_COOKIE_SAMESITE")); {
	case site == "":
	case site == "lax":
		c.Cookie.SameSite = http.SameSiteLaxMode
	case site == "strict":
		c.Cookie.SameSite = http.SameSiteStrictMode
	case site == "none":
		c.Cookie.SameSite = http.SameSiteNoneMode
	case site == "unset" && c.Express:
		c.Cookie.SameSite = http.SameSiteDefaultMode
	case site == "unset":
		e.bad("SESSION_COOKIE_SAMESITE", "is unset, which only an Express app beside us is a reason for; set SESSION_SHARE=express, or use lax")
	default:
		e.bad("SESSION_COOKIE_SAMESITE", fmt.Sprintf("is %q; use lax, strict or none", site))
	}
	switch secure := e.text("SESSION_COOKIE_SECURE"); secure {
	case "", "true":
	case "false":
		c.Cookie.Insecure = true
	default:
		e.bad("SESSION_COOKIE_SECURE", fmt.Sprintf("is %q; use true or false", secure))
	}
}

// named is what duration returns for the one word it takes.
const named = time.Duration(-1)

// duration reads a lifetime, "" as 0, and word, where there is one, as named.
// A value that is refused reads as 0, the default, beside its error.
func (e *environment) duration(name, word string) time.Duration {
	value := e.text(name)
	if value == "" {
		return 0
	}
	if word != "" && value == word {
		return named
	}
	d, err := parseDuration(value)
	switch {
	case err != nil:
		fix := "write a duration with its unit, such as 90m, 24h or 7d"
		if word != "" {
			fix += fmt.Sprintf(", or %q", word)
		}
		e.bad(name, fmt.Sprintf("is %q, which is no duration; %s", value, fix))
		return 0
	case d <= 0:
		e.bad(name, fmt.Sprintf("is %q; it must be longer than 0", value))
		return 0
	}
	return d
}

// parseDuration is time.ParseDuration, and days besides.
func parseDuration(s string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 16) // 65535 days still fit a Duration
		return time.Duration(n) * day, err
	}
	return time.ParseDuration(s)
}
