package cloudwatch

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"conway/internal/oncall"
)

// fakePage is how many events a page of the fake holds at most.
const fakePage = 4

// fakeLogs answers as CloudWatch Logs does, from events in memory: in pages, of
// which every other one is empty.
type fakeLogs struct {
	tb    testing.TB
	ahead time.Duration

	mu sync.Mutex
	// events are those of each group.
	events map[string][]fakeEvent
	made   int
	// jobs are those of Logs Insights by id, stopped ones are gone.
	jobs map[string]*fakeJob
	// asked are the operations, in order.
	asked []string
	// stalled keeps jobs from ending, and requests from being answered; running
	// counts the latter.
	stalled bool
	running int
	// oldestFirst ignores that the newest are asked for first.
	oldestFirst bool
	// twice has each page begin with the event that the one before ended with, and loops
	// has pages name each other as the next one without an end.
	twice, loops bool
	// refuse is how many requests are answered with refusal, the __type of an error.
	refuse  int
	refusal string
	// expired has jobs be gone when they are looked at.
	expired bool
	// status is what jobs end as; empty means Complete.
	status string
	// groups are what DescribeLogGroups tells of, ordered by name.
	groups []string
}

type fakeEvent struct {
	at              time.Time
	stream, message string
	id              string
	// wire is the whole record, when it is no event.
	wire string
}

type fakeJob struct {
	body  asked
	looks int
}

// asked is what requests ask, whatever the operation.
type asked struct {
	Group       string   `json:"logGroupName"`
	Identifier  string   `json:"logGroupIdentifier"`
	Groups      []string `json:"logGroupNames"`
	Identifiers []string `json:"logGroupIdentifiers"`
	Start       int64    `json:"startTime"`
	End         int64    `json:"endTime"`
	Pattern     string   `json:"filterPattern"`
	Limit       int      `json:"limit"`
	Token       string   `json:"nextToken"`
	FromHead    bool     `json:"startFromHead"`
	Query       string   `json:"queryString"`
	QueryID     string   `json:"queryId"`
	Prefix      string   `json:"logGroupNamePrefix"`
}

func newFake(tb testing.TB, ahead time.Duration, lines ...oncall.LogLine) *fakeLogs {
	tb.Helper()
	f := &fakeLogs{tb: tb, ahead: ahead, events: map[string][]fakeEvent{}, jobs: map[string]*fakeJob{}}
	f.add(lines...)
	return f
}

// add puts lines into the groups app and edge in turn.
func (f *fakeLogs) add(lines ...oncall.LogLine) {
	for _, l := range lines {
		f.put(fakeEvent{at: l.At, stream: l.Origin, message: l.Raw + "\n"})
	}
}

func (f *fakeLogs) put(e fakeEvent) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.made++
	e.at, e.id = e.at.Add(f.ahead), fmt.Sprintf("%056d", f.made)
	group := []string{"app", "edge"}[f.made%2]
	f.events[group] = append(f.events[group], e)
}

func (f *fakeLogs) busy() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.running + len(f.jobs)
}

func (f *fakeLogs) stall() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stalled = true
}

// expire forgets all jobs, also those that are made later.
func (f *fakeLogs) expire() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.expired = true
	clear(f.jobs)
}

func (f *fakeLogs) calls() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.asked)
}

func refuse(w http.ResponseWriter, kind, message string) {
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(http.StatusBadRequest)
	fmt.Fprintf(w, `{"__type":%q,"message":%q}`, kind, message)
}

// ServeHTTP answers one request.
func (f *fakeLogs) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Date", time.Now().Add(f.ahead).UTC().Format(http.TimeFormat))
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	if why := unsignedBy(r, body); why != "" {
		refuse(w, "InvalidSignatureException", why)
		return
	}
	var a asked
	if err := json.Unmarshal(body, &a); err != nil {
		refuse(w, "SerializationException", err.Error())
		return
	}
	op := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), target)
	f.mu.Lock()
	f.asked = append(f.asked, op)
	refused := f.refuse > 0
	f.refuse--
	hang := f.stalled && op == "FilterLogEvents"
	if hang {
		f.running++
	}
	f.mu.Unlock()
	if hang {
		<-r.Context().Done()
		f.mu.Lock()
		f.running--
		f.mu.Unlock()
		return
	}
	if refused {
		refuse(w, f.refusal, "so it is")
		return
	}
	f.answer(w, op, a)
}

