package redisstore

import "time"

// A mark is what this node knows to have changed: copies of an older version are
// stale, and of an ended session all are.
type mark struct {
	version uint64
	ended   bool
	number  uint64 // of this mark, among all
}

// marks are the changes of the last while: longer than a copy may be served.
// Guarded by the view.
type marks struct {
	byID  map[string]mark
	order []marked // oldest first
	count uint64
}

type marked struct {
	id     string
	number uint64
	at     time.Time
}

// ofHandle is the key under which a handle's end is kept, beside the ids.
func ofHandle(handle string) string { return "\x00" + handle }

// set remembers a change that was learned of at a moment. What is newer stays.
func (m *marks) set(id string, version uint64, ended bool, at time.Time) {
	if m.byID == nil {
		m.byID = map[string]mark{}
	}
	old := m.byID[id]
	m.count++
	m.byID[id] = mark{max(version, old.version), ended || old.ended, m.count}
	m.order = append(m.order, marked{id, m.count, at})
}

// forget drops what was learned before a moment.
func (m *marks) forget(before time.Time) {
	n := 0
	for n < len(m.order) && m.order[n].at.Before(before) {
		if old := m.order[n]; m.byID[old.id].number == old.number { // else it was renewed
			delete(m.byID, old.id)
		}
		n++
	}
	m.order = m.order[n:]
	if len(m.order) == 0 {
		m.order = nil
	}
}

func (m *marks) clear() { m.byID, m.order = nil, nil }

// endedSince are the ids that ended after the mark of that number.
func (m *marks) endedSince(number uint64) (ids []string) {
	for i := len(m.order) - 1; i >= 0 && m.order[i].number > number; i-- {
		if id := m.order[i].id; m.byID[id].ended && id[0] != 0 {
			ids = append(ids, id)
		}
	}
	return ids
}
