package rules_test

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/echosession/session"
	"github.com/echosession/session/store"
	memstore "github.com/echosession/session/store/memory"
)

// The vulnerabilities that show in what many requests do together.

// noEntropy is a system whose source of chance is broken.
type noEntropy struct{}

func (noEntropy) Read([]byte) (int, error) { return 0, errors.New("no entropy") }

// CVE-2025-66565 (fiber), CVE-2024-52801 (sftpgo), CVE-2026-3256 (HTTP::Session):
// without entropy an id was made of what there was. Here the process ends; so
// it is another process, this test once more, that does it.
func TestVuln_28_WeakIDsWithoutEntropy(t *testing.T) {
	const child = "SESSION_TEST_WITHOUT_ENTROPY"
	if os.Getenv(child) != "" {
		a := newApp(t, newMemory(nil))
		rand.Reader = noEntropy{}
		fmt.Println("the cookie is", a.ask("POST", "/login?user=ann").setCookie(t))
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestVuln_28_WeakIDsWithoutEntropy$")
	cmd.Env = append(os.Environ(), child+"=1")
	out, err := cmd.CombinedOutput()
	if err == nil || strings.Contains(string(out), "the cookie is") {
		t.Errorf("without entropy: %v\n%s", err, out)
	}
	if !strings.Contains(string(out), "crypto/rand: failed to read random data") {
		t.Errorf("it ended for another reason:\n%s", out)
	}
}

// The same, by reading: what makes ids and handles imports one source of chance.
func TestVuln_28_OneSourceOfChance(t *testing.T) {
	files, err := filepath.Glob("../../*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, imported := range parsed.Imports {
			weak := strings.HasPrefix(imported.Path.Value, `"math/rand`) || strings.Contains(imported.Path.Value, "uuid")
			if weak && filepath.Base(file) != "run.go" { // whose jitter is no secret
				t.Errorf("%s imports %s", file, imported.Path.Value)
			}
		}
	}
}

// CVE-2018-25060 (macaron), CVE-2022-39284 (CodeIgniter): the option was there,
// and ignored.
func TestVuln_29_SecureIgnored(t *testing.T) {
	for _, cookie := range []session.Cookie{{}, {Name: "plain"}, {Path: "/app"}, {Domain: "example.com"}, {SameSite: http.SameSiteStrictMode}} {
		a := newApp(t, newMemory(nil), func(c *session.Config) { c.Cookie = cookie })
		login := a.replay("").post("/login?user=ann")
		for _, got := range []answer{login, a.replay(login.sent(t)).post("/rotate"), a.replay(login.sent(t)).post("/logout")} {
			if line := got.setCookie(t); line != "" && (!strings.Contains(line, "; Secure") || !strings.Contains(line, "; HttpOnly")) {
				t.Errorf("%+v: %s", cookie, line)
			}
		}
	}
}

// CVE-2026-24894 (FrankenPHP), CVE-2020-35681 (Channels): one request's session
// was another's.
func TestVuln_31_SessionsBleed(t *testing.T) {
	a := newApp(t, newMemory(nil))
	var wg sync.WaitGroup
	for worker := range 10 {
		wg.Go(func() {
			c := a.replay("")
			for n := range 30 {
				user := fmt.Sprintf("user-%d-%d", worker, n)
				c.cookie = c.post("/login?user=" + user).sent(t)
				c.post("/set?key=mine&value="+user).want(t, 200, "")
				if me, mine := c.get("/me").body, c.get("/get?key=mine").body; me != user || mine != user {
					t.Errorf("%s is %q and has %q", user, me, mine)
				}
				c.cookie = ""
				c.get("/me").want(t, 200, "")
			}
		})
	}
	wg.Wait()
}

