package model

// What a scenario lets happen. Everything else is off, so that each state space
// stays small; the code of the protocol is the same in all.
type Scenario struct {
	Name string
	Says string // what it looks at
	Wide bool   // too large to be searched to its end each time

	Requests []role // who may be under way at a time
	Txs      uint8  // transactions that write
	Lease    uint8  // ticks; more than Δ
	Values   uint8  // documents, the first included

	Honest   bool  // Redis returns the last put, and every node must know of an end at once
	PollFail bool  // polls may fail
	SlowPoll bool  // a poll may last two ticks
	Limit    uint8 // rows a poll takes; 0: all
	Prune    bool  // the tail is pruned
	Restore  bool  // the database may be replaced by an older copy, once

	Delete, Save, Touch, Rotate                     bool // what requests do with a session they hold
	LongDelete, LongOther, Update, Upsert, Truncate bool // what foreign transactions do
}

// role is a request that comes again and again to one node.
type role struct {
	node  uint8
	write bool // it reads Postgres, as Refresh does, and then writes
	read  bool // it loads through the tier; with write, it writes what it got
}

// The bounds of time, in ticks. Retention is exactly the lease, which is the
// least that holds.
const (
	delta = 1
	skew  = 2 // how far a node's own clock is behind, where it is used
)

// oldest is where ages stop: a copy of that age is out of its lease for everyone.
func (sc *Scenario) oldest(w *Weakness) uint8 {
	if w.NodeClock {
		return sc.Lease + skew
	}
	return sc.Lease
}
