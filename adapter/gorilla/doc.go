// Package gorillastore is a gorilla/sessions store that keeps its values in the
// visitor's own session, so that libraries written for gorilla (gothic,
// echo-contrib/session) and the application share one login:
//
//	store, err := gorillastore.New(gorillastore.Options{})
//	...
//	gothic.Store = store
//	e.Use(echosession.Middleware(manager), contribsession.Middleware(store))
//
// Each gorilla name is a bucket of its own in the session. There is no second
// cookie: what a bucket holds is stored, and the session's cookie sent, with the
// response, as with session.Session.Set. What gorilla calls deleting a session,
// a MaxAge below zero, empties the bucket; the application's login is not gorilla's
// to end.
//
// # Values
//
// They are stored as JSON, and come back as the type they were. The type is
// remembered where JSON has none for it; types of the application's own are named
// in [Options.Types], as they were to gob.Register. What cannot be kept is an
// error of Save, and nothing is stored then.
//
// Keys may be what they are in gorilla, strings or not. Saves of parallel requests
// merge by key: what a request did not change stays as the other one left it.
package gorillastore
