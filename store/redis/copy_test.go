package redisstore

import (
	"bytes"
	"reflect"
	"testing"
	"time"
)

func aCopy() copied {
	at := time.UnixMicro(1_800_000_000_000_001)
	return copied{
		version: 7, stamp: at, lease: at.Add(time.Minute), created: at.Add(-time.Hour), expires: at.Add(time.Hour),
		id: "an id", handle: "a handle", user: "ann 1 2 3", data: []byte(`{"es1 L":" "}`),
	}
}

// TestCopyThereAndBack: what is written is read.
func TestCopyThereAndBack(t *testing.T) {
	c := aCopy()
	for name, change := range map[string]func(){
		"a copy": func() {}, "the largest version": func() { c.version = 1<<64 - 1 },
		"no handle": func() { c.handle = "" }, "nobody": func() { c.user = "" }, "no document": func() { c.data = []byte{} },
	} {
		change()
		if got, ok := decode(c.encode(), c.id); !ok || !reflect.DeepEqual(got, c) {
			t.Errorf("%s: %+v, %v, not %+v", name, got, ok, c)
		}
	}
	ended := copied{ended: true, id: "an id", stamp: c.stamp, lease: c.lease}
	if got, ok := decode(ended.encode(), ended.id); !ok || !got.ended {
		t.Errorf("an end: %+v, %v", got, ok)
	}
}

// TestNoCopies: what somebody else has put there, or what has lost a part, is no
// copy; no byte of the numbers may be anything but a digit.
func TestNoCopies(t *testing.T) {
	c := aCopy()
	whole := c.encode()
	for n := range len(whole) - len(c.data) {
		if got, ok := decode(whole[:n], c.id); ok {
			t.Errorf("the first %d bytes are %+v", n, got)
		}
	}
	for i := 6; i < header; i++ {
		broken := bytes.Clone(whole)
		if broken[i] == ' ' {
			continue
		}
		broken[i] = 'x'
		if got, ok := decode(broken, c.id); ok {
			t.Errorf("with an x at %d it is %+v", i, got)
		}
	}
	forever := aCopy()
	forever.lease = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, frame := range map[string][]byte{
		"nothing": nil, "JSON": []byte(`{"cookie":{}}`), "another form": append([]byte("es2"), whole[3:]...),
		"a lease in the year 9999": forever.encode(), "no numbers": append([]byte("es1 L "), bytes.Repeat([]byte("9"), 200)...),
	} {
		if got, ok := decode(frame, c.id); ok {
			t.Errorf("%s is %+v", name, got)
		}
	}
	if _, ok := decode(whole, "another id"); ok {
		t.Error("another session's copy is one")
	}
}
