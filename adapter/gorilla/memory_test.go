package gorillastore

import (
	"runtime"
	"testing"
	"time"

	"github.com/gorilla/sessions"
)

// What is remembered of a request is forgotten with it, and not before.
func TestNothingIsKeptOfARequest(t *testing.T) {
	var m memory
	kept, gone := sessions.NewSession(nil, "kept"), sessions.NewSession(nil, "gone")
	m.put(kept, values{"a": nil})
	m.put(gone, values{"b": nil})
	m.put(gone, values{"c": nil}) // saved again
	remembered := func() (n int) {
		m.m.Range(func(any, any) bool { n++; return true })
		return n
	}
	for deadline := time.Now().Add(30 * time.Second); remembered() > 1; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d sessions are remembered, and one is in use", remembered())
		}
		runtime.GC()
	}
	if _, known := m.get(kept)["a"]; !known {
		t.Error("the session in use is forgotten")
	}
	runtime.KeepAlive(kept)
}
