package gorillastore

import (
	"encoding/json"
	"reflect"
	"strings"
	"unicode/utf8"
)

// A key that is text is stored as it is. Any other, and text that begins with this
// mark or that JSON cannot hold, is the mark and the stored form of the key.
const keyMark = "$"

func isText(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

func (ts types) encodeKey(key any) (string, error) {
	if text, ok := key.(string); ok && isText(text) && !strings.HasPrefix(text, keyMark) {
		return text, nil
	}
	raw, err := ts.encode(key)
	return keyMark + string(raw), err
}

// decodeKey is the key that encodeKey was given.
func (ts types) decodeKey(text string) (any, error) {
	raw, marked := strings.CutPrefix(text, keyMark)
	if !marked {
		return text, nil
	}
	if !json.Valid([]byte(raw)) {
		return nil, errUnreadable
	}
	key, err := ts.decode(json.RawMessage(raw))
	if key != nil && !reflect.ValueOf(key).Comparable() {
		return nil, errUnreadable // a map panics on such a key
	}
	return key, err
}
