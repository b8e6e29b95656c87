//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"conway/internal/drill/pdserver"
	"conway/internal/ledger"
	"conway/internal/oncall"
)

// takeover is how long a test waits until a cockpit has taken over what another
// left: the grace of the one that is gone, and a minute between two looks.
const takeover = 150 * time.Second

// team puts a site on a team's ledger.
func (s *site) team(p *postgres, database string) *site {
	s.tb.Helper()
	s.write("ledger-password", p.password+"\n", 0o600)
	return s.add("ledger: {url: %q, password: {file: ledger-password}}", p.url(database))
}

// as is who is at the site's screen, instead of Ana.
func (s *site) as(email string) *site {
	s.me = email
	return s
}

// records returns what a team's ledger holds, and checks its chain.
func (p *postgres) records(tb testing.TB, database string) []ledger.Record {
	tb.Helper()
	j := teamLedger(tb, p, p.url(database), ledger.Options{ReadOnly: true})
	if r, err := j.Verify(tb.Context()); err != nil || r.Flaw != nil {
		tb.Errorf("the chain: %+v, %v", r.Flaw, err)
	}
	out, _, err := j.Since(tb.Context(), 0)
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

// never watches a screen until stopped and fails when it shows a text.
func never(tb testing.TB, c *screen, text string) (stop func()) {
	tb.Helper()
	ended, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			if shown, err := c.ask("capture-pane", "-p"); err == nil && strings.Contains(shown, text) {
				tb.Errorf("the screen shows %q too early:\n%s", text, shown)
				return
			}
			select {
			case <-ended:
				return
			case <-time.After(50 * time.Millisecond):
			}
		}
	}()
	return sync.OnceFunc(func() {
		close(ended)
		<-done
	})
}

// pair starts two cockpits on one pager and one ledger; make puts a site on it.
func pair(t *testing.T, ledger func(s *site) *site) (pd *pager, id string, ana, ben *screen) {
	t.Helper()
	pd = newPager(t)
	id = pd.checkout()
	// The second one hears of the pager rarely, so that what it shows of the first
	// can only come from the ledger.
	rare := fmt.Sprintf("pages:\n  - {type: pagerduty, name: pd, url: %q, token: {file: token}, scope: all, every: 1h}", pd.url())
	ana = ledger(newSite(t).pages(pd).hold(0)).cockpit(140, 40)
	ben = ledger(newSite(t).add("%s", rare).hold(0)).as("ben@example.com").cockpit(140, 40)
	for _, c := range []*screen{ana, ben} {
		c.sees("PAGES 1 open", title, "triggered")
	}
	return pd, id, ana, ben
}

// seesTheOthersAck has the pager hold an ack of the first cockpit back: until it
// has confirmed it, the second must not call the page acked.
func seesTheOthersAck(t *testing.T, pd *pager, id string, ana, ben *screen) {
	t.Helper()
	pd.Fail(pdserver.On(http.MethodPut, "/incidents", 0, pdserver.Failure{Status: http.StatusServiceUnavailable}))
	early := never(t, ben, "acked by")
	defer early()
	defer func() {
		if t.Failed() {
			t.Log(ana.text())
		}
	}()
	ana.press("a")
	ben.sees("ack by ana, not confirmed yet")
	ben.press("Enter")
	ben.sees("DETAIL", "ack by ana@example.com since", "not confirmed yet")
	ben.press("Escape")
	ben.lacks("DETAIL")
	early()
	if pd.acked(id) != 0 {
		t.Error("the pager has it already")
	}
	pd.Fail(nil)
	ben.matches(`acked by ana, confirmed \d\d:\d\d`)
	ana.sees("acked by you")
	ana.press("n")
	ana.sees("NOTE on " + title)
	ana.typed("rolling back")
	ana.press("Enter")
	ana.sees("note confirmed")
	ben.press("t")
	ben.sees("TIMELINE", "ana@example.com", "note: rolling back", "confirmed")
	if n := pd.acked(id); n != 1 {
		t.Errorf("the pager has %d acknowledgements, want 1", n)
	}
	for _, c := range []*screen{ana, ben} {
		if code := c.quits(); code != 0 {
			t.Errorf("exit %d", code)
		}
		c.restored()
	}
}

