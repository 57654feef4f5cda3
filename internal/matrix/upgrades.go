package matrix

import (
	"bufio"
	"errors"
	"net"
	"net/http"
)

const onlyH1 = "HTTP/2 has no upgrade by hijacking"

// upgrade asks for another protocol.
var upgrade = Request{Header: http.Header{"Connection": {"Upgrade"}, "Upgrade": {"websocket"}}, OnlyH1: onlyH1}

// switched is the answer to it.
var switched = Want{Status: http.StatusSwitchingProtocols, Header: map[string]string{"Upgrade": "websocket"}}

// Socket asks a path for another protocol.
func Socket(path string) Request {
	r := upgrade
	r.Path = path
	return r
}

// Switched is the answer to it; the cookie cannot come with it, for a reason.
func Switched(outOfReach string) Want {
	w := switched
	w.OutOfReach = outOfReach
	return w
}

// accept writes the answer to an upgrade, by hand, with the headers it is given.
func accept(conn net.Conn, rw *bufio.ReadWriter, h http.Header) error {
	defer conn.Close()
	_, _ = rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n")
	_ = h.Write(rw)
	_, _ = rw.WriteString("\r\n" + Text)
	return rw.Flush()
}

// upgrades are what libraries for websockets do with the response.
func upgrades() []Answer {
	dropped := Switched("the library writes headers of its own; give it the response's: Upgrade(w, r, w.Header())")
	return []Answer{
		{Name: "a websocket that is given the response's headers", Request: upgrade, Want: switched,
			Serve: func(_ *Visit, w http.ResponseWriter, _ *http.Request) error {
				given := w.Header() // gorilla/websocket takes them before it hijacks, and writes them after
				conn, rw, err := http.NewResponseController(w).Hijack()
				if err != nil {
					return err
				}
				return accept(conn, rw, given)
			}},
		{Name: "a websocket by http.Hijacker", Request: upgrade, Want: switched,
			Serve: func(_ *Visit, w http.ResponseWriter, _ *http.Request) error {
				h, ok := w.(http.Hijacker)
				if !ok {
					return errors.New("the writer does not hijack")
				}
				conn, rw, err := h.Hijack()
				if err != nil {
					return err
				}
				return accept(conn, rw, w.Header())
			}},
		{Name: "a websocket that writes the 101 before it hijacks", Request: upgrade, Want: switched,
			Serve: func(_ *Visit, w http.ResponseWriter, _ *http.Request) error {
				w.Header().Set("Connection", "Upgrade")
				w.Header().Set("Upgrade", "websocket")
				w.WriteHeader(http.StatusSwitchingProtocols) // as coder/websocket does
				conn, rw, err := http.NewResponseController(w).Hijack()
				if err != nil {
					return err
				}
				defer conn.Close()
				_, _ = rw.WriteString(Text)
				return rw.Flush()
			}},
		{Name: "a websocket that is given no headers", Request: upgrade, Want: dropped,
			Serve: func(_ *Visit, w http.ResponseWriter, _ *http.Request) error {
				conn, rw, err := http.NewResponseController(w).Hijack()
				if err != nil {
					return err
				}
				return accept(conn, rw, nil)
			}},
		{Name: "an upgrade refused, and an answer in its place", Request: Request{OnlyH2: "HTTP/1.1 upgrades"},
			Serve: func(v *Visit, w http.ResponseWriter, r *http.Request) error {
				if _, _, err := http.NewResponseController(w).Hijack(); err == nil {
					return errors.New("HTTP/2 was hijacked")
				}
				return writeText(v, w, r)
			}},
		{Name: "an upgrade refused before the session is used", Request: Request{OnlyH2: "HTTP/1.1 upgrades"}, Itself: true,
			Serve: func(v *Visit, w http.ResponseWriter, r *http.Request) error {
				if _, _, err := http.NewResponseController(w).Hijack(); err == nil {
					return errors.New("HTTP/2 was hijacked")
				}
				if err := v.UseIn(r.Context()); err != nil {
					return err
				}
				return writeText(v, w, r)
			}},
	}
}
