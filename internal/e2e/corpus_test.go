//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"conway/internal/drill/fault"
	"conway/internal/drill/ghserver"
	"conway/internal/drill/pdserver"
	"conway/internal/drill/promserver"
	"conway/internal/text/attack"
)

// whole makes the corpus test take every string. Without it a slice is taken,
// the same each time.
var whole = flag.Bool("corpus", false, "take every string of the corpus, not a slice")

const (
	// atOnce is how many strings the sources send at a time: as many as all their
	// panes show.
	atOnce = 6
	// lineBatch is how many log lines are looked at at a time.
	lineBatch = 36
	// maxHostile bounds the bytes of a string in the whole program's corpus. Long
	// ones are the decoder's own tests'; a name in a file system is shorter still.
	maxHostile, maxName = 4 << 10, 120
	// How many fields hold each string: of the pager 30, of GitHub 13, of the file
	// of deploys 9, of the metrics 1; and of the logs.
	fieldsOfAll, fieldsOfLogs = 53, 10
)

// outside is everything that a cockpit reads, under the test's control.
type outside struct {
	*site
	pd     *pager
	prom   *promserver.Server
	store  *promserver.Store
	gh     *ghserver.Server
	app    *os.File
	out    *os.File
	open   []string
	fields int
}

func newOutside(t *testing.T) *outside {
	t.Helper()
	o := &outside{site: newSite(t), pd: newBarePager(t), store: promserver.NewStore(), gh: ghserver.New(ghserver.Options{})}
	o.prom = promserver.New(o.store, time.Now)
	if err := o.gh.AddRepo("acme/checkout"); err != nil {
		t.Fatal(err)
	}
	prom, gh := httptest.NewServer(o.prom), httptest.NewServer(o.gh)
	t.Cleanup(prom.Close)
	t.Cleanup(gh.Close)
	o.add("pages:\n  - {type: pagerduty, name: pd, url: %q, token: {file: token}, scope: mine, every: 1s}", o.pd.url())
	o.write("deploys.jsonl", "", 0o600)
	// A tag's name can hold no byte below a space, but all else.
	o.add("deploys:\n  - {type: github, name: gh, url: %q, repos: [acme/checkout], every: 1s}\n  - {type: file, name: ci, path: deploys.jsonl}\n  - {type: git, name: tags, path: %q}",
		gh.URL, repository(t, time.Now().Add(-9*time.Minute), "v\u009b31m\u202e", "क्ष\u2060"))
	o.add("metrics:\n  - {type: prometheus, name: prom, url: %q, every: 1s}\npanels:\n  - {title: errors, source: prom, query: 'errors'}", prom.URL)
	o.add("logs:\n  - {type: file, name: app, paths: [\"logs/*.log\"]}\n  - {type: command, name: cmd, argv: [tail, -n, \"0\", -f, %q]}", o.write("out", "", 0o600))
	o.write("logs/app.log", "", 0o600)
	for name, f := range map[string]**os.File{"logs/app.log": &o.app, "out": &o.out} {
		var err error
		if *f, err = os.OpenFile(o.path(name), os.O_WRONLY|os.O_APPEND, 0); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = (*f).Close() })
	}
	return o
}

