package pgstore

import (
	"embed"
	"fmt"
	"slices"
	"strings"
)

//go:embed schema/*.sql
var files embed.FS

// A step is one numbered file of the schema. Steps are idempotent, and run in
// their order.
type step struct {
	number int
	name   string
	sql    string
	how    how
}

// how a step may be run.
type how int

const (
	inTransaction  how = iota
	underShortLock     // in a transaction that gives up waiting for its lock, and is tried again
	oneByOne           // each statement by itself: some cannot run in a transaction
	inBatches          // so that no row is held for long; its statement is what they come to
)

// run says how steps are run that are not plain transactions.
var run = map[string]how{"04_columns.sql": underShortLock, "05_indexes.sql": oneByOne, "07_watch.sql": oneByOne}

// steps are the schema's files, with the table's names in them.
func (o *Options) steps() []step {
	names := o.names()
	entries, err := files.ReadDir("schema")
	if err != nil {
		panic(err) // they are part of the program
	}
	var list []step
	for _, entry := range entries {
		text, err := files.ReadFile("schema/" + entry.Name())
		if err != nil {
			panic(err)
		}
		st := step{name: entry.Name(), sql: names.Replace(string(text)), how: run[entry.Name()]}
		if _, err := fmt.Sscanf(st.name, "%d_", &st.number); err != nil {
			panic(err)
		}
		list = append(list, st)
	}
	slices.SortFunc(list, func(a, b step) int { return a.number - b.number })
	return list
}

// latest is the number of the newest step: the schema this code needs.
func (o *Options) latest() int {
	all := o.steps()
	return all[len(all)-1].number
}

// statementsOf splits a step of plain statements at the semicolons that end
// lines. Steps with bodies are never split.
func statementsOf(sql string) []string {
	var list []string
	for part := range strings.SplitSeq(sql, ";\n") {
		var lines []string
		for line := range strings.SplitSeq(part, "\n") {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "--") {
				lines = append(lines, line)
			}
		}
		if len(lines) > 0 {
			list = append(list, strings.Join(lines, " "))
		}
	}
	return list
}

// backfillStep gives the rows that were there before their user and handle.
func (o *Options) backfillStep() step {
	return step{name: "The rows that were there before.", how: inBatches, sql: o.names().Replace(`UPDATE {{session}} SET user_id = coalesce(user_id, {{fn_user}}(sess::json)), handle = coalesce(handle, {{fn_handle}}())
  WHERE handle IS NULL OR user_id IS NULL AND {{fn_user}}(sess::json) IS NOT NULL;
`)}
}

// lastStep records that all is done. It goes with the step before it, and has no name.
func (o *Options) lastStep() step {
	return step{sql: o.names().Replace(fmt.Sprintf("UPDATE {{state}} SET backfilled = coalesce(backfilled, now()), schema = greatest(schema, %d);\n", o.latest()))}
}

// SQL is the whole schema as one file for psql -f, for those who run their
// migrations themselves. It may be run again, and adopts a table that is there.
func SQL(o Options) (string, error) {
	if err := o.complete(); err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "-- The schema of the sessions in %s. Run it as the owner of that table, with\n", o.display())
	b.WriteString("--\n--   psql -v ON_ERROR_STOP=1 -f schema.sql\n--\n")
	b.WriteString("-- again where it stopped over a lock_timeout: nothing is done twice.\n\n")
	write(&b, append(o.steps(), o.backfillStep(), o.lastStep()))
	return b.String(), nil
}

// write puts steps down as psql runs them.
func write(b *strings.Builder, steps []step) {
	for _, st := range steps {
		if st.name != "" {
			fmt.Fprintf(b, "-- %s\n\n", st.name)
		}
		switch {
		case st.how == oneByOne:
			b.WriteString(st.sql + "\n")
		case st.how == inBatches, st.name == "": // what is one statement is one transaction
			b.WriteString(st.sql)
		default:
			b.WriteString("BEGIN;\n" + st.sql + "COMMIT;\n\n")
		}
	}
}
