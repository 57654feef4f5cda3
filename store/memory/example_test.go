package memstore_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/echosession/session/store"
	memstore "github.com/echosession/session/store/memory"
)

func ExampleNew() {
	now := time.Date(2026, time.January, 1, 12, 0, 0, 0, time.UTC)
	sessions := memstore.New(memstore.Options{
		MaxEntries: 1000,
		Now:        func() time.Time { return now }, // a test moves it by hand
		Logger:     slog.New(slog.DiscardHandler),
	})

	ctx := context.Background()
	r := &store.Record{ID: "secret", User: "ann", Data: []byte(`{"n":1}`), Idle: time.Hour}
	if err := sessions.Create(ctx, r); err != nil {
		fmt.Println(err)
	}
	got, err := sessions.Load(ctx, "secret")
	fmt.Println(got.User, string(got.Data), got.Expires.Format(time.TimeOnly), err)

	now = now.Add(time.Hour)
	_, err = sessions.Load(ctx, "secret")
	fmt.Println(errors.Is(err, store.ErrNotFound), err)
	// Output:
	// ann {"n":1} 13:00:00 <nil>
	// true session not found: its lifetime is over
}
