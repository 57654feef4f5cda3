// Package tests has the tests of package admin: as who calls it sees it, and in
// Chromium, on the memory store and on Postgres. They are in a folder of their own:
// what the tests of an imported package import, its users get into their go.sum.
package tests
