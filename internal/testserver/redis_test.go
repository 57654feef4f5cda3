package testserver

import (
	"fmt"
	"net"
	"strings"
	"testing"
)

func TestRedisKeepsWhatItIsToldTo(t *testing.T) {
	t.Parallel()
	always := map[string]string{"appendonly": "yes"}
	for _, c := range []struct {
		what     string
		settings map[string]string
		do       func(*Redis)
		want     string
	}{
		{"by default a kill loses everything", nil, func(r *Redis) { r.Kill(); r.Start() }, ""},
		{"by default a restart loses everything", nil, (*Redis).Restart, ""},
		{"by default a pause loses nothing", nil, func(r *Redis) { r.Pause(); r.Resume() }, "v"},
		{"with appendonly a kill loses nothing", always, func(r *Redis) { r.Kill(); r.Start() }, "v"},
		{"with appendonly a kill in a pause loses nothing", always, func(r *Redis) { r.Pause(); r.Kill(); r.Start() }, "v"},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			r := StartRedis(t, RedisOptions{Settings: c.settings})
			addr := r.Addr()
			do(t, r, "SET", "k", "v")
			c.do(r)
			want(t, "value", do(t, r, "GET", "k"), c.want)
			want(t, "address", r.Addr(), addr)
		})
	}
}

func TestRedisPauses(t *testing.T) {
	t.Parallel()
	r := StartRedis(t, RedisOptions{})
	r.Pause()
	_, state, _ := stat(r.PID())
	want(t, "state", string(state), "T")
	conn, err := net.Dial("tcp", r.Addr())
	must(t, err) // the kernel takes connections
	conn.Close()
	answer := make(chan string)
	go func() {
		got, _ := r.Do("PING")
		answer <- got
	}()
	r.Resume()
	want(t, "answer", <-answer, "PONG")
}

func TestRedisHasItsSettings(t *testing.T) {
	t.Parallel()
	r := StartRedis(t, RedisOptions{
		Password: "sesame",
		ACL:      []string{"user app on >apple ~app:* +@all"},
		Settings: map[string]string{"maxmemory": "10mb", "maxmemory-policy": "allkeys-lru"},
	})
	want(t, "maxmemory", do(t, r, "CONFIG", "GET", "maxmemory"), "maxmemory\n10485760")
	want(t, "policy", do(t, r, "CONFIG", "GET", "maxmemory-policy"), "maxmemory-policy\nallkeys-lru")
	want(t, "URL", r.URL(), "redis://:sesame@"+r.Addr()+"/0")
	for _, c := range []struct {
		what     string
		commands [][]string
		want     string
	}{
		{"without a password", [][]string{{"PING"}}, "NOAUTH"},
		{"a user's key", [][]string{{"AUTH", "app", "apple"}, {"SET", "app:k", "v"}}, ""},
		{"another key", [][]string{{"AUTH", "app", "apple"}, {"SET", "k", "v"}}, "NOPERM"},
	} {
		_, err := respCall(r.Addr(), c.commands...)
		if err == nil && c.want != "" || err != nil && (c.want == "" || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", c.what, err, c.want)
		}
	}
	one := StartRedis(t, RedisOptions{Password: "sesame"})
	if _, err := respCall(one.Addr(), []string{"PING"}); err == nil || !strings.Contains(err.Error(), "NOAUTH") {
		t.Errorf("with a password only: %v", err)
	}
	want(t, "with the password", do(t, one, "PING"), "PONG")
}

func TestRedisReplicaIsPromoted(t *testing.T) {
	t.Parallel()
	r := StartRedis(t, RedisOptions{Password: "sesame"})
	do(t, r, "SET", "k", "v")
	replica := r.Replica(t)
	want(t, "on the replica", do(t, replica, "GET", "k"), "v")
	if _, err := replica.Do("SET", "k", "w"); err == nil || !strings.Contains(err.Error(), "READONLY") {
		t.Errorf("a write on the replica: %v", err)
	}
	r.Kill()
	replica.Promote()
	do(t, replica, "SET", "k", "w")
	want(t, "on the new master", do(t, replica, "GET", "k"), "w")
	replica.Restart()
	do(t, replica, "SET", "k", "x") // it stays a master
}

func TestRedisGoesBackToADump(t *testing.T) {
	t.Parallel()
	r := StartRedis(t, RedisOptions{})
	do(t, r, "SET", "k", "old")
	dump := r.Dump()
	r.Restart()
	want(t, "restarted after it was dumped", do(t, r, "GET", "k"), "")
	do(t, r, "SET", "k", "new")
	r.Load(dump)
	want(t, "restored", do(t, r, "GET", "k"), "old")
	r.Restart()
	want(t, "restarted after it was restored", do(t, r, "GET", "k"), "")
	r.Kill()
	r.Load(dump)
	want(t, "restored while down", do(t, r, "GET", "k"), "old")
}

func TestSharedRedis(t *testing.T) {
	t.Parallel()
	r := SharedRedis(t, RedisOptions{})
	if SharedRedis(t, RedisOptions{}) != r {
		t.Error("the same options are another server")
	}
	if SharedRedis(t, RedisOptions{Settings: map[string]string{"maxmemory": "10mb"}}) == r {
		t.Error("other options are the same server")
	}
	if one, other := r.Prefix(), r.Prefix(); one == other {
		t.Error("two prefixes are the same")
	}
	defer func() {
		if got := fmt.Sprint(recover()); !strings.Contains(got, "Kill of a shared Redis") {
			t.Errorf("a shared server was killed, or for another reason not: %s", got)
		}
	}()
	r.Kill()
}
