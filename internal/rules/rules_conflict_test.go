package rules_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/echosession/session"
)

// A conflict is merged, not lost.
func TestConflictIsMerged(t *testing.T) {
	for name, sameProcess := range map[string]bool{"in one process": true, "in two processes": false} {
		t.Run("two requests with different keys both win, "+name, func(t *testing.T) {
			st := newRig(newStore(t, nil))
			a := newApp(t, st)
			other := a
			if !sameProcess {
				other = newApp(t, st.Store)
			}
			c := loggedIn(t, a)
			gate := st.holdAfter("Load")
			slow := c.later("/set?key=a&value=1")
			<-gate.reached
			other.replay(c.cookies()).post("/set?key=b&value=2").want(t, 200, "")
			gate.release()
			(<-slow).want(t, 200, "")
			c.get("/get?key=a").want(t, 200, "1")
			c.get("/get?key=b").want(t, 200, "2")
			c.get("/get?key=cart").want(t, 200, "pen")
		})
	}

	// What one request does, and another one (second) has saved before it.
	tests := []struct {
		name   string
		second string
		do     func(s *session.Session) error
		gets   map[string]string
	}{
		{"of two Sets of one key the last to be saved wins", "/set?key=cart&value=ink",
			func(s *session.Session) error { return s.Set("cart", "cup") }, map[string]string{"/get?key=cart": "cup"}},
		{"an Update runs again on what the other one saved", "/set?key=cart&value=ink",
			func(s *session.Session) error {
				return session.Update(s, "cart", func(old string) string { return old + "+" })
			}, map[string]string{"/get?key=cart": "ink+"}},
		{"a Delete deletes its own key only", "/set?key=a&value=1",
			func(s *session.Session) error { s.Delete("cart"); return nil }, map[string]string{"/get?key=cart": "", "/get?key=a": "1"}},
		{"operations run again in their order", "/set?key=cart&value=ink",
			func(s *session.Session) error {
				s.Delete("cart")
				return errors.Join(
					session.Update(s, "cart", func(old string) string { return old + "1" }),
					session.Update(s, "cart", func(old string) string { return old + "2" }))
			}, map[string]string{"/get?key=cart": "12"}},
		{"a login of the same user keeps what the other one saved", "/set?key=a&value=1",
			func(s *session.Session) error { return s.Login("ann") }, map[string]string{"/get?key=a": "1", "/me": "ann"}},
		{"a login of another user drops what the other one saved", "/set?key=a&value=1",
			func(s *session.Session) error { return s.Login("bob") }, map[string]string{"/get?key=a": "", "/me": "bob"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			st := newRig(newStore(t, nil))
			a := newApp(t, st)
			other := newApp(t, st.Store)
			c := loggedIn(t, a)
			a.route("/do", func(_ context.Context, s *session.Session) (string, error) {
				other.replay(c.cookies()).post(tt.second).want(t, 200, "")
				return "", tt.do(s)
			})
			c.post("/do").want(t, 200, "")
			for path, body := range tt.gets {
				c.get(path).want(t, 200, body)
			}
			if e := a.events.of(session.Merged); len(e) != 1 || e[0].Count != 1 {
				t.Error("events:", e)
			}
		})
	}

	t.Run("as often as it takes", func(t *testing.T) {
		st := newRig(newStore(t, nil))
		a := newApp(t, st)
		other := newApp(t, st.Store)
		c := loggedIn(t, a)
		for range 20 {
			st.meanwhile("Save", func() { other.replay(c.cookies()).post("/visit") })
		}
		c.post("/visit").want(t, 200, "21")
		if e := a.events.of(session.Merged); len(e) != 1 || e[0].Count != 20 {
			t.Error("events:", e)
		}
	})
	t.Run("unless an operation cannot run on the fresh value: that is an error, and nothing is saved", func(t *testing.T) {
		st := newRig(newStore(t, nil))
		a := newApp(t, st)
		other := newApp(t, st.Store)
		c := loggedIn(t, a)
		a.route("/typed", func(ctx context.Context, s *session.Session) (string, error) {
			err := errors.Join(s.Set("a", "1"), session.Update(s, "n", func(n int) int { return n + 1 }))
			other.replay(c.cookies()).post("/set?key=n&value=text").want(t, 200, "")
			if err := errors.Join(err, s.Commit(ctx)); !errors.Is(err, session.ErrType) {
				t.Error("Commit:", err)
			}
			return "", nil
		})
		a.route("/panics", func(ctx context.Context, s *session.Session) (string, error) {
			runs := 0
			err := session.Update(s, "n", func(string) string {
				if runs++; runs > 1 {
					panic("impure")
				}
				return "x"
			})
			other.replay(c.cookies()).post("/set?key=n&value=again").want(t, 200, "")
			if err := errors.Join(err, s.Commit(ctx)); !errors.Is(err, session.ErrValue) {
				t.Error("Commit:", err)
			}
			return "", nil
		})
		c.post("/typed").want(t, 200, "")
		c.get("/get?key=n").want(t, 200, "text")
		c.get("/get?key=a").want(t, 200, "")
		c.post("/panics").want(t, 200, "")
		c.get("/get?key=n").want(t, 200, "again")
	})
}