// CVE-2023-30861 (Flask), CVE-2014-1418 (Django), CVE-2022-24894 (Symfony): a
// cache in front gave one visitor's answer to the next.
func TestVuln_32_CachedForOthers(t *testing.T) {
	clock := newClock()
	a := newApp(t, newMemory(clock))
	public := func(w http.ResponseWriter) { w.Header().Set("Cache-Control", "public, max-age=3600") }
	a.on("/404", func(w http.ResponseWriter, r *http.Request, s *session.Session) { http.NotFound(w, r) })
	a.on("/moved", func(w http.ResponseWriter, r *http.Request, s *session.Session) {
		http.Redirect(w, r, "/", http.StatusMovedPermanently)
	})
	a.on("/public", func(w http.ResponseWriter, r *http.Request, s *session.Session) { public(w) })
	a.on("/public/set", func(w http.ResponseWriter, r *http.Request, s *session.Session) { public(w); _ = s.Set("k", 1) })
	a.on("/private/set", func(w http.ResponseWriter, r *http.Request, s *session.Session) {
		w.Header().Set("Cache-Control", "private, max-age=60")
		w.Header().Set("Vary", "Accept-Encoding")
		_ = s.Set("k", 1)
	})
	a.mux.HandleFunc("/untouched", func(w http.ResponseWriter, r *http.Request) { public(w) })
	login := a.replay("").post("/login?user=ann")
	cookie := login.sent(t)
	clock.pass(time.Hour)
	touch := a.ask("GET", "/me", cookie) // nothing but the lifetime
	if touch.setCookie(t) == "" {
		t.Fatal("the lifetime was not renewed")
	}
	for _, c := range []struct {
		name, control string
		got           answer
	}{
		{"a login", "no-store", login},
		{"a renewal", "no-store", touch},
		{"a read", "private", a.ask("GET", "/me", cookie)},
		{"a read by nobody", "private", a.ask("GET", "/me")},
		{"a read that finds nothing", "private", a.ask("GET", "/404", cookie)},
		{"a read that redirects for good", "private", a.ask("GET", "/moved", cookie)},
		{"a read that the handler made public", "public, max-age=3600", a.ask("GET", "/public", cookie)},
		{"a change that the handler made public", "no-store", a.ask("GET", "/public/set")},
		{"a change that the handler made private", "no-store", a.ask("GET", "/private/set")},
		{"a logout", "no-store", a.ask("GET", "/logout", cookie)},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := strings.Join(c.got.header["Cache-Control"], ", "); got != c.control {
				t.Errorf("Cache-Control is %q, want %q", got, c.control)
			}
			vary := strings.Join(c.got.header["Vary"], ", ")
			if strings.Count(vary, "Cookie") != 1 {
				t.Errorf("Vary is %q", vary)
			}
		})
	}
	got := a.ask("GET", "/untouched", cookie)
	if got.header.Get("Cache-Control") != "public, max-age=3600" || got.header.Get("Vary") != "" {
		t.Errorf("a route without a session is less cacheable than it was: %v", got.header)
	}
}

// CVE-2015-5143, 5963 and 5964 (Django), CVE-2016-4423 (Symfony): a stranger
// filled the store.
func TestVuln_33_StrangersFillTheStore(t *testing.T) {
	st := newMemory(nil)
	a := newApp(t, st, func(c *session.Config) { c.MaxDocument = 4 << 10 })
	for n := range 200 {
		junk := []string{"", signedCookie(fmt.Sprint("unknown", n)), "session=" + strings.Repeat("x", n)}[n%3]
		for _, path := range []string{"/me", "/get?key=k", "/logout", "/rotate"} {
			if line := a.ask("POST", path, junk).setCookie(t); line != "" {
				t.Errorf("%s under %q is answered with %q", path, junk, line)
			}
		}
	}
	if n := rows(t, st); n != 0 {
		t.Errorf("%d rows of visitors who stored nothing", n)
	}
	c := a.client()
	c.within(func(_ *http.Request, s *session.Session) {
		for name, user := range map[string]string{"of 256 bytes": strings.Repeat("u", 256), "of a megabyte": strings.Repeat("u", 1<<20), "empty": ""} {
			if err := s.Login(user); !errors.Is(err, session.ErrValue) {
				t.Errorf("a user name that is %s: %v", name, err)
			}
		}
		var err error
		for n := 0; err == nil && n < 10_000; n++ {
			err = errors.Join(s.Flash("again and again"), s.Set(fmt.Sprint("key", n), n))
		}
		if !errors.Is(err, session.ErrTooLarge) {
			t.Errorf("a session that grows and grows: %v", err)
		}
	})
	if n := len(stored(t, st, c.cookies()).Data); n > 4<<10 {
		t.Errorf("%d bytes are stored", n)
	}
}

