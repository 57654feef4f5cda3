package pgstore_test

import (
	"testing"
	"time"

	"github.com/echosession/session/internal/testserver"
	"github.com/echosession/session/store"
	pgstore "github.com/echosession/session/store/postgres"
	"github.com/echosession/session/store/storetest"
)

// TestContract is the contract on every shape of table, zone, execution mode and
// version that the store is for. A run takes a second or two of the machine, so
// modes share one with shapes and zones.
func TestContract(t *testing.T) {
	cases := []struct {
		name    string
		version int
		table   string // made before the migration
		zone    string // of the database
		mode    string // of the pool
		pooler  bool
		options pgstore.Options
	}{
		{name: "a new table"},
		{name: "a new table, America/New_York, cache_describe", zone: "America/New_York", mode: "cache_describe"},
		{name: "the guide's table, UTC, describe_exec", table: guide, zone: "UTC", mode: "describe_exec"},
		{name: "the guide's table, America/New_York, simple_protocol", table: guide, zone: "America/New_York", mode: "simple_protocol"},
		{name: "PgBouncer, cache_describe, the guide's table, Asia/Tokyo", mode: "cache_describe", pooler: true, table: guide, zone: "Asia/Tokyo"},
		{name: "PgBouncer, exec, a new table of another name", mode: "exec", pooler: true,
			options: pgstore.Options{Schema: "My_App", Table: "Order"}, table: `CREATE SCHEMA "My_App"`},
		{name: "PgBouncer, simple_protocol, the guide's table, Asia/Tokyo", mode: "simple_protocol", pooler: true, table: guide, zone: "Asia/Tokyo"},
		{name: "Postgres 18", version: 18},
		{name: "Postgres 18, the guide's table, America/New_York", version: 18, table: guide, zone: "America/New_York"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			pg := testserver.SharedPostgres(t, testserver.PostgresOptions{Version: c.version})
			at := pg.Database(t)
			direct := connect(t, at)
			if c.zone != "" {
				exec(t, direct, `ALTER DATABASE "`+direct.Config().ConnConfig.Database+`" SET timezone = '`+c.zone+`'`)
				direct.Close()
				direct = connect(t, at)
			}
			if c.table != "" {
				exec(t, direct, c.table)
			}
			if err := pgstore.Migrate(t.Context(), direct, c.options); err != nil {
				t.Fatal(err)
			}
			if c.pooler {
				at = testserver.StartPgBouncer(t, pg, testserver.PgBouncerOptions{}).URL(at)
			}
			params := []string{"pool_max_conns", "8"} // as many as race each other at most
			if c.mode != "" {
				params = append(params, "default_query_exec_mode", c.mode)
			}
			c.options.Timeout = time.Minute // a slow machine does not reach it
			s := open(t, connect(t, at, params...), c.options)
			storetest.Run(t, func(*testing.T) store.Store { return s })
		})
	}
}
