// Package devices is how the sessions of a user are told: by the admin and by the
// tool alike.
package devices

import (
	"time"

	"github.com/echosession/session"
)

// A List is the answer, under its JSON names.
type List struct {
	User     string   `json:"user"`
	Total    int      `json:"total"`
	Sessions []Device `json:"sessions"`
}

// A Device is one session. It has no id. What nobody knows is null.
type Device struct {
	Handle   *string    `json:"handle"` // null: made by Express in Redis, without one
	Name     string     `json:"name"`
	Device   *string    `json:"device"`
	Address  *string    `json:"address"`
	Created  *time.Time `json:"created"` // null: this store does not know it
	LastSeen time.Time  `json:"lastSeen"`
	Expires  time.Time  `json:"expires"`
	Current  bool       `json:"current"` // the session of whoever asks
}

// Of lists the first most sessions that were found of a user; 0 is all. Total says
// how many there are. own is the handle of who asks, or "".
func Of(user string, found []session.Device, most int, own string) List {
	l := List{User: user, Total: len(found)}
	if most > 0 && len(found) > most {
		found = found[:most]
	}
	l.Sessions = make([]Device, len(found))
	for i, d := range found {
		l.Sessions[i] = Device{
			Handle: known(d.Handle), Name: d.Name(), Device: known(d.Device), Address: known(d.Address),
			LastSeen: d.LastSeen.UTC(), Expires: d.Expires.UTC(),
			Current: own != "" && d.Handle == own,
		}
		if !d.Created.IsZero() {
			created := d.Created.UTC()
			l.Sessions[i].Created = &created
		}
	}
	return l
}

// known is nil for what is empty.
func known(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
