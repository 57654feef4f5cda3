package interop

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"
)

// plant puts a document into what both sides share, and returns who holds its
// cookie.
func (c *couple) plant(t *testing.T, document string) (v *visitor, id string) {
	t.Helper()
	id = rand.Text()
	if c.database == "" {
		if answer, err := c.redis.Do("SET", "sess:"+id, document, "EX", "3600"); err != nil || answer != "OK" {
			t.Fatal(answer, err)
		}
	} else {
		c.exec(t, "INSERT INTO session (sid, sess, expire) VALUES ($1, $2, now() + interval '1 hour')", id, document)
	}
	return bearing(t, c.ours, signed(secret, id)), id
}

// row is the document as it is stored, or "".
func (c *couple) row(t *testing.T, id string) (document string) {
	t.Helper()
	if c.database == "" {
		document, _ = c.redis.Do("GET", "sess:"+id)
		return document
	}
	conn, err := pgx.Connect(t.Context(), c.database)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if err := conn.QueryRow(t.Context(), "SELECT sess::text FROM session WHERE sid = $1", id).Scan(&document); err != nil && err != pgx.ErrNoRows {
		t.Fatal(err)
	}
	return document
}

func (c *couple) exec(t *testing.T, sql string, args ...any) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), c.database)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(err)
	}
}

// signed is a cookie value as Express writes it, made without the code under test.
func signed(secret, id string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(id))
	return url.QueryEscape("s:" + id + "." + base64.RawStdEncoding.EncodeToString(mac.Sum(nil)))
}

// oddRows: whatever stands in a row is no 5xx at Echo and is left alone while it
// is only read; and once Echo has written it, Express works with it, also where it
// did not before.
func oddRows(t *testing.T, c *couple) {
	for _, document := range []string{
		`{}`, `[]`, `5`, `0`, `true`, `null`, `"abc"`, `"{\"cookie\":{\"originalMaxAge\":3600000},\"visits\":1}"`,
		`{"visits":1}`, `{"cookie":null,"visits":1}`, `{"cookie":"x","visits":1}`, `{"cookie":[],"visits":1}`, `{"cookie":{},"visits":1}`,
		`{"cookie":{"originalMaxAge":"3600000","httpOnly":true,"path":"/"},"visits":1}`, // Express never answers
		`{"cookie":{"originalMaxAge":[1]},"visits":1}`,
		`{"cookie":{"originalMaxAge":null,"expires":null},"visits":1}`,
		`{"cookie":{"originalMaxAge":3600000,"expires":"garbage","httpOnly":true,"path":"/"},"visits":1}`,
		`{"cookie":{"originalMaxAge":3600000,"expires":5,"httpOnly":true,"path":"/"},"visits":1}`,
		`{"cookie":{"originalMaxAge":3600000,"httpOnly":true,"path":"/","sameSite":"auto"},"visits":1}`, // half an answer
		`{"cookie":{"originalMaxAge":3600000,"httpOnly":true,"path":"/","sameSite":2},"visits":1}`,
		`{"cookie":{"originalMaxAge":3600000,"httpOnly":true,"path":"/","sameSite":true,"secure":"auto"},"visits":1}`,
		`{"cookie":{"originalMaxAge":3600000,"httpOnly":true,"path":"/"},"visits":1,"visits":1}`,
		`{"cookie":{"originalMaxAge":3600000,"httpOnly":true,"path":"/"},"visits":1,"n":9007199254740993,"f":1.0,"big":1e400,"zero":-0}`,
		`{"cookie":{"originalMaxAge":3600000,"httpOnly":true,"path":"/"},"visits":1,"half":"\ud800","nul":"a\u0000b","esc":"\u003c\u2028"}`,
		`{"cookie":{"originalMaxAge":3600000,"httpOnly":true,"path":"/"},"visits":1,"passport":{"user":{"deep":[1]}}}`,
		`{"cookie":{"originalMaxAge":3600000,"httpOnly":true,"path":"/"},"visits":1,"id":"x","save":1,"__proto__":{"a":1}}`,
	} {
		t.Run(document, func(t *testing.T) {
			t.Parallel()
			v, id := c.plant(t, document)
			if a := v.get(c.ours, "/me"); a.status != 200 && a.status != 401 {
				t.Errorf("reading it is answered with %d %s", a.status, a.body)
			}
			if is := c.row(t, id); is != document {
				t.Errorf("reading it made it\n%s", is)
			}
			var visits struct{ Visits int }
			if a := v.post(c.ours, "/visit"); a.status != 200 || json.Unmarshal([]byte(a.body), &visits) != nil {
				t.Fatalf("writing it is answered with %d %s", a.status, a.body)
			}
			for range 2 { // what Express reads, and what it has written itself
				visits.Visits++
				a := v.post(c.theirs, "/visit")
				is, _ := json.Marshal(map[string]int{"visits": visits.Visits})
				a.is(t, 200, string(is))
			}
			v.get(c.theirs, "/get?key=visits").is(t, 200, "*")
			v.until(c.late, c.ours, "/get?key=visits", 200, text(visits.Visits))
		})
	}
}

func text(v any) string {
	raw, _ := json.Marshal(v)
	return string(raw)
}

// fixtures: rows as a live Express of 2026 wrote them serve both sides of today,
// and each side's change is the one member that it changed, byte for byte.
func fixtures(t *testing.T, c *couple) {
	for _, f := range captured(t).Fixtures {
		t.Run(f.Name, func(t *testing.T) {
			t.Parallel()
			v, id := c.plant(t, f.Document)
			v.get(c.ours, "/me").is(t, c.userOf(t, f.Document), "*")
			v.get(c.theirs, "/me").is(t, c.userOf(t, f.Document), "*")
			if is := c.row(t, id); is != f.Document {
				t.Errorf("reading made it\n%s, and it was\n%s", is, f.Document)
			}
			v.set(c.ours, `{"new":[1, 2]}`)
			if is, want := c.row(t, id), f.Document[:len(f.Document)-1]+`,"new":[1,2]}`; is != want {
				t.Errorf("a new key made it\n%s, want\n%s", is, want)
			}
			v.get(c.theirs, "/get?key=new").is(t, 200, "[1,2]")
		})
	}
}

// userOf is the status of a request for the user of a document.
func (c *couple) userOf(t *testing.T, document string) int {
	t.Helper()
	var d struct{ Passport *struct{ User any } }
	if err := json.Unmarshal([]byte(document), &d); err != nil {
		t.Fatal(err)
	}
	if d.Passport == nil {
		return 401
	}
	return 200
}

type capture struct {
	Vectors  []struct{ ID, Secret, Value string }
	Fixtures []struct{ Name, Line, Document string }
}

func captured(t *testing.T) (all capture) {
	t.Helper()
	raw, err := os.ReadFile("../testdata/express.json")
	if err == nil {
		err = json.Unmarshal(raw, &all)
	}
	if err != nil || len(all.Vectors) == 0 || len(all.Fixtures) == 0 {
		t.Fatal("the captured vectors and fixtures: ", err)
	}
	return all
}
