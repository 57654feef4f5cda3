package rules_test

import (
	"errors"
	"log/slog"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/echosession/session"
	"github.com/echosession/session/store"
	memstore "github.com/echosession/session/store/memory"
)

// newWith makes a manager of a good configuration that edit makes worse, and
// returns its warnings and errors, line by line.
func newWith(t testing.TB, edit func(*session.Config)) (m *session.Manager, warnings, problems []string) {
	t.Helper()
	log := &lockedBuffer{}
	cfg := session.Config{Secrets: []string{secret}, Logger: slog.New(slog.NewTextHandler(log, nil))}
	edit(&cfg)
	m, err := session.New(memstore.New(memstore.Options{}), cfg)
	for line := range strings.Lines(log.String()) {
		_, warning, _ := strings.Cut(strings.TrimSpace(line), "warning=")
		warnings = append(warnings, strings.Trim(strings.ReplaceAll(warning, `\"`, `"`), `"`))
	}
	if err != nil {
		text, found := strings.CutPrefix(err.Error(), "session: bad configuration: ")
		if !found || m != nil {
			t.Errorf("error %q, manager %v", err, m)
		}
		problems = strings.Split(text, "\n")
	}
	return m, warnings, problems
}

const generate = "; generate one with: openssl rand -base64 48"

