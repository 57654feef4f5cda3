package storetest

import (
	"context"
	"strings"

	"github.com/echosession/session/store"
)

// documents are valid JSON that a store would change if it read it.
var documents = []string{
	`{}`,
	`{"b":1,"a":2,"b":3}`,
	" {\n\t\"spaced\" : [ 1 , 2 ]\r\n} ",
	`{"big":12345678901234567890123,"one":1.0,"exp":1E+2,"zero":-0}`,
	`{"escaped":"\u00e9\/\u003cb\u003e","plain":"é/<b>"}`,
	`{"quotes":"'; DROP TABLE session; --","percent":"%s %d \\ $1 ?"}`,
	`{"emoji":"👩‍🚀","bidi":"` + "\u202e" + `","null":null,"":""}`,
	`{"long":"` + strings.Repeat("0123456789abcdef", 4096) + `"}`,
}

var loadChecks = []check{
	{says: "Load returns the record of an id", see: func(ctx context.Context, p *probe) {
		a, b := p.create(ctx, user(p.name("user"))), p.create(ctx)
		p.holds(ctx, "one record", a)
		p.holds(ctx, "another record", b)
	}},
	{says: "Load is ErrNotFound when the id is unknown", see: func(ctx context.Context, p *probe) {
		r := p.create(ctx)
		p.none(ctx, "an unknown id", p.name("id"))
		p.none(ctx, "the handle of a record", r.Handle)
		p.none(ctx, "the beginning of an id", r.ID[:len(r.ID)-1])
		p.none(ctx, "an id in capitals", strings.ToUpper(r.ID))
	}},
	{says: "Load is ErrNotFound when the lifetime is over, pruned or not", see: func(ctx context.Context, p *probe) {
		r := p.create(ctx, idle(p.life))
		p.ends(ctx, "a record", r.ID)
	}},
	{says: "a store returns the bytes it was given", see: func(ctx context.Context, p *probe) {
		r := p.record()
		for i, document := range documents {
			r.ID, r.Handle, r.Data = p.name("id"), p.name("handle"), []byte(document)
			p.want(nil, "Create", p.Create(ctx, r))
			p.holds(ctx, "after Create", r)
			r.Data = []byte(documents[(i+1)%len(documents)])
			p.want(nil, "Save", p.Save(ctx, r))
			p.holds(ctx, "after Save", r)
			moved := p.moved(r)
			moved.Data = []byte(document)
			p.want(nil, "Rotate", p.Rotate(ctx, r.ID, moved))
			p.holds(ctx, "after Rotate", moved)
		}
	}},
	{says: "neither side sees what the other does to its Record afterwards", see: func(ctx context.Context, p *probe) {
		// scribble does what a caller may do to a record that is its own.
		scribble := func(r *store.Record) {
			for i := range r.Data {
				r.Data[i] = 'x'
			}
			r.User, r.Version = "scribbled", 0
		}
		r := p.create(ctx)
		kept := clone(r)
		scribble(r)
		p.holds(ctx, "after the created record was changed", kept)
		scribble(p.load(ctx, "to change it", kept.ID))
		p.holds(ctx, "after the loaded record was changed", kept)

		r = p.next(kept)
		p.want(nil, "Save", p.Save(ctx, r))
		kept = clone(r)
		scribble(r)
		p.holds(ctx, "after the saved record was changed", kept)

		r = p.moved(kept)
		p.want(nil, "Rotate", p.Rotate(ctx, kept.ID, r))
		kept = clone(r)
		scribble(r)
		p.holds(ctx, "after the rotated record was changed", kept)
	}},
	{says: "a Version names one state of Data, and the zero Version none", see: func(ctx context.Context, p *probe) {
		seen := map[uint64]bool{0: true}
		fresh := func(what string, r *store.Record) {
			if seen[r.Version] {
				p.failf("after %s: the Version %d was there before, or is zero", what, r.Version)
			}
			seen[r.Version] = true
			p.holds(ctx, "after "+what, r)
		}
		r := p.create(ctx)
		fresh("Create", r)
		for range 3 {
			p.want(nil, "Save", p.Save(ctx, r)) // the very same data
			fresh("Save", r)
		}
		moved := p.moved(r)
		p.want(nil, "Rotate", p.Rotate(ctx, r.ID, moved))
		fresh("Rotate", moved)
	}},
}
