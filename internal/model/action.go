package model

import "fmt"

// Action is one step, for traces.
type Action struct{ do, who, arg uint8 }

const (
	doTick = iota
	doStart
	doCheck
	doGet
	doMiss
	doServeCopy
	doRefuse
	doJoin
	doSelect
	doServeRow
	doPollRead
	doPollAnswer
	doPollFail
	doWrite
	doConflict
	doTouch
	doAck
	doEnd
	doOpen
	doCommit
	doAbort
	doUpsert
	doGuard
	doMark
	doPrune
	doHeartbeat
	doBackup
	doRestore
)

var kinds = [...]string{"touch", "delete", "change", "insert", "rotate", "change of another session", "truncate"}

// Text is the step in words. Requests and nodes count from 0, transactions by
// their xid, documents from 1.
func (a Action) Text(sc Scenario) string {
	req := func() string { return fmt.Sprintf("node %d, request %d: ", sc.Requests[a.who].node, a.who) }
	switch a.do {
	case doTick:
		return "a tick passes"
	case doStart:
		return req() + fmt.Sprintf("a load of id %d starts", a.arg)
	case doCheck:
		if a.arg == trusting {
			return req() + "the last poll is young enough"
		}
		return req() + "waits for a poll"
	case doGet:
		return req() + fmt.Sprintf("Redis answers with document %d", a.arg)
	case doMiss:
		return req() + "Redis answers with nothing, or an error"
	case doServeCopy:
		return req() + fmt.Sprintf("is served the copy of document %d", a.arg)
	case doRefuse:
		return req() + "does not trust the copy"
	case doJoin:
		return req() + fmt.Sprintf("joins the read of request %d", a.arg)
	case doSelect:
		return req() + fmt.Sprintf("SELECT takes its snapshot and sees document %d", a.arg)
	case doServeRow:
		return req() + fmt.Sprintf("puts and is served document %d from Postgres", a.arg)
	case doPollRead:
		return fmt.Sprintf("node %d: the poll takes its snapshot; the time in it is %d ticks old", a.who, a.arg)
	case doPollAnswer:
		return fmt.Sprintf("node %d: the poll is answered", a.who)
	case doPollFail:
		return fmt.Sprintf("node %d: the poll fails", a.who)
	case doWrite:
		return req() + kinds[a.arg] + " is committed"
	case doConflict:
		return req() + "save meets a conflict"
	case doTouch:
		return req() + "touch is committed"
	case doAck:
		return req() + kinds[a.arg] + " is acknowledged"
	case doEnd:
		return req() + "ends"
	case doOpen:
		return fmt.Sprintf("a foreign transaction writes, and stays open: %s of id %d", kinds[a.arg], a.who)
	case doCommit:
		return fmt.Sprintf("transaction %d commits: %s", a.who+1, kinds[a.arg])
	case doAbort:
		return fmt.Sprintf("transaction %d aborts: %s", a.who+1, kinds[a.arg])
	case doUpsert:
		return "Express: INSERT … ON CONFLICT begins, and is past BEFORE INSERT"
	case doGuard:
		return "Express: AFTER INSERT finds the tombstone and removes the row"
	case doMark:
		return "prune job: takes its snapshot"
	case doPrune:
		return "prune job: the tail is pruned"
	case doHeartbeat:
		return "a node's heartbeat is committed: from now on the tail is fed"
	case doBackup:
		return "a copy of the database is made"
	}
	return "the copy takes the database's place"
}
