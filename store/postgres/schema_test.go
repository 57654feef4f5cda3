package pgstore_test

import (
	"flag"
	"os"
	"testing"

	pgstore "github.com/echosession/session/store/postgres"
)

var update = flag.Bool("update", false, "write schema.sql anew")

// TestSchemaFile keeps the file for psql the same as what Migrate runs.
func TestSchemaFile(t *testing.T) {
	want, err := pgstore.SQL(pgstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("schema.sql", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile("schema.sql")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("schema.sql differs from schema/*.sql; write it anew with: go test ./store/postgres -run TestSchemaFile -update")
	}
}
