package model

// A writer does not load through the tier, so that its node needs no polls.
func visitor(node uint8) role { return role{node: node, read: true} }
func writer(node uint8) role  { return role{node: node, write: true} }
func user(node uint8) role    { return role{node: node, read: true, write: true} }

// Scenarios are what the protocol is tried in. Redis holds what a node put there
// itself, so that one node and a writer elsewhere show most of what two could.
func Scenarios() []Scenario {
	all := []Scenario{
		{Name: "logout", Says: "a logout on the other node, while polls fail",
			Requests: []role{writer(0), visitor(1)}, Txs: 1, Values: 1, Delete: true, PollFail: true},
		{Name: "here", Says: "a logout on the node that goes on loading, or elsewhere in between",
			Requests: []role{user(0)}, Txs: 2, Values: 1, Delete: true, LongDelete: true, LongOther: true},
		{Name: "slow", Says: "polls that are long under way, there or back",
			Requests: []role{visitor(0)}, Txs: 1, Values: 1, LongDelete: true, SlowPoll: true},
		{Name: "late", Says: "a DELETE that stays open for long beside other writers",
			Requests: []role{visitor(1)}, Txs: 2, Values: 1, LongDelete: true, LongOther: true},
		{Name: "prune", Says: "the tail is pruned while a DELETE stays open for long",
			Requests: []role{visitor(1)}, Txs: 1, Values: 1, LongDelete: true, Prune: true},
		{Name: "writes", Says: "saves and touches, and an UPDATE from elsewhere that stays open",
			Requests: []role{user(0)}, Txs: 2, Values: 3, Save: true, Touch: true, Update: true},
		{Name: "touch", Says: "a touch on one node of what an UPDATE has changed, and loads on the other",
			Requests: []role{writer(0), visitor(1)}, Txs: 1, Values: 2, Touch: true, Update: true},
		{Name: "flight", Says: "two requests on one node share reads and polls, while the session is ended elsewhere",
			Requests: []role{visitor(0), visitor(0)}, Txs: 1, Values: 1, LongDelete: true},
		{Name: "floor", Says: "polls that take one row",
			Requests: []role{visitor(0)}, Txs: 2, Values: 1, LongDelete: true, LongOther: true, Limit: 1, SlowPoll: true},
		{Name: "guard", Says: "Express saves a session while it is ended, and so do we",
			Requests: []role{writer(0)}, Txs: 3, Values: 3, Delete: true, Save: true, LongDelete: true, Upsert: true},
		{Name: "rotate", Says: "the session gets another id, and is ended by somebody who knows the old one",
			Requests: []role{writer(0), writer(1)}, Txs: 2, Values: 2, Rotate: true, Delete: true},
		{Name: "rotated", Wide: true, Says: "the session gets another id while the other node holds copies of the old one",
			Requests: []role{writer(0), visitor(1)}, Txs: 1, Values: 2, Rotate: true},
		{Name: "restore", Says: "an older copy takes the database's place under loads",
			Requests: []role{visitor(0)}, Txs: 1, Values: 3, LongDelete: true, Update: true, Restore: true},
		{Name: "again", Says: "an older copy takes the database's place under saves",
			Requests: []role{writer(0)}, Txs: 2, Values: 4, Save: true, Update: true, Restore: true},
		{Name: "truncate", Says: "a TRUNCATE ends all sessions, and leaves no rows in the tail",
			Requests: []role{visitor(0)}, Txs: 2, Values: 1, Truncate: true, LongOther: true},
		{Name: "known", Says: "Redis without a fault: a logout and a save are known everywhere at once",
			Requests: []role{writer(0), visitor(1)}, Txs: 1, Values: 2, Delete: true, Save: true, Honest: true},
		{Name: "shared", Wide: true, Says: "Redis without a fault, and a read that was under way on the other node",
			Requests: []role{writer(0), visitor(1), visitor(1)}, Txs: 1, Values: 1, Delete: true, Honest: true},
	}
	for i := range all {
		all[i].Lease = 3 // the least in which a stale copy could outlive Δ
		if all[i].Name == "slow" {
			all[i].Lease = 5 // time for a slow poll and a quick one
		}
	}
	return all
}

// Larger are the same with a longer lease, one more transaction and document, and
// polls that may be slow.
func Larger() []Scenario {
	all := Scenarios()
	for i := range all {
		s := &all[i]
		s.Lease, s.Txs, s.SlowPoll = s.Lease+1, min(s.Txs+1, maxTx), true
		if s.Values > 1 {
			s.Values = min(s.Values+1, maxValue)
		}
	}
	return all
}
