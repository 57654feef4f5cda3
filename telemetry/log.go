package telemetry

import (
	"context"
	"log/slog"
	"strconv"
	"strings"
	"unicode"

	"github.com/echosession/session"
)

// Log writes what happens to sessions for an audit, in the words of the OWASP
// Application Logging Vocabulary. A line has the attribute event, and those of
// user, handle, reason and count that are known. It never has an id, and nothing
// that a client sent stands in it unescaped, whatever the handler does.
//
//	event                     level  when
//	session_created           INFO   a session is stored for the first time
//	authn_login_success       INFO   a user is bound to it
//	session_renewed           INFO   its id changes; DEBUG when its lifetime is renewed
//	session_expired           INFO   it ends; reason: logout, revoked, timeout
//	session_use_after_expire  WARN   somebody uses it after that; INFO when it merely timed out
//	input_validation_fail     WARN   its cookie is forged, or doubled
//
// A failed login is the application's to log, as authn_login_fail: the package
// does not see it. Outages are logged by the [session.Manager] itself. What is
// said goes with the request's context, for handlers that add a trace's id. A nil
// logger is slog.Default().
func Log(logger *slog.Logger) session.Hook {
	return session.HookFunc(func(ctx context.Context, e session.Event) {
		l, ok := lineOf(e)
		if !ok {
			return
		}
		to := logger
		if to == nil {
			to = slog.Default()
		}
		if to.Enabled(ctx, l.level) {
			to.LogAttrs(ctx, l.level, l.text, l.attrs(e)...)
		}
	})
}

// A line is what an event is called in the log.
type line struct {
	level               slog.Level
	event, text, reason string
}

func lineOf(e session.Event) (l line, ok bool) {
	switch e.Kind {
	case session.Created:
		l = line{slog.LevelInfo, "session_created", "Session created", ""}
	case session.LoggedIn:
		l = line{slog.LevelInfo, "authn_login_success", "User logged in", ""}
	case session.Rotated:
		l = line{slog.LevelInfo, "session_renewed", "Session got a new id", "rotated"}
	case session.Touched:
		l = line{slog.LevelDebug, "session_renewed", "Session lifetime renewed", "used"}
	case session.LoggedOut:
		l = line{slog.LevelInfo, "session_expired", "User logged out", "logout"}
	case session.Revoked:
		l = line{slog.LevelInfo, "session_expired", "Sessions revoked", "revoked"}
	case session.Pruned:
		l = line{slog.LevelInfo, "session_expired", "Sessions timed out", "timeout"}
		return l, e.Count > 0
	case session.Expired:
		l = line{slog.LevelInfo, "session_use_after_expire", "Session used after its lifetime", "timeout"}
	case session.Refused:
		return refusal(e.Reason)
	}
	return l, l.event != ""
}

func refusal(why session.Reason) (l line, ok bool) {
	l = line{slog.LevelWarn, "session_use_after_expire", "", string(why)}
	switch why {
	case session.UnknownID:
		l.text = "Session used that is not there, or no more"
	case session.UsedAfterEnd:
		l.text = "Session used after its end"
	case session.BadSignature:
		l.event, l.text = "input_validation_fail", "Session cookie with a bad signature"
	case session.TwoCookies:
		l.event, l.text = "input_validation_fail", "Two valid session cookies that differ"
	}
	return l, l.text != "" // a use after the request is a bug of the application's
}

func (l line) attrs(e session.Event) []slog.Attr {
	attrs := []slog.Attr{slog.String("event", l.event)}
	for _, a := range []struct{ key, value string }{{"user", e.User}, {"handle", e.Handle}, {"reason", l.reason}} {
		if a.value != "" {
			attrs = append(attrs, slog.String(a.key, printable(a.value)))
		}
	}
	if e.Count > 0 {
		attrs = append(attrs, slog.Int("count", e.Count))
	}
	return attrs
}

// printable escapes what could end a line, begin another, or hide: a user's name
// is what somebody chose.
func printable(text string) string {
	if strings.IndexFunc(text, func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar }) < 0 {
		return text
	}
	quoted := strconv.Quote(text)
	return quoted[1 : len(quoted)-1]
}
