// Package interop proves that Express and Echo share logins: its tests run live
// Express apps (folder express) and the reference app side by side, on one table,
// through the tier, and on one Redis. It has a module of its own because nobody
// else needs what it needs: Node, and the packages that express/package-lock.json
// pins.
package interop
