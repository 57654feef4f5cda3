package session

import (
	"errors"
	"fmt"
	"time"
)

// A problem is one thing that is wrong with the configuration: the field, and
// what its value's problem and the fix are.
type problem struct{ field, what string }

func (p problem) Error() string { return p.field + " " + p.what }

// problems collects them, so that all are said together, at start.
type problems []error

func (p *problems) add(field, what string) { *p = append(*p, problem{field, what}) }

func (p *problems) between(field string, d, low, high time.Duration) {
	if d < low || d > high {
		p.add(field, fmt.Sprintf("is %s; use %s to %s", d, low, high))
	}
}

func (p problems) err() error { return errors.Join(p...) }
