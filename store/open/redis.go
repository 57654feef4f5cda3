package open

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/url"
	"time"

	"github.com/redis/go-redis/v9"

	redisstore "github.com/echosession/session/store/redis"
)

const redisHint = "redis://user:password@host:6379/0, with special characters of the password percent-encoded"

// readRedis reads REDIS_URL: one server, or with ?master_name=… one that Sentinels
// know, or with ?addr=… a Cluster; further addresses are further addr parameters.
// The parsers' own errors are not passed on: they may quote the password.
func (s *Settings) readRedis(text func(string) string) error {
	at := text("REDIS_URL")
	if at == "" {
		return errors.New("REDIS_URL environment variable is required with SESSION_STORE=" + s.Name + "; write " + redisHint)
	}
	invalid := errors.New("REDIS_URL is no connection string; write " + redisHint)
	u, err := url.Parse(at)
	if err != nil {
		return invalid
	}
	if host := u.Hostname(); u.Scheme == "redis" && host != "" && !isLoopback(host) {
		s.Warnings = append(s.Warnings, Warning{"REDIS_URL", "REDIS_URL has no TLS to another host: write rediss://", host})
	}
	switch query := u.Query(); {
	case query.Has("master_name"):
		o, err := redis.ParseFailoverURL(at)
		if err != nil {
			return invalid
		}
		o.ContextTimeoutEnabled = true
		s.Redis = func() redis.UniversalClient { return redis.NewFailoverClient(o) }
		return nil
	case query.Has("addr"):
		o, err := redis.ParseClusterURL(at)
		if err != nil {
			return invalid
		}
		o.ContextTimeoutEnabled = true
		s.Redis = func() redis.UniversalClient { return redis.NewClusterClient(o) }
		return nil
	}
	o, err := redis.ParseURL(at)
	if err != nil {
		return invalid
	}
	if o.Network == "tcp" {
		if _, port, err := net.SplitHostPort(o.Addr); err != nil || port == "" {
			return invalid
		}
	}
	o.ContextTimeoutEnabled = true
	s.Redis = func() redis.UniversalClient { return redis.NewClient(o) }
	return nil
}

// closing is a Close that nobody can do anything about.
func closing(client redis.UniversalClient) func() { return func() { _ = client.Close() } }

// openRedis opens Redis alone.
func openRedis(ctx context.Context, client redis.UniversalClient) (*Backend, error) {
	s, err := redisstore.New(client, redisstore.Options{})
	if err != nil {
		return nil, err
	}
	warnUnlessUp(ctx, s.Ping, "Redis does not answer yet: requests that need a session are unavailable until it does")
	return &Backend{Store: s, Name: "redis-only", close: closing(client), servers: []server{{name: "redis", ping: s.Ping}}}, nil
}

// before puts a tier before an opened primary.
func before(ctx context.Context, primary *Backend, client redis.UniversalClient) (*Backend, error) {
	t, err := redisstore.NewTier(client, primary.Store, redisstore.TierOptions{})
	if err != nil {
		return nil, errors.Join(err, primary.Close())
	}
	warnUnlessUp(ctx, t.PingCopies, "Redis does not answer yet: sessions are read from Postgres until it does")
	return &Backend{
		Store: t, Name: "redis",
		servers: []server{{name: "postgres", ping: t.Ping}, {name: "redis", ping: t.PingCopies, spare: true}},
		close:   func() { closing(client)(); _ = primary.Close() },
	}, nil
}

func warnUnlessUp(ctx context.Context, ping func(context.Context) error, text string) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if err := ping(ctx); err != nil {
		slog.Warn(text, "error", err)
	}
}
