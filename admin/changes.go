package admin

import (
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"regexp"
	"strconv"
	"unicode/utf8"

	"github.com/echosession/session/internal/handle"
	"github.com/echosession/session/store"
)

const (
	maxBody   = 16 << 10
	maxReason = 200 // characters
)

// An order is the body of POST sessions/revoke.
type order struct {
	Handle   string `json:"handle"`
	User     string `json:"user"`
	Everyone bool   `json:"everyone"`
	Reason   string `json:"reason"`
}

func (h *Handler) revoke(w http.ResponseWriter, r *http.Request) error {
	o, err := readOrder(w, r)
	if err != nil {
		return err
	}
	v := store.Revocation{Handle: o.Handle, User: o.User, Everyone: o.Everyone}
	if err := v.Validate(); err != nil {
		return refusal{status: http.StatusBadRequest, text: "name whom to end: a handle, a user, a handle and its user, or everyone and nothing else"}
	}
	if err := checkName("user", o.User); err != nil {
		return err
	}
	if err := checkPasted(o); err != nil {
		return err
	}
	if length := utf8.RuneCountInString(o.Reason); length > maxReason {
		return refusal{status: http.StatusBadRequest, text: fmt.Sprintf("the reason has %d characters, and at most %d are allowed", length, maxReason)}
	}
	reason := oneLine(o.Reason, maxReason)
	if reason == "" {
		return refusal{status: http.StatusBadRequest, text: "say why, in reason: it goes into the log"}
	}
	actor := h.actor(r) // before: it may be the actor's own session that ends
	n, err := h.sessions.Revoke(r.Context(), v)
	h.change(r, actor, "sessions_revoke", n, err, "user", v.User, "handle", v.Handle, "everyone", v.Everyone, "reason", reason)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, struct {
		Revoked int `json:"revoked"`
	}{n})
}

func (h *Handler) cleanup(w http.ResponseWriter, r *http.Request) error {
	n, err := h.sessions.Cleanup(r.Context())
	h.change(r, h.actor(r), "session_cleanup", n, err)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, struct {
		Deleted int `json:"deleted"`
	}{n})
}

// readOrder reads JSON, or a form as curl's -d sends it. A name it does not know
// is an error: {"user":"ann","handel":"x"} is not to end all of ann's sessions.
func readOrder(w http.ResponseWriter, r *http.Request) (o order, err error) {
	bad := func(text string) (order, error) {
		return order{}, refusal{status: http.StatusBadRequest, text: text}
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind == "application/x-www-form-urlencoded" {
		if err := r.ParseForm(); err != nil {
			return bad("the body is not a form of at most 16 KiB")
		}
		for name, values := range r.PostForm {
			if len(values) != 1 {
				return bad("each field once, please")
			}
			switch name {
			case "handle":
				o.Handle = values[0]
			case "user":
				o.User = values[0]
			case "reason":
				o.Reason = values[0]
			case "everyone":
				if o.Everyone, err = strconv.ParseBool(values[0]); err != nil {
					return bad("everyone is neither true nor false")
				}
			default:
				return bad("the fields are handle, user, everyone and reason")
			}
		}
		return o, nil
	}
	if kind != "application/json" {
		return bad("send JSON, with Content-Type: application/json, or a form")
	}
	body := json.NewDecoder(r.Body)
	body.DisallowUnknownFields()
	if err := body.Decode(&o); err != nil {
		return bad("the body is not a JSON object of handle, user, everyone and reason")
	}
	if _, err := body.Token(); err != io.EOF {
		return bad("the body has something after its JSON object")
	}
	return o, nil
}

// A session's cookie, as we and express-session sign it, and as it may be encoded.
var signedID = regexp.MustCompile(`s(:|%3[Aa])\S*\.([A-Za-z0-9+/]|%2[BbFf]){43}`)

// checkPasted refuses what would put an id into the log: support is sent cookies,
// and pastes them.
func checkPasted(o order) error {
	if o.Handle != "" && !handle.Is(o.Handle) {
		return refusal{status: http.StatusBadRequest, text: "this is no handle; " + handle.Shape + ", as GET sessions and the page show it"}
	}
	if signedID.MatchString(o.User) || signedID.MatchString(o.Reason) {
		return refusal{status: http.StatusBadRequest, text: "user or reason holds the cookie of a session, which the log must not have; leave it out"}
	}
	return nil
}

// checkName refuses what no user is called, before a database does.
func checkName(what, name string) error {
	if len(name) > store.MaxUser || !store.IsText(name) {
		return refusal{status: http.StatusBadRequest, text: fmt.Sprintf("the %s has more than %d bytes, or is not valid text", what, store.MaxUser)}
	}
	return nil
}
