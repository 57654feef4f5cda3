package model

// A writer does not load through the tier, so that its node needs no polls.
func visitor(node uint8) role { return role{node: node, read: true} }
func writer(node uint8) role  { return role{node: node, write: true} }
func user(node uint8) role    { return role{node: node, read: true, write: true} }

// Scenarios are what the protocol is tried in.
func Scenarios() []Scenario {
	return []Scenario{
		{Name: "logout", Says: "a logout on the other node, polls that fail and polls that are slow",
			Requests: []role{writer(0), visitor(1)}, Txs: 1, Values: 1, Delete: true, PollFail: true, SlowPoll: true},
		{Name: "here", Says: "a logout on the node that goes on loading, or elsewhere in between",
			Requests: []role{user(0)}, Txs: 2, Values: 1, Delete: true, LongDelete: true, LongOther: true},
		{Name: "tail", Says: "a DELETE that stays open for long beside other writers, while the tail is pruned",
			Requests: []role{visitor(0)}, Txs: 2, Values: 1, LongDelete: true, LongOther: true, Prune: true},
		{Name: "writes", Says: "saves and touches on two nodes, and an UPDATE from elsewhere",
			Requests: []role{writer(0), user(1)}, Txs: 2, Values: 3, Save: true, Touch: true, Update: true},
		{Name: "flight", Says: "two requests on one node share reads and polls, while the session is ended there or elsewhere",
			Requests: []role{visitor(0), user(0)}, Txs: 1, Values: 1, Delete: true, LongDelete: true},
		{Name: "floor", Says: "polls that take one row, and a poll whose snapshot comes late",
			Requests: []role{visitor(0)}, Txs: 3, Values: 1, LongDelete: true, LongOther: true, Limit: 1, SlowPoll: true},
		{Name: "guard", Says: "Express saves a session while it is ended, and so do we",
			Requests: []role{writer(0)}, Txs: 3, Values: 3, Delete: true, Save: true, LongDelete: true, Upsert: true},
		{Name: "rotate", Says: "the session gets another id on one node, and is ended on the other",
			Requests: []role{writer(0), user(1)}, Txs: 2, Values: 2, Rotate: true, Delete: true},
		{Name: "restore", Says: "an older copy takes the database's place",
			Requests: []role{user(0)}, Txs: 3, Values: 4, Delete: true, Save: true, Touch: true, Update: true, Restore: true},
		{Name: "truncate", Says: "a TRUNCATE ends all sessions, and leaves no rows in the tail",
			Requests: []role{visitor(0)}, Txs: 2, Values: 1, Truncate: true, LongOther: true},
		{Name: "honest", Says: "Redis without a fault: a logout and a save are known everywhere at once",
			Requests: []role{writer(0), visitor(1), visitor(1)}, Txs: 2, Values: 2, Delete: true, Save: true, Honest: true},
	}
}
