package gorillastore

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"unicode/utf8"
)

// What JSON has a form for is stored in that form: nil, booleans, text, int,
// float64 (always with a point or an exponent, which tells it from an int), []any
// and map[string]any. Everything else is {"$type": its name, "value": its JSON}.
// A string that is no text, such as gothic's, which are gzip, is of "$type"
// "string", in base64.
const (
	typeKey  = "$type"
	valueKey = "value"
	binary   = "string"
)

const maxDepth = 100 // of values in values: more is a loop

func (ts types) encode(v any) (json.RawMessage, error) { return ts.encodeAt(v, 0) }

func (ts types) encodeAt(v any, depth int) (json.RawMessage, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("it is nested deeper than %d levels", maxDepth)
	}
	switch v := v.(type) {
	case nil:
		return json.RawMessage("null"), nil
	case bool:
		return strconv.AppendBool(nil, v), nil
	case int:
		return strconv.AppendInt(nil, int64(v), 10), nil
	case float64:
		return encodeFloat(v)
	case string:
		if !isText(v) {
			return tagged(binary, []byte(v))
		}
		return plain(v)
	case []any:
		list := make([]json.RawMessage, len(v))
		for i, item := range v {
			raw, err := ts.encodeAt(item, depth+1)
			if err != nil {
				return nil, err
			}
			list[i] = raw
		}
		return plain(list)
	case map[string]any:
		object := make(values, len(v))
		for key, item := range v {
			if key == typeKey {
				return nil, fmt.Errorf("a map[string]any has the key %q, which is this package's own; use another one", typeKey)
			}
			if !utf8.ValidString(key) {
				return nil, errors.New("a map[string]any has a key that is not valid UTF-8, which JSON cannot hold")
			}
			raw, err := ts.encodeAt(item, depth+1)
			if err != nil {
				return nil, err
			}
			object[key] = raw
		}
		return plain(object)
	}
	name, known := ts.names[reflect.TypeOf(v)]
	if !known {
		return nil, fmt.Errorf("type %T is not known: name it in Options.Types of gorillastore.New", v)
	}
	return tagged(name, v)
}

// encodeFloat writes a number that is read back as a float64.
func encodeFloat(f float64) (json.RawMessage, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, errors.New("JSON has no NaN and no infinity")
	}
	raw := strconv.AppendFloat(nil, f, 'g', -1, 64)
	if !bytes.ContainsAny(raw, ".e") {
		raw = append(raw, ".0"...)
	}
	return raw, nil
}

func tagged(name string, v any) (json.RawMessage, error) {
	return plain(struct {
		Type  string `json:"$type"`
		Value any    `json:"value"`
	}{name, v})
}

// plain is JSON without HTML escapes. The error of a MarshalJSON method may quote
// the value, so that only the type is told.
func plain(v any) (json.RawMessage, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, errors.New("it has no JSON form: a number that JSON has not, a loop of pointers, or a MarshalJSON method that failed")
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// decode is the value that encode was given.
func (ts types) decode(raw json.RawMessage) (any, error) {
	if len(raw) == 0 {
		return nil, errUnreadable
	}
	switch raw[0] {
	case '{':
		return ts.decodeObject(raw)
	case '[':
		var list []json.RawMessage
		if json.Unmarshal(raw, &list) != nil {
			return nil, errUnreadable
		}
		items := make([]any, len(list))
		for i := range list {
			item, err := ts.decode(list[i])
			if err != nil {
				return nil, err
			}
			items[i] = item
		}
		return items, nil
	case '"', 't', 'f', 'n':
		var v any
		if json.Unmarshal(raw, &v) != nil {
			return nil, errUnreadable
		}
		return v, nil
	}
	if n, err := strconv.Atoi(string(raw)); err == nil {
		return n, nil
	}
	f, err := strconv.ParseFloat(string(raw), 64)
	if err != nil {
		return nil, errUnreadable
	}
	return f, nil
}

var errUnreadable = errors.New("it is not what this package stores")

func (ts types) decodeObject(raw json.RawMessage) (any, error) {
	var object values
	if json.Unmarshal(raw, &object) != nil {
		return nil, errUnreadable
	}
	if object[typeKey] == nil {
		items := make(map[string]any, len(object))
		for key, raw := range object {
			item, err := ts.decode(raw)
			if err != nil {
				return nil, err
			}
			items[key] = item
		}
		return items, nil
	}
	var name string
	if json.Unmarshal(object[typeKey], &name) != nil {
		return nil, errUnreadable
	}
	if name == binary {
		var b []byte
		if json.Unmarshal(object[valueKey], &b) != nil {
			return nil, errUnreadable
		}
		return string(b), nil
	}
	t, known := ts.byName[name]
	if !known {
		return nil, fmt.Errorf("it was stored as a %s, which is not known now: name it in Options.Types of gorillastore.New", name)
	}
	v := reflect.New(t)
	if json.Unmarshal(object[valueKey], v.Interface()) != nil {
		return nil, fmt.Errorf("it was stored as a %s, and does not fit that type now", name)
	}
	return v.Elem().Interface(), nil
}
