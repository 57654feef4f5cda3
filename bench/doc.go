// Package bench measures what a session adds to a request, beside bare Echo and
// beside other session libraries, in one run:
//
//	go test -run='^$' -bench=. -benchmem ./...
//
// A table of the run follows the benchmarks. Machines differ and neighbours
// disturb, so read the ratios, and the columns "over bare": those compare
// requests that took turns with bare ones. docs/performance.md of the repository
// explains a run.
//
// It is a module of its own, so that nobody who imports the library meets the
// peers it is compared with.
package bench
