package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
)

// answer writes a value as JSON, or, to a person, by table.
func (t *tool) answer(value any, table func(w *tabwriter.Writer)) error {
	if !t.tables {
		e := json.NewEncoder(t.out)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return e.Encode(value)
	}
	w := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	table(w)
	return w.Flush()
}

// row writes the cells of a line.
func row(w *tabwriter.Writer, cells ...any) {
	line := ""
	for i, cell := range cells {
		if i > 0 {
			line += "\t"
		}
		line += fmt.Sprint(cell)
	}
	fmt.Fprintln(w, strings.TrimRight(line, "\t"))
}

// size is a number of bytes for people.
func size(bytes int64) string {
	units := []string{"B", "kB", "MB", "GB", "TB"}
	value, unit := float64(bytes), 0
	for value >= 1000 && unit < len(units)-1 {
		value, unit = value/1000, unit+1
	}
	if unit == 0 {
		return fmt.Sprintf("%d B", bytes)
	}
	return fmt.Sprintf("%.1f %s", value, units[unit])
}

// plural is a number of things.
func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
