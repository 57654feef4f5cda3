package session

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/echosession/session/store"
)

// user is who a document says is logged in, or "". A passport user is whatever
// the application serializes: strings and numbers read as their text, an object
// as its JSON. As in passport, 0 is a user; null, false and "" are none.
func (d *document) user() string {
	passport := d.get(keyPassport)
	if passport == nil {
		return ""
	}
	raw := member(passport, "user")
	if len(raw) == 0 {
		return ""
	}
	switch raw[0] {
	case 'n', 'f':
		return ""
	case '"':
		return unquote(raw)
	}
	return string(raw)
}

// indexUser is the user as a store may index it: a scalar of a bounded length.
func (d *document) indexUser() string {
	user := d.user()
	if len(user) > store.MaxUser || strings.HasPrefix(user, "{") || strings.HasPrefix(user, "[") {
		return ""
	}
	return user
}

// userValue is the JSON of a user: a string, or the number it reads as.
func userValue(user string, numeric bool) ([]byte, error) {
	switch {
	case user == "":
		return nil, fmt.Errorf("%w: the user of a login is empty", ErrValue)
	case len(user) > store.MaxUser:
		return nil, fmt.Errorf("%w: the user of a login has %d bytes, and at most %d are allowed", ErrValue, len(user), store.MaxUser)
	case !store.IsText(user):
		return nil, fmt.Errorf("%w: the user of a login is not valid UTF-8, or contains NUL", ErrValue)
	case numeric:
		if !json.Valid([]byte(user)) || !strings.ContainsAny(user[:1], "-0123456789") || strings.TrimSpace(user) != user {
			return nil, fmt.Errorf("%w: the user of a numeric login is not a number", ErrValue)
		}
		return []byte(user), nil
	case user[0] == '{' || user[0] == '[':
		// It could not be told from the JSON of a foreign user object.
		return nil, fmt.Errorf("%w: the user of a login begins with a bracket", ErrValue)
	}
	return encode(user)
}
