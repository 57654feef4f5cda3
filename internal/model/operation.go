package model

// operations are what request i may do with the session it holds. Each is one
// statement, which waits while somebody's uncommitted write holds the row.
//
//go:norace
func (m *machine) operations(s *State, i uint8) {
	r := &s.req[i]
	switch r.phase {
	case holding:
		c := *s
		c.req[i].phase = idle
		m.emit(Action{doEnd, i, 0}, c)
		if m.sc.Delete {
			m.logout(s, i)
		}
		if s.db.locked(r.id) {
			return
		}
		if m.sc.Save {
			m.save(s, i)
		}
		if m.sc.Rotate && r.id == 0 {
			m.rotate(s, i)
		}
		if m.sc.Touch {
			m.touch(s, i)
		}
	case written:
		c := *s
		m.acknowledge(&c, i)
		m.emit(Action{doAck, i, r.did}, c)
	case touched:
		c := *s
		m.putCopy(&c, r, r.value, r.stamp)
		c.req[i].phase = idle
		m.emit(Action{doAck, i, 0}, c)
	}
}

// matches is the WHERE of every write that rests on a version. A version alone
// does not tell two histories apart: after a restore the same number comes again.
//
//go:norace
func (m *machine) matches(s *State, r *request) bool {
	row := s.db.row[r.id]
	return row != 0 && s.version[row] == s.version[r.value] &&
		(m.w.SaveAcrossRestore || r.real == s.db.identity)
}

//go:norace
func (m *machine) save(s *State, i uint8) {
	c := *s
	r := &c.req[i]
	row := s.db.row[r.id]
	blind := m.w.SaveUnversioned && row != 0
	upsert := m.w.SaveAsUpsert && row == 0
	if !m.matches(s, r) && !blind && !upsert {
		r.phase = idle // a conflict, or gone
		m.emit(Action{doConflict, i, 0}, c)
		return
	}
	version, kind := s.version[row]+1, uint8(kindChange)
	if upsert {
		version, kind = s.version[r.value]+1, kindInsert
	}
	m.write(&c, i, kind, r.id, version)
}

//go:norace
func (m *machine) rotate(s *State, i uint8) {
	c := *s
	if m.matches(s, &c.req[i]) {
		m.write(&c, i, kindRotate, 1, s.version[s.db.row[0]]+1)
	}
}

// write commits a new document of a request, if the scenario has room for it.
//
//go:norace
func (m *machine) write(c *State, i, kind, id, version uint8) {
	r := &c.req[i]
	v, ok := m.document(c, id, version, c.writes[r.value])
	if !ok {
		return
	}
	t, ok := m.open(c, kind, id, v)
	if !ok {
		return
	}
	m.commit(c, t)
	r.phase, r.value, r.stamp, r.did = written, v, 0, kind
	m.emit(Action{doWrite, i, kind}, *c)
}

// logout deletes by the id, and by the handle: a rotation may have won the race.
//
//go:norace
func (m *machine) logout(s *State, i uint8) {
	c := *s
	r := &c.req[i]
	id := r.id
	if s.db.row[id] == 0 && !m.w.DeleteByIDAlone && s.db.row[1] != 0 {
		id = 1
	}
	if s.db.locked(id) {
		return
	}
	r.phase, r.did = written, kindDelete
	if s.db.row[id] != 0 {
		t, ok := m.open(&c, kindDelete, id, 0)
		if !ok {
			return
		}
		m.commit(&c, t)
	}
	r.value = id // of what was deleted
	m.emit(Action{doWrite, i, kindDelete}, c)
}

// touch renews the lease of what it holds, if that is still the row.
//
//go:norace
func (m *machine) touch(s *State, i uint8) {
	c := *s
	r := &c.req[i]
	switch {
	case s.db.row[r.id] == 0:
		r.phase = idle
	case m.matches(s, r) || m.w.TouchBlind:
		r.phase, r.stamp = touched, 0
	default:
		r.phase = wantRow // the version moved
	}
	m.emit(Action{doTouch, i, r.phase}, c)
}

// acknowledge tells the node's own tail, then Redis, then the caller.
//
//go:norace
func (m *machine) acknowledge(s *State, i uint8) {
	r, who := &s.req[i], m.sc.Requests[i].node
	n := &s.node[who]
	var dead uint8 // ids
	switch r.did {
	case kindDelete:
		dead = bit(r.id) | bit(r.value)
		for id := range uint8(ids) {
			// The whole session is ended, whatever its id is by now.
			if s.ghost.gone[id] == 0 && !r.excused {
				s.ghost.gone[id] = 1
			}
		}
	case kindRotate:
		dead = bit(0)
	}
	for id := range uint8(ids) {
		if dead&bit(id) == 0 {
			continue
		}
		if !m.w.OwnTailLate {
			n.hear(id, versionDead)
		}
		m.putDead(s, id)
	}
	var replaced uint8
	if r.did != kindDelete {
		v := r.value
		if !m.w.OwnTailLate {
			n.hear(s.owner[v], s.version[v])
		}
		m.putCopy(s, r, v, r.stamp)
		for o := range s.values {
			if s.owner[o+1] == s.owner[v] && s.version[o+1] < s.version[v] {
				replaced |= bit(o + 1)
			}
		}
	}
	for on := range uint8(nodes) {
		// The node that wrote knows at once. With a Redis that works, so do all.
		if (on == who || m.sc.Honest) && !r.excused {
			s.ghost.mine[on] |= replaced
			s.ghost.buried[on] |= dead
		}
	}
	*r = request{}
}