// hostileBook is a runbook with the strings in prose, lists, quotes and tables,
// and a step that prints them. Beside it lies one whose file's name is hostile.
func (o *outside) hostileBook(all []attack.Attack) {
	o.tb.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "# HEADING %s\n\n", oneLine(all[0].Raw))
	for i, a := range all {
		// A file with a zero byte is refused as no text.
		raw := strings.ReplaceAll(a.Raw[:min(len(a.Raw), 200)], "\x00", "")
		switch i % 4 {
		case 0:
			fmt.Fprintf(&b, "%s\n\n", raw)
		case 1:
			fmt.Fprintf(&b, "- %s\n\n", raw)
		case 2:
			fmt.Fprintf(&b, "> %s\n\n", raw)
		default:
			fmt.Fprintf(&b, "| a | %s |\n|---|---|\n| b | c |\n\n", raw)
		}
	}
	prints := o.write("prints", everything(all), 0o600)
	fmt.Fprintf(&b, "## STEPS\n\n```sh observe\ncat %s; cat %s >&2\n```\n", prints, prints)
	// The config names one; the other, whose name it would refuse, is in its folder.
	o.write("runbooks/checkout.md", b.String(), 0o600)
	o.write("runbooks/errors\u009b31m\x9b\x1b[2J\u202e.md", b.String(), 0o600)
	o.add("runbooks: {paths: [runbooks]}\nservices:\n  checkout: {owner: payments, pagerduty: [PCHK], labels: {service: checkout}, repos: [acme/checkout], runbooks: [runbooks/checkout.md]}")
}

// everything is every string, each on lines of its own.
func everything(all []attack.Attack) string {
	var b strings.Builder
	for _, a := range all {
		b.WriteString(a.Raw[:min(len(a.Raw), 200)] + "\n")
	}
	return b.String() + "END OF OUTPUT\n"
}

// say lets every source say the strings, each in every field that it has. Each
// field begins with the string's word.
func (o *outside) say(batch []attack.Attack, words []string) {
	o.tb.Helper()
	for _, id := range o.open {
		o.pd.Resolve(id, "PANA")
	}
	o.open = o.open[:0]
	now := time.Now()
	var deploys strings.Builder
	for i, a := range batch {
		h := words[i] + " " + a.Raw[:min(len(a.Raw), maxHostile)]
		incident := pdserver.Incident{
			Title: h, Service: "PCHK", Key: h, Priority: "P1",
			Alerts: []pdserver.Alert{{
				Title: h, Severity: "critical", Client: h, ClientURL: h, Runbook: h,
				Labels: map[string]string{"service": "checkout", h: h}, Annotations: map[string]string{"summary": h, h: h},
			}},
		}
		past := incident
		past.At = now.Add(-48 * time.Hour)
		o.pd.Past(past, now.Add(-47*time.Hour), "PBEN", h)
		id := o.pd.Trigger(incident)
		o.pd.Annotate(id, "PBEN", h)
		o.pd.AddChange(pdserver.Change{Summary: h, Source: h, Services: []string{"PCHK"}, Links: []pdserver.Link{{Href: h, Text: h}}, Details: map[string]any{h: h}})
		o.open = append(o.open, id)
		deploys.WriteString(object(o.tb, map[string]string{
			"id": h, "service": "checkout", "version": h, "commit": h, "author": h, "team": h, "environment": h, "repo": h, "url": h, "title": h,
			"status": "success", "finished_at": now.UTC().Format(time.RFC3339),
		}) + "\n")
		gh, err := o.gh.AddDeployment("acme/checkout", ghserver.Deployment{SHA: fmt.Sprintf("%040x", now.UnixNano()), Ref: h, Task: h, Environment: h, Description: h, Payload: map[string]string{h: h}, Creator: h})
		if err == nil {
			err = o.gh.AddStatus("acme/checkout", gh, ghserver.Status{State: "success", Description: h, LogURL: h})
		}
		if err == nil {
			err = o.gh.AddRun("acme/checkout", ghserver.Run{Name: h, SHA: h, Branch: h, Event: h, Status: "completed", Conclusion: "success"})
		}
		if err == nil {
			err = o.store.Add("errors", map[string]string{"service": "checkout", "zone": h}, now, 1)
		}
		if err != nil {
			o.tb.Fatal(err)
		}
		o.fields += fieldsOfAll
	}
	o.write("deploys.jsonl", deploys.String(), 0o600)
	o.log(batch, words)
}

