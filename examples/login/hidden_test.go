package main

import (
	"slices"
	"strings"
	"sync"
)

// hidden is what no log may have, and no answer but the visitor's own: of all the
// visitors of all processes.
var hidden secrets

type secrets struct {
	mu     sync.Mutex
	ids    []string
	stored []string
}

// cookie keeps the id of a cookie value.
func (s *secrets) cookie(value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id, _, _ := strings.Cut(strings.TrimPrefix(value, "s%3A"), "."); id != "" && !slices.Contains(s.ids, id) {
		s.ids = append(s.ids, id)
	}
}

// values keeps what is in the body of a request that stores it: what stands
// between two quotes, where it is long enough to be told from chance. A body may
// have megabytes, for which a regular expression is too slow.
func (s *secrets) values(body string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	parts := strings.Split(body, `"`)
	for _, part := range parts[:len(parts)-1] { // the last one has no second quote
		if len(part) >= 10 && !slices.Contains(s.stored, part) {
			s.stored = append(s.stored, part)
		}
	}
}

// in says what is in a text, or "". The visitor's own answer may have the values.
func (s *secrets) in(text string, values bool) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	has := func(secret string) bool { return strings.Contains(text, secret) }
	switch {
	case slices.ContainsFunc(s.ids, has):
		return "a session id"
	case values && slices.ContainsFunc(s.stored, has):
		return "a value of a session"
	case has(secret), has(password), has(adminToken):
		return "a secret"
	}
	return ""
}
