package chaos

import (
	"flag"
	"testing"
	"time"

	"github.com/echosession/session/internal/testserver"
)

var (
	runTime = flag.Duration("chaos.time", 8*time.Second, "how long things are broken")
	runSeed = flag.Uint64("chaos.seed", 0, "of faults and operations; 0 is a new one")
)

func TestMain(m *testing.M) { testserver.Main(m) }

// TestChaos: see the package's documentation.
func TestChaos(t *testing.T) {
	seed := *runSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano()) % 1_000_000
	}
	Run(t, Options{Seed: seed, Time: *runTime, Nodes: 3, Clients: 7, Pause: 30 * time.Millisecond})
}
