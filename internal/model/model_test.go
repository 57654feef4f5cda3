package model

import (
	"flag"
	"os"
	"runtime/debug"
	"testing"
)

var large = flag.Bool("model.large", false, "search the larger bounds, which takes minutes and gigabytes")

// A search keeps millions of states, and lets go of none until it ends: the
// collector would look for garbage in vain.
func TestMain(m *testing.M) {
	debug.SetGCPercent(400)
	os.Exit(m.Run())
}

// TestProtocolHolds searches every scenario to its end.
func TestProtocolHolds(t *testing.T) {
	scenarios, limit := Scenarios(), 4_000_000
	if *large {
		scenarios, limit = append(scenarios, Larger()...), 30_000_000
	}
	for _, sc := range scenarios {
		if sc.Wide && !*large {
			continue
		}
		t.Run(sc.Name, func(t *testing.T) {
			r := Search(sc, Weakness{}, limit)
			t.Logf("%s: %d states; lease %d, %d transactions, %d documents", sc.Says, r.States, sc.Lease, sc.Txs, sc.Values)
			if r.Broken != Kept {
				show(t, sc, r)
				t.Fatalf("promise %v", r.Broken)
			}
			if !r.Full && !*large {
				t.Fatal("the search did not come to its end")
			}
		})
	}
}

// TestWeaknesses takes away one rule at a time. Each has to be missed.
func TestWeaknesses(t *testing.T) {
	for _, c := range []struct {
		name, in string
		w        Weakness
		breaks   Promise
	}{
		{"no tail", "slow", Weakness{NoTail: true}, EndedStays},
		{"no tail, data", "writes", Weakness{NoTail: true}, NothingOld},
		{"tail pruned by age under a long transaction", "prune", Weakness{PruneByAge: true}, EndedStays},
		{"polling by sequence", "late", Weakness{PollBySequence: true}, EndedStays},
		{"polling by time of write", "prune", Weakness{PollByTime: true}, EndedStays},
		{"copies without a lease", "prune", Weakness{NoLease: true}, EndedStays},
		{"lease by the node's clock", "prune", Weakness{NodeClock: true}, EndedStays},
		{"stamp after the read's snapshot", "prune", Weakness{StampAfterRead: true}, EndedStays},
		{"a poll's age from its answer", "prune", Weakness{AgeFromAnswer: true}, EndedStays},
		{"copies served when the poll fails", "logout", Weakness{FailOpen: true}, EndedStays},
		{"identity ignored after a truncate", "truncate", Weakness{IgnoreIdentity: true}, EndedStays},
		{"identity ignored after a restore", "restore", Weakness{IgnoreIdentity: true}, NothingOld},
		{"no floor at the first poll", "logout", Weakness{NoFloor: true}, EndedStays},
		{"no floor over the limit", "floor", Weakness{NoFloor: true}, EndedStays},
		{"floor from before the snapshot", "logout", Weakness{FloorFromSending: true}, EndedStays},
		{"tail in memory forgotten by a clock that goes back", "slow", Weakness{ForgetByEstimate: true}, EndedStays},
		{"tail fed only while somebody polls", "writes", Weakness{FeedWhilePolled: true}, NothingOld},
		{"a read joined that began before the logout", "flight", Weakness{JoinAny: true}, EndedStays},
		{"a read joined that is young", "shared", Weakness{JoinYoung: true}, EndedStays},
		{"save as upsert", "guard", Weakness{SaveAsUpsert: true}, GoneStays},
		{"save without a version", "again", Weakness{SaveUnversioned: true}, NothingLost},
		{"save by version across a restore", "again", Weakness{SaveAcrossRestore: true}, NothingLost},
		{"touch of an older version", "touch", Weakness{TouchBlind: true}, NothingOld},
		{"put that steps a version back", "known", Weakness{StepBack: true}, EndedStays},
		{"own tail by polls alone", "here", Weakness{OwnTailLate: true}, EndedStays},
		{"logout by the id alone", "rotate", Weakness{DeleteByIDAlone: true}, EndedStays},
		{"guard without AFTER INSERT", "guard", Weakness{GuardBeforeAlone: true}, GoneStays},
		{"a Redis error as an answer", "logout", Weakness{RedisErrorIsNone: true}, NoFalseNone},
	} {
		t.Run(c.name, func(t *testing.T) {
			sc := scenario(t, c.in)
			r := Search(sc, c.w, 6_000_000)
			show(t, sc, r)
			if r.Broken != c.breaks {
				t.Fatalf("after %d states (all: %v) promise %v; want %v", r.States, r.Full, r.Broken, c.breaks)
			}
			t.Logf("promise %v, in %d steps, after %d states", r.Broken, len(r.Trace), r.States)
		})
	}
}

// TestGuardAfterInsertIsEnough: the half before the insert only saves work.
func TestGuardAfterInsertIsEnough(t *testing.T) {
	sc := scenario(t, "guard")
	if r := Search(sc, Weakness{GuardAfterAlone: true}, 4_000_000); r.Broken != Kept || !r.Full {
		show(t, sc, r)
		t.Fatalf("promise %v, all states: %v", r.Broken, r.Full)
	}
}

func scenario(t *testing.T, name string) Scenario {
	for _, sc := range Scenarios() {
		if sc.Name == name {
			return sc
		}
	}
	t.Fatalf("there is no scenario %q", name)
	return Scenario{}
}

func show(t *testing.T, sc Scenario, r Result) {
	t.Helper()
	for i, a := range r.Trace {
		t.Logf("%3d  %s", i+1, a.Text(sc))
	}
}
