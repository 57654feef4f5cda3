package docs_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestEveryLogLineIsExplained: what the library logs stands in operations.md.
func TestEveryLogLineIsExplained(t *testing.T) {
	page := read(t, "operations.md")
	messages := logMessages(t)
	if len(messages) < 30 {
		t.Fatalf("only %d log lines are found: %q", len(messages), slices.Sorted(maps.Keys(messages)))
	}
	for message, where := range messages {
		// A long one is quoted up to its first sentence.
		first, _, _ := strings.Cut(message, ". ")
		if !strings.Contains(page, "`"+first) {
			t.Errorf("operations.md does not explain %q, which %s logs", message, where)
		}
	}
}

// TestEveryMetricAndAlertIsExplained: so do the metrics and the alerts.
func TestEveryMetricAndAlertIsExplained(t *testing.T) {
	page := read(t, "operations.md")
	for _, match := range regexp.MustCompile(`- alert: (\w+)`).FindAllStringSubmatch(read(t, "alerts/echosession.yaml"), -1) {
		if !strings.Contains(page, "`"+match[1]+"`") {
			t.Errorf("operations.md does not explain the alert %s", match[1])
		}
	}
	for _, file := range sources(t) {
		if !strings.HasPrefix(file, "../telemetry/") {
			continue
		}
		for _, match := range regexp.MustCompile(`\("(echosession\.[a-z_.]+)",`).FindAllStringSubmatch(read(t, file), -1) {
			if !strings.Contains(page, "`"+strings.ReplaceAll(match[1], ".", "_")) {
				t.Errorf("operations.md does not explain the metric %s", match[1])
			}
		}
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// sources are the files of the packages that others import.
func sources(t *testing.T) (files []string) {
	t.Helper()
	ours := []string{"bench", "examples", "internal", "interop", "scripts", "cmd", "storetest"}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != ".." && (slices.Contains(ours, d.Name()) || strings.HasPrefix(d.Name(), ".")):
			return filepath.SkipDir
		case strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go"):
			files = append(files, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// logMessages are the messages that the library logs, with a file that does.
func logMessages(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, file := range sources(t) {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			for _, message := range messagesOf(t, file, n) {
				all[message] = file
			}
			return true
		})
	}
	return all
}

var (
	logs   = regexp.MustCompile(`^(Debug|Info|Warn|Error|Log)(Context|Attrs)?$`)
	logger = regexp.MustCompile(`(?i)(log|logger|slog)$|^to$`)
)

// messagesOf are the messages in a call of a logger. Where a call logs what a
// variable holds, they stand in the literals that end up in it: a condition of the
// tier, a warning of package open, a line of the audit log. A call of another
// kind is an error here, so that no message escapes.
func messagesOf(t *testing.T, file string, n ast.Node) (all []string) {
	literal := func(e ast.Expr) {
		if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if text, err := strconv.Unquote(lit.Value); err == nil && text != "" {
				all = append(all, text)
			}
		}
	}
	audit := strings.HasPrefix(file, "../telemetry/")
	switch n := n.(type) {
	case *ast.KeyValueExpr:
		if key, ok := n.Key.(*ast.Ident); ok && (key.Name == "begins" || key.Name == "ends") {
			literal(n.Value)
		}
	case *ast.AssignStmt: // l.text = "…", l.event, l.text = "…", "…"
		for i, to := range n.Lhs {
			if field, ok := to.(*ast.SelectorExpr); ok && audit && field.Sel.Name == "text" && len(n.Rhs) == len(n.Lhs) {
				literal(n.Rhs[i])
			}
		}
	case *ast.CompositeLit:
		if typ, ok := n.Type.(*ast.Ident); ok && typ.Name == "Warning" && len(n.Elts) == 3 {
			literal(n.Elts[1])
		}
		if typ, ok := n.Type.(*ast.Ident); ok && audit && typ.Name == "line" && len(n.Elts) == 4 {
			literal(n.Elts[2])
		}
	case *ast.CallExpr:
		if name, ok := n.Fun.(*ast.Ident); ok && name.Name == "warnUnlessUp" {
			literal(n.Args[2])
		}
		call, ok := n.Fun.(*ast.SelectorExpr)
		if !ok || !logs.MatchString(call.Sel.Name) || !logger.MatchString(nameOf(call.X)) {
			return all
		}
		i := 0
		if strings.HasSuffix(call.Sel.Name, "Context") {
			i = 1
		} else if strings.HasPrefix(call.Sel.Name, "Log") {
			i = 2
		}
		if i >= len(n.Args) {
			return all
		}
		message := n.Args[i]
		if format, ok := message.(*ast.CallExpr); ok { // fmt.Sprintf
			message = format.Args[0]
		}
		literal(message)
		if len(all) == 0 && !slices.Contains([]string{"begins", "ends", "text", "Text"}, nameOf(message)) {
			t.Errorf("%s logs a message that this test cannot read", file)
		}
	}
	return all
}

// nameOf is the last name of an expression: of x.y.log() it is log.
func nameOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	case *ast.CallExpr:
		return nameOf(e.Fun)
	}
	return ""
}