// unsignedBy says what is wrong with the signature's parts.
func unsignedBy(r *http.Request, body []byte) string {
	sum := sha256.Sum256(body)
	auth := r.Header.Get("Authorization")
	switch {
	case r.Method != http.MethodPost || r.URL.Path != "/" || r.Header.Get("Content-Type") != contentType:
		return "not a request of this protocol"
	case r.Header.Get("X-Amz-Content-Sha256") != hex.EncodeToString(sum[:]):
		return "the body has another hash"
	case !strings.HasPrefix(auth, "AWS4-HMAC-SHA256 Credential=") || !strings.Contains(auth, "/eu-west-1/logs/aws4_request, "):
		return "the scope of the credential is another"
	case !strings.Contains(auth, "x-amz-date") || !strings.Contains(auth, "x-amz-target"):
		return "a header is not signed"
	case !strings.HasSuffix(auth, "Signature="+signature(r, auth, hex.EncodeToString(sum[:]))):
		return "the signature is another"
	}
	return ""
}

// signature is that of Signature Version 4, worked out anew. The tests' keys have
// the same id and secret.
func signature(r *http.Request, auth, bodySum string) string {
	parts := map[string]string{}
	for p := range strings.SplitSeq(strings.TrimPrefix(auth, "AWS4-HMAC-SHA256 "), ", ") {
		k, v, _ := strings.Cut(p, "=")
		parts[k] = v
	}
	secret, scope, _ := strings.Cut(parts["Credential"], "/")
	canonical := r.Method + "\n" + r.URL.EscapedPath() + "\n" + r.URL.RawQuery + "\n"
	for h := range strings.SplitSeq(parts["SignedHeaders"], ";") {
		v := r.Header.Get(h)
		if h == "host" {
			v = r.Host
		}
		canonical += h + ":" + strings.TrimSpace(v) + "\n"
	}
	sum := sha256.Sum256([]byte(canonical + "\n" + parts["SignedHeaders"] + "\n" + bodySum))
	key := []byte("AWS4" + secret)
	for _, step := range append(strings.Split(scope, "/"), "AWS4-HMAC-SHA256\n"+r.Header.Get("X-Amz-Date")+"\n"+scope+"\n"+hex.EncodeToString(sum[:])) {
		m := hmac.New(sha256.New, key)
		_, _ = m.Write([]byte(step)) // a hash takes everything
		key = m.Sum(nil)
	}
	return hex.EncodeToString(key)
}

func (f *fakeLogs) answer(w http.ResponseWriter, op string, a asked) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out any
	switch op {
	case "FilterLogEvents":
		group := cmp.Or(a.Group, a.Identifier[strings.LastIndexByte(a.Identifier, ':')+1:])
		if _, ok := f.events[group]; !ok && group != "app" && group != "edge" {
			refuse(w, "ResourceNotFoundException", "The specified log group does not exist.")
			return
		}
		out = f.filter(group, a)
	case "DescribeLogGroups":
		told := []json.RawMessage{}
		for _, g := range f.groups {
			if strings.HasPrefix(g, `{"logGroupName":"`+a.Prefix) && len(told) < a.Limit {
				told = append(told, json.RawMessage(g))
			}
		}
		out = map[string]any{"logGroups": told}
	case "StartQuery":
		f.made++
		id := "job-" + strconv.Itoa(f.made)
		f.jobs[id] = &fakeJob{body: a}
		out = map[string]any{"queryId": id}
	case "GetQueryResults":
		j, ok := f.jobs[a.QueryID]
		if !ok || f.expired {
			refuse(w, "ResourceNotFoundException", "Query does not exist.")
			return
		}
		out = f.look(a.QueryID, j)
	case "StopQuery":
		_, ok := f.jobs[a.QueryID]
		delete(f.jobs, a.QueryID)
		out = map[string]any{"success": ok}
	default:
		refuse(w, "UnknownOperationException", "")
		return
	}
	w.Header().Set("Content-Type", contentType)
	if err := json.NewEncoder(w).Encode(out); err != nil {
		f.tb.Error(err)
	}
}

