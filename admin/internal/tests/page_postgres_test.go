package tests_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/echosession/session/admin"
	"github.com/echosession/session/internal/browser"
	"github.com/echosession/session/internal/testserver"
	pgstore "github.com/echosession/session/store/postgres"
)

func TestMain(m *testing.M) { testserver.Main(m) }

// Sessions of known users, ages and ends, none of them near a border; a third of
// them has expired. Their ids and values are never to be seen.
const filled = `INSERT INTO session (sid, sess, expire, version, user_id, created_at)
	SELECT 'planted-id-5d02-' || n, json_build_object('passport', json_build_object('user', whose), 'planted', '` + planted + `'), now() + left_, 2, whose,
		now() - least(n % 6 * n % 29, 25) * interval '1 day' - interval '5 hours'
	FROM generate_series(0, 599) n,
		LATERAL (SELECT (ARRAY['20 minutes', '5 hours', '5 hours', '2 days', '6 days', '6 days', '6 days', '-2 hours', '-1 day', '-3 days'])[1 + n % 10]::interval AS left_,
			CASE WHEN n % 4 > 0 THEN 'user ' || n % 37 END AS whose) _`

// A drawing is what the page's charts show: each mark by its name, as a share of
// what it is measured by.
type drawing map[string]float64

// drawn reads the marks out of the document. Shares of the whole are widths of it,
// bars are widths of the longest, days are heights on the axis.
const drawn = `(() => {
	const all = (s, e = document) => [...e.querySelectorAll(s)], of = (e, name) => +e.getAttribute(name);
	const number = (e) => +e.textContent.replace(/,/g, ""), drawing = {};
	const parts = all("#whole svg rect"), wide = parts.reduce((sum, e) => sum + of(e, "width"), 0);
	for (const e of parts) drawing["whole " + e.getAttribute("class")] = of(e, "width") / wide;
	for (const e of all("#whole .legend li")) drawing["legend " + e.firstChild.textContent] = number(e.querySelector("b"));
	const names = all("#left svg text:not(.value)"), values = all("#left svg text.value"), bars = all("#left svg rect.a"), longest = Math.max(...bars.map((e) => of(e, "width")));
	names.forEach((e, i) => { drawing["left " + e.textContent] = of(bars[i], "width") / longest; drawing["left value " + e.textContent] = number(values[i]); });
	const axis = all("#days svg line.rule").map((e) => of(e, "y1")), top = number(all("#days svg > text")[axis.length - 1]);
	for (const g of all("#days svg g")) {
		const name = g.querySelector("title").textContent;
		drawing["day " + name] = of(g.querySelector("rect.a"), "height") / (Math.max(...axis) - Math.min(...axis)) * top;
	}
	for (const e of all("#figures > div")) drawing["figure " + e.querySelector("dt").textContent] = parseFloat(e.querySelector("dd").textContent.replace(/,/g, ""));
	return drawing;
})()`

// bySQL is what the page is to draw of a table.
func bySQL(t *testing.T, pool *pgxpool.Pool) drawing {
	t.Helper()
	count := func(sql string) map[string]float64 {
		rows, err := pool.Query(t.Context(), sql)
		must(t, err)
		found := map[string]float64{}
		var name string
		var n float64
		_, err = pgx.ForEachRow(rows, []any{&name, &n}, func() error { found[name] = n; return nil })
		must(t, err)
		return found
	}
	want := drawing{}
	whole := count(`SELECT CASE WHEN expire > now() THEN 'Active' ELSE 'Expired' END, count(*) FROM session GROUP BY 1`)
	for name, n := range whole {
		want["legend "+name] = n
		want["whole "+map[string]string{"Active": "a", "Expired": "b"}[name]] = n / (whole["Active"] + whole["Expired"])
	}
	left := count(`SELECT CASE WHEN expire < now() + interval '1 hour' THEN 'Under 1 hour' WHEN expire < now() + interval '1 day' THEN 'Under 1 day'
		WHEN expire < now() + interval '3 days' THEN 'Under 3 days' ELSE '3 days or more' END, count(*) FROM session WHERE expire > now() GROUP BY 1`)
	for name, n := range left {
		want["left value "+name] = n
		want["left "+name] = n / slices.Max(slices.Collect(maps.Values(left)))
	}
	for name, n := range count(`SELECT to_char(day, 'FMMon FMDD'), count(sid) FROM generate_series(0, 29) ago,
		LATERAL (SELECT (now() AT TIME ZONE 'UTC')::date - ago AS day) _ LEFT JOIN session ON (created_at AT TIME ZONE 'UTC')::date = day GROUP BY 1`) {
		things := " sessions"
		if n == 1 {
			things = " session"
		}
		want["day "+name+": "+strconv.Itoa(int(n))+things] = n
	}
	maps.Copy(want, count(`SELECT 'figure Active sessions', count(*) FROM session WHERE expire > now()
		UNION ALL SELECT 'figure Expired', count(*) FROM session WHERE expire <= now()
		UNION ALL SELECT 'figure Users logged in', count(DISTINCT user_id) FROM session WHERE expire > now()
		UNION ALL SELECT 'figure Oldest', floor(extract(epoch FROM now() - min(created_at)) / 86400) FROM session WHERE expire > now()`))
	return want
}