func TestTwoCockpitsOnOneTeamLedger(t *testing.T) {
	t.Parallel()
	p := newPostgres(t)
	db := p.database(t)
	pd, id, ana, ben := pair(t, func(s *site) *site { return s.team(p, db) })
	seesTheOthersAck(t, pd, id, ana, ben)
	var kinds []string
	for _, r := range p.records(t, db) {
		if strings.HasPrefix(r.Kind, ledger.KindAction) { // beside what is known of the page
			kinds = append(kinds, r.Kind+" "+r.Actor)
		}
	}
	want := "action ana@example.com, action.state ana@example.com, action ana@example.com, action.state ana@example.com"
	if got := strings.Join(kinds, ", "); got != want {
		t.Errorf("the ledger holds %s, want %s", got, want)
	}
}

func TestTwoCockpitsOnOneLedgerFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "conway", "ledger.db")
	pd, id, ana, ben := pair(t, func(s *site) *site { return s.add("ledger: {path: %q}", path) })
	seesTheOthersAck(t, pd, id, ana, ben)
}

// TestKilledCockpitIsTakenOver kills one cockpit, its parent too, with a note
// that the pager never took. The other delivers it, once.
func TestKilledCockpitIsTakenOver(t *testing.T) {
	t.Parallel()
	p := newPostgres(t)
	db := p.database(t)
	pd, id, ana, ben := pair(t, func(s *site) *site { return s.team(p, db) })
	pd.Fail(pdserver.On(http.MethodPost, "/incidents", 0, pdserver.Failure{Status: http.StatusServiceUnavailable}))
	ana.press("n")
	ana.sees("NOTE on " + title)
	ana.typed("left behind")
	ana.press("Enter")
	ana.sees("1 undelivered")
	ben.sees("note by ana, not confirmed yet")
	pid, ok := ana.pid()
	if !ok {
		t.Fatal("no process id")
	}
	for _, one := range tree(t, pid) {
		if err := syscall.Kill(one, syscall.SIGKILL); err != nil {
			t.Error(err)
		}
	}
	pd.Fail(nil)
	ben.poll("that the note was delivered", takeover, func(string) bool { return len(pd.written(id)) > 0 }, func() {})
	ben.sees("note confirmed")
	if code := ben.quits(); code != 0 {
		t.Errorf("exit %d", code)
	}
	if got := pd.written(id); len(got) != 1 || !strings.HasSuffix(got[0], ": left behind") {
		t.Errorf("the pager's notes are %q", got)
	}
}

// TestDatabaseGoesAndComesBack stops the database under a running cockpit. What
// cannot be recorded is not called so, and it is used again once it is back.
func TestDatabaseGoesAndComesBack(t *testing.T) {
	t.Parallel()
	p := ownPostgres(t)
	db := p.database(t)
	pd := newPager(t)
	id := pd.checkout()
	s := newSite(t).pages(pd).hold(0).team(p, db)
	c := s.cockpit(140, 40)
	c.sees("PAGES 1 open", title, "triggered")
	note := func(words string) {
		c.press("n")
		c.sees("NOTE on " + title)
		c.typed(words)
		c.press("Enter")
	}
	note("before")
	c.sees("note confirmed")
	if err := p.down(); err != nil {
		t.Fatal(err)
	}
	c.sees("nothing is recorded while it is away")
	recorded := never(t, c, "ack recorded")
	c.press("a")
	c.sees("ack refused: ledger", "the team's database is away")
	recorded()
	if pd.acked(id) != 0 {
		t.Error("what could not be recorded was sent")
	}
	if err := p.up(); err != nil {
		t.Fatal(err)
	}
	c.sees("ledger: works again")
	c.press("a")
	c.sees("acked by you")
	note("after")
	c.poll("both notes", patience, func(string) bool { return len(pd.written(id)) == 2 }, func() {})
	if code := c.quits(); code != 0 {
		t.Errorf("exit %d", code)
	}
	c.restored()
	if n := pd.acked(id); n != 1 {
		t.Errorf("the pager has %d acknowledgements, want 1", n)
	}
	p.records(t, db)
}

// TestColdStartWithTheDatabaseDown shows what was known last at once.
func TestColdStartWithTheDatabaseDown(t *testing.T) {
	t.Parallel()
	p := ownPostgres(t)
	db := p.database(t)
	pd := newPager(t)
	pd.checkout()
	s := newSite(t).pages(pd).team(p, db)
	c := s.cockpit(140, 40)
	c.sees(title)
	if code := c.quits(); code != 0 {
		t.Errorf("exit %d", code)
	}
	if err := p.down(); err != nil {
		t.Fatal(err)
	}
	pd.down()
	began := time.Now()
	c = s.cockpit(140, 40)
	c.sees(title)
	t.Logf("the last known page was on the screen of tmux %v after its start", time.Since(began))
	c.sees("nothing is recorded while it is away")
	if code := c.quits(); code != 0 {
		t.Errorf("exit %d", code)
	}
}

