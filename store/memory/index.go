package memstore

import (
	"sync"

	"github.com/echosession/session/store"
)

// An index knows which entries there are and whose they are. Its lock comes
// after those of the shards and is held for a few steps only.
type index struct {
	mu      sync.Mutex
	count   int
	handles map[string]*entry
	users   map[string]*list
	nobody  list // entries without a user, in the order in which they came to have none

	revocations revocations
}

func (x *index) init() {
	x.handles = make(map[string]*entry)
	x.users = make(map[string]*list)
}

// add makes e known. The caller holds x.mu, as for all that follows.
func (x *index) add(e *entry) {
	x.count++
	if e.handle != "" {
		x.handles[e.handle] = e
	}
	x.list(e.user).push(e)
}

func (x *index) remove(e *entry) {
	x.count--
	if e.handle != "" {
		delete(x.handles, e.handle)
	}
	x.unlist(e)
}

// move gives e to another user.
func (x *index) move(e *entry, user string) {
	x.unlist(e)
	e.user = user
	x.list(user).push(e)
}

// list is where the entries of a user belong.
func (x *index) list(user string) *list {
	if user == "" {
		return &x.nobody
	}
	l := x.users[user]
	if l == nil {
		l = new(list)
		x.users[user] = l
	}
	return l
}

func (x *index) unlist(e *entry) {
	e.in.remove(e)
	if e.user != "" && x.users[e.user].first == nil {
		delete(x.users, e.user)
	}
}

// named returns the entries that v names.
func (x *index) named(v store.Revocation) []*entry {
	switch {
	case v.Everyone:
		all := make([]*entry, 0, x.count)
		all = x.nobody.appendTo(all)
		for _, l := range x.users {
			all = l.appendTo(all)
		}
		return all
	case v.Handle != "":
		if e := x.handles[v.Handle]; e != nil {
			return []*entry{e}
		}
	case x.users[v.User] != nil:
		return x.users[v.User].appendTo(nil)
	}
	return nil
}

// holder locks the shard that has e now, and returns it; nil means that e is
// gone. The caller holds no lock.
//
// The index may not be held while a shard's lock is taken. So: ask the index for
// the id, let go, lock the shard, look whether e is there. When a rotation moved
// it in between, ask again: the index is told of the new id before the rotation
// lets go of its shards, so each further round needs a further rotation. Once
// the shard is locked, e can neither move nor go.
func (s *Store) holder(e *entry) *shard {
	for {
		s.index.mu.Lock()
		id, gone := e.id, e.in == nil
		s.index.mu.Unlock()
		if gone {
			return nil
		}
		sh := s.shard(id)
		sh.mu.Lock()
		if sh.records[id] == e {
			return sh
		}
		sh.mu.Unlock()
	}
}

// remove ends e for good. The caller holds the lock of sh, which has e.
func (s *Store) remove(sh *shard, e *entry) {
	sh.drop(e)
	s.index.mu.Lock()
	defer s.index.mu.Unlock()
	s.index.remove(e)
	s.room.give(e.size())
}

// A list holds entries in order, by links in the entries themselves.
type list struct{ first, last *entry }

func (l *list) push(e *entry) {
	e.in, e.prev, e.next = l, l.last, nil
	if l.last == nil {
		l.first = e
	} else {
		l.last.next = e
	}
	l.last = e
}

func (l *list) remove(e *entry) {
	if e.prev == nil {
		l.first = e.next
	} else {
		e.prev.next = e.next
	}
	if e.next == nil {
		l.last = e.prev
	} else {
		e.next.prev = e.prev
	}
	e.in, e.prev, e.next = nil, nil, nil
}

// appendTo appends the entries, the latest first.
func (l *list) appendTo(es []*entry) []*entry {
	for e := l.last; e != nil; e = e.prev {
		es = append(es, e)
	}
	return es
}
