package kubernetes

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"conway/internal/oncall"
)

// fakeCluster answers as the API of a cluster does, for pods of one container.
type fakeCluster struct {
	tb    testing.TB
	ahead time.Duration

	mu      sync.Mutex
	pods    []*fakePod
	version int
	events  []string
	cut     chan struct{}
	asked   []string
	// half is the beginning of a line, which is all that comes of it before a stream is
	// cut.
	half string

	stalled atomic.Bool
	running atomic.Int32
	// most is how many logs were read at once at the most; broken is the pod whose log
	// cannot be read, empty for none.
	most    atomic.Int32
	broken  atomic.Value
	follows atomic.Int32
	// expired makes the next watch answer that it is too old.
	expired atomic.Bool
}

// fakePod is a pod, and what its container has written, and the one before it.
type fakePod struct {
	name      string
	restarts  int
	phase     string
	waiting   bool
	log, prev []string
	// backOff is true while it is not started again after a crash: then its log is that
	// of the container before, asked for either way.
	backOff bool
	// finished is when the one before ended.
	finished time.Time
	// init is what a container has written that prepares the pod, nil for none, and
	// exit how that ended, negative while it runs.
	init []string
	exit int
	// ended counts how often the container has ended.
	ended int
}

func newCluster(tb testing.TB, ahead time.Duration, lines ...oncall.LogLine) *fakeCluster {
	tb.Helper()
	f := &fakeCluster{tb: tb, ahead: ahead, cut: make(chan struct{})}
	f.start("checkout-1")
	f.write("checkout-1", lines...)
	return f
}

func (f *fakeCluster) start(name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p := &fakePod{name: name, phase: "Running"}
	f.pods = append(f.pods, p)
	f.tell("ADDED", p)
}

// tell appends an event of the watch. The lock is held.
func (f *fakeCluster) tell(kind string, p *fakePod) {
	f.version++
	b, err := json.Marshal(map[string]any{"type": kind, "object": f.object(p)})
	if err != nil {
		f.tb.Error(err)
	}
	f.events = append(f.events, string(b))
}

func (f *fakeCluster) object(p *fakePod) map[string]any {
	state := map[string]any{"running": map[string]any{}}
	if p.waiting {
		state = map[string]any{"waiting": map[string]any{"reason": "ContainerCreating"}}
	}
	last := map[string]any{}
	if p.backOff {
		state = map[string]any{"waiting": map[string]any{"reason": "CrashLoopBackOff"}}
	}
	if !p.finished.IsZero() {
		last["terminated"] = map[string]any{"exitCode": 1, "finishedAt": p.finished.UTC().Format(time.RFC3339)}
	}
	spec := map[string]any{"containers": []any{map[string]any{"name": "app"}}}
	status := map[string]any{"phase": p.phase, "containerStatuses": []any{
		map[string]any{"name": "app", "restartCount": p.restarts, "state": state, "lastState": last},
	}}
	if p.init != nil {
		done := map[string]any{"running": map[string]any{}}
		if p.exit >= 0 {
			done = map[string]any{"terminated": map[string]any{"exitCode": p.exit}}
		}
		spec["initContainers"] = []any{map[string]any{"name": "migrate"}}
		status["initContainerStatuses"] = []any{map[string]any{"name": "migrate", "restartCount": 0, "state": done}}
	}
	return map[string]any{
		"kind":     "Pod",
		"metadata": map[string]any{"name": p.name, "uid": "uid-" + p.name, "resourceVersion": fmt.Sprint(f.version), "labels": map[string]string{"app": "checkout"}},
		"spec":     spec, "status": status,
	}
}

func (f *fakeCluster) pod(name string) *fakePod {
	for _, p := range f.pods {
		if p.name == name {
			return p
		}
	}
	return nil
}

func (f *fakeCluster) write(name string, lines ...oncall.LogLine) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p := f.pod(name)
	for _, l := range lines {
		p.log = append(p.log, l.At.Add(f.ahead).UTC().Format(time.RFC3339Nano)+" "+l.Raw)
	}
}

