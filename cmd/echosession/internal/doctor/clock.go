package doctor

import (
	"context"
	"fmt"
	"time"
)

// clocksApart is from where a difference is told: below it, it is not worth a
// person's time.
const clocksApart = 5 * time.Second

// compareClocks asks a server for its time, and says how far ours is from it, but
// for the time that the question took.
func compareClocks(ctx context.Context, server string, ask func(context.Context) (time.Time, error)) (string, error) {
	before := time.Now()
	theirs, err := ask(ctx)
	if err != nil {
		return "", err
	}
	after := time.Now()
	ours := before.Add(after.Sub(before) / 2)
	return judgeClocks(server, ours.Sub(theirs), after.Sub(before))
}

func judgeClocks(server string, ahead, took time.Duration) (string, error) {
	apart, direction := ahead, "ahead of"
	if ahead < 0 {
		apart, direction = -ahead, "behind"
	}
	if apart <= clocksApart+took/2 {
		return "within " + clocksApart.String(), nil
	}
	return "", &trouble{
		what: fmt.Sprintf("the clock of this host is %s %s %s's", apart.Round(time.Second), direction, server),
		hint: "sessions end by the server's clock, but dates in cookies, logs and Express go by this one: let both be set by NTP",
		fix:  "sudo timedatectl set-ntp true",
		mild: true,
	}
}
