package faults

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"conway/internal/drill/pdserver"
	"conway/internal/feed"
)

// TestSourceReturns5xx is the row "source returns 500, 502, 503 for 10 s, 10 min,
// 10 h".
func TestSourceReturns5xx(t *testing.T) {
	for i, outage := range []time.Duration{10 * time.Second, 10 * time.Minute, 10 * time.Hour} {
		code := []int{500, 502, 503}[i]
		s := setup{}
		if outage > time.Hour {
			s = setup{promEvery: 5 * time.Minute, ghEvery: 15 * time.Minute}
		}
		bubble(t, fmt.Sprintf("source returns %d for %v", code, outage), s, func(d *desk) {
			d.begin()
			d.pd.Fail(pdserver.On("", "/", 0, pdserver.Failure{Status: code, Body: `{"error":{"message":"no healthy upstream"}}`}))
			broke := time.Now()
			// Late within one interval and a second, with the cause and the next try.
			if took := d.until(every+time.Second+2*time.Second, `pd \d+s!`); took > every+2*time.Second {
				d.Errorf("late only after %v", took)
			}
			d.well("prom", "gh")
			d.press("S")
			d.see(fmt.Sprintf("HTTP %d", code), "no healthy upstream", "try ")
			if outage > time.Minute {
				d.until(40*time.Second, `pd \d+[sm]!!`)
				d.see("PAGES 1 open STALE", "last heard", fmt.Sprintf("HTTP %d", code))
				d.unseen("nothing open")
			}
			if outage > time.Hour {
				d.pass(outage - time.Since(broke) - time.Minute)
				d.see("pd 9h59 LOST", "PAGES LOST 9h59", "checkout 5xx above 5%")
				d.well("prom")
			}
			d.pass(outage - time.Since(broke))
			// The wait between two tries is capped, and never all alike.
			var gaps []time.Duration
			var last time.Time
			for _, r := range d.pd.Requests() {
				if r.Path == "/incidents" && r.Method == http.MethodGet && r.At.After(broke) {
					if !last.IsZero() {
						gaps = append(gaps, r.At.Sub(last))
					}
					last = r.At
				}
			}
			alike := 0
			for i, g := range gaps {
				if g > 61*time.Second {
					d.Errorf("a wait of %v", g)
				}
				if i > 0 && g == gaps[i-1] {
					alike++
				}
			}
			if outage > time.Minute && (len(gaps) < 8 || alike > len(gaps)/4) {
				d.Errorf("%d tries, %d waits like the one before", len(gaps), alike)
			}
			// Back within the cap for the next try, live at once with the first success
			// of the list: a page's own history may be read meanwhile.
			d.pd.Fail(nil)
			healed := len(d.pd.Requests())
			d.until(61*time.Second, `pd \d+s  `)
			first := time.Time{}
			for _, r := range d.pd.Requests()[healed:] {
				if r.Status == http.StatusOK && first.IsZero() && slices.Contains(r.Query["statuses[]"], "triggered") {
					first = r.At
				}
			}
			if lag := time.Since(first); lag > every+time.Second {
				d.Errorf("live %v after the first success", lag)
			}
			d.well("pd", "prom")
			d.unseen("no healthy upstream")
		})
	}
}

