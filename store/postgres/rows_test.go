package pgstore_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/echosession/session/store"
	pgstore "github.com/echosession/session/store/postgres"
)

// TestHostileRows: whatever stands in a row by hand, a request gets its record or
// none, never an outage that would last as long as the row.
func TestHostileRows(t *testing.T) {
	rows := map[string]struct {
		set   string
		lives bool
	}{
		"expire infinity":           {`expire = 'infinity'`, true},
		"expire -infinity":          {`expire = '-infinity'`, false},
		"expire in the year 9999":   {`expire = '9999-12-31'`, true},
		"expire in the year 290000": {`expire = '290000-01-01'`, true},
		"expire before Christ":      {`expire = '4000-01-01 BC'`, false},
		"created infinity":          {`created_at = 'infinity'`, true},
		"created -infinity":         {`created_at = '-infinity'`, true},
		"created in the year 9999":  {`created_at = '9999-12-31'`, true},
		"created before Christ":     {`created_at = '0044-03-15 BC'`, true},
		"milliseconds as seconds":   {`expire = to_timestamp(1790000000000), created_at = to_timestamp(1790000000000)`, true},
		"version 0":                 {`version = 0`, true},
		"version negative":          {`version = -5`, true},
		"version at its largest":    {`version = 9223372036854775806`, true},
		"no user, no handle":        {`user_id = NULL, handle = NULL`, true},
		"a user beyond the limit":   {`user_id = repeat('u', 2000)`, true},
		"an empty handle":           {`handle = ''`, true},
		"an array":                  {`sess = '[]'`, true},
		"null":                      {`sess = 'null'`, true},
		"NUL":                       {`sess = '{"a":"\u0000"}'`, true},
		"half a surrogate":          {`sess = '{"a":"\ud800"}'`, true},
	}
	for name, table := range map[string]string{"a new table": "", "the guide's table": guide} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pool := connect(t, shared(t).Database(t))
			if table != "" {
				exec(t, pool, table)
			}
			if err := pgstore.Migrate(t.Context(), pool, pgstore.Options{}); err != nil {
				t.Fatal(err)
			}
			s := open(t, pool, pgstore.Options{})
			for name, row := range rows {
				t.Run(name, func(t *testing.T) {
					hostile(t, s, pool, "id of "+name, row.set, row.lives)
				})
			}
		})
	}
}

// hostile uses a session whose row, the only one, was set to something by hand.
func hostile(t *testing.T, s *pgstore.Store, pool *pgxpool.Pool, id, set string, lives bool) {
	defer exec(t, pool, `DELETE FROM session`)
	if err := s.Create(t.Context(), record(id, "ann")); err != nil {
		t.Fatal(err)
	}
	exec(t, pool, `UPDATE session SET `+set)
	got, err := s.Load(t.Context(), id)
	if !lives {
		if !errors.Is(err, store.ErrNotFound) {
			t.Errorf("Load: %v", err)
		}
		return
	}
	if err != nil {
		t.Fatalf("Load: %v", err)
	}
	list, err := s.Sessions(t.Context(), "ann")
	if err != nil {
		t.Errorf("Sessions: %v", err)
	}
	for _, r := range list { // as every answer that shows it does
		if _, err := json.Marshal([]time.Time{r.Created, r.Expires}); err != nil {
			t.Errorf("Sessions: %v", err)
		}
	}
	got.User = "ann" // whose it is the document says
	got.Idle, got.Absolute = time.Hour, 24*time.Hour
	if err := s.Touch(t.Context(), got); err != nil && !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Touch: %v", err)
	}
	got.Data = []byte(`{"cookie":{}}`)
	if err := s.Save(t.Context(), got); err != nil && !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Save: %v", err)
	}
	if _, err := s.Stats(t.Context()); err != nil {
		t.Errorf("Stats: %v", err)
	}
	if err := s.Delete(t.Context(), got); err != nil {
		t.Errorf("Delete: %v", err)
	}
}