// log writes each string as a line, as a field of JSON, as a command's output
// and as the name of a file.
func (o *outside) log(batch []attack.Attack, words []string) {
	o.tb.Helper()
	for i, a := range batch {
		h := words[i] + " " + oneLine(a.Raw[:min(len(a.Raw), maxHostile)])
		line := h + "\n" + object(o.tb, map[string]string{"level": "error", "msg": h, h: h}) + "\n"
		for _, f := range []*os.File{o.out, o.app} {
			if _, err := f.WriteString(line); err != nil {
				o.tb.Fatal(err)
			}
		}
		name := strings.NewReplacer("/", "", "\x00", "").Replace(h[:min(len(h), maxName)])
		o.write("logs/"+name+".log", h+"\n", 0o600)
		o.fields += fieldsOfLogs
	}
}

func oneLine(s string) string { return strings.ReplaceAll(s, "\n", "\r") }

func object(tb testing.TB, fields map[string]string) string {
	tb.Helper()
	data, err := json.Marshal(fields)
	if err != nil {
		tb.Fatal(err)
	}
	return string(data)
}

// TestCorpusThroughTheWholeProgram has every source of the real binary say
// hostile strings in every field, goes through the screens, and looks at the
// bytes that the terminal is sent, and at what three terminals make of them.
func TestCorpusThroughTheWholeProgram(t *testing.T) {
	own := attack.All()
	public, err := attack.Public()
	if err != nil {
		t.Fatal(err)
	}
	fields := own
	if !*whole {
		fields, public = slice(own, 17), slice(public, 61)
	}
	o := newOutside(t)
	o.hostileBook(own)
	p := record(t, []string{"HOME=" + o.home, "CONWAY_CONFIG=" + o.config()}, binary)
	v := &visitor{t: t, outside: o, mirror: newMirror(t, p), want: map[string]map[[2]int]string{}}
	v.shows("PAGES 0 open")
	eventually(t, "frames are marked", func() bool { return bytes.Contains(p.raw(), []byte(frameBegins)) })

	// First what is harmless: where the sides are then, they have to stay.
	harmless := make([]attack.Attack, atOnce)
	for i := range harmless {
		harmless[i].Raw = "harmless"
	}
	v.batch(harmless)
	v.lines(harmless)
	for len(fields) > 0 {
		n := min(atOnce, len(fields))
		v.batch(append(append([]attack.Attack(nil), fields[:n]...), harmless[n:]...))
		fields = fields[n:]
	}
	v.book()
	public = append(own, public...)
	for len(public) > 0 {
		n := min(lineBatch, len(public))
		v.lines(public[:n])
		public = public[n:]
	}
	v.end()
}

// slice is every n-th.
func slice(all []attack.Attack, n int) []attack.Attack {
	var out []attack.Attack
	for i := 0; i < len(all); i += n {
		out = append(out, all[i])
	}
	return out
}

// visitor goes through the screens and counts.
type visitor struct {
	*outside
	*mirror

	t *testing.T
	// want are the sides of the tiles of each screen.
	want                           map[string]map[[2]int]string
	strings, looks, sides, batches int
	zoomed                         bool
}

// look looks at the screen as it stands.
func (v *visitor) look(name string) {
	v.t.Helper()
	shown := v.screens()
	if v.want[name] == nil {
		v.want[name] = sides(shown["emulator"])
		if len(v.want[name]) < 2*(tapeHeight/2) {
			v.t.Fatalf("the screen %s has only %d cells of sides:\n%s", name, len(v.want[name]), v.text())
		}
	}
	for terminal, c := range shown {
		v.looks++
		v.sides += len(v.want[name])
		if bad := displaced(v.want[name], c); len(bad) > 0 {
			v.t.Fatalf("%s, screen %s: %d cells are displaced, such as %s\n%s", terminal, name, len(bad), bad[0], v.text())
		}
	}
}

