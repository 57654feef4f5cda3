package model

// A set of hashes, by open addressing. The language's own map takes half the time
// of a search, and with the race detector more.
type set struct {
	slots []uint64 // 0 is a free one; their number is a power of two
	used  int
}

// add reports whether the hash was not there yet.
//
//go:norace
func (s *set) add(h uint64) bool {
	if h == 0 {
		h = 1
	}
	if 2*s.used >= len(s.slots) {
		s.grow()
	}
	at := s.find(h)
	if s.slots[at] == h {
		return false
	}
	s.slots[at] = h
	s.used++
	return true
}

// find is where a hash is, or has its place.
//
//go:norace
func (s *set) find(h uint64) int {
	at := int(h) & (len(s.slots) - 1)
	for s.slots[at] != 0 && s.slots[at] != h {
		at = (at + 1) & (len(s.slots) - 1)
	}
	return at
}

//go:norace
func (s *set) grow() {
	old := s.slots
	s.slots = make([]uint64, max(1<<12, 2*len(old)))
	for _, h := range old {
		if h != 0 {
			s.slots[s.find(h)] = h
		}
	}
}
