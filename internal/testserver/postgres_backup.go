package testserver

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// A Backup is a copy of a cluster's files at some time.
type Backup struct{ dir string }

// Backup makes a base backup of the running server, which may be written to
// meanwhile. It is kept until the end of the test.
func (pg *Postgres) Backup(t testing.TB) Backup {
	t.Helper()
	dir, err := newDir(pg.as)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := removeDir(dir); err != nil {
			t.Error(err)
		}
	})
	b := Backup{filepath.Join(dir, "data")}
	if err := pg.backup(b.dir); err != nil {
		t.Fatal(err)
	}
	return b
}

// A Timeline says how a restored cluster goes on from its backup.
type Timeline string

// SameTimeline is what a snapshot of the disk does: the cluster recovers as after
// a crash, and nothing but its data tells that time went back. NewTimeline is
// what a restore from an archive does.
const (
	SameTimeline Timeline = "same"
	NewTimeline  Timeline = "new"
)

// Restore puts a backup in the place of the server's data. What came after the
// backup is gone; address and system identifier stay the same. A server that
// runs is killed first.
func (pg *Postgres) Restore(b Backup, timeline Timeline) {
	pg.control("Restore", func() error {
		if pg.proc != nil {
			if err := pg.kill(); err != nil {
				return err
			}
		}
		if err := os.RemoveAll(pg.data()); err != nil {
			return err
		}
		if err := copyTree(pg.data(), b.dir, pg.as, nil); err != nil {
			return err
		}
		if timeline == NewTimeline {
			// The archive has nothing beyond the backup itself.
			pg.options["restore_command"] = "false"
			if err := errors.Join(pg.configure(), pg.signalFile("recovery.signal")); err != nil {
				return err
			}
		}
		if err := pg.start(); err != nil {
			return err
		}
		// It answers before its recovery has ended.
		return await(patience, "the end of the recovery", func() (bool, error) {
			busy, err := pg.value(pg.URL(), "SELECT pg_is_in_recovery()")
			return busy == "false", err
		})
	})
}

// signalFile makes an empty file that tells the server how to start.
func (pg *Postgres) signalFile(name string) error {
	path := filepath.Join(pg.data(), name)
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		return err
	}
	return pg.as.give(path)
}

// backup copies the data directory as pg_basebackup would, which the servers
// that npm brings do not have. The log of changes comes last: it has to reach to
// the end of the backup.
func (pg *Postgres) backup(to string) error {
	begin, end := "pg_backup_start('test', true)", "pg_backup_stop(false)"
	if pg.major < 15 {
		begin, end = "pg_start_backup('test', true, false)", "pg_stop_backup(false, false)"
	}
	return pg.with(pg.URL(), func(ctx context.Context, conn *pgx.Conn) error {
		if _, err := conn.Exec(ctx, "SELECT "+begin); err != nil {
			return err
		}
		if err := copyTree(to, pg.data(), pg.as, ofServer); err != nil {
			return err
		}
		var label string
		if err := conn.QueryRow(ctx, "SELECT labelfile FROM "+end).Scan(&label); err != nil {
			return err
		}
		path := filepath.Join(to, "backup_label")
		if err := os.WriteFile(path, []byte(label), 0o600); err != nil {
			return err
		}
		return errors.Join(pg.as.give(path),
			copyTree(filepath.Join(to, "pg_wal"), filepath.Join(pg.data(), "pg_wal"), pg.as, nil))
	})
}

// ofServer says which files belong to the running server and not to its data.
func ofServer(path string) bool {
	switch dir, name, _ := strings.Cut(path, string(filepath.Separator)); {
	case dir == "postmaster.pid", dir == "postmaster.opts":
		return true
	case name == "":
		return false
	default:
		switch dir {
		case "pg_wal", "pg_dynshmem", "pg_notify", "pg_replslot", "pg_serial", "pg_snapshots", "pg_stat_tmp", "pg_subtrans":
			return true
		}
	}
	return false
}

// copyTree copies a directory that may change meanwhile: files may go away.
func copyTree(to, from string, as *account, skip func(path string) bool) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && path != from {
			return nil
		}
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if skip != nil && skip(name) {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		target := filepath.Join(to, name)
		switch {
		case d.IsDir():
			err = os.Mkdir(target, 0o700)
			if errors.Is(err, fs.ErrExist) {
				err = nil
			}
		case d.Type().IsRegular():
			err = copyFile(target, path)
		default:
			return nil
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return errors.Join(err, as.give(target))
	})
}

func copyFile(to, from string) error {
	r, err := os.Open(from)
	if err != nil {
		return err
	}
	defer r.Close()
	w, err := os.OpenFile(to, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, r)
	return errors.Join(err, w.Close())
}
