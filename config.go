package session

import (
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"golang.org/x/net/publicsuffix"
)

// Config is how sessions behave. Only Secrets is required; every other zero
// value is the documented, safe default.
type Config struct {
	// Secrets sign the cookie: the first signs, each verifies. The first has at
	// least 32 bytes (ASVS 11.2.3). To change a secret put the new one first
	// and keep the old one for a lifetime.
	Secrets []string
	// Cookie is how the cookie is sent.
	Cookie Cookie

	// Idle is how long a session lives after its last use. Default 7 days; 24
	// hours for browser sessions. At least a second, at most ten years.
	Idle time.Duration
	// Absolute is how long it lives after login, used or not. Default 30 days
	// (NIST SP 800-63B, AAL1). See NoAbsolute.
	Absolute time.Duration
	// NoAbsolute lifts that cap, as an Express app beside us has none.
	NoAbsolute bool
	// BrowserSession sends a cookie without Expires: the browser drops it when
	// it closes, the server after Idle.
	BrowserSession bool
	// TouchEvery is how often at most a read renews the lifetime, since each
	// time is a write and a cookie. Default a hundredth of the session's
	// lifetime, at least a minute, at most an hour, and never above a tenth.
	TouchEvery time.Duration

	// MaxDocument is the largest document that is written, in bytes. Default
	// 1 MiB, at most 16 MiB, the largest one that is read.
	MaxDocument int
	// LoadTimeout, CommitTimeout and LogoutTimeout bound the time a request
	// waits for the store. Defaults 2 s, 3 s and 5 s. Commit and Logout go on
	// when the client has gone.
	LoadTimeout, CommitTimeout, LogoutTimeout time.Duration
	// Express shares sessions with an express-session app on the same table or
	// Redis: the cookie is named "connect.sid" unless Cookie.Name says otherwise,
	// there is no absolute lifetime unless Absolute says one, and
	// http.SameSiteDefaultMode leaves SameSite out. Set the other fields of Cookie
	// to what that app has: it takes a cookie's attributes from the row, also from
	// one that we wrote.
	Express bool
	// HashIDs stores the SHA-256 of an id in place of the id. Not for a table
	// that is shared with Express.
	HashIDs bool

	// Development allows plain http and shouts: no Secure attribute, the cookie
	// named "session", a panic where a change can no longer reach the client.
	Development bool

	// CleanupInterval is how often Run removes expired sessions. Default 15
	// minutes, with jitter; at least a second.
	CleanupInterval time.Duration
	// CleanupSchedule is a cron line of five fields on which Run does so
	// besides. Default "0 3 * * *", in local time; "off" for none.
	CleanupSchedule string

	// Address is where a request comes from, for the user's list of devices; a
	// login writes it down. Echo's extractors fit: echo.ExtractIPDirect(), or
	// behind proxies echo.ExtractIPFromXFFHeader with what to trust. Default nil:
	// no address is kept.
	Address func(*http.Request) string

	// Hook is told what happens. Default nil: nobody is. See [Hooks] for several.
	Hook Hook
	// Logger receives warnings and errors. Default slog.Default().
	Logger *slog.Logger
	// ErrorHandler answers a request whose session could not be stored, for
	// [Manager.Handler]; Echo's middleware has its own. It must write a
	// response. Default: the plain text of [StatusCode].
	ErrorHandler func(w http.ResponseWriter, r *http.Request, err error)
}

// Format writes the fields, whatever the verb, and in place of the secrets how
// many there are.
func (c Config) Format(f fmt.State, verb rune) {
	type fields Config // without this method
	hidden := fields(c)
	hidden.Secrets = []string{fmt.Sprintf("(%d secrets)", len(c.Secrets))}
	_, _ = fmt.Fprintf(f, fmt.FormatString(f, verb), hidden)
}

