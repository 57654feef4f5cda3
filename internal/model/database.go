package model

// What a transaction does.
const (
	kindDelete   = iota + 1
	kindChange   // of the row's document
	kindInsert   // of a row that was not there
	kindRotate   // the row gets the other id, in one statement
	kindOther    // a change of some other session
	kindTruncate // all rows
)

const (
	running = iota + 1
	committed
	aborted
)

// tx is a transaction that writes one thing; its row in the tail is part of it.
// Its xid is its place in the table plus one.
type tx struct {
	status, kind, id, value uint8
	age                     uint8 // since its write
	untold                  bool  // it has no row in the tail, or that was pruned
}

// snapshot is what Postgres calls one: all below xmax is visible, except what was
// running then.
type snapshot struct{ xmax, xip uint8 }

//go:norace
func (n snapshot) sees(xid uint8) bool { return xid < n.xmax && n.xip&bit(xid) == 0 }

//go:norace
func (n snapshot) xmin() uint8 {
	for xid := uint8(1); xid < n.xmax; xid++ {
		if n.xip&bit(xid) != 0 {
			return xid
		}
	}
	return n.xmax
}

type database struct {
	row      [ids]uint8 // the committed document of an id, 0 for none
	dead     [ids]bool  // its tombstone
	tx       [maxTx]tx
	txs      uint8
	identity uint8 // system, start time, truncate counter
	fed      bool  // somebody polls, where only that feeds the tail
	seenXmin uint8 // of the snapshot that pruning waits for
	seenAge  uint8
}

//go:norace
func (d *database) tick(oldest uint8) {
	for i := range d.tx[:d.txs] {
		older(&d.tx[i].age, oldest)
	}
	if d.seenXmin > 0 {
		older(&d.seenAge, oldest)
	}
}

//go:norace
func (d *database) snapshot() snapshot {
	n := snapshot{xmax: 1}
	for i, t := range d.tx[:d.txs] {
		if t.status != running {
			n.xmax = uint8(i) + 2
		}
	}
	for xid := uint8(1); xid < n.xmax; xid++ {
		if d.tx[xid-1].status == running {
			n.xip |= bit(xid)
		}
	}
	return n
}

// locked: somebody's uncommitted write holds the row. Who wants it waits.
//
//go:norace
func (d *database) locked(id uint8) bool {
	for _, t := range d.tx[:d.txs] {
		if t.status == running && (t.kind == kindTruncate || t.kind != kindOther && t.id == id) {
			return true
		}
	}
	return false
}

// open begins a transaction and makes its write, the row in the tail included.
//
//go:norace
func (m *machine) open(s *State, kind, id, value uint8) (i uint8, ok bool) {
	d := &s.db
	if d.txs >= m.sc.Txs {
		return 0, false
	}
	i = d.txs
	untold := kind == kindInsert || kind == kindTruncate || m.w.FeedWhilePolled && !d.fed && kind == kindChange
	d.tx[i] = tx{status: running, kind: kind, id: id, value: value, untold: untold}
	d.txs++
	return i, true
}

// document makes a new value of an id, which holds writes and one more.
//
//go:norace
func (m *machine) document(s *State, id, version, writes uint8) (v uint8, ok bool) {
	if s.values >= m.sc.Values {
		return 0, false
	}
	s.values++
	v = s.values
	s.version[v], s.owner[v], s.writes[v] = version, id, writes|bit(v-1)
	return v, true
}

// commit makes a transaction's write visible, and judges it.
//
//go:norace
func (m *machine) commit(s *State, i uint8) {
	d := &s.db
	t := &d.tx[i]
	t.status = committed
	switch t.kind {
	case kindDelete:
		s.end(t.id)
	case kindTruncate:
		d.identity++
		for id := range uint8(ids) {
			if d.row[id] != 0 {
				s.end(id)
			}
		}
	case kindRotate:
		acked := s.ghost.acked
		s.end(0)
		s.ghost.acked = acked
		s.put(t.id, t.value)
	case kindChange, kindInsert:
		if s.ghost.gone[t.id] > 0 {
			s.broken = GoneStays
		}
		s.put(t.id, t.value)
	}
}

// put makes a document the current one of its id.
//
//go:norace
func (s *State) put(id, v uint8) {
	if before := s.db.row[id]; before != 0 {
		s.ghost.ended[before] = 1
	}
	s.db.row[id] = v
	if s.ghost.acked&^s.writes[v] != 0 && s.broken == Kept {
		s.broken = NothingLost
	}
	s.ghost.acked |= bit(v - 1)
}

// end takes the row of an id away, and leaves its tombstone.
//
//go:norace
func (s *State) end(id uint8) {
	if before := s.db.row[id]; before != 0 {
		s.ghost.ended[before] = 1
		s.ghost.gone[id] = 1
	}
	s.ghost.acked = 0
	s.db.row[id], s.db.dead[id] = 0, true
}
