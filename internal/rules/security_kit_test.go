package rules_test

import (
	"bufio"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/echosession/session"
	"github.com/echosession/session/store"
	memstore "github.com/echosession/session/store/memory"
)

// What the security tests have besides the kit.

// ask sends a request with these Cookie lines, byte for byte as they are: no
// client of Go's would send some of them.
func (a *app) ask(method, path string, cookies ...string) answer {
	a.t.Helper()
	head := method + " " + path + " HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: 0\r\n"
	for _, line := range cookies {
		head += "Cookie: " + line + "\r\n"
	}
	return a.wire(head + "\r\n")
}

// wire sends a whole request as text.
func (a *app) wire(request string) answer {
	a.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(a.url, "http://"))
	if err != nil {
		a.t.Fatal(err)
	}
	defer conn.Close()
	go io.WriteString(conn, request) // the server may answer before it has read all
	method, _, _ := strings.Cut(request, " ")
	reader := bufio.NewReader(conn)
	res, err := http.ReadResponse(reader, &http.Request{Method: method})
	for err == nil && res.StatusCode < 200 {
		res, err = http.ReadResponse(reader, &http.Request{Method: method})
	}
	if err != nil {
		a.t.Errorf("no response to %.80q: %v", request, err)
		return answer{}
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		a.t.Errorf("half a response: %v", err)
	}
	return answer{res.StatusCode, string(body), res.Header}
}

// signed is an id under a secret, unescaped, written down without the code
// under test.
func signed(secret, id string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(id))
	return "s:" + id + "." + base64.RawStdEncoding.EncodeToString(mac.Sum(nil))
}

// escaped is a text with every byte that is not a letter or a digit as %XX.
func escaped(text string) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// sent is the Cookie header that a client sends after this answer, or "".
func (got answer) sent(t testing.TB) string {
	t.Helper()
	pair, _, _ := strings.Cut(got.setCookie(t), ";")
	if strings.HasSuffix(pair, "=") {
		return ""
	}
	return pair
}

// reasons are why cookies were refused, in order.
func (a *app) reasons() (list []session.Reason) {
	for _, e := range a.events.of(session.Refused) {
		list = append(list, e.Reason)
	}
	return list
}

// rows is how many live sessions a store has.
func rows(t testing.TB, st *memstore.Store) int {
	t.Helper()
	stats, err := st.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return stats.Active
}

// within runs a function inside one request of a client, and fails the test
// when that request is not answered with 200.
func (c *client) within(do func(r *http.Request, s *session.Session)) answer {
	c.a.t.Helper()
	got := c.inside(do)
	got.want(c.a.t, 200, "*")
	return got
}

// inside is within for requests that may be answered with anything.
func (c *client) inside(do func(r *http.Request, s *session.Session)) answer {
	c.a.t.Helper()
	path := fmt.Sprintf("/inside/%d", inside.Add(1))
	c.a.on(path, func(_ http.ResponseWriter, r *http.Request, s *session.Session) { do(r, s) })
	return c.post(path)
}

var inside atomic.Int64

// plant stores a document as somebody else would have written it, so that
// reading it needs no renewal, and returns the Cookie header that opens it.
func plant(t testing.TB, st store.Store, document string) string {
	t.Helper()
	id := fmt.Sprintf("planted-%d", inside.Add(1))
	r := &store.Record{ID: id, Data: []byte(document), Idle: 30 * day}
	if err := st.Create(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	return signedCookie(id)
}

// stored is what a store has under the id of a Cookie header.
func stored(t testing.TB, st store.Store, cookie string) *store.Record {
	t.Helper()
	r, err := st.Load(t.Context(), idOf(t, cookie))
	if err != nil {
		t.Fatalf("loading what is stored: %v", err)
	}
	return r
}

// expressReads says why an Express app beside us could not read a document, as
// a live one was seen to behave, or "".
func expressReads(document []byte) string {
	var top map[string]json.RawMessage
	if err := json.Unmarshal(document, &top); err != nil || top == nil {
		return "it is no JSON object"
	}
	var cookie map[string]any
	if json.Unmarshal(top["cookie"], &cookie) != nil || cookie == nil {
		return "cookie is no object: 500 on every request"
	}
	switch cookie["originalMaxAge"].(type) {
	case nil, float64:
	default:
		return "originalMaxAge is no number: requests hang"
	}
	switch site := cookie["sameSite"].(type) {
	case nil, bool:
	case string:
		if !slices.Contains([]string{"strict", "lax", "none"}, strings.ToLower(site)) {
			return "sameSite is unknown: half an answer"
		}
	default:
		return "sameSite is no string: half an answer"
	}
	return ""
}

// idIn is the id that an escaped cookie value carries.
func idIn(value string) string {
	value = strings.TrimPrefix(value, "s%3A")
	return value[:strings.LastIndex(value, ".")]
}

// swapCase turns upper case into lower, and lower into upper.
func swapCase(s string) string {
	return strings.Map(func(r rune) rune {
		if up := strings.ToUpper(string(r)); up != string(r) {
			return rune(up[0])
		}
		return rune(strings.ToLower(string(r))[0])
	}, s)
}

// spare is the character that decodes to the same bits at the end of 43
// characters of base64, but for the two that do not count.
func spare(last byte) byte {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	return alphabet[strings.IndexByte(alphabet, last)|1]
}
