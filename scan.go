package session

import "bytes"

// The functions here walk JSON that is known to be valid; encoding/json has
// said so before. They find where things are and decode nothing, so that what a
// request does not touch is neither copied nor rewritten.

// members calls yield with each member of an object, in order: the quoted key
// and the value, both as they stand in the text. It returns false when the text
// is no object.
func members(text []byte, yield func(key, value []byte) bool) bool {
	i := skipSpace(text, 0)
	if i >= len(text) || text[i] != '{' {
		return false
	}
	for i = skipSpace(text, i+1); i < len(text) && text[i] == '"'; {
		key := i
		i = skipString(text, i)
		keyEnd := i
		i = skipSpace(text, i) // at the colon
		i = skipSpace(text, i+1)
		value := i
		i = skipValue(text, i)
		if i > len(text) || value >= i || !yield(text[key:keyEnd], text[value:i]) {
			return true
		}
		if i = skipSpace(text, i); i < len(text) && text[i] == ',' {
			i = skipSpace(text, i+1)
		}
	}
	return true
}

// member returns the last value of a plain key in an object, as JavaScript
// would read it, or nil.
func member(text []byte, name string) []byte {
	var found []byte
	members(text, func(key, value []byte) bool {
		if isKey(key, name) {
			found = value
		}
		return true
	})
	return found
}

func skipSpace(text []byte, i int) int {
	for i < len(text) && (text[i] == ' ' || text[i] == '\n' || text[i] == '\r' || text[i] == '\t') {
		i++
	}
	return i
}

// skipString returns the index behind the string that begins at i.
func skipString(text []byte, i int) int {
	for i++; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(text)
}

// skipValue returns the index behind the value that begins at i. It counts
// brackets instead of recursing, since depth is the writer's choice.
func skipValue(text []byte, i int) int {
	for depth := 0; i < len(text); {
		switch text[i] {
		case '"':
			i = skipString(text, i)
		case '{', '[':
			depth++
			i++
		case '}', ']':
			if depth == 0 {
				return i // a bare number ends where its object does
			}
			depth--
			i++
		case ',', ' ', '\n', '\r', '\t':
			if depth == 0 {
				return i
			}
			i++
			continue
		default:
			i++
			continue
		}
		if depth == 0 {
			return i
		}
	}
	return len(text)
}

// isKey reports whether a quoted key names name.
func isKey(quoted []byte, name string) bool {
	inner := quoted[1 : len(quoted)-1]
	if bytes.IndexByte(inner, '\\') < 0 {
		return string(inner) == name
	}
	return unquote(quoted) == name
}
