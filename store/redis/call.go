package redisstore

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/echosession/session/store"
)

// within bounds one operation.
func (s *Store) within(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, s.o.Timeout)
}

// heedsDeadlines reports whether a client ends a call with its context. By default
// none does: it tries a server that is silent for half a minute.
func heedsDeadlines(client redis.UniversalClient) bool {
	switch c := client.(type) {
	case *redis.Client:
		return c.Options().ContextTimeoutEnabled
	case *redis.ClusterClient:
		return c.Options().ContextTimeoutEnabled
	case *redis.Ring:
		return c.Options().ContextTimeoutEnabled
	}
	return false
}

// await runs a call of the client, and gives up on it when ctx is over. A client
// that heeds deadlines does so by itself. What another one gets after that nobody
// sees, so do may share nothing that its caller goes on to use.
func await[T any](ctx context.Context, heeds bool, do func() (T, error)) (T, error) {
	type answer struct {
		value T
		err   error
	}
	var none T
	if err := ctx.Err(); err != nil {
		return none, err
	}
	if heeds {
		return do()
	}
	answers := make(chan answer, 1)
	go func() {
		value, err := do()
		answers <- answer{value, err}
	}()
	select {
	case a := <-answers:
		return a.value, a.err
	case <-ctx.Done():
		return none, ctx.Err()
	}
}

// A call is one run of a script.
type call struct {
	script *redis.Script
	keys   []string
	id     string // of the session, for the indexes
	args   []any
}

// arguments are those of every script, and the call's own.
func (s *Store) arguments(c call) []any {
	whole := "1"
	if s.sharded {
		whole = ""
	}
	return append([]any{whole, s.keys.handles, s.keys.users, c.id}, c.args...)
}

// run runs a script. An answer is its status and more; one that is not "ok" has
// the status alone.
func (s *Store) run(ctx context.Context, operation string, c call) ([]string, error) {
	args := s.arguments(c)
	answer, err := await(ctx, s.heeds, func() ([]string, error) {
		return c.script.Run(ctx, s.client, c.keys, args...).StringSlice()
	})
	return s.checked(operation, answer, err)
}

// batch is how many scripts are sent at once.
const batch = 100

// runAll runs many scripts, a batch at a time, each batch within the timeout. It
// stops at the first that goes wrong.
func (s *Store) runAll(ctx context.Context, operation string, calls []call, each func(i int, answer []string) error) error {
	for start := 0; start < len(calls); start += batch {
		part := calls[start:min(start+batch, len(calls))]
		answers, err := s.runBatch(ctx, operation, part)
		if err != nil {
			return err
		}
		for i, answer := range answers {
			if err := each(start+i, answer); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Store) runBatch(ctx context.Context, operation string, calls []call) ([][]string, error) {
	ctx, cancel := s.within(ctx)
	defer cancel()
	cmds, err := await(ctx, s.heeds, func() ([]*redis.Cmd, error) {
		pipe, cmds := s.client.Pipeline(), make([]*redis.Cmd, len(calls))
		for i, c := range calls {
			cmds[i] = c.script.EvalSha(ctx, pipe, c.keys, s.arguments(c)...)
		}
		_, _ = pipe.Exec(ctx) // each command has its own error
		return cmds, nil
	})
	if err != nil {
		return nil, s.wrap(operation, err)
	}
	answers := make([][]string, len(calls))
	for i, cmd := range cmds {
		answer, err := cmd.StringSlice()
		if redis.HasErrorPrefix(err, "NOSCRIPT") {
			answers[i], err = s.run(ctx, operation, calls[i])
		} else {
			answers[i], err = s.checked(operation, answer, err)
		}
		if err != nil {
			return nil, err
		}
	}
	return answers, nil
}

func (s *Store) checked(operation string, answer []string, err error) ([]string, error) {
	switch {
	case err != nil:
		return nil, s.wrap(operation, err)
	case len(answer) == 0:
		return nil, fmt.Errorf("%w: %s: the server's answer is empty", store.ErrUnavailable, operation)
	case answer[0] == "type", answer[0] == "size":
		s.unreadable.Do(func() {
			s.o.Logger.Warn("Session key cannot be read, and counts as no session", "prefix", s.keys.prefix, "reason",
				map[string]string{"type": "it is no string", "size": "it has more than 16 MiB"}[answer[0]])
		})
	}
	return answer, nil
}
