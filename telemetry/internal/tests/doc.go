// Package tests has the tests of package telemetry: with OpenTelemetry's SDK, on
// real stores, and as a trace of a whole application. They are in a folder of their
// own: what the tests of an imported package import, its users get into their go.sum.
package tests