const (
	day           = 24 * time.Hour
	longest       = 10 * 365 * day
	cookieLongest = 400 * day // RFC 6265bis: browsers cap a cookie's age there
	noSchedule    = "off"
)

// complete fills in the defaults and returns everything that is wrong at once,
// and what is only worth a warning.
func (c *Config) complete() (warnings []string, bad problems) {
	secretProblems, warnings := checkSecrets(c.Secrets)
	for _, p := range secretProblems {
		bad.add("Secrets", p)
	}
	if c.Development {
		c.Cookie.Insecure = true
	} else if c.Cookie.Insecure {
		warnings = append(warnings, "Cookie.Insecure: the session cookie travels over plain http, where anyone on the way can read it; serve https")
	}
	if c.Express {
		if c.Cookie.Name == "" {
			c.Cookie.Name = "connect.sid"
		}
		c.NoAbsolute = c.NoAbsolute || c.Absolute == 0
		if c.HashIDs {
			bad.add("HashIDs", "goes not with Express, which finds a session by the id in its cookie; leave one of the two out")
		}
	}
	c.Cookie.complete(c.Express, &bad)

	setDefault(&c.CommitTimeout, 3*time.Second)
	setDefault(&c.LoadTimeout, 2*time.Second)
	setDefault(&c.LogoutTimeout, 5*time.Second)
	setDefault(&c.CleanupInterval, 15*time.Minute)
	if c.BrowserSession {
		setDefault(&c.Idle, day)
	}
	setDefault(&c.Idle, 7*day)
	if !c.NoAbsolute {
		setDefault(&c.Absolute, 30*day)
	} else if c.Absolute != 0 {
		bad.add("Absolute", fmt.Sprintf("is %s although NoAbsolute is set; set one of the two", c.Absolute))
	}
	bad.between("Idle", c.Idle, time.Second, longest)
	if !c.NoAbsolute {
		bad.between("Absolute", c.Absolute, time.Second, longest)
		if c.Idle > c.Absolute && c.Absolute > 0 {
			bad.add("Idle", fmt.Sprintf("is %s, longer than the absolute lifetime (%s), so it would never matter; lower it, or raise or lift the absolute lifetime", c.Idle, c.Absolute))
		}
	}
	if c.Idle > cookieLongest {
		warnings = append(warnings, fmt.Sprintf("Idle: is %s, and browsers keep no cookie longer than 400 days", c.Idle))
	}
	bad.between("TouchEvery", c.TouchEvery, 0, max(c.Idle, 0))
	bad.between("LoadTimeout", c.LoadTimeout, time.Millisecond, time.Hour)
	bad.between("CommitTimeout", c.CommitTimeout, time.Millisecond, time.Hour)
	bad.between("LogoutTimeout", c.LogoutTimeout, time.Millisecond, time.Hour)
	bad.between("CleanupInterval", c.CleanupInterval, time.Second, longest)

	if c.MaxDocument == 0 {
		c.MaxDocument = 1 << 20
	}
	if c.MaxDocument < 256 || c.MaxDocument > maxReadable {
		bad.add("MaxDocument", fmt.Sprintf("is %d bytes; use 256 to %d", c.MaxDocument, maxReadable))
	}
	if c.CleanupSchedule == "" {
		c.CleanupSchedule = "0 3 * * *"
	}
	if c.CleanupSchedule != noSchedule {
		if _, err := parseSchedule(c.CleanupSchedule); err != nil {
			bad.add("CleanupSchedule", fmt.Sprintf("is %q, which is no cron line (%v); write minute, hour, day, month and weekday, as in \"0 3 * * *\", or \"off\"", c.CleanupSchedule, err))
		}
	}
	return warnings, bad
}

func setDefault(d *time.Duration, to time.Duration) {
	if *d == 0 {
		*d = to
	}
}

