package session

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Top-level names that are not the application's.
const (
	keyCookie   = "cookie"   // Express's cookie attributes
	keyPassport = "passport" // the user, where passport keeps it
	keyOwn      = "_session" // ours: authentication time, flashes
)

const (
	maxKey   = 256  // bytes of a key
	maxDepth = 1000 // nesting of a value; databases and decoders stop not far above
)

const expressDrops = "express-session drops that name; use another one"

// refusedKeys are the names an application may not write: ours, and those that
// express-session drops when it loads a session, because its Session object has
// members of that name. A document with one of them would be saved anew by
// every request of an Express app beside us.
var refusedKeys = map[string]string{
	keyCookie:   "it holds the cookie's attributes; use SetLifetime",
	keyPassport: "it holds the user; use Login and Logout",
	keyOwn:      "it is this package's own",

	"id": expressDrops, "req": expressDrops, "touch": expressDrops, "resetMaxAge": expressDrops,
	"save": expressDrops, "reload": expressDrops, "destroy": expressDrops, "regenerate": expressDrops,
	"constructor": expressDrops, "toString": expressDrops, "valueOf": expressDrops,
	"toLocaleString": expressDrops, "hasOwnProperty": expressDrops, "isPrototypeOf": expressDrops,
	"propertyIsEnumerable": expressDrops, "__proto__": expressDrops,
	"__defineGetter__": expressDrops, "__defineSetter__": expressDrops,
	"__lookupGetter__": expressDrops, "__lookupSetter__": expressDrops,
}

// checkKey says whether the application may write a key.
func checkKey(key string) error {
	switch why := refusedKeys[key]; {
	case why != "":
		return fmt.Errorf("%w: %q is reserved: %s", ErrKey, key, why)
	case key == "":
		return fmt.Errorf("%w: it is empty", ErrKey)
	case len(key) > maxKey:
		return fmt.Errorf("%w: it has %d bytes, and at most %d are allowed", ErrKey, len(key), maxKey)
	case !utf8.ValidString(key):
		return fmt.Errorf("%w: it is not valid UTF-8", ErrKey)
	case strings.ContainsRune(key, 0):
		return fmt.Errorf("%w: it contains NUL, which Postgres cannot read back", ErrKey)
	}
	return nil
}

// encode writes a value as JavaScript would: no HTML escapes.
func encode(value any) (raw []byte, err error) {
	defer func() { // a MarshalJSON method of the application may panic
		if p := recover(); p != nil {
			raw, err = nil, fmt.Errorf("%w: encoding a %T panicked", ErrValue, value)
		}
	}()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(value); err != nil {
		var cause *json.UnsupportedTypeError
		if errors.As(err, &cause) {
			return nil, fmt.Errorf("%w: a %s has no JSON form", ErrValue, cause.Type)
		}
		// The encoder's own text may quote the value.
		return nil, fmt.Errorf("%w: a %T has no JSON form (NaN, infinity, a cycle, or its MarshalJSON failed)", ErrValue, value)
	}
	raw = bytes.TrimSuffix(b.Bytes(), []byte{'\n'})
	if err := checkText(raw); err != nil {
		return nil, fmt.Errorf("%w: %T %w", ErrValue, value, err)
	}
	return raw, nil
}

// checkText refuses what one reader or another of the table cannot take: one
// such document breaks every query that looks into the column.
func checkText(raw []byte) error {
	if !utf8.Valid(raw) {
		return errors.New("contains invalid UTF-8")
	}
	depth := 0
	for i := 0; i < len(raw); i++ {
		switch raw[i] {
		case '[', '{':
			if depth++; depth > maxDepth {
				return fmt.Errorf("is nested deeper than %d levels", maxDepth)
			}
		case ']', '}':
			depth--
		case '"':
			end := skipString(raw, i)
			if err := checkEscapes(raw[i:end]); err != nil {
				return err
			}
			i = end - 1
		}
	}
	return nil
}

// checkEscapes looks at the \u escapes of one quoted string. encoding/json
// writes \ufffd for bytes that are not UTF-8, and never for a U+FFFD that was
// in the value, so that escape tells a silent loss.
func checkEscapes(quoted []byte) error {
	for i := 0; i < len(quoted)-1; i++ {
		if quoted[i] != '\\' {
			continue
		}
		i++
		if quoted[i] != 'u' {
			continue
		}
		switch r := hexRune(quoted, i+1); {
		case r == 0:
			return errors.New("contains NUL, which Postgres cannot read back")
		case r == utf8.RuneError:
			return errors.New("contains invalid UTF-8")
		case utf16.IsSurrogate(r):
			low := hexRune(quoted, i+7)
			if r >= 0xdc00 || quoted[i+5] != '\\' || quoted[i+6] != 'u' || low < 0xdc00 || low > 0xdfff {
				return errors.New("contains half of a surrogate pair")
			}
			i += 6
		}
		i += 4
	}
	return nil
}

// hexRune reads the four hex digits at i, or -1.
func hexRune(text []byte, i int) rune {
	if i+4 > len(text) {
		return -1
	}
	n, err := strconv.ParseUint(string(text[i:i+4]), 16, 16)
	if err != nil {
		return -1
	}
	return rune(n)
}

// decode reads a raw value into a T. A JSON null is a value only where T can
// hold one; elsewhere it counts as absent.
func decode[T any](key string, raw []byte) (value T, ok bool, err error) {
	if raw == nil {
		return value, false, nil
	}
	if string(raw) == "null" {
		switch reflect.TypeFor[T]().Kind() {
		case reflect.Pointer, reflect.Interface, reflect.Map, reflect.Slice:
		default:
			return value, false, nil
		}
	}
	if err := json.Unmarshal(raw, &value); err != nil {
		var none T
		// The decoder's own text may quote the value.
		return none, false, fmt.Errorf("%w: %q is not a %s", ErrType, key, reflect.TypeFor[T]())
	}
	return value, true, nil
}
