package runbook

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"
	"unicode"
)

func parse(t *testing.T, src string) Runbook {
	t.Helper()
	r, err := Parse("runbooks/x.md", []byte(src))
	if err != nil {
		t.Fatalf("parse: %v", err)
	}
	return r
}

// one parses a document of a single step.
func one(t *testing.T, info, script string) Step {
	t.Helper()
	r := parse(t, "# T\n\n```"+info+"\n"+script+"\n```\n")
	if len(r.Steps) != 1 {
		t.Fatalf("%d steps, want 1", len(r.Steps))
	}
	return r.Steps[0]
}

func TestDocumentInOrder(t *testing.T) {
	src := `---
title: "Checkout 5xx"
services: [checkout, ledger-api]
alerts:
  - CheckoutErrorRate
labels: {team: payments, tier: one}
---
# Checkout

Look first.

## See the queue

How deep is it:

` + "```sh {effect=observe}\nkubectl get pods\n```" + `

Then the logs:

` + "```bash\n\tjournalctl -u checkout\n```" + `

<!-- rm -rf / -->

<details><summary>more</summary>

1. first

   ` + "```sh\n   if true; then\n     echo in\n   fi\n   ```" + `

2. second
   - inner

</details>

> quoted

` + "```yaml\na: 1\n```\n\n[ref]: http://127.0.0.1/x\n"
	r := parse(t, src)
	if r.Title != "Checkout 5xx" || strings.Join(r.Front.Services, ",") != "checkout,ledger-api" ||
		strings.Join(r.Front.Alerts, ",") != "CheckoutErrorRate" || r.Front.Labels["team"] != "payments" || r.Front.Labels["tier"] != "one" {
		t.Errorf("front: title %q, %+v", r.Title, r.Front)
	}
	want := []struct {
		title, script, prose string
		effect               Effect
	}{
		{"See the queue", "kubectl get pods\n", "How deep is it:", Observe},
		{"Then the logs", "\tjournalctl -u checkout\n", "Then the logs:", Change},
		{"first", "if true; then\n  echo in\nfi\n", "", Change},
	}
	if len(r.Steps) != len(want) {
		t.Fatalf("%d steps, want %d", len(r.Steps), len(want))
	}
	lines := strings.Split(src, "\n")
	for i, w := range want {
		s := r.Steps[i]
		if s.Title != w.title || string(s.Script) != w.script || s.Effect != w.effect || s.Index != i || !s.Runnable() {
			t.Errorf("step %d: %+v, script %q", i, s, s.Script)
		}
		if w.prose != "" && s.Prose != w.prose {
			t.Errorf("step %d: prose %q, want %q", i, s.Prose, w.prose)
		}
		if !strings.Contains(lines[s.Line-1], "```") {
			t.Errorf("step %d: line %d is %q, want its fence", i, s.Line, lines[s.Line-1])
		}
	}
	var shown strings.Builder
	for _, b := range r.Blocks {
		shown.WriteString(b.Kind.String() + "|" + b.Marker + "|" + b.Text + "\n")
	}
	for _, part := range []string{
		"html||<!-- rm -rf / -->", "html||<details><summary>more</summary>", "list|1.|first", "list|2.|second",
		"list|-|inner", "quote||quoted", "code||a: 1", "text||[ref]: http://127.0.0.1/x", "heading||See the queue",
	} {
		if !strings.Contains(shown.String(), part) {
			t.Errorf("%q is not shown in\n%s", part, shown.String())
		}
	}
	steps := 0
	for _, b := range r.Blocks {
		if b.Step != NoStep {
			if b.Text != strings.TrimRight(string(r.Steps[b.Step].Script), "\n") {
				t.Errorf("block of step %d shows %q", b.Step, b.Text)
			}
			steps++
		}
	}
	if steps != len(r.Steps) {
		t.Errorf("%d blocks belong to %d steps", steps, len(r.Steps))
	}
}

func TestUnreadable(t *testing.T) {
	for name, c := range map[string]struct{ src, want string }{
		"empty":    {"", "x.md: the file is empty; "},
		"blank":    {" \n\t\n", "x.md: the file is empty; "},
		"binary":   {"a\nb\x00c", "x.md:2: the file is not text"},
		"10 MiB":   {strings.Repeat("text \n", 10<<20/6), "x.md: the file has 1048"},
		"nested":   {"ok\n" + strings.Repeat(">", 100_000), "x.md:2: quotes and lists are nested"},
		"nested 2": {strings.Repeat("- ", 100_000), "x.md:1: quotes and lists are nested"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse("x.md", []byte(c.src))
			if err == nil || !strings.HasPrefix(err.Error(), c.want) || !strings.Contains(err.Error(), "; ") {
				t.Errorf("error %v, want %q… and a fix", err, c.want)
			}
		})
	}
}

func TestReadableButFaulty(t *testing.T) {
	r := parse(t, "# T\n\ntext\n\n```sh\necho a\n\nmore text\n")
	if p := r.Lint(); len(p) != 2 || p[0].Line != 5 || !strings.Contains(p[0].Text, "does not end") || r.Steps[0].Runnable() {
		t.Errorf("unterminated fence: %+v", p)
	}
	r = parse(t, "# T\n\n- a\n\n  ~~~~sh\n  echo a\n  ~~~\n\nafter\n")
	if len(r.Steps) != 1 || r.Steps[0].Runnable() {
		t.Errorf("a fence that its list item ends: %+v", r.Steps)
	}
	r = parse(t, "just prose\n")
	if p := r.Lint(); len(p) != 1 || !strings.Contains(p[0].In("a.md"), "a.md: the runbook has no steps; write") {
		t.Errorf("no steps: %+v", p)
	}
	for _, src := range []string{"```sh\necho a\n```", "> ```sh\n> echo a\n> ```\n", "\ufeff```sh\necho a\n````  \n", "- ```sh\n  echo a\n  ```", "```sh\n```\n"} {
		for _, p := range parse(t, src).Lint() {
			if strings.Contains(p.Text, "end") {
				t.Errorf("%q: %v", src, p)
			}
		}
	}
}

