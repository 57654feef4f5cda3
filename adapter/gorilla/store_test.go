package gorillastore_test

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/sessions"

	"github.com/echosession/session"
	gorillastore "github.com/echosession/session/adapter/gorilla"
	"github.com/echosession/session/sessiontest"
	"github.com/echosession/session/store"
)

const name = "shop"

type user struct {
	Name  string
	Roles []string
	hash  []byte // gob leaves it out, and so do we
}

// serve runs a handler behind the session's middleware and fails the test for an
// error it returns.
func serve(t *testing.T, kit *sessiontest.Kit, r *http.Request, do func(w http.ResponseWriter, r *http.Request) error) *sessiontest.Response {
	t.Helper()
	return kit.Serve(kit.Manager.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := do(w, r); err != nil {
			t.Error(err)
		}
		w.WriteHeader(http.StatusNoContent)
	})), r)
}

func get() *http.Request { return httptest.NewRequest(http.MethodGet, "/", nil) }

func open(t *testing.T, o gorillastore.Options) *gorillastore.Store {
	t.Helper()
	st, err := gorillastore.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return st
}

// put sets values and saves.
func put(st *gorillastore.Store, pairs ...any) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		gs, err := st.Get(r, name)
		if err != nil {
			return err
		}
		for i := 0; i < len(pairs); i += 2 {
			gs.Values[pairs[i]] = pairs[i+1]
		}
		return gs.Save(r, w)
	}
}

func TestValuesComeBackAsTheTypeTheyWere(t *testing.T) {
	t.Parallel()
	values := map[string]any{
		"text": "grün <&> \u2028", "binary": "\x1f\x8b\x00\xff", "empty": "", "nil": nil,
		"true": true, "int": -3, "largest": math.MaxInt, "whole float": 2.0, "huge float": 1e300, "float": 0.1,
		"int64": int64(math.MinInt64), "uint64": uint64(math.MaxUint64), "uint8": uint8(7), "float32": float32(0.1),
		"bytes": []byte{0, 255}, "strings": []string{"a", ""}, "ints": []int{1}, "map": map[string]string{"a": "b"},
		"int64s": []int64{1}, "floats": []float64{1, 0.5}, "bools": []bool{true}, "no strings": []string(nil),
		"time": time.Date(2024, 2, 29, 12, 0, 0, 5, time.UTC), "duration": time.Hour,
		"list":   []any{1, 1.5, "a", nil, []any{int64(1)}, user{Name: "in a list"}},
		"object": map[string]any{"a": []any{uint(3)}, "b": "\xff"},
		"struct": user{Name: "ann", Roles: []string{"admin"}}, "pointer": &user{Name: "bob"},
	}
	kit, st := sessiontest.New(t), open(t, gorillastore.Options{Types: []any{user{}, &user{}}})
	res := serve(t, kit, get(), func(w http.ResponseWriter, r *http.Request) error {
		gs, err := st.Get(r, name)
		if err != nil || !gs.IsNew {
			t.Errorf("at first: new %v, %v", gs.IsNew, err)
		}
		for key, value := range values {
			gs.Values[key] = value
		}
		gs.AddFlash("hello")
		return gs.Save(r, w)
	})
	res.WantCookie(t)
	res = serve(t, kit, res.Next(get()), func(w http.ResponseWriter, r *http.Request) error {
		gs, err := st.Get(r, name)
		if err != nil || gs.IsNew {
			return fmt.Errorf("new %v, %w", gs.IsNew, err)
		}
		for key, want := range values {
			if got := gs.Values[key]; !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %T %v is not %T %v", key, got, got, want, want)
			}
		}
		if flashes := gs.Flashes(); len(flashes) != 1 || flashes[0] != "hello" {
			t.Errorf("flashes are %v", flashes)
		}
		return gs.Save(r, w)
	})
	serve(t, kit, res.Next(get()), func(_ http.ResponseWriter, r *http.Request) error {
		gs, err := st.Get(r, name)
		if len(gs.Flashes()) != 0 {
			t.Error("a flash is shown twice")
		}
		return err
	})
}

func TestWhatCannotBeKeptIsAnErrorAndLosesNothing(t *testing.T) {
	t.Parallel()
	type loop struct{ Next *loop }
	round := &loop{}
	round.Next = round
	endless := []any{nil}
	endless[0] = endless
	for text, pair := range map[string][2]any{
		"a key of session \"shop\": type": {unknown{}, "a"},
		"a key of session \"shop\": JSON": {math.Inf(1), "a"},
		"gorillastore_test.unknown":       {"a", unknown{}},
		"is not known":                    {"a", []any{unknown{}}},
		"NaN":                             {"a", math.NaN()},
		"nested deeper":                   {"a", endless},
		`"$type"`:                         {"a", map[string]any{"$type": 1}},
		"no JSON form":                    {"a", round},
		"contains invalid UTF-8":          {"a", user{Name: "\xff"}},
		"a key that is not valid UTF-8":   {"a", map[string]any{"\xff": 1}},
	} {
		t.Run(text, func(t *testing.T) {
			kit, st := sessiontest.New(t), open(t, gorillastore.Options{Types: []any{&loop{}, user{}}})
			first := serve(t, kit, get(), put(st, "kept", "as it was"))
			res := serve(t, kit, first.Next(get()), func(w http.ResponseWriter, r *http.Request) error {
				gs, err := st.Get(r, name)
				if err != nil {
					return err
				}
				gs.Values["kept"], gs.Values[pair[0]] = "changed", pair[1]
				err = gs.Save(r, w)
				if err == nil || !strings.Contains(err.Error(), text) {
					t.Errorf("Save says %v", err)
				}
				return nil
			})
			serve(t, kit, res.Next(get()), func(_ http.ResponseWriter, r *http.Request) error {
				gs, err := st.Get(r, name)
				if gs.Values["kept"] != "as it was" || len(gs.Values) != 1 {
					t.Errorf("stored: %v", gs.Values)
				}
				return err
			})
		})
	}
}

