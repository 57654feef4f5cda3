package rules_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/echosession/session"
)

// environment reads "NAME=value" lines; a name without a value is set to "".
func environment(lines ...string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for _, line := range lines {
			if key, value, _ := strings.Cut(line, "="); key == name {
				return value, true
			}
		}
		return "", false
	}
}

func TestConfigFromEnv(t *testing.T) {
	list, _ := json.Marshal([]string{secret, "with, a comma"})
	for _, c := range []struct {
		name string
		env  []string
		want session.Config
	}{
		{"the secret is enough", nil, session.Config{}},
		{"empty is unset", []string{"APP_ENV", "SESSION_COOKIE_NAME", "SESSION_IDLE_TIMEOUT", "SESSION_ABSOLUTE_TIMEOUT", "SESSION_CLEANUP_INTERVAL", "SESSION_CLEANUP_SCHEDULE"},
			session.Config{}},
		{"production", []string{"APP_ENV=production"}, session.Config{}},
		{"development", []string{"APP_ENV=development"}, session.Config{Development: true}},
		{"several secrets", []string{"SESSION_SECRET=" + secret + ", old,older"},
			session.Config{Secrets: []string{secret, "old", "older"}}},
		{"a JSON array of secrets", []string{"SESSION_SECRET= " + string(list)},
			session.Config{Secrets: []string{secret, "with, a comma"}}},
		{"one secret is taken as it is", []string{"SESSION_SECRET= " + secret + " "}, session.Config{Secrets: []string{" " + secret + " "}}},
		{"a cookie name", []string{"SESSION_COOKIE_NAME=connect.sid"}, session.Config{Cookie: session.Cookie{Name: "connect.sid"}}},
		{"durations", []string{"SESSION_IDLE_TIMEOUT=90m", "SESSION_ABSOLUTE_TIMEOUT=12h30m", "SESSION_CLEANUP_INTERVAL=10s"},
			session.Config{Idle: 90 * time.Minute, Absolute: 12*time.Hour + 30*time.Minute, CleanupInterval: 10 * time.Second}},
		{"days", []string{"SESSION_IDLE_TIMEOUT=2d", "SESSION_ABSOLUTE_TIMEOUT=10d", "SESSION_CLEANUP_INTERVAL=1d"},
			session.Config{Idle: 2 * day, Absolute: 10 * day, CleanupInterval: day}},
		{"a browser session without a cap", []string{"SESSION_IDLE_TIMEOUT=browser", "SESSION_ABSOLUTE_TIMEOUT=off"},
			session.Config{BrowserSession: true, NoAbsolute: true}},
		{"a schedule", []string{"SESSION_CLEANUP_SCHEDULE=30 2 * * 1-5"}, session.Config{CleanupSchedule: "30 2 * * 1-5"}},
		{"shared with Express", []string{"SESSION_SHARE=express"}, session.Config{Express: true}},
		{"shared with Express, in its own way", []string{"SESSION_SHARE=express", "SESSION_COOKIE_SAMESITE=unset", "SESSION_COOKIE_SECURE=false", "SESSION_COOKIE_DOMAIN=example.com", "SESSION_COOKIE_PATH=/app"},
			session.Config{Express: true, Cookie: session.Cookie{SameSite: http.SameSiteDefaultMode, Insecure: true, Domain: "example.com", Path: "/app"}}},
		{"a cookie for other sites", []string{"SESSION_COOKIE_SAMESITE=None", "SESSION_COOKIE_SECURE=true"}, session.Config{Cookie: session.Cookie{SameSite: http.SameSiteNoneMode}}},
		{"a strict cookie", []string{"SESSION_COOKIE_SAMESITE=strict"}, session.Config{Cookie: session.Cookie{SameSite: http.SameSiteStrictMode}}},
		{"a lax cookie", []string{"SESSION_COOKIE_SAMESITE=lax"}, session.Config{Cookie: session.Cookie{SameSite: http.SameSiteLaxMode}}},
		{"no schedule", []string{"SESSION_CLEANUP_SCHEDULE=off"}, session.Config{CleanupSchedule: "off"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.want.Secrets == nil {
				c.want.Secrets = []string{secret}
			}
			got, err := session.ConfigFromEnv(environment(append(c.env, "SESSION_SECRET="+secret)...))
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got.Secrets, c.want.Secrets) {
				t.Errorf("%d secrets, want %d, or they differ", len(got.Secrets), len(c.want.Secrets))
			}
			got.Secrets, c.want.Secrets = nil, nil
			if got.Cookie != c.want.Cookie || got.Idle != c.want.Idle || got.Absolute != c.want.Absolute ||
				got.BrowserSession != c.want.BrowserSession || got.NoAbsolute != c.want.NoAbsolute || got.Development != c.want.Development || got.Express != c.want.Express ||
				got.CleanupInterval != c.want.CleanupInterval || got.CleanupSchedule != c.want.CleanupSchedule {
				t.Errorf("read as\n%+v, want\n%+v", got, c.want)
			}
		})
	}
}

