package main

import (
	"net/url"
	"strings"
	"testing"

	"github.com/echosession/session/cmd/echosession/internal/doctor"
	"github.com/echosession/session/internal/testserver"
)

// redisOnly is a setup on a Redis of its own, as it should be but for settings.
func redisOnly(t *testing.T, settings map[string]string, acl ...string) environment {
	t.Helper()
	all := map[string]string{"appendonly": "yes"}
	for name, value := range settings {
		all[name] = value
	}
	r := testserver.StartRedis(t, testserver.RedisOptions{Settings: all, ACL: acl})
	return environment{"SESSION_STORE": "redis-only", "REDIS_URL": r.URL(), "REDIS_ADMIN_URL": r.URL(), "SESSION_SECRET": secret}
}

// inFront is one with Redis in front of Postgres.
func inFront(t *testing.T, settings map[string]string) environment {
	t.Helper()
	r := redisOnly(t, settings)
	return migrated(t).with("SESSION_STORE", "redis", "REDIS_URL", r["REDIS_URL"], "REDIS_ADMIN_URL", r["REDIS_ADMIN_URL"])
}

// limited is redis-only with a user of these rights.
func limited(rules string) func(*testing.T) environment {
	return func(t *testing.T) environment {
		e := redisOnly(t, nil, "user app on >word "+rules)
		u, err := url.Parse(e["REDIS_URL"])
		if err != nil {
			t.Fatal(err)
		}
		u.User = url.UserPassword("app", "word")
		return e.with("REDIS_URL", u.String())
	}
}

const recommended = "~sess:* ~echosession:* +@all -@admin -@dangerous +info"

var brokenRedis = []broken{
	{name: "Redis alone that evicts", check: "redis eviction", says: "allkeys-lru", setup: func(t *testing.T) environment {
		return redisOnly(t, map[string]string{"maxmemory-policy": "allkeys-lru"})
	}},
	{name: "Redis in front that does not evict", check: "redis eviction", status: doctor.Warning, says: "noeviction", setup: func(t *testing.T) environment {
		return inFront(t, map[string]string{"maxmemory": "100mb"})
	}},
	{name: "Redis alone that forgets", check: "redis persistence", status: doctor.Warning, says: "appendonly", setup: func(t *testing.T) environment {
		return redisOnly(t, map[string]string{"appendonly": "no"})
	}},
	{name: "Redis without evalsha", check: "redis rights", says: "lacks +evalsha", setup: limited(recommended + " -evalsha")},
	{name: "Redis without the scripts' own commands", check: "redis rights", says: "+pexpire +zadd", setup: limited(recommended + " -zadd -pexpire")},
	{name: "Redis without our keys", check: "redis rights", says: "~echosession:*", setup: limited("~sess:* +@all -@admin -@dangerous +info")},
	{name: "Redis that tells nothing", check: "redis version", status: doctor.Warning, says: "NOPERM", setup: limited("~sess:* ~echosession:* +@all -@admin -@dangerous")},
	{name: "a replica of Redis", check: "redis role", says: "replica", setup: func(t *testing.T) environment {
		master := testserver.StartRedis(t, testserver.RedisOptions{Settings: map[string]string{"appendonly": "yes"}})
		replica := master.Replica(t)
		return environment{"SESSION_STORE": "redis-only", "REDIS_URL": replica.URL(), "SESSION_SECRET": secret}
	}},
}

// TestDoctorOfARedisThatIsDown: alone and in front.
func TestDoctorOfARedisThatIsDown(t *testing.T) {
	for kind, says := range map[string]string{"redis-only": "503", "redis": "serves without it"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			r := testserver.StartRedis(t, testserver.RedisOptions{Settings: map[string]string{"appendonly": "yes"}})
			e := environment{"SESSION_STORE": "redis-only", "SESSION_SECRET": secret}
			if kind == "redis" {
				e = migrated(t)
			}
			e = e.with("SESSION_STORE", kind, "REDIS_URL", r.URL())
			r.Kill()
			broken{check: "redis server", says: "connection refused", setup: func(t *testing.T) environment { return e }, byHand: func(t *testing.T) {
				if report, _ := diagnosed(t, e); !strings.Contains(told(report), says) {
					t.Error(told(report))
				}
				r.Start()
			}}.mend(t)
		})
	}
}

// TestDoctorOfAWrongPassword: the code is told, and nothing of what was sent.
func TestDoctorOfAWrongPassword(t *testing.T) {
	t.Parallel()
	e := limited(recommended)(t)
	u, _ := url.Parse(e["REDIS_URL"])
	u.User = url.UserPassword("app", "wrong-word")
	wrong := e.with("REDIS_URL", u.String())
	broken{check: "redis server", says: "WRONGPASS", setup: func(*testing.T) environment { return wrong }, byHand: func(*testing.T) {
		wrong["REDIS_URL"] = e["REDIS_URL"]
	}}.mend(t)
}

// TestDoctorOfARedisThatTellsNothing: what it was not told is not "ok".
func TestDoctorOfARedisThatTellsNothing(t *testing.T) {
	t.Parallel()
	e := limited("~sess:* ~echosession:* +@all -@admin -@dangerous")(t)
	report := decode[doctor.Report](t, e.run(t, "doctor"))
	for _, r := range report.Results {
		told := r.Check != "redis role" && r.Check != "redis eviction" && r.Check != "redis persistence"
		if strings.HasPrefix(r.Check, "redis ") && (r.Status == doctor.Skipped) == told {
			t.Errorf("%s is %s", r.Check, r.Status)
		}
	}
}
