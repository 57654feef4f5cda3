package doctor

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/echosession/session/store"
)

// roundTrip stores a session that is nobody's, reads it back, changes it and
// deletes it. Its lifetime shows a time zone that is off.
func roundTrip(ctx context.Context, st store.Store) error {
	const idle = time.Minute
	r := &store.Record{
		ID: "doctor-" + rand.Text() + rand.Text(), Handle: "doctor-" + rand.Text(), Idle: idle,
		Data: []byte(`{"cookie":{"originalMaxAge":60000,"expires":null,"httpOnly":true,"path":"/"}}`),
	}
	if err := st.Create(ctx, r); err != nil {
		return fmt.Errorf("a session cannot be stored: %w", err)
	}
	changing := func() error {
		got, err := st.Load(ctx, r.ID)
		if err != nil {
			return fmt.Errorf("a stored session cannot be read: %w", err)
		}
		if left := got.Expires.Sub(got.Now); left < idle-time.Second || left > idle+time.Second {
			return fmt.Errorf("a session stored for %s lives for %s", idle, left.Round(time.Second))
		}
		got.Idle, got.Data = idle, []byte(`{"cookie":{"originalMaxAge":60000,"expires":null,"httpOnly":true,"path":"/"},"changed":true}`)
		if err := st.Save(ctx, got); err != nil {
			return fmt.Errorf("a session cannot be saved: %w", err)
		}
		if err := st.Touch(ctx, got); err != nil {
			return fmt.Errorf("a session cannot be renewed: %w", err)
		}
		return nil
	}
	err := changing()
	if derr := st.Delete(ctx, r); derr != nil {
		return errors.Join(err, fmt.Errorf("a session cannot be ended: %w", derr))
	}
	if _, lerr := st.Load(ctx, r.ID); err == nil && !errors.Is(lerr, store.ErrNotFound) {
		err = errors.New("a session that was ended is still there")
	}
	return err
}
