//go:build unix && !linux

package main

// refuseHandshakes needs a packet filter of the socket, which only Linux has.
func refuseHandshakes(uintptr) {}
