package testserver

import (
	"net"
	"os/exec"
	"strconv"
	"strings"
)

// stat returns the parent and the state of a process: R, S, T for stopped, Z for
// a zombie. There is none when ok is false.
func stat(pid int) (parent int, state byte, ok bool) {
	out, err := exec.Command("ps", "-o", "ppid=,state=", "-p", strconv.Itoa(pid)).Output()
	fields := strings.Fields(string(out))
	if err != nil || len(fields) < 2 {
		return 0, 0, false
	}
	parent, err = strconv.Atoi(fields[0])
	return parent, fields[1][0], err == nil
}

// children lists those of a process, with theirs.
func children(pid int) []int {
	out, _ := exec.Command("pgrep", "-P", strconv.Itoa(pid)).Output()
	var all []int
	for _, field := range strings.Fields(string(out)) {
		if child, err := strconv.Atoi(field); err == nil {
			all = append(append(all, child), children(child)...)
		}
	}
	return all
}

// ephemeral is the lowest port that the kernel gives to outgoing connections.
func ephemeral() int { return 49152 }

// unsent counts the bytes written to a connection that its other end does not
// have yet. It is not known here.
func unsent(*net.TCPConn) int { return 0 }

const inMemory = ""

func roomInMemory() bool { return false }
