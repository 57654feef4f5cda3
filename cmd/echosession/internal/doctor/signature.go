package doctor

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/echosession/session"
	"github.com/echosession/session/store"
	memstore "github.com/echosession/session/store/memory"
)

// A cookie that Express made, with its secret and the id that it names.
const (
	vectorID     = "-lwhNbQhBS9U7BTDZKwOrK2IhRrO_IVC"
	vectorSecret = "keyboard cat"
	vectorCookie = "s%3A-lwhNbQhBS9U7BTDZKwOrK2IhRrO_IVC.n4lgfPO8xTrZmNChvX7djVliinx01YjaE0HxT6JaNTQ"
)

// checkSignature takes a known cookie the whole way that a request takes, and one
// whose signature ends in another letter.
func checkSignature(ctx context.Context, _ *patient) (string, error) {
	st := memstore.New(memstore.Options{})
	if err := st.Create(ctx, &store.Record{ID: vectorID, Data: []byte(`{"cookie":{},"known":true}`), Idle: time.Hour}); err != nil {
		return "", err
	}
	manager, err := session.New(st, session.Config{
		// An old secret of theirs verifies; it is too short to sign.
		Secrets: []string{"never signs anything, since nothing is changed", vectorSecret},
		Cookie:  session.Cookie{Name: "connect.sid", Insecure: true},
		Logger:  slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return "", err
	}
	known := func(cookie string) (found bool) {
		r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil)
		r.Header.Set("Cookie", "connect.sid="+cookie)
		manager.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if s, err := session.FromContext(r.Context()); err == nil {
				found, _ = session.Get[bool](s, "known")
			}
		})).ServeHTTP(httptest.NewRecorder(), r)
		return found
	}
	forged := vectorCookie[:len(vectorCookie)-1] + "R"
	if !known(vectorCookie) || known(forged) {
		return "", &trouble{what: "a cookie of Express is not verified as Express does it", hint: "this program is broken: install it anew", fix: "go install github.com/echosession/session/cmd/echosession@latest"}
	}
	return "a cookie of Express is verified, a forged one refused", nil
}
