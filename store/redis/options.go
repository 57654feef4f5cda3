package redisstore

import (
	"fmt"
	"log/slog"
	"strings"
	"time"
)

// Options say where the sessions are and how long a call may take. The zero
// value is connect-redis's: keys that begin with "sess:".
type Options struct {
	// Prefix begins the keys of sessions; the id follows. Default "sess:", as
	// connect-redis has it. Our own keys begin with "echosession:", so that
	// connect-redis, which scans its prefix, does not find them: a Prefix that they
	// begin with, or that begins as they do, is refused.
	Prefix string
	// Timeout bounds each call of [store.Store], and each step of those that look
	// at many sessions, whatever the client's own settings are. Default 2 s; 1 ms
	// to 1 h. An earlier deadline of the context wins.
	Timeout time.Duration
	// UserLimit is how many live sessions one user may have, and thereby how large
	// their index grows. Default 10,000. Over it, those of the user's sessions end
	// that were used least recently.
	UserLimit int
	// Logger is told, once, of values that cannot be read. Default slog.Default().
	Logger *slog.Logger
}

// namespace begins all keys that are not connect-redis's.
const namespace = "echosession:"

func (o *Options) complete() error {
	if o.Prefix == "" {
		o.Prefix = "sess:"
	}
	if o.Timeout == 0 {
		o.Timeout = 2 * time.Second
	}
	if o.UserLimit == 0 {
		o.UserLimit = 10_000
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	switch {
	case strings.HasPrefix(namespace, o.Prefix), strings.HasPrefix(o.Prefix, namespace):
		return fmt.Errorf("redisstore: Options.Prefix is %q, where our own keys are; use another one, such as \"sess:\"", o.Prefix)
	case len(o.Prefix) > 256:
		return fmt.Errorf("redisstore: Options.Prefix has %d bytes; use at most 256", len(o.Prefix))
	case o.Timeout < time.Millisecond || o.Timeout > time.Hour:
		return fmt.Errorf("redisstore: Options.Timeout is %s; use 1ms to 1h", o.Timeout)
	case o.UserLimit < 0:
		return fmt.Errorf("redisstore: Options.UserLimit is %d; use 0 for the default of 10000, or a number above it", o.UserLimit)
	}
	return nil
}