type unknown struct{ A int }

func TestATypeThatIsNoLongerKnownIsNotLost(t *testing.T) {
	t.Parallel()
	kit := sessiontest.New(t)
	knows, forgot := open(t, gorillastore.Options{Types: []any{user{}}}), open(t, gorillastore.Options{})
	res := serve(t, kit, get(), put(knows, "user", user{Name: "ann"}, "theme", "dark"))
	res = serve(t, kit, res.Next(get()), func(w http.ResponseWriter, r *http.Request) error {
		gs, err := forgot.Get(r, name)
		if err == nil || !strings.Contains(err.Error(), "gorillastore_test.user") || strings.Contains(err.Error(), "ann") {
			t.Errorf("Get says %v", err)
		}
		if gs.Values["theme"] != "dark" {
			t.Errorf("the readable value is %v", gs.Values["theme"])
		}
		gs.Values["theme"] = "light"
		return gs.Save(r, w)
	})
	serve(t, kit, res.Next(get()), func(_ http.ResponseWriter, r *http.Request) error {
		gs, err := knows.Get(r, name)
		if gs.Values["theme"] != "light" || !reflect.DeepEqual(gs.Values["user"], user{Name: "ann"}) {
			t.Errorf("stored: %v", gs.Values)
		}
		return err
	})
}

func TestParallelRequestsMergeByKey(t *testing.T) {
	t.Parallel()
	kit, st := sessiontest.New(t), open(t, gorillastore.Options{})
	first := serve(t, kit, get(), put(st, "both", "1", "deleted", "1"))
	serve(t, kit, first.Next(get()), func(w http.ResponseWriter, r *http.Request) error {
		mine, err := st.Get(r, name)
		if err != nil {
			return err
		}
		// Another request comes, sets a value and is done.
		serve(t, kit, first.Next(get()), put(st, "theirs", "1"))
		mine.Values["mine"] = "1"
		delete(mine.Values, "deleted")
		if err := mine.Save(r, w); err != nil {
			return err
		}
		s, err := session.FromContext(r.Context())
		if err != nil {
			return err
		}
		// It is merged into the draft by now, and the second save must not take it
		// for a value that this request deleted.
		if err := s.Commit(r.Context()); err != nil {
			return err
		}
		mine.Values["late"] = "1"
		return mine.Save(r, w)
	})
	serve(t, kit, first.Next(get()), func(_ http.ResponseWriter, r *http.Request) error {
		gs, err := st.Get(r, name)
		if want := map[any]any{"both": "1", "theirs": "1", "mine": "1", "late": "1"}; !reflect.DeepEqual(gs.Values, want) {
			t.Errorf("stored: %v", gs.Values)
		}
		return err
	})
}

func TestAValueSetAndDeletedInOneRequestIsGone(t *testing.T) {
	t.Parallel()
	kit, st := sessiontest.New(t), open(t, gorillastore.Options{})
	res := serve(t, kit, get(), func(w http.ResponseWriter, r *http.Request) error {
		if err := put(st, "a", "1", "b", "1")(w, r); err != nil {
			return err
		}
		gs, err := st.Get(r, name)
		if err != nil {
			return err
		}
		delete(gs.Values, "a")
		return gs.Save(r, w)
	})
	serve(t, kit, res.Next(get()), func(_ http.ResponseWriter, r *http.Request) error {
		gs, err := st.Get(r, name)
		if want := map[any]any{"b": "1"}; !reflect.DeepEqual(gs.Values, want) {
			t.Errorf("stored: %v", gs.Values)
		}
		return err
	})
}

func TestABelowZeroMaxAgeEmptiesTheBucketAndKeepsTheLogin(t *testing.T) {
	t.Parallel()
	kit, st := sessiontest.New(t), open(t, gorillastore.Options{})
	r := kit.LoggedIn(t, get(), "ann", sessiontest.Set("cart", []string{"tea"}))
	res := serve(t, kit, r, put(st, "a", "1"))
	res = serve(t, kit, res.Next(get()), func(w http.ResponseWriter, r *http.Request) error {
		gs, err := st.Get(r, name)
		if err != nil {
			return err
		}
		gs.Options.MaxAge = -1
		return gs.Save(r, w)
	})
	res.WantCookie(t)
	if cart, _ := sessiontest.Value[[]string](t, res, "cart"); res.User(t) != "ann" || len(cart) != 1 {
		t.Errorf("%q has the cart %q", res.User(t), cart)
	}
	serve(t, kit, res.Next(get()), func(_ http.ResponseWriter, r *http.Request) error {
		gs, err := st.Get(r, name)
		if !gs.IsNew || len(gs.Values) != 0 {
			t.Errorf("the bucket holds %v", gs.Values)
		}
		return err
	})
}

