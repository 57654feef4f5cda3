package model

// get is the answer of Redis: anything it ever held under the key, nothing, or an
// error, at any moment. A copy of the same document with an older stamp adds
// nothing, since every rule that trusts the older trusts the younger. A frame of
// another id is a miss. An honest Redis returns the last put.
//
//go:norace
func (m *machine) get(s *State, i uint8) {
	r := &s.req[i]
	if m.sc.Honest {
		c := *s
		k := &c.req[i]
		if l := s.last[r.id]; l.value != 0 && !l.dead {
			k.phase, k.got, k.gotStamp = got, l.value, l.stamp
		} else {
			k.phase = wantRow
		}
		m.emit(Action{doGet, i, k.got}, c)
		return
	}
	key := s.node[m.sc.Requests[i].node].identity
	for v := range s.values {
		stamp := s.redis[key][v+1]
		if stamp == 0 || s.owner[v+1] != r.id {
			continue
		}
		c := *s
		k := &c.req[i]
		k.phase, k.got, k.gotStamp = got, v+1, stamp-1
		m.emit(Action{doGet, i, v + 1}, c)
	}
	c := *s
	c.req[i].phase = wantRow
	if m.w.RedisErrorIsNone {
		m.serve(&c, i, 0)
	}
	m.emit(Action{doMiss, i, 0}, c)
}

// putCopy is the one Lua script. It goes under the generation that the request
// found at its load: what was read before a restore must not appear after it.
//
//go:norace
func (m *machine) putCopy(s *State, r *request, v, stamp uint8) {
	if m.sc.Honest {
		l := &s.last[s.owner[v]]
		before := s.version[l.value]
		switch {
		case m.w.StepBack || !l.dead && s.version[v] > before:
			*l = copied{value: v, stamp: stamp}
		case !l.dead && v == l.value:
			l.stamp = min(l.stamp, stamp)
		}
		return
	}
	e := &s.redis[r.identity][v]
	if *e == 0 || stamp+1 < *e {
		*e = stamp + 1
	}
}

// putDead is best effort too. It outlives every copy that may still be on its way.
//
//go:norace
func (m *machine) putDead(s *State, id uint8) {
	if m.sc.Honest {
		s.last[id] = copied{dead: true}
	}
}
