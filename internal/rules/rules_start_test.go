package rules_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/echosession/session"
)

func TestNothingStartsByItself(t *testing.T) {
	const warning = "expired ones are not cleaned up"
	t.Run("New starts no goroutine", func(t *testing.T) {
		// A bubble whose function returns while a goroutine is left panics.
		synctest.Test(t, func(t *testing.T) { prepare(t, newMemory(nil)) })
	})
	t.Run("New reads no environment", func(t *testing.T) {
		t.Setenv("SESSION_SECRET", secret)
		t.Setenv("SESSION_COOKIE_NAME", "other")
		if _, err := session.New(newMemory(nil), session.Config{}); err == nil {
			t.Error("a secret came from nowhere")
		}
		a := newApp(t, newMemory(nil))
		a.client().post("/visit").want(t, 200, "1")
		if line := a.client().post("/visit").setCookie(t); !strings.HasPrefix(line, "session=") {
			t.Error("Set-Cookie:", line)
		}
	})
	t.Run("New changes nothing of the program's log", func(t *testing.T) {
		before := slog.Default()
		newApp(t, newMemory(nil))
		if slog.Default() != before {
			t.Error("another default logger")
		}
	})
	t.Run("when sessions are stored and Run was never called, one warning says so", func(t *testing.T) {
		a := newApp(t, newMemory(nil))
		a.client().get("/me")
		if strings.Contains(a.log.String(), warning) {
			t.Error("before anything is stored:", a.log)
		}
		for range 3 {
			a.client().post("/visit").want(t, 200, "1")
		}
		if n := strings.Count(a.log.String(), warning); n != 1 {
			t.Error(n, "warnings:", a.log)
		}
	})
	t.Run("no warning when Run was called", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			a := newBubbleApp(t, newMemory(nil))
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			go a.Run(ctx)
			synctest.Wait()
			a.client().post("/visit").want(t, 200, "1")
			if strings.Contains(a.log.String(), warning) {
				t.Error("log:", a.log)
			}
			cancel()
			synctest.Wait()
			a.client().post("/visit").want(t, 200, "1") // while the server drains
			if strings.Contains(a.log.String(), warning) {
				t.Error("log:", a.log)
			}
		})
	})
	t.Run("no warning where the store forgets by itself", func(t *testing.T) {
		a := newApp(t, forgetful{newMemory(nil)})
		a.client().post("/visit").want(t, 200, "1")
		if strings.Contains(a.log.String(), warning) {
			t.Error("log:", a.log)
		}
	})
}
