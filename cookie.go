package session

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/echosession/session/store"
)

// Cookie is how the session cookie is sent. The zero value is the safe one:
// "__Host-session", Secure, HttpOnly, SameSite=Lax, Path=/. HttpOnly cannot be
// turned off.
type Cookie struct {
	// Name defaults to "__Host-session"; to "__Secure-session" where Domain or
	// Path forbid that prefix, and to "session" where Insecure does. Set
	// "connect.sid" to share an Express login.
	Name string
	// Domain is left out by default: the cookie goes to this host only.
	Domain string
	// Path defaults to "/".
	Path string
	// SameSite defaults to Lax. See [Config.Express] for leaving it out.
	SameSite http.SameSite
	// Partitioned sends the CHIPS attribute; it needs SameSite=None.
	Partitioned bool
	// Insecure leaves Secure out, so that the cookie travels over plain http.
	// [Config.Development] implies it.
	Insecure bool
}

// maxCookies is how many cookies of one request are looked at, as in net/http:
// beyond it none is.
const maxCookies = 3000

// jar turns ids into Set-Cookie lines and Cookie lines into ids.
type jar struct {
	Cookie
	keys         keyring
	head, tail   string // the attributes before and after Expires
	hostPrefixed bool
}

func newJar(c Cookie, secrets []string) *jar {
	j := &jar{Cookie: c, keys: newKeyring(secrets), hostPrefixed: strings.HasPrefix(c.Name, "__Host-")}
	if c.Domain != "" {
		j.head += "; Domain=" + c.Domain
	}
	j.head += "; Path=" + c.Path
	j.tail = "; HttpOnly"
	if !c.Insecure {
		j.tail += "; Secure"
	}
	if c.Partitioned {
		j.tail += "; Partitioned"
	}
	if site := sameSiteName(c.SameSite); site != "" {
		j.tail += "; SameSite=" + site
	}
	return j
}

// sameSiteName is the attribute's value, or "" where there is to be none.
func sameSiteName(s http.SameSite) string {
	switch s {
	case http.SameSiteDefaultMode:
		return ""
	case http.SameSiteStrictMode:
		return "Strict"
	case http.SameSiteNoneMode:
		return "None"
	}
	return "Lax"
}

// line is the Set-Cookie line that gives id to the client, attributes in the
// order Express writes them. A zero expires makes a browser session.
func (j *jar) line(id string, expires time.Time) string {
	line := j.Name + "=" + encodeValue("s:"+id+"."+j.keys.sign(id)) + j.head
	if !expires.IsZero() {
		line += "; Expires=" + expires.UTC().Format(http.TimeFormat)
	}
	return line + j.tail
}

// goneLine is the Set-Cookie line that takes the cookie from the client: same
// name, domain and path, or it would not match (RFC 6265, section 3.1).
func (j *jar) goneLine() string {
	return j.Name + "=" + j.head + "; Expires=Thu, 01 Jan 1970 00:00:00 GMT" + j.tail
}

// finding is what the Cookie lines of a request say.
type finding int

const (
	cookieNone      finding = iota // no cookie of our name
	cookieForged                   // one whose signature is not ours
	cookieAmbiguous                // several that verify, and differ
	cookieValid
)

// find returns the id that a request's Cookie lines prove. Several cookies of
// one name mean that another host or path planted one: a __Host- name cannot be
// planted, so the one that verifies is taken; a shared name follows Express,
// whose first cookie decides. Two that verify and differ prove nothing.
func (j *jar) find(lines []string) (id string, f finding) {
	cookies := 0
	for _, line := range lines {
		if cookies += strings.Count(line, ";") + 1; cookies > maxCookies {
			return "", cookieNone
		}
	}
	for _, line := range lines {
		for line != "" {
			var pair string
			pair, line, _ = strings.Cut(line, ";")
			name, value, ok := strings.Cut(pair, "=")
			if !ok || strings.Trim(name, " \t") != j.Name {
				continue
			}
			got, ok := j.verify(value)
			switch {
			case !ok && f == cookieNone:
				f = cookieForged
			case ok && f == cookieValid && got != id:
				return "", cookieAmbiguous
			case ok:
				id, f = got, cookieValid
			}
			if !j.hostPrefixed {
				return id, f
			}
		}
	}
	return id, f
}

// verify returns the id that a cookie value carries, if one of the secrets
// signed it. Anything else is refused here, before any store is asked.
func (j *jar) verify(value string) (id string, ok bool) {
	value = strings.Trim(value, " \t")
	if n := len(value); n >= 2 && value[0] == '"' && value[n-1] == '"' {
		value = value[1 : n-1]
	}
	// Path, not Query: a raw '+' of the signature is not a space.
	if plain, err := url.PathUnescape(value); err == nil {
		value = plain
	}
	value, ok = strings.CutPrefix(value, "s:")
	if !ok {
		return "", false
	}
	dot := strings.LastIndexByte(value, '.')
	if dot <= 0 || !j.keys.verify(value[:dot], value[dot+1:]) {
		return "", false
	}
	id = value[:dot]
	// Nobody issues such ids, and a database would answer them with an error.
	return id, store.IsText(id)
}

// encodeValue is ECMAScript's encodeURIComponent.
func encodeValue(s string) string {
	const hex = "0123456789ABCDEF"
	b := make([]byte, 0, len(s)+16)
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9',
			strings.IndexByte("-_.!~*'()", c) >= 0:
			b = append(b, c)
		default:
			b = append(b, '%', hex[c>>4], hex[c&15])
		}
	}
	return string(b)
}

// hashID is the stored form of an id under [Config.HashIDs].
func hashID(id string) string {
	sum := sha256.Sum256([]byte(id))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
