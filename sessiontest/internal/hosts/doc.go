// Package hosts has the tests of package sessiontest on each host: net/http, Echo
// v4 and v5. They are in a folder of their own: what the tests of an imported
// package import, its users get into their go.sum.
package hosts
