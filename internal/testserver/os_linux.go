package testserver

import (
	"bytes"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"unsafe"
)

// stat returns the parent and the state of a process: R, S, T for stopped, Z for
// a zombie. There is none when ok is false.
func stat(pid int) (parent int, state byte, ok bool) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0, 0, false
	}
	// The second field is the command's name in parentheses, which may hold both
	// spaces and parentheses.
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(fields) < 2 {
		return 0, 0, false
	}
	parent, err = strconv.Atoi(string(fields[1]))
	return parent, fields[0][0], err == nil
}

// children lists those of a process, with theirs.
func children(pid int) []int {
	names, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	of := map[int][]int{}
	for _, name := range names {
		if child, err := strconv.Atoi(name.Name()); err == nil {
			if parent, _, ok := stat(child); ok {
				of[parent] = append(of[parent], child)
			}
		}
	}
	var all []int
	for next := of[pid]; len(next) > 0; {
		child := next[0]
		all = append(all, child)
		next = append(next[1:], of[child]...)
	}
	return all
}

// ephemeral is the lowest port that the kernel gives to outgoing connections.
func ephemeral() int {
	text, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	if fields := strings.Fields(string(text)); err == nil && len(fields) == 2 {
		if low, err := strconv.Atoi(fields[0]); err == nil {
			return low
		}
	}
	return 32768
}

// inMemory is a file system in memory on all Linux machines. In a container it
// may be tiny.
const inMemory = "/dev/shm"

func roomInMemory() bool {
	const tmpfs, room = 0x01021994, 2 << 30
	var fs syscall.Statfs_t
	err := syscall.Statfs(inMemory, &fs)
	return err == nil && fs.Type == tmpfs && uint64(fs.Bsize)*fs.Bavail >= room && open(inMemory)
}

// unsent counts the bytes written to a connection that its other end does not
// have yet.
func unsent(c *net.TCPConn) int {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0
	}
	var n int32
	if raw.Control(func(fd uintptr) {
		_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, fd, syscall.TIOCOUTQ, uintptr(unsafe.Pointer(&n)))
		if errno != 0 {
			n = 0
		}
	}) != nil {
		return 0
	}
	return int(n)
}
