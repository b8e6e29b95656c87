package journald

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"conway/internal/oncall"
)

// TestMain makes of this test binary a journalctl, when it is started as one.
func TestMain(m *testing.M) {
	if dir := os.Getenv("FAKE_JOURNAL"); dir != "" {
		os.Exit(fakeJournalctl(dir, os.Args[1:]))
	}
	goleak.VerifyTestMain(m)
}

// record is one entry of a fake journal.
type record map[string]any

// flags are what a fake journalctl was asked.
type flags struct {
	since, until    time.Time
	grep, after     string
	lines           int
	reverse, follow bool
	matches         []string
}

func readFlags(args []string) (f flags, err error) {
	f.lines = -1
	for _, a := range args {
		name, value, _ := strings.Cut(a, "=")
		switch name {
		case "--since":
			f.since, err = moment(value)
		case "--until":
			f.until, err = moment(value)
		case "--grep":
			f.grep = value
		case "--after-cursor":
			f.after = value
		case "--lines":
			f.lines, err = strconv.Atoi(value)
		case "--reverse":
			f.reverse = true
		case "--follow":
			f.follow = true
		case "--output", "--no-pager", "--all", "--no-tail", "--unit", "--priority", "--directory", "--identifier", "--file":
		default:
			if strings.HasPrefix(a, "-") {
				return f, fmt.Errorf("unknown option '%s'", a)
			}
			f.matches = append(f.matches, a)
		}
		if err != nil {
			return f, fmt.Errorf("failed to parse %s: %w", a, err)
		}
	}
	return f, nil
}

func moment(s string) (time.Time, error) {
	whole, fraction, ok := strings.Cut(strings.TrimPrefix(s, "@"), ".")
	sec, err1 := strconv.ParseInt(whole, 10, 64)
	us, err2 := strconv.ParseInt(fraction, 10, 64)
	if !ok || len(fraction) != 6 || err1 != nil || err2 != nil || s[0] != '@' {
		return time.Time{}, fmt.Errorf("%q is no moment", s)
	}
	return time.UnixMicro(sec*1e6 + us), nil
}

// fakeJournalctl prints what the flags choose from the journal in a directory,
// which is a file of JSON lines.
func fakeJournalctl(dir string, args []string) int {
	pid := filepath.Join(dir, "pid-"+strconv.Itoa(os.Getpid()))
	if err := os.WriteFile(pid, nil, 0o600); err != nil {
		return 2
	}
	defer os.Remove(pid) //nolint:errcheck // the directory goes with the test
	terminated := make(chan os.Signal, 1)
	signal.Notify(terminated, syscall.SIGTERM)
	if _, err := os.Stat(filepath.Join(dir, "stall")); err == nil {
		<-terminated
		return 1
	}
	if words, err := os.ReadFile(filepath.Join(dir, "stderr")); err == nil {
		fmt.Fprintln(os.Stderr, string(words))
		if strings.HasPrefix(string(words), "Failed") {
			return 1
		}
	}
	f, err := readFlags(args)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if _, err := regexp.Compile(f.grep); err != nil {
		fmt.Fprintf(os.Stderr, "Bad pattern %q: missing closing parenthesis\n", f.grep)
		return 1
	}
	shown := 0
	for place := -1; ; {
		journal, err := os.ReadFile(filepath.Join(dir, "journal"))
		if err != nil {
			fmt.Fprintln(os.Stderr, "No journal files were found.")
			return 1
		}
		if f.after != "" && place < 0 && !bytes.Contains(journal, []byte(`"`+f.after+`"`)) {
			fmt.Fprintln(os.Stderr, "Failed to seek to cursor: Invalid argument")
			return 1
		}
		var out []string
		out, place = f.choose(strings.SplitAfter(string(journal), "\n"), place)
		for _, line := range out {
			fmt.Println(line)
			shown++
		}
		if !f.follow {
			if f.grep != "" && shown == 0 {
				return 1
			}
			return 0
		}
		select {
		case <-terminated:
			return 1
		case <-time.After(5 * time.Millisecond):
		}
		if _, err := os.Stat(filepath.Join(dir, "die")); err == nil {
			return 1
		}
	}
}

