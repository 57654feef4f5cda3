package echosession_test

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"github.com/echosession/session/internal/matrix"
)

// zipped is a request that takes gzip.
func zipped(r matrix.Request) matrix.Request {
	r.Header = r.Header.Clone()
	if r.Header == nil {
		r.Header = http.Header{}
	}
	r.Header.Set("Accept-Encoding", "gzip")
	return r
}

// gzips are answers that Echo's gzip compresses, or holds until it knows that
// it will not: around the session's middleware, and inside it.
func gzips() (all []way) {
	large := strings.Repeat(matrix.Text+" ", 100)
	kinds := []way{
		{name: "a small body", answer: text},
		{name: "a large body", answer: func(_ *matrix.Visit, c echo.Context) error { return c.String(http.StatusOK, large) }},
		{name: "JSON", answer: func(_ *matrix.Visit, c echo.Context) error { return c.JSON(http.StatusOK, matrix.Text) }},
		{name: "no body", answer: func(_ *matrix.Visit, c echo.Context) error { return c.NoContent(http.StatusNoContent) },
			want: matrix.Want{Status: http.StatusNoContent, Empty: true}},
		{name: "nothing written", answer: func(*matrix.Visit, echo.Context) error { return nil }, want: matrix.Want{Empty: true}},
		{name: "an error", answer: func(*matrix.Visit, echo.Context) error { return errPlain },
			want: matrix.Want{Status: http.StatusInternalServerError, Body: `"message"`}},
		{name: "an error after a write", answer: func(v *matrix.Visit, c echo.Context) error { _ = text(v, c); return errPlain }},
		{name: "a redirect", answer: func(_ *matrix.Visit, c echo.Context) error { return c.Redirect(http.StatusFound, "/matrix/probe") },
			want: matrix.Want{Status: http.StatusFound, Empty: true}},
		{name: "a flush first", answer: func(v *matrix.Visit, c echo.Context) error { c.Response().Flush(); return text(v, c) }},
		{name: "a file", answer: func(_ *matrix.Visit, c echo.Context) error { return c.File("page.txt") }},
	}
	for _, min := range []int{0, 1024} {
		for _, place := range []string{"outside", "inside"} {
			for _, w := range kinds {
				z := these(middleware.GzipWithConfig(middleware.GzipConfig{MinLength: min}))
				if place == "outside" {
					w.outside = z
				} else {
					w.inside = z
				}
				w.name = "gzip " + place + ": " + w.name
				if min > 0 {
					w.name += ", held below 1 KiB"
				}
				w.request = zipped(w.request)
				all = append(all, w)
			}
		}
	}
	return append(all, way{name: "gzip outside: a stream", outside: these(middleware.Gzip()), request: zipped(matrix.Request{}), want: matrix.Want{Endless: true},
		answer: func(_ *matrix.Visit, c echo.Context) error {
			c.Response().Header().Set("Content-Type", "text/event-stream")
			for {
				if _, err := c.Response().Write([]byte("data: " + matrix.Text + "\n\n")); err != nil {
					return nil
				}
				c.Response().Flush()
			}
		}})
}

// wrappers are other middleware that wraps or replaces the response.
func wrappers() []way {
	dump := middleware.BodyDump(func(echo.Context, []byte, []byte) {})
	logger := middleware.RequestLoggerWithConfig(middleware.RequestLoggerConfig{
		HandleError: true, LogStatus: true, LogValuesFunc: func(echo.Context, middleware.RequestLoggerValues) error { return nil },
	})
	recorder := echo.WrapMiddleware(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(struct{ http.ResponseWriter }{w}, r) })
	})
	//lint:ignore SA1019 people still have it
	timeout := middleware.TimeoutWithConfig(middleware.TimeoutConfig{Timeout: time.Hour})
	bad := func(*matrix.Visit, echo.Context) error { return echo.NewHTTPError(http.StatusBadRequest, "no") }
	empty := func(*matrix.Visit, echo.Context) error { return nil }
	page := matrix.Want{Status: http.StatusBadRequest, Body: `"message"`}

	var all []way
	for _, of := range []struct {
		name string
		mw   echo.MiddlewareFunc
	}{{"BodyDump", dump}, {"RequestLogger", logger}, {"WrapMiddleware", recorder}, {"Timeout", timeout}} {
		name, mw := of.name, of.mw
		all = append(all, []way{
			{name: name + " outside", outside: these(mw), answer: text},
			{name: name + " outside, an error", outside: these(mw), answer: bad, want: page},
			{name: name + " outside, nothing written", outside: these(mw), answer: empty, want: matrix.Want{Empty: true}},
			{name: name + " inside", inside: these(mw), answer: text},
			{name: name + " inside, an error", inside: these(mw), answer: bad, want: page},
			{name: name + " inside, nothing written", inside: these(mw), answer: empty, want: matrix.Want{Empty: true}},
		}...)
	}
	// mapped answers errors itself, as a middleware for an API may.
	mapped := func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			var he *echo.HTTPError
			err := next(c)
			if !errors.As(err, &he) || c.Response().Committed {
				return err
			}
			c.Response().Header().Set(matrix.PageHeader, "mapped")
			return c.String(he.Code, http.StatusText(he.Code))
		}
	}
	return append(all, []way{
		{name: "errors answered by a middleware outside", outside: these(mapped), answer: text, want: matrix.Want{Page: "mapped"}},
		{name: "errors answered by a middleware outside, gzip between", outside: these(mapped, middleware.Gzip()), answer: text,
			want: matrix.Want{Page: "mapped"}, request: zipped(matrix.Request{})},
		{name: "gzip, BodyDump and RequestLogger outside", outside: these(logger, middleware.Gzip(), dump), answer: text, request: zipped(matrix.Request{})},
		{name: "gzip, BodyDump and RequestLogger outside, an error", outside: these(logger, middleware.Gzip(), dump), answer: bad, want: page, request: zipped(matrix.Request{})},
		{name: "Timeout outside, too late", outside: outOfTime, answer: raw(matrix.Answer{Serve: matrix.GivenUp}), want: matrix.Want{
			Status: http.StatusServiceUnavailable, Empty: true,
			OutOfReach: "the answer left without the handler, which stores its session all the same",
			NotDown:    "the answer left without the handler",
		}},
		{name: "Timeout inside, too late", inside: outOfTime, answer: raw(matrix.Answer{Serve: matrix.GivenUp}), want: matrix.Want{
			Status: http.StatusServiceUnavailable, Empty: true, NotDown: "Echo's Timeout leaves the handler running on a context that is in use again",
		}},
	}...)
}

// outOfTime is Echo's Timeout around a handler that it gives up on.
func outOfTime(*matrix.Visit) []echo.MiddlewareFunc {
	returned := make(chan struct{}, 1)
	return []echo.MiddlewareFunc{
		func(next echo.HandlerFunc) echo.HandlerFunc {
			return func(c echo.Context) error {
				c.SetRequest(matrix.Late(c.Request()))
				defer func() { <-returned }() // nothing is left behind for the next path
				return next(c)
			}
		},
		//lint:ignore SA1019 people still have it
		middleware.TimeoutWithConfig(middleware.TimeoutConfig{Timeout: time.Hour}),
		func(next echo.HandlerFunc) echo.HandlerFunc {
			return func(c echo.Context) error {
				defer func() { returned <- struct{}{} }()
				return next(c)
			}
		},
	}
}
