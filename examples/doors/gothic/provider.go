package main

import (
	"encoding/json"
	"net/http"
	"net/url"
)

// newProvider is an OAuth provider whose only user says yes to everything.
func newProvider() http.Handler {
	const code, token = "a code", "a token"
	mux := http.NewServeMux()
	mux.HandleFunc("/authorize", func(w http.ResponseWriter, r *http.Request) {
		back, err := url.Parse(r.FormValue("redirect_uri"))
		if err != nil {
			http.Error(w, "no redirect_uri", http.StatusBadRequest)
			return
		}
		back.RawQuery = url.Values{"code": {code}, "state": {r.FormValue("state")}}.Encode()
		http.Redirect(w, r, back.String(), http.StatusFound)
	})
	mux.HandleFunc("/token", func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("code") != code {
			http.Error(w, `{"error":"invalid_grant"}`, http.StatusBadRequest)
			return
		}
		answer(w, map[string]any{"access_token": token, "token_type": "Bearer", "expires_in": 3600})
	})
	mux.HandleFunc("/user", func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("access_token") != token {
			http.Error(w, "no token", http.StatusUnauthorized)
			return
		}
		answer(w, map[string]any{"id": 7, "login": "ann", "email": "ann@example.com"})
	})
	return mux
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // to a test's server; who has gone needs no answer
}
