package model

const (
	pollNone = iota
	pollSent
	pollRead // its snapshot was taken, the answer is on its way
)

// heard is what a node knows from the tail of one id: copies below version are
// stale.
type heard struct{ version, age uint8 }

// node is a process with its memory.
type node struct {
	polled   bool
	age      uint8 // of the last poll, since it was sent
	ahead    uint8 // how far its reading of Postgres time is ahead: its polls' way there
	seen     snapshot
	sequence uint8 // PollBySequence: the highest row seen
	stamp    uint8 // PollByTime: age of the last poll's time
	identity uint8
	floor    uint8 // age plus one: copies not stamped after it are not trusted
	tail     [ids]heard

	poll    uint8 // the poll under way, shared by all who need one
	sent    uint8 // its age
	asked   uint8 // age of the database's time in it
	read    uint8 // age of its snapshot
	snap    snapshot
	told    [ids]uint8
	highest uint8 // PollBySequence: the highest row in it
	cut     bool  // more rows than the limit
	ident   uint8
}

//go:norace
func (n *node) tick(oldest uint8) {
	older(&n.age, delta+1)
	older(&n.stamp, oldest)
	older(&n.sent, oldest)
	older(&n.asked, oldest)
	older(&n.read, oldest)
	olderIf(&n.floor, oldest)
	for i := range n.tail {
		older(&n.tail[i].age, oldest)
	}
}

//go:norace
func (n *node) canonical(sc *Scenario, w *Weakness) {
	if n.poll == pollNone {
		n.sent, n.asked, n.read, n.snap, n.told, n.highest, n.cut, n.ident = 0, 0, 0, snapshot{}, [ids]uint8{}, 0, false, 0
	}
	if !w.PollByTime {
		n.stamp = 0
	}
	if !w.PollBySequence {
		n.sequence, n.highest = 0, 0
	}
	if n.polled && !n.cut && n.ident == n.identity {
		n.read = 0 // no floor will come of it
	}
	for i := range n.tail {
		h := &n.tail[i]
		// A copy from before the change has no lease left by then. The time since
		// is the node's own, which runs on evenly; its reading of Postgres time may
		// go back when a quick poll follows a slow one.
		gone := h.age >= sc.Lease
		if w.ForgetByEstimate {
			gone = h.age+n.ahead >= sc.Lease
		}
		if gone {
			*h = heard{}
		}
	}
	if n.floor > sc.oldest(w) {
		n.floor = 0
	}
}

// hear takes a row of the tail to memory.
//
//go:norace
func (n *node) hear(id, version uint8) {
	if version != 0 {
		n.tail[id] = heard{max(version, n.tail[id].version), 0}
	}
}

// rows are what a poll brings: exactly what the last snapshot did not see.
//
//go:norace
func (m *machine) rows(s *State, n *node) {
	count := uint8(0)
	n.told, n.cut = [ids]uint8{}, false
	n.highest = n.sequence
	for i := range s.db.txs {
		t, xid := &s.db.tx[i], i+1
		if t.status != committed || t.untold || !n.snap.sees(xid) {
			continue
		}
		n.highest = max(n.highest, xid)
		var fresh bool
		switch {
		case !n.polled:
			fresh = false // it has no copy to doubt, and trusts none from before
		case m.w.PollBySequence:
			fresh = xid > n.sequence
		case m.w.PollByTime:
			fresh = t.age < n.stamp
		default:
			fresh = !n.seen.sees(xid)
		}
		if !fresh {
			continue
		}
		if count++; m.sc.Limit > 0 && count > m.sc.Limit {
			n.cut = true
			continue
		}
		switch t.kind {
		case kindDelete:
			n.told[t.id] = versionDead
		case kindRotate:
			n.told[0] = versionDead
		case kindChange:
			n.told[t.id] = max(n.told[t.id], s.version[t.value])
		}
	}
}

// polls are the steps of a poll that is under way.
//
//go:norace
func (m *machine) polls(s *State, who uint8) {
	n := &s.node[who]
	switch n.poll {
	case pollSent:
		// The database's time is read somewhere between the sending and the
		// snapshot: at the earliest or at the latest moment.
		times := []uint8{n.sent}
		if m.sc.SlowPoll && n.sent > 0 {
			times = []uint8{n.sent, 0}
		}
		for _, asked := range times {
			c := *s
			k := &c.node[who]
			k.poll, k.asked, k.read, k.snap = pollRead, asked, 0, s.db.snapshot()
			k.ident = s.db.identity
			m.rows(&c, k)
			m.emit(Action{doPollRead, who, asked}, c)
		}
	case pollRead:
		c := *s
		m.answer(&c.node[who], &c)
		m.emit(Action{doPollAnswer, who, 0}, c)
	}
	if n.poll != pollNone && m.sc.PollFail {
		c := *s
		c.node[who].poll = pollNone
		for i, on := range m.sc.Requests {
			if r := &c.req[i]; on.node == who && r.phase == waiting {
				r.phase = wantRow
				if m.w.FailOpen {
					r.phase = trusting
				}
			}
		}
		m.emit(Action{doPollFail, who, 0}, c)
	}
}

// answer takes a poll's answer to memory.
//
//go:norace
func (m *machine) answer(n *node, s *State) {
	changed := n.polled && n.ident != n.identity && !m.w.IgnoreIdentity
	if (changed || !n.polled || n.cut) && !m.w.NoFloor {
		// What the snapshot saw and the rows do not tell is in every copy that was
		// read after it. So the floor is a time after the snapshot.
		n.floor = n.read + 1
		if m.w.FloorFromSending {
			n.floor = n.asked + 1
		}
	}
	// After a change of identity the tail in memory stays: rows of another history
	// cost a miss, and a write of our own that this snapshot did not see is in it.
	for id, version := range n.told {
		n.hear(uint8(id), version)
	}
	if !m.w.IgnoreIdentity {
		n.identity = n.ident
	}
	n.polled, n.seen, n.sequence, n.stamp = true, n.snap, n.highest, n.asked
	n.ahead = n.sent - n.asked
	n.age = min(n.sent, delta+1)
	if m.w.AgeFromAnswer {
		n.age = 0
	}
	n.poll = pollNone
	for i := range m.sc.Requests {
		if r := &s.req[i]; &s.node[m.sc.Requests[i].node] == n && r.phase == waiting {
			r.phase = check // is it young enough? its way may have been long
		}
	}
}
