package main

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"syscall"
	"testing"

	"github.com/echosession/session/internal/testserver"
)

// A span is one as the program prints it.
type span struct {
	Name        string
	SpanContext struct{ TraceID, SpanID string }
	Parent      struct{ SpanID string }
}

// TestTraces: in the spans of the program the database's statement is a child of
// the store's call, and that one of the request; ids and values are in none.
func TestTraces(t *testing.T) {
	t.Parallel()
	url := testserver.SharedPostgres(t, testserver.PostgresOptions{}).Database(t)
	p := startProgram(t, append(onPostgres(url, "4"), "OTEL_TRACES_EXPORTER=console")...)
	c := p.client(t)
	c.post("/login", asForm, "user=planted-user-8c1f").is(t, "a login", 204, "")
	c.post("/set", asJSON, `{"k":"planted-value-5e77"}`)
	c.get("/me").is(t, "a read", 200, `{"user":"planted-user-8c1f","visits":0}`)
	p.signal(t, syscall.SIGTERM)
	p.exitCode(t)

	text := p.stdout.String()
	byID, chain := map[string]span{}, ""
	for in := json.NewDecoder(strings.NewReader(text)); ; {
		var s span
		if err := in.Decode(&s); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		byID[s.SpanContext.SpanID] = s
	}
	for _, s := range byID {
		if call := byID[s.Parent.SpanID]; call.Name == "echosession.load" {
			chain = byID[call.Parent.SpanID].Name + " " + call.Name + " " + s.Name
			if s.Name == "SELECT" {
				break
			}
		}
	}
	if !strings.HasSuffix(chain, " echosession.load SELECT") || strings.HasPrefix(chain, " ") {
		t.Errorf("no trace shows request, store and database, but %q:\n%s", chain, text)
	}
	for _, planted := range []string{"planted-user-8c1f", "planted-value-5e77"} { // ids: see checkEnd
		if strings.Contains(text, planted) {
			t.Errorf("the spans hold %q", planted)
		}
	}
}
