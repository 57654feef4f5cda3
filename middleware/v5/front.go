package echosession

import (
	"bufio"
	"errors"
	"net"
	"net/http"

	"github.com/echosession/session"
)

// A front stands before the writer of a middleware around us. Such a writer may
// hold the answer: gzip until it is worth compressing, HEAD until its length is
// known. The exchange, below it, would see the answer when the handler is gone;
// so the front commits when the handler begins to write.
type front struct {
	http.ResponseWriter // the middleware's
	x                   *session.Exchange
	passed              bool // something has gone on to it
}

// errHeld tells the exchange that more will be written after the handler: the
// session stays open for the hooks that run then.
var errHeld = errors.New("the answer is with a middleware around this one")

func (f *front) ready() error {
	err := f.x.Ready()
	f.passed = f.passed || err == nil
	return err
}

func (f *front) WriteHeader(code int) {
	if f.ready() == nil {
		f.ResponseWriter.WriteHeader(code)
	}
}

func (f *front) Write(b []byte) (int, error) {
	if err := f.ready(); err != nil {
		return 0, err
	}
	return f.ResponseWriter.Write(b)
}

// Flush and Hijack are not held: the exchange sees them at once.
func (f *front) Flush() { _ = http.NewResponseController(f.ResponseWriter).Flush() }

func (f *front) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return http.NewResponseController(f.ResponseWriter).Hijack()
}

func (f *front) Unwrap() http.ResponseWriter { return f.ResponseWriter }
