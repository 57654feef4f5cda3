package matrix

import (
	"errors"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
)

// upstream is the server behind the proxies.
func upstream() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Etag", `"1"`)
		_, _ = io.WriteString(w, Text)
	})
	mux.HandleFunc("/cookie", func(w http.ResponseWriter, _ *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "upstream", Value: "1"})
		_, _ = io.WriteString(w, Text)
	})
	mux.HandleFunc("/empty", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/away", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", probePath)
		w.WriteHeader(http.StatusSeeOther)
	})
	mux.HandleFunc("/hint", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Link", "</style.css>; rel=preload")
		w.WriteHeader(http.StatusEarlyHints)
		w.Header().Del("Link")
		_, _ = io.WriteString(w, Text)
	})
	mux.HandleFunc("/cut", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, Text)
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
	mux.HandleFunc("/socket", func(w http.ResponseWriter, _ *http.Request) {
		if conn, rw, err := http.NewResponseController(w).Hijack(); err == nil {
			_ = accept(conn, rw, nil)
		}
	})
	return mux
}

// proxied are answers that httputil.ReverseProxy passes on.
func proxied() []Answer {
	to := func(path string) func(*Visit, http.ResponseWriter, *http.Request) error {
		return func(v *Visit, w http.ResponseWriter, r *http.Request) error {
			target, err := url.Parse(v.Upstream)
			if err != nil {
				return err
			}
			proxy := &httputil.ReverseProxy{ErrorLog: quietLog, Rewrite: func(p *httputil.ProxyRequest) {
				p.SetURL(target)
				p.Out.URL.Path = path
			}}
			proxy.ServeHTTP(w, r)
			return nil
		}
	}
	return []Answer{
		{Name: "ReverseProxy", Serve: to("/"), Want: Want{Header: map[string]string{"Etag": `"1"`}}},
		{Name: "ReverseProxy, a cookie from behind", Serve: to("/cookie"), Want: Want{Cookies: 1}},
		{Name: "ReverseProxy, an empty body", Serve: to("/empty"), Want: Want{Empty: true}},
		{Name: "ReverseProxy, a redirect from behind", Serve: to("/away"), Want: Want{Status: http.StatusSeeOther, Empty: true}},
		{Name: "ReverseProxy, an early hint from behind", Serve: to("/hint"), Want: Want{Early: 1}},
		{Name: "ReverseProxy, a connection cut behind", Serve: to("/cut"), Want: Want{Cut: true}},
		{Name: "ReverseProxy, an upgrade", Serve: to("/socket"), Request: upgrade, Want: switched},
		{Name: "ReverseProxy, nobody behind", Want: Want{Status: http.StatusBadGateway, Empty: true},
			Serve: func(v *Visit, w http.ResponseWriter, r *http.Request) error {
				proxy := &httputil.ReverseProxy{ErrorLog: quietLog, Rewrite: func(p *httputil.ProxyRequest) {
					p.SetURL(&url.URL{Scheme: "http", Host: "127.0.0.1"})
				}, Transport: unreachable{}}
				proxy.ServeHTTP(w, r)
				return nil
			}},
	}
}

// unreachable is a network without the other side.
type unreachable struct{}

func (unreachable) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("nobody there")
}
