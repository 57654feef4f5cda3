// Command consumers prints what it costs to depend on this module: for small
// programs as a user writes them, each in a module of its own, the lines of go.mod
// and go.sum after "go mod tidy" against the local tree, and how many modules and
// packages of others the program links.
//
//	go run ./scripts/consumers          print the table
//	go run ./scripts/consumers -write   put it into docs/dependencies.md
//	go run ./scripts/consumers -check   fail where docs/dependencies.md has another one; what cannot be fetched is not checked
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const document = "docs/dependencies.md"

// The table stands between these lines of the document.
const begin, end = "<!-- made by make consumers -->\n", "<!-- end -->\n"

func main() {
	write := flag.Bool("write", false, "put the table into "+document)
	check := flag.Bool("check", false, "fail where the table of "+document+" is another one")
	flag.Parse()
	if err := run(*write, *check); err != nil {
		fmt.Fprintln(os.Stderr, "consumers:", err)
		os.Exit(1)
	}
}

func run(write, check bool) error {
	table, err := measureAll()
	if check && errors.Is(err, errTidy) {
		// That our own modules are tidy is another check.
		fmt.Fprintln(os.Stderr, "consumers: not checked:", err)
		return nil
	}
	if err != nil {
		return err
	}
	if !write && !check {
		fmt.Print(table)
		return nil
	}
	text, err := os.ReadFile(document)
	if err != nil {
		return err
	}
	before, rest, found := strings.Cut(string(text), begin)
	there, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		return fmt.Errorf("%s has no place for the table: the lines %q and %q", document, begin, end)
	}
	switch {
	case there == table:
		return nil
	case check:
		return errors.New(document + " is no longer so; make consumers writes what is:\n" + differences(there, table))
	}
	return os.WriteFile(document, []byte(before+begin+table+end+after), 0o644)
}

// measureAll is the table.
func measureAll() (string, error) {
	root, err := filepath.Abs(".")
	if err != nil {
		return "", err
	}
	var table strings.Builder
	table.WriteString("| a program with | modules it links | packages of others | `go.mod` lines | `go.sum` lines |\n| --- | ---: | ---: | ---: | ---: |\n")
	for _, c := range consumers {
		cost, err := measure(root, c)
		if err != nil {
			return "", fmt.Errorf("%s: %w", c.name, err)
		}
		fmt.Fprintf(&table, "| %s | %d | %d | %d | %d |\n", c.name, cost.modules, cost.packages, cost.mod, cost.sum)
	}
	return table.String(), nil
}

// differences are the lines that only one of two texts has.
func differences(old, now string) string {
	var all strings.Builder
	only := func(mark, text, other string) {
		for line := range strings.Lines(text) {
			if !strings.Contains(other, line) {
				all.WriteString(mark + line)
			}
		}
	}
	only("- ", old, now)
	only("+ ", now, old)
	return strings.TrimSuffix(all.String(), "\n")
}
