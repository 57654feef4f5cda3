package session

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash"
	"strings"
	"sync"
)

const (
	idBytes     = 24 // as express-session; ASVS 7.2.3 asks for 16
	handleBytes = 16
	minSecret   = 32 // bytes; HMAC-SHA-256 at full strength (ASVS 11.2.3)
	macText     = 43 // unpadded base64 of 32 bytes
)

// randomText is n bytes of chance as unpadded base64url. crypto/rand never
// fails: without entropy the process ends rather than issue a weak id.
func randomText(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return base64.RawURLEncoding.EncodeToString(b)
}

// A keyring signs ids with its first secret and verifies with each, in order.
// Signatures are Express's: unpadded standard base64 of HMAC-SHA-256.
type keyring []*sync.Pool

// macState is what one signature needs, kept in a pool so that verifying a
// cookie allocates nothing.
type macState struct {
	mac hash.Hash
	in  []byte
	sum [sha256.Size]byte
	out [macText]byte
}

func newKeyring(secrets []string) keyring {
	k := make(keyring, len(secrets))
	for i, secret := range secrets {
		key := []byte(secret)
		k[i] = &sync.Pool{New: func() any { return &macState{mac: hmac.New(sha256.New, key)} }}
	}
	return k
}

func (s *macState) sign(id string) []byte {
	s.in = append(s.in[:0], id...)
	s.mac.Reset()
	s.mac.Write(s.in)
	base64.RawStdEncoding.Encode(s.out[:], s.mac.Sum(s.sum[:0]))
	return s.out[:]
}

func (k keyring) sign(id string) string {
	s := k[0].Get().(*macState)
	defer k[0].Put(s)
	return string(s.sign(id))
}

// verify compares the encoded texts, not what they decode to: base64 has spare
// bits, and a decoder that ignores them accepts signatures nobody made. Every
// secret is tried, in constant time each.
func (k keyring) verify(id, signature string) bool {
	if len(signature) != macText {
		return false
	}
	var given [macText]byte
	copy(given[:], signature)
	ok := 0
	for _, pool := range k {
		s := pool.Get().(*macState)
		ok |= subtle.ConstantTimeCompare(s.sign(id), given[:])
		pool.Put(s)
	}
	return ok == 1
}

// parseSecrets reads a list of secrets from one text: a JSON array when it
// begins with "[", else separated by commas.
func parseSecrets(text string) ([]string, error) {
	if strings.HasPrefix(strings.TrimSpace(text), "[") {
		var list []string
		if err := json.Unmarshal([]byte(text), &list); err != nil {
			// The decoder's own error may quote the text, which is secret.
			return nil, fmt.Errorf("begins with [ but is not a JSON array of strings; write [\"new secret\",\"old secret\"]")
		}
		if len(list) == 0 {
			return nil, fmt.Errorf("is a JSON array without a secret; write [\"new secret\",\"old secret\"]")
		}
		return list, nil
	}
	list := strings.Split(text, ",")
	if len(list) > 1 {
		for i := range list {
			list[i] = strings.TrimSpace(list[i])
		}
	}
	return list, nil
}

// weakness says why a secret is unfit to sign, or "".
func weakness(secret string) string {
	switch {
	case secret == "":
		return "is empty"
	case len(secret) < minSecret:
		return fmt.Sprintf("has %d bytes, and at least %d are needed", len(secret), minSecret)
	case strings.Count(secret, secret[:1]) == len(secret):
		return "is one byte repeated"
	}
	lower := strings.ToLower(secret)
	for _, example := range wellKnown {
		if strings.Contains(lower, example) {
			return "is a well-known example"
		}
	}
	return ""
}

// wellKnown are pieces of the secrets that documentation prints and people
// copy. None turns up in a random secret by chance.
var wellKnown = []string{
	"keyboard cat", "keyboardcat", "changeme", "change-me", "change_me", "change me",
	"change-this", "change_this", "change this", "change-in-prod", "change_in_prod",
	"your-secret", "your_secret", "your secret", "yoursecret", "your-super", "your_super",
	"replace-me", "replace_me", "replace-this", "replace this", "insert-your",
}

// checkSecrets returns what is wrong with a list of secrets, and what is only
// worth a warning: a weak secret may still verify old cookies, never sign.
func checkSecrets(secrets []string) (problems, warnings []string) {
	const fix = "generate one with: openssl rand -base64 48"
	if len(secrets) == 0 {
		return []string{"no secret is set; " + fix}, nil
	}
	seen := map[string]int{}
	for i, secret := range secrets {
		if first, twice := seen[secret]; twice {
			problems = append(problems, fmt.Sprintf("secret %d is the same as secret %d; remove one", i+1, first+1))
			continue
		}
		seen[secret] = i
		switch why := weakness(secret); {
		case why == "":
		case i == 0:
			problems = append(problems, fmt.Sprintf("secret 1, which signs, %s; %s", why, fix))
		case secret == "":
			problems = append(problems, fmt.Sprintf("secret %d is empty; remove it", i+1))
		default:
			warnings = append(warnings, fmt.Sprintf("secret %d %s; it still verifies cookies, remove it when they have expired", i+1, why))
		}
	}
	return problems, warnings
}
