//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"html"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// browser runs a real one on the printed report.
type browser struct {
	program, dir string
	// proxy is asked for whatever the browser wants from anywhere but a file.
	proxy string
	mu    sync.Mutex
	asked []string
}

// newBrowser skips the test, saying so, where there is no Chromium.
func newBrowser(t *testing.T) *browser {
	t.Helper()
	program, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is not installed: the HTML page is not looked at in a browser")
	}
	b := &browser{program: program, dir: t.TempDir()}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.asked = append(b.asked, r.Method+" "+r.Host+r.URL.Path)
		w.WriteHeader(http.StatusNotFound)
	}))
	t.Cleanup(s.Close)
	b.proxy = s.Listener.Addr().String()
	return b
}

// runs runs the browser to its end and returns what it printed.
func (b *browser) runs(t *testing.T, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	base := []string{
		"--headless", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update",
		"--user-data-dir=" + filepath.Join(b.dir, "profile"), "--proxy-server=" + b.proxy, "--proxy-bypass-list=<-loopback>",
	}
	if os.Geteuid() == 0 {
		base = append(base, "--no-sandbox") // its sandbox refuses root
	}
	cmd := exec.CommandContext(ctx, b.program, append(base, args...)...)
	cmd.Env = append(os.Environ(), "HOME="+b.dir)
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	if err := cmd.Run(); err != nil {
		t.Fatalf("chromium: %v\n%s", err, errOut.String())
	}
	return out.String()
}

// requests are those that were made for hosts with a name in them.
func (b *browser) requests(host string) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(b.asked), func(s string) bool { return !strings.Contains(s, host) })
}

// examine measures each text of a page against what is behind it, and reads the
// names that the matrix gives its cells.
const examine = `<script>
const rgba = s => { const m = s.match(/[\d.]+/g).map(Number); return m.length < 4 ? [...m, 1] : m; };
const over = (a, b) => [0, 1, 2].map(i => a[i] * a[3] + b[i] * (1 - a[3])).concat(1);
const hatch = e => rgba((getComputedStyle(e).backgroundImage.match(/rgba?\([^)]*\)/) || ["rgba(0, 0, 0, 0)"])[0]);
const behind = e => e ? over(hatch(e), over(rgba(getComputedStyle(e).backgroundColor), behind(e.parentElement))) : [255, 255, 255, 1];
const light = c => { const [r, g, b] = c.map(v => v / 255).map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4); return .2126 * r + .7152 * g + .0722 * b; };
const out = { texts: 0, worst: 99, where: "", ground: light(behind(document.body)), cells: [], table: "" };
for (const e of document.querySelectorAll("body *")) {
  if (e.tagName === "SCRIPT" || ![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())) continue;
  const back = behind(e), a = light(over(rgba(getComputedStyle(e).color), back)), b = light(back);
  const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
  out.texts++;
  if (ratio < out.worst) { out.worst = ratio; out.where = e.outerHTML.slice(0, 120); }
}
for (const e of document.querySelectorAll("table.matrix tbody td:not(.export)")) out.cells.push(e.ariaLabel || "");
const t = document.querySelector("table.matrix");
out.table = document.getElementById(t.getAttribute("aria-labelledby")).textContent;
document.body.innerHTML = "<pre id=found></pre>";
document.getElementById("found").textContent = JSON.stringify(out);
</script></body>`

