package store

import (
	"fmt"
	"io"
	"log/slog"
)

// Format writes the handle, whatever the verb: a Record that finds its way into
// a log or an error shows no id and no data.
func (r Record) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "session("+r.Handle+")") }

// LogValue is the handle.
func (r Record) LogValue() slog.Value {
	return slog.GroupValue(slog.String("handle", r.Handle))
}
