package tests_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/echosession/session/internal/testserver"
	"github.com/echosession/session/store"
	redisstore "github.com/echosession/session/store/redis"
)

// TestRedisIsNotQuoted: a server that lacks a command answers with what it was
// sent, the session's id among it. Neither the log nor a notice passes that on.
func TestRedisIsNotQuoted(t *testing.T) {
	for _, command := range []string{"GET", "EVALSHA"} {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			db := database(t)
			server := testserver.StartRedis(t, testserver.RedisOptions{Settings: map[string]string{"rename-command": command + ` ""`}})
			log, logger := logging()
			n := tier(t, connect(t, server.Addr(), heedful), primaryOn(t, db), redisstore.TierOptions{Freshness: freshness, Logger: logger})
			told := make(chan string, 10_000)
			n.OnNotice(func(_ context.Context, n store.Notice) {
				told <- fmt.Sprintf("%s %s %v %+v", n.Kind, n.Reason, n.Err, n.Err)
			})
			r := record(secretID, "ann")
			must(t, n.Create(t.Context(), r))
			for range 10 {
				_, err := n.Load(t.Context(), secretID)
				must(t, err)
				must(t, n.Save(t.Context(), r))
			}
			must(t, n.Delete(t.Context(), r))
			close(told)
			text := log.String()
			if !strings.Contains(text, "Redis answers ERR") {
				t.Errorf("the log does not say what is wrong:\n%s", text)
			}
			for line := range told {
				text += line + "\n"
			}
			if strings.Contains(text, secretID) || strings.Contains(text, "made") {
				t.Errorf("an id or a document is told:\n%s", text)
			}
		})
	}
}

// TestARefusalIsOneChange: reads and writes that Redis refuses are one state, and
// writes that it refuses alone are another, however they alternate.
func TestARefusalIsOneChange(t *testing.T) {
	t.Parallel()
	db := database(t)
	server := testserver.StartRedis(t, testserver.RedisOptions{})
	proxy := testserver.StartProxy(t, server.Addr())
	log, logger := logging()
	n := tier(t, connect(t, proxy.Addr(), heedful), primaryOn(t, db), redisstore.TierOptions{Freshness: freshness, Logger: logger})
	r := record(secretID, "ann")
	must(t, n.Create(t.Context(), r))
	warmed(t, n, secretID)
	mend := withPassword(t, server, proxy, "")
	for began := time.Now(); time.Since(began) < 3*time.Second; time.Sleep(2 * time.Millisecond) { // it is tried a few times
		_, err := n.Load(t.Context(), secretID)
		must(t, err)
		must(t, n.Save(t.Context(), r))
	}
	mend()
	warmed(t, n, secretID)
	if text := log.String(); strings.Count(text, "\n") != 2 {
		t.Errorf("it is not told once when Redis is lost, and once when it is back:\n%s", text)
	}
}
