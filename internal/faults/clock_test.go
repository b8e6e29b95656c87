package faults

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"conway/internal/oncall"
)

// noNegative fails when any age on the screen is below zero.
func (d *desk) noNegative() {
	d.Helper()
	if m := regexp.MustCompile(`[ (]-\d+(s|m|h\d*|d)\b`).FindString(strings.ReplaceAll(d.screen(), "-60m…now", "")); m != "" && !strings.Contains(d.title(), "clock"+strings.TrimSpace(m)) {
		d.Errorf("a negative age, %q:\n%s", m, d.screen())
	}
}

// TestServerClock is the row "server clock +-10 min, +-1 year".
func TestServerClock(t *testing.T) {
	for name, skew := range map[string]time.Duration{
		"10 min ahead": 10 * time.Minute, "10 min behind": -10 * time.Minute,
		"a year ahead": 365 * 24 * time.Hour, "a year behind": -365 * 24 * time.Hour,
	} {
		bubble(t, "server clock "+name, setup{skew: skew}, func(d *desk) {
			sign := map[string]string{
				"10 min ahead": "clock+10m", "10 min behind": "clock-10m", "a year ahead": "clock+365d", "a year behind": "clock-365d",
			}[name]
			d.pass(20 * time.Second)
			// Ages are by one clock, and by how much another differs is shown.
			d.see("7.5%", "9 min before", sign)
			d.until(0, `checkout 5xx above 5%  · triggered 2[01] s ago`)
			d.unseen("7.5%?", "LATE", "gone", "NO DATA")
			d.pass(40 * time.Second)
			d.see("triggered 1 min ago")
			d.noNegative()
			// An ack is held, sent and kept as ever.
			d.press("a")
			d.pass(hold + 2*time.Second)
			d.see("acked by you")
			d.pass(3 * time.Minute)
			d.see("acked by you")
			d.unseen("disagrees", "undelivered")
			if n := d.logged(); n != 1 {
				d.Errorf("%d acks are logged", n)
			}
			// Newer pages come first, by the server's own order.
			first := d.pd.Trigger(incident("Zfirst"))
			d.pass(5 * time.Second)
			second := d.pd.Trigger(incident("Zsecond"))
			d.pass(15 * time.Second)
			if got := d.screen(); strings.Index(got, "Zsecond") > strings.Index(got, "Zfirst") || first == second {
				d.Errorf("they are in the wrong order:\n%s", got)
			}
			// A dead target is as old as it is, whatever the server's clock.
			d.dead = true
			d.until(oncall.OldSample+30*time.Second, `7\.5%\? 2m`)
		})
	}
	bubble(t, "server clock 2 s ahead is no news", setup{skew: 2 * time.Second}, func(d *desk) {
		d.pass(20 * time.Second)
		d.unseen("clock+")
		d.well("pd", "prom", "gh")
		d.noNegative()
	})
}

