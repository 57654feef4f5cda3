package storetest

import (
	"context"
	"reflect"
	"time"

	"github.com/echosession/session/store"
)

var statsChecks = []check{
	{says: "Stats counts the records", alone: true, see: func(ctx context.Context, p *probe) {
		before := p.stats(ctx)
		name := p.name("user")
		first := p.create(ctx)
		p.create(ctx, user(name))
		p.create(ctx, user(name))
		p.create(ctx, user(p.name("user")))
		p.create(ctx, idle(p.life), user(p.name("user")))
		p.pass(ctx)
		young := p.load(ctx, "the first", first.ID).Now.Sub(first.Created)
		after := p.stats(ctx)
		old := p.load(ctx, "the first", first.ID).Now.Sub(first.Created)
		p.grew(after, "Active", after.Active-before.Active, 4)
		p.grew(after, "LoggedIn", after.LoggedIn-before.LoggedIn, 3)
		p.grew(after, "Users", after.Users-before.Users, 2)
		switch {
		case after.Expired < 0 || after.Bytes < 0:
			p.failf("Stats: got %d expired and %d bytes", after.Expired, after.Bytes)
		case counted(after, "OldestAge") && before.Active == 0 && (after.OldestAge < young-p.grain || after.OldestAge > old+p.grain):
			p.failf("Stats: OldestAge is %v, want between %v and %v", after.OldestAge, young, old)
		}
		if _, keeps := store.As[store.Pruner](p.Store); keeps == nil && counted(after, "Expired") && after.Expired-before.Expired > 2 {
			p.failf("Stats: Expired grew by %d, want at most 2", after.Expired-before.Expired)
		}
	}},
	{says: "Left counts the active records by how long they still have", alone: true, see: func(ctx context.Context, p *probe) {
		before := p.stats(ctx).Left
		p.create(ctx, idle(p.life))
		p.pass(ctx)
		for n, left := range []time.Duration{30 * time.Minute, 12 * time.Hour, 48 * time.Hour, 240 * time.Hour} {
			for range n + 1 { // another number of each
				p.create(ctx, func(r *store.Record) { r.Idle, r.Absolute = left, 0 })
			}
		}
		st := p.stats(ctx)
		after := st.Left
		p.grew(st, "Left", after.Hour-before.Hour, 1)
		p.grew(st, "Left", after.Day-before.Day, 2)
		p.grew(st, "Left", after.Three-before.Three, 3)
		p.grew(st, "Left", after.More-before.More, 4)
		if sum := after.Hour + after.Day + after.Three + after.More; counted(st, "Left") && counted(st, "Active") && sum != st.Active {
			p.failf("Stats: Left has %d records, and %d are active", sum, st.Active)
		}
	}},
	{says: "Created has the last thirty days, in UTC, and the records that were created on them", alone: true, see: func(ctx context.Context, p *probe) {
		before := p.stats(ctx)
		want := map[time.Time]int{}
		var last *store.Record
		for range 3 {
			last = p.create(ctx)
			want[last.Created.UTC().Truncate(24*time.Hour)]++
		}
		after := p.stats(ctx)
		if after.Basis["Created"] == store.Unknown {
			return
		}
		if len(after.Created) != 30 {
			p.failf("Stats: Created has %d days, want 30", len(after.Created))
		}
		for i, d := range after.Created {
			if date := after.Created[29].Date.AddDate(0, 0, i-29); !d.Date.Equal(date) || !date.Equal(date.UTC().Truncate(24*time.Hour)) {
				p.failf("Stats: day %d of Created is %v, want the midnight of %v", i, d.Date, date)
			}
		}
		// It may have become midnight since.
		if passed := after.Created[29].Date.Sub(last.Now.UTC().Truncate(24 * time.Hour)); passed != 0 && passed != 24*time.Hour {
			p.failf("Stats: Created ends with %v, and it is %v", after.Created[29].Date, last.Now)
		}
		for date, n := range want {
			p.grew(after, "Created", on(after, date)-on(before, date), n)
		}
	}},
	{says: "Basis names figures that were not simply counted, and one that is unknown is zero", alone: true, see: func(ctx context.Context, p *probe) {
		p.create(ctx, user(p.name("user")))
		st := p.stats(ctx)
		for figure, basis := range st.Basis {
			field := reflect.ValueOf(st).FieldByName(figure)
			switch {
			case !field.IsValid() || figure == "Basis":
				p.failf("Stats: Basis has %q, which is no figure", figure)
			case basis != store.Estimated && basis != store.Unknown:
				p.failf("Stats: %s is %q, want %q or %q", figure, basis, store.Estimated, store.Unknown)
			case basis == store.Unknown && !field.IsZero():
				p.failf("Stats: %s is unknown, and %v", figure, field)
			}
		}
		if st.Indexes < 0 || st.Indexes > st.Bytes {
			p.failf("Stats: Indexes are %d of %d bytes", st.Indexes, st.Bytes)
		}
	}},
}

func (p *probe) stats(ctx context.Context) store.Stats {
	st, err := ability[store.Stater](p).Stats(ctx)
	p.want(nil, "Stats", err)
	return st
}

func counted(st store.Stats, figure string) bool { return st.Basis[figure] == "" }

// grew ends the check if a figure that was counted did not grow by so many.
func (p *probe) grew(st store.Stats, figure string, by, want int) {
	if counted(st, figure) && by != want {
		p.failf("Stats: %s grew by %d, want %d", figure, by, want)
	}
}

// on is how many records were created on a day.
func on(st store.Stats, date time.Time) int {
	for _, d := range st.Created {
		if d.Date.Equal(date) {
			return d.Sessions
		}
	}
	return 0
}
