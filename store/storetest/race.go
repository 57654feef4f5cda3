package storetest

import (
	"errors"
	"math/rand/v2"
	"sync"
)

// rounds is how often a check runs a race.
const rounds = 20

// racers is how many calls take part where they are all alike.
const racers = 6

// together runs the calls at the same time and returns their errors. The calls
// may not end the check themselves. The order of the start is another one each
// time: on a small machine the first may be done before the last begins.
func together(calls ...func() error) []error {
	errs := make([]error, len(calls))
	start := make(chan struct{})
	var done sync.WaitGroup
	for _, i := range rand.Perm(len(calls)) {
		done.Go(func() {
			<-start
			errs[i] = calls[i]()
		})
	}
	close(start)
	done.Wait()
	return errs
}

// alike returns n calls of f, each with its number.
func alike(n int, f func(i int) error) []func() error {
	calls := make([]func() error, n)
	for i := range calls {
		calls[i] = func() error { return f(i) }
	}
	return calls
}

// winner ends the check unless exactly one call succeeded and all others lost
// with one of the given errors. It returns the winner's number.
func (p *probe) winner(errs []error, lost ...error) int {
	won := -1
	for i, err := range errs {
		switch {
		case err != nil:
			if !isOneOf(err, lost...) {
				p.failf("a call that lost got the error %q, want one of %q", err, lost)
			}
		case won >= 0:
			p.failf("more than one of %d calls succeeded", len(errs))
		default:
			won = i
		}
	}
	if won < 0 {
		p.failf("none of %d calls succeeded; one got the error %q", len(errs), errs[0])
	}
	return won
}

func isOneOf(err error, targets ...error) bool {
	for _, target := range targets {
		if errors.Is(err, target) {
			return true
		}
	}
	return false
}