// choose returns the lines after a place that the flags choose, and the new place.
func (f flags) choose(journal []string, place int) (out []string, end int) {
	end = place
	for i, line := range journal {
		if i <= place || !strings.HasSuffix(line, "\n") {
			continue
		}
		end = i
		line = strings.TrimSuffix(line, "\n")
		var r record
		if json.Unmarshal([]byte(line), &r) != nil {
			out = append(out, line)
			continue
		}
		if f.after != "" && place < 0 {
			if r["__CURSOR"] == f.after {
				out = nil
				continue
			}
		}
		us, _ := strconv.ParseInt(r["__REALTIME_TIMESTAMP"].(string), 10, 64)
		at := time.UnixMicro(us)
		message, _ := r["MESSAGE"].(string)
		if at.Before(f.since) || !f.until.IsZero() && at.After(f.until) || !regexp.MustCompile(f.grep).MatchString(message) {
			continue
		}
		if slices.ContainsFunc(f.matches, func(m string) bool {
			name, value, _ := strings.Cut(m, "=")
			return r[name] != value
		}) {
			continue
		}
		out = append(out, line)
	}
	if f.reverse {
		slices.Reverse(out)
		if f.lines >= 0 {
			out = out[:min(len(out), f.lines)]
		}
	}
	return out, end
}

// fakeJournal is a journal and a source that reads it.
type fakeJournal struct {
	tb  testing.TB
	dir string
	n   int
}

func newJournal(tb testing.TB, lines ...oncall.LogLine) *fakeJournal {
	tb.Helper()
	j := &fakeJournal{tb: tb, dir: tb.TempDir()}
	j.write("journal", "")
	j.add(lines...)
	return j
}

func (j *fakeJournal) write(name, text string) {
	j.tb.Helper()
	f, err := os.OpenFile(filepath.Join(j.dir, name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		j.tb.Fatal(err)
	}
	if _, err := f.WriteString(text); err != nil {
		j.tb.Error(err)
	}
	if err := f.Close(); err != nil {
		j.tb.Error(err)
	}
}

func (j *fakeJournal) remove(name string) {
	j.tb.Helper()
	if err := os.Remove(filepath.Join(j.dir, name)); err != nil {
		j.tb.Error(err)
	}
}

func (j *fakeJournal) add(lines ...oncall.LogLine) {
	j.tb.Helper()
	var b strings.Builder
	for _, l := range lines {
		j.n++
		line, err := json.Marshal(record{
			"__CURSOR": fmt.Sprintf("s=%s;i=%d", filepath.Base(j.dir), j.n), "__REALTIME_TIMESTAMP": strconv.FormatInt(l.At.UnixMicro(), 10),
			"PRIORITY": "6", "_SYSTEMD_UNIT": l.Origin, "MESSAGE": l.Raw,
		})
		if err != nil {
			j.tb.Error(err)
		}
		b.Write(append(line, '\n'))
	}
	j.write("journal", b.String())
}

// running counts the processes that are at work.
func (j *fakeJournal) running() (n int) {
	files, err := filepath.Glob(filepath.Join(j.dir, "pid-*"))
	if err != nil {
		j.tb.Error(err)
	}
	for _, f := range files {
		_, id, _ := strings.Cut(filepath.Base(f), "-")
		if pid, err := strconv.Atoi(id); err == nil && syscall.Kill(pid, 0) == nil {
			n++
		}
	}
	return n
}

func (j *fakeJournal) source() *Source {
	j.tb.Helper()
	s, err := New(Options{Name: "journal", Argv: []string{os.Args[0]}, Env: []string{"FAKE_JOURNAL=" + j.dir}})
	if err != nil {
		j.tb.Fatal(err)
	}
	return s
}
