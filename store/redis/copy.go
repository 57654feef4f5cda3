package redisstore

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/echosession/session/store"
)

// A copied record, as it stands in Redis: text of a fixed width that the scripts
// can compare, then the lengths, then the texts. All times are the primary's.
//
//	es1 L 00000000000000000007 <stamp> <lease> <created> <expires> 43 32 4 <id><handle><user><document>
//
// Numbers have 20 digits, so that they compare as text: a number of Lua loses the
// last digits of a version.
type copied struct {
	ended   bool // the session is over: nothing else counts
	version uint64
	stamp   time.Time // read before the snapshot that the copy shows
	lease   time.Time // not to be served after
	created time.Time
	expires time.Time

	id, handle, user string
	data             []byte
}

const (
	magic   = "es1"
	numbers = 5
	// header is the width of the part that the scripts know.
	header = len(magic) + 2 + numbers*21 // and a blank
	// endedVersion is above every version.
	endedVersion = "99999999999999999999"
)

// copyOf is a record that the primary has just read or written.
func copyOf(r *store.Record, lease time.Duration) copied {
	return copied{
		version: r.Version, stamp: r.Now, lease: r.Now.Add(lease), created: r.Created, expires: r.Expires,
		id: r.ID, handle: r.Handle, user: r.User, data: r.Data,
	}
}

// record is what a Load returns of it.
func (c *copied) record(now time.Time) *store.Record {
	return &store.Record{
		ID: c.id, Handle: c.handle, User: c.user, Data: c.data, Version: c.version,
		Created: c.created, Expires: c.expires, Now: now,
	}
}

func (c *copied) encode() []byte {
	b := make([]byte, 0, header+16+len(c.id)+len(c.handle)+len(c.user)+len(c.data))
	b = append(b, magic...)
	if c.ended {
		b = append(b, " E "+endedVersion...)
	} else {
		b = append(b, " L "...)
		b = fmt.Appendf(b, "%020d", c.version)
	}
	for _, at := range []time.Time{c.stamp, c.lease, c.created, c.expires} {
		b = append(append(b, ' '), digits(at)...)
	}
	b = fmt.Appendf(b, " %d %d %d ", len(c.id), len(c.handle), len(c.user))
	b = append(b, c.id...)
	b = append(b, c.handle...)
	b = append(b, c.user...)
	return append(b, c.data...)
}

// digits is a moment as it stands in a copy: microseconds, none before 1970.
func digits(at time.Time) string { return fmt.Sprintf("%020d", max(at.UnixMicro(), 0)) }

// decode reads what Redis holds for an id: somebody may have put anything there.
// What is not a copy of that session by our own hand is no copy.
func decode(b []byte, id string) (c copied, ok bool) {
	if len(b) <= header || string(b[:len(magic)]) != magic {
		return c, false
	}
	c.ended = b[len(magic)+1] == 'E'
	var n [numbers]uint64
	for i := range n {
		if c.ended && i == 0 {
			continue // above every version
		}
		from := len(magic) + 2 + i*21
		if n[i], ok = number(b[from+1 : from+21]); !ok || i > 0 && n[i] > 1<<62 {
			return c, false
		}
	}
	at := func(micros uint64) time.Time { return time.UnixMicro(int64(micros)) }
	c.version, c.stamp, c.lease, c.created, c.expires = n[0], at(n[1]), at(n[2]), at(n[3]), at(n[4])

	var lengths [3]int
	rest := b[header+1:]
	for i := range lengths {
		text, after, found := bytes.Cut(rest, []byte(" "))
		length, err := strconv.ParseUint(string(text), 10, 24)
		if !found || err != nil {
			return c, false
		}
		lengths[i], rest = int(length), after
	}
	if lengths[0]+lengths[1]+lengths[2] > len(rest) {
		return c, false
	}
	take := func(n int) (part []byte) { part, rest = rest[:n], rest[n:]; return part }
	c.id, c.handle, c.user = string(take(lengths[0])), string(take(lengths[1])), string(take(lengths[2]))
	c.data = rest
	return c, c.id == id && c.lease.Sub(c.stamp) <= maxLease
}

// number reads 20 digits.
func number(b []byte) (n uint64, ok bool) {
	for _, digit := range b {
		d := uint64(digit - '0')
		if d > 9 || n > (math.MaxUint64-d)/10 {
			return 0, false
		}
		n = n*10 + d
	}
	return n, true
}
