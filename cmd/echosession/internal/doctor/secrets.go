package doctor

import (
	"context"
	"errors"
	"log/slog"
	"strings"

	"github.com/echosession/session"
	memstore "github.com/echosession/session/store/memory"
)

// checkSecrets says what is wrong with SESSION_SECRET, and never what it is.
func checkSecrets(_ context.Context, p *patient) (string, error) {
	_, err := session.ConfigFromEnv(p.lookup)
	var list []error
	for _, e := range p.explain(err) {
		if variableOf(e) == "SESSION_SECRET" {
			list = append(list, e)
		}
	}
	return "", errors.Join(list...)
}

// newSecret is the command that mends SESSION_SECRET. Where there is one that may
// not sign, it goes on verifying: nobody is logged out.
func (p *patient) newSecret(what string) string {
	switch now := strings.TrimSpace(p.text("SESSION_SECRET")); {
	case now == "", strings.Contains(what, "is empty"), strings.Contains(what, "JSON array"):
		return `export SESSION_SECRET="$(echosession secret)"`
	case strings.Contains(what, "is the same as"):
		return "" // which one to remove is in the problem
	case strings.HasPrefix(now, "["):
		return `export SESSION_SECRET="[\"$(echosession secret)\",${SESSION_SECRET#*[}"`
	}
	return `export SESSION_SECRET="$(echosession secret),$SESSION_SECRET"`
}

// checkAdvice passes on what a manager of this configuration would warn of at its
// start, such as short secrets that still verify.
func checkAdvice(_ context.Context, p *patient) (string, error) {
	cfg, err := session.ConfigFromEnv(p.lookup)
	if err != nil {
		return "", nil // said above
	}
	heard := &listener{Handler: slog.DiscardHandler}
	cfg.Logger = slog.New(heard)
	if _, err := session.New(memstore.New(memstore.Options{}), cfg); err != nil {
		return "", err
	}
	var list []error
	for _, text := range heard.warnings {
		what, hint, _ := strings.Cut(text, "; ")
		list = append(list, &trouble{what: what, hint: hint})
	}
	return "", errors.Join(list...)
}

// A listener hears the warnings of a configuration.
type listener struct {
	slog.Handler
	warnings []string
}

func (l *listener) Enabled(context.Context, slog.Level) bool { return true }

func (l *listener) Handle(_ context.Context, r slog.Record) error {
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "warning" {
			l.warnings = append(l.warnings, a.Value.String())
		}
		return true
	})
	return nil
}
