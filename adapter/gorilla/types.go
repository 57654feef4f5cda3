package gorillastore

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"time"
)

// types are the types that JSON has no own form for, by the name they are stored
// under.
type types struct {
	byName map[string]reflect.Type
	names  map[reflect.Type]string
}

// basic need no [Options.Types]. gob knows these slices too, without being told.
var basic = []any{
	int8(0), int16(0), int32(0), int64(0), uint(0), uint8(0), uint16(0), uint32(0), uint64(0), float32(0),
	[]byte(nil), []string(nil), []bool(nil), []int(nil), []int8(nil), []int16(nil), []int32(nil), []int64(nil),
	[]uint(nil), []uint16(nil), []uint32(nil), []uint64(nil), []float32(nil), []float64(nil),
	map[string]string(nil), time.Time{}, time.Duration(0),
}

func newTypes(own []any) (types, error) {
	ts := types{byName: map[string]reflect.Type{}, names: map[reflect.Type]string{}}
	for _, value := range basic {
		ts.add(reflect.TypeOf(value))
	}
	var bad []error
	for i, value := range own {
		t := reflect.TypeOf(value)
		if t == nil {
			bad = append(bad, fmt.Errorf("gorillastore: Options.Types[%d] is nil; name a type by a value of it, such as User{}", i))
			continue
		}
		if other, taken := ts.byName[t.String()]; taken && other != t {
			bad = append(bad, fmt.Errorf("gorillastore: Options.Types[%d] is a second type that is called %s; rename one of the two", i, t))
			continue
		}
		if err := lossless(t, map[reflect.Type]bool{}); err != nil {
			bad = append(bad, fmt.Errorf("gorillastore: Options.Types[%d], %s: %w", i, t, err))
			continue
		}
		ts.add(t)
	}
	return ts, errors.Join(bad...)
}

func (ts types) add(t reflect.Type) {
	ts.byName[t.String()], ts.names[t] = t, t.String()
}

var (
	jsonMarshaler = reflect.TypeFor[json.Marshaler]()
	textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()
)

// lossless says what JSON would lose of a type that gob kept. Fields that are not
// exported are lost to both.
func lossless(t reflect.Type, seen map[reflect.Type]bool) error {
	if seen[t] {
		return nil
	}
	seen[t] = true
	for _, m := range []reflect.Type{jsonMarshaler, textMarshaler} {
		if t.Implements(m) || reflect.PointerTo(t).Implements(m) {
			return nil // its author has decided
		}
	}
	switch t.Kind() {
	case reflect.Interface:
		return errors.New("an interface comes back from JSON as another type; use the type itself")
	case reflect.Chan, reflect.Func, reflect.UnsafePointer, reflect.Complex64, reflect.Complex128:
		return fmt.Errorf("a %s has no JSON form", t.Kind())
	case reflect.Map:
		switch k := t.Key().Kind(); {
		case k != reflect.String && (k < reflect.Int || k > reflect.Uintptr) && !t.Key().Implements(textMarshaler):
			return fmt.Errorf("JSON has no maps with keys of type %s; use strings", t.Key())
		}
		return lossless(t.Elem(), seen)
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return lossless(t.Elem(), seen)
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			if !f.IsExported() && !f.Anonymous {
				continue
			}
			if f.IsExported() && f.Tag.Get("json") == "-" {
				return fmt.Errorf("JSON leaves out its field %s, by its tag; take the tag away, or store a type without that field", f.Name)
			}
			if err := lossless(f.Type, seen); err != nil {
				return fmt.Errorf("field %s: %w", f.Name, err)
			}
		}
	}
	return nil
}
