package rules_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/echosession/session"
)

type cycle struct{ Next *cycle }

type failing struct{}

func (failing) MarshalJSON() ([]byte, error) { return nil, errors.New("no") }

type panicking struct{}

func (panicking) MarshalJSON() ([]byte, error) { panic("no") }

type nested []nested

// deep is a value of that many arrays, one in the other.
func deep(levels int) nested {
	value := nested{}
	for range levels - 1 {
		value = nested{value}
	}
	return value
}

func TestRefusedValues(t *testing.T) {
	const max = 4 << 10
	round := &cycle{}
	round.Next = round
	for _, c := range []struct {
		name, key string
		value     any
		want      error
	}{
		{"32 a value of 10 MB", "k", strings.Repeat("a", 10<<20), session.ErrTooLarge},
		{"33 nested 10000 deep", "k", deep(10_000), session.ErrValue},
		{"33 nested 1001 deep", "k", deep(1001), session.ErrValue},
		{"34 invalid UTF-8", "k", "a\xffb", session.ErrValue},
		{"34 invalid UTF-8 in a key of a map", "k", map[string]int{"a\xff": 1}, session.ErrValue},
		{"34 invalid UTF-8 in raw JSON", "k", json.RawMessage("\"\xff\""), session.ErrValue},
		{"35 NUL in a string", "k", "a\x00b", session.ErrValue},
		{"35 NUL in a key of a map", "k", map[string]int{"\x00": 1}, session.ErrValue},
		{"35 NUL in raw JSON", "k", json.RawMessage(`["\u0000"]`), session.ErrValue},
		{"36 a lone high surrogate", "k", json.RawMessage(`"\ud83d"`), session.ErrValue},
		{"36 a lone low surrogate", "k", json.RawMessage(`"\ude00"`), session.ErrValue},
		{"36 two low surrogates", "k", json.RawMessage(`"\ude00\ude00"`), session.ErrValue},
		{"36 two high surrogates", "k", json.RawMessage(`"\ud83d\ud83d"`), session.ErrValue},
		{"36 a high surrogate before what only looks like an escape", "k", json.RawMessage(`"\ud83d/ude00"`), session.ErrValue},
		{"36 surrogates in the wrong order", "k", json.RawMessage(`"\ude00\ud83d"`), session.ErrValue},
		{"36 a high surrogate before another escape", "k", json.RawMessage(`"\ud83d\u0041"`), session.ErrValue},
		{"37 NaN", "k", math.NaN(), session.ErrValue},
		{"37 infinity", "k", []float64{1, math.Inf(-1)}, session.ErrValue},
		{"39 a channel", "k", make(chan int), session.ErrValue},
		{"39 a function", "k", func() {}, session.ErrValue},
		{"39 a complex number", "k", 1i, session.ErrValue},
		{"39 a cycle", "k", round, session.ErrValue},
		{"39 a MarshalJSON that fails", "k", failing{}, session.ErrValue},
		{"39 a MarshalJSON that panics", "k", panicking{}, session.ErrValue},
		{"39 raw JSON that is none", "k", json.RawMessage(`{"a":`), session.ErrValue},
		{"39 raw JSON of two values", "k", json.RawMessage(`1,"admin":true`), session.ErrValue},
		{"40 an empty key", "", 1, session.ErrKey},
		{"40 a key of 257 bytes", strings.Repeat("k", 257), 1, session.ErrKey},
		{"40 a key of 1 MB", strings.Repeat("k", 1<<20), 1, session.ErrKey},
		{"40 a key with NUL", "a\x00", 1, session.ErrKey},
		{"40 a key that is not UTF-8", "a\xff", 1, session.ErrKey},
		{"40 the cookie's own key", "cookie", 1, session.ErrKey},
		{"40 the user's key", "passport", map[string]string{"user": "admin"}, session.ErrKey},
		{"40 our own key", "_session", 1, session.ErrKey},
		{"40 a name of Express's Session", "regenerate", 1, session.ErrKey},
		{"40 a name of every JavaScript object", "__proto__", 1, session.ErrKey},
	} {
		t.Run(c.name, func(t *testing.T) {
			st := newMemory(nil)
			a := newApp(t, st, func(c *session.Config) { c.MaxDocument = max })
			ann := a.client()
			ann.post("/login?user=ann")
			ann.post("/set?key=k&value=old").want(t, 200, "")
			before := stored(t, st, ann.cookies())
			ann.within(func(_ *http.Request, s *session.Session) {
				if err := s.Set(c.key, c.value); !errors.Is(err, c.want) {
					t.Errorf("Set says %v, want %v", err, c.want)
				}
				err := session.Update(s, c.key, func(any) any { return c.value })
				if !errors.Is(err, c.want) {
					t.Errorf("Update says %v, want %v", err, c.want)
				}
				if flashed := s.Flash(c.value); c.want != session.ErrKey && !errors.Is(flashed, c.want) {
					t.Errorf("Flash says %v, want %v", flashed, c.want)
				}
				if old, ok := session.Get[string](s, "k"); old != "old" || !ok {
					t.Errorf("the old value became %q", old)
				}
			})
			after := stored(t, st, ann.cookies())
			if c.want != session.ErrKey && after.Version != before.Version {
				t.Errorf("stored all the same: %s", after.Data)
			}
			ann.get("/get?key=k").want(t, 200, "old")
			ann.get("/me").want(t, 200, "ann")
		})
	}
}

