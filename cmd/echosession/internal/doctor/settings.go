package doctor

import (
	"context"
	"errors"
	"strings"

	"github.com/echosession/session"
	"github.com/echosession/session/store/open"
)

// settingsChecks need no server.
var settingsChecks = []check{
	{name: "settings", severity: Failed, look: checkSettings},
	{name: "secrets", severity: Failed, look: checkSecrets},
	{name: "signature", severity: Failed, look: checkSignature},
	{name: "advice", severity: Warning, look: checkAdvice},
	{name: "transport", severity: Warning, look: checkTransport},
}

// checkSettings reads all variables but the secrets, as the application does. What
// is wrong with them ends nothing: what can be looked at in spite of it is.
func checkSettings(_ context.Context, p *patient) (string, error) {
	var list []error
	settings, err := open.Read(p.lookup)
	list = append(list, p.explain(err)...)
	if settings.Name == "" { // go on with what there is an address for
		kind := p.likelyStore()
		settings, err = open.Read(func(name string) (string, bool) {
			if name == "SESSION_STORE" {
				return kind, true
			}
			return p.lookup(name)
		})
		if p.text("DATABASE_URL")+p.text("REDIS_URL") != "" {
			list = append(list, p.explain(err)...)
		}
	}
	p.settings = settings
	_, err = session.ConfigFromEnv(p.lookup)
	for _, e := range p.explain(err) {
		if variableOf(e) != "SESSION_SECRET" {
			list = append(list, e)
		}
	}
	if settings.Name == "memory" {
		list = append(list, &trouble{
			what: "SESSION_STORE is memory: all sessions end with the process, and several instances know nothing of each other",
			hint: "keep them in Postgres", fix: "export SESSION_STORE=postgres", mild: true,
		})
	}
	return settings.Name, errors.Join(list...)
}

func (p *patient) likelyStore() string {
	if p.text("DATABASE_URL") == "" && p.text("REDIS_URL") != "" {
		return "redis-only"
	}
	return "postgres"
}

// explain takes the sentences of the configuration apart: what is wrong, and what
// to write.
func (p *patient) explain(err error) []error {
	if err == nil {
		return nil
	}
	var list []error
	for _, e := range parts(err) {
		what, hint, _ := strings.Cut(e.Error(), "; ")
		name, _, _ := strings.Cut(what, " ")
		t := &trouble{what: what, hint: hint}
		switch name {
		case "SESSION_STORE":
			t.fix = "export SESSION_STORE=" + p.likelyStore()
		case "SESSION_SECRET":
			t.fix = p.newSecret(what)
		case "DATABASE_URL":
			t.fix = "export DATABASE_URL='" + addressForm + "'"
		case "REDIS_URL":
			t.fix = "export REDIS_URL='" + redisForm + "'"
		case "SESSION_TABLE":
			t.fix = "export SESSION_TABLE=session"
		default: // each of them has a default
			t.fix = "unset " + name
		}
		list = append(list, t)
	}
	return list
}

// variableOf is the variable that a trouble of the configuration begins with.
func variableOf(err error) string {
	name, _, _ := strings.Cut(err.Error(), " ")
	return name
}

// checkTransport finds connections to other hosts that may go without TLS.
func checkTransport(_ context.Context, p *patient) (string, error) {
	var list []error
	for _, w := range p.settings.Warnings {
		what, hint, _ := strings.Cut(w.Text, ": ")
		t := &trouble{what: what + " (" + w.Host + ")", hint: hint}
		switch w.Variable {
		case "DATABASE_URL":
			t.fix = p.setting("sslmode", "verify-full")
		case "REDIS_URL":
			t.fix = `export REDIS_URL="rediss://${REDIS_URL#redis://}"`
		}
		list = append(list, t)
	}
	return "", errors.Join(list...)
}