// TestRestartedDatabaseTakesNothingFromTheLiving starts a database anew. Every
// connection is gone, but no cockpit is.
func TestRestartedDatabaseTakesNothingFromTheLiving(t *testing.T) {
	t.Parallel()
	p := ownPostgres(t)
	url := p.url(p.database(t))
	one, two := teamLedger(t, p, url, ledger.Options{}), teamLedger(t, p, url, ledger.Options{})
	a := oncall.Action{ID: "a", Kind: oncall.Annotate, Target: oncall.Ref{Source: "pd", ID: "P1"}, At: time.Now()}
	if err := one.Record(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	if err := p.down(); err != nil {
		t.Fatal(err)
	}
	a.ID = "b"
	if err := one.Record(t.Context(), a); err == nil {
		t.Error("it recorded without a database")
	}
	if err := p.up(); err != nil {
		t.Fatal(err)
	}
	if err := two.Reopen(t.Context()); err != nil {
		t.Fatal(err)
	}
	got, err := two.Pending(t.Context())
	if err != nil || len(got) != 0 {
		t.Errorf("the other took over %+v, %v", got, err)
	}
	if err := one.Reopen(t.Context()); err != nil {
		t.Fatal(err)
	}
	got, err = one.Pending(t.Context())
	if err != nil || len(got) != 1 || one.Held() != nil {
		t.Errorf("it has %+v left, %v, %v", got, err, one.Held())
	}
}

// TestCommitWhoseAnswerIsLost cuts the connection after the database has got the
// commit and before it could say so.
func TestCommitWhoseAnswerIsLost(t *testing.T) {
	const commits = 8
	t.Parallel()
	p := newPostgres(t)
	db := p.database(t)
	cut := newCutter(t, p.port)
	url := strings.Replace(p.url(db), fmt.Sprint(":", p.port, "/"), fmt.Sprint(":", cut.port, "/"), 1)
	j := teamLedger(t, p, url, ledger.Options{})
	for i := range commits {
		cut.arm()
		r, err := j.Append(t.Context(), ledger.Record{Kind: "note", Body: json.RawMessage(fmt.Sprint(i))})
		if err != nil || r.ID == "" {
			t.Fatalf("record %d: %v", i, err)
		}
	}
	if n := cut.count(); n != commits {
		t.Errorf("%d commits lost their answer, want %d", n, commits)
	}
	if got := p.records(t, db); len(got) != commits {
		t.Errorf("the ledger holds %d records, want %d", len(got), commits)
	}
}

// cutter passes connections on and, once armed, cuts one that commits.
type cutter struct {
	port int

	mu    sync.Mutex
	armed bool
	cuts  int
}

func newCutter(tb testing.TB, to int) *cutter {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	c := &cutter{port: l.Addr().(*net.TCPAddr).Port}
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	all.Go(func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", fmt.Sprint("127.0.0.1:", to))
			if err != nil {
				_ = in.Close()
				continue
			}
			var once sync.Once
			end := func() { once.Do(func() { _, _ = in.Close(), out.Close() }) }
			context.AfterFunc(ctx, end)
			var mute atomic.Bool
			all.Go(func() { c.pass(in, out, true, &mute, end) })
			all.Go(func() { c.pass(out, in, false, &mute, end) })
		}
	})
	tb.Cleanup(func() {
		_ = l.Close()
		cancel()
		all.Wait()
	})
	return c
}

// pass copies one direction. The client's side is cut after a commit went out,
// with the answer unread.
func (c *cutter) pass(from, to net.Conn, client bool, mute *atomic.Bool, end func()) {
	defer end()
	b := make([]byte, 64<<10)
	for {
		n, err := from.Read(b)
		if err != nil {
			return
		}
		lost := client && c.commits(b[:n])
		if lost {
			mute.Store(true)
		}
		if !client && mute.Load() {
			continue
		}
		if _, err := to.Write(b[:n]); err != nil {
			return
		}
		if lost {
			// The database commits what it has read, whoever is there to hear it.
			time.Sleep(20 * time.Millisecond)
			return
		}
	}
}

