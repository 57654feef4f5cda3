package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/echosession/session/store"
)

var errorChecks = []check{
	{says: "no error holds an id or a document", see: func(ctx context.Context, p *probe) {
		there, taken, unknown := p.create(ctx), p.create(ctx), p.record()
		stale, long, onto := p.next(there), p.next(there), p.next(there)
		stale.Version = 0
		long.User = strings.Repeat("u", store.MaxUser+1)
		onto.ID = taken.ID
		over, cancel := context.WithCancel(ctx)
		cancel()

		for _, try := range []struct {
			what string
			old  string // what to rotate
			r    *store.Record
			call func(ctx context.Context, old string, r *store.Record) error
		}{
			{"Load of an unknown id", "", unknown, p.loads},
			{"Create of an id that exists", "", p.next(there), p.creates},
			{"Create with a User that is too long", "", p.moved(long), p.creates},
			{"Save over another version", "", stale, p.saves},
			{"Save of an unknown id", "", unknown, p.saves},
			{"Save with a User that is too long", "", long, p.saves},
			{"Touch of an unknown id", "", unknown, p.touches},
			{"Rotate over another version", there.ID, p.moved(stale), p.Rotate},
			{"Rotate of an unknown id", unknown.ID, p.moved(there), p.Rotate},
			{"Rotate to a taken id", there.ID, onto, p.Rotate},
			{"Rotate with a User that is too long", there.ID, p.moved(long), p.Rotate},
			{"Delete of an unknown id", "", unknown, p.deletes},
		} {
			for when, ctx := range map[string]context.Context{"": ctx, " with a context that is over": over} {
				err := try.call(ctx, try.old, try.r)
				text := fmt.Sprintf("%v %+v", err, err)
				for _, secret := range []string{try.r.ID, try.old, string(try.r.Data)} {
					if secret != "" && strings.Contains(text, secret) {
						p.failf("%s%s: the error holds an id or a document", try.what, when)
					}
				}
			}
		}
	}},
	{says: "a context that is over is an error of none of the sentinels that speak of the session", see: func(ctx context.Context, p *probe) {
		over, cancel := context.WithCancel(ctx)
		cancel()
		unknown := func(what string, err error) {
			if err == nil || isOneOf(err, store.ErrNotFound, store.ErrExists, store.ErrConflict, store.ErrRevoked) {
				p.failf("%s with a context that is over: got the error %v", what, err)
			}
		}

		r := p.record()
		unknown("Create", p.Create(over, r))
		if _, err := p.Load(ctx, r.ID); err != nil {
			p.want(store.ErrNotFound, "Load after Create", err) // or it was created: that is not known
		}

		r = p.create(ctx)
		_, err := p.Load(over, r.ID)
		unknown("Load", err)
		_, err = p.Load(over, p.name("id"))
		unknown("Load of an unknown id", err)
		unknown("Touch", p.Touch(over, p.next(r)))
		r.Expires = p.load(ctx, "after Touch", r.ID).Expires // whether it was renewed is not known
		p.holds(ctx, "after Touch", r)

		save := p.next(r)
		unknown("Save", p.Save(over, save))
		if got := p.load(ctx, "after Save", r.ID); string(got.Data) != string(r.Data) && string(got.Data) != string(save.Data) {
			p.failf("Save with a context that is over: left data that is neither the old nor the new")
		}

		r = p.create(ctx)
		to := p.moved(r)
		unknown("Rotate", p.Rotate(over, r.ID, to))
		_, from := p.Load(ctx, r.ID)
		_, moved := p.Load(ctx, to.ID)
		if errors.Is(from, store.ErrNotFound) == errors.Is(moved, store.ErrNotFound) {
			p.failf("Rotate with a context that is over: left the session under both ids or none (%v, %v)", from, moved)
		}
		unknown("Delete", p.Delete(over, r))
	}},
}

// The methods in the form of Rotate.

func (p *probe) loads(ctx context.Context, _ string, r *store.Record) error {
	_, err := p.Load(ctx, r.ID)
	return err
}

func (p *probe) creates(ctx context.Context, _ string, r *store.Record) error {
	return p.Create(ctx, r)
}
func (p *probe) saves(ctx context.Context, _ string, r *store.Record) error   { return p.Save(ctx, r) }
func (p *probe) touches(ctx context.Context, _ string, r *store.Record) error { return p.Touch(ctx, r) }
func (p *probe) deletes(ctx context.Context, _ string, r *store.Record) error {
	return p.Delete(ctx, r)
}
