package faults

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"conway/internal/oncall"
)

// toxic is a pager behind Toxiproxy on loopback, and a cockpit that asks it three
// times a second and waits one second for an answer.
type toxic struct {
	*desk

	upstream string // the pager's own address
	proxy    atomic.Pointer[toxiproxy.Proxy]
}

func newToxic(t *testing.T) *toxic {
	t.Helper()
	d := &toxic{}
	var pager atomic.Pointer[desk]
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p := pager.Load(); p != nil {
			p.servePager(w, r)
			return
		}
		w.WriteHeader(http.StatusServiceUnavailable) // it is being set up
	}))
	t.Cleanup(upstream.Close)
	d.upstream = upstream.Listener.Addr().String()
	d.proxy.Store(d.newProxy(t))
	t.Cleanup(func() { d.proxy.Load().Stop() })
	tr := &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, d.proxy.Load().Listen)
	}}
	t.Cleanup(tr.CloseIdleConnections)
	d.desk = newDesk(t, setup{
		real: true, every: 300 * time.Millisecond, timeout: time.Second, promEvery: 500 * time.Millisecond, ghEvery: time.Second,
		transports: map[string]http.RoundTripper{"pd": tr}, urls: map[string]string{"pd": upstream.URL},
	})
	pager.Store(d.desk)
	d.soon(10*time.Second, "checkout 5xx above 5%")
	d.soon(5*time.Second, "7.5%")
	return d
}

// newProxy starts a proxy without toxics in front of the pager.
func (d *toxic) newProxy(t *testing.T) *toxiproxy.Proxy {
	t.Helper()
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(prometheus.NewRegistry()), zerolog.Nop())
	p := toxiproxy.NewProxy(server, "pd", "127.0.0.1:0", d.upstream)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	return p
}

// maxWait is the longest wait for a next try.
const maxWait = time.Minute

// soon waits until the screen shows something.
func (d *toxic) soon(limit time.Duration, words string) {
	d.Helper()
	for end := time.Now().Add(limit); !strings.Contains(d.screen(), words); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			d.Fatalf("after %v the screen does not show %q:\n%s", limit, words, d.screen())
		}
	}
}

// poison adds a toxic to what the pager answers, on the connections there are too.
func (d *toxic) poison(kind, attributes string) {
	d.Helper()
	_, err := d.proxy.Load().Toxics.AddToxicJson(strings.NewReader(`{"name":"x","type":"` + kind + `","stream":"downstream","attributes":{` + attributes + `}}`))
	if err != nil {
		d.Fatal(err)
	}
}

// heal puts a new proxy in the place of the poisoned one and cuts what goes
// through that. Its toxic is never removed: a client that gives up meanwhile
// blocks the removal for good (github.com/Shopify/toxiproxy/issues/558).
func (d *toxic) heal() {
	d.Helper()
	d.proxy.Swap(d.newProxy(d.T)).Stop()
}

// TestWire is the rows about bytes that come slowly, in pieces or not at all, and
// "response delayed past timeout", with Toxiproxy.
func TestWire(t *testing.T) {
	for name, c := range map[string]struct{ kind, attributes, cause string }{
		"slicer, 1 byte per 10 ms": {"slicer", `"average_size":1,"size_variation":0,"delay":10000`, "no answer in time"},
		"bandwidth 1 KB per s":     {"bandwidth", `"rate":1`, "no answer in time"},
		"truncated body":           {"limit_data", `"bytes":700`, "unexpected EOF"},
		"connection reset by peer": {"reset_peer", `"timeout":0`, "unavailable"},
		"accepted and never fed":   {"timeout", `"timeout":0`, "no answer in time"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newToxic(t)
			// More pages than came whole: no part of the list may be shown as it.
			for _, k := range []string{"second", "third"} {
				d.pd.Trigger(incident(k))
			}
			d.soon(3*time.Second, "3 open")
			for _, k := range []string{"fourth", "fifth"} {
				d.pd.Trigger(incident(k))
			}
			d.poison(c.kind, c.attributes)
			d.soon(5*time.Second, "LATE")
			d.soon(5*time.Second, c.cause)
			d.soon(5*time.Second, "STALE")
			if got := d.screen(); strings.Contains(got, "nothing open") || !strings.Contains(got, "checkout 5xx") {
				t.Errorf("a part of an answer is shown:\n%s", got)
			}
			if m := d.model; m != nil {
				d.mu.Lock()
				n := len(m.Board().Pages())
				d.mu.Unlock()
				if n != 3 && n != 5 {
					t.Errorf("%d rows are shown, the whole lists had 3 and 5", n)
				}
			}
			d.well("prom", "gh")
			d.heal()
			// Tries that fail at once are many, so the wait for the next may be the longest.
			d.soon(maxWait+5*time.Second, "5 open")
			d.soon(3*time.Second, "fifth")
		})
	}
	t.Run("latency above the client's deadline: the ack is processed, its answer is not heard", func(t *testing.T) {
		t.Parallel()
		d := newToxic(t)
		// From the moment on at which the pager has the ack.
		var once sync.Once
		slow := func(_ http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodPut {
				once.Do(func() { d.poison("latency", `"latency":1500`) })
			}
			return false
		}
		d.tamper.Store(&slow)
		d.press("a")
		d.soon(hold+4*time.Second, "ack unconfirmed")
		for end := time.Now().Add(2 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
			if got := d.screen(); strings.Contains(got, "acked by you") {
				t.Fatalf("acked, and no answer was heard:\n%s", got)
			}
		}
		d.heal()
		d.soon(maxWait+5*time.Second, "acked by you")
		if n := d.logged(); n != 1 {
			t.Errorf("%d acks are logged", n)
		}
		if got := d.states(oncall.Acknowledge); !slices.Contains(got, oncall.Unconfirmed) {
			t.Errorf("the ack was %v", got)
		}
	})
}
