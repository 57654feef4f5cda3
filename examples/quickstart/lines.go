package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// lines are what to try. Each works by itself: curl keeps the cookie in a file.
const lines = `Try, in another terminal:

  curl -b "%[1]s" -c "%[1]s" %[2]s
  curl -b "%[1]s" -c "%[1]s" -d user=ann %[2]s/login
  curl -b "%[1]s" -c "%[1]s" %[2]s
  curl -b "%[1]s" -c "%[1]s" -X POST %[2]s/logout
  curl -b "%[1]s" -c "%[1]s" %[2]s

`

func printLines(port string) {
	jar := filepath.Join(os.TempDir(), "quickstart-"+port+".cookies")
	fmt.Printf(lines, jar, "http://127.0.0.1:"+port)
}
