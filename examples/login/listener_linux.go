package main

import (
	"time"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// handshake is longer than a handshake under way takes to end.
const handshake = 10 * time.Millisecond

// refuseHandshakes lets no new connection begin, and those under way come into the
// queue: else one that is established between the last look into the queue and
// the end of the socket would be reset. A client that begins one now is not
// answered, tries again after a second, and is refused then. The filter drops
// packets with SYN and without ACK; where it cannot be set, little is lost.
func refuseHandshakes(fd uintptr) {
	const flags, syn, ack = 13, 0x02, 0x10 // in the header of TCP, RFC 9293
	program, err := bpf.Assemble([]bpf.Instruction{
		bpf.LoadAbsolute{Off: flags, Size: 1},
		bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: syn | ack},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: syn, SkipFalse: 1},
		bpf.RetConstant{Val: 0},
		bpf.RetConstant{Val: 1 << 16},
	})
	if err != nil {
		return
	}
	filter := make([]unix.SockFilter, len(program))
	for i, raw := range program {
		filter[i] = unix.SockFilter{Code: raw.Op, Jt: raw.Jt, Jf: raw.Jf, K: raw.K}
	}
	if unix.SetsockoptSockFprog(int(fd), unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}) == nil {
		time.Sleep(handshake)
	}
}