func (c *cutter) commits(b []byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	// A simple query is a Q, its length and its words.
	if !c.armed || b[0] != 'Q' || !strings.HasSuffix(string(b), "COMMIT\x00") {
		return false
	}
	c.armed = false
	c.cuts++
	return true
}

func (c *cutter) arm() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.armed = true
}

func (c *cutter) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cuts
}

func TestTagIsDurable(t *testing.T) {
	t.Parallel()
	p := newPostgres(t)
	db := p.database(t)
	for name, put := range map[string]func(*site) *site{
		"file": func(s *site) *site { return s }, "team": func(s *site) *site { return s.team(p, db) },
	} {
		t.Run(name, func(t *testing.T) {
			pd := newPager(t)
			id := pd.checkout()
			s := put(newSite(t).pages(pd))
			for words, want := range map[string]string{
				"noise": `"name":"verdict","value":"noise"`, "preventable": `"name":"preventable","value":"yes"`,
				"deploy confirmed": `"name":"deploy","value":"confirmed"`, "followup cap the queue": `"name":"followup","value":"cap the queue"`,
			} {
				r := s.run(append([]string{"tag", id}, strings.Fields(words)...)...)
				if r.code != 0 || !strings.Contains(r.stdout, "recorded") {
					t.Errorf("tag %s: exit %d: %s%s", words, r.code, r.stdout, r.stderr)
				}
				if out := s.run("ledger", "export", "--all"); !strings.Contains(out.stdout, want) || !strings.Contains(out.stdout, `"kind":"tag"`) {
					t.Errorf("%s is not in the ledger: %s%s", want, out.stdout, out.stderr)
				}
			}
			for _, words := range []string{"maybe", "deploy", "deploy perhaps", "followup", "noise too"} {
				if r := s.run(append([]string{"tag", "pd/" + id}, strings.Fields(words)...)...); r.code != 2 {
					t.Errorf("tag %s: exit %d: %s", words, r.code, r.stderr)
				}
			}
			if w := pd.writes(); len(w) != 0 {
				t.Errorf("a tag went to the pager: %+v", w)
			}
		})
	}
	s := newSite(t).pages(newPager(t)).add("ledger: {url: %q, password: {file: token}}", p.url(db))
	if r := s.run("tag", "P1", "noise"); r.code != 1 || !strings.Contains(r.stderr, "the tag is not recorded") {
		t.Errorf("with a wrong password: exit %d: %s", r.code, r.stderr)
	}
}

// TestTeamLedgerRefusesChanges looks at what guards the records against whoever
// uses another program.
func TestTeamLedgerRefusesChanges(t *testing.T) {
	t.Parallel()
	p := newPostgres(t)
	db := p.database(t)
	j := teamLedger(t, p, p.url(db), ledger.Options{})
	for range 3 {
		if _, err := j.Append(t.Context(), ledger.Record{Kind: "note"}); err != nil {
			t.Fatal(err)
		}
	}
	const insert = "INSERT INTO conway.record SELECT 4, 'x', at, kind, src, actor, body, hash, hash FROM conway.record WHERE seq = "
	for _, sql := range []string{
		"UPDATE conway.record SET body = '[]' WHERE seq = 2", "DELETE FROM conway.record WHERE seq = 3", "TRUNCATE conway.record", insert + "2",
	} {
		if err := p.try(db, sql); err == nil || !strings.Contains(err.Error(), "records are") {
			t.Errorf("%s: %v", sql, err)
		}
	}
	p.do(t, db, "ALTER TABLE conway.record DISABLE TRIGGER USER; UPDATE conway.record SET body = '[]' WHERE seq = 2")
	if r, err := j.Verify(t.Context()); err != nil || r.Flaw == nil || r.Flaw.Place != 2 {
		t.Errorf("verified %+v, %v after an edit", r, err)
	}
	p.do(t, db, "UPDATE conway.version SET number = 99")
	if err := j.Reopen(t.Context()); err == nil || !strings.Contains(err.Error(), "a newer conway wrote this ledger") {
		t.Errorf("a newer schema: %v", err)
	}
	if os.Getenv("PGPASSWORD") == "" {
		s := newSite(t).pages(newPager(t)).add("ledger: {url: %q}", p.url(db))
		if r := s.run("ledger", "verify"); r.code != 1 || strings.Contains(r.stderr, p.password) {
			t.Errorf("without a password: exit %d: %s", r.code, r.stderr)
		}
	}
}