// node returns the pod that writes lines of a time, and starts it if need be: all
// lines of a node are by one clock.
func (f *fakeCluster) node(at time.Time) string {
	name := "checkout-1"
	switch off := time.Since(at); {
	case off > 2*time.Minute:
		name = "checkout-behind"
	case off < -2*time.Minute:
		name = "checkout-ahead"
	}
	f.mu.Lock()
	known := f.pod(name) != nil
	f.mu.Unlock()
	if !known {
		f.start(name)
	}
	return name
}

func (f *fakeCluster) add(lines ...oncall.LogLine) { f.write("checkout-1", lines...) }

// restart ends the first pod's container, whose last words come after its stream has
// ended, and starts another.
func (f *fakeCluster) restart(words string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p := f.pods[0]
	p.ended++
	p.finished = time.Now().Add(f.ahead)
	p.prev = append(p.log, p.finished.UTC().Format(time.RFC3339Nano)+" "+words)
	p.log = nil
	p.restarts++
	f.tell("MODIFIED", p)
}

func (f *fakeCluster) cutStreams() {
	f.mu.Lock()
	defer f.mu.Unlock()
	close(f.cut)
	f.cut = make(chan struct{})
}

func (f *fakeCluster) refuse(w http.ResponseWriter, code int, reason, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	fmt.Fprintf(w, `{"kind":"Status","status":"Failure","message":%q,"reason":%q,"code":%d}`, message, reason, code)
}

func (f *fakeCluster) say(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		f.tb.Error(err)
	}
}

// ServeHTTP answers one request.
func (f *fakeCluster) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Date", time.Now().Add(f.ahead).UTC().Format(http.TimeFormat))
	f.mu.Lock()
	f.asked = append(f.asked, r.URL.String())
	f.mu.Unlock()
	const pods = "/api/v1/namespaces/shop/pods"
	selector := r.FormValue("labelSelector")
	switch {
	case r.URL.Path == "/apis/apps/v1/namespaces/shop/deployments/checkout":
		f.say(w, map[string]any{"kind": "Deployment", "spec": map[string]any{"selector": map[string]any{"matchLabels": map[string]string{"app": "checkout"}}}})
	case r.URL.Path == pods && selector != "" && selector != "app=checkout":
		f.refuse(w, http.StatusBadRequest, "BadRequest", "unable to parse requirement")
	case r.URL.Path == pods && r.FormValue("watch") == "true":
		f.watch(w, r)
	case r.URL.Path == pods:
		f.mu.Lock()
		defer f.mu.Unlock()
		items := []any{}
		for _, p := range f.pods {
			items = append(items, f.object(p))
		}
		f.say(w, map[string]any{"kind": "PodList", "metadata": map[string]any{"resourceVersion": fmt.Sprint(f.version)}, "items": items})
	case strings.HasPrefix(r.URL.Path, pods+"/") && strings.HasSuffix(r.URL.Path, "/log"):
		f.log(w, r, strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, pods+"/"), "/log"))
	default:
		f.refuse(w, http.StatusNotFound, "NotFound", "the server could not find the requested resource")
	}
}

func (f *fakeCluster) watch(w http.ResponseWriter, r *http.Request) {
	if f.expired.CompareAndSwap(true, false) {
		fmt.Fprintln(w, `{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired"}}`)
		return
	}
	var from int
	if _, err := fmt.Sscan(r.FormValue("resourceVersion"), &from); err != nil {
		f.refuse(w, http.StatusBadRequest, "BadRequest", "invalid resource version")
		return
	}
	f.stream(w, r, func() []string {
		out := f.events[min(from, len(f.events)):]
		from = len(f.events)
		return out
	}, func() bool { return false })
}

