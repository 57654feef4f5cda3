package matrix

import (
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/echosession/session"
)

// event writes one event of a stream, as a line that a client can wait for.
func event(w http.ResponseWriter) error {
	if _, err := io.WriteString(w, "data: "+Text+"\n\n"); err != nil {
		return err
	}
	return http.NewResponseController(w).Flush()
}

// serverSentEvents begins a stream.
func serverSentEvents(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.WriteHeader(http.StatusOK)
}

func streams() []Answer {
	flush := func(w http.ResponseWriter) error { return http.NewResponseController(w).Flush() }
	return []Answer{
		{Name: "a flush first", Serve: func(v *Visit, w http.ResponseWriter, r *http.Request) error {
			if err := flush(w); err != nil {
				return err
			}
			v.Hold(r.Context())
			return writeText(v, w, r)
		}},
		{Name: "a flush first, errors not looked at", Serve: func(v *Visit, w http.ResponseWriter, r *http.Request) error {
			_ = flush(w)
			_ = writeText(v, w, r)
			return nil
		}},
		{Name: "a flush and nothing else", Serve: func(_ *Visit, w http.ResponseWriter, _ *http.Request) error {
			return flush(w)
		}, Want: Want{Empty: true}},
		{Name: "a flush after a write", Serve: func(v *Visit, w http.ResponseWriter, r *http.Request) error {
			if err := errors.Join(writeText(v, w, r), flush(w)); err != nil {
				return err
			}
			v.Hold(r.Context())
			return writeText(v, w, r)
		}},
		{Name: "http.Flusher", Serve: func(v *Visit, w http.ResponseWriter, r *http.Request) error {
			f, ok := w.(http.Flusher)
			if !ok {
				return errors.New("the writer does not flush")
			}
			f.Flush()
			v.Hold(r.Context())
			return writeText(v, w, r)
		}},
		{Name: "a long poll in chunks", Serve: func(v *Visit, w http.ResponseWriter, r *http.Request) error {
			w.WriteHeader(http.StatusOK)
			if _, err := io.WriteString(w, "wait: "); err != nil {
				return err
			}
			if err := flush(w); err != nil {
				return err
			}
			v.Hold(r.Context())
			return writeText(v, w, r)
		}},
		{Name: "events, until the request's context ends", Serve: func(_ *Visit, w http.ResponseWriter, r *http.Request) error {
			serverSentEvents(w)
			_ = event(w) // it looks at the context only
			<-r.Context().Done()
			return nil
		}, Want: Want{Endless: true}},
		{Name: "events, until a write fails", Serve: func(_ *Visit, w http.ResponseWriter, _ *http.Request) error {
			serverSentEvents(w)
			for { // it never looks at the context
				if _, err := w.Write([]byte("data: " + Text + "\n\n")); err != nil {
					return nil
				}
				_ = flush(w)
			}
		}, Want: Want{Endless: true}},
		{Name: "events as strings, until a write fails", Serve: func(_ *Visit, w http.ResponseWriter, _ *http.Request) error {
			serverSentEvents(w)
			for {
				if _, err := io.WriteString(w, "data: "+Text+"\n\n"); err != nil {
					return nil
				}
				_ = flush(w)
			}
		}, Want: Want{Endless: true}},
		{Name: "an early hint, then the answer", Serve: func(v *Visit, w http.ResponseWriter, r *http.Request) error {
			w.Header().Set("Link", "</style.css>; rel=preload")
			below(w).WriteHeader(http.StatusEarlyHints)
			w.Header().Del("Link")
			return writeText(v, w, r)
		}, Want: Want{Early: 1}},
		{Name: "an early hint, then nothing", Serve: func(_ *Visit, w http.ResponseWriter, _ *http.Request) error {
			below(w).WriteHeader(http.StatusEarlyHints)
			return nil
		}, Want: Want{Early: 1, Empty: true}},
		{Name: "a body the client was told to send", Serve: echoBody,
			Request: Request{Method: http.MethodPost, Body: Text, Header: http.Header{"Expect": {"100-continue"}}}, Want: Want{Early: 1}},
		{Name: "a body read to its end first", Serve: echoBody, Request: Request{Method: http.MethodPost, Body: Text}},
		{Name: "a body over the limit", Serve: func(v *Visit, w http.ResponseWriter, r *http.Request) error {
			if _, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1)); err == nil {
				return errors.New("the limit was not kept")
			}
			http.Error(w, Text, http.StatusRequestEntityTooLarge)
			return nil
		}, Request: Request{Method: http.MethodPost, Body: Text}, Want: Want{Status: http.StatusRequestEntityTooLarge}},
		{Name: "declared trailers", Serve: func(v *Visit, w http.ResponseWriter, r *http.Request) error {
			w.Header().Set("Trailer", "X-Sum")
			err := writeText(v, w, r)
			w.Header().Set("X-Sum", "1")
			return err
		}},
		{Name: "trailers nobody declared", Serve: func(v *Visit, w http.ResponseWriter, r *http.Request) error {
			err := errors.Join(writeText(v, w, r), flush(w))
			w.Header().Set(http.TrailerPrefix+"X-Sum", "1")
			return err
		}},
		{Name: "deadlines of its own", Serve: func(v *Visit, w http.ResponseWriter, r *http.Request) error {
			c := http.NewResponseController(w)
			if err := errors.Join(c.SetReadDeadline(time.Now().Add(patience)), c.SetWriteDeadline(time.Now().Add(patience))); err != nil {
				return err
			}
			return writeText(v, w, r)
		}},
		{Name: "the connection cut before anything is written", Serve: func(*Visit, http.ResponseWriter, *http.Request) error {
			panic(http.ErrAbortHandler)
		}, Want: Want{NoAnswer: true, Dropped: "nobody is told", NotDown: "nothing is stored"}},
		{Name: "the connection cut after a flush", Serve: func(v *Visit, w http.ResponseWriter, r *http.Request) error {
			if err := errors.Join(writeText(v, w, r), flush(w)); err != nil {
				return err
			}
			v.Hold(r.Context())
			panic(http.ErrAbortHandler)
		}, Want: Want{Cut: true}},
		{Name: "the connection cut after a write that failed", Serve: func(v *Visit, w http.ResponseWriter, r *http.Request) error {
			if err := writeText(v, w, r); err != nil {
				panic(http.ErrAbortHandler) // as httputil.ReverseProxy does
			}
			return nil
		}},
	}
}

func echoBody(_ *Visit, w http.ResponseWriter, r *http.Request) error {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	_, err = w.Write(body)
	return err
}

// below is the writer under a framework's own: Echo's counts an informational
// response as the final one.
func below(w http.ResponseWriter) http.ResponseWriter {
	for {
		u, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if _, ours := w.(*session.Exchange); ours || !ok {
			return w
		}
		w = u.Unwrap()
	}
}
