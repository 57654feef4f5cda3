package chaos

import (
	"encoding/json"
	"net/http"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
)

// TestSeeds: a seed decides everything that is drawn, and every fault and every
// operation is drawn.
func TestSeeds(t *testing.T) {
	plan := newPlan(7, 3, 30*time.Minute)
	if !reflect.DeepEqual(plan, newPlan(7, 3, 30*time.Minute)) {
		t.Error("a seed makes two plans")
	}
	if reflect.DeepEqual(plan, newPlan(8, 3, 30*time.Minute)) {
		t.Error("two seeds make one plan")
	}
	seen := map[FaultKind]int{}
	two := 0
	for _, r := range plan {
		for _, s := range r.Steps {
			seen[s.Kind]++
			if s.Node >= 3 || placeOf(s.Kind) == "node" && s.Node < 0 {
				t.Errorf("%s of node %d", s.Kind, s.Node)
			}
		}
		if len(r.Steps) == 2 {
			two++
			if a, b := r.Steps[0].Kind, r.Steps[1].Kind; placeOf(a) == placeOf(b) {
				t.Errorf("%s and %s at a time", a, b)
			}
		}
	}
	if two == 0 || two == len(plan) {
		t.Errorf("of %d rounds, %d have two faults", len(plan), two)
	}
	for _, f := range faults {
		if seen[f.kind] == 0 {
			t.Errorf("no %s in half an hour", f.kind)
		}
	}

	draw := func(seed uint64, client int, chances []chance) (all []choice) {
		for c := newChooser(seed, client, 3, chances, time.Second); len(all) < 2000; {
			all = append(all, c.next())
		}
		return all
	}
	first := draw(7, 1, ofBrowsers)
	if !reflect.DeepEqual(first, draw(7, 1, ofBrowsers)) || reflect.DeepEqual(first, draw(7, 2, ofBrowsers)) || reflect.DeepEqual(first, draw(8, 1, ofBrowsers)) {
		t.Error("the operations do not derive from seed and client")
	}
	kinds := map[Kind]bool{}
	for _, c := range append(first, draw(7, 3, ofExpress)...) {
		kinds[c.kind] = true
	}
	for _, chances := range [][]chance{ofBrowsers, ofExpress} {
		for _, o := range chances {
			if !kinds[o.kind] {
				t.Errorf("no %s", o.kind)
			}
		}
	}
}

// TestJudge: what an answer means.
func TestJudge(t *testing.T) {
	const mine, other = "session=s%3Aone.signed", "session=s%3Atwo.signed"
	for _, c := range []struct {
		kind   Kind
		status int
		cookie string
		text   string
		want   Outcome
	}{
		{Login, 204, other, "", Done}, {Login, 204, "", "", Odd}, {Login, 401, "", "", None}, {Login, 503, "", "", Unavailable},
		{Rotate, 204, other, "", Done}, {Rotate, 204, mine, "", Odd},
		{Visit, 200, "", `{"visits":3}`, Done}, {Visit, 200, mine, `{"visits":3}`, Done}, {Visit, 200, other, `{"visits":1}`, None}, {Visit, 401, "", "", None},
		{Set, 204, "", "", Done}, {Set, 204, other, "", None}, {Set, 400, "", "", Odd}, {Set, 0, "", "", Unavailable},
		{Get, 200, "", `"x"`, Value}, {Get, 404, "", "", None}, {Get, 200, "", `{`, Odd}, {Get, 200, other, `"x"`, Odd},
		{Read, 200, "", `{"user":"ann","visits":2}`, Value}, {Fresh, 401, "", "", None}, {Read, 500, "", "", Unavailable}, {Read, 302, "", "", Odd},
		{Logout, 204, "", "", Done}, {Logout, 401, "", "", Odd}, {Everywhere, 204, "", "", Done}, {Everywhere, http.StatusUnauthorized, "", "", None},
	} {
		op := &Op{Kind: c.kind, Status: c.status}
		if op.judge(c.cookie, c.text, mine); op.Outcome != c.want {
			t.Errorf("%s %d %s %s: it is %s, not %s", c.kind, c.status, c.cookie, c.text, op.Outcome, c.want)
		}
	}
	op := &Op{Kind: Read, Status: 200}
	if op.judge("", `{"user":"ann","visits":2}`, mine); op.Text != "ann" || op.Count != 2 {
		t.Errorf("a read is %v", op)
	}
}

// TestFile: a history is written as lines that can be read.
func TestFile(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	s := newStory().login(0, "a").op(10, Read, Value).fault(RedisKill, 0, 10)
	path, err := s.h.save()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if len(lines) != 3 {
		t.Fatalf("%d lines:\n%s", len(lines), text)
	}
	var f Fault
	var op Op
	if err := json.Unmarshal([]byte(lines[0]), &f); err != nil || f != *s.h.Faults[0] {
		t.Error(err, f)
	}
	if err := json.Unmarshal([]byte(lines[2]), &op); err != nil || op != *s.h.Ops[1] {
		t.Error(err, op)
	}
}
