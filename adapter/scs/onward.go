package scsstore

import (
	"context"
	"time"
)

// patience is what a change may take without a deadline: as long as a logout by
// the default of session.Config.
const patience = 5 * time.Second

// onward is ctx as it is for a change that is not to be left half-way: without the
// request's end, with its deadline.
func onward(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		deadline = time.Now().Add(patience)
	}
	return context.WithDeadline(context.WithoutCancel(ctx), deadline)
}
