package session

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/echosession/session/store"
)

// A Device is a session as its user, or support, may see it: where someone is
// logged in. It holds no id and none of the session's data.
type Device struct {
	// Handle names the session: show it, and end the session by it. "" for one
	// that Express made, which ends with all of its user's or by itself.
	Handle string
	// Device is the User-Agent header of the login, without control characters,
	// at most 256 bytes; "" where none was sent, or Express did the login. It is
	// whatever the client chose to say. [Device.Name] is for people.
	Device string
	// Address is where the login came from; "" unless [Config.Address] is set.
	Address string
	// Created is when the session began: for most, with the login. Zero where
	// nobody knows, as of one in Redis that Express has made.
	Created time.Time
	// LastSeen is when the session was last written or renewed, since a read
	// leaves no trace of its own. The last use may be later, by up to
	// [Config.TouchEvery]; and by more when the absolute lifetime has begun to
	// cut the idle one short.
	LastSeen time.Time
	// Expires is when it ends, unless it is used before.
	Expires time.Time
	// Current: it is the session of the request that asks.
	Current bool
}

// maxDevice bounds what a login writes down of a header, in bytes.
const maxDevice = 256

// Of our own part of a document.
const (
	ownDevice  = "device"  // the User-Agent of the login
	ownAddress = "address" // where it came from, if the application wants that
)

// An origin is what a login came from.
type origin struct{ device, address string }

// origin is asked outside of every lock, for the application's Address runs.
func (m *Manager) origin(r *http.Request) origin {
	from := origin{device: plainText(r.UserAgent())}
	if m.cfg.Address != nil {
		from.address = plainText(m.cfg.Address(r))
	}
	return from
}

// write puts it into our part of the document. What it does not know is taken
// out: it was another login's.
func (o origin) write(part *document) {
	for _, m := range [...]struct{ name, text string }{{ownDevice, o.device}, {ownAddress, o.address}} {
		if m.text == "" {
			part.delete(m.name)
		} else {
			part.set(m.name, quote(m.text))
		}
	}
}

// plainText is a header as it may be shown: valid, bounded, and without the
// characters that move a cursor or turn the direction of a line.
func plainText(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r) {
			return -1
		}
		return r
	}, s)
	if len(s) > maxDevice {
		s = s[:maxDevice]
		for !utf8.ValidString(s) {
			s = s[:len(s)-1]
		}
	}
	return strings.TrimSpace(s)
}

// device is a record as it may be shown. What a document says is not believed
// to be well-formed: anyone who can write the table may have written it.
func (m *Manager) device(r *store.Record) Device {
	doc := parseDocument(r.Data)
	own := doc.get(keyOwn)
	text := func(name string) (s string) {
		_ = json.Unmarshal(member(own, name), &s) // absent or no string: ""
		return plainText(s)
	}
	idle, _ := m.cfg.lifetime(&doc)
	seen := r.Expires.Add(-idle)
	if seen.Before(r.Created) {
		seen = r.Created
	}
	if !r.Now.IsZero() && seen.After(r.Now) { // a lifetime was made shorter
		seen = r.Now
	}
	return Device{
		Handle: r.Handle, Device: text(ownDevice), Address: text(ownAddress),
		Created: r.Created, LastSeen: seen, Expires: r.Expires,
	}
}

// Devices returns where a user is logged in, newest first, for support: none is
// Current. For the user's own eyes see [Session.Devices]. A store that has no
// index of users is [errors.ErrUnsupported].
func (m *Manager) Devices(ctx context.Context, user string) ([]Device, error) {
	list, err := m.List(ctx, user)
	if err != nil {
		return nil, err
	}
	devices := make([]Device, len(list))
	for i, r := range list {
		devices[i] = m.device(r)
	}
	return devices, nil
}

// Devices returns where the user of this session is logged in, newest first
// (ASVS 7.5.2). [ErrNobody] when nobody is.
func (s *Session) Devices(ctx context.Context) ([]Device, error) {
	user, handle, err := s.owner()
	if err != nil {
		return nil, err
	}
	devices, err := s.x.m.Devices(ctx, user)
	for i := range devices {
		devices[i].Current = handle != "" && devices[i].Handle == handle
	}
	return devices, err
}

// EndDevice ends one session of this session's user, and reports whether there
// was one: another user's handle is none. It is as final as [Session.Logout],
// which it is when the handle is this session's own.
func (s *Session) EndDevice(ctx context.Context, handle string) (bool, error) {
	user, own, err := s.owner()
	switch {
	case err != nil:
		return false, err
	case handle == "":
		return false, nil
	case handle == own:
		return true, s.Logout(ctx)
	}
	n, err := s.x.m.Revoke(ctx, store.Revocation{User: user, Handle: handle})
	return n > 0, err
}

// EndOthers ends all sessions of this session's user but this one, and says how
// many they were: after a change of password (ASVS 7.4.3). A session that was
// never stored, or that Express made, has no handle to be spared by: then it is
// an error that wraps [ErrValue], and nothing ends.
func (s *Session) EndOthers(ctx context.Context) (int, error) {
	user, own, err := s.owner()
	if err != nil {
		return 0, err
	}
	if own == "" {
		return 0, errNoHandle
	}
	return s.x.m.Revoke(ctx, store.Revocation{User: user, Except: own})
}

// EndAll ends all sessions of this session's user, with this one, and says how
// many they were.
func (s *Session) EndAll(ctx context.Context) (int, error) {
	user, _, err := s.owner()
	if err != nil {
		return 0, err
	}
	n, err := s.x.m.Revoke(ctx, store.Revocation{User: user})
	if err != nil {
		return n, err
	}
	return n, s.Logout(ctx)
}

// owner is the user of the session and its handle, as stored.
func (s *Session) owner() (user, handle string, err error) {
	s.mu.Lock()
	defer s.unlock()
	if s.over || s.readOnly {
		return "", "", s.writable()
	}
	if user = s.doc.user(); user == "" {
		return "", "", ErrNobody
	}
	if s.rec != nil {
		handle = s.rec.Handle
	}
	return user, handle, nil
}
