package tests_test

import (
	"testing"
	"time"

	"github.com/echosession/session"
	"github.com/echosession/session/store"
	memstore "github.com/echosession/session/store/memory"
	"github.com/echosession/session/telemetry"
)

// What measuring costs: a lookup on the memory store without and with it, and an
// event.
func BenchmarkLoad(b *testing.B) {
	plain := memstore.New(memstore.Options{})
	must(b, plain.Create(b.Context(), &store.Record{ID: "one", Data: []byte(`{}`), Idle: time.Hour}))
	tel, _ := measured(b, telemetry.Options{})
	for name, st := range map[string]store.Store{"plain": plain, "measured": tel.Store(plain, "memory")} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := st.Load(b.Context(), "one"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkEvent(b *testing.B) {
	tel, _ := measured(b, telemetry.Options{})
	hook, event := tel.Hook(), session.Event{Kind: session.Refused, Reason: session.BadSignature}
	b.ReportAllocs()
	for b.Loop() {
		hook.Event(b.Context(), event)
	}
}