// TestReportInABrowser opens the report of the worked example as a reader does.
func TestReportInABrowser(t *testing.T) {
	b := newBrowser(t)
	page, err := os.ReadFile("../report/testdata/page.html.golden")
	if err != nil {
		t.Fatal(err)
	}
	// With a cell under an agreement and one of teams that are put together.
	for _, mark := range []string{"s4 agreed", "s0 grey", "s2 grey agreed"} {
		plain, _, _ := strings.Cut(mark, " ")
		marked := strings.Replace(string(page), `"`+plain+`"`, `"`+mark+`"`, 1)
		if marked == string(page) {
			t.Fatalf("the page has no cell of class %s", plain)
		}
		page = []byte(marked)
	}
	path := writeFile(t, filepath.Join(b.dir, "report.html"), string(page), 0o600)

	t.Run("one sheet of A4", func(t *testing.T) {
		out := filepath.Join(b.dir, "report.pdf")
		b.runs(t, "--no-pdf-header-footer", "--print-to-pdf="+out, "file://"+path)
		pdf, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		if n := len(regexp.MustCompile(`/Type\s*/Page[^s]`).FindAll(pdf, -1)); n != 1 {
			t.Errorf("it prints on %d pages", n)
		}
		// A4 is 595.3 by 841.9 points.
		if !regexp.MustCompile(`/MediaBox \[0 0 59[45][.\d]* 84[12][.\d]*\]`).Match(pdf) {
			t.Error("the sheet is not A4")
		}
	})

	t.Run("asks for nothing", func(t *testing.T) {
		// What the browser asks for by itself is not the page's doing: a page that does
		// ask shows that it would be seen.
		b.runs(t, "--dump-dom", "file://"+path)
		before := b.requests("")
		asking := writeFile(t, filepath.Join(b.dir, "asking.html"), `<img src="http://witness.example/x.png">`, 0o600)
		b.runs(t, "--dump-dom", "file://"+asking)
		if len(b.requests("witness.example")) == 0 {
			t.Fatal("a request is not seen here")
		}
		own := regexp.MustCompile(`^[A-Z]+ (update\.googleapis|optimizationguide-pa\.googleapis|clients2\.google|accounts\.google|www\.google|redirector\.gvt1)\.com\b`)
		for _, r := range before {
			if !own.MatchString(r) {
				t.Errorf("the page asks for %s", r)
			}
		}
	})

	// The page forbids scripts, so that it is a copy which is examined.
	copied := regexp.MustCompile(`<meta http-equiv="Content-Security-Policy"[^>]*>`).ReplaceAllString(string(page), "")
	copied = strings.Replace(copied, "</body>", examine, 1)
	for _, c := range []struct {
		name, page, scheme string
		dark               bool
	}{
		{"light", copied, "1", false},
		{"dark", copied, "0", true},
		{"print", strings.ReplaceAll(copied, "@media print", "@media screen"), "0", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := writeFile(t, filepath.Join(b.dir, c.name+".html"), c.page, 0o600)
			dom := b.runs(t, "--blink-settings=preferredColorScheme="+c.scheme, "--dump-dom", "file://"+path)
			m := regexp.MustCompile(`(?s)<pre id="found">(.*?)</pre>`).FindStringSubmatch(dom)
			if m == nil {
				t.Fatalf("the page was not examined:\n%.500s", dom)
			}
			var found struct {
				Texts         int
				Worst, Ground float64
				Where, Table  string
				Cells         []string
			}
			if err := json.Unmarshal([]byte(html.UnescapeString(m[1])), &found); err != nil {
				t.Fatal(err)
			}
			t.Logf("%d texts, the least contrast is %.2f", found.Texts, found.Worst)
			if (found.Ground < 0.5) != c.dark {
				t.Errorf("the ground has luminance %.2f", found.Ground)
			}
			// WCAG 2.1, success criterion 1.4.3.
			if found.Texts < 40 || found.Worst < 4.5 {
				t.Errorf("of %d texts the worst has a contrast of %.2f: %s", found.Texts, found.Worst, found.Where)
			}
			if len(found.Cells) != 12 || !strings.Contains(found.Table, "Whose code × whose sleep") {
				t.Fatalf("the matrix %q has %d cells", found.Table, len(found.Cells))
			}
			for _, name := range found.Cells {
				if !regexp.MustCompile(`^code of \w+ woke \w+: \d+ pages?$`).MatchString(name) {
					t.Errorf("a cell is called %q", name)
				}
			}
		})
	}
}

// TestOneReportHoweverTwoLedgersMeet splits the worked example between two people
// who both know a part of it, and has them meet through files, in either order, and
// in a team's database.
func TestOneReportHoweverTwoLedgersMeet(t *testing.T) {
	t.Parallel()
	p := newPostgres(t)
	data, err := os.ReadFile("../../cmd/conway/testdata/worked.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(data), "\n")
	halves := [2]string{strings.Join(lines[:len(lines)*2/3], ""), strings.Join(lines[len(lines)/3:], "")}
	desk := func(database string) *site {
		s := newSite(t).add(`people:
  "00000000000051a1": {team: sre, time_zone: Europe/Berlin}
  "00000000000051a2": {team: sre, time_zone: America/New_York}
  "00000000000091a1": {team: payments, time_zone: Europe/London}
  "00000000000041a1": {team: search, time_zone: Asia/Kolkata}
teams: {payments: {size: 9}, search: {size: 7}, sre: {size: 6}}`)
		if database != "" {
			s.team(p, database)
		}
		s.config()
		return s
	}
	must := func(r result) string {
		t.Helper()
		if r.code != 0 {
			t.Fatalf("exit %d: %s", r.code, r.stderr)
		}
		return r.stdout
	}
	report := func(s *site) string {
		t.Helper()
		return must(s.run("report", "--since", "2w", "--until", "2026-04-06", "--format", "json"))
	}
	var reports []string
	for i := range halves {
		s := desk("")
		for _, half := range []string{halves[i], halves[1-i]} {
			their := desk("")
			must(their.piped(half, "ledger", "import"))
			must(s.piped(must(their.run("ledger", "export", "--all")), "ledger", "import"))
		}
		reports = append(reports, report(s))
	}
	database := p.database(t)
	for _, half := range halves {
		s := desk(database)
		must(s.piped(half, "ledger", "import"))
	}
	reports = append(reports, report(desk(database)))
	for i, got := range reports {
		if got != reports[0] || !strings.Contains(got, `"pages": 11`) {
			t.Errorf("report %d:\n%s\nthe first:\n%s", i, got, reports[0])
		}
	}
}
