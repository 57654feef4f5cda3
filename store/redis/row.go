package redisstore

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/echosession/session/store"
)

var errOddAnswer = errors.New("the answer is none of our scripts'")

// A row is what load.lua says of a session.
type row struct {
	record *store.Record
	id     string
	size   int64
}

// read takes a row from an answer whose status is "ok".
func read(id string, a []string) (row, error) {
	if len(a) != 10 {
		return row{}, fmt.Errorf("%w: %w", store.ErrUnavailable, errOddAnswer)
	}
	r := &store.Record{ID: id, Handle: a[5], Data: []byte(a[8])}
	version, err := strconv.ParseUint(a[1], 16, 64)
	created, cerr := strconv.ParseInt(a[2], 10, 64)
	left, lerr := strconv.ParseInt(a[3], 10, 64)
	now, nerr := strconv.ParseInt(a[4], 10, 64)
	size, serr := strconv.ParseInt(a[9], 10, 64)
	if err := errors.Join(err, cerr, lerr, nerr, serr); err != nil {
		return row{}, fmt.Errorf("%w: %w", store.ErrUnavailable, errOddAnswer)
	}
	r.Version, r.Now = version, time.UnixMilli(now).UTC()
	if created > 0 {
		r.Created = time.UnixMilli(created).UTC()
	}
	// A key that somebody wrote without an end is about to have one: such a record
	// is due for a touch, which gives it one.
	r.Expires = r.Now.Add(time.Duration(max(left, 1)) * time.Millisecond)
	r.User = a[6]
	if a[7] == "" {
		r.User = userOf(r.Data)
	}
	return row{r, id, size}, nil
}

// filled takes what a write has stored into r. It is r's own affair where the
// answer is odd: what was stored is not known then.
func filled(r *store.Record, a []string) error {
	if len(a) != 8 {
		return fmt.Errorf("%w: %w", store.ErrUnavailable, errOddAnswer)
	}
	version, err := strconv.ParseUint(a[1], 16, 64)
	created, cerr := strconv.ParseInt(a[2], 10, 64)
	expires, eerr := strconv.ParseInt(a[3], 10, 64)
	now, nerr := strconv.ParseInt(a[4], 10, 64)
	if errors.Join(err, cerr, eerr, nerr) != nil {
		return fmt.Errorf("%w: %w", store.ErrUnavailable, errOddAnswer)
	}
	r.Version = version
	r.Created, r.Expires, r.Now = time.UnixMilli(created).UTC(), time.UnixMilli(expires).UTC(), time.UnixMilli(now).UTC()
	return nil
}

// userOf is the user of a document that somebody else wrote, as passport leaves
// it: a string, or a number as it is written. Whatever else there is, is nobody.
func userOf(doc []byte) string {
	var text string
	if json.Unmarshal(doc, &text) == nil {
		doc = []byte(text) // encoded twice
	}
	// Maps, since fields of a struct would match in any case of letters.
	var top, passport map[string]json.RawMessage
	if json.Unmarshal(doc, &top) != nil || json.Unmarshal(top["passport"], &passport) != nil {
		return ""
	}
	raw := passport["user"]
	if len(raw) == 0 {
		return ""
	}
	user := ""
	switch c := raw[0]; {
	case c == '"':
		_ = json.Unmarshal(raw, &user)
	case c == '-' || c >= '0' && c <= '9' || c == 't':
		user = string(raw)
	}
	if len(user) > store.MaxUser {
		return ""
	}
	return user
}

// check refuses a record that cannot be kept as it is meant.
func check(r *store.Record) error {
	switch {
	case len(r.User) > store.MaxUser:
		return fmt.Errorf("redisstore: Record.User has %d bytes; at most %d are allowed", len(r.User), store.MaxUser)
	case len(r.Data) == 0:
		return errors.New("redisstore: Record.Data is empty, which connect-redis reads as no session; use {}")
	case len(r.Data) > maxValue:
		return fmt.Errorf("redisstore: Record.Data has %d bytes; at most %d are allowed", len(r.Data), maxValue)
	}
	return checkLifetime(r)
}

func checkLifetime(r *store.Record) error {
	switch {
	case r.ID == "":
		return errors.New("redisstore: Record.ID is empty")
	case r.Idle <= 0:
		return fmt.Errorf("redisstore: Record.Idle is %s; it must be longer than 0", r.Idle)
	case r.Absolute < 0:
		return fmt.Errorf("redisstore: Record.Absolute is %s; use 0 for no cap", r.Absolute)
	}
	return nil
}

// maxValue is the largest document that is written or read, in bytes.
const maxValue = 16 << 20

// millis is a lifetime in milliseconds, Redis's own grain, rounded up, and a
// century at most.
func millis(d time.Duration) int64 {
	return int64((min(d, 100*365*24*time.Hour) + time.Millisecond - 1) / time.Millisecond)
}

func versionText(r *store.Record) string { return fmt.Sprintf("%016x", r.Version) }