// differs says where a drawing is not what it should be. A mark is as long as it is
// drawn: half a percent is less than a pixel of the charts.
func (d drawing) differs(want drawing) (problems []string) {
	for name, w := range want {
		if got, ok := d[name]; !ok || math.Abs(got-w) > math.Max(0.005, w*0.005) {
			problems = append(problems, fmt.Sprintf("%s is %v, and not %v (%v)", name, got, w, ok))
		}
	}
	for name := range d {
		if _, ok := want[name]; !ok && name != "figure Size" {
			problems = append(problems, name+" is nothing that SQL knows")
		}
	}
	return problems
}

// TestThePageOnPostgres: what is drawn is what a SELECT on the same table says; a
// browser that is logged in is out when support ends its session; and nothing
// secret comes to light, in no answer, no line of the log, and nowhere in the
// browser.
func TestThePageOnPostgres(t *testing.T) {
	t.Parallel()
	pool, err := pgxpool.New(t.Context(), testserver.SharedPostgres(t, testserver.PostgresOptions{}).Database(t))
	must(t, err)
	t.Cleanup(pool.Close)
	must(t, pgstore.Migrate(t.Context(), pool, pgstore.Options{}))
	_, err = pool.Exec(t.Context(), filled)
	must(t, err)
	st, err := pgstore.New(pool, pgstore.Options{Timeout: time.Minute}) // a slow machine does not reach it
	must(t, err)
	r, url := served(t, st, func(o *admin.Options) {
		o.Health = func(ctx context.Context) admin.Health {
			return admin.Health{Status: "ok", Servers: map[string]error{"postgres": st.Ping(ctx)}}
		}
	})
	b := browser.Start(t)
	p, anns := b.NewPage(), b.NewPage()
	p.Open(url)
	p.Await(`document.activeElement.id === "token"`)
	signedOut := p.Console()
	p.Type(token)
	p.Press("Enter")
	p.Await(`document.querySelector("#days svg") !== null`)

	// Somebody's browser logs in, and support sees it.
	anns.Open(strings.TrimSuffix(url, root) + "/me")
	const who = `fetch("/me").then((a) => a.text())`
	anns.Eval(`fetch("/login", { method: "POST", body: new URLSearchParams({ user: "ann" }) }).then((a) => a.status)`)
	_, handle, _ := strings.Cut(strings.Trim(anns.Eval(who), `"`), " ")
	var id string
	must(t, pool.QueryRow(t.Context(), `SELECT sid FROM session WHERE user_id = 'ann' AND handle = $1`, handle).Scan(&id))
	secrets := []string{id, "planted-id-5d02"}
	seen := func() {
		t.Helper()
		nodes, _ := json.Marshal(p.Nodes())
		r.keeps(p.Eval(`document.documentElement.outerHTML + document.body.innerText + [...document.querySelectorAll("input")].map((e) => e.value)`)+string(nodes)+p.Console(), secrets...)
	}

	p.Click("#live") // it stands still
	p.Click("#live") // and has the login
	var problems []string
	for range 2 { // it may become midnight in between
		want, got := bySQL(t, pool), drawing{}
		p.Await(shows(fmt.Sprintf("Active sessions %v counted", want["figure Active sessions"])))
		must(t, json.Unmarshal([]byte(p.Eval(drawn)), &got))
		if problems = got.differs(want); len(problems) == 0 {
			break
		}
		p.Click("#live")
		p.Click("#live")
	}
	if len(problems) > 0 {
		t.Errorf("the page draws otherwise: %s", strings.Join(problems, "\n"))
	}
	seen()
	keep(t, p, "admin-postgres")

	p.Click("#user")
	p.Type("ann")
	p.Press("Enter")
	p.Await(shows("ann is logged in once.", "on Linux", handle))
	seen()
	p.Click("#list li button")
	p.Await(`document.activeElement.id === "reason"`)
	p.Type("Lost device")
	seen()
	p.Press("Enter")
	p.Await(`document.getElementById("said").textContent === "1 session ended."`)
	if user := anns.Eval(who); user != `" "` {
		t.Errorf("the browser is still logged in: %s", user)
	}
	p.Await(shows("ann is not logged in anywhere."))

	var expired int
	must(t, pool.QueryRow(t.Context(), `SELECT count(*) FROM session WHERE expire <= now()`).Scan(&expired))
	p.Click("#clean")
	p.Await(shows(fmt.Sprintf("The last one ended just now and removed %d sessions.", expired), "Expired 0", "Active 420 100 %", "postgres answers"))
	p.Await(fmt.Sprintf(`document.querySelector("#cleanups title").textContent.endsWith(": %d sessions removed")`, expired))
	seen()

	eve, _ := r.askEverything()
	r.keeps(r.shown.String()+r.log.String()+signedOut+anns.Console(), append(secrets, eve)...)
	if problems := p.Problems(); len(problems) != 0 {
		t.Errorf("the console: %v", problems)
	}
}
