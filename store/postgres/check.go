package pgstore

import (
	"context"
	"errors"
)

// A probe looks at one thing. It returns what it saw, in a few words, or an error:
// a *Problem, or one of the connection.
type probe struct {
	name  string
	look  func(*Store, context.Context) (note string, err error)
	start bool // Check makes it too: without this no session could be served
	ends  bool // where it finds something the later ones would only say the same again
}

// probes are in their order.
var probes = []probe{
	{"server", (*Store).checkServer, true, true},
	{"primary", (*Store).checkPrimary, true, true},
	{"prepared statements", (*Store).checkPooler, true, true},
	{"schema", (*Store).checkNamespace, true, true},
	{"table", (*Store).checkTable, true, true},
	{"columns", (*Store).checkColumns, true, true},
	{"migration", (*Store).checkMigrated, true, true},
	{"rights", (*Store).checkRights, true, true},
	{"schema version", (*Store).checkVersion, true, true},
	{"triggers", (*Store).checkTriggers, true, false},
	{"time zone", (*Store).checkZone, true, false},
	{"indexes", (*Store).checkIndexes, false, false},
	{"backfill", (*Store).checkBackfill, false, false},
	{"users", (*Store).checkUsers, false, false},
}

// Check tells what is wrong with the database, at start: not migrated, of a
// foreign shape, rights that this role lacks, a standby, a time zone other than
// the recorded one. It is nil, or an [ErrNotReady] for what a person has to mend,
// or store.ErrUnavailable for a server that does not answer: start then, and
// serve when it comes.
func (s *Store) Check(ctx context.Context) error {
	ctx, cancel := s.within(ctx)
	defer cancel()
	for _, c := range probes {
		if !c.start {
			continue
		}
		if _, err := c.look(s, ctx); err != nil {
			return s.problemOf("check", err)
		}
	}
	return nil
}

// problemOf is an error as Check and Examine tell it.
func (s *Store) problemOf(operation string, err error) error {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	return s.wrap(operation, err)
}

// A Finding is what one check of [Store.Examine] came to.
type Finding struct {
	Check string // its name, such as "triggers"
	Note  string // what was seen where all is well, such as the server's version
	Err   error  // nil; a [Problem]; or store.ErrUnavailable, and nothing is known
	// Skipped: not looked at, for an earlier check found what has to be mended first.
	Skipped bool
}

// Examine looks at all that Check does and more, and goes on where it finds
// something: for an operator, not for every start. One check reads up to 100,000
// rows. It changes nothing. Each check has Options.Timeout.
func (s *Store) Examine(ctx context.Context) []Finding {
	var list []Finding
	ended := false
	for _, c := range probes {
		f := Finding{Check: c.name, Skipped: ended}
		if !ended {
			within, cancel := s.within(ctx)
			f.Note, f.Err = c.look(s, within)
			cancel()
			if f.Err != nil {
				f.Err = s.problemOf(c.name, f.Err)
				var p *Problem
				ended = c.ends || !errors.As(f.Err, &p)
			}
		}
		list = append(list, f)
	}
	return list
}
