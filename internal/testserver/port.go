package testserver

import (
	"errors"
	"math/rand/v2"
	"net"
	"net/url"
	"strconv"
)

// listen opens a port of the kind that freePort finds.
func listen() (net.Listener, error) {
	// Out of the range of outgoing connections. A port of that range may be taken
	// by any client while its server is down, and worse: a client that dials such
	// a port while nobody listens may be given the very same port for its own end,
	// and be connected to itself.
	const lowest = 10000
	var last error
	for range 100 {
		port := 0
		if n := ephemeral() - lowest; n > 0 {
			port = lowest + rand.IntN(n)
		}
		ln, err := net.Listen("tcp", address(port))
		if err == nil {
			return ln, nil
		}
		last = err
	}
	return nil, errors.Join(errors.New("no free port"), last)
}

// freePort finds a port that nobody listens on. Somebody else may take it before
// the server does: then the server says so, and is given another.
func freePort() (int, error) {
	ln, err := listen()
	if err != nil {
		return 0, err
	}
	defer ln.Close()
	return ln.Addr().(*net.TCPAddr).Port, nil
}

func address(port int) string {
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
}

// through returns a URL with another address in it.
func through(addr, target string) string {
	u, err := url.Parse(target)
	if err != nil {
		panic(err)
	}
	u.Host = addr
	return u.String()
}
