package bench

import (
	"net/http"
	"strconv"

	echo4 "github.com/labstack/echo/v4"
	echo5 "github.com/labstack/echo/v5"
)

// A host serves a library's routes, each under its own name.
type host struct {
	name  string
	serve func(library) http.Handler
}

var (
	onEcho4   = host{"echo-v4", echo4App}
	onEcho5   = host{"echo-v5", echo5App}
	onNetHTTP = host{"net-http", plainApp}

	hosts = []host{onEcho4, onEcho5, onNetHTTP}
)

func echo4App(lib library) http.Handler {
	e := echo4.New()
	if lib.v4 != nil {
		e.Use(lib.v4)
	}
	for route, do := range lib.steps {
		e.GET("/"+route, func(c echo4.Context) error {
			text, err := do(c.Response(), c.Request())
			if err != nil {
				return err
			}
			return c.String(http.StatusOK, text)
		})
	}
	return e
}

func echo5App(lib library) http.Handler {
	e := echo5.New()
	if lib.v5 != nil {
		e.Use(lib.v5)
	}
	for route, do := range lib.steps {
		e.GET("/"+route, func(c *echo5.Context) error {
			text, err := do(c.Response(), c.Request())
			if err != nil {
				return err
			}
			return c.String(http.StatusOK, text)
		})
	}
	return e
}

func plainApp(lib library) http.Handler {
	mux := http.NewServeMux()
	for route, do := range lib.steps {
		mux.HandleFunc("GET /"+route, func(w http.ResponseWriter, r *http.Request) {
			text, err := do(w, r)
			if err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			w.Header().Set("Content-Type", "text/plain; charset=UTF-8")
			_, _ = w.Write([]byte(text))
		})
	}
	if lib.plain == nil {
		return mux
	}
	return lib.plain(mux)
}

func itoa(n int) string { return strconv.Itoa(n) }
