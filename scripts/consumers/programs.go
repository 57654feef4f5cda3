package main

// A consumer is a program and what it imports.
type consumer struct {
	name    string
	imports []string // ours begin with "."; of a command it is "go get -tool"
}

const echo4, echo5 = "github.com/labstack/echo/v4", "github.com/labstack/echo/v5"

var consumers = []consumer{
	{"the sessions and net/http, memory", []string{".", "./store/memory"}},
	{"Echo v4, memory", []string{".", "./middleware", "./store/memory", echo4}},
	{"Echo v5, memory", []string{".", "./middleware/v5", "./store/memory", echo5}},
	{"Echo v5, Postgres", []string{".", "./middleware/v5", "./store/postgres", echo5}},
	{"Echo v5, Redis", []string{".", "./middleware/v5", "./store/redis", echo5}},
	{"Echo v5, every store by configuration", []string{".", "./middleware/v5", "./store/open", echo5}},
	{"Echo v5, memory, tests with `sessiontest`", []string{".", "./middleware/v5", "./store/memory", "./sessiontest", echo5}},
	{"Echo v5, memory, the gorilla adapter", []string{".", "./middleware/v5", "./store/memory", "./adapter/gorilla", echo5}},
	{"Echo v5, memory, the scs adapter", []string{".", "./middleware/v5", "./store/memory", "./adapter/scs", echo5}},
	{"Echo v5, Postgres, telemetry", []string{".", "./middleware/v5", "./store/postgres", "./telemetry", echo5}},
	{"Echo v5, Postgres, the admin", []string{".", "./middleware/v5", "./store/postgres", "./admin", "./admin/v5", echo5}},
	{"the command-line tool, by `go get -tool`", []string{"./cmd/echosession"}},
	{"everything but the tool", []string{".", "./middleware", "./middleware/v5", "./store/open", "./telemetry", "./admin/v4", "./admin/v5", "./sessiontest", "./adapter/gorilla", "./adapter/scs", echo4, echo5}},
	{"for comparison: Echo v4 alone", []string{echo4}},
	{"for comparison: Echo v5 alone", []string{echo5}},
}
