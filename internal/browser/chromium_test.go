package browser

import (
	"errors"
	"os"
	"testing"
)

// TestTheProcessIsShared: it ends with the last test that has it, and leaves no
// file; one that has ended before is not given out.
func TestTheProcessIsShared(t *testing.T) {
	t.Parallel()
	path := Start(t).cmd.Path // or there is none here
	s := &sharing{}
	join := func() *chromium {
		t.Helper()
		c, err := s.join(path)
		must(t, err)
		return c
	}
	first, second := join(), join()
	if first != second {
		t.Error("two tests start two processes")
	}
	s.leave(first)
	if _, err := second.call("", "Browser.getVersion", nil); err != nil {
		t.Error("it ends with the first of two tests:", err)
	}
	must(t, second.command.Close()) // it ends by itself
	<-second.ended
	third := join()
	if third == second {
		t.Fatal("one that has ended is given out")
	}
	s.leave(second)
	s.leave(third)
	if !third.over() {
		t.Error("it goes on after the last test")
	}
	for _, c := range []*chromium{second, third} {
		if _, err := os.Stat(c.profile); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("its files stay: %v", err)
		}
	}
}