func TestInfoString(t *testing.T) {
	for info, want := range map[string]struct {
		effect   Effect
		interp   string
		runnable bool
	}{
		"sh":                                 {Change, "sh", true},
		"bash observe":                       {Observe, "bash", true},
		"shell {effect=change}":              {Change, "bash", true},
		"{.zsh effect=\"observe\"}":          {Observe, "zsh", true},
		"SH effect=observe effect=dangerous": {Dangerous, "sh", true},
		"sh effect=obsreve":                  {Change, "sh", false},
		"sh {title=\"Look around\"}":         {Change, "sh", true},
		"console":                            {Change, "", false},
	} {
		s := one(t, info, "uptime")
		if s.Effect != want.effect || s.Interpreter != want.interp || s.Runnable() != want.runnable {
			t.Errorf("%s: effect %v, interpreter %q, problems %v", info, s.Effect, s.Interpreter, s.Problems)
		}
	}
	if s := one(t, `sh {title="Look around"}`, "uptime"); s.Title != "Look around" {
		t.Errorf("title %q", s.Title)
	}
	if r := parse(t, "```\nls\n```\n\n```python\nx\n```\n\n    indented\n"); len(r.Steps) != 0 {
		t.Errorf("%d steps in blocks that name no shell", len(r.Steps))
	}
}

// TestCost keeps one file from stopping the cockpit: Markdown has inputs whose
// cost grows with the square of their size.
func TestCost(t *testing.T) {
	const size = maxSource / 4
	for name, unit := range map[string]string{
		"brackets": "[", "stars": "*a ", "ticks": "` ", "fences": "```sh\n", "quotes": "> > > > a\n", "items": "- a\n",
		"angles": "```sh\n" + strings.Repeat("<a", 5000) + "\n```\n", "braces": "```sh\n" + strings.Repeat("{{ x ", 3000) + "\n```\n",
		"html": "<!-- ", "parens": "```sh\n" + strings.Repeat("(", 10000) + "\n```\n", "subst": "```sh\n" + strings.Repeat("$(", 10000) + "\n```\n",
		"quoted shells": "```sh\n" + strings.Repeat(`sh -c "a b" `, 3000) + "\n```\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			if _, err := Parse("x.md", []byte(strings.Repeat(unit, size/len(unit)))); err != nil {
				t.Fatal(err)
			}
			// Loose, for the race detector and a busy machine.
			if d := time.Since(start); d > 5*time.Second {
				t.Errorf("took %v", d)
			} else {
				t.Log(d)
			}
		})
	}
}

func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) {
			return r
		}
		return -1
	}, strings.ToValidUTF8(s, ""))
}

func FuzzParse(f *testing.F) {
	if b, err := os.ReadFile("testdata/checkout.md"); err == nil {
		f.Add(b)
	}
	for _, s := range []string{
		"# T\n```sh\nls <pod>\n```\n", "---\ntitle: x\n---\n\n- a\n  ```bash change\n  rm -rf x\n  ```", "> > ~~~zsh\n> > a\n",
		"<!-- x -->\n\n1. a\n2.\n\n\ta\n", "```sh\ncat <<E\n{{ x }}\nE\n```", "a\n===\n\n[a]: b 'c'\n\n<details>\n\n```sh\n\xff\u202e\n```\n", "- \n\n  a\n\t```sh\n\tb\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		if len(src) > 1<<14 {
			return
		}
		r, err := Parse("x.md", src)
		if err != nil {
			return
		}
		lines := bytes.Count(src, []byte("\n")) + 1
		var shown strings.Builder
		for _, b := range r.Blocks {
			// A code block's own words follow its fence, as in the source.
			if b.Line != 1 || b.Info != "front matter" {
				shown.WriteString(b.Info + " ")
			}
			shown.WriteString(b.Text + " ")
			if b.Line < 1 || b.Line > lines {
				t.Fatalf("block at line %d of %d: %+v", b.Line, lines, b)
			}
		}
		// Nothing in the file is hidden from whoever reads the blocks.
		if got, want := letters(shown.String()), letters(string(src)); got != want {
			t.Fatalf("blocks show %q of %q", got, want)
		}
		for i, s := range r.Steps {
			if s.Index != i || s.Line < 1 || s.Line > lines {
				t.Fatalf("step %d: %+v", i, s)
			}
			for line := range bytes.SplitSeq(s.Script, []byte("\n")) {
				if !bytes.Contains(src, bytes.TrimSpace(line)) {
					t.Fatalf("step %d has %q, which is not in the file", i, line)
				}
			}
			if s.Runnable() && (bytes.ContainsAny(s.Script, "\x00\x1b\r") || bytes.Contains(s.Script, []byte("\u202e"))) {
				t.Fatalf("step %d can be run: %q", i, s.Script)
			}
			for _, p := range s.Problems {
				if p.Line < 1 || p.Line > lines+1 || p.Text == "" || p.Fix == "" {
					t.Fatalf("step %d: problem %+v", i, p)
				}
			}
		}
	})
}
