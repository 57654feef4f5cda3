module github.com/echosession/session/adapter/gorilla

go 1.26.0

replace github.com/echosession/session => ../../

require (
	github.com/echosession/session v0.0.0
	github.com/gorilla/securecookie v1.1.2
	github.com/gorilla/sessions v1.4.0
)

require (
	github.com/robfig/cron/v3 v3.0.1 // indirect
	golang.org/x/net v0.59.0 // indirect
)
