package echosession_test

import (
	"errors"
	"html/template"
	"io"
	"net/http"
	"strings"

	"github.com/labstack/echo/v5"
	"github.com/labstack/echo/v5/middleware"

	"github.com/echosession/session/internal/matrix"
)

// answers are the methods of Echo's context that answer.
func answers() []way {
	simple := func(name string, do func(c *echo.Context) error) way {
		return way{name: name, answer: func(_ *matrix.Visit, c *echo.Context) error { return do(c) }}
	}
	status := func(name string, code int, header map[string]string, do func(c *echo.Context) error) way {
		w := simple(name, do)
		w.want = matrix.Want{Status: code, Empty: true, Header: header}
		return w
	}
	named := func(name, kind string, do func(c *echo.Context) error) way {
		w := simple(name, do)
		w.want.Header = map[string]string{"Content-Disposition": kind + `; filename="a.txt"`}
		return w
	}
	body := struct {
		Text string `json:"text" xml:"text"`
	}{matrix.Text}
	quoted := []byte(`"` + matrix.Text + `"`)
	return []way{
		simple("JSON", func(c *echo.Context) error { return c.JSON(http.StatusOK, body) }),
		simple("JSONPretty", func(c *echo.Context) error { return c.JSONPretty(http.StatusOK, body, "  ") }),
		simple("JSONBlob", func(c *echo.Context) error { return c.JSONBlob(http.StatusOK, quoted) }),
		simple("JSONP", func(c *echo.Context) error { return c.JSONP(http.StatusOK, "f", body) }),
		simple("JSONPBlob", func(c *echo.Context) error { return c.JSONPBlob(http.StatusOK, "f", quoted) }),
		simple("String", func(c *echo.Context) error { return c.String(http.StatusOK, matrix.Text) }),
		simple("HTML", func(c *echo.Context) error { return c.HTML(http.StatusOK, matrix.Text) }),
		simple("XML", func(c *echo.Context) error { return c.XML(http.StatusOK, body.Text) }),
		simple("XMLPretty", func(c *echo.Context) error { return c.XMLPretty(http.StatusOK, body.Text, " ") }),
		simple("XMLBlob", func(c *echo.Context) error { return c.XMLBlob(http.StatusOK, []byte("<a>"+matrix.Text+"</a>")) }),
		simple("Blob", func(c *echo.Context) error { return c.Blob(http.StatusOK, "text/csv", []byte(matrix.Text)) }),
		status("Blob, empty", http.StatusOK, map[string]string{"Content-Type": "text/csv"},
			func(c *echo.Context) error { return c.Blob(http.StatusOK, "text/csv", nil) }),
		simple("Stream", func(c *echo.Context) error {
			return c.Stream(http.StatusOK, "text/csv", strings.NewReader(matrix.Text))
		}),
		simple("Stream of a pipe", func(c *echo.Context) error {
			r, w := io.Pipe()
			go func() { _, err := io.WriteString(w, matrix.Text); _ = w.CloseWithError(err) }()
			defer r.Close()
			return c.Stream(http.StatusOK, "text/csv", r)
		}),
		simple("Render", func(c *echo.Context) error { return c.Render(http.StatusOK, "{{.}}", template.HTML(matrix.Text)) }),
		simple("File", func(c *echo.Context) error { return c.File("page.txt") }),
		named("Attachment", "attachment", func(c *echo.Context) error { return c.Attachment("page.txt", "a.txt") }),
		named("Inline", "inline", func(c *echo.Context) error { return c.Inline("page.txt", "a.txt") }),
		status("Redirect", http.StatusSeeOther, map[string]string{"Location": "/matrix/probe"},
			func(c *echo.Context) error { return c.Redirect(http.StatusSeeOther, "/matrix/probe") }),
		status("NoContent 200", http.StatusOK, nil, func(c *echo.Context) error { return c.NoContent(http.StatusOK) }),
		status("NoContent 204", http.StatusNoContent, nil, func(c *echo.Context) error { return c.NoContent(http.StatusNoContent) }),
		status("NoContent 304", http.StatusNotModified, nil, func(c *echo.Context) error { return c.NoContent(http.StatusNotModified) }),
		simple("Flush of the response first", func(c *echo.Context) error {
			if err := http.NewResponseController(c.Response()).Flush(); err != nil {
				return err
			}
			return c.String(http.StatusOK, matrix.Text)
		}),
		simple("WrapHandler", echo.WrapHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, matrix.Text)
		}))),
	}
}

// pages renders a template that is its own name.
type pages struct{}

func (pages) Render(_ *echo.Context, w io.Writer, text string, data any) error {
	t, err := template.New("page").Parse(text)
	if err != nil {
		return err
	}
	return t.Execute(w, data)
}

