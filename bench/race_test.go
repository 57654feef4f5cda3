//go:build race

package bench

// droppedByRace is what a read allocates anew, on average, because the race
// detector makes every sync.Pool drop one of four on purpose.
const droppedByRace = 4
