package testserver

import (
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// RedisOptions are of a server. The zero value keeps nothing on disk and asks for
// no password.
type RedisOptions struct {
	// Password is the default user's.
	Password string
	// ACL are lines of an ACL file, such as "user app on >word ~app:* +@all". The
	// default user keeps all rights unless a line says something else; if one
	// does, Password has to be what it says.
	ACL []string
	// Settings are lines of redis.conf as they stand there, such as
	// "maxmemory": "10mb" or "save": "60 1". They come after the defaults.
	Settings map[string]string
}

// Redis is a private server. It is a master, or a replica made by
// [Redis.Replica].
type Redis struct {
	server
	opts RedisOptions
}

// StartRedis starts a server of the test's own. It takes some milliseconds.
func StartRedis(t testing.TB, opts RedisOptions) *Redis {
	t.Helper()
	r, err := newRedis(opts)
	if err != nil {
		giveUp(t, err)
	}
	r.t = t
	r.closeAfter(t)
	return r
}

func newRedis(opts RedisOptions) (*Redis, error) {
	path, err := findProgram("redis-server")
	if err != nil {
		return nil, err
	}
	dir, err := newDir(nil)
	if err != nil {
		return nil, err
	}
	r := &Redis{opts: opts}
	r.server = server{name: "Redis", dir: dir, ready: func(p *process) bool {
		// In its own log, where no other server can say it.
		return strings.Contains(p.output(), "Ready to accept connections")
	}}
	config := filepath.Join(dir, "redis.conf")
	r.server.command = func() (command, error) {
		return command{
			path: path, args: []string{config, "--port", fmt.Sprint(r.port)},
			dir: dir, log: r.logFile(), soon: "KILL",
		}, nil
	}
	if err = r.configure(config); err == nil {
		err = r.launch()
	}
	if err == nil {
		_, err = r.Do("PING")
	}
	if err != nil {
		return nil, errors.Join(err, r.close())
	}
	return r, nil
}

func (r *Redis) configure(path string) error {
	lines := map[string]string{
		"bind":                     "127.0.0.1",
		"dir":                      strconv.Quote(r.dir),
		"save":                     `""`,
		"appendonly":               "no",
		"repl-diskless-sync-delay": "0", // else a replica waits for others for seconds
	}
	if r.opts.Password != "" {
		lines["requirepass"] = r.opts.Password
		lines["masterauth"] = r.opts.Password
	}
	if len(r.opts.ACL) > 0 {
		// The file decides about everybody, the default user included.
		users := []string{"user default on nopass ~* &* +@all"}
		if r.opts.Password != "" {
			users[0] = "user default on >" + r.opts.Password + " ~* &* +@all"
		}
		for _, line := range r.opts.ACL {
			if strings.HasPrefix(line, "user default ") {
				users = users[1:]
				break
			}
		}
		file := filepath.Join(r.dir, "users.acl")
		text := strings.Join(append(users, r.opts.ACL...), "\n") + "\n"
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			return err
		}
		delete(lines, "requirepass")
		lines["aclfile"] = strconv.Quote(file)
	}
	maps.Copy(lines, r.opts.Settings)
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(lines)) {
		fmt.Fprintf(&b, "%s %s\n", name, lines[name])
	}
	return os.WriteFile(path, []byte(b.String()), 0o600)
}

// URL is for database 0, as the default user.
func (r *Redis) URL() string {
	u := url.URL{Scheme: "redis", Host: r.Addr(), Path: "/0"}
	if r.opts.Password != "" {
		u.User = url.UserPassword("", r.opts.Password)
	}
	return u.String()
}

// Prefix returns a beginning of keys that no other test has.
func (r *Redis) Prefix() string { return "test:" + rand.Text() + ":" }

// Do sends one command as the default user, over a connection of its own, and
// returns the answer: a list as lines, nothing as "". An answer that is an error
// is returned as one.
func (r *Redis) Do(args ...string) (string, error) {
	if r.opts.Password == "" {
		return respCall(r.Addr(), args)
	}
	return respCall(r.Addr(), []string{"AUTH", r.opts.Password}, args)
}
