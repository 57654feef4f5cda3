package interop

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/echosession/session/internal/testserver"
)

// TestVectors: the cookies that the root's tests take for Express's are what
// Express's own parts make and read.
func TestVectors(t *testing.T) {
	t.Parallel()
	vectors := captured(t).Vectors
	in, err := json.Marshal(vectors)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), node, "vectors.mjs")
	cmd.Dir, cmd.Stdin = "express", strings.NewReader(string(in))
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var answers []struct{ Sent, Read string }
	if err := json.Unmarshal(out, &answers); err != nil || len(answers) != len(vectors) {
		t.Fatalf("%d answers, %v", len(answers), err)
	}
	for i, v := range vectors {
		if answers[i].Sent != v.Value || answers[i].Read != v.ID {
			t.Errorf("of %q Express makes\n%s, and reads %q", v, answers[i].Sent, answers[i].Read)
		}
	}
}

// TestSecretsAreChanged goes the way of docs/migrating.md: Express has had a short
// secret for years. After each step whoever logged in before, at either side, is
// known at both.
func TestSecretsAreChanged(t *testing.T) {
	t.Parallel()
	at := testserver.SharedPostgres(t, testserver.PostgresOptions{}).Database(t)
	echoWith := func(secrets ...string) side {
		return echo(t, "SESSION_STORE=postgres", "DATABASE_URL="+at, "MIGRATE=1", "SESSION_SECRET="+list(secrets...))
	}
	expressWith := func(secrets ...string) side {
		return express(t, "DATABASE_URL="+at, "SECRETS="+list(secrets...))("plain")
	}
	ours, first, verifies := echoWith(secret, old), expressWith(old), expressWith(old, secret)
	type user struct {
		*visitor
		name string
	}
	var users []user
	both := func(when string, sides ...side) {
		t.Helper()
		for _, u := range users {
			for _, s := range sides {
				if a := u.get(s, "/get?key=name"); a.body != `"`+u.name+`"` {
					t.Errorf("%s: %s, who logged in before, is answered with %d %s by %s", when, u.name, a.status, a.body, s.name)
				}
			}
		}
		for _, s := range sides {
			u := user{newVisitor(t), fmt.Sprint("user ", len(users))}
			u.login(s, u.name, "string")
			u.set(s, `{"name":"`+u.name+`"}`)
			users = append(users, u)
		}
	}
	both("Express alone, with its old secret", first)
	both("Express verifies the new one besides", verifies)
	both("Echo has come, and signs with the new one", verifies, ours)
	both("and so does Express", expressWith(secret, old), ours)
	late := user{newVisitor(t), "late"}
	late.login(verifies, late.name, "string")
	for _, u := range users { // whoever comes back within a lifetime
		u.post(ours, "/visit").is(t, 200, `{"visits":1}`)
	}
	gone := []side{expressWith(secret), echoWith(secret)}
	both("a lifetime later the old one is gone", gone...)
	for _, s := range gone { // or nothing was changed here
		late.get(s, "/me").is(t, 401, "*")
	}
}
