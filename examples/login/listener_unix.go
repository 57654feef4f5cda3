//go:build unix

package main

import (
	"net"
	"os"
	"syscall"
)

// lastConns takes the connections that wait in the queue, and has the kernel
// refuse all others from then on: a client that is refused may try elsewhere. The
// two come right after each other, with no goroutine in between.
func lastConns(l *net.TCPListener) (conns []net.Conn) {
	raw, err := l.SyscallConn()
	if err != nil {
		return nil
	}
	_ = raw.Control(refuseHandshakes)
	var fds []int
	_ = raw.Control(func(fd uintptr) {
		for {
			next, _, err := syscall.Accept(int(fd))
			switch err {
			case nil:
				fds = append(fds, next)
				continue
			case syscall.EINTR, syscall.ECONNABORTED:
				continue
			}
			_ = syscall.Shutdown(int(fd), syscall.SHUT_RDWR)
			return
		}
	})
	for _, fd := range fds {
		syscall.CloseOnExec(fd)
		f := os.NewFile(uintptr(fd), "")
		if conn, err := net.FileConn(f); err == nil {
			conns = append(conns, conn)
		}
		f.Close() // FileConn has a descriptor of its own
	}
	return conns
}
