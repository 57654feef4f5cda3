package bench

import (
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"testing"
	"text/tabwriter"
	"time"
)

// liveData is what a small server has in memory beside the requests. Without it
// the heap would be next to nothing, and the collector would run hundreds of
// times a second, which no server's does.
const liveData = 64 << 20

// TestMain prints what the benchmarks noted, as tables, when they are through.
func TestMain(m *testing.M) {
	flag.Parse()
	set := false
	flag.Visit(func(f *flag.Flag) { set = set || f.Name == "test.benchtime" })
	if !set { // half of the default: a whole run takes a minute
		_ = flag.Set("test.benchtime", "500ms")
	}
	data := make([]byte, liveData)
	code := m.Run()
	runtime.KeepAlive(data)
	if len(rows) > 0 {
		printTables(os.Stdout)
	}
	os.Exit(code)
}

// A row is what a benchmark found for one request.
type row struct {
	table, kind, library string

	turn            // other is the library's time
	paired     bool // base is the bare host's
	allocs     float64
	overAllocs float64

	share float64 // of the base's requests; whole servers and Postgres only
	text  string  // what to print instead of the columns

	goal       time.Duration
	goalAllocs float64
}

func (r row) over() time.Duration { return r.other - r.base }

var rows []row

// is reports whether both are of the same thing.
func (r row) is(other row) bool {
	return r.table == other.table && r.kind == other.kind && r.library == other.library
}

// note remembers a row. Of several runs (-count) the last one counts.
func note(r row) {
	for i, old := range rows {
		if old.is(r) {
			rows[i] = r
			return
		}
	}
	rows = append(rows, r)
}

// tables are the titles and the columns, in the order of printing.
var tables = []struct{ name, title string }{
	{onEcho4.name, "Echo v4, one request in process: time, allocations, both over bare"},
	{onEcho5.name, "Echo v5, one request in process: time, allocations, both over bare"},
	{onNetHTTP.name, "net/http, one request in process: time, allocations, both over bare"},
	{"parallel", "Echo v4 in process, a visitor for each processor: time of a request"},
	{"server", fmt.Sprintf("Echo v4 over loopback, %d connections: requests/s, bare Echo's in turn, the median share", connections)},
	{"bytes", fmt.Sprintf("Postgres and Redis, %d sessions with documents of %d bytes: bytes of each", sized, documentB)},
	{postgresOne, "Postgres, fsync on, Echo v4 in process, one caller: time, allocations, times the raw SELECT in turn, the median"},
	{postgresMany, fmt.Sprintf("Postgres, fsync on, Echo v4 in process, %d callers: time of one share, allocations, times the raw SELECT in turn, the median", connections)},
	{tierOne, "Tier, Redis before Postgres, one caller: time, allocations, times the raw GET in turn, the median"},
	{tierMany, fmt.Sprintf("Tier, Redis before Postgres, %d callers: time of one share, allocations, times the raw GET in turn, the median", connections)},
	{"prune", "Postgres, fsync on, lookups while expired rows are pruned"},
	{"stats", "Postgres, fsync on, lookups while a large table is counted"},
	{"ceiling", "What a read of a signed, stored session cannot do without: time, allocations"},
}

func printTables(out io.Writer) {
	fmt.Fprintf(out, "\n%s, %s/%s, %d processors\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.GOMAXPROCS(0))
	for _, t := range tables {
		tab := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		title := "\n" + t.title + "\n"
		for _, r := range rows {
			if r.table == t.name {
				fmt.Fprintf(tab, "%s  %s\t%s\t%s\n", title, r.kind, r.library, r.columns())
				title = ""
			}
		}
		_ = tab.Flush()
	}
}

func (r row) columns() string {
	switch {
	case r.text != "":
		return r.text
	case r.table == postgresOne, r.table == postgresMany, r.table == tierOne, r.table == tierMany:
		return fmt.Sprintf("%s\t%.0f\t%.2f", microseconds(r.other), r.allocs, 1/r.share)
	case r.table == "server":
		return fmt.Sprintf("%s\t%s\t%.2f", perSecond(r.other), perSecond(r.base), r.share)
	case r.table == "parallel":
		return microseconds(r.other)
	case !r.paired:
		return fmt.Sprintf("%s\t%.0f", microseconds(r.other), r.allocs)
	}
	text := fmt.Sprintf("%s\t%.0f\t+%s\t+%.0f", microseconds(r.other), r.allocs, microseconds(r.over()), r.overAllocs)
	if r.goal > 0 {
		text += fmt.Sprintf("\tat most +%s, +%.0f", microseconds(r.goal), r.goalAllocs)
	}
	return text
}

func perSecond(each time.Duration) string { return fmt.Sprint(int(time.Second / each)) }

func microseconds(d time.Duration) string { return fmt.Sprintf("%.2f µs", d.Seconds()*1e6) }