func TestParallelVisits(t *testing.T) {
	const parallel = 50
	for name, processes := range map[string]int{"in one process": 1, "in two processes": 2} {
		t.Run("50 parallel POST /visit give 50 distinct answers and +50, "+name, func(t *testing.T) {
			st := newRig(newStore(t, nil))
			apps := []*app{newApp(t, st)}
			if processes == 2 {
				apps = append(apps, newApp(t, st))
			}
			c := loggedIn(t, apps[0])
			c.post("/visit").want(t, 200, "1")
			saves := st.count("Save")
			st.gather("Load", parallel)
			answers := make([]<-chan answer, parallel)
			for i := range answers {
				answers[i] = apps[i%processes].replay(c.cookies()).later("/visit")
			}
			var got, want []string
			for i, later := range answers {
				answer := <-later
				answer.want(t, 200, "*")
				got = append(got, answer.body)
				want = append(want, fmt.Sprint(i+2))
			}
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Error("got", got)
			}
			c.post("/visit").want(t, 200, fmt.Sprint(parallel+2))
			// Within a process they wait for each other: fifty saves, of which all
			// but the first find out that they are not the first, and no races.
			if n := st.count("Save") - saves; processes == 1 && n > 2*parallel {
				t.Errorf("%d saves", n)
			}
		})
	}
}

func TestReadOnlyRequestRevertsNothing(t *testing.T) {
	for name, touch := range map[string]bool{"when no touch is due": false, "when a touch is due": true} {
		t.Run("a slow read-only request reverts nothing, "+name, func(t *testing.T) {
			clock := newClock()
			st := newRig(newStore(t, clock))
			a := newApp(t, st)
			c := loggedIn(t, a)
			if touch {
				clock.pass(day)
			}
			gate := st.holdAfter("Load")
			slow := c.later("/get?key=cart")
			<-gate.reached
			a.replay(c.cookies()).post("/set?key=cart&value=ink").want(t, 200, "")
			saves := st.count("Save")
			gate.release()
			(<-slow).want(t, 200, "pen")
			c.get("/get?key=cart").want(t, 200, "ink")
			if st.count("Save") != saves || touch != (st.count("Touch") == 1) {
				t.Error("calls:", st.calls)
			}
			if r := st.given("Touch"); r.Data != nil {
				t.Error("a touch carried the payload")
			}
		})
	}
}

func TestOwnChangesAreReadBeforeTheCommit(t *testing.T) {
	a := newApp(t, newStore(t, nil))
	a.on("/write", func(w http.ResponseWriter, r *http.Request, s *session.Session) {
		if err := s.Set("cart", "ink"); err != nil {
			t.Error(err)
		}
		again, err := session.FromContext(r.Context())
		cart, _ := session.Get[string](again, "cart")
		fmt.Fprint(w, strings.ToUpper(cart), err)
	})
	a.client().post("/write").want(t, 200, "INK<nil>")
}