// TestCredentialRefused is the row "401 or 403 mid-incident".
func TestCredentialRefused(t *testing.T) {
	for code, fix := range map[int]string{
		http.StatusUnauthorized: "renew the token of pd",
		http.StatusForbidden:    "give the token of pd this permission",
	} {
		bubble(t, fmt.Sprintf("%d mid-incident", code), setup{}, func(d *desk) {
			d.begin()
			d.pd.Fail(pdserver.On("", "/", 0, pdserver.Failure{Status: code, Body: `{"error":{"message":"Access Denied","code":2010}}`}))
			d.until(15*time.Second, `pd \d+s!`)
			d.see(fmt.Sprintf("not authorised (HTTP %d)", code), fix)
			d.press("a")
			d.pass(hold + 2*time.Second)
			d.see("ack waits, next try in", "1 undelivered")
			d.press("n", "p", "o", "o", "l", "enter")
			d.pass(4 * time.Minute)
			d.see("2 undelivered", "STALE", fix, "ack ")
			d.unseen("acked by you", "nothing open")
			d.well("prom", "gh")
			if got := d.state(); got.Status != "triggered" || len(got.Notes) > 0 {
				d.Errorf("the pager has %+v", got)
			}
			d.press("q")
			d.see("2 of what you asked for has not been delivered")
			d.pass(time.Second)
			d.press("esc")
			// The credential is renewed: everything goes out by itself.
			d.pd.Fail(nil)
			d.until(95*time.Second, "acked by you")
			d.until(95*time.Second, `pd \d+s  `)
			d.pass(40 * time.Second)
			d.unseen("undelivered", fix)
			if n := d.logged(); n != 1 {
				d.Errorf("%d acks are logged", n)
			}
			if n := len(d.state().Notes); n != 1 {
				d.Errorf("%d notes are there", n)
			}
		})
	}
}

// TestThrottled is the row "429 with ratelimit-reset or Retry-After".
func TestThrottled(t *testing.T) {
	bubble(t, "429 with Retry-After", setup{budget: &feed.BudgetOptions{PerMinute: 960, Burst: 20}}, func(d *desk) {
		d.begin()
		const leave = 2 * time.Minute
		var mu sync.Mutex
		refused := []time.Time{}
		d.pd.Fail(func(*http.Request) *pdserver.Failure {
			mu.Lock()
			defer mu.Unlock()
			refused = append(refused, time.Now())
			return &pdserver.Failure{Status: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"120"}}, Body: `{"error":{"message":"Rate Limit Exceeded","code":2020}}`}
		})
		d.until(15*time.Second, `pd \d+s!`)
		d.see("rate limited (HTTP 429)", "next try in")
		d.press("r", "a") // a person in a hurry changes nothing
		d.pass(hold + time.Second)
		d.see("ack waits, next try in", "1 undelivered")
		d.pass(110*time.Second - hold)
		mu.Lock()
		n, first := len(refused), refused[0]
		mu.Unlock()
		if n > 2 {
			d.Errorf("%d requests within the time that was asked to be left alone", n)
		}
		d.see("STALE", "rate limited")
		d.well("prom", "gh")
		d.pd.Fail(nil)
		d.until(time.Minute, "acked by you")
		if since := time.Since(first); since < leave {
			d.Errorf("the ack went out %v after the refusal", since)
		}
		d.until(70*time.Second, `pd \d+s  `)
		if n := d.logged(); n != 1 {
			d.Errorf("%d acks are logged", n)
		}
	})
	bubble(t, "429 with ratelimit-reset, writes keep a reserved share", setup{limit: 60, budget: &feed.BudgetOptions{PerMinute: 60, Burst: 20}}, func(d *desk) {
		d.begin()
		// Somebody else takes nearly all there is, window after window.
		greedy := func(n int) {
			for range n {
				req := httptest.NewRequestWithContext(d.ctx, http.MethodGet, "/users/me", nil)
				req.Header.Set("Authorization", "Token token="+token)
				d.pd.ServeHTTP(httptest.NewRecorder(), req)
			}
		}
		d.pass(time.Minute - time.Duration(time.Now().UnixNano())%time.Minute + time.Second)
		greedy(50)
		d.pass(12 * time.Second) // a read hears of it
		before := len(d.pd.Requests())
		d.press("a")
		d.pass(hold)
		d.until(2*time.Second, "acked by you")
		d.pass(25 * time.Second)
		for _, r := range d.pd.Requests()[before:] {
			if r.Status == http.StatusTooManyRequests {
				d.Errorf("%s %s was refused", r.Method, r.Path)
			}
		}
		d.until(70*time.Second, `pd \d+s  `)
	})
}
