package chaos

import (
	"encoding/json"
	"fmt"
	"time"
)

// A Kind is what a client asked for.
type Kind string

// The kinds. Those of Express go to the database, past every node.
const (
	Login      Kind = "login"  // without a session
	Rotate     Kind = "rotate" // a login again, as the same user
	Visit      Kind = "visit"
	Set        Kind = "set"
	Get        Kind = "get"
	Read       Kind = "read"
	Fresh      Kind = "fresh" // a read past every copy
	Logout     Kind = "logout"
	Everywhere Kind = "everywhere" // every session of the user
	Ready      Kind = "ready"      // a node's, once all is healed

	Upsert   Kind = "upsert" // Express saves what it read earlier
	Delete   Kind = "delete" // Express logs out
	Expire   Kind = "expire" // expire is set into the past
	Truncate Kind = "truncate"
)

// An Outcome is what came of it.
type Outcome string

// The outcomes. Unavailable is no answer or a 5xx: it may have happened or not.
// Odd is an answer that no route is meant to give.
const (
	Done        Outcome = "ok"
	Value       Outcome = "value"
	None        Outcome = "none"
	Unavailable Outcome = "unavailable"
	Odd         Outcome = "odd"
)

// An Op is one operation of a client, from before it was sent until after it was
// answered, on the clock of the run.
type Op struct {
	Client  int     `json:"client"`
	Node    int     `json:"node"` // -1 is the database itself
	Kind    Kind    `json:"kind"`
	Session string  `json:"session,omitempty"`
	User    string  `json:"user,omitempty"`    // whose session it is
	Foreign bool    `json:"foreign,omitempty"` // Express saves it
	Made    string  `json:"made,omitempty"`    // the session that a login made
	Key     string  `json:"key,omitempty"`
	Text    string  `json:"text,omitempty"` // what was set or read; of a read, the user
	Count   int     `json:"count,omitempty"`
	Outcome Outcome `json:"outcome"`
	Status  int     `json:"status,omitempty"` // 0: no answer

	Start time.Duration `json:"start"`
	End   time.Duration `json:"end"`
}

func (o *Op) String() string {
	text, err := json.Marshal(o)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%8.3f..%.3f %s", o.Start.Seconds(), o.End.Seconds(), text)
}

// tried reports whether it may have had an effect.
func (o *Op) tried() bool {
	return o.Outcome == Done || o.Outcome == Unavailable || o.Outcome == None && o.Status == 401
}

// served reports whether the node showed a session, or changed it.
func (o *Op) served() bool {
	switch o.Kind {
	case Read, Fresh, Get:
		return o.Outcome == Value
	case Visit, Set:
		return o.Outcome == Done
	}
	return false
}

// strict reports whether Postgres itself answers it: no copy excuses an old one.
func (o *Op) strict() bool { return o.Kind == Fresh || o.Kind == Visit || o.Kind == Set }

// denied reports whether the node said that there is no such session. A key that
// is not there says nothing of it.
func (o *Op) denied() bool { return o.Outcome == None && o.Status != 404 && o.Session != "" }