func TestRefusedConfigurations(t *testing.T) {
	type C = session.Config
	old := strings.ToLower(secret)
	for _, c := range []struct {
		name string
		edit func(*C)
		want []string // the problems, in order
	}{
		{"63 no secret", func(c *C) { c.Secrets = nil }, []string{"Secrets no secret is set" + generate}},
		{"62 an empty secret", func(c *C) { c.Secrets = []string{""} }, []string{"Secrets secret 1, which signs, is empty" + generate}},
		{"62 a secret of 31 bytes", func(c *C) { c.Secrets = []string{secret[:31]} },
			[]string{"Secrets secret 1, which signs, has 31 bytes, and at least 32 are needed" + generate}},
		{"62 one byte, repeated", func(c *C) { c.Secrets = []string{strings.Repeat("x", 64)} },
			[]string{"Secrets secret 1, which signs, is one byte repeated" + generate}},
		{"62 a well-known example", func(c *C) { c.Secrets = []string{"Keyboard Cat, but with 32 bytes or more"} },
			[]string{"Secrets secret 1, which signs, is a well-known example" + generate}},
		{"62 another one", func(c *C) { c.Secrets = []string{"your-secret-key-change-in-production!!"} },
			[]string{"Secrets secret 1, which signs, is a well-known example" + generate}},
		{"62 an empty secret behind a good one", func(c *C) { c.Secrets = []string{secret, ""} },
			[]string{"Secrets secret 2 is empty; remove it"}},
		{"63 the same secret twice", func(c *C) { c.Secrets = []string{secret, old, secret} },
			[]string{"Secrets secret 3 is the same as secret 1; remove one"}},

		{"64 SameSite=None without Secure", func(c *C) { c.Cookie = session.Cookie{SameSite: http.SameSiteNoneMode, Insecure: true} },
			[]string{"Cookie.SameSite is None without Secure, which browsers drop; serve https, or use Lax"}},
		{"64 SameSite=None in development", func(c *C) { c.Cookie.SameSite, c.Development = http.SameSiteNoneMode, true },
			[]string{"Cookie.SameSite is None without Secure, which browsers drop; serve https, or use Lax"}},
		{"64 SameSite that is none", func(c *C) { c.Cookie.SameSite = 7 },
			[]string{"Cookie.SameSite is 7; use Lax, Strict or None of net/http"}},
		{"64 Partitioned without Secure", func(c *C) { c.Cookie = session.Cookie{Partitioned: true, Insecure: true} },
			[]string{"Cookie.Partitioned needs Secure and SameSite=None; set both, or leave it out"}},
		{"HashIDs, and a table that Express reads", func(c *C) { c.HashIDs, c.Express = true, true },
			[]string{"HashIDs goes not with Express, which finds a session by the id in its cookie; leave one of the two out"}},
		{"64 Partitioned and SameSite=None without Secure", func(c *C) {
			c.Cookie = session.Cookie{Partitioned: true, SameSite: http.SameSiteNoneMode, Insecure: true}
		},
			[]string{"Cookie.SameSite is None without Secure, which browsers drop; serve https, or use Lax",
				"Cookie.Partitioned needs Secure and SameSite=None; set both, or leave it out"}},
		{"64 Partitioned without SameSite=None", func(c *C) { c.Cookie.Partitioned = true },
			[]string{"Cookie.Partitioned needs Secure and SameSite=None; set both, or leave it out"}},

		{"65 __Host- with a Domain", func(c *C) { c.Cookie = session.Cookie{Name: "__Host-id", Domain: "example.com"} },
			[]string{`Cookie.Name is "__Host-id", and browsers drop a __Host- cookie unless it is Secure, has Path=/ and no Domain; choose another name or those attributes`}},
		{"65 __Host- with a Path", func(c *C) { c.Cookie = session.Cookie{Name: "__Host-id", Path: "/app"} },
			[]string{`Cookie.Name is "__Host-id", and browsers drop a __Host- cookie unless it is Secure, has Path=/ and no Domain; choose another name or those attributes`}},
		{"65 __Host- in another letter case, in development", func(c *C) { c.Cookie.Name, c.Development = "__hOST-id", true },
			[]string{`Cookie.Name is "__hOST-id", and browsers drop a __Host- cookie unless it is Secure, has Path=/ and no Domain; choose another name or those attributes`}},
		{"65 __Secure- without Secure", func(c *C) { c.Cookie = session.Cookie{Name: "__Secure-id", Insecure: true} },
			[]string{`Cookie.Name is "__Secure-id", and browsers drop it unless it is Secure; choose another name, or serve https`}},
		{"65 __Http- without Secure", func(c *C) { c.Cookie = session.Cookie{Name: "__Http-id", Insecure: true} },
			[]string{`Cookie.Name is "__Http-id", and browsers drop it unless it is Secure; choose another name, or serve https`}},

		{"66 a name with a space", func(c *C) { c.Cookie.Name = "a b" }, []string{`Cookie.Name is "a b"; use letters, digits, - _ and .`}},
		{"66 a name with =", func(c *C) { c.Cookie.Name = "a=b" }, []string{`Cookie.Name is "a=b"; use letters, digits, - _ and .`}},
		{"66 a name with ;", func(c *C) { c.Cookie.Name = "a;b" }, []string{`Cookie.Name is "a;b"; use letters, digits, - _ and .`}},
		{"66 a name with a line break", func(c *C) { c.Cookie.Name = "a\r\nb" }, []string{`Cookie.Name is "a\r\nb"; use letters, digits, - _ and .`}},
		{"66 a name that is not ASCII", func(c *C) { c.Cookie.Name = "sesión" }, []string{`Cookie.Name is "sesión"; use letters, digits, - _ and .`}},
		{"66 a name that is not UTF-8", func(c *C) { c.Cookie.Name = "a\xff" }, []string{`Cookie.Name is "a\xff"; use letters, digits, - _ and .`}},
		{"66 a name of 5 KB", func(c *C) { c.Cookie.Name = strings.Repeat("n", 5<<10) },
			[]string{"Cookie.Name has 5120 bytes; use at most 256, since browsers take 4096 bytes of name and value together"}},

		{"67 a public suffix", func(c *C) { c.Cookie.Domain = "co.uk" },
			[]string{`Cookie.Domain is "co.uk", which is a public suffix, for which browsers take no cookie; use a domain of yours, such as example.com, or leave it out for this host only`}},
		{"67 a public suffix of a company", func(c *C) { c.Cookie.Domain = ".GitHub.io" },
			[]string{`Cookie.Domain is ".GitHub.io", which is a public suffix, for which browsers take no cookie; use a domain of yours, such as example.com, or leave it out for this host only`}},
		{"67 an IP address", func(c *C) { c.Cookie.Domain = "192.0.2.1" },
			[]string{`Cookie.Domain is "192.0.2.1", which is an IP address; use a domain of yours, such as example.com, or leave it out for this host only`}},
		{"67 an IPv6 address", func(c *C) { c.Cookie.Domain = "2001:db8::1" },
			[]string{`Cookie.Domain is "2001:db8::1", which is an IP address; use a domain of yours, such as example.com, or leave it out for this host only`}},
		{"67 a port", func(c *C) { c.Cookie.Domain = "example.com:443" },
			[]string{`Cookie.Domain is "example.com:443", which is not a plain host name; no port, no scheme, no spaces; use a domain of yours, such as example.com, or leave it out for this host only`}},
		{"67 another attribute", func(c *C) { c.Cookie.Domain = "example.com; Path=/" },
			[]string{`Cookie.Domain is "example.com; Path=/", which is not a plain host name; no port, no scheme, no spaces; use a domain of yours, such as example.com, or leave it out for this host only`}},
		{"67 two dots", func(c *C) { c.Cookie.Domain = "a..example.com" },
			[]string{`Cookie.Domain is "a..example.com", which is not a host name; use a domain of yours, such as example.com, or leave it out for this host only`}},
		{"a path without /", func(c *C) { c.Cookie.Path = "app" },
			[]string{`Cookie.Path is "app"; it begins with / and has no ; and no control characters`}},
		{"a path with another attribute", func(c *C) { c.Cookie.Path = "/; Domain=example.com" },
			[]string{`Cookie.Path is "/; Domain=example.com"; it begins with / and has no ; and no control characters`}},

		{"68 a negative lifetime", func(c *C) { c.Idle = -time.Second }, []string{"Idle is -1s; use 1s to 87600h0m0s"}},
		{"68 a lifetime of less than a second", func(c *C) { c.Idle = time.Second - 1 }, []string{"Idle is 999.999999ms; use 1s to 87600h0m0s"}},
		{"68 a negative absolute lifetime", func(c *C) { c.Absolute = -1 }, []string{"Absolute is -1ns; use 1s to 87600h0m0s"}},
		{"68 idle above absolute", func(c *C) { c.Idle, c.Absolute = 2*time.Hour, time.Hour },
			[]string{"Idle is 2h0m0s, longer than the absolute lifetime (1h0m0s), so it would never matter; lower it, or raise or lift the absolute lifetime"}},
		{"68 the longest duration", func(c *C) { c.Idle, c.NoAbsolute = math.MaxInt64, true },
			[]string{"Idle is 2562047h47m16.854775807s; use 1s to 87600h0m0s"}},
		{"68 the longest duration, absolute", func(c *C) { c.Absolute = math.MaxInt64 },
			[]string{"Absolute is 2562047h47m16.854775807s; use 1s to 87600h0m0s"}},
		{"68 an absolute lifetime and none", func(c *C) { c.NoAbsolute, c.Absolute = true, time.Hour },
			[]string{"Absolute is 1h0m0s although NoAbsolute is set; set one of the two"}},
		{"69 renewals that come too late", func(c *C) { c.Idle, c.TouchEvery = time.Hour, 2*time.Hour }, []string{"TouchEvery is 2h0m0s; use 0s to 1h0m0s"}},
		{"69 renewals at a negative distance", func(c *C) { c.TouchEvery = -1 }, []string{"TouchEvery is -1ns; use 0s to 168h0m0s"}},
		{"69 a load deadline of a day", func(c *C) { c.LoadTimeout = day }, []string{"LoadTimeout is 24h0m0s; use 1ms to 1h0m0s"}},
		{"69 a commit deadline of nothing", func(c *C) { c.CommitTimeout = 1 }, []string{"CommitTimeout is 1ns; use 1ms to 1h0m0s"}},
		{"69 a negative logout deadline", func(c *C) { c.LogoutTimeout = -time.Second }, []string{"LogoutTimeout is -1s; use 1ms to 1h0m0s"}},
		{"69 cleanup without a pause", func(c *C) { c.CleanupInterval = 1 }, []string{"CleanupInterval is 1ns; use 1s to 87600h0m0s"}},
		{"69 a document of nothing", func(c *C) { c.MaxDocument = 255 }, []string{"MaxDocument is 255 bytes; use 256 to 16777216"}},
		{"69 a document that would not be read", func(c *C) { c.MaxDocument = 16<<20 + 1 }, []string{"MaxDocument is 16777217 bytes; use 256 to 16777216"}},
		{"69 a schedule that is none", func(c *C) { c.CleanupSchedule = "3 o'clock" },
			[]string{`CleanupSchedule is "3 o'clock", which is no cron line (expected exactly 5 fields, found 2: [3 o'clock]); write minute, hour, day, month and weekday, as in "0 3 * * *", or "off"`}},
		{"69 a schedule whose day never comes", func(c *C) { c.CleanupSchedule = "0 0 30 2 *" },
			[]string{`CleanupSchedule is "0 0 30 2 *", which is no cron line (its day never comes); write minute, hour, day, month and weekday, as in "0 3 * * *", or "off"`}},
		{"69 a schedule that is a time zone", func(c *C) { c.CleanupSchedule = "TZ=UTC" },
			[]string{`CleanupSchedule is "TZ=UTC", which is no cron line (nothing follows the time zone); write minute, hour, day, month and weekday, as in "0 3 * * *", or "off"`}},

		{"everything wrong is said together", func(c *C) {
			*c = C{Secrets: []string{"short"}, Cookie: session.Cookie{Name: "__Host-a b", Domain: "com", SameSite: -1}, Idle: -1, MaxDocument: 1, CleanupSchedule: "no", Logger: c.Logger}
		}, []string{
			"Secrets secret 1, which signs, has 5 bytes, and at least 32 are needed" + generate,
			`Cookie.Name is "__Host-a b"; use letters, digits, - _ and .`,
			`Cookie.Name is "__Host-a b", and browsers drop a __Host- cookie unless it is Secure, has Path=/ and no Domain; choose another name or those attributes`,
			`Cookie.Domain is "com", which is a public suffix, for which browsers take no cookie; use a domain of yours, such as example.com, or leave it out for this host only`,
			"Cookie.SameSite is -1; use Lax, Strict or None of net/http",
			"Idle is -1ns; use 1s to 87600h0m0s",
			"MaxDocument is 1 bytes; use 256 to 16777216",
			`CleanupSchedule is "no", which is no cron line (expected exactly 5 fields, found 1: [no]); write minute, hour, day, month and weekday, as in "0 3 * * *", or "off"`,
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, _, problems := newWith(t, c.edit); !slices.Equal(problems, c.want) {
				t.Errorf("the problems are\n%s\nwant\n%s", strings.Join(problems, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

// What is unwise is said, and goes.
func TestWarnings(t *testing.T) {
	type C = session.Config
	for _, c := range []struct {
		name string
		edit func(*C)
		want []string
	}{
		{"the zero configuration", func(c *C) {}, nil},
		{"development", func(c *C) { c.Development = true }, nil},
		{"62 a short secret that only verifies", func(c *C) { c.Secrets = append(c.Secrets, "short") },
			[]string{"secret 2 has 5 bytes, and at least 32 are needed; it still verifies cookies, remove it when they have expired"}},
		{"62 a well-known one that only verifies", func(c *C) { c.Secrets = append(c.Secrets, "keyboard cat, but with 32 bytes or more") },
			[]string{"secret 2 is a well-known example; it still verifies cookies, remove it when they have expired"}},
		{"68 a lifetime above 400 days", func(c *C) { c.Idle, c.NoAbsolute = 401*day, true },
			[]string{"Idle: is 9624h0m0s, and browsers keep no cookie longer than 400 days"}},
		{"a cookie for plain http", func(c *C) { c.Cookie.Insecure = true },
			[]string{"Cookie.Insecure: the session cookie travels over plain http, where anyone on the way can read it; serve https"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, warnings, problems := newWith(t, c.edit)
			if m == nil || !slices.Equal(warnings, c.want) {
				t.Errorf("warnings %q, want %q; problems %q", warnings, c.want, problems)
			}
		})
	}
}

// 65, 66: the name follows from what the cookie may do, and is always one that
// browsers take with its attributes.
func TestCookieNames(t *testing.T) {
	for _, c := range []struct {
		cookie session.Cookie
		dev    bool
		want   string
	}{
		{session.Cookie{}, false, "__Host-session"},
		{session.Cookie{Path: "/app"}, false, "__Secure-session"},
		{session.Cookie{Domain: "example.com"}, false, "__Secure-session"},
		{session.Cookie{Insecure: true}, false, "session"},
		{session.Cookie{}, true, "session"},
		{session.Cookie{Name: "connect.sid"}, false, "connect.sid"},
		{session.Cookie{Name: "__Host-Http-id"}, false, "__Host-Http-id"},
		{session.Cookie{Name: strings.Repeat("n", 256)}, false, strings.Repeat("n", 256)},
	} {
		a := newApp(t, newMemory(nil), func(cfg *session.Config) { cfg.Cookie, cfg.Development = c.cookie, c.dev })
		line := a.client().post("/login?user=ann").setCookie(t)
		if name, _, _ := strings.Cut(line, "="); name != c.want {
			t.Errorf("%+v, development %v: named %q, want %q", c.cookie, c.dev, name, c.want)
		}
		pair, _, _ := strings.Cut(line, ";")
		if len(pair) > 4096 {
			t.Errorf("name and value have %d bytes, and browsers take 4096", len(pair))
		}
	}
}

// 71, and 72 for two managers; the middleware twice is the state tests'.
func TestStoresThatAreNone(t *testing.T) {
	const want = "session: bad configuration: store is nil; open one, such as memstore.New(memstore.Options{})"
	cfg := session.Config{Secrets: []string{secret}}
	for name, st := range map[string]store.Store{"nil": nil, "a nil pointer": (*memstore.Store)(nil)} {
		if _, err := session.New(st, cfg); err == nil || err.Error() != want {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := session.New(nil, session.Config{})
	if err == nil || !strings.Contains(err.Error(), "Secrets no secret is set") || !strings.Contains(err.Error(), "store is nil") {
		t.Errorf("not all at once: %v", err)
	}
	if errors.Is(err, session.ErrUnavailable) {
		t.Error("a bad configuration is taken for an outage")
	}
}

func TestTwoManagersOfOneCookieName(t *testing.T) {
	a := newApp(t, newMemory(nil))
	another := prepare(t, newMemory(nil))
	a.mux.Handle("/inner/", http.StripPrefix("/inner", another.handler()))
	named := prepare(t, newMemory(nil), func(c *session.Config) { c.Cookie.Name = "another" })
	a.mux.Handle("/named/", http.StripPrefix("/named", named.handler()))
	c := a.client()
	got := c.get("/inner/me")
	got.want(t, 500, "Internal Server Error\n")
	c.post("/login?user=ann").want(t, 200, "")
	c.post("/named/login?user=bob").want(t, 200, "")
	c.get("/named/me").want(t, 200, "bob")
	c.get("/me").want(t, 200, "ann")
}
