package storetest

import (
	"context"
	"strings"

	"github.com/echosession/session/store"
)

// hostile are texts that mean something to some store, if it lets them.
var hostile = []string{
	`' OR '1'='1`,
	`'; DROP TABLE sessions; --`,
	`" \ $1 $$ %s %00 ?`,
	`../../etc/passwd`,
	`C:\con\..`,
	`*`, `?`, `[a-z]*`, `%`, `_`,
	`a:b:c{d}e`, `{}`,
	"line\r\nSET x y\r\n",
	"tab\tbell\a",
	" spaces before and after ",
	"ünï cödé 会话 👩‍🚀",
	"e\u0301", "é", // equal to the eye, not to a store
	"İı", "I", "i",
	"null", "undefined", "__proto__",
}

var hostileChecks = []check{
	{says: "an id is an id, whatever is in it", see: func(ctx context.Context, p *probe) {
		ids := append([]string{strings.Repeat("long ", 800)}, hostile...)
		for i, id := range ids {
			ids[i] = p.tag + id
			p.none(ctx, "an odd id that is unknown", ids[i])
			p.want(nil, "Delete of an odd id that is unknown", p.Delete(ctx, &store.Record{ID: ids[i]}))
		}
		stored := make([]*store.Record, len(ids))
		for i, id := range ids {
			stored[i] = p.next(p.record())
			stored[i].ID = id
			p.want(nil, "Create of "+show(id), p.Create(ctx, stored[i]))
		}
		for i, r := range stored {
			p.holds(ctx, "of "+show(ids[i]), r)
			p.want(nil, "Touch of "+show(ids[i]), p.Touch(ctx, p.next(r)))
			next := p.next(r)
			p.want(nil, "Save of "+show(ids[i]), p.Save(ctx, next))
			p.holds(ctx, "of "+show(ids[i]), next)
			stored[i] = next
		}
		for i, r := range stored {
			p.want(nil, "Delete of "+show(ids[i]), p.Delete(ctx, &store.Record{ID: r.ID}))
			p.none(ctx, show(ids[i]), r.ID)
			for j, other := range stored[i+1:] {
				p.holds(ctx, show(ids[i+1+j])+" after Delete of "+show(ids[i]), other)
			}
		}
	}},
	{says: "a User and a Handle are what they are, whatever is in them", see: func(ctx context.Context, p *probe) {
		for _, odd := range hostile {
			r := p.create(ctx, func(r *store.Record) {
				r.User, r.Handle = p.tag+odd, p.tag+odd
			})
			p.holds(ctx, "a record of the user and handle "+show(odd), r)
			next := p.moved(r)
			next.User = odd + p.tag
			p.want(nil, "Rotate to the user "+show(odd), p.Rotate(ctx, r.ID, next))
			p.holds(ctx, "a record of the user "+show(odd), next)
			p.want(nil, "Delete by the handle "+show(odd), p.Delete(ctx, &store.Record{ID: p.name("id"), Handle: r.Handle}))
			p.none(ctx, "what was deleted by the handle "+show(odd), next.ID)
		}
	}},
	{says: "a User has at most MaxUser bytes", see: func(ctx context.Context, p *probe) {
		longest := p.tag + strings.Repeat("é", (store.MaxUser-len(p.tag))/2)
		longest += strings.Repeat("x", store.MaxUser-len(longest))
		r := p.create(ctx, user(longest))
		p.holds(ctx, "a record of the longest user", r)

		tooLong := p.record()
		tooLong.User = longest + "x"
		p.refused("Create", p.Create(ctx, tooLong))
		p.none(ctx, "what was refused", tooLong.ID)
		save, rotate := p.next(r), p.moved(r)
		save.User, rotate.User = longest+"x", longest+"x"
		p.refused("Save", p.Save(ctx, save))
		p.refused("Rotate", p.Rotate(ctx, r.ID, rotate))
		p.holds(ctx, "what was there", r)
		p.none(ctx, "what was refused", rotate.ID)
	}},
}

// refused ends the check if there is no error.
func (p *probe) refused(what string, err error) {
	if err == nil {
		p.failf("%s with a User of more than MaxUser bytes: got no error", what)
	}
}

// show is how an odd text is named in a finding.
func show(text string) string {
	if len(text) > 40 {
		text = text[:40] + "…"
	}
	return strings.ToValidUTF8(text, "")
}
