package testserver

import "testing"

// TestAPortIsGivenOutOnce: also while nobody listens on it, as when a server that
// was killed is about to come back.
func TestAPortIsGivenOutOnce(t *testing.T) {
	t.Parallel()
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	if ln, err := listenAt(port); err == nil {
		ln.Close()
		t.Error("a port that somebody has is given out again")
	}
}
