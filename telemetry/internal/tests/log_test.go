package tests_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/echosession/session"
	"github.com/echosession/session/telemetry"
)

// logged is the line that an event makes, as JSON without its time; "" for none.
func logged(t *testing.T, e session.Event) string {
	t.Helper()
	var out bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug,
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		}}))
	telemetry.Log(logger).Event(t.Context(), e)
	return strings.TrimSuffix(out.String(), "\n")
}

// TestAuditLog has the line of each kind of event, and all of it.
func TestAuditLog(t *testing.T) {
	t.Parallel()
	const who = `"user":"ann","handle":"h1"`
	want := map[session.Event]string{
		{Kind: session.Created}:                                             `{"level":"INFO","msg":"Session created","event":"session_created",` + who + `}`,
		{Kind: session.LoggedIn}:                                            `{"level":"INFO","msg":"User logged in","event":"authn_login_success",` + who + `}`,
		{Kind: session.Rotated}:                                             `{"level":"INFO","msg":"Session got a new id","event":"session_renewed",` + who + `,"reason":"rotated"}`,
		{Kind: session.Touched}:                                             `{"level":"DEBUG","msg":"Session lifetime renewed","event":"session_renewed",` + who + `,"reason":"used"}`,
		{Kind: session.LoggedOut}:                                           `{"level":"INFO","msg":"User logged out","event":"session_expired",` + who + `,"reason":"logout"}`,
		{Kind: session.Revoked, Count: 3}:                                   `{"level":"INFO","msg":"Sessions revoked","event":"session_expired",` + who + `,"reason":"revoked","count":3}`,
		{Kind: session.Pruned, Count: 7}:                                    `{"level":"INFO","msg":"Sessions timed out","event":"session_expired",` + who + `,"reason":"timeout","count":7}`,
		{Kind: session.Expired}:                                             `{"level":"INFO","msg":"Session used after its lifetime","event":"session_use_after_expire",` + who + `,"reason":"timeout"}`,
		{Kind: session.Refused, Reason: session.UnknownID}:                  `{"level":"WARN","msg":"Session used that is not there, or no more","event":"session_use_after_expire",` + who + `,"reason":"unknown_id"}`,
		{Kind: session.Refused, Reason: session.UsedAfterEnd}:               `{"level":"WARN","msg":"Session used after its end","event":"session_use_after_expire",` + who + `,"reason":"used_after_end"}`,
		{Kind: session.Refused, Reason: session.BadSignature}:               `{"level":"WARN","msg":"Session cookie with a bad signature","event":"input_validation_fail",` + who + `,"reason":"bad_signature"}`,
		{Kind: session.Refused, Reason: session.TwoCookies}:                 `{"level":"WARN","msg":"Two valid session cookies that differ","event":"input_validation_fail",` + who + `,"reason":"two_cookies"}`,
		{Kind: session.Refused, Reason: session.UsedAfterRequest}:           "",
		{Kind: session.Pruned}:                                              "",
		{Kind: session.Revoked}:                                             `{"level":"INFO","msg":"Sessions revoked","event":"session_expired",` + who + `,"reason":"revoked"}`,
		{Kind: "made_up"}:                                                   "",
		{Kind: session.Refused, Reason: "made up\n"}:                        "",
		{Kind: session.CommitFailed, Reason: session.Unavailable, Count: 1}: "",
	}
	// Of these the manager has said what there is to say, or they are no matter of
	// an audit.
	for _, kind := range []session.Kind{session.Committed, session.TouchSkipped, session.TouchFailed, session.Merged, session.LoadFailed,
		session.CommitFailed, session.LateChange, session.PruneFailed, session.CopyServed, session.CopyMissed, session.CopyRefused,
		session.CopyFallback, session.CopyNotStored, session.Polled, session.CopiesDown, session.CopiesUp} {
		want[session.Event{Kind: kind}] = ""
	}
	tested := map[session.Kind]bool{}
	for e, line := range want {
		tested[e.Kind] = true
		e.User, e.Handle, e.Err = "ann", "h1", errGone
		if got := logged(t, e); got != line {
			t.Errorf("%s %s is logged as\n%s, not\n%s", e.Kind, e.Reason, got, line)
		}
	}
	for _, kind := range kinds(t) {
		if !tested[kind] {
			t.Errorf("no test says how %s is logged", kind)
		}
	}
}

// TestAuditLogHasNoInjectedLines: names are what somebody chose.
func TestAuditLogHasNoInjectedLines(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"ann\nlevel=WARN msg=fake", "ann\r\n", "ann\u2028x", "ann\x1b[2J", "ann\u202egnp", "ann\x00", "ann\xff", "ann\u0085"} {
		var got string
		telemetry.Log(slog.New(lines{&got})).Event(t.Context(), session.Event{Kind: session.LoggedIn, User: name, Handle: name})
		for _, part := range []string{"\n", "\r", "\u2028", "\x1b", "\u202e", "\x00", "\xff", "\u0085"} {
			if strings.Contains(got, part) {
				t.Errorf("%q is logged as %q", name, got)
			}
		}
		if strings.Count(got, "ann") != 2 {
			t.Errorf("%q is lost: %q", name, got)
		}
	}
	if got := logged(t, session.Event{Kind: session.LoggedIn, User: "Zoë Ångström 山田"}); !strings.Contains(got, `"user":"Zoë Ångström 山田"`) {
		t.Error("a name of letters is changed:", got)
	}
	telemetry.Log(nil).Event(t.Context(), session.Event{Kind: session.Touched}) // slog.Default
}

// lines is a handler that escapes nothing.
type lines struct{ to *string }

func (l lines) Enabled(context.Context, slog.Level) bool { return true }
func (l lines) WithAttrs([]slog.Attr) slog.Handler       { return l }
func (l lines) WithGroup(string) slog.Handler            { return l }
func (l lines) Handle(_ context.Context, r slog.Record) error {
	*l.to += r.Message
	r.Attrs(func(a slog.Attr) bool {
		*l.to += fmt.Sprintf(" %s=%s", a.Key, a.Value)
		return true
	})
	return nil
}

// TestAuditLogIsJSON: every line has an event.
func TestAuditLogIsJSON(t *testing.T) {
	t.Parallel()
	for _, c := range counted {
		line := logged(t, c.event)
		if line == "" {
			continue
		}
		var fields map[string]any
		must(t, json.Unmarshal([]byte(line), &fields))
		if fields["event"] == "" || fields["event"] == nil {
			t.Errorf("%s has no event", line)
		}
	}
}