// complete fills in the defaults of a cookie and checks it as browsers will:
// net/http sends nothing at all, or something else, for a cookie it dislikes.
func (c *Cookie) complete(express bool, bad *problems) {
	if c.Path == "" {
		c.Path = "/"
	}
	if c.SameSite == 0 || c.SameSite == http.SameSiteDefaultMode && !express {
		c.SameSite = http.SameSiteLaxMode
	}
	if c.Name == "" {
		switch {
		case c.Insecure:
			c.Name = "session"
		case c.Domain == "" && c.Path == "/":
			c.Name = "__Host-session"
		default:
			c.Name = "__Secure-session"
		}
	}
	c.checkName(bad)
	c.checkDomain(bad)
	if c.Path[0] != '/' || strings.ContainsFunc(c.Path, func(r rune) bool { return r < 0x20 || r > 0x7e || r == ';' }) {
		bad.add("Cookie.Path", fmt.Sprintf("is %q; it begins with / and has no ; and no control characters", c.Path))
	}
	if c.SameSite < http.SameSiteDefaultMode || c.SameSite > http.SameSiteNoneMode {
		bad.add("Cookie.SameSite", fmt.Sprintf("is %d; use Lax, Strict or None of net/http", c.SameSite))
	}
	if c.SameSite == http.SameSiteNoneMode && c.Insecure {
		bad.add("Cookie.SameSite", "is None without Secure, which browsers drop; serve https, or use Lax")
	}
	if c.Partitioned && (c.Insecure || c.SameSite != http.SameSiteNoneMode) {
		bad.add("Cookie.Partitioned", "needs Secure and SameSite=None; set both, or leave it out")
	}
}

const maxCookieName = 256

func (c *Cookie) checkName(bad *problems) {
	if len(c.Name) > maxCookieName {
		bad.add("Cookie.Name", fmt.Sprintf("has %d bytes; use at most %d, since browsers take 4096 bytes of name and value together", len(c.Name), maxCookieName))
		return
	}
	// RFC 6265, section 4.1.1: a token of RFC 2616.
	notToken := func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(`()<>@,;:\"/[]?={}`, r) }
	if strings.ContainsFunc(c.Name, notToken) {
		bad.add("Cookie.Name", fmt.Sprintf("is %q; use letters, digits, - _ and .", c.Name))
	}
	// Browsers match the prefixes whatever their case; see RFC 6265bis.
	lower := strings.ToLower(c.Name)
	switch {
	case strings.HasPrefix(lower, "__host-"), strings.HasPrefix(lower, "__host-http-"):
		if c.Domain != "" || c.Path != "/" || c.Insecure {
			bad.add("Cookie.Name", fmt.Sprintf("is %q, and browsers drop a __Host- cookie unless it is Secure, has Path=/ and no Domain; choose another name or those attributes", c.Name))
		}
	case strings.HasPrefix(lower, "__secure-"), strings.HasPrefix(lower, "__http-"):
		if c.Insecure {
			bad.add("Cookie.Name", fmt.Sprintf("is %q, and browsers drop it unless it is Secure; choose another name, or serve https", c.Name))
		}
	}
}

func (c *Cookie) checkDomain(bad *problems) {
	if c.Domain == "" {
		return
	}
	domain := strings.TrimPrefix(strings.ToLower(c.Domain), ".")
	why := ""
	suffix, _ := publicsuffix.PublicSuffix(domain)
	switch {
	case net.ParseIP(domain) != nil:
		why = "is an IP address"
	case strings.ContainsFunc(domain, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '.'
	}):
		why = "is not a plain host name; no port, no scheme, no spaces"
	case domain == "" || strings.Contains(domain, "..") || strings.HasSuffix(domain, "."):
		why = "is not a host name"
	case domain == suffix:
		why = "is a public suffix, for which browsers take no cookie"
	}
	if why != "" {
		bad.add("Cookie.Domain", fmt.Sprintf("is %q, which %s; use a domain of yours, such as example.com, or leave it out for this host only", c.Domain, why))
	}
}
