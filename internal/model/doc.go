// Package model checks the protocol of the tier: Redis in front of Postgres, with
// a logout that is final. It is a model and not the code: a Postgres of a few
// transactions with snapshots, a tail and a guard; two nodes that poll, load and
// write; a Redis that answers with whatever it ever held. Every order of their
// steps is tried, breadth first, so what is found is a shortest way to it.
//
// Time is Postgres time in ticks, and has no end: only ages are kept, and an age
// that no rule can tell from an older one stops growing. What bounds the search
// is the number of transactions, of values written and of requests at a time.
//
// The protocol is the zero value of [Weakness]. Each field of it takes one rule
// away, and the tests say which promise breaks then. A rule that could be taken
// away without harm would be decoration.
//
// The search is one goroutine. Its inner functions are marked go:norace, since the
// race detector would find nothing in them and make them four times as slow.
package model
