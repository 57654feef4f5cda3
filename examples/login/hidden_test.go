package main

import (
	"regexp"
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

// long are texts that are long enough to be told from chance.
var long = regexp.MustCompile(`"([^"]{10,})"`)

// values keeps what is in the body of a request that stores it.
func (s *secrets) values(body string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, match := range long.FindAllStringSubmatch(body, -1) {
		if !slices.Contains(s.stored, match[1]) {
			s.stored = append(s.stored, match[1])
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
