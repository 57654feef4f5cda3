package sessiontest

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/echosession/session"
)

// A Response is an answer of the application: a recorder, and what the answer means for
// the session.
type Response struct {
	*httptest.ResponseRecorder

	kit     *Kit
	request *http.Request
}

// cookies are the Set-Cookie lines of the session.
func (res *Response) cookies() (list []*http.Cookie) {
	for _, c := range res.Result().Cookies() {
		if c.Name == res.kit.cookie {
			list = append(list, c)
		}
	}
	return list
}

// only is the one Set-Cookie line of the session, or nil.
func (res *Response) only(t testing.TB) *http.Cookie {
	t.Helper()
	switch list := res.cookies(); len(list) {
	case 0:
		return nil
	case 1:
		return list[0]
	default:
		t.Fatalf("the response sets the cookie %q %d times; RFC 6265 allows one", res.kit.cookie, len(list))
		return nil
	}
}

// WantCookie fails the test unless the response gives the client a session, and
// returns its cookie: of the configured name, HttpOnly, never in vain.
func (res *Response) WantCookie(t testing.TB) *http.Cookie {
	t.Helper()
	c := res.only(t)
	switch {
	case c == nil:
		t.Fatalf("the response (%d) gives no session cookie %q; is anything stored in the session, and is the handler behind the middleware of kit.Manager?", res.Code, res.kit.cookie)
	case gone(c):
		t.Fatalf("the response (%d) takes the session cookie %q away", res.Code, res.kit.cookie)
	case !c.HttpOnly:
		t.Errorf("the session cookie %q is not HttpOnly; does another middleware rewrite it?", res.kit.cookie)
	}
	return c
}

// WantGone fails the test unless the response takes the session cookie away, as
// after a logout.
func (res *Response) WantGone(t testing.TB) {
	t.Helper()
	if c := res.only(t); c == nil {
		t.Errorf("the response (%d) leaves the session cookie %q as it is", res.Code, res.kit.cookie)
	} else if !gone(c) {
		t.Errorf("the response (%d) gives a session cookie %q", res.Code, res.kit.cookie)
	}
}

// WantKept fails the test when the response says anything about the session
// cookie: nothing was stored, and the lifetime needed no renewal.
func (res *Response) WantKept(t testing.TB) {
	t.Helper()
	if c := res.only(t); c == nil {
		return
	} else if gone(c) {
		t.Errorf("the response (%d) takes the session cookie %q away", res.Code, res.kit.cookie)
	} else {
		t.Errorf("the response (%d) gives a session cookie %q", res.Code, res.kit.cookie)
	}
}

// Next returns the request r with the cookies that the client holds after this
// response, the application's own too.
func (res *Response) Next(r *http.Request) *http.Request {
	return follow(r, res.request.Header["Cookie"], res.Result().Header)
}

// User is who is logged in after this response, or "".
func (res *Response) User(t testing.TB) (user string) {
	t.Helper()
	res.look(t, func(s *session.Session) error { user = s.User(); return nil })
	return user
}

// Value is what the session holds under a key after this response. It is false
// when the key is absent; a value that is not a T ends the test.
func Value[T any](t testing.TB, res *Response, key string) (value T, ok bool) {
	t.Helper()
	res.look(t, func(s *session.Session) (err error) { value, ok, err = session.Lookup[T](s, key); return err })
	return value, ok
}

func (res *Response) look(t testing.TB, step Step) {
	t.Helper()
	Prepare(t, res.kit.Manager, res.Next(httptest.NewRequest(http.MethodGet, "/", nil)), step)
}
