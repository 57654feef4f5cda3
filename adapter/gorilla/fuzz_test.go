package gorillastore

import (
	"encoding/json"
	"reflect"
	"testing"
)

// Whatever stands in a session's document, reading it does not panic, and what
// was read is written so that it reads the same.
func FuzzDecode(f *testing.F) {
	for _, raw := range []string{
		`null`, `true`, `"text"`, `-0`, `9223372036854775808`, `1e5`, `1E400`, `2.0`, `[1,[2.5,{"a":null}]]`, `{}`,
		`{"$type":"string","value":"H4sA/w=="}`, `{"$type":"int64","value":1}`, `{"$type":"int64","value":"1"}`,
		`{"$type":"time.Time","value":"2024-02-29T12:00:00Z"}`, `{"$type":"map[string]string","value":null}`,
		`{"$type":1}`, `{"$type":"none"}`, `{"$type":null}`, `{"value":1}`, `"\ud800"`, ``, `{`, `nul`,
	} {
		f.Add([]byte(raw))
	}
	ts, err := newTypes(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if !json.Valid(raw) {
			return // a document is valid JSON, or it is none
		}
		if key, err := ts.decodeKey(keyMark + string(raw)); err == nil {
			text, err := ts.encodeKey(key)
			if err != nil {
				t.Errorf("the key %s is read as %#v, and cannot be written: %v", raw, key, err)
			}
			_ = map[any]string{key: text} // no panic
		}
		value, err := ts.decode(json.RawMessage(raw))
		if err != nil {
			return
		}
		again, err := ts.encode(value)
		if err != nil {
			return // deeper than a Save may go
		}
		back, err := ts.decode(again)
		if err != nil || !reflect.DeepEqual(back, value) {
			t.Errorf("%s is read as %#v, written as %s, and read as %#v, %v", raw, value, again, back, err)
		}
	})
}
