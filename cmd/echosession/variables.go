package main

import (
	"strings"

	"github.com/spf13/cobra"
)

type variable struct{ name, help string }

// variables are what the application reads too; each is also a flag of the same
// name.
var variables = []variable{
	{"APP_ENV", "production (default) or development"},
	{"SESSION_STORE", "postgres, redis, redis-only or memory"},
	{"DATABASE_URL", "postgres://user:password@host:5432/database"},
	{"SESSION_TABLE", "session (default), or schema.table"},
	{"REDIS_URL", "redis://user:password@host:6379/0"},
	{"SESSION_SECRET", "for doctor: what signs the cookies"},
	{"SESSION_SHARE", "for doctor and list: express, or unset"},
	{"SESSION_COOKIE_NAME", "for doctor"},
	{"SESSION_COOKIE_DOMAIN", "for doctor"},
	{"SESSION_COOKIE_PATH", "for doctor"},
	{"SESSION_COOKIE_SAMESITE", "for doctor"},
	{"SESSION_COOKIE_SECURE", "for doctor"},
	{"SESSION_IDLE_TIMEOUT", "for doctor and list: 7d (default), a duration, or browser"},
	{"SESSION_ABSOLUTE_TIMEOUT", "for doctor"},
	{"SESSION_CLEANUP_INTERVAL", "for doctor"},
	{"SESSION_CLEANUP_SCHEDULE", "for doctor"},
}

func flagOf(variable string) string {
	return strings.ToLower(strings.ReplaceAll(variable, "_", "-"))
}

// addVariables adds the flags. Their default is not the variable's value: help
// would print it.
func (t *tool) addVariables(cmd *cobra.Command) {
	for _, v := range variables {
		cmd.PersistentFlags().String(flagOf(v.name), "", v.name+": "+v.help)
	}
}

// readFlags puts the flags that are given before the environment.
func (t *tool) readFlags(cmd *cobra.Command) {
	environment := t.lookup
	given := map[string]string{}
	for _, v := range variables {
		if flag := cmd.Flags().Lookup(flagOf(v.name)); flag != nil && flag.Changed {
			given[v.name] = flag.Value.String()
		}
	}
	t.lookup = func(name string) (string, bool) {
		if value, ok := given[name]; ok {
			return value, true
		}
		return environment(name)
	}
}

// text is the value of a variable, or "".
func (t *tool) text(name string) string {
	value, _ := t.lookup(name)
	return value
}

// with is the environment with one variable changed.
func (t *tool) with(name, value string) func(string) (string, bool) {
	return func(n string) (string, bool) {
		if n == name {
			return value, true
		}
		return t.lookup(n)
	}
}
