package servers_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/alexedwards/scs/v2"

	"github.com/echosession/session"
	scsstore "github.com/echosession/session/adapter/scs"
	"github.com/echosession/session/store"
)

// An app is an application on scs, as its documentation has it.
func app(t *testing.T, s *scsstore.Store) (*scs.SessionManager, *httptest.Server, *http.ServeMux) {
	t.Helper()
	m := scs.New()
	m.Store = s
	m.ErrorFunc = func(w http.ResponseWriter, _ *http.Request, err error) {
		http.Error(w, "try again", session.StatusCode(err))
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/login", func(_ http.ResponseWriter, r *http.Request) {
		if err := m.RenewToken(r.Context()); err != nil {
			t.Error(err)
		}
		m.Put(r.Context(), "user", r.FormValue("user"))
	})
	mux.HandleFunc("/logout", func(_ http.ResponseWriter, r *http.Request) {
		if err := m.Destroy(r.Context()); err != nil {
			t.Error(err)
		}
	})
	mux.HandleFunc("/me", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, m.GetString(r.Context(), "user"))
	})
	server := httptest.NewServer(m.LoadAndSave(mux))
	t.Cleanup(server.Close)
	return m, server, mux
}

type browser struct {
	t *testing.T
	http.Client
	at string
}

func visit(t *testing.T, server *httptest.Server) *browser {
	jar, _ := cookiejar.New(nil)
	return &browser{t, http.Client{Jar: jar}, server.URL}
}

func (b *browser) get(path string) (int, string) {
	b.t.Helper()
	res, err := b.Get(b.at + path)
	if err != nil {
		b.t.Error(err)
		return 0, ""
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(body)
}

func TestAnApplicationOnSCS(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *scsstore.Store, _ store.Store) {
		m, server, _ := app(t, s)
		ann, bob := visit(t, server), visit(t, server)
		if code, body := ann.get("/login?user=ann"); code != 200 {
			t.Fatal(code, body)
		}
		bob.get("/login?user=bob")
		if _, user := ann.get("/me"); user != "ann" {
			t.Errorf("ann is %q", user)
		}
		var users []string
		must(t, m.Iterate(t.Context(), func(ctx context.Context) error {
			users = append(users, m.GetString(ctx, "user"))
			if m.GetString(ctx, "user") == "bob" {
				return m.Destroy(ctx)
			}
			return nil
		}))
		if slices.Sort(users); !slices.Equal(users, []string{"ann", "bob"}) {
			t.Errorf("Iterate visits %q", users)
		}
		if _, user := bob.get("/me"); user != "" {
			t.Errorf("bob's session was destroyed, and he is %q", user)
		}
		ann.get("/logout")
		if _, user := ann.get("/me"); user != "" {
			t.Errorf("ann has logged out, and is %q", user)
		}
	})
}

// The classic of server-side sessions: a slow request is under way when its user
// logs out, and saves the session afterwards.
func TestASlowRequestDoesNotUndoALogout(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *scsstore.Store, _ store.Store) {
		m, server, mux := app(t, s)
		arrived, goOn := make(chan struct{}), make(chan struct{})
		mux.HandleFunc("/slow", func(_ http.ResponseWriter, r *http.Request) {
			close(arrived)
			<-goOn
			m.Put(r.Context(), "cart", "tea")
		})
		ann := visit(t, server)
		ann.get("/login?user=ann")
		status := make(chan int)
		go func() {
			code, _ := ann.get("/slow")
			status <- code
		}()
		<-arrived
		ann.get("/logout")
		close(goOn)
		if code := <-status; code != http.StatusUnauthorized {
			t.Errorf("the slow request is answered %d", code)
		}
		if all, err := s.AllCtx(t.Context()); err != nil || len(all) != 0 {
			t.Errorf("%d sessions are back, %v", len(all), err)
		}
	})
}
