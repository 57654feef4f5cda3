package main

import (
	"fmt"
	"net/http"
	"time"

	"github.com/echosession/session"
)

// stream sends an event a second until the client goes, or the server is told to
// stop. What it sets before the first byte reaches the client with its cookie;
// later there is no header left to carry one.
func (a *app) stream(s *session.Session, w http.ResponseWriter, r *http.Request) error {
	if err := s.Set("streamed", true); err != nil {
		return err
	}
	control := http.NewResponseController(w)
	w.Header().Set("Content-Type", "text/event-stream")
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for n := 1; ; n++ {
		if _, err := fmt.Fprintf(w, "data: %d\n\n", n); err != nil {
			return err
		}
		if err := control.Flush(); err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-r.Context().Done():
			return nil
		case <-a.stopping:
			return nil
		}
	}
}