func TestAMaxAgeEndsTheBucketAlone(t *testing.T) {
	t.Parallel()
	clock := sessiontest.New(t).Clock
	kit, st := sessiontest.New(t), open(t, gorillastore.Options{MaxAge: 600, Now: clock.Now})
	res := serve(t, kit, kit.LoggedIn(t, get(), "ann"), put(st, "admin", true))
	look := func(want bool) {
		t.Helper()
		serve(t, kit, res.Next(get()), func(_ http.ResponseWriter, r *http.Request) error {
			gs, err := st.Get(r, name)
			if (gs.Values["admin"] == true) != want {
				t.Errorf("at %s the bucket holds %v", clock.Now(), gs.Values)
			}
			return err
		})
	}
	clock.Advance(9 * time.Minute)
	look(true)
	serve(t, kit, res.Next(get()), put(st)) // a save renews it
	clock.Advance(9 * time.Minute)
	look(true)
	clock.Advance(time.Minute)
	look(false)
	if res.User(t) != "ann" {
		t.Error("the login ended with the bucket")
	}
	serve(t, kit, res.Next(get()), put(st, "other", "1"))
	look(false) // what is over does not come back with a new value
}

func TestBucketsAndTheApplicationsKeysAreApart(t *testing.T) {
	t.Parallel()
	kit, st := sessiontest.New(t), open(t, gorillastore.Options{})
	res := serve(t, kit, kit.LoggedIn(t, get(), "ann", sessiontest.Set(name, "the application's")), func(w http.ResponseWriter, r *http.Request) error {
		for _, name := range []string{"cookie", "passport", "_session", name} {
			gs, err := st.Get(r, name)
			if err != nil {
				return err
			}
			gs.Values["in"] = name
		}
		return sessions.Save(r, w)
	})
	if text, _ := sessiontest.Value[string](t, res, name); text != "the application's" || res.User(t) != "ann" {
		t.Errorf("the application's value is %q, the user %q", text, res.User(t))
	}
	serve(t, kit, res.Next(get()), func(_ http.ResponseWriter, r *http.Request) error {
		gs, err := st.Get(r, "passport")
		if gs.Values["in"] != "passport" {
			t.Errorf("the bucket passport holds %v", gs.Values)
		}
		return err
	})
}

func TestNothingIsStoredForAVisitorWhoStoresNothing(t *testing.T) {
	t.Parallel()
	kit, st := sessiontest.New(t), open(t, gorillastore.Options{MaxAge: 600})
	serve(t, kit, get(), put(st)).WantKept(t)
	if n := kit.Store.Calls(); n != 0 {
		t.Errorf("%d calls of the store", n)
	}
}

func TestOutagesAndAMissingMiddleware(t *testing.T) {
	t.Parallel()
	kit, st := sessiontest.New(t), open(t, gorillastore.Options{})
	gs, err := st.Get(get(), name)
	if !errors.Is(err, session.ErrNoSession) || gs == nil {
		t.Errorf("without the middleware: %v, %v", gs, err)
	}
	if err := gs.Save(get(), httptest.NewRecorder()); !errors.Is(err, session.ErrNoSession) {
		t.Errorf("without the middleware Save says %v", err)
	}
	ann := kit.LoggedIn(t, get(), "ann")
	kit.Store.Fail(nil, "Load")
	serve(t, kit, ann, func(_ http.ResponseWriter, r *http.Request) error {
		if gs, err := st.Get(r, name); !errors.Is(err, store.ErrUnavailable) || gs == nil {
			t.Errorf("without a store: %v, %v", gs, err)
		}
		return nil
	})
	kit.Store.Fail(nil, "Save")
	if res := serve(t, kit, ann, put(st, "a", "1")); res.Code != 503 {
		t.Errorf("not stored, and answered %d", res.Code)
	}
}

func TestOptionsThatLoseSomethingAreRefused(t *testing.T) {
	t.Parallel()
	type hidden struct {
		Password string `json:"-"`
	}
	type inner struct{ Value any }
	_, err := gorillastore.New(gorillastore.Options{MaxAge: -1, Types: []any{
		nil, hidden{}, struct{ In []inner }{}, make(chan int), map[float64]string{}, user{}, time.Now(),
	}})
	_ = user{}.hash
	for _, text := range []string{"MaxAge is -1", "Types[0] is nil", "Password", "field In: field Value: an interface", "chan", "float64"} {
		if err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("the error does not say %q: %v", text, err)
		}
	}
	if err != nil && (strings.Contains(err.Error(), "Types[5]") || strings.Contains(err.Error(), "Types[6]")) {
		t.Errorf("it refuses what is fine: %v", err)
	}
}