func TestOddValuesAreKept(t *testing.T) {
	for _, c := range []struct {
		name, want string
		value      any
	}{
		{"33 nested 1000 deep", strings.Repeat("[", 1000) + strings.Repeat("]", 1000), deep(1000)},
		{"36 a whole surrogate pair", `"\ud83d\ude00"`, json.RawMessage(`"\ud83d\ude00"`)},
		{"36 U+FFFD itself", `"�"`, "\ufffd"},
		{"36 a backslash before ud83d", `"\\ud83d"`, `\ud83d`},
		{"38 an integer above 2^53", "9007199254740993", int64(1<<53 + 1)},
		{"38 the largest integer", "18446744073709551615", uint64(math.MaxUint64)},
		{"38 a number as it is written", "1.0", json.Number("1.0")},
		{"39 a nil map", "null", map[string]int(nil)},
		{"39 nil", "null", nil},
		{"no HTML escapes", `"<b>&"`, "<b>&"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := newApp(t, newMemory(nil))
			ann := a.client()
			ann.within(func(_ *http.Request, s *session.Session) {
				if err := s.Set("k", c.value); err != nil {
					t.Error(err)
				}
			})
			ann.within(func(_ *http.Request, s *session.Session) {
				if err := s.Set("another", 1); err != nil { // writes the document anew
					t.Error(err)
				}
			})
			ann.within(func(_ *http.Request, s *session.Session) {
				if raw, _ := session.Get[json.RawMessage](s, "k"); string(raw) != c.want {
					t.Errorf("kept as %s, want %s", raw, c.want)
				}
			})
		})
	}
}

// 31: the cap is on the bytes that are stored, and exact.
func TestDocumentAtItsCap(t *testing.T) {
	const max = 1000
	st := newMemory(nil)
	a := newApp(t, st, func(c *session.Config) { c.MaxDocument = max })
	ann := a.client()
	ann.post("/set?key=k&value=").want(t, 200, "")
	empty := len(stored(t, st, ann.cookies()).Data)
	fits := strings.Repeat("v", max-empty)
	ann.post("/set?key=k&value="+fits).want(t, 200, "")
	if n := len(stored(t, st, ann.cookies()).Data); n != max {
		t.Errorf("a document of %d bytes is stored, want %d", n, max)
	}
	ann.within(func(_ *http.Request, s *session.Session) {
		err := s.Set("k", fits+"v")
		if !errors.Is(err, session.ErrTooLarge) || !strings.Contains(err.Error(), "1001 bytes") {
			t.Errorf("one byte more: %v", err)
		}
	})
	ann.get("/get?key=k").want(t, 200, fits)
}

