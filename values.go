package session

import "fmt"

// Get returns the value of a key as a T. It is false when the key is absent, or
// holds something that is not a T; [Lookup] tells the two apart. Struct fields
// are matched as encoding/json does, whatever their case.
func Get[T any](s *Session, key string) (T, bool) {
	value, ok, _ := Lookup[T](s, key)
	return value, ok
}

// Lookup is [Get] with an error: [ErrType] when the key holds something that is
// not a T, [ErrClosed] when the request is over. A JSON null counts as absent,
// unless T is a pointer, a slice, a map or an interface.
func Lookup[T any](s *Session, key string) (T, bool, error) {
	raw, err := s.raw(key)
	if err != nil {
		var none T
		return none, false, err
	}
	return decode[T](key, raw)
}

// Set stores a value under a key. The value is encoded now: what becomes of it
// later is not seen. It is refused, and the old value stays, when the key is
// reserved, empty or longer than 256 bytes ([ErrKey]); when the value has no
// JSON form, contains NUL or invalid UTF-8, or is nested deeper than 1000
// levels ([ErrValue]); when the document would outgrow [Config.MaxDocument]
// ([ErrTooLarge]).
//
// Integers above 2^53 are kept as they are, but an Express app that shares the
// session would round them: store those as strings.
func (s *Session) Set(key string, value any) error {
	if err := checkKey(key); err != nil {
		return err
	}
	raw, err := encode(value)
	if err != nil {
		return err
	}
	return s.change(func(d *draft) error {
		d.doc.set(key, raw)
		return nil
	})
}

// Update replaces the value of a key by f of it; an absent key is the zero T.
// When another request saved first, f runs again on what that one stored, so
// that parallel updates add up. It must therefore be pure, and must not use the
// session, which waits for it. A value that is not a T is [ErrType], and stays;
// so it does when f panics.
func Update[T any](s *Session, key string, f func(T) T) error {
	if err := checkKey(key); err != nil {
		return err
	}
	return s.change(func(d *draft) error {
		old, _, err := decode[T](key, d.doc.get(key))
		if err != nil {
			return err
		}
		raw, err := encode(f(old))
		if err != nil {
			return err
		}
		d.doc.set(key, raw)
		d.mark()
		return nil
	})
}

// Delete removes keys. Names an application may not write are passed over.
// Outside its request it does nothing.
func (s *Session) Delete(keys ...string) {
	_ = s.change(func(d *draft) error {
		for _, key := range keys {
			if refusedKeys[key] == "" {
				d.doc.delete(key)
			}
		}
		return nil
	})
}

// replay runs an operation that ran before, on a fresh document. A panic that
// did not happen then is an error now: the handler is not on the stack.
func (m *Manager) replay(do op, d *draft) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: the function of an Update panicked when it ran again", ErrValue)
		}
	}()
	return m.run(do, d)
}
