package session

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// A document is a session's JSON object as an ordered list of raw top-level
// values. What nobody touches is written back byte for byte, also the odd
// things that Express leaves behind and Go's decoders would change: integers
// above 2^53, 1.0, lone surrogates, escapes.
type document struct {
	fields []field
}

type field struct {
	key, raw []byte // as in the text, the key with its quotes
}

// maxReadable is how large a stored document may be to be read at all.
const maxReadable = 16 << 20

// parseDocument reads a stored document. Text that holds no object (damaged,
// an array, null) reads as empty: the session is served, and its first change
// writes a valid object. An object inside a JSON string, as a double encoding
// leaves it, is read through.
func parseDocument(text []byte) document {
	if len(text) > maxReadable || !json.Valid(text) {
		return document{}
	}
	if i := skipSpace(text, 0); text[i] == '"' {
		var inner string
		if json.Unmarshal(text, &inner) != nil || !json.Valid([]byte(inner)) {
			return document{}
		}
		text = []byte(inner)
	}
	d := document{fields: make([]field, 0, 8)}
	members(text, func(key, raw []byte) bool {
		d.fields = append(d.fields, field{key, raw})
		return true
	})
	return d
}

// find returns the index of the last field of that name, since of duplicates
// the last one wins, or -1.
func (d *document) find(name string) int {
	for i := len(d.fields) - 1; i >= 0; i-- {
		if isKey(d.fields[i].key, name) {
			return i
		}
	}
	return -1
}

// get returns the raw value of a key, or nil.
func (d *document) get(name string) []byte {
	if i := d.find(name); i >= 0 {
		return d.fields[i].raw
	}
	return nil
}

func (d *document) set(name string, raw []byte) {
	if i := d.find(name); i >= 0 {
		d.fields[i].raw = raw
		return
	}
	d.fields = append(d.fields, field{quote(name), raw})
}

func (d *document) delete(name string) {
	d.fields = slices.DeleteFunc(d.fields, func(f field) bool { return isKey(f.key, name) })
}

// keep drops every field whose name is not wanted.
func (d *document) keep(wanted func(name string) bool) {
	kept := d.fields[:0]
	for _, f := range d.fields {
		if wanted(unquote(f.key)) {
			kept = append(kept, f)
		}
	}
	d.fields = kept
}

// clone returns a document that may be changed without changing d.
func (d *document) clone() document {
	return document{fields: append(make([]field, 0, len(d.fields)+2), d.fields...)}
}

// holdsNothing reports whether the document has no field but cookie and our own
// mark: nothing that is worth storing.
func (d *document) holdsNothing() bool {
	for _, f := range d.fields {
		switch {
		case isKey(f.key, keyCookie):
		case isKey(f.key, keyOwn):
			if part := parseDocument(f.raw); len(part.fields) > 1 || part.get(ownMark) == nil {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// size is how long the text will be, at most: duplicates count.
func (d *document) size() int {
	n := 1
	for _, f := range d.fields {
		n += len(f.key) + len(f.raw) + 2
	}
	return max(n, 2)
}

// text writes the document, each name once.
func (d *document) text() []byte {
	last := make(map[string]int, len(d.fields))
	for i, f := range d.fields {
		last[unquote(f.key)] = i
	}
	var b bytes.Buffer
	b.Grow(d.size())
	b.WriteByte('{')
	for i, f := range d.fields {
		if last[unquote(f.key)] != i {
			continue
		}
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		b.Write(f.key)
		b.WriteByte(':')
		b.Write(f.raw)
	}
	b.WriteByte('}')
	return b.Bytes()
}

// quote is the JSON text of a string.
func quote(s string) []byte {
	raw, err := encode(s)
	if err != nil {
		return []byte(strconv.Quote(s)) // not reached: names are checked before
	}
	return raw
}

// unquote is the string of a JSON text. One that Go cannot hold (a lone
// surrogate) stays as it is written: unlike every name in use, and unlike the
// others of its kind.
func unquote(quoted []byte) string {
	if inner := quoted[1 : len(quoted)-1]; bytes.IndexByte(inner, '\\') < 0 {
		return string(inner)
	}
	var s string
	_ = json.Unmarshal(quoted, &s)
	const replaced = "\ufffd"
	if strings.Count(s, replaced) > bytes.Count(quoted, []byte(replaced)) {
		return string(quoted)
	}
	return s
}