// 35, 36, 38: what Express left in a row is read, and written back as it was.
func TestForeignValuesAreLeftAlone(t *testing.T) {
	const odd = `"nul":"a\u0000b","lone":"\ud800","big":9007199254740993,"one":1.0,"huge":1e400,"zero":-0,"html":"\u003c\u2028","\ud800":1,"\ud801":2`
	st := newMemory(nil)
	a := newApp(t, st)
	cookie := plant(t, st, `{"cookie":{"originalMaxAge":3600000,"httpOnly":true,"path":"/"},`+odd+`}`)
	c := a.replay(cookie)
	c.get("/get?key=nul").want(t, 200, "a\x00b")
	c.get("/get?key=lone").want(t, 200, "\ufffd")
	c.post("/set?key=k&value=v").want(t, 200, "")
	if data := string(stored(t, st, cookie).Data); !strings.Contains(data, odd+`,"k":"v"`) {
		t.Errorf("the foreign values became %s", data)
	}
}

// 40: of a name that a row has twice the last one counts, and is written once.
func TestDuplicateKeysAreWrittenOnce(t *testing.T) {
	st := newMemory(nil)
	a := newApp(t, st)
	cookie := plant(t, st, `{"cookie":{"originalMaxAge":3600000},"a":"1","b":"2","\u0061":"3"}`)
	a.ask("GET", "/get?key=a", cookie).want(t, 200, "3")
	a.ask("POST", "/set?key=k&value=v", cookie).want(t, 200, "")
	if got, want := string(stored(t, st, cookie).Data), `{"cookie":{"originalMaxAge":3600000},"b":"2","\u0061":"3","k":"v"}`; got != want {
		t.Errorf("it became %s, want %s", got, want)
	}
}

// 41, 42: a deploy renames a type, or changes its fields, and back.
func TestValuesOfAnotherType(t *testing.T) {
	type before struct{ Views int }
	type after struct{ Views []string }
	a := newApp(t, newMemory(nil))
	ann := a.client()
	ann.within(func(_ *http.Request, s *session.Session) { _ = s.Set("k", before{7}) })
	ann.within(func(r *http.Request, s *session.Session) {
		if value, ok := session.Get[after](s, "k"); ok || value.Views != nil {
			t.Errorf("Get makes %v of it", value)
		}
		if _, ok, err := session.Lookup[after](s, "k"); ok || !errors.Is(err, session.ErrType) {
			t.Errorf("Lookup says %v, %v", ok, err)
		}
		err := session.Update(s, "k", func(v after) after { v.Views = append(v.Views, "lost"); return v })
		if !errors.Is(err, session.ErrType) {
			t.Errorf("Update says %v", err)
		}
		if _, ok, err := session.Take[after](r.Context(), s, "k"); ok || !errors.Is(err, session.ErrType) {
			t.Errorf("Take says %v, %v", ok, err)
		}
		if _, ok, err := session.Lookup[after](s, "absent"); ok || err != nil {
			t.Errorf("an absent key is %v, %v", ok, err)
		}
	})
	ann.within(func(_ *http.Request, s *session.Session) {
		if value, ok := session.Get[before](s, "k"); !ok || value.Views != 7 {
			t.Errorf("deployed back it is %v, %v", value, ok)
		}
	})
}

// 43: what becomes of a value after Set, or after Get, is not seen; also not by
// the second run that a conflict makes necessary.
func TestValuesAreCopies(t *testing.T) {
	st := newRig(newMemory(nil))
	a := newApp(t, st)
	ann := a.client()
	ann.post("/login?user=ann")
	ann.within(func(r *http.Request, s *session.Session) {
		list, raw := []string{"pen"}, json.RawMessage(`"pen"`)
		m := map[string]string{"a": "pen"}
		_ = errors.Join(s.Set("list", list), s.Set("map", m), s.Set("raw", raw))
		list[0], m["a"], raw[1] = "changed", "changed", 'X'
		got, _ := session.Get[json.RawMessage](s, "list")
		if len(got) > 2 {
			got[2] = 'X'
		}
		st.meanwhile("Save", func() { // another process saves first
			r, err := st.Store.Load(r.Context(), st.given("Save").ID)
			if err == nil {
				r.Idle = day
				err = st.Store.Save(t.Context(), r)
			}
			if err != nil {
				t.Error(err)
			}
		})
	})
	if st.count("Save") != 2 {
		t.Errorf("%d saves, and the first one met a conflict", st.count("Save"))
	}
	ann.within(func(_ *http.Request, s *session.Session) {
		list, _ := session.Get[[]string](s, "list")
		m, _ := session.Get[map[string]string](s, "map")
		raw, _ := session.Get[string](s, "raw")
		if len(list) != 1 || list[0] != "pen" || m["a"] != "pen" || raw != "pen" {
			t.Errorf("changed from outside: %v, %v, %q", list, m, raw)
		}
	})
}

