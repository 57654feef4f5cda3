package gorillastore_test

import (
	"errors"
	"net/http"
	"reflect"
	"testing"

	"github.com/echosession/session"
	gorillastore "github.com/echosession/session/adapter/gorilla"
	"github.com/echosession/session/sessiontest"
)

// A visitor's values come along into their login, and are never another user's:
// also not those that gorilla's session still holds as the next user logs in.
func TestBucketsAreTheUsersOwn(t *testing.T) {
	t.Parallel()
	kit, st := sessiontest.New(t), open(t, gorillastore.Options{})
	login := func(user string) func(http.ResponseWriter, *http.Request) error {
		return func(w http.ResponseWriter, r *http.Request) error {
			gs, got := st.Get(r, name)
			s, err := session.FromContext(r.Context())
			if err != nil {
				return err
			}
			err = s.Login(user)
			gs.Values["greeted"] = user
			return errors.Join(got, err, gs.Save(r, w))
		}
	}
	stored := func(res *sessiontest.Response) (values map[any]any) {
		serve(t, kit, res.Next(get()), func(_ http.ResponseWriter, r *http.Request) error {
			gs, err := st.Get(r, name)
			values = gs.Values
			return err
		})
		return values
	}
	visitor := serve(t, kit, get(), put(st, "cart", "tea"))
	ann := serve(t, kit, visitor.Next(get()), login("ann"))
	if got, want := stored(ann), (map[any]any{"cart": "tea", "greeted": "ann"}); !reflect.DeepEqual(got, want) {
		t.Errorf("after ann's login: %v", got)
	}
	bob := serve(t, kit, ann.Next(get()), login("bob"))
	if got, want := stored(bob), (map[any]any{"greeted": "bob"}); !reflect.DeepEqual(got, want) {
		t.Errorf("after bob's login: %v", got)
	}
}
