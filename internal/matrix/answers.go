package matrix

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"html/template"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Answers are the ways to answer that are the same in every framework: what a
// handler does with an http.ResponseWriter and nothing else.
func Answers() []Answer {
	var all []Answer
	for _, list := range [][]Answer{plain(), streams(), files(), uploads(), upgrades(), proxied()} {
		all = append(all, list...)
	}
	return all
}

func writeText(_ *Visit, w http.ResponseWriter, _ *http.Request) error {
	_, err := io.WriteString(w, Text)
	return err
}

// status answers with a status and nothing else.
func status(code int) func(*Visit, http.ResponseWriter, *http.Request) error {
	return func(_ *Visit, w http.ResponseWriter, _ *http.Request) error {
		w.WriteHeader(code)
		return nil
	}
}

func plain() []Answer {
	return []Answer{
		{Name: "Write", Serve: func(_ *Visit, w http.ResponseWriter, _ *http.Request) error {
			_, err := w.Write([]byte(Text))
			return err
		}},
		{Name: "io.WriteString", Serve: writeText},
		{Name: "three writes", Serve: func(v *Visit, w http.ResponseWriter, r *http.Request) error {
			return errors.Join(writeText(v, w, r), writeText(v, w, r), writeText(v, w, r))
		}},
		{Name: "WriteHeader alone", Serve: status(http.StatusAccepted), Want: Want{Status: http.StatusAccepted, Empty: true}},
		{Name: "WriteHeader 204", Serve: status(http.StatusNoContent), Want: Want{Status: http.StatusNoContent, Empty: true}},
		{Name: "WriteHeader 304", Serve: status(http.StatusNotModified), Want: Want{Status: http.StatusNotModified, Empty: true}},
		{Name: "WriteHeader 500", Serve: status(http.StatusInternalServerError), Want: Want{Status: http.StatusInternalServerError, Empty: true}},
		{Name: "nothing written", Serve: func(*Visit, http.ResponseWriter, *http.Request) error { return nil }, Want: Want{Empty: true}},
		{Name: "headers and nothing written", Serve: func(_ *Visit, w http.ResponseWriter, _ *http.Request) error {
			w.Header().Set("Content-Language", "en")
			return nil
		}, Want: Want{Empty: true, Header: map[string]string{"Content-Language": "en"}}},
		{Name: "a type and an empty body", Serve: func(_ *Visit, w http.ResponseWriter, _ *http.Request) error {
			w.Header().Set("Content-Type", "text/csv")
			_, err := w.Write(nil)
			return err
		}, Want: Want{Empty: true, Header: map[string]string{"Content-Type": "text/csv"}}},
		{Name: "Content-Length by the handler", Serve: func(v *Visit, w http.ResponseWriter, r *http.Request) error {
			w.Header().Set("Content-Length", "24")
			return writeText(v, w, r)
		}, Want: Want{Header: map[string]string{"Content-Length": "24"}}},
		{Name: "http.Error", Serve: func(_ *Visit, w http.ResponseWriter, _ *http.Request) error {
			http.Error(w, Text, http.StatusBadRequest)
			return nil
		}, Want: Want{Status: http.StatusBadRequest}},
		{Name: "http.Redirect", Serve: func(_ *Visit, w http.ResponseWriter, r *http.Request) error {
			http.Redirect(w, r, probePath, http.StatusFound)
			return nil
		}, Want: Want{Status: http.StatusFound, Body: "Found", Header: map[string]string{"Location": probePath}}},
		{Name: "http.Redirect after a POST", Serve: func(_ *Visit, w http.ResponseWriter, r *http.Request) error {
			http.Redirect(w, r, probePath, http.StatusSeeOther)
			return nil
		}, Request: Request{Method: http.MethodPost, Body: "a=b"}, Want: Want{Status: http.StatusSeeOther, Empty: true}},
		{Name: "a JSON encoder", Serve: func(_ *Visit, w http.ResponseWriter, _ *http.Request) error {
			return json.NewEncoder(w).Encode(Text)
		}},
		{Name: "a JSON encoder that fails", Serve: func(_ *Visit, w http.ResponseWriter, _ *http.Request) error {
			//lint:ignore SA1026 that it cannot be encoded is the point
			if json.NewEncoder(w).Encode(func() {}) == nil {
				return errors.New("a function has no JSON")
			}
			return nil
		}, Want: Want{Empty: true}},
		{Name: "a template", Serve: renderFile("{{.}}")},
		{Name: "a template that fails midway", Serve: renderFile("{{.}}{{.None.Such}}")},
		{Name: "a gzip writer of the handler", Serve: func(_ *Visit, w http.ResponseWriter, _ *http.Request) error {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			_, err := io.WriteString(z, Text)
			return errors.Join(err, z.Close())
		}, Want: Want{Header: map[string]string{"Content-Encoding": "gzip"}}},
		{Name: "other cookies beside it", Serve: func(v *Visit, w http.ResponseWriter, r *http.Request) error {
			http.SetCookie(w, &http.Cookie{Name: "theme", Value: "dark"})
			http.SetCookie(w, &http.Cookie{Name: CookieName + "-theme", Value: "dark"})
			return writeText(v, w, r)
		}, Want: Want{Cookies: 2}},
		{Name: "HEAD", Serve: writeText, Request: Request{Method: http.MethodHead}, Want: Want{Empty: true}},
		{Name: "HEAD, nothing written", Serve: func(*Visit, http.ResponseWriter, *http.Request) error { return nil },
			Request: Request{Method: http.MethodHead}, Want: Want{Empty: true}},
		{Name: "HTTP/1.0", Serve: writeText, Request: Request{HTTP10: true, OnlyH1: "it is HTTP/1.0"}},
		{Name: "HTTP/1.0, nothing written", Serve: func(*Visit, http.ResponseWriter, *http.Request) error { return nil },
			Request: Request{HTTP10: true, OnlyH1: "it is HTTP/1.0"}, Want: Want{Empty: true}},
	}
}

