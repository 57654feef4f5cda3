package main

import (
	"regexp"
	"strings"
	"testing"
)

func TestPage(t *testing.T) {
	for _, echo := range echoes {
		t.Run("Echo "+echo, func(t *testing.T) {
			t.Parallel()
			c := startProgram(t, "ECHO="+echo).client(t)
			visitor := c.get("/")
			contains(t, visitor.body, "You are not signed in", `action="/login"`, `action="/visit"`, "Echo v"+echo+" · memory store")
			lacks(t, visitor.body, "Hello", `action="/logout"`)

			c.post("/visit", "", "")
			c.post("/login", asForm, `user=%3Cscript%3Ealert(1)%3C/script%3E%22ann`)
			user := c.get("/")
			contains(t, user.body, `Hello, &lt;script&gt;alert(1)&lt;/script&gt;&#34;ann`, `aria-live="polite">1</b>`, "Signed in since", `action="/logout"`, `action="/logout-everywhere"`)
			lacks(t, user.body, "<script>alert", `action="/login"`)
		})
	}
}

func TestThePageLoadsAndRunsNothingElse(t *testing.T) {
	for _, echo := range echoes {
		t.Run("Echo "+echo, func(t *testing.T) {
			t.Parallel()
			c := startProgram(t, "ECHO="+echo).client(t)
			first, second := c.get("/"), c.get("/")
			policy := first.header.Get("Content-Security-Policy")
			nonce := regexp.MustCompile(`script-src 'nonce-(\w{20,})'; style-src 'nonce-(\w{20,})'`).FindStringSubmatch(policy)
			if nonce == nil || nonce[1] != nonce[2] {
				t.Fatalf("the policy is %q", policy)
			}
			contains(t, policy, "default-src 'none'; ", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'")
			lacks(t, policy, "unsafe", "http", "*")
			if policy == second.header.Get("Content-Security-Policy") {
				t.Error("the nonce is the same twice")
			}
			contains(t, first.body, `<script nonce="`+nonce[1]+`">`, `<style nonce="`+nonce[1]+`">`)
			if n := strings.Count(first.body, nonce[1]); n != 2 {
				t.Errorf("the nonce is in the page %d times", n)
			}
			outside := regexp.MustCompile(`(?i)(src|href|action)=["']?(https?:)?//|url\(|@import|\son\w+=|\sstyle=`)
			if found := outside.FindString(first.body); found != "" {
				t.Errorf("the page holds %q", found)
			}
		})
	}
}

func contains(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("it does not hold %q:\n%s", part, text)
		}
	}
}

func lacks(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if strings.Contains(text, part) {
			t.Errorf("it holds %q:\n%s", part, text)
		}
	}
}
