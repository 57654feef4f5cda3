// Package servers has the tests of the scs adapter that need a server. They are in
// a folder of their own: what the tests of an imported package import, its users
// get into their go.sum.
package servers
