package testserver

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Replica starts a replica, and returns when it has the master's data.
func (r *Redis) Replica(t testing.TB) *Redis {
	t.Helper()
	opts := r.opts
	opts.Settings = maps.Clone(opts.Settings)
	if opts.Settings == nil {
		opts.Settings = map[string]string{}
	}
	opts.Settings["replicaof"] = strings.ReplaceAll(r.Addr(), ":", " ")
	replica := StartRedis(t, opts)
	replica.name = "replica of Redis"
	replica.control("Replica", func() error {
		return await(patience, "the replica to have its data", func() (bool, error) {
			info, err := replica.Do("INFO", "replication")
			return strings.Contains(info, "master_link_status:up"), err
		})
	})
	return replica
}

// Promote makes a replica a master with the data that it has, also after a
// restart. The old master is left alone.
func (r *Redis) Promote() {
	r.control("Promote", func() error {
		if _, err := r.Do("REPLICAOF", "NO", "ONE"); err != nil {
			return err
		}
		_, err := r.Do("CONFIG", "REWRITE")
		return err
	})
}

// Dump returns the server's data as a file of it.
func (r *Redis) Dump() []byte {
	var dump []byte
	r.control("Dump", func() error {
		if _, err := r.Do("SAVE"); err != nil {
			return err
		}
		var err error
		if dump, err = os.ReadFile(r.dumpFile()); err != nil {
			return err
		}
		if r.opts.Settings["save"] != "" {
			return nil
		}
		return os.Remove(r.dumpFile()) // else the next start would read it
	})
	return dump
}

// Load kills the server if it runs and starts it with the data of a dump: what
// came after it is undone. It is not for servers with appendonly, which do not
// read the file.
func (r *Redis) Load(dump []byte) {
	r.control("Load", func() error {
		if r.opts.Settings["appendonly"] == "yes" {
			return errors.New("with appendonly, a dump is not read")
		}
		if r.proc != nil {
			if err := r.kill(); err != nil {
				return err
			}
		}
		if err := os.WriteFile(r.dumpFile(), dump, 0o600); err != nil {
			return err
		}
		if err := r.start(); err != nil {
			return err
		}
		if r.opts.Settings["save"] != "" {
			return nil
		}
		return os.Remove(r.dumpFile())
	})
}

func (r *Redis) dumpFile() string { return filepath.Join(r.dir, "dump.rdb") }
