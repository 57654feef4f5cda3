package matrix

import (
	"fmt"
	"io"
	"net/http"
	"strings"
)

// An exchange is one request of a client, and what it finds on the wire.
type exchange struct {
	*rig
	*Visit
	path     Path
	protocol string

	cookie string // of the session it had before
	early  early
	res    *http.Response
	broken error
}

// beginSession gives the client a session.
func (x *exchange) beginSession() error {
	res, err := x.get(x.protocol, beginPath, "")
	if err != nil {
		return err
	}
	defer res.Body.Close()
	lines := cookieLines(res.Header)
	if len(lines) != 1 {
		return fmt.Errorf("%s, Set-Cookie %q", res.Status, lines)
	}
	x.cookie, _, _ = strings.Cut(lines[0], ";")
	return nil
}

// run makes the request, and checks what a client knows when the headers have
// come and nothing else has.
func (x *exchange) run() (problems []string) {
	say := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	x.res, x.broken = x.send(x.protocol, x.path, x.cookie, &x.early)
	if x.path.NoAnswer {
		if x.broken == nil {
			say("there is an answer: %s", x.res.Status)
		}
		return problems
	}
	if x.broken != nil {
		say("no answer: %v", x.broken)
		return problems
	}
	if want := map[string]int{"h1": 1, "h2": 2}[x.protocol]; x.res.ProtoMajor != want {
		say("the protocol is %s", x.res.Proto)
	}
	for i, h := range x.early.headers {
		if lines := cookieLines(http.Header(h)); len(lines) > 0 {
			say("the cookie is on a %d already", x.early.codes[i])
		}
	}
	if x.mode.fails() {
		return append(problems, x.checkPage()...)
	}
	if x.res.StatusCode != x.path.status() {
		say("the status is %d, not %d", x.res.StatusCode, x.path.status())
	}
	for name, want := range x.path.Want.Header {
		if got := strings.Join(x.res.Header.Values(name), ", "); got != want {
			say("%s is %q, not %q", name, got, want)
		}
	}
	if all := x.res.Header["Set-Cookie"]; len(all)-len(cookieLines(x.res.Header)) < x.path.Cookies {
		say("%d other cookies have been set: %q", x.path.Cookies, all)
	}
	if got := len(x.early.codes); got != x.path.Early {
		say("%d informational responses, not %d", got, x.path.Early)
	}
	problems = append(problems, x.checkCookie()...)
	return append(problems, x.checkCaching()...)
}

// checkCookie looks for the one cookie, and uses it at once.
func (x *exchange) checkCookie() (problems []string) {
	say := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	lines := cookieLines(x.res.Header)
	if !x.carriesCookie() {
		if len(lines) != 0 {
			say("there is a cookie: %q", lines)
		}
		return problems
	}
	if len(lines) != 1 {
		say("there are %d cookies, not 1: %q", len(lines), lines)
		return problems
	}
	c, err := http.ParseSetCookie(lines[0])
	if err != nil || !c.Secure || !c.HttpOnly || c.Path != "/" || c.SameSite != http.SameSiteLaxMode {
		say("the cookie is %q (%v)", lines[0], err)
		return problems
	}
	if x.mode == logout {
		if c.Value != "" || c.Expires.Year() != 1970 {
			say("the cookie is not taken: %q", lines[0])
		}
		return append(problems, x.reads(probePath, x.cookie, "")...)
	}
	next := probePath
	if location := x.res.Header.Get("Location"); location != "" {
		next = location
	}
	return append(problems, x.reads(next, c.Name+"="+c.Value, x.value)...)
}

// carriesCookie reports whether the answer is to give a cookie, or take it.
func (x *exchange) carriesCookie() bool {
	switch x.mode {
	case set:
		return x.path.reached() && x.path.Dropped == ""
	case logout:
		return x.path.reached()
	}
	return false
}

// reads checks what a second request finds in the session.
func (x *exchange) reads(path, cookie, want string) []string {
	res, err := x.get(x.protocol, path, cookie)
	if err != nil {
		return []string{"the next request: " + err.Error()}
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK || string(got) != want {
		return []string{fmt.Sprintf("the next request reads %q (%s, %v), not %q", got, res.Status, err, want)}
	}
	return nil
}

// checkCaching checks that no cache gives the response to someone else.
func (x *exchange) checkCaching() (problems []string) {
	if !x.path.reached() || x.res.StatusCode == http.StatusSwitchingProtocols {
		return nil
	}
	vary := 0
	for _, list := range x.res.Header.Values("Vary") {
		for name := range strings.SplitSeq(list, ",") {
			if strings.EqualFold(strings.TrimSpace(name), "Cookie") {
				vary++
			}
		}
	}
	if vary != 1 {
		problems = append(problems, fmt.Sprintf("Vary has Cookie %d times, not once: %q", vary, x.res.Header.Values("Vary")))
	}
	want := x.path.Caching
	switch {
	case x.carriesCookie():
		want = "no-store"
	case want == "":
		want = "private"
	}
	if got := strings.Join(x.res.Header.Values("Cache-Control"), ", "); got != want {
		problems = append(problems, fmt.Sprintf("Cache-Control is %q, not %q", got, want))
	}
	return problems
}

// cookieLines are the Set-Cookie lines of the session's cookie.
func cookieLines(h http.Header) (lines []string) {
	for _, line := range h["Set-Cookie"] {
		if strings.HasPrefix(line, CookieName+"=") {
			lines = append(lines, line)
		}
	}
	return lines
}