// matching returns the events of a group in a span of milliseconds, both ends
// inclusive, that hold every word. What is no event is always among them.
func (f *fakeLogs) matching(group, pattern string, start, end int64) []fakeEvent {
	var out []fakeEvent
	for _, e := range f.events[group] {
		ms := e.at.UnixMilli()
		holds := e.wire != "" || !slices.ContainsFunc(strings.Fields(pattern), func(w string) bool { return !strings.Contains(e.message, w) })
		if ms >= start && ms <= end && holds {
			out = append(out, e)
		}
	}
	slices.SortStableFunc(out, func(a, b fakeEvent) int { return a.at.Compare(b.at) })
	return out
}

func (f *fakeLogs) filter(group string, a asked) any {
	found := f.matching(group, a.Pattern, a.Start, a.End)
	if !a.FromHead && !f.oldestFirst {
		slices.Reverse(found)
	}
	offset, empty := 0, false
	if a.Token != "" {
		offset, _ = strconv.Atoi(a.Token[1:])
		empty = a.Token[0] == 'e'
		if f.twice && offset > 0 && !empty {
			offset--
		}
	}
	page := make([]any, 0, fakePage)
	for !empty && offset < len(found) && len(page) < min(fakePage, a.Limit) {
		page = append(page, found[offset].record())
		offset++
	}
	out := map[string]any{"events": page, "searchedLogStreams": []any{}}
	if offset < len(found) {
		kind := "e"
		if empty {
			kind = "t"
		}
		out["nextToken"] = kind + strconv.Itoa(offset)
	}
	if f.loops {
		out["nextToken"] = "t" + strconv.Itoa(len(f.asked)%2)
	}
	return out
}

func (e fakeEvent) record() any {
	if e.wire != "" {
		return json.RawMessage(e.wire)
	}
	return map[string]any{
		"logStreamName": e.stream, "timestamp": e.at.UnixMilli(), "message": e.message,
		"ingestionTime": e.at.UnixMilli() + 800, "eventId": e.id,
	}
}

// look is a look at a job, which runs at the first one.
func (f *fakeLogs) look(id string, j *fakeJob) any {
	j.looks++
	if f.stalled || j.looks == 1 {
		return map[string]any{"status": []string{"Running", "Scheduled"}[j.looks%2], "results": []any{}}
	}
	delete(f.jobs, id)
	groups := append(j.body.Groups, j.body.Identifiers...)
	_, word, _ := strings.Cut(j.body.Query, `@message like "`)
	var all []fakeEvent
	for _, g := range groups {
		all = append(all, f.matching(g[strings.LastIndexByte(g, ':')+1:], strings.TrimSuffix(word, `"`), j.body.Start*1000, j.body.End*1000)...)
	}
	slices.SortStableFunc(all, func(a, b fakeEvent) int { return b.at.Compare(a.at) })
	matched := len(all)
	rows := make([]any, 0, len(all))
	for _, e := range all[:min(len(all), j.body.Limit)] {
		fields := map[string]string{
			"@timestamp": e.at.UTC().Format("2006-01-02 15:04:05.000"), "@message": e.message, "@logStream": e.stream, "@ptr": e.id,
		}
		if strings.HasPrefix(j.body.Query, "stats") {
			fields = map[string]string{"status": "500", "count(*)": "12 of them"}
		}
		if e.wire != "" {
			fields = map[string]string{"@message": e.wire, "@timestamp": "never"}
		}
		var row []any
		for _, k := range slices.Sorted(maps.Keys(fields)) {
			row = append(row, map[string]any{"field": k, "value": fields[k]})
		}
		rows = append(rows, row)
	}
	return map[string]any{"status": cmp.Or(f.status, "Complete"), "results": rows, "statistics": map[string]any{
		"recordsMatched": float64(matched), "recordsScanned": float64(10 * matched), "bytesScanned": float64(4096),
	}}
}
