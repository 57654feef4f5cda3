package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

// What the process ends with.
const (
	exitOK    = iota
	exitWrong // something is wrong, or could not be done
	exitUsage // a command, a flag or a setting that makes no sense
)

// A tool is one run of the program, with all that it is given.
type tool struct {
	lookup   func(string) (string, bool) // the environment; flags come before it
	in       io.Reader
	out, err io.Writer
	asks     bool // somebody can be asked
	shows    bool // somebody watches: questions and progress are seen
	tables   bool // out is read by a person
}

// usage is an error of whoever typed the command.
type usage struct{ error }

func (u usage) Unwrap() error { return u.error }

// errSaid: something is wrong, and the output says what.
var errSaid = errors.New("said already")

// run executes a command line and returns the exit code.
func (t *tool) run(ctx context.Context, args []string) int {
	root, started := t.root()
	root.SetArgs(args)
	root.SetIn(t.in)
	root.SetOut(t.out)
	root.SetErr(t.err)
	err := root.ExecuteContext(ctx)
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errSaid):
		return exitWrong
	case ctx.Err() != nil && errors.Is(err, context.Canceled): // not the server's fault, as a store would say
		err = errors.New("interrupted; what was under way may have been done")
	}
	fmt.Fprintln(t.err, "echosession:", strings.ReplaceAll(err.Error(), "\n", "\nechosession: "))
	var u usage
	if !*started || errors.As(err, &u) {
		return exitUsage
	}
	return exitWrong
}

// root is the tree of commands. What goes wrong before one of them has started is
// a matter of usage.
func (t *tool) root() (root *cobra.Command, started *bool) {
	started = new(bool)
	root = &cobra.Command{
		Use:           "echosession",
		Short:         "Look after the sessions of an application",
		Long:          "Look after the sessions of an application, with the environment that the application has.\n\nOutput is a table on a terminal, and JSON where it is piped or --json is given.",
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return usage{errors.New("which command? echosession --help lists them")}
		},
	}
	asJSON := root.PersistentFlags().Bool("json", false, "write JSON, also on a terminal; --json=false: tables, also into a pipe")
	t.addVariables(root)
	root.PersistentPreRun = func(cmd *cobra.Command, _ []string) {
		if cmd.Flags().Changed("json") {
			t.tables = !*asJSON
		}
		t.readFlags(cmd)
	}
	root.AddCommand(t.migrate(), t.doctor(), t.stats(), t.cleanup(), t.list(), t.revoke(), t.secret())
	for _, cmd := range root.Commands() {
		run := cmd.RunE
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			*started = true
			return run(cmd, args)
		}
	}
	return root, started
}

// version is what "go install" has built: a release, or the revision of a checkout.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "unknown"
}
