// Package matrix drives the response paths of an application through a real
// server, over HTTP/1.1 and HTTP/2, and checks on the wire what a session
// promises for each of them: the cookie is on the final response, once; the data
// is stored by the time the client has the headers; and where it could not be
// stored, the client gets the application's error page and nothing of the
// handler's answer.
//
// It is test support. It knows net/http and the session package; the paths of a
// framework are written beside its adapter.
package matrix

import "net/http"

// Text is in every answer of a handler, and in no error page.
const Text = "what the handler answers"

// A Path is one way to answer, by one framework.
type Path struct {
	// Name is what is printed.
	Name string
	// App is the whole application: the middleware of v.Manager, and a handler
	// that uses its session by v.Use and then answers.
	App func(v *Visit) http.Handler
	Request
	Want
}

// An Answer is a way to answer that needs nothing but net/http, and so is a path
// of every framework.
type Answer struct {
	Name  string
	Serve func(v *Visit, w http.ResponseWriter, r *http.Request) error
	// Itself says that Serve uses the session; else that is done before it.
	Itself bool
	Request
	Want
}

// Request is how a path is driven. The zero value is a plain GET.
type Request struct {
	Method string      // default GET
	Path   string      // default /
	Header http.Header // default none
	Body   string      // default none
	// HTTP10 sends the request as a client of 1996 would.
	HTTP10 bool
	// OnlyH1 says why there is no such path on HTTP/2.
	OnlyH1 string
	// OnlyH2 says why there is no such path on HTTP/1.1.
	OnlyH2 string
}

// Want is what comes back. The zero value is a 200 with [Text] in its body.
type Want struct {
	Status int               // default 200
	Header map[string]string // headers of the answer; none of them survives a failed commit
	Body   string            // in the body, instead of Text
	Empty  bool              // there is no body
	// Caching is the Cache-Control of an answer without the cookie. Default private.
	Caching string
	// Cookies is how many others there are beside the session's, at least.
	Cookies int
	// Endless is a body that ends when the client goes.
	Endless bool
	// Cut is a body that the server breaks off.
	Cut bool
	// Early is how many informational responses come first.
	Early int
	// NoAnswer is a connection that the server cuts instead of answering.
	NoAnswer bool
	// Upload is a request whose files the server puts into temporary ones.
	Upload bool

	// Dropped says why the session's change is not stored. A logout, which
	// happens at once, stays.
	Dropped string
	// OutOfReach says why no cookie can reach the client although the change is
	// stored: such a path counts as not reached, and is known to behave so.
	OutOfReach string
	// NotDown says why the path does not ask whether the store is there.
	NotDown string
	// Page is who writes the error page of a failed commit, as [PageHeader] tells.
	// Default the application's own error handler.
	Page string
	// PageStays is an error page that leaves as it is: only its own handler has
	// changed the session, and an error page is what there would be instead.
	PageStays bool
}

// both are the protocols, as they are printed.
var both = []string{"h1", "h2"}

func (r Request) protocols() []string {
	switch {
	case r.OnlyH1 != "":
		return both[:1]
	case r.OnlyH2 != "":
		return both[1:]
	}
	return both
}

// zipped reports whether the client takes compressed answers.
func (r Request) zipped() bool { return r.Header.Get("Accept-Encoding") != "" }

func (w Want) status() int {
	if w.Status == 0 {
		return http.StatusOK
	}
	return w.Status
}

// reached reports whether a session's cookie is expected to arrive.
func (w Want) reached() bool { return w.OutOfReach == "" }
