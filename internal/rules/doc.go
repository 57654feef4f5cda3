// Package rules has the tests of package session, as its users see it: through
// requests to a real http.Server, on the memory store, Postgres, Redis and the tier.
// They are in a folder of their own: what the tests of an imported package import,
// its users get into their go.sum. What tests unexported things, and the examples,
// stay beside the code.
package rules
