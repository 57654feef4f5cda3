package model

// machine makes the steps that lead on from a state.
type machine struct {
	sc   *Scenario
	w    *Weakness
	emit func(Action, State)
}

// all tries each step that is possible. Time passes when it likes: no rule
// counts on anybody being quick, but for the polls' own deadline.
//
//go:norace
func (m *machine) all(s *State) {
	late := false
	longest := uint8(1)
	if m.sc.SlowPoll {
		longest = 2
	}
	for i := range s.node {
		late = late || s.node[i].poll != pollNone && s.node[i].sent >= longest
	}
	if !late {
		c := *s
		c.tick(m.sc, m.w)
		m.emit(Action{doTick, 0, 0}, c)
	}
	for i := range m.sc.Requests {
		m.loads(s, uint8(i))
		m.operations(s, uint8(i))
	}
	for i := range uint8(nodes) {
		m.polls(s, i)
	}
	m.foreign(s)
}