// TestLocalClock is the row "local clock jump back or forward".
func TestLocalClock(t *testing.T) {
	for name, by := range map[string]time.Duration{"an hour back": -time.Hour, "a year back": -365 * 24 * time.Hour, "ten minutes back": -10 * time.Minute} {
		bubble(t, "local clock jumps "+name, setup{}, func(d *desk) {
			d.begin()
			d.answers("", "/", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
			d.pass(10 * time.Second)
			d.press("a")
			d.set(by)
			d.noNegative()
			d.pass(hold + 2*time.Second)
			d.see("the clock was set back by")
			// What is down gets old as if nothing had been set: never live again.
			d.until(50*time.Second, `pd \d+s!!`)
			d.pass(10 * time.Minute)
			d.see("pd 10m LOST")
			d.unseen("nothing open", "acked by you")
			d.tamper.Store(nil)
			d.until(61*time.Second, "acked by you")
			d.until(61*time.Second, `pd \d+s( clock\S+)?  `)
			if n := d.logged(); n != 1 {
				d.Errorf("%d acks are logged", n)
			}
		})
		bubble(t, "local clock jumps "+name+", all is well", setup{}, func(d *desk) {
			d.begin()
			d.set(by)
			d.pass(time.Minute)
			d.well("pd", "prom")
			d.noNegative()
		})
	}
	bubble(t, "local clock jumps an hour forward", setup{}, func(d *desk) {
		d.begin()
		n := len(d.woken)
		first := d.set(time.Hour)
		// It may have been a sleep of the whole machine: old until asked again.
		for _, w := range []string{"the clock was set forward by 1 h", "pd 1h00 LOST"} {
			if !strings.Contains(first, w) {
				d.Errorf("the first frame does not show %q:\n%s", w, first)
			}
		}
		if len(d.woken) != n+1 {
			d.Errorf("the sources were asked again %d times", len(d.woken)-n)
		}
		d.until(every, `pd \d+s( clock\S+)?  `)
		d.well("prom", "gh")
	})
}

// set sets the wall clock of this machine, and returns the first frame after.
func (d *desk) set(by time.Duration) string {
	d.off.Add(int64(by))
	return d.frame()
}

// frame draws one frame before anything that it asks for can come.
func (d *desk) frame() string {
	d.mu.Lock()
	d.model.Update(screenSize())
	frame := d.model.Text()
	d.mu.Unlock()
	d.wait()
	return frame
}

// TestSummerTime is the row "DST; leap": the hour that is skipped and the one that
// comes twice change nothing but the time of day. Go's clocks and the sources'
// know no leap second: it is smeared, or is a step of a second, which is trimmed.
func TestSummerTime(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		at            time.Time
		before, after string
	}{
		"begins": {time.Date(2026, 3, 29, 0, 59, 20, 0, time.UTC), "01:59 CET", "03:00 CEST"},
		"ends":   {time.Date(2026, 10, 25, 0, 59, 20, 0, time.UTC), "02:59 CEST", "02:00 CET"},
	} {
		bubble(t, "DST "+name, setup{start: c.at, zone: berlin}, func(d *desk) {
			d.begin()
			d.see(c.before, "triggered 20 s ago")
			d.pass(30 * time.Second)
			d.see(c.after, "triggered 50 s ago")
			d.well("pd", "prom", "gh")
			d.noNegative()
			d.unseen("the clock was set")
			if len(d.woken) > 0 {
				d.Error("it was taken for a sleep")
			}
			d.press("a")
			d.pass(hold + 2*time.Second)
			d.see("acked by you")
		})
	}
	bubble(t, "leap second", setup{}, func(d *desk) {
		d.begin()
		d.set(-time.Second)
		d.pass(5 * time.Second)
		d.set(time.Second)
		d.well("pd", "prom", "gh")
		d.unseen("the clock was set")
		d.noNegative()
	})
}

// suspend puts the machine to sleep: the wall clock and the boot clock go on, the
// monotonic one and all timers stand still. It returns the first frame after.
func (d *desk) suspend(span time.Duration) string {
	d.asleep.Add(int64(span))
	d.off.Add(int64(span))
	return d.frame()
}

// TestSuspend is the row "suspend 1 s, 1 min, 8 h".
func TestSuspend(t *testing.T) {
	for name, c := range map[string]struct {
		span  time.Duration
		first string
		woken bool
	}{
		"1 s":   {time.Second, `pd \d+s  gh \d+s  prom \d+s`, false},
		"1 min": {time.Minute, `pd 1m!!  gh 1m  prom 1m!!`, true},
		"8 h":   {8 * time.Hour, `pd 8h00 LOST  gh 8h00 LOST  prom 8h00 LOST`, true},
	} {
		bubble(t, "suspend "+name, setup{}, func(d *desk) {
			d.begin()
			d.press("s") // a question whose answers are moments of now
			d.pass(time.Second)
			d.see("SNOOZE")
			asked := len(d.pd.Requests())
			first := d.suspend(c.span)
			if !regexp.MustCompile(c.first).MatchString(first) {
				d.Errorf("the first frame:\n%s", first)
			}
			if c.woken && (strings.Contains(first, "SNOOZE") || !strings.Contains(first, "back after")) {
				d.Errorf("the first frame:\n%s", first)
			}
			woken := len(d.woken)
			if c.woken != (woken == 1) || woken > 1 {
				d.Errorf("the sources were asked again %d times", woken)
			}
			if !c.woken {
				d.see("SNOOZE")
				d.press("esc")
			}
			d.press("1")
			// No burst: what was due while asleep is due once.
			d.pass(time.Second)
			if n := len(d.pd.Requests()) - asked; n > 12 {
				d.Errorf("%d requests in the first second", n)
			}
			d.pass(time.Second)
			d.well("pd", "prom")
			d.until(70*time.Second, `gh \d+s`)
			if d.state().Status != "triggered" {
				d.Error("a question from before the sleep was answered after it")
			}
			d.noNegative()
		})
	}
}
