package bench

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"testing"
	"time"

	"github.com/echosession/session/store"
	memstore "github.com/echosession/session/store/memory"
)

// BenchmarkCeiling measures the parts that no read of a signed, stored session
// can do without, each by itself: what remains of a read is ours to answer for.
func BenchmarkCeiling(b *testing.B) {
	const id = "3q2-7wABAgMEBQYHCAkKCwwNDg8QERIT"
	data := []byte(document)
	records := memstore.New(memstore.Options{Logger: quiet})
	if err := records.Create(context.Background(), &store.Record{ID: id, Data: data, Idle: time.Hour}); err != nil {
		b.Fatal(err)
	}
	mac, sum, value := hmac.New(sha256.New, []byte(secret)), make([]byte, 0, sha256.Size), ""
	for _, part := range []struct {
		name string
		do   func()
	}{
		{"one HMAC-SHA-256 of an id", func() {
			mac.Reset()
			mac.Write([]byte(id))
			sum = mac.Sum(sum[:0])
		}},
		{"Load of the memory store", func() {
			if _, err := records.Load(context.Background(), id); err != nil {
				b.Fatal(err)
			}
		}},
		{"json.Valid of the document", func() {
			if !json.Valid(data) {
				b.Fatal("not valid")
			}
		}},
		{"json.Unmarshal of one value", func() {
			if err := json.Unmarshal([]byte(`"ann"`), &value); err != nil {
				b.Fatal(err)
			}
		}},
	} {
		b.Run(part.name, func(b *testing.B) {
			for b.Loop() {
				part.do()
			}
			many := func(n int) {
				for range n {
					part.do()
				}
			}
			note(row{table: "ceiling", kind: part.name, turn: fastest(inProcess(many, many)), allocs: allocations(part.do)})
		})
	}
}
