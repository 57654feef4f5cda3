package testserver

import (
	"errors"
	"fmt"
	"maps"
	"testing"
)

// Standby starts a streaming replica, which answers reads and can be promoted.
// It returns when it receives what the primary writes.
func (pg *Postgres) Standby(t testing.TB) *Postgres {
	t.Helper()
	standby, err := pg.newStandby()
	if err != nil {
		t.Fatal(err)
	}
	standby.t = t
	standby.closeAfter(t)
	return standby
}

func (pg *Postgres) newStandby() (*Postgres, error) {
	options := maps.Clone(pg.options)
	delete(options, "restore_command")
	standby, err := preparePostgres(pg.bin, pg.major, options)
	if err != nil {
		return nil, err
	}
	standby.primary = pg
	standby.name = "standby of " + pg.name
	standby.follow(true)
	err = errors.Join(standby.configure(), pg.backup(standby.data()), standby.signalFile("standby.signal"))
	if err == nil {
		err = standby.launch()
	}
	if err == nil {
		err = standby.awaitReceiver(true)
	}
	if err != nil {
		return nil, errors.Join(err, standby.close())
	}
	return standby, nil
}

func (pg *Postgres) follow(on bool) {
	pg.options["primary_conninfo"] = ""
	if on {
		pg.options["primary_conninfo"] = fmt.Sprintf("host=127.0.0.1 port=%d user=postgres sslmode=disable", pg.primary.port)
	}
}

// awaitReceiver waits until the standby receives changes, or does not any more.
func (pg *Postgres) awaitReceiver(on bool) error {
	const receiving = "SELECT count(*) FROM pg_stat_wal_receiver"
	want, what := "0", pg.name+" to be detached"
	sql := receiving
	if on {
		want, what = "1", pg.name+" to be attached"
		sql += " WHERE status = 'streaming'"
	}
	return await(patience, what, func() (bool, error) {
		got, err := pg.value(pg.URL(), sql)
		return got == want, err
	})
}

// Detach cuts the standby off: from then on it learns nothing, so that promoting
// it loses what the primary has committed since. (A standby that is only paused
// still reads, when it goes on, what waits in its socket.)
func (pg *Postgres) Detach() { pg.attach("Detach", false) }

// Attach lets a detached standby follow its primary again.
func (pg *Postgres) Attach() { pg.attach("Attach", true) }

func (pg *Postgres) attach(verb string, on bool) {
	pg.control(verb, func() error {
		if err := pg.mustBeStandby(); err != nil {
			return err
		}
		pg.follow(on)
		if err := pg.configure(); err != nil {
			return err
		}
		pg.proc.signal(sigHup)
		return pg.awaitReceiver(on)
	})
}

// CatchUp waits until the standby shows all that its primary has committed.
func (pg *Postgres) CatchUp() {
	pg.control("CatchUp", func() error {
		if err := pg.mustBeStandby(); err != nil {
			return err
		}
		end, err := pg.primary.value(pg.primary.URL(), "SELECT pg_current_wal_flush_lsn()")
		if err != nil {
			return err
		}
		return await(patience, pg.name+" to catch up", func() (bool, error) {
			done, err := pg.value(pg.URL(), "SELECT pg_last_wal_replay_lsn() >= '"+end+"'")
			return done == "true", err
		})
	})
}

// Promote makes the standby a primary. The old primary is left alone: kill it
// before, or there are two.
func (pg *Postgres) Promote() {
	pg.control("Promote", func() error {
		if err := pg.mustBeStandby(); err != nil {
			return err
		}
		ok, err := pg.value(pg.URL(), "SELECT pg_promote()")
		if err != nil {
			return err
		}
		if ok != "true" {
			return errors.New("it did not become a primary in a minute")
		}
		return nil
	})
}

func (pg *Postgres) mustBeStandby() error {
	switch {
	case pg.primary == nil:
		return errors.New("it is no standby")
	case pg.proc == nil:
		return errors.New("it is down")
	}
	return nil
}
