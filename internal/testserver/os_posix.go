//go:build linux || darwin

package testserver

import (
	"os"
	"syscall"
)

// What the kernel is asked for. Elsewhere than here nothing can be started; see
// os_other.go.

const supported = true

const (
	sigStop  = syscall.SIGSTOP
	sigCont  = syscall.SIGCONT
	sigKill  = syscall.SIGKILL
	sigTerm  = syscall.SIGTERM
	sigInt   = syscall.SIGINT
	sigQuit  = syscall.SIGQUIT
	sigHup   = syscall.SIGHUP
	sigProbe = syscall.Signal(0)
)

// attributes are those of a new process: in a session of its own, so that Ctrl-C
// in the terminal reaches only the tests, and under another account if one is
// given.
func attributes(as *account) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setsid: true}
	if as != nil {
		attr.Credential = &syscall.Credential{Uid: as.uid, Gid: as.gid}
	}
	return attr
}

// send signals a process by number, a group of them if it is negative.
func send(pid int, sig syscall.Signal) error { return syscall.Kill(pid, sig) }

// lockFile waits for the lock on a file, which ends when the file is closed.
func lockFile(f *os.File) error {
	for {
		if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != syscall.EINTR {
			return err
		}
	}
}