// stream sends what next returns as it comes, until over says so.
func (f *fakeCluster) stream(w http.ResponseWriter, r *http.Request, next func() []string, over func() bool) {
	f.mu.Lock()
	cut, half := f.cut, f.half
	f.mu.Unlock()
	w.WriteHeader(http.StatusOK)
	for {
		f.mu.Lock()
		lines, ended := next(), over()
		f.mu.Unlock()
		for _, l := range lines {
			fmt.Fprintln(w, l)
		}
		if fl, ok := w.(http.Flusher); ok {
			fl.Flush()
		}
		if ended {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-cut:
			if strings.HasSuffix(r.URL.Path, "/log") {
				fmt.Fprint(w, half)
				_ = http.NewResponseController(w).Flush()
			}
			panic(http.ErrAbortHandler)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func (f *fakeCluster) log(w http.ResponseWriter, r *http.Request, name string) {
	n := f.running.Add(1)
	defer f.running.Add(-1)
	for most := f.most.Load(); n > most && !f.most.CompareAndSwap(most, n); most = f.most.Load() {
	}
	if f.broken.Load() == name {
		f.refuse(w, http.StatusInternalServerError, "InternalError", "the node does not answer")
		return
	}
	if f.stalled.Load() {
		<-r.Context().Done()
		return
	}
	since, err := time.Parse(time.RFC3339, r.FormValue("sinceTime"))
	f.mu.Lock()
	p := f.pod(name)
	switch {
	case err == nil && p != nil && p.init != nil && r.FormValue("container") == "migrate":
		for _, l := range from(p.init, since) {
			fmt.Fprintln(w, l)
		}
	case err != nil || r.FormValue("timestamps") != "true" || r.FormValue("container") != "app":
		f.refuse(w, http.StatusBadRequest, "BadRequest", "a container name must be specified")
	case p == nil:
		f.refuse(w, http.StatusNotFound, "NotFound", `pods "`+name+`" not found`)
	case r.FormValue("previous") == "true" && p.ended == 0:
		f.refuse(w, http.StatusBadRequest, "BadRequest", `previous terminated container "app" in pod "`+name+`" not found`)
	case p.waiting:
		f.refuse(w, http.StatusBadRequest, "BadRequest", `container "app" in pod "`+name+`" is waiting to start: ContainerCreating`)
	default:
		w.Header().Set("Content-Type", "text/plain")
		log := p.log
		if r.FormValue("previous") == "true" || p.backOff {
			log = p.prev
		}
		ended, place := p.ended, 0
		f.mu.Unlock()
		if r.FormValue("follow") == "true" {
			f.follows.Add(1)
			defer f.follows.Add(-1)
			f.stream(w, r, func() []string {
				if p.ended > ended {
					return nil
				}
				out := from(p.log[place:], since)
				place = len(p.log)
				return out
			}, func() bool { return p.ended > ended || p.phase != "Running" })
			return
		}
		for _, l := range from(log, since) {
			fmt.Fprintln(w, l)
		}
		return
	}
	f.mu.Unlock()
}

func from(log []string, since time.Time) (out []string) {
	for _, l := range log {
		stamp, _, _ := strings.Cut(l, " ")
		if at, err := time.Parse(time.RFC3339Nano, stamp); err != nil || !at.Before(since) {
			out = append(out, l)
		}
	}
	return out
}

func (f *fakeCluster) serve(tb testing.TB) *Source {
	tb.Helper()
	srv := httptest.NewServer(f)
	transport := &http.Transport{}
	tb.Cleanup(func() {
		transport.CloseIdleConnections()
		srv.CloseClientConnections()
		srv.Close()
	})
	return newSource(tb, Options{URL: srv.URL, Transport: transport})
}

func newSource(tb testing.TB, o Options) *Source {
	tb.Helper()
	o.Name = "pods"
	if o.Namespace == "" {
		o.Namespace = "shop"
	}
	if o.Again == 0 {
		o.Again = 20 * time.Millisecond
	}
	s, err := New(o)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}