// 44: a session is over when its request is.
func TestSessionUsedAfterItsRequest(t *testing.T) {
	st := newRig(newMemory(nil))
	a := newApp(t, st)
	ann := a.client()
	ann.post("/login?user=ann")
	var kept *session.Session
	ann.within(func(_ *http.Request, s *session.Session) { kept = s })
	calls := st.count()
	a.events.forget()
	ctx := context.Background()
	for name, err := range map[string]error{
		"Set":    kept.Set("k", 1),
		"Update": session.Update(kept, "k", func(n int) int { return n + 1 }),
		"Login":  kept.Login("bob"), "Rotate": kept.Rotate(), "Logout": kept.Logout(ctx),
		"Commit": kept.Commit(ctx), "Refresh": kept.Refresh(ctx), "Flash": kept.Flash("late"),
	} {
		if !errors.Is(err, session.ErrClosed) {
			t.Errorf("%s says %v", name, err)
		}
	}
	kept.Delete("k")
	kept.SetLifetime(time.Hour)
	if kept.User() != "" || kept.Handle() != "" || !kept.AuthTime().IsZero() {
		t.Error("reads are not empty")
	}
	if _, ok := session.Get[int](kept, "k"); ok || st.count() != calls {
		t.Error("a value was read, or the store was asked")
	}
	for _, reason := range a.reasons() {
		if reason != session.UsedAfterRequest {
			t.Errorf("refused because of %q", reason)
		}
	}
	if len(a.reasons()) == 0 {
		t.Error("nobody is told")
	}
	ann.get("/me").want(t, 200, "ann")
}

// 44: goroutines beside the handler are no race, and end with it.
func TestGoroutinesBesideTheHandler(t *testing.T) {
	a := newApp(t, newMemory(nil))
	ann := a.client()
	stop, stopped := make(chan struct{}), make(chan struct{})
	ann.within(func(r *http.Request, s *session.Session) {
		began := make(chan struct{})
		go func() {
			defer close(stopped)
			close(began)
			for {
				_ = s.Set("beside", 1)
				session.Get[int](s, "beside")
				_ = session.Update(s, "n", func(n int) int { return n + 1 })
				_, _ = session.FromContext(r.Context())
				select {
				case <-stop:
					return
				default:
				}
			}
		}()
		<-began
		_ = s.Set("handler", 1)
	})
	ann.post("/set?key=next&value=request").want(t, 200, "")
	close(stop)
	<-stopped
	ann.get("/get?key=next").want(t, 200, "request")
}

// 45, 46: panics leave no half.
func TestPanics(t *testing.T) {
	a := newApp(t, newMemory(nil))
	a.on("/panic", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
		_ = s.Set("k", "new")
		panic(http.ErrAbortHandler)
	})
	ann := a.client()
	ann.post("/set?key=k&value=old").want(t, 200, "")
	if got, err := ann.try("POST", "/panic"); err == nil {
		t.Errorf("a panic is answered with %d", got.status)
	}
	ann.get("/get?key=k").want(t, 200, "old")

	ann.within(func(_ *http.Request, s *session.Session) {
		func() {
			defer func() { recover() }()
			_ = session.Update(s, "k", func(string) string { panic("in the function") })
		}()
		if value, _ := session.Get[string](s, "k"); value != "old" {
			t.Errorf("the function of an Update panicked, and the value is %q", value)
		}
		_ = s.Set("usable", "still")
	})
	ann.get("/get?key=k").want(t, 200, "old")
	ann.get("/get?key=usable").want(t, 200, "still")
}
