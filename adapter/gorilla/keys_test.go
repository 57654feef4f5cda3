package gorillastore_test

import (
	"fmt"
	"net/http"
	"reflect"
	"testing"

	gorillastore "github.com/echosession/session/adapter/gorilla"
	"github.com/echosession/session/sessiontest"
)

type keyOf int

// gorilla's own first example has session.Values[42]; and many applications name
// keys by constants of a type of their own.
func TestAKeyMayBeAnything(t *testing.T) {
	t.Parallel()
	kit, st := sessiontest.New(t), open(t, gorillastore.Options{Types: []any{keyOf(0), [2]int{}}})
	keys := []any{42, "42", "$42", "$", "", "\xff", "nul\x00", keyOf(42), int64(42), 1.5, true, nil, [2]int{1, 2}}
	res := serve(t, kit, get(), func(w http.ResponseWriter, r *http.Request) error {
		gs, err := st.Get(r, name)
		for i, key := range keys {
			gs.Values[key] = i
		}
		if err != nil {
			return err
		}
		return gs.Save(r, w)
	})
	res = serve(t, kit, res.Next(get()), func(w http.ResponseWriter, r *http.Request) error {
		gs, err := st.Get(r, name)
		for i, key := range keys {
			if gs.Values[key] != i {
				t.Errorf("%T %q: %v, not %d", key, key, gs.Values[key], i)
			}
		}
		delete(gs.Values, 42)
		gs.Values[keyOf(42)] = "changed"
		if err != nil || len(gs.Values) != len(keys)-1 {
			return fmt.Errorf("%d values, %w", len(gs.Values), err)
		}
		return gs.Save(r, w)
	})
	serve(t, kit, res.Next(get()), func(_ http.ResponseWriter, r *http.Request) error {
		gs, err := st.Get(r, name)
		if _, there := gs.Values[42]; there || gs.Values[keyOf(42)] != "changed" || len(gs.Values) != len(keys)-1 {
			t.Errorf("stored: %v", gs.Values)
		}
		return err
	})
}

// A key of a type that is not named any more is not lost, and no key that somebody
// else has stored is a panic.
func TestAKeyThatCannotBeReadIsNotLost(t *testing.T) {
	t.Parallel()
	kit := sessiontest.New(t)
	knows, forgot := open(t, gorillastore.Options{Types: []any{keyOf(0)}}), open(t, gorillastore.Options{})
	odd := map[string]any{"$": 1, "$nul": 1, "$inf": 1, "$[1]": 1, `${"a":1}`: 1, `${"$type":"[]string","value":["a"]}`: 1}
	r := kit.LoggedIn(t, get(), "ann", sessiontest.Set("gorilla:"+name, map[string]any{"values": odd}))
	serve(t, kit, r, func(_ http.ResponseWriter, r *http.Request) error {
		if gs, err := knows.Get(r, name); err == nil || len(gs.Values) != 0 {
			t.Errorf("odd keys are read as %v, %v", gs.Values, err)
		}
		return nil
	})
	res := serve(t, kit, get(), put(knows, keyOf(1), "kept"))
	res = serve(t, kit, res.Next(get()), func(w http.ResponseWriter, r *http.Request) error {
		gs, err := forgot.Get(r, name)
		if err == nil || len(gs.Values) != 0 {
			t.Errorf("it is read as %v, %v", gs.Values, err)
		}
		gs.Values["theme"] = "dark"
		return gs.Save(r, w)
	})
	serve(t, kit, res.Next(get()), func(_ http.ResponseWriter, r *http.Request) error {
		gs, err := knows.Get(r, name)
		if want := map[any]any{keyOf(1): "kept", "theme": "dark"}; !reflect.DeepEqual(gs.Values, want) {
			t.Errorf("stored: %v", gs.Values)
		}
		return err
	})
}
