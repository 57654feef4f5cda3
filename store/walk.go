package store

import "context"

// Walker is the ability to visit every record: for export, and for interfaces
// that list all sessions. It reads all that is stored.
type Walker interface {
	// Walk calls each with the live records whose id begins with prefix ("" is all
	// of them), one after the other, in no order, each once. Unlike the records of
	// [UserIndex] they carry their ID. Walk ends when there are no more, or with
	// the first error of each, as it is. What is created, rotated or ended
	// meanwhile may or may not be among them.
	Walk(ctx context.Context, prefix string, each func(*Record) error) error
}
