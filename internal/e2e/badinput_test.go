//go:build e2e

package e2e

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"conway/internal/drill/pdserver"
)

// TestBadConfigIsOneSentence holds, for each kind of bad file, what a person
// sees. $HOME stands for the directory of the files.
func TestBadConfigIsOneSentence(t *testing.T) {
	t.Parallel()
	pages := "me: {email: ana@example.com}\npages:\n  - {type: pagerduty, name: pd, url: %, token: {file: token}}\n"
	for _, c := range []struct {
		name, config string
		args         []string
		code         int
		say          string
	}{
		{"not YAML", "me: [\n", nil, 2, `
conway: $HOME/config.yaml:1:5: it is not YAML: sequence end token ']' not found
    1 | me: [
      |     ^ check the quotes, the brackets and the indentation`},
		{"every fault at once", "theem: night\npages:\n  - {type: pagerduty, name: pd, token: {file: token}, every: 5 seconds}\nkeys: {akc: a}\n", []string{"config", "check"}, 2, `
conway: $HOME/config.yaml:1:1: unknown key "theem"
    1 | theem: night
      | ^^^^^ did you mean "theme"?
$HOME/config.yaml:3:62: "every" is no duration: "5 seconds"
    3 |   - {type: pagerduty, name: pd, token: {file: token}, every: 5 seconds}
      |                                                              ^^^^^^^^^ write a number and ms, s, m or h, such as 10s or 1m30s
$HOME/config.yaml:4:8: no action is named "akc"
    4 | keys: {akc: a}
      |        ^^^ did you mean "ack"?`},
		{"bad address", strings.Replace(pages, "%", `"pagerduty"`, 1), []string{"pages"}, 2, `
conway: $HOME/config.yaml:3:38: "url" must start with http:// or https://
    3 |   - {type: pagerduty, name: pd, url: "pagerduty", token: {file: token}}
      |                                      ^^^^^^^^^^^ write it as https://host:port/path`},
		{"nobody listens", strings.Replace(pages, "%", "http://127.0.0.1:1", 1), []string{"pages"}, 3, `
conway: pd: find out who you are: unavailable: dial tcp 127.0.0.1:1: connect: connection refused`},
		{"credential others can read", strings.Replace(pages, "token: {file: token}", "token: {file: open}", 1), []string{"pages"}, 3, `
conway: pd: find out who you are: not authorised: read secret file:$HOME/open: others on this machine can reach it (mode 0644); run: chmod 600 $HOME/open`},
		{"runbook that is not there", "runbooks: {paths: [nosuch.md]}\n", []string{"config", "check"}, 2, `
conway: read runbook: stat $HOME/nosuch.md: no such file or directory; check the path in the config`},
		{"scenario with an unknown key", "", []string{"drill", "typo.yaml"}, 2, `
conway: typo.yaml:2:1: there is no key "servces" here; did you mean "services"?`},
		{"scenario that is not YAML", "", []string{"drill", "brace.yaml"}, 2, `
conway: brace.yaml:1:1: could not find flow mapping end token '}'`},
		{"scenario that is not there", "", []string{"drill", "meteor"}, 2, `
conway: load scenario: there is no "meteor"; take one of bad-deploy, full-disk, noisy-alert, or give a path that ends in .yaml`},
		{"drill without a terminal", "", []string{"drill"}, 2, `
conway: drill needs a terminal; --frame FILE.svg writes one frame without`},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSite(t)
			s.write("config.yaml", strings.Replace(c.config, "%", "http://127.0.0.1:1", 1), 0o600)
			s.write("open", token, 0o644)
			s.write("typo.yaml", "title: x\nservces: []\n", 0o600)
			s.write("brace.yaml", "{", 0o600)
			r := s.piped("", c.args...)
			want := strings.ReplaceAll(strings.TrimPrefix(c.say, "\n"), "$HOME", s.home) + "\n"
			if r.code != c.code || r.stderr != want {
				t.Errorf("exit %d:\n%s\nwant %d:\n%s", r.code, r.stderr, c.code, want)
			}
			if strings.Contains(r.stdout, "PAGES 0 open") {
				t.Errorf("it says that nothing is open:\n%s", r.stdout)
			}
		})
	}
}

