package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"
)

var errNotConfirmed = errors.New("not confirmed; nothing is changed")

// confirm asks where somebody can be asked, and returns nil for a yes. A script
// means what it says. A person whose error output goes elsewhere would not see
// the question, and so has to say it beforehand.
func (t *tool) confirm(ctx context.Context, question string) error {
	switch {
	case !t.asks:
		return nil
	case !t.shows:
		return usage{errors.New("this asks first, and nobody would see the question where standard error goes; add --yes")}
	}
	fmt.Fprint(t.err, question)
	answer := make(chan string, 1)
	go func() { // it ends with the process
		line, _ := bufio.NewReader(t.in).ReadString('\n')
		answer <- line
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(t.err)
		return errNotConfirmed
	case line := <-answer:
		if strings.TrimSpace(line) != "yes" {
			return errNotConfirmed
		}
	}
	return nil
}
