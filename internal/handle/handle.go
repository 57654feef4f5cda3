// Package handle tells the public names of sessions from what people paste in their
// place: ids and cookies, which no log may have.
package handle

import "strings"

// Shape says what a handle looks like.
const Shape = "a handle is 22 letters, digits, - and _, or 32 digits of 0-9 and a-f"

const (
	ours  = 22 // characters: 16 bytes as base64url
	bySQL = 32 // the same as hexadecimal digits
)

// Is reports whether a text can be a handle. There are two kinds, of 16 bytes of
// chance each: those that this module makes, and those that Postgres makes for the
// rows of Express and for what was there before the migration. An id of ours and of
// express-session has 32 characters too, and all of them are hexadecimal digits once
// in 2^64.
func Is(text string) bool {
	switch len(text) {
	case ours:
		return !strings.ContainsFunc(text, func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
		})
	case bySQL:
		return !strings.ContainsFunc(text, func(r rune) bool { return (r < '0' || r > '9') && (r < 'a' || r > 'f') })
	}
	return false
}