var errPlain = errors.New("something is wrong")

// failures are errors that handlers return and routes that do not exist: the
// answer is Echo's error page.
func failures() []way {
	page := func(code int) matrix.Want { return matrix.Want{Status: code, Body: `"message"`} }
	return []way{
		{name: "an HTTPError returned", want: page(http.StatusBadRequest),
			answer: func(*matrix.Visit, *echo.Context) error { return echo.NewHTTPError(http.StatusBadRequest, "no") }},
		{name: "an HTTPError returned, HEAD", request: matrix.Request{Method: http.MethodHead}, want: matrix.Want{Status: http.StatusBadRequest, Empty: true},
			answer: func(*matrix.Visit, *echo.Context) error { return echo.NewHTTPError(http.StatusBadRequest, "no") }},
		{name: "a plain error returned", want: page(http.StatusInternalServerError),
			answer: func(*matrix.Visit, *echo.Context) error { return errPlain }},
		{name: "an error returned after a write",
			answer: func(v *matrix.Visit, c *echo.Context) error { return errors.Join(text(v, c), errPlain) }},
		{name: "an error returned after a flush",
			answer: func(v *matrix.Visit, c *echo.Context) error {
				return errors.Join(text(v, c), http.NewResponseController(c.Response()).Flush(), errPlain)
			}},
		{name: "a JSON that cannot be encoded", want: page(http.StatusInternalServerError),
			answer: func(_ *matrix.Visit, c *echo.Context) error { return c.JSON(http.StatusOK, func() {}) }},
		{name: "a template that fails midway, rendered", want: page(http.StatusInternalServerError),
			answer: func(_ *matrix.Visit, c *echo.Context) error {
				return c.Render(http.StatusOK, "{{.}}{{.None.Such}}", matrix.Text)
			}},
		{name: "a file that is not there", want: page(http.StatusNotFound),
			answer: func(_ *matrix.Visit, c *echo.Context) error { return c.File("none.txt") }},
		{name: "no such route", inside: using1, request: matrix.Request{Path: "/none"}, want: page(http.StatusNotFound)},
		{name: "the error handler called by a middleware", want: page(http.StatusBadRequest), itself: true,
			inside: func(v *matrix.Visit) []echo.MiddlewareFunc {
				return []echo.MiddlewareFunc{func(next echo.HandlerFunc) echo.HandlerFunc {
					return func(c *echo.Context) error {
						if err := next(c); err != nil {
							c.Echo().HTTPErrorHandler(c, err)
						}
						return nil
					}
				}, using(v)}
			},
			answer: func(*matrix.Visit, *echo.Context) error { return echo.NewHTTPError(http.StatusBadRequest, "no") }},
		{name: "the error handler called by the handler, and the error returned", want: page(http.StatusBadRequest),
			answer: func(_ *matrix.Visit, c *echo.Context) error {
				err := echo.NewHTTPError(http.StatusBadRequest, "no")
				c.Echo().HTTPErrorHandler(c, err)
				return err
			}},
	}
}

// using1 is a stack of a middleware that uses the session.
func using1(v *matrix.Visit) []echo.MiddlewareFunc { return []echo.MiddlewareFunc{using(v)} }

var quietly = middleware.RecoverWithConfig(middleware.RecoverConfig{DisablePrintStack: true})

// panics are handlers that do.
func panics() []way {
	failing := func(*matrix.Visit, *echo.Context) error { panic("a bug") }
	written := func(v *matrix.Visit, c *echo.Context) error { _ = text(v, c); panic("a bug, later") }
	page := matrix.Want{Status: http.StatusInternalServerError, Body: `"message"`}
	dropped := page
	dropped.Dropped, dropped.NotDown = "a panic drops it", "nothing is stored"
	return []way{
		{name: "a panic, Recover outside", outside: these(quietly), answer: failing, want: dropped},
		{name: "a panic, Recover and gzip outside", outside: these(quietly, middleware.Gzip()), answer: failing, want: dropped, request: zipped(matrix.Request{})},
		{name: "a panic, Recover inside", inside: these(quietly), answer: failing, want: page},
		{name: "a panic after a write, Recover outside", outside: these(quietly), answer: written},
		{name: "a panic after a write, Recover inside", inside: these(quietly), answer: written},
		{name: "a panic after a write that gzip holds, Recover outside", answer: written, request: zipped(matrix.Request{}),
			outside: these(quietly, middleware.GzipWithConfig(middleware.GzipConfig{MinLength: 1 << 10}))},
		{name: "a panic, no Recover", answer: failing, want: matrix.Want{NoAnswer: true, Dropped: "a panic drops it", NotDown: "nothing is stored"}},
	}
}
