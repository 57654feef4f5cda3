package chaos

import "testing"

// TestEnded: whatever ended a session, a read that starts more than the bound
// later is found, and one that starts within it is not.
func TestEnded(t *testing.T) {
	for name, end := range map[string]func(*story){
		"a logout":            func(s *story) { s.op(1000, Logout, Done) },
		"a logout everywhere": func(s *story) { s.op(1000, Everywhere, Done, of("b")) },
		"a rotation":          func(s *story) { s.op(1000, Rotate, Done, made("c")) },
		"an Express logout":   func(s *story) { s.op(1000, Delete, Done) },
		"an expire":           func(s *story) { s.op(1000, Expire, Done) },
		"a TRUNCATE":          func(s *story) { s.op(1000, Truncate, Done, of("")) },
		"a refusal":           func(s *story) { s.op(900, Logout, Unavailable).op(1000, Read, None) },
	} {
		begin := func() *story {
			s := newStory().login(0, "a").login(20, "b").fault(PostgresStop, 850, 950)
			end(s)
			return s
		}
		begin().op(2009, Read, Value).keeps(t, "a read within the bound of "+name)
		begin().op(2011, Read, Value).breaks(t, "a read after "+name, RuleEnded)
		begin().op(60_000, Read, Value, at(0)).breaks(t, "a read long after "+name, RuleEnded)
		begin().op(2011, Read, None).op(2500, Read, None).keeps(t, "refusals after "+name)
		begin().op(1011, Fresh, Value).breaks(t, "a fresh read after "+name, RuleEnded)
		begin().op(1011, Visit, Done, count(1)).breaks(t, "a visit after "+name, RuleEnded)
	}
}

// TestUnknownEnds: an end without an answer excuses everything until the session
// is refused; then it stays away.
func TestUnknownEnds(t *testing.T) {
	begin := func() *story {
		return newStory().login(0, "a").fault(PostgresStall, 900, 3000).op(1000, Logout, Unavailable)
	}
	begin().op(2500, Read, Value).op(4000, Read, Value).keeps(t, "it did not happen")
	begin().op(2500, Read, Value).op(4000, Read, None).keeps(t, "it happened late")
	begin().op(2500, Read, None).op(3400, Read, Value).keeps(t, "a copy within the bound")
	begin().op(2500, Read, None).op(3600, Read, Value).breaks(t, "it comes back", RuleEnded)
	begin().op(980, Read, None).op(2000, Read, None).breaks(t, "refused before that", RuleLost)
}

func TestLost(t *testing.T) {
	newStory().login(0, "a").op(100, Read, None).breaks(t, "a refusal of a session that nobody ended", RuleLost)
	newStory().login(0, "a").op(100, Visit, None, status(200)).breaks(t, "a visit that begins another one", RuleLost)
	newStory().login(0, "a").op(100, Rotate, Done, made("b")).op(200, Read, None, of("b")).breaks(t, "a rotated one is refused", RuleLost)
	newStory().login(0, "a").op(100, Logout, Done).login(200, "b").op(300, Read, None, of("b")).breaks(t, "another one of the user is refused", RuleLost)
	newStory().login(0, "a").op(50, Everywhere, Done).login(100, "b").op(200, Read, None, of("b")).breaks(t, "one from after a revocation is refused", RuleLost)
	newStory().login(0, "a").op(50, Truncate, Done, of("")).login(100, "b").op(200, Read, None, of("b")).breaks(t, "one from after a TRUNCATE is refused", RuleLost)
	newStory().op(0, Login, None).breaks(t, "a login is refused", RuleLost)

	newStory().login(0, "a").op(50, Login, Done, made("b"), until(200)).op(100, Everywhere, Done).op(300, Read, None, of("b")).keeps(t, "one whose login met a revocation")
	newStory().login(0, "a").op(95, Everywhere, Done).op(100, Login, None).keeps(t, "a login that met a revocation")
	newStory().login(0, "a").op(100, Rotate, Done, made("b")).op(900, Logout, Done).op(950, Read, None, of("b")).keeps(t, "a logout by the old cookie, from a copy")
	newStory().login(0, "a").op(100, Rotate, Done, made("b")).op(1200, Logout, Done).op(1300, Read, None, of("b")).breaks(t, "a logout by the old cookie, later", RuleLost)
	newStory().login(0, "a").op(100, Rotate, Done, made("b")).op(200, Rotate, Done, of("b"), made("c")).op(900, Logout, Done).op(950, Read, None, of("c")).keeps(t, "a logout by a cookie before the old one")
}

