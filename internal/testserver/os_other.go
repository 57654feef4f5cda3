//go:build !linux && !darwin

package testserver

import (
	"errors"
	"net"
	"os"
	"syscall"
)

// Here nothing can be started, and every test that asks for a server skips or
// fails. The package compiles all the same, so that "go vet ./..." works.

const supported = false

const (
	sigStop = syscall.Signal(iota + 100)
	sigCont
	sigKill
	sigTerm
	sigInt
	sigQuit
	sigHup
	sigProbe
)

func attributes(*account) *syscall.SysProcAttr   { return nil }
func send(int, syscall.Signal) error             { return errors.ErrUnsupported }
func lockFile(*os.File) error                    { return errors.ErrUnsupported }
func stat(int) (parent int, state byte, ok bool) { return 0, 0, false }
func children(int) []int                         { return nil }
func ephemeral() int                             { return 49152 }
func unsent(*net.TCPConn) int                    { return 0 }

const inMemory = ""

func roomInMemory() bool { return false }
