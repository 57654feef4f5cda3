package rules_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"testing"

	"github.com/echosession/session"
)

type basket struct {
	Items []string `json:"items"`
	Total float64  `json:"total"`
}

// inRequest runs a function in one request of c, and lets c keep what it stored.
func inRequest(c *client, do func(s *session.Session)) {
	c.a.t.Helper()
	c.within(func(_ *http.Request, s *session.Session) { do(s) })
}

// roundTrip sends one value into the store, and out of it as what it was.
func roundTrip[T any](t *testing.T, c *client, value T) {
	t.Helper()
	inRequest(c, func(s *session.Session) {
		if err := s.Set("value", value); err != nil {
			t.Errorf("Set of %T: %v", value, err)
		}
		if got, ok := session.Get[T](s, "value"); !ok || !reflect.DeepEqual(got, value) {
			t.Errorf("in the same request Get gives %v %v, want %v", got, ok, value)
		}
	})
	inRequest(c, func(s *session.Session) {
		if got, ok, err := session.Lookup[T](s, "value"); !ok || err != nil || !reflect.DeepEqual(got, value) {
			t.Errorf("in the next request Lookup gives %v %v %v, want %v", got, ok, err, value)
		}
	})
}

func TestValuesRoundTrip(t *testing.T) {
	a := newApp(t, newMemory(nil))
	c := a.client()
	roundTrip(t, c, "text <b>&</b> \u2028 😀")
	roundTrip(t, c, "")
	roundTrip(t, c, 0)
	roundTrip(t, c, int64(9007199254740993))
	roundTrip(t, c, -1.5e300)
	roundTrip(t, c, true)
	roundTrip(t, c, []byte{0, 1, 255})
	roundTrip(t, c, []string{"a", "b"})
	roundTrip(t, c, map[string]int{"a": 1})
	roundTrip(t, c, basket{Items: []string{"pen"}, Total: 1.25})
	roundTrip(t, c, &basket{Total: 2})
	roundTrip(t, c, json.RawMessage(`{"odd":1.0}`))
	roundTrip(t, c, any("whatever"))
}

func TestGet(t *testing.T) {
	const document = `{"cookie":{"originalMaxAge":3600000},"text":"1","number":1,"float":1.5,"null":null,"list":[],"object":{},"twice":1,"twice":2,"\u006eame":"x"}`
	// What a Lookup says: a value, that it is absent, or that it is no T.
	const absent, wrong = "absent", "wrong"
	tests := []struct {
		name string
		get  func(s *session.Session) (any, bool, error)
		want any
	}{
		{"a string as a string", lookup[string]("text"), "1"},
		{"a string as an int is no int", lookup[int]("text"), wrong},
		{"a number as an int", lookup[int]("number"), 1},
		{"a number as a string is no string", lookup[string]("number"), wrong},
		{"a fraction as an int is no int", lookup[int]("float"), wrong},
		{"a fraction as a float", lookup[float64]("float"), 1.5},
		{"a number that is too large is no such int", lookup[int8]("cookie"), wrong},
		{"an absent key is absent", lookup[string]("nothing"), absent},
		{"null as a string is absent", lookup[string]("null"), absent},
		{"null as a struct is absent", lookup[basket]("null"), absent},
		{"null as a pointer is a value", lookup[*basket]("null"), (*basket)(nil)},
		{"null as a slice is a value", lookup[[]string]("null"), []string(nil)},
		{"an empty list is no nil list", lookup[[]string]("list"), []string{}},
		{"an object as a struct", lookup[basket]("object"), basket{}},
		{"a list as a struct is no struct", lookup[basket]("list"), wrong},
		{"of duplicates the last one wins, as in JavaScript", lookup[int]("twice"), 2},
		{"a key is found however it is escaped", lookup[string]("name"), "x"},
		{"keys differ by case", lookup[string]("Text"), absent},
	}
	st := newMemory(nil)
	a := newApp(t, st)
	c := a.replay(plant(t, st, document))
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inRequest(c, func(s *session.Session) {
				got, ok, err := tt.get(s)
				switch {
				case tt.want == absent:
					if ok || err != nil {
						t.Error(got, ok, err)
					}
				case tt.want == wrong:
					if ok || !errors.Is(err, session.ErrType) {
						t.Error(got, ok, err)
					}
				case !ok || err != nil || !reflect.DeepEqual(got, tt.want):
					t.Errorf("got %#v %v %v, want %#v", got, ok, err, tt.want)
				}
			})
		})
	}
	t.Run("Get is Lookup without the error", func(t *testing.T) {
		inRequest(c, func(s *session.Session) {
			if n, ok := session.Get[int](s, "text"); ok || n != 0 {
				t.Error("of another type:", n, ok)
			}
			if n, ok := session.Get[int](s, "nothing"); ok || n != 0 {
				t.Error("absent:", n, ok)
			}
			if n, ok := session.Get[int](s, "number"); !ok || n != 1 {
				t.Error("there:", n, ok)
			}
		})
	})
}

func lookup[T any](key string) func(s *session.Session) (any, bool, error) {
	return func(s *session.Session) (any, bool, error) { return session.Lookup[T](s, key) }
}
