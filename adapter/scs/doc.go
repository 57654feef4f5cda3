// Package scsstore makes a store of this module a store of alexedwards/scs, and
// moves logins from scs to our own sessions.
//
//	sessions := scs.New()
//	sessions.Store, err = scsstore.New(st, scsstore.Options{}) // st: memory, Postgres, Redis, or the tier
//
// # What scs's interface cannot protect
//
// scs hands a store a token, bytes and an end, and its Commit is an upsert. So, on
// whatever store:
//
//   - Of two requests that change the same session at the same time, the later
//     commit wins whole: what the other one changed is lost. A store sees bytes,
//     and cannot merge them.
//   - RenewToken deletes the old token before the new one is stored. A store that
//     fails in between has lost the session.
//   - A user's sessions cannot be listed or revoked by the user's name, which is
//     somewhere in the bytes; scs's Iterate reads them all.
//
// What a store can do is done: Commit is a Save over the version that was read,
// and a session that ended after this process had found it (a logout, a renewal of
// its token, its end) is not brought back by a request that was still running:
// Commit is [ErrEnded]. A token that this process has never found, or has
// forgotten since ([Options.Remember]), can only be taken for a new one.
//
// Our own sessions have none of these limits; [Adopt] moves logins over.
package scsstore