func TestVisits(t *testing.T) {
	begin := func() *story {
		return newStory().login(0, "a").op(100, Visit, Done, count(1)).op(200, Visit, Done, count(2))
	}
	begin().op(300, Read, Value, count(1)).op(1300, Read, Value, count(2)).keeps(t, "a copy within the bound")
	begin().op(1300, Read, Value, count(1)).breaks(t, "a copy that is older", RuleWrites)
	begin().op(300, Fresh, Value, count(1)).breaks(t, "a fresh read that is old", RuleWrites)
	begin().op(300, Visit, Done, count(2)).breaks(t, "a number twice", RuleWrites)
	begin().op(300, Visit, Done, count(1)).breaks(t, "a number that falls", RuleWrites)
	begin().op(300, Fresh, Value, count(3)).breaks(t, "a number that nobody asked for", RuleWrites)
	newStory().login(0, "a").op(100, Visit, Done, count(1)).op(150, Visit, Done, count(2)).op(160, Visit, Done, count(1), until(900)).breaks(t, "one lost among parallel ones", RuleWrites)
	begin().op(300, Rotate, Done, made("b")).op(400, Fresh, Value, of("b"), count(0)).breaks(t, "a rotation that loses them", RuleWrites)
	begin().op(300, Rotate, Done, made("b")).op(400, Visit, Done, of("b"), count(3)).keeps(t, "a rotation that keeps them")
	begin().op(295, Logout, Done).op(300, Rotate, Done, made("b")).op(400, Fresh, Value, of("b"), count(0)).keeps(t, "a login that met a logout")

	unknown := func() *story {
		return begin().fault(PostgresCut, 200, 400).op(300, Visit, Unavailable)
	}
	unknown().op(500, Fresh, Value, count(2)).keeps(t, "an unknown one that did not happen")
	unknown().op(500, Fresh, Value, count(3)).keeps(t, "an unknown one that happened")
	unknown().op(500, Fresh, Value, count(4)).breaks(t, "an unknown one that happened twice", RuleWrites)
	newStory().op(0, Login, Done, made("a"), foreign).op(100, Visit, Done, count(1), foreign).op(1300, Read, Value, count(0), foreign).keeps(t, "Express overwrites")
}

func TestValues(t *testing.T) {
	begin := func() *story {
		return newStory().login(0, "a").op(100, Set, Done, value("x")).op(200, Set, Done, value("y"))
	}
	begin().op(1300, Get, Value, value("y")).keeps(t, "the last one")
	begin().op(1100, Get, Value, value("x")).keeps(t, "an older one within the bound")
	begin().op(1300, Get, Value, value("x")).breaks(t, "an older one", RuleWrites)
	begin().op(1300, Get, None, value("")).breaks(t, "none at all", RuleWrites)
	begin().op(1100, Get, Value, value("z")).breaks(t, "one that nobody set", RuleWrites)
	begin().op(1100, Get, Value, value("z")).op(1200, Set, Done, value("z")).breaks(t, "one from the future", RuleWrites)
	begin().op(205, Set, Done, value("z")).op(1300, Get, Value, value("y")).keeps(t, "parallel ones in either order")
	begin().op(300, Rotate, Done, made("b")).op(1400, Get, Value, of("b"), value("x")).breaks(t, "an older one after a rotation", RuleWrites)
	begin().fault(PostgresStall, 250, 900).op(300, Set, Unavailable, value("z")).op(700, Set, Done, value("w")).op(2500, Get, Value, value("z")).keeps(t, "an unknown one that arrived late")
	begin().fault(PostgresStall, 250, 400).op(300, Set, Unavailable, value("z")).op(1500, Set, Done, value("w")).op(3000, Get, Value, value("z")).breaks(t, "an unknown one that came too late", RuleWrites)
}

func TestErrors(t *testing.T) {
	newStory().login(0, "a").fault(RedisPause, 50, 500).op(100, Read, Unavailable).breaks(t, "an error over Redis", RuleErrors)
	newStory().login(0, "a").fault(RedisPause, 50, 500).op(100, Read, Unavailable, status(0)).breaks(t, "no answer over Redis", RuleErrors)
	newStory().login(0, "a").op(100, Read, Unavailable).breaks(t, "an error over nothing", RuleErrors)
	newStory().login(0, "a").fault(PostgresStop, 50, 80).op(100, Read, Unavailable).op(5000, Read, Value).keeps(t, "an error over Postgres")
	newStory().login(0, "a").fault(PostgresStop, 50, 80).op(5200, Read, Unavailable).breaks(t, "an error long after", RuleErrors)
	s := newStory().login(0, "a").fault(NodeKill, 50, 500).op(100, Read, Unavailable)
	s.h.Faults[0].Node = 1
	s.breaks(t, "an error of another node than the one that is down", RuleErrors)
}

func TestMended(t *testing.T) {
	newStory().login(0, "a").op(100, Ready, Done, of("")).keeps(t, "a node that came back")
	newStory().login(0, "a").op(100, Ready, Unavailable, of("")).breaks(t, "a node that did not", RuleMended)
	newStory().login(0, "a").op(100, Ready, Done, of(""), until(12000)).breaks(t, "a node that took long", RuleMended)
	s := newStory().login(0, "a")
	s.h.Nodes = 2
	s.breaks(t, "a node that was not asked", RuleMended)
}

func TestAnswers(t *testing.T) {
	newStory().login(0, "a").op(100, Read, Value, whose("bob")).breaks(t, "somebody else's session", RuleAnswers)
	newStory().login(0, "a").op(100, Visit, Odd, status(404)).breaks(t, "an answer that no route has", RuleAnswers)
}

// TestLongest: what is measured is measured from the acknowledgement.
func TestLongest(t *testing.T) {
	r := newStory().login(0, "a").op(1000, Logout, Done).op(1200, Read, Value).op(1700, Read, Value).op(1900, Read, None).check()
	if r.Longest != ms(690) {
		t.Error("it is", r.Longest)
	}
	if r.Judged[RuleLost] != 1 {
		t.Error("refusals:", r.Judged)
	}
	newStory().login(0, "a").op(100, Login, Done, made("b"), belongs("bob")).op(200, Everywhere, Done).op(1400, Read, Value, of("b"), belongs("bob"), whose("bob")).keeps(t, "a revocation of somebody else")
}
