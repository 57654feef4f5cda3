package main

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"

	"github.com/echosession/session"
	"github.com/echosession/session/admin"
)

// config is what the environment says, but for the store: package open reads
// that.
type config struct {
	addr    string           // HOST and PORT
	router  router           // ECHO
	session session.Config   // SESSION_… and APP_ENV
	admin   admin.Authorizer // ADMIN_TOKEN; nil: there is no admin
	metrics bool             // METRICS: GET /metrics
	traces  bool             // OTEL_TRACES_EXPORTER
}

// A router puts the app on a framework.
type router func(*app) (http.Handler, error)

// configFromEnv returns everything that is wrong at once, each error naming its
// variable.
func configFromEnv(lookup func(string) (string, bool)) (config, error) {
	value := func(name, fallback string) string {
		v, _ := lookup(name)
		return cmp.Or(v, fallback)
	}
	var c config
	var errs []error

	var err error
	if c.session, err = session.ConfigFromEnv(lookup); err != nil {
		errs = append(errs, err)
	}
	host, port := value("HOST", "127.0.0.1"), value("PORT", "8080")
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		errs = append(errs, fmt.Errorf("PORT is %q; use a number up to 65535", port))
	}
	c.addr = net.JoinHostPort(host, port)

	switch v := value("METRICS", "on"); v {
	case "on", "off":
		c.metrics = v == "on"
	default:
		errs = append(errs, fmt.Errorf("METRICS is %q; use on for GET /metrics, or off", v))
	}
	switch v := value("OTEL_TRACES_EXPORTER", "none"); v {
	case "none", "console":
		c.traces = v == "console"
	default:
		errs = append(errs, fmt.Errorf("OTEL_TRACES_EXPORTER is %q; use console for spans on standard output, or none", v))
	}

	switch v := value("ECHO", "4"); v {
	case "4":
		c.router = newEcho4
	case "5":
		c.router = newEcho5
	default:
		errs = append(errs, fmt.Errorf("ECHO is %q; use 4 or 5", v))
	}
	if token := value("ADMIN_TOKEN", ""); token != "" {
		c.admin, err = admin.Token(token, admin.TokenOptions{Insecure: c.session.Development})
		if err != nil {
			errs = append(errs, fmt.Errorf("ADMIN_TOKEN is refused as an %w, or leave ADMIN_TOKEN out for no admin", err))
		}
	}
	return c, errors.Join(errs...)
}
