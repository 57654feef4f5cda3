package interop

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/echosession/session/internal/testserver"
)

// patience is how long a test waits for what has to come. Nothing is measured
// with it.
const patience = 30 * time.Second

// secret is long enough for both; old is one that Express has had for years.
const (
	secret = "mR4vT9xk2WqLz7bYc0PfJh5sNd8gUa3eXo6iVt1r"
	old    = "keyboard cat"
)

// A side is one of the two apps: the address of its routes.
type side struct {
	name string
	url  string
}

// express starts the Express apps with their settings as its environment.
func express(t testing.TB, env ...string) (of func(settings string) side) {
	t.Helper()
	var at string
	testserver.StartProgram(t, testserver.ProgramOptions{
		Name: "Express", Path: node, Args: []string{absolute(t, "express/app.js")}, Ready: "Express listens",
		Env: func(port int) []string {
			at = fmt.Sprintf("http://127.0.0.1:%d", port)
			return append([]string{fmt.Sprint("PORT=", port), "SECRETS=" + list(secret)}, env...)
		},
	})
	return func(settings string) side {
		if settings == "plain" {
			return side{"Express", at}
		}
		return side{"Express, " + settings, at + "/" + settings}
	}
}

// echo starts the reference app, sharing with Express.
func echo(t testing.TB, env ...string) side {
	t.Helper()
	var at string
	p := testserver.StartProgram(t, testserver.ProgramOptions{
		Name: "Echo", Path: login, Ready: "msg=Listening",
		Env: func(port int) []string {
			at = fmt.Sprintf("http://127.0.0.1:%d", port)
			return append([]string{fmt.Sprint("PORT=", port), "SESSION_SHARE=express", "SESSION_SECRET=" + secret,
				"SESSION_COOKIE_SECURE=false", "SESSION_COOKIE_SAMESITE=unset", "SESSION_IDLE_TIMEOUT=1h", "GORACE=atexit_sleep_ms=0"}, env...)
		},
	})
	t.Cleanup(func() {
		text := p.Log()
		if strings.Contains(text, secret) || strings.Contains(text, old) {
			t.Errorf("a secret is in the log:\n%s", text)
		}
		ids.Range(func(id, _ any) bool {
			if strings.Contains(text, id.(string)) {
				t.Errorf("a session id is in the log:\n%s", text)
			}
			return !t.Failed()
		})
	})
	return side{"Echo", at}
}

// list is a list of secrets, as both sides read it.
func list(secrets ...string) string {
	text, _ := json.Marshal(secrets)
	return string(text)
}

// form is the body of a login.
func form(user, kind string) string {
	return url.Values{"user": {user}, "kind": {kind}, "password": {"any"}, "numeric": {fmt.Sprint(kind == "number")}}.Encode()
}

// refused runs the reference app until it ends by itself, and returns what it
// said.
func refused(t testing.TB, env ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, login)
	cmd.Env = append([]string{"PORT=0", "SESSION_SECRET=" + secret}, env...)
	out, err := cmd.CombinedOutput()
	if err == nil || ctx.Err() != nil {
		t.Errorf("it is not refused: %v", err)
	}
	return string(out)
}