// batch has all sources say six strings, and goes through the screens.
func (v *visitor) batch(all []attack.Attack) {
	v.t.Helper()
	v.batches++
	words := make([]string, len(all))
	for i := range all {
		words[i] = fmt.Sprintf("W%03d%c", v.batches, 'a'+rune(i))
	}
	v.strings += len(all)
	v.say(all, words)
	if v.batches%3 == 0 { // the errors' bodies too
		h := words[0] + " " + all[0].Raw[:min(len(all[0].Raw), maxHostile)]
		body := object(v.t, map[string]string{"message": h, "status": "error", "errorType": h, "error": h})
		v.prom.Faults.All(fault.Fault{Status: http.StatusBadRequest, ContentType: "application/json", Body: body})
		v.gh.Faults.All(fault.Fault{Status: http.StatusUnprocessableEntity, ContentType: "application/json", Body: body})
		v.fields += 6
	} else {
		v.prom.Faults.Clear()
		v.gh.Faults.Clear()
	}
	v.typed("g") // the open ones come first
	last := regexp.MustCompile(`high (NEW )?` + words[len(words)-1])
	v.wait("show the pages "+words[0]+" and following", func(screen string) bool { return last.MatchString(screen) && holds(screen, words) })
	v.look("watch")
	for range all {
		v.typed("\r")
		v.shows("DETAIL")
		v.look("detail")
		v.press("\x1b", "DETAIL")
		v.typed("j")
	}
	for _, s := range []struct{ key, title string }{{"t", "TIMELINE"}, {"S", "SOURCES"}} {
		v.typed(s.key)
		v.shows(s.title)
		v.look(s.title)
		v.press("\x1b", s.title)
	}
}

// lines shows strings in the zoomed log pane, a screenful at a time.
func (v *visitor) lines(all []attack.Attack) {
	v.t.Helper()
	if !v.zoomed {
		v.typed("L")
		v.typed("f")
		v.zoomed = true
	}
	v.batches++
	v.strings += len(all)
	last := ""
	for i, a := range all {
		last = fmt.Sprintf("L%04d.%02d", v.batches, i)
		if _, err := v.app.WriteString(last + " " + oneLine(a.Raw[:min(len(a.Raw), maxHostile)]) + "\n"); err != nil {
			v.t.Fatal(err)
		}
	}
	v.fields += len(all)
	v.shows(last)
	v.look("logs")
	if len(all) == atOnce { // the harmless ones: back to where the others begin
		v.typed("f")
		v.shows("PAGES ")
		v.typed("P")
		v.zoomed = false
	}
}

// book reads the runbook to its end and runs its step, whose output is every
// string.
func (v *visitor) book() {
	v.t.Helper()
	v.typed("b")
	v.shows("RUNBOOK", "HEADING")
	for range 12 {
		v.typed("\x1b[6~")
		v.shows("RUNBOOK")
		v.look("runbook")
	}
	v.typed("\r")
	v.shows("RUN THIS STEP?")
	v.press("y", "RUN THIS STEP?")
	v.shows("exit 0 after")
	v.look("output")
	v.press("\x1b", "RUNBOOK")
}

// end quits and looks at every byte that was sent.
func (v *visitor) end() {
	v.t.Helper()
	if v.zoomed {
		v.typed("f")
		v.shows("PAGES ")
	}
	v.typed("q")
	if code := v.exit(); code != 0 {
		v.t.Errorf("exit %d", code)
	}
	if bad := foreignBut(v.raw(), v.batches); len(bad) > 0 {
		v.t.Errorf("the terminal was sent\n%s", strings.Join(bad, "\n"))
	}
	if got := v.mux.do("list-buffers"); got != "" {
		v.t.Errorf("something was copied: %q", got)
	}
	if v.t.Failed() {
		return
	}
	v.t.Logf("corpus: through the real binary %d strings in %d fields, %d screens in three terminals, %d cells of sides, %d bytes: 0 foreign bytes, 0 displaced cells, 0 crashes",
		v.strings, v.fields, v.looks, v.sides, len(v.raw()))
}
