package matrix

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/echosession/session"
)

// checkBody reads the body.
func (x *exchange) checkBody() (problems []string) {
	say := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	body, err := x.readBody()
	if x.mode.fails() {
		status, _, _ := x.failure()
		if err != nil || strings.Contains(body, Text) || strings.Count(body, http.StatusText(status)) > 1 {
			say("the error page is %q (%v)", body, err)
		}
		if head := x.res.Request.Method == http.MethodHead; head != (body == "") {
			say("the error page is %q", body)
		}
		return problems
	}
	want := x.path.Want.Body
	if want == "" {
		want = Text
	}
	switch {
	case x.path.Cut != (err != nil):
		say("the body ends by %v", err)
	case x.path.Empty && body != "":
		say("the body is %q, not empty", body)
	case !x.path.Empty && !strings.Contains(body, want):
		say("the body is %q, and has no %q", body, want)
	}
	return problems
}

func (x *exchange) readBody() (string, error) {
	var body io.Reader = x.res.Body
	if x.res.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(body)
		if err != nil {
			return "", err
		}
		body = z
	}
	// A stream has no end, and neither has an upgraded connection.
	if !x.mode.fails() && (x.path.Endless || x.res.StatusCode == http.StatusSwitchingProtocols) {
		text := make([]byte, 4096)
		n, err := io.ReadAtLeast(body, text, len(Text))
		for err == nil && !strings.Contains(string(text[:n]), Text) && n < len(text) {
			var more int
			more, err = body.Read(text[n:])
			n += more
		}
		return string(text[:n]), err
	}
	text, err := io.ReadAll(body)
	return string(text), err
}

// checkAfter looks at the store when the handler has returned.
func (x *exchange) checkAfter() (problems []string) {
	say := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	if x.last.Load() == nil {
		say("the handler never used its session")
	} else if !x.over() {
		say("the session is open when the request is over")
	}
	if n := x.late.Load(); n > 0 {
		say("%d changes came too late for a cookie", n)
	}
	want := 0
	if x.mode == read || x.mode == set && x.path.Dropped == "" {
		want = 1
	}
	if got := x.Visit.store.stored(); got != want {
		say("the store has %d sessions, not %d", got, want)
	}
	return problems
}

// over waits for the session to be closed. After a panic that nobody recovers it
// is the end of the request's context that closes it.
func (x *exchange) over() bool {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if err := x.last.Load().Set(key, x.value); errors.Is(err, session.ErrClosed) {
			return true
		}
		if !x.path.NoAnswer {
			return false
		}
	}
	return false
}
