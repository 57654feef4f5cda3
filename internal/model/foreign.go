package model

// foreign are the steps of everybody else: psql, Express, the prune job, and who
// puts an old copy of the database in its place.
//
//go:norace
func (m *machine) foreign(s *State) {
	for i := range s.db.txs {
		if s.db.tx[i].status != running {
			continue
		}
		c := *s
		m.commit(&c, i)
		m.emit(Action{doCommit, i, c.db.tx[i].kind}, c)
		c = *s
		c.db.tx[i].status = aborted
		m.emit(Action{doAbort, i, c.db.tx[i].kind}, c)
	}
	if m.sc.LongOther {
		m.begin(s, kindOther, 0)
	}
	if m.sc.Truncate && s.db.identity == 0 && !s.db.locked(0) && !s.db.locked(1) {
		m.begin(s, kindTruncate, 0)
	}
	for id := range uint8(ids) {
		if s.db.row[id] == 0 || s.db.locked(id) {
			continue
		}
		if m.sc.LongDelete {
			m.begin(s, kindDelete, id)
		}
		if m.sc.Update {
			m.begin(s, kindChange, id)
		}
	}
	if m.sc.Upsert {
		m.express(s)
	}
	if m.sc.Prune {
		m.prune(s)
	}
	if m.sc.Restore {
		m.restore(s)
	}
	if m.w.FeedWhilePolled && !s.db.fed && (s.node[0].polled || s.node[1].polled) {
		c := *s
		c.db.fed = true
		m.emit(Action{doHeartbeat, 0, 0}, c)
	}
}

// begin opens a foreign transaction, which stays open for as long as it likes.
//
//go:norace
func (m *machine) begin(s *State, kind, id uint8) {
	c := *s
	value := uint8(0)
	if kind == kindChange {
		row := s.db.row[id]
		v, ok := m.document(&c, id, s.version[row]+1, s.writes[row])
		if !ok {
			return
		}
		value = v
	}
	if _, ok := m.open(&c, kind, id, value); ok {
		m.emit(Action{doOpen, id, kind}, c)
	}
}

// express is INSERT … ON CONFLICT DO UPDATE of id 0, whose session ended or not.
// BEFORE INSERT fires once. Then the statement may wait for a deleter, find the
// row gone, and insert without asking again.
//
//go:norace
func (m *machine) express(s *State) {
	c := *s
	if s.upsert == 0 {
		if s.db.dead[0] && !m.w.GuardAfterAlone {
			return
		}
		c.upsert = 1
		m.emit(Action{doUpsert, 0, 0}, c)
		return
	}
	if s.db.locked(0) {
		return
	}
	c.upsert = 0
	row := s.db.row[0]
	kind, version := uint8(kindChange), s.version[row]+1
	if row == 0 {
		kind, version = kindInsert, 1 // "inserted by someone who does not know versions"
		if s.db.dead[0] && !m.w.GuardBeforeAlone {
			m.emit(Action{doGuard, 0, 0}, c) // AFTER INSERT removed it
			return
		}
	}
	v, ok := m.document(&c, 0, version, s.writes[row])
	if !ok {
		return
	}
	if _, ok := m.open(&c, kind, 0, v); ok {
		m.emit(Action{doOpen, 0, kind}, c)
	}
}

// prune removes from the tail what a snapshot, taken long enough ago, saw: that
// is committed for longer than any copy lives. Tombstones stay.
//
//go:norace
func (m *machine) prune(s *State) {
	if m.w.PruneByAge {
		c, some := *s, false
		for i := range c.db.tx[:c.db.txs] {
			if t := &c.db.tx[i]; t.status == committed && !t.untold && t.age >= m.sc.Lease {
				t.untold, some = true, true
			}
		}
		if some {
			m.emit(Action{doPrune, 0, 0}, c)
		}
		return
	}
	if s.db.seenXmin == 0 {
		c := *s
		c.db.seenXmin, c.db.seenAge = s.db.snapshot().xmin(), 0
		m.emit(Action{doMark, 0, c.db.seenXmin}, c)
		return
	}
	if s.db.seenAge < m.sc.Lease {
		return
	}
	c := *s
	for i := range c.db.tx[:s.db.seenXmin-1] {
		if t := &c.db.tx[i]; t.status == committed {
			t.untold = true
		}
	}
	c.db.seenXmin, c.db.seenAge = 0, 0
	m.emit(Action{doPrune, 0, s.db.seenXmin}, c)
}

// restore puts a copy of the database in its place, with what was running then
// aborted. What was acknowledged since is not promised; all that comes after is.
//
//go:norace
func (m *machine) restore(s *State) {
	if !s.saved {
		c := *s
		c.backup, c.saved = s.db, true
		m.emit(Action{doBackup, 0, 0}, c)
		return
	}
	if s.reborn {
		return
	}
	c := *s
	now := s.db.identity + 1
	c.db, c.reborn = s.backup, true
	c.db.identity = now
	for i := range c.db.tx[:c.db.txs] {
		if c.db.tx[i].status == running {
			c.db.tx[i].status = aborted
		}
	}
	g := &c.ghost
	g.mine, g.buried, g.acked = [nodes]uint8{}, [nodes]uint8{}, 0
	for id := range uint8(ids) {
		was, is := s.db.row[id], c.db.row[id]
		if is != 0 {
			g.gone[id], g.ended[is] = 0, 0
			g.acked = s.writes[is]
		} else if was != 0 {
			g.gone[id] = 1
		}
		if was != 0 && was != is {
			g.ended[was] = 1
		}
	}
	for i := range c.req {
		c.req[i].excused = c.req[i].phase != idle
	}
	m.emit(Action{doRestore, 0, 0}, c)
}