// renderFile executes a template into the response. What it fails with is
// dropped, as many handlers do: the response has begun.
func renderFile(text string) func(*Visit, http.ResponseWriter, *http.Request) error {
	page := template.Must(template.New("page").Parse(text))
	return func(_ *Visit, w http.ResponseWriter, _ *http.Request) error {
		_ = page.Execute(w, template.HTML(Text))
		return nil
	}
}

// files are answers of http.ServeContent and its kin.
func files() []Answer {
	at := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	content := func(_ *Visit, w http.ResponseWriter, r *http.Request) error {
		w.Header().Set("Etag", `"1"`)
		http.ServeContent(w, r, "page.txt", at, strings.NewReader(Text))
		return nil
	}
	header := func(name, value string) Request { return Request{Header: http.Header{name: {value}}} }
	return []Answer{
		{Name: "http.ServeFile", Serve: func(v *Visit, w http.ResponseWriter, r *http.Request) error {
			http.ServeFile(w, r, filepath.Join(v.Dir, "page.txt"))
			return nil
		}},
		{Name: "http.ServeFile of no file", Serve: func(v *Visit, w http.ResponseWriter, r *http.Request) error {
			http.ServeFile(w, r, filepath.Join(v.Dir, "none.txt"))
			return nil
		}, Want: Want{Status: http.StatusNotFound, Body: "not found"}},
		{Name: "io.Copy of a file", Serve: func(v *Visit, w http.ResponseWriter, _ *http.Request) error {
			f, err := os.Open(filepath.Join(v.Dir, "page.txt"))
			if err != nil {
				return err
			}
			defer f.Close()
			_, err = io.Copy(w, f)
			return err
		}},
		{Name: "http.ServeContent", Serve: content, Want: Want{Header: map[string]string{"Etag": `"1"`, "Last-Modified": at.Format(http.TimeFormat)}}},
		{Name: "http.ServeContent, HEAD", Serve: content, Request: Request{Method: http.MethodHead}, Want: Want{Empty: true}},
		{Name: "http.ServeContent, a range", Serve: content, Request: header("Range", "bytes=4-10"),
			Want: Want{Status: http.StatusPartialContent, Body: Text[4:11], Header: map[string]string{"Content-Range": "bytes 4-10/24"}}},
		{Name: "http.ServeContent, two ranges", Serve: content, Request: header("Range", "bytes=0-2,4-10"),
			Want: Want{Status: http.StatusPartialContent, Body: Text[4:11]}},
		{Name: "http.ServeContent, no such range", Serve: content, Request: header("Range", "bytes=90-99"),
			Want: Want{Status: http.StatusRequestedRangeNotSatisfiable, Body: "invalid range"}},
		{Name: "http.ServeContent, If-None-Match", Serve: content, Request: header("If-None-Match", `"1"`),
			Want: Want{Status: http.StatusNotModified, Empty: true}},
		{Name: "http.ServeContent, If-Modified-Since", Serve: func(_ *Visit, w http.ResponseWriter, r *http.Request) error {
			http.ServeContent(w, r, "page.txt", at, strings.NewReader(Text))
			return nil
		}, Request: header("If-Modified-Since", at.Format(http.TimeFormat)), Want: Want{Status: http.StatusNotModified, Empty: true}},
	}
}
