package session

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
)

// Where [CheckCSRF] looks for a token.
const (
	CSRFHeader = "X-CSRF-Token"
	CSRFField  = "csrf_token"
)

// ErrCSRF: the request is to change something, and carries no CSRF token of its
// session. [StatusCode] makes it 403.
var ErrCSRF = errors.New("the request carries no CSRF token of this session")

const (
	ownCSRF   = "csrf" // the secret of the tokens, until the next login
	csrfBytes = 32
)

// CSRFToken returns a token for the forms and scripts of this session, to be sent
// back in [CSRFField] or [CSRFHeader]. It is bound to the session, and dead after
// the next [Session.Login] (ASVS 3.5.1); until then each one is good as often as
// it is used. Each is written differently, so that compression beside it tells
// nothing (BREACH).
//
// A session's first token commits what the request has changed, and begins a
// session for a visitor who had none.
func CSRFToken(ctx context.Context, s *Session) (string, error) {
	s.mu.Lock()
	defer s.unlock()
	if s.closed {
		return "", s.writable()
	}
	secret := csrfSecret(&s.doc)
	if secret == nil {
		if err := s.newCSRFSecret(ctx); err != nil {
			return "", err
		}
		secret = csrfSecret(&s.doc)
	}
	token := make([]byte, 2*csrfBytes)
	_, _ = rand.Read(token[:csrfBytes])
	subtle.XORBytes(token[csrfBytes:], token[:csrfBytes], secret)
	return base64.RawURLEncoding.EncodeToString(token), nil
}

// newCSRFSecret stores a secret at once: of two requests that make the first one
// at the same time, both then show tokens of the same. s.mu is held.
func (s *Session) newCSRFSecret(ctx context.Context) error {
	fresh := quote(randomText(csrfBytes))
	err := s.changeLocked(func(d *draft) error {
		if csrfSecret(&d.doc) == nil {
			d.own(func(part *document) { part.set(ownCSRF, fresh) })
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.commit(ctx)
}

// csrfSecret is the secret that a document holds, or nil.
func csrfSecret(d *document) []byte {
	var secret []byte
	var text string
	if json.Unmarshal(member(d.get(keyOwn), ownCSRF), &text) == nil {
		secret, _ = base64.RawURLEncoding.DecodeString(text)
	}
	if len(secret) != csrfBytes {
		return nil
	}
	return secret
}

// CheckCSRF is nil when the request changes nothing by its method (GET, HEAD,
// OPTIONS, TRACE), or carries a token of its session. Else it is [ErrCSRF], or why
// there is no session to ask: an outage is [ErrUnavailable], also on a route that
// goes on as anonymous. The form is parsed where the header is missing, with
// net/http's own limits; a handler that reads an upload by itself wants the header.
//
// It stands beside [http.CrossOriginProtection], which needs no token and trusts
// the browser to say where a request comes from.
func CheckCSRF(r *http.Request) error {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return nil
	}
	s, err := FromContext(r.Context())
	if err != nil {
		return err
	}
	given := r.Header.Get(CSRFHeader)
	if given == "" {
		given = r.PostFormValue(CSRFField)
	}
	s.mu.Lock()
	defer s.unlock()
	if s.closed || s.readOnly { // an outage has no secret to compare with
		return s.writable()
	}
	token, err := base64.RawURLEncoding.DecodeString(given)
	secret := csrfSecret(&s.doc)
	if err != nil || len(token) != 2*csrfBytes || secret == nil {
		return ErrCSRF
	}
	subtle.XORBytes(token[csrfBytes:], token[:csrfBytes], token[csrfBytes:])
	if subtle.ConstantTimeCompare(token[csrfBytes:], secret) != 1 {
		return ErrCSRF
	}
	return nil
}

// RequireCSRF passes on what [CheckCSRF] lets through. Everything else is answered
// 403, and 503 while the store is away, through [Config.ErrorHandler] where there
// is one. It goes inside [Manager.Handler].
func RequireCSRF(next http.Handler) http.Handler { return require(CheckCSRF, next) }
