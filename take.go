package session

import (
	"context"
	"encoding/json"
)

// Take returns the value of a key and removes it, and commits before it returns:
// of parallel requests at most one gets the value. It is for what may be used
// once, such as an OAuth state or a password reset (ASVS 10.1.2). Whatever else
// the request has changed is committed with it. An error means that the value
// was not taken, or is not known to be.
func Take[T any](ctx context.Context, s *Session, key string) (T, bool, error) {
	return take(ctx, s, func(d *draft) (value T, ok bool, err error) {
		value, ok, err = decode[T](key, d.doc.get(key))
		if ok {
			d.doc.delete(key)
		}
		return value, ok, err
	})
}

// take commits what an operation removes, and returns what it removed when the
// commit went through: the fresh document's value, where it had to run again.
func take[T any](ctx context.Context, s *Session, remove func(*draft) (T, bool, error)) (value T, ok bool, err error) {
	var none T
	s.mu.Lock()
	defer s.unlock()
	err = s.changeLocked(func(d *draft) (err error) {
		if value, ok, err = remove(d); ok {
			d.mark()
		}
		return err
	})
	if err != nil {
		return none, false, err
	}
	if !ok { // nothing to take, and so nothing to commit
		s.ops = s.ops[:len(s.ops)-1]
		return none, false, nil
	}
	if err := s.commit(ctx); err != nil || !ok {
		return none, false, err
	}
	return value, true, nil
}

// Our own part of a document, under one reserved key. Members that another
// version of this package wrote stay as they are.
const (
	ownAuth  = "auth"  // milliseconds since 1970: when the user proved who they are
	ownFlash = "flash" // values shown once
	ownMark  = "mark"  // chance, new with each save whose bytes must be ours alone
)

// own changes our part of a document.
func (d *draft) own(change func(*document)) {
	part := parseDocument(d.doc.get(keyOwn))
	change(&part)
	if len(part.fields) == 0 {
		d.doc.delete(keyOwn)
		return
	}
	d.doc.set(keyOwn, part.text())
}

// mark makes the document's bytes ours alone. When the outcome of a save is not
// known, our very bytes in the store prove that it happened; but another request
// may take the same value, or count to the same number, and leave the same ones.
func (d *draft) mark() {
	d.own(func(part *document) { part.set(ownMark, quote(randomText(6))) })
}

// Flash adds a value that is shown once, by [Flashes], in this request or a
// later one. Errors are those of [Session.Set].
func (s *Session) Flash(value any) error {
	raw, err := encode(value)
	if err != nil {
		return err
	}
	return s.change(func(d *draft) error {
		d.own(func(part *document) {
			var list []json.RawMessage
			_ = json.Unmarshal(part.get(ownFlash), &list) // damaged: begin anew
			list = append(list, raw)
			part.set(ownFlash, joinRaw(list))
		})
		d.mark()
		return nil
	})
}

// Flashes takes all flashes that are a T, oldest first, as [Take] takes a value:
// each is returned once, however many requests ask. Flashes of other types stay.
func Flashes[T any](ctx context.Context, s *Session) ([]T, error) {
	list, _, err := take(ctx, s, func(d *draft) (taken []T, ok bool, err error) {
		d.own(func(part *document) {
			var all, left []json.RawMessage
			_ = json.Unmarshal(part.get(ownFlash), &all)
			for _, raw := range all {
				if value, ok, err := decode[T]("flash", raw); ok && err == nil {
					taken = append(taken, value)
				} else {
					left = append(left, raw)
				}
			}
			if len(left) > 0 {
				part.set(ownFlash, joinRaw(left))
			} else {
				part.delete(ownFlash)
			}
		})
		return taken, len(taken) > 0, nil
	})
	return list, err
}

// joinRaw is the JSON array of values, each as it stands.
func joinRaw(list []json.RawMessage) []byte {
	raw := []byte{'['}
	for i, value := range list {
		if i > 0 {
			raw = append(raw, ',')
		}
		raw = append(raw, value...)
	}
	return append(raw, ']')
}
