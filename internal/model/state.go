package model

// Sizes of the arrays in a state. A scenario uses less.
const (
	nodes       = 2
	ids         = 2 // a session id, and its successor after Rotate
	maxTx       = 4
	maxValue    = 5
	maxRequest  = 3
	identities  = 3
	versionDead = 255
)

// State is all there is at one moment. It is comparable and holds no pointer. An
// age is kept as ticks since; where there may be none, as ticks plus one.
type State struct {
	db     database
	backup database
	saved  bool // there is a backup
	reborn bool // it was restored

	version [maxValue + 1]uint8 // of each document; document 0 is none
	owner   [maxValue + 1]uint8 // its id
	writes  [maxValue + 1]uint8 // the writes that are in it
	values  uint8

	node   [nodes]node
	req    [maxRequest]request
	upsert uint8 // Express: 1 while it is past BEFORE INSERT and before the insert

	redis [identities][maxValue + 1]uint8 // under the key of a generation, by document: the youngest stamp ever held, its age plus one
	last  [ids]copied                     // of an honest Redis: the last put

	ghost  ghost
	broken Promise
}

type copied struct {
	value uint8
	dead  bool
	stamp uint8
}

// ghost is what the promises are judged by. No protocol step looks at it.
type ghost struct {
	ended  [maxValue + 1]uint8 // age plus one of the moment a document stopped being the current one
	gone   [ids]uint8          // age plus one of the end of an id
	acked  uint8               // writes acknowledged and not ended
	mine   [nodes]uint8        // documents that this node was told are replaced
	buried [nodes]uint8        // ids that this node was told are gone
}

//go:norace
func initial(sc *Scenario) State {
	s := State{values: 1}
	s.version[1], s.writes[1] = 1, 1
	s.db.row[0] = 1
	s.ghost.acked = 1
	s.ghost.gone[1] = 0
	return s
}

//go:norace
func bit(i uint8) uint8 { return 1 << i }

// older is an age one tick on.
//
//go:norace
func older(age *uint8, most uint8) {
	if *age < most {
		*age++
	}
}

// olderIf is the same for an age plus one, where there may be none.
//
//go:norace
func olderIf(age *uint8, most uint8) {
	if *age > 0 && *age <= most {
		*age++
	}
}

// tick is the passing of time, everywhere at once.
//
//go:norace
func (s *State) tick(sc *Scenario, w *Weakness) {
	oldest := sc.oldest(w)
	s.db.tick(oldest)
	s.backup.tick(oldest)
	for i := range s.node {
		s.node[i].tick(oldest)
	}
	for i := range s.req {
		r := &s.req[i]
		older(&r.gotStamp, oldest)
		older(&r.stamp, oldest)
	}
	for g := range s.redis {
		for v := range s.redis[g] {
			olderIf(&s.redis[g][v], oldest)
		}
	}
	for i := range s.last {
		older(&s.last[i].stamp, oldest)
	}
	for v := range s.ghost.ended {
		olderIf(&s.ghost.ended[v], delta+1)
	}
	for i := range s.ghost.gone {
		olderIf(&s.ghost.gone[i], delta+1)
	}
}

// canonical wipes what no later step can tell apart.
//
//go:norace
func (s *State) canonical(sc *Scenario, w *Weakness) {
	for i := range s.node {
		s.node[i].canonical(sc, w)
	}
	for i := range s.req {
		s.req[i].canonical()
	}
	for i := range s.db.tx {
		if !w.PruneByAge && !w.PollByTime {
			s.db.tx[i].age, s.backup.tx[i].age = 0, 0
		}
	}
	if !sc.Prune {
		s.db.seenAge, s.db.seenXmin = 0, 0
		s.backup.seenAge, s.backup.seenXmin = 0, 0
	}
	if s.reborn {
		s.backup = database{}
	}
	for g := range s.redis {
		for v := range s.redis[g] {
			if e := s.redis[g][v]; e > sc.Lease && !w.NoLease && !w.NodeClock {
				s.redis[g][v] = 0 // no node would look at it
			}
		}
	}
	for i := range s.last {
		if s.last[i].stamp >= sc.Lease {
			s.last[i] = copied{} // its time to live in Redis
		}
	}
}
