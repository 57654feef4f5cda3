package memstore_test

import (
	"context"
	"testing"

	memstore "github.com/echosession/session/store/memory"
)

// The sizes are those of real sessions: 43 characters of id, 200 bytes of data.
func benchStore(b *testing.B, n int) (*memstore.Store, []string) {
	s := newStore(b, memstore.Options{})
	ids := make([]string, n)
	for i := range ids {
		r := record("ann")
		r.ID += "-0123456789012345678901234567890"
		r.Data = append([]byte(`{"pad":"`), make([]byte, 190)...)
		ids[i] = create(b, s, r).ID
	}
	return s, ids
}

func BenchmarkLoad(b *testing.B) {
	s, ids := benchStore(b, 1)
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Load(ctx, ids[0]); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLoadOfMany(b *testing.B) {
	s, ids := benchStore(b, 100_000)
	ctx := context.Background()
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i += 7919 {
			if _, err := s.Load(ctx, ids[i%len(ids)]); err != nil {
				b.Error(err)
			}
		}
	})
}

func BenchmarkSave(b *testing.B) {
	s, ids := benchStore(b, 1)
	ctx := context.Background()
	r, err := s.Load(ctx, ids[0])
	if err != nil {
		b.Fatal(err)
	}
	r.Idle = record("").Idle
	b.ReportAllocs()
	for b.Loop() {
		if err := s.Save(ctx, r); err != nil {
			b.Fatal(err)
		}
	}
}

// What each request of a flood costs that stores one more anonymous session.
func BenchmarkCreateWhenFull(b *testing.B) {
	s := newStore(b, memstore.Options{MaxEntries: 100_000})
	ctx := context.Background()
	for range 100_000 {
		create(b, s, record(""))
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := s.Create(ctx, record("")); err != nil {
			b.Fatal(err)
		}
	}
}
