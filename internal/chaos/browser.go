package chaos

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// unheard is how long a client waits for an answer. A node has to be done before
// that unless it is broken.
const unheard = 6 * time.Second

// A browser is a client of the nodes.
type browser struct {
	*run
	number int
	http   *http.Client
}

func (r *run) browser(number int) *browser {
	return &browser{run: r, number: number, http: &http.Client{Timeout: unheard, Transport: &http.Transport{MaxIdleConnsPerHost: 2}}}
}

// do carries out a choice, as far as there is a session for it.
func (b *browser) do(ctx context.Context, c choice) {
	s, kind := b.fitting(c)
	if s == nil {
		kind = Login
		s = b.pool.newcomer(c.which, c.other)
	}
	op := &Op{Client: b.number, Node: c.node, Kind: kind, User: s.user, Foreign: s.foreign, Session: s.name}
	switch kind {
	case Set:
		op.Key, op.Text = fmt.Sprint("k", c.key), fmt.Sprintf("%d-%d", b.number, b.now())
	case Get:
		op.Key = fmt.Sprint("k", c.key)
	}
	b.send(ctx, op, s)
}

// fitting is the session for a choice, and the kind where another is needed to
// keep the number of sessions about the same. nil is a new one.
func (b *browser) fitting(c choice) (*session, Kind) {
	size := b.pool.size()
	switch {
	case c.ended:
		if s := b.pool.ended(c.which, c.other); s != nil {
			return s, c.kind
		}
		return b.pool.any(c.which, false), Read
	case c.kind == Login && size >= most:
		return b.pool.any(c.which, false), Visit
	case c.kind == Login, size < fewest && c.other < 0.5: // not all of them: in an outage no login helps
		return nil, Login
	}
	return b.pool.any(c.which, c.kind == Logout || c.kind == Everywhere), c.kind
}

// send makes the request of an operation, records it, and tells the pool.
func (b *browser) send(ctx context.Context, op *Op, s *session) {
	method, path, body := http.MethodPost, "/"+string(op.Kind), ""
	switch op.Kind {
	case Login, Rotate:
		path, body = "/login", url.Values{"user": {s.user}}.Encode()
	case Set:
		body = fmt.Sprintf("{%q:%q}", op.Key, op.Text)
	case Get:
		method, path = http.MethodGet, "/get?key="+op.Key
	case Read:
		method, path = http.MethodGet, "/me"
	case Fresh:
		method, path = http.MethodGet, "/me?fresh=1"
	case Everywhere:
		path = "/logout-everywhere"
	}
	request, err := http.NewRequestWithContext(ctx, method, b.nodes[op.Node].url+path, strings.NewReader(body))
	if err != nil {
		b.t.Error(err)
		return
	}
	switch op.Kind {
	case Login, Rotate:
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	case Set:
		request.Header.Set("Content-Type", "application/json")
	}
	if s.cookie != "" {
		request.Header.Set("Cookie", s.cookie)
	}
	op.Start = b.now()
	cookie, text := b.answer(request, op)
	op.judge(cookie, text, s.cookie)
	var made *session
	if (op.Kind == Login || op.Kind == Rotate) && op.Outcome == Done {
		made = &session{name: b.pool.name(), user: s.user, cookie: cookie, foreign: s.foreign, keeper: s.keeper}
		op.Made = made.name
	}
	if op.Kind == Login {
		op.Session = ""
	}
	b.done(op)
	switch {
	case op.Kind == Everywhere && op.Outcome != None:
		b.pool.buryUser(s.user)
	case op.Kind == Rotate || op.Kind == Logout || op.denied():
		b.pool.bury(s)
	}
	if made != nil {
		b.pool.enters(made)
	}
}

// answer sends a request and reads all of what comes back: the status goes to the
// operation, 0 where there is none.
func (b *browser) answer(request *http.Request, op *Op) (cookie, text string) {
	response, err := b.http.Do(request)
	if err != nil {
		return "", ""
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return "", "" // it may have been anything
	}
	op.Status = response.StatusCode
	for _, line := range response.Header["Set-Cookie"] {
		if pair, _, _ := strings.Cut(line, ";"); strings.HasPrefix(pair, "session=") && pair != "session=" {
			cookie = pair
		}
	}
	return cookie, strings.TrimSpace(string(body))
}

// judge says what an answer means. A visit of somebody who has no session begins
// one, and answers with its cookie: that is a refusal of the old one.
func (o *Op) judge(cookie, text, sent string) {
	another := cookie != "" && cookieID(cookie) != cookieID(sent)
	o.Outcome = Odd
	switch {
	case o.Status == 0 || o.Status >= 500:
		o.Outcome = Unavailable
	case o.Status == 401 && o.Kind != Logout:
		o.Outcome = None
	case o.Kind == Login || o.Kind == Rotate:
		if o.Status == 204 && another {
			o.Outcome = Done
		}
	case o.Kind == Logout || o.Kind == Everywhere:
		if o.Status == 204 {
			o.Outcome = Done
		}
	case another && (o.Kind == Visit && o.Status == 200 || o.Kind == Set && o.Status == 204):
		o.Outcome = None
	case another:
	case o.Kind == Set:
		if o.Status == 204 {
			o.Outcome = Done
		}
	case o.Kind == Get && o.Status == 404:
		o.Outcome = None
	case o.Status == 200:
		o.read(text)
	}
}

// read takes the body of an answer.
func (o *Op) read(text string) {
	var body struct {
		User   string
		Visits int
	}
	var value string
	switch {
	case o.Kind == Get && json.Unmarshal([]byte(text), &value) == nil:
		o.Outcome, o.Text = Value, value
	case o.Kind == Visit && json.Unmarshal([]byte(text), &body) == nil:
		o.Outcome, o.Count = Done, body.Visits
	case (o.Kind == Read || o.Kind == Fresh) && json.Unmarshal([]byte(text), &body) == nil:
		o.Outcome, o.Count, o.Text = Value, body.Visits, body.User
	}
}

// cookieID is the id in a cookie as the store knows it.
func cookieID(cookie string) string {
	_, value, _ := strings.Cut(cookie, "=")
	plain, err := url.QueryUnescape(value)
	if err != nil {
		return ""
	}
	id, _, _ := strings.Cut(strings.TrimPrefix(plain, "s:"), ".")
	return id
}
