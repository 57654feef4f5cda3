package matrix

import (
	"context"
	"errors"
	"net/http"
	"os"
	"strings"
)

// upload is a form with a file, and text enough not to be kept in memory.
func upload() Request {
	const boundary = "boundary"
	return Request{
		Method: http.MethodPost,
		Header: http.Header{"Content-Type": {"multipart/form-data; boundary=" + boundary}},
		Body: strings.ReplaceAll("--"+boundary+"\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\n\n"+
			strings.Repeat(Text, 1<<10)+"\n--"+boundary+"--\n", "\n", "\r\n"),
	}
}

// parseUpload makes the server put the file on disk, and leaves it there, as
// handlers do: the server removes it when the request is over.
func parseUpload(r *http.Request) error {
	if err := r.ParseMultipartForm(1); err != nil {
		return err
	}
	f, err := r.MultipartForm.File["file"][0].Open()
	if err != nil {
		return err
	}
	defer f.Close()
	if _, onDisk := f.(*os.File); !onDisk {
		return errors.New("the upload is in memory")
	}
	return nil
}

func uploads() []Answer {
	return []Answer{
		{Name: "an upload in temporary files", Request: upload(), Want: Want{Upload: true},
			Serve: func(v *Visit, w http.ResponseWriter, r *http.Request) error {
				if err := parseUpload(r); err != nil {
					return err
				}
				return writeText(v, w, r)
			}},
		{Name: "an upload, and nothing written", Request: upload(), Want: Want{Upload: true, Empty: true},
			Serve: func(v *Visit, w http.ResponseWriter, r *http.Request) error { return parseUpload(r) }},
	}
}

type contextKey struct{}

// WithContext is a request whose context an inner middleware has replaced.
func WithContext(r *http.Request) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), contextKey{}, 1))
}

// Upload is the request of an upload, and what handles it, for the paths of a
// framework.
func Upload() (Request, func(*http.Request) error) { return upload(), parseUpload }