// A full store refuses; it does not forget who is logged in.
func TestVuln_33_FullStoreKeepsUsers(t *testing.T) {
	st := memstore.New(memstore.Options{MaxEntries: 2, Logger: slog.New(slog.DiscardHandler)})
	a := newApp(t, st)
	ann, bob := a.client(), a.client()
	ann.post("/login?user=ann").want(t, 200, "")
	bob.post("/login?user=bob").want(t, 200, "")
	for _, path := range []string{"/login?user=eve", "/set?key=k&value=v"} {
		got := a.client().post(path)
		if got.status != 503 || got.setCookie(t) != "" {
			t.Errorf("%s is answered with %d, cookie %q", path, got.status, got.setCookie(t))
		}
	}
	ann.get("/me").want(t, 200, "ann")
	bob.get("/me").want(t, 200, "bob")
}

// SESS-01, ASVS 7.2.3: what a thousand visitors got.
func TestIDsAreUniqueAndOfFullLength(t *testing.T) {
	const n = 1000
	st := newRig(newMemory(nil))
	m, err := session.New(st, session.Config{Secrets: []string{secret}, CleanupSchedule: "off"})
	if err != nil {
		t.Fatal(err)
	}
	handler := m.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		s, err := session.FromContext(r.Context())
		if err = errors.Join(err, s.Set("k", 1)); err != nil {
			t.Error(err)
		}
	}))
	ids, handles := map[string]bool{}, map[string]bool{}
	var bits [24 * 8]int
	for range n {
		r, _ := http.NewRequestWithContext(context.Background(), "POST", "/", nil)
		handler.ServeHTTP(discard{}, r)
		made := st.given("Create")
		id, err := base64.RawURLEncoding.Strict().DecodeString(made.ID)
		if err != nil || len(id) != 24 {
			t.Fatalf("an id of %d bytes, %v", len(id), err)
		}
		handle, err := base64.RawURLEncoding.Strict().DecodeString(made.Handle)
		if err != nil || len(handle) != 16 || strings.Contains(made.ID, made.Handle) {
			t.Fatalf("a handle of %d bytes, %v", len(handle), err)
		}
		ids[made.ID], handles[made.Handle] = true, true
		for i := range bits {
			bits[i] += int(id[i/8]>>(i%8)) & 1
		}
	}
	if len(ids) != n || len(handles) != n {
		t.Errorf("%d ids and %d handles of %d sessions", len(ids), len(handles), n)
	}
	for i, ones := range bits { // eight standard deviations: chance does not get there
		if ones < n/2-126 || ones > n/2+126 {
			t.Errorf("bit %d is set %d times of %d", i, ones, n)
		}
	}
}

// discard is a response that nobody looks at.
type discard struct{}

func (discard) Header() http.Header         { return http.Header{} }
func (discard) Write(b []byte) (int, error) { return len(b), nil }
func (discard) WriteHeader(int)             {}

// TestVuln_30_MixedUpReplies: a record of another id than the one asked for is
// an outage, never a session.
func TestVuln_30_MixedUpReplies(t *testing.T) {
	st := newRig(newMemory(nil))
	a := newApp(t, mixedUp{st})
	c := a.client()
	c.get("/login?user=ann")
	if res := c.get("/me"); res.status != http.StatusServiceUnavailable || strings.Contains(res.body, "ann") {
		t.Errorf("answers %d %q", res.status, res.body)
	}
}

// mixedUp answers a load with a record of another id.
type mixedUp struct{ store.Store }

func (m mixedUp) Load(ctx context.Context, id string) (*store.Record, error) {
	r, err := m.Store.Load(ctx, id)
	if err == nil {
		r.ID = "another"
	}
	return r, err
}
