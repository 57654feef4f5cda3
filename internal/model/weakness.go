package model

// Weakness takes rules away from the protocol. The zero value is the protocol.
type Weakness struct {
	NoTail            bool // copies are not compared with the tail
	PruneByAge        bool // the tail loses what was written long ago, committed or not
	PollBySequence    bool // a poll asks for rows with a higher number than the last it saw
	PollByTime        bool // a poll asks for rows written after the last poll
	NoLease           bool // a copy is good for as long as Redis shows it
	NodeClock         bool // the lease is read off the node's own clock
	StampAfterRead    bool // a copy is stamped when it is put, not before its snapshot
	AgeFromAnswer     bool // a poll is as old as its answer, not as its sending
	FailOpen          bool // a poll failed: copies are served all the same
	IgnoreIdentity    bool // a restored database is taken for the one before
	NoFloor           bool // a poll that was cut short, or is the first, changes nothing
	FloorFromSending  bool // the floor is the time before the poll's snapshot, not after it
	ForgetByEstimate  bool // the tail in memory is forgotten by a clock that may go back
	FeedWhilePolled   bool // the tail is fed from the first poll's heartbeat on, and not always
	JoinAny           bool // a load joins whatever read of its id is under way
	JoinYoung         bool // a load joins a read of at most Δ, if no write here came between
	SaveAsUpsert      bool // a save inserts where no row is
	SaveUnversioned   bool // a save does not ask for the version
	SaveAcrossRestore bool // a save asks for the version alone, not for the identity
	TouchBlind        bool // a touch renews the lease of what it holds, whatever the version is now
	StepBack          bool // a put replaces a newer copy
	OwnTailLate       bool // a node hears of its own writes by its polls alone
	DeleteByIDAlone   bool // a logout does not follow a rotation by the handle
	GuardBeforeAlone  bool // the guard looks before an insert and not after it
	GuardAfterAlone   bool // the guard looks after an insert and not before it: no weakness
	RedisErrorIsNone  bool // a Redis error is taken for an answer
}

// Promise is a sentence of the protocol that a trace can break.
type Promise uint8

// The promises. Kept is none of them broken.
const (
	Kept        Promise = iota
	EndedStays          // no load that starts more than Δ after the end returns the session; at once on the node that ended it
	GoneStays           // what is gone from Postgres never comes back
	NothingOld          // data served is at most Δ old, and never older than the node's own last write
	NothingLost         // no acknowledged write is lost
	NoFalseNone         // a Redis error never leads to "none"
)

func (p Promise) String() string {
	return [...]string{"kept", "1: an ended session was served", "2: a gone session came back",
		"3: data older than Δ was served", "3: an acknowledged write was lost", "4: a living session was answered with none"}[p]
}
