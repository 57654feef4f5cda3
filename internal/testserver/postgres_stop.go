package testserver

import (
	"errors"
	"syscall"
)

// A StopMode is one of pg_ctl's.
type StopMode string

// What pg_ctl does with connections: Smart waits for them to end by themselves,
// Fast ends them and writes everything out, Immediate ends without writing, so
// that the next start recovers.
const (
	Smart     StopMode = "smart"
	Fast      StopMode = "fast"
	Immediate StopMode = "immediate"
)

var stopSignals = map[StopMode]syscall.Signal{Smart: sigTerm, Fast: sigInt, Immediate: sigQuit}

// Stop ends the server in a mode, and returns when it is down.
func (pg *Postgres) Stop(mode StopMode) {
	pg.control("Stop", func() error { return pg.stop(mode) })
}

// Restart stops the server in fast mode and starts it.
func (pg *Postgres) Restart() {
	pg.control("Restart", func() error {
		if err := pg.stop(Fast); err != nil {
			return err
		}
		return pg.start()
	})
}

func (pg *Postgres) stop(mode StopMode) error {
	switch {
	case pg.proc == nil:
		return errors.New("it is down")
	case pg.paused:
		return errors.New("it is paused")
	case stopSignals[mode] == 0:
		return errors.New("no such mode: " + string(mode))
	}
	pg.proc.signal(stopSignals[mode])
	if err := pg.proc.wait(); err != nil {
		return err
	}
	pg.proc = nil
	return nil
}