// TestBadAnswersAreOneSentence holds, for each way in which PagerDuty can answer
// badly, what a person sees on the screen and what a script gets.
func TestBadAnswersAreOneSentence(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		fail pdserver.Failure
		say  string
	}{
		{
			"HTML",
			pdserver.Failure{Status: 200, Header: http.Header{"Content-Type": {"text/html"}}, Body: "<html><script>alert(1)</script>Log in</html>"},
			"pd: find out who you are: malformed answer (HTTP 200): the answer is not the JSON that was expected: invalid character '<' looking for beginning of value; check that url points at the API itself and not at a login page or proxy",
		},
		{
			"HTML with an error",
			pdserver.Failure{Status: 502, Header: http.Header{"Content-Type": {"text/html; charset=utf-8"}}, Body: "<html>Bad Gateway</html>"},
			"pd: find out who you are: unavailable (HTTP 502): an HTML page instead of an API answer",
		},
		{
			"401",
			pdserver.Failure{Status: 401, Body: `{"error":{"message":"Authentication failed","code":2006}}`},
			"pd: find out who you are: not authorised (HTTP 401): Authentication failed; renew the token of pd",
		},
		{
			"500",
			pdserver.Failure{Status: 500, Body: `{"error":{"message":"Internal Server Error","code":2000}}`},
			"pd: find out who you are: unavailable (HTTP 500): Internal Server Error",
		},
		{
			"JSON of another kind",
			pdserver.Failure{Status: 200, Body: `{"hello":[1,2]}`},
			"pd: find out who you are: malformed answer: the answer has no user; check that url points at the API itself and not at a login page or proxy",
		},
		{
			"its own credential",
			pdserver.Failure{Status: 401, Header: http.Header{"Content-Type": {"text/plain"}}, Body: "bad header Authorization: Token token=" + token},
			"pd: find out who you are: not authorised (HTTP 401): bad header Authorization: Token token=(credential); renew the token of pd",
		},
		{
			"it hangs",
			pdserver.Failure{Delay: time.Hour},
			"pd: find out who you are: unavailable: no answer in time",
		},
		{
			"it hangs up",
			pdserver.Failure{Drop: true},
			"pd: find out who you are: unavailable: EOF",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			pd := newPager(t)
			pd.checkout()
			pd.Fail(pdserver.On("", "/", 0, c.fail))
			s := newSite(t).pages(pd)
			w := s.cockpit(260, 20) // the longest sentence fits into a line
			if r := s.piped("", "pages", "--wait", "20s"); r.code != 3 || r.stderr != "conway: "+c.say+"\n" {
				t.Errorf("exit %d: %s\nwant 3: conway: %s", r.code, r.stderr, c.say)
			}
			text := w.sees("? not known whether anything is open", c.say)
			if strings.Contains(text, "nothing is open") || strings.Contains(text, "0 open") {
				t.Errorf("it says that nothing is open:\n%s", text)
			}
			quiet(t, "the screen", text)
			if code := w.quits(); code != 0 {
				t.Errorf("exit %d", code)
			}
		})
	}
}

func TestRunbookWithAFenceThatNeverEnds(t *testing.T) {
	t.Parallel()
	_, c, _ := paged(t, func(s *site) {
		s.runbook("# Checkout\n\n## Roll back\n\n```sh\necho rolled back\n\nAnd then call Ben.\n")
	})
	c.press("b")
	text := c.sees("RUNBOOK Checkout", "And then call Ben.", "cannot run")
	for _, want := range []string{
		"checkout.md:5: the code block does not end; close it with a line of ``` like the one that opens it",
		"cannot run, line 5: the block's end is missing, so it may hold too much; close it with ```",
	} {
		// A long path may be broken anywhere.
		if _, end, _ := strings.Cut(want, ": "); !strings.Contains(unwrapped(text), end) {
			t.Errorf("%q is not on the screen:\n%s", want, text)
		}
	}
	c.press("Enter")
	if text := c.sees("this step cannot run as it is written"); strings.Contains(text, "RUN THIS STEP?") {
		t.Errorf("half a step can be confirmed:\n%s", text)
	}
}
