package bench

import (
	"testing"
	"time"
)

// BenchmarkRequest measures one request after the other, in process.
func BenchmarkRequest(b *testing.B) {
	for _, h := range hosts {
		b.Run(h.name, func(b *testing.B) {
			base := newVisitor(h.serve(bare())).at(unused, "session=none")
			b.Run("bare", func(b *testing.B) {
				for b.Loop() {
					base.serve()
				}
				note(row{
					table: h.name, library: "bare",
					turn: fastest(inProcess(base.many, base.many)), allocs: allocations(base.serve),
				})
			})
			for _, k := range kinds {
				for _, lib := range []library{empty(), ours(), scsLibrary(), gorilla()} {
					if k.in(lib) && worth(h, k, lib) {
						b.Run(k.name+"/"+lib.name, func(b *testing.B) { benchmarkKind(b, h, k, lib, base) })
					}
				}
			}
		})
	}
}

// worth keeps a run short: a peer differs little from host to host.
func worth(h host, k kind, lib library) bool {
	switch {
	case h.name == onEcho4.name || lib.name == "session":
		return true
	case lib.name == "gorilla":
		return false
	}
	return k.name == unused || k.name == read || k.name == write
}

func benchmarkKind(b *testing.B, h host, k kind, lib library, base *visitor) {
	v, err := visit(h.serve(lib), lib, k)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		v.serve()
	}
	r := row{table: h.name, kind: k.name, library: lib.name, paired: true}
	r.turn = fastest(inProcess(base.many, v.many))
	r.allocs = allocations(v.serve)
	r.overAllocs = r.allocs - allocations(base.serve)
	if lib.name == "session" {
		r.goal, r.goalAllocs = k.goal, k.allocs
	}
	b.ReportMetric(float64(r.over()), "over-ns/op")
	b.ReportMetric(r.overAllocs, "over-allocs/op")
	if err := v.answered(k.answer); err != nil {
		b.Fatal(err)
	}
	note(r)
}

func inProcess(base, other func(n int)) []turn { return pair(base, other, 2*time.Millisecond, 40) }

// BenchmarkParallel measures visitors who read at the same time, one for each
// processor, each with a session of their own.
func BenchmarkParallel(b *testing.B) {
	for _, k := range kinds[:2] {
		for _, lib := range []library{bare(), ours(), scsLibrary()} {
			if !k.in(lib) {
				continue
			}
			b.Run(onEcho4.name+"/"+k.name+"/"+lib.name, func(b *testing.B) {
				app := onEcho4.serve(lib)
				b.RunParallel(func(pb *testing.PB) {
					v, err := visit(app, lib, k)
					if err != nil {
						b.Error(err)
						return
					}
					for pb.Next() {
						v.serve()
					}
					if err := v.answered(k.answer); err != nil {
						b.Error(err)
					}
				})
				note(row{table: "parallel", kind: k.name, library: lib.name, turn: turn{other: b.Elapsed() / time.Duration(b.N)}})
			})
		}
	}
}
