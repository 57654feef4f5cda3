package admin

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// TokenOptions are of [Token]. The zero value is the safe one.
type TokenOptions struct {
	// Insecure leaves Secure out of the page's cookie, so that it travels over
	// plain http: for local work.
	Insecure bool
}

const (
	minToken    = 32 // characters
	signInLasts = time.Hour
)

var errNoToken = errors.New("no valid token")

// tokenAuthorizer knows hashes of the token, and not the token.
type tokenAuthorizer struct {
	hash   [sha256.Size]byte
	key    []byte // signs the page's cookie
	cookie string
	secure bool
}

// Token is an [Authorizer] for who has a token, as a bearer (RFC 6750):
//
//	Authorization: Bearer <token>
//
// It has at least 32 characters of visible ASCII, by chance, and is compared in
// constant time. The page asks for it once, and gets a cookie of its own for
// it: signed, for an hour, HttpOnly, SameSite=Strict, for [Options.Path] only.
// The cookie does not hold the token, and every node with the same token takes
// it; another token ends all of them.
//
// Everyone with the token is the same person to the log of changes, unless
// [Options.Actor] knows better.
func Token(token string, o TokenOptions) (Authorizer, error) {
	const fix = "; generate one with: openssl rand -base64 48"
	switch {
	case strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r >= 0x7f }):
		return nil, errors.New("admin token: it has a space or another character that a header cannot carry" + fix)
	case len(token) < minToken:
		return nil, fmt.Errorf("admin token: it has %d characters, and at least %d are needed%s", len(token), minToken, fix)
	case strings.Count(token, token[:1]) == len(token):
		return nil, errors.New("admin token: it is one character repeated" + fix)
	}
	key, err := hkdf.Key(sha256.New, []byte(token), nil, "echosession admin page", sha256.Size)
	if err != nil {
		return nil, err
	}
	t := &tokenAuthorizer{hash: sha256.Sum256([]byte(token)), key: key, cookie: "__Secure-session-admin", secure: !o.Insecure}
	if o.Insecure {
		t.cookie = "session-admin"
	}
	return t, nil
}

// Format writes no secret, whatever the verb.
func (t *tokenAuthorizer) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("admin.Token")) }

// Authorize wants the token, or the page's cookie.
func (t *tokenAuthorizer) Authorize(r *http.Request) error {
	if t.bears(r) || t.knows(r) {
		return nil
	}
	return errNoToken
}

// knows reports whether a request has the page's cookie.
func (t *tokenAuthorizer) knows(r *http.Request) bool {
	return slices.ContainsFunc(r.CookiesNamed(t.cookie), func(c *http.Cookie) bool { return t.verify(c.Value, time.Now()) })
}

// bears compares hashes, so that neither content nor length shows in the time.
func (t *tokenAuthorizer) bears(r *http.Request) bool {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	hash := sha256.Sum256([]byte(strings.Trim(token, " ")))
	return hmac.Equal(hash[:], t.hash[:]) && strings.EqualFold(scheme, "Bearer")
}

// sign makes a cookie's value: when it ends, and our signature of that.
func (t *tokenAuthorizer) sign(end time.Time) string {
	text := strconv.FormatInt(end.Unix(), 10)
	mac := hmac.New(sha256.New, t.key)
	mac.Write([]byte(text))
	return text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func (t *tokenAuthorizer) verify(value string, now time.Time) bool {
	text, _, _ := strings.Cut(value, ".")
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return false
	}
	end := time.Unix(seconds, 0)
	return hmac.Equal([]byte(value), []byte(t.sign(end))) && now.Before(end)
}

// signIn gives the page its cookie, for the token and for nothing else: a cookie
// does not prolong itself.
func (t *tokenAuthorizer) signIn(h *Handler) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		if !t.bears(r) {
			return refusal{status: http.StatusForbidden, text: "signing in needs the token"}
		}
		end := time.Now().Add(signInLasts)
		t.setCookie(w, h.o.Path, t.sign(end), end)
		h.log(r, "authn_login_success", "actor", h.actor(r))
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
}

// signOut takes the cookie away. A copy of it lives until its hour is over.
func (t *tokenAuthorizer) signOut(h *Handler) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, _ *http.Request) error {
		t.setCookie(w, h.o.Path, "", time.Unix(0, 0))
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
}

func (t *tokenAuthorizer) setCookie(w http.ResponseWriter, path, value string, end time.Time) {
	http.SetCookie(w, &http.Cookie{
		Name: t.cookie, Value: value, Path: path, Expires: end,
		HttpOnly: true, Secure: t.secure, SameSite: http.SameSiteStrictMode,
	})
}
