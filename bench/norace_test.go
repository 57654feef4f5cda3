//go:build !race

package bench

const droppedByRace = 0
