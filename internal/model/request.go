package model

// Where a request is.
const (
	idle     = iota
	check    // is the last poll young enough?
	waiting  // for the poll that all share
	trusting // it may ask Redis
	got      // Redis answered
	wantRow  // Postgres has to say
	reading  // the SELECT has its snapshot, the answer is on its way
	joined   // another request's SELECT answers for this one too
	holding  // it was served, and may write
	written  // its write is committed, nobody was told yet
	touched  // the same of a touch
)

// request is a load, and what is done with what it returned.
type request struct {
	phase, id uint8
	got       uint8 // the copy that Redis showed, and the age of its stamp
	gotStamp  uint8
	value     uint8 // the document read, served, or written
	stamp     uint8 // age of the database's time before that
	leader    uint8 // whose SELECT was joined
	did       uint8 // the kind of the write
	identity  uint8 // of the database, as the node knew it at the load
	real      uint8 // and as it was: what Postgres itself compares at a save

	// What it must not be served, settled when it starts.
	ended   bool  // the whole session
	stale   uint8 // documents
	excused bool  // the database was replaced meanwhile
}

// canonical wipes what this phase does not use.
//
//go:norace
func (r *request) canonical() {
	switch r.phase {
	case idle:
		*r = request{}
	case reading, written, touched:
	default:
		r.stamp = 0
	}
	if r.phase >= holding {
		r.ended, r.stale = false, 0 // it was served
	}
}

// start is a request's arrival. All promises speak of what had happened by then.
//
//go:norace
func (m *machine) start(s *State, i, id uint8) {
	c := *s
	r, who, g := &c.req[i], m.sc.Requests[i].node, &s.ghost
	*r = request{phase: check, id: id}
	if !m.sc.Requests[i].read {
		r.phase, r.identity, r.real = wantRow, s.node[who].identity, s.db.identity
	}
	r.ended = g.gone[id] > delta+1 || g.buried[who]&bit(id) != 0
	r.stale = g.mine[who]
	for v := range s.values {
		if g.ended[v+1] > delta+1 {
			r.stale |= bit(v + 1)
		}
	}
	m.emit(Action{doStart, i, id}, c)
}

// serve gives a request its document, or none when that is 0.
//
//go:norace
func (m *machine) serve(s *State, i, v uint8) {
	r := &s.req[i]
	switch {
	case r.excused:
	case v == 0 && s.db.row[r.id] != 0:
		s.broken = NoFalseNone
	case v != 0 && r.ended:
		s.broken = EndedStays
	case v != 0 && r.stale&bit(v) != 0:
		s.broken = NothingOld
	}
	r.got, r.gotStamp, r.stamp = 0, 0, 0
	r.phase, r.value = holding, v
	if v == 0 || !m.sc.Requests[i].write {
		r.phase = idle
	}
}

// loads are the next steps of request i.
//
//go:norace
func (m *machine) loads(s *State, i uint8) {
	r, who := &s.req[i], m.sc.Requests[i].node
	n := &s.node[who]
	switch r.phase {
	case idle:
		m.start(s, i, 0)
		if s.version[s.db.row[1]] != 0 {
			m.start(s, i, 1) // its cookie is out once the rotation is committed
		}
	case check:
		c := *s
		k := &c.node[who]
		c.req[i].identity, c.req[i].real = n.identity, s.db.identity
		if n.polled && n.age <= delta {
			c.req[i].phase = trusting
		} else {
			c.req[i].phase = waiting
			if n.poll == pollNone {
				k.poll, k.sent = pollSent, 0
			}
		}
		m.emit(Action{doCheck, i, c.req[i].phase}, c)
	case trusting:
		m.get(s, i)
	case got:
		c := *s
		if m.trusts(s, r, n, who) {
			v := r.got
			m.serve(&c, i, v)
			m.emit(Action{doServeCopy, i, v}, c)
		} else {
			c.req[i].phase, c.req[i].got, c.req[i].gotStamp = wantRow, 0, 0
			m.emit(Action{doRefuse, i, 0}, c)
		}
	case wantRow:
		m.read(s, i)
	case reading:
		c := *s
		m.answered(&c, i)
		m.emit(Action{doServeRow, i, r.value}, c)
	}
}

// trusts is the comparison of a copy with what the node knows.
//
//go:norace
func (m *machine) trusts(s *State, r *request, n *node, who uint8) bool {
	clock := int(n.ahead) // how far the node's reading of the time is ahead
	if m.w.NodeClock {
		clock = -skew * int(who)
	}
	if !m.w.NoLease && int(r.gotStamp)+clock >= int(m.sc.Lease) {
		return false
	}
	if !m.w.NoTail && s.version[r.got] < n.tail[r.id].version {
		return false
	}
	return n.floor == 0 || r.gotStamp+1 < n.floor
}

// read is the SELECT of a request, or its joining of another's.
//
//go:norace
func (m *machine) read(s *State, i uint8) {
	r, who := &s.req[i], m.sc.Requests[i].node
	for j, on := range m.sc.Requests {
		o := &s.req[j]
		if uint8(j) == i || on.node != who || o.id != r.id {
			continue
		}
		// A read that has not been sent yet will have a snapshot from after this
		// load's start. One that has may have missed what this load must know.
		unsent := o.phase == wantRow && uint8(j) < i
		young := m.w.JoinYoung && o.phase == reading && o.stamp <= delta && s.node[who].tail[r.id].version == 0
		any := m.w.JoinAny && o.phase == reading
		if unsent || young || any {
			c := *s
			c.req[i].phase, c.req[i].leader = joined, uint8(j)
			m.emit(Action{doJoin, i, uint8(j)}, c)
			if unsent {
				return // the leader's next step stands for both
			}
		}
	}
	c := *s
	k := &c.req[i]
	k.phase, k.value, k.stamp = reading, s.db.row[r.id], 0
	m.emit(Action{doSelect, i, k.value}, c)
}

// answered is the end of a SELECT: the copy is put, and everyone who joined is
// served. One step: nobody can tell whether the put or the serving came first.
//
//go:norace
func (m *machine) answered(s *State, i uint8) {
	r := &s.req[i]
	v, stamp := r.value, r.stamp
	if v != 0 {
		if m.w.StampAfterRead {
			stamp = 0
		}
		m.putCopy(s, r, v, stamp)
	}
	for j := range m.sc.Requests {
		if o := &s.req[j]; o.phase == joined && o.leader == i && uint8(j) != i {
			m.serve(s, uint8(j), v)
		}
	}
	m.serve(s, i, v)
}