func TestConfigFromEnvRefuses(t *testing.T) {
	const unit = "; write a duration with its unit, such as 90m, 24h or 7d"
	const cron = `; write minute, hour, day, month and weekday, as in "0 3 * * *", or "off"`
	for _, c := range []struct {
		name string
		env  []string
		want []string
	}{
		{"no secret", []string{"SESSION_SECRET"}, []string{"SESSION_SECRET environment variable is required" + generate}},
		{"a list of no secrets", []string{"SESSION_SECRET= [ ]"}, []string{`SESSION_SECRET is a JSON array without a secret; write ["new secret","old secret"]`}},
		{"a list that is none", []string{`SESSION_SECRET=["` + secret}, []string{`SESSION_SECRET begins with [ but is not a JSON array of strings; write ["new secret","old secret"]`}},
		{"a list of numbers", []string{`SESSION_SECRET=[1]`}, []string{`SESSION_SECRET begins with [ but is not a JSON array of strings; write ["new secret","old secret"]`}},
		{"a short secret", []string{"SESSION_SECRET=" + secret[:20]}, []string{"SESSION_SECRET secret 1, which signs, has 20 bytes, and at least 32 are needed" + generate}},
		{"a comma at the end", []string{"SESSION_SECRET=" + secret + ","}, []string{"SESSION_SECRET secret 2 is empty; remove it"}},
		{"the same secret twice", []string{"SESSION_SECRET=" + secret + "," + secret}, []string{"SESSION_SECRET secret 2 is the same as secret 1; remove one"}},
		{"an environment of another name", []string{"APP_ENV=prod"}, []string{`APP_ENV is "prod"; use production or development`}},
		{"a cookie name with a space", []string{"SESSION_COOKIE_NAME=a b"}, []string{`SESSION_COOKIE_NAME is "a b"; use letters, digits, - _ and .`}},
		{"a __Host- name in development", []string{"SESSION_COOKIE_NAME=__Host-a", "APP_ENV=development"},
			[]string{`SESSION_COOKIE_NAME is "__Host-a", and browsers drop a __Host- cookie unless it is Secure, has Path=/ and no Domain; choose another name or those attributes`}},
		{"sharing with another", []string{"SESSION_SHARE=rails"}, []string{`SESSION_SHARE is "rails"; use express, or leave it out`}},
		{"a SameSite that is none", []string{"SESSION_COOKIE_SAMESITE=yes"}, []string{`SESSION_COOKIE_SAMESITE is "yes"; use lax, strict or none`}},
		{"no SameSite without Express", []string{"SESSION_COOKIE_SAMESITE=unset"}, []string{"SESSION_COOKIE_SAMESITE is unset, which only an Express app beside us is a reason for; set SESSION_SHARE=express, or use lax"}},
		{"SameSite=None over plain http", []string{"SESSION_COOKIE_SAMESITE=none", "SESSION_COOKIE_SECURE=false"}, []string{"SESSION_COOKIE_SAMESITE is None without Secure, which browsers drop; serve https, or use Lax"}},
		{"Secure that is neither", []string{"SESSION_COOKIE_SECURE=auto"}, []string{`SESSION_COOKIE_SECURE is "auto"; use true or false`}},
		{"a public suffix", []string{"SESSION_COOKIE_DOMAIN=co.uk"}, []string{`SESSION_COOKIE_DOMAIN is "co.uk", which is a public suffix, for which browsers take no cookie; use a domain of yours, such as example.com, or leave it out for this host only`}},
		{"a path without a slash", []string{"SESSION_COOKIE_PATH=app"}, []string{`SESSION_COOKIE_PATH is "app"; it begins with / and has no ; and no control characters`}},
		{"seconds without a unit", []string{"SESSION_IDLE_TIMEOUT=3600"}, []string{`SESSION_IDLE_TIMEOUT is "3600", which is no duration` + unit + `, or "browser"`}},
		{"a word that another variable takes", []string{"SESSION_ABSOLUTE_TIMEOUT=browser"}, []string{`SESSION_ABSOLUTE_TIMEOUT is "browser", which is no duration` + unit + `, or "off"`}},
		{"a cleanup that is off", []string{"SESSION_CLEANUP_INTERVAL=off"}, []string{`SESSION_CLEANUP_INTERVAL is "off", which is no duration` + unit}},
		{"zero", []string{"SESSION_IDLE_TIMEOUT=0"}, []string{`SESSION_IDLE_TIMEOUT is "0"; it must be longer than 0`}},
		{"no days", []string{"SESSION_ABSOLUTE_TIMEOUT=0d"}, []string{`SESSION_ABSOLUTE_TIMEOUT is "0d"; it must be longer than 0`}},
		{"negative", []string{"SESSION_IDLE_TIMEOUT=-1ns"}, []string{`SESSION_IDLE_TIMEOUT is "-1ns"; it must be longer than 0`}},
		{"too many days", []string{"SESSION_IDLE_TIMEOUT=65536d"}, []string{`SESSION_IDLE_TIMEOUT is "65536d", which is no duration` + unit + `, or "browser"`}},
		{"above ten years", []string{"SESSION_IDLE_TIMEOUT=3651d", "SESSION_ABSOLUTE_TIMEOUT=off"}, []string{"SESSION_IDLE_TIMEOUT is 87624h0m0s; use 1s to 87600h0m0s"}},
		{"idle above absolute", []string{"SESSION_ABSOLUTE_TIMEOUT=1h"},
			[]string{"SESSION_IDLE_TIMEOUT is 168h0m0s, longer than the absolute lifetime (1h0m0s), so it would never matter; lower it, or raise or lift the absolute lifetime"}},
		{"cleanup every millisecond", []string{"SESSION_CLEANUP_INTERVAL=1ms"}, []string{"SESSION_CLEANUP_INTERVAL is 1ms; use 1s to 87600h0m0s"}},
		{"a schedule that is none", []string{"SESSION_CLEANUP_SCHEDULE=never"}, []string{`SESSION_CLEANUP_SCHEDULE is "never", which is no cron line (expected exactly 5 fields, found 1: [never])` + cron}},
		{"everything wrong is said together",
			[]string{"SESSION_SECRET", "APP_ENV=test", "SESSION_COOKIE_NAME=;", "SESSION_IDLE_TIMEOUT=week", "SESSION_ABSOLUTE_TIMEOUT=1ms", "SESSION_CLEANUP_SCHEDULE=@never"},
			[]string{
				`APP_ENV is "test"; use production or development`,
				"SESSION_SECRET environment variable is required" + generate,
				`SESSION_IDLE_TIMEOUT is "week", which is no duration` + unit + `, or "browser"`,
				`SESSION_COOKIE_NAME is ";"; use letters, digits, - _ and .`,
				"SESSION_ABSOLUTE_TIMEOUT is 1ms; use 1s to 87600h0m0s",
				"SESSION_IDLE_TIMEOUT is 168h0m0s, longer than the absolute lifetime (1ms), so it would never matter; lower it, or raise or lift the absolute lifetime",
				`SESSION_CLEANUP_SCHEDULE is "@never", which is no cron line (unrecognized descriptor: @never)` + cron,
			}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := session.ConfigFromEnv(environment(append(c.env, "SESSION_SECRET="+secret)...))
			if err == nil {
				t.Fatal("accepted")
			}
			if got := strings.Split(err.Error(), "\n"); !slices.Equal(got, c.want) {
				t.Errorf("the problems are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
			if strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), secret[:20]) {
				t.Error("the secret is in the error")
			}
		})
	}
}

// Nothing but the lookup is asked, and only for names of ours.
func TestConfigFromEnvReadsItsOwnNamesOnly(t *testing.T) {
	t.Setenv("SESSION_SECRET", secret)
	t.Setenv("APP_ENV", "development")
	var asked []string
	_, err := session.ConfigFromEnv(func(name string) (string, bool) { asked = append(asked, name); return "", false })
	if err == nil {
		t.Error("the process's own environment was read")
	}
	for _, name := range asked {
		if name != "APP_ENV" && !strings.HasPrefix(name, "SESSION_") {
			t.Errorf("%s was asked for", name)
		}
	}
	if len(asked) != 12 {
		t.Errorf("%d variables, and 12 are documented: %q", len(asked), asked)
	}
}
