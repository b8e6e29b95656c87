package splunktest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// search is SPL as far as it is understood here.
type search struct {
	from, to, indexed time.Time
	terms             []string
	head              int
	// evals are names for internal fields, and fields what is asked for; nil is all.
	evals  [][2]string
	fields []string
	// counts is true for stats count.
	counts bool
}

var (
	errNoCommand = errors.New("Unknown search command 'index'.") //nolint:revive,staticcheck // Splunk's own words
	errBadTime   = errors.New("Invalid earliest_time.")          //nolint:revive,staticcheck // Splunk's own words
)

// parse reads a search's form.
func parse(form url.Values) (search, error) {
	var s search
	var err, err2 error
	s.from, err = epoch(form.Get("earliest_time"))
	s.to, err2 = epoch(form.Get("latest_time"))
	if err != nil || err2 != nil {
		return s, errBadTime
	}
	stages := strings.Split(form.Get("search"), "|")
	first, isSearch := strings.CutPrefix(strings.TrimSpace(stages[0]), "search ")
	if !isSearch {
		return s, errNoCommand
	}
	for _, t := range regexp.MustCompile(`"[^"]*"|[^\s"()]+`).FindAllString(first, -1) {
		if at, ok := strings.CutPrefix(t, "_index_earliest="); ok {
			s.indexed, err = epoch(at)
		} else if t != "*" {
			s.terms = append(s.terms, strings.Trim(t, `"`))
		}
	}
	for _, stage := range stages[1:] {
		name, args, _ := strings.Cut(strings.TrimSpace(stage), " ")
		switch name {
		case "head":
			s.head, err = strconv.Atoi(strings.TrimSpace(args))
		case "eval":
			for a := range strings.SplitSeq(args, ",") {
				to, from, _ := strings.Cut(strings.TrimSpace(a), "=")
				s.evals = append(s.evals, [2]string{to, from})
			}
		case "fields":
			for f := range strings.SplitSeq(args, ",") {
				s.fields = append(s.fields, strings.TrimSpace(f))
			}
		case "stats":
			s.counts = true
		default:
			return s, fmt.Errorf("Unknown search command '%s'.", name) //nolint:revive,staticcheck // Splunk's own words
		}
	}
	return s, err
}

func epoch(s string) (time.Time, error) {
	f, err := strconv.ParseFloat(s, 64)
	return time.UnixMicro(int64(f * 1e6)), err
}

// matches reports whether an event answers a search, by a clock that is ahead.
func (e Event) matches(s search, ahead time.Duration) bool {
	at := e.Time.Add(ahead)
	// Seconds as decimals do not keep a microsecond through arithmetic.
	const grain = time.Millisecond / 2
	if at.Before(s.from.Add(-grain)) || !at.Before(s.to.Add(-grain)) || e.Indexed.Add(ahead).Truncate(time.Second).Before(s.indexed) {
		return false
	}
	for _, t := range s.terms {
		key, want, isField := strings.Cut(t, "=")
		have, known := map[string]string{"index": e.Index, "host": e.Host, "source": e.Source, "sourcetype": e.Sourcetype}[key]
		switch {
		case isField && known && have != strings.Trim(want, `"`):
			return false
		case isField && known:
		case !strings.Contains(strings.ToLower(e.Raw+e.Wire), strings.ToLower(t)):
			return false
		}
	}
	return true
}

// find returns the results of a search, newest first.
func (s *Server) find(q search) []json.RawMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	var hits []Event
	for _, e := range s.events {
		if e.matches(q, s.o.Ahead) {
			hits = append(hits, e)
		}
	}
	slices.SortStableFunc(hits, func(a, b Event) int { return b.Time.Compare(a.Time) })
	if q.counts {
		return []json.RawMessage{json.RawMessage(fmt.Sprintf(`{"count":"%d"}`, len(hits)))}
	}
	if q.head > 0 && len(hits) > q.head {
		hits = hits[:q.head]
	}
	out := make([]json.RawMessage, 0, len(hits))
	for _, e := range hits {
		out = append(out, s.result(e, q))
	}
	return out
}

// result is an event as a search tells it.
func (s *Server) result(e Event, q search) json.RawMessage {
	if e.Wire != "" {
		return json.RawMessage(e.Wire)
	}
	at, indexed := e.Time.Add(s.o.Ahead).UTC(), e.Indexed.Add(s.o.Ahead)
	all := map[string]any{
		"_time": at.Format("2006-01-02 15:04:05.000 MST"), "_raw": e.Raw, "host": e.Host, "source": e.Source,
		"sourcetype": e.Sourcetype, "index": e.Index, "_bkt": e.Index + "~7~5C9E", "_cd": fmt.Sprintf("7:%d", e.serial),
		"_indextime": strconv.FormatInt(indexed.Unix(), 10), "_serial": strconv.Itoa(e.serial), "_si": []string{"idx-1", e.Index},
		"_sourcetype": e.Sourcetype, "splunk_server": "idx-1",
	}
	for _, ev := range q.evals {
		switch ev[1] {
		case "_time":
			all[ev[0]] = fmt.Sprintf("%d.%03d", at.Unix(), at.Nanosecond()/1e6)
		case "_indextime":
			all[ev[0]] = all["_indextime"]
		}
	}
	if q.fields != nil {
		for k := range all {
			if !slices.Contains(q.fields, k) {
				delete(all, k)
			}
		}
	}
	b, err := json.Marshal(all)
	if err != nil {
		return json.RawMessage(`{}`)
	}
	return b
}

// export streams a search, one JSON object a line.
func (s *Server) export(w http.ResponseWriter, r *http.Request) {
	q, err := parse(r.Form)
	if err != nil {
		say(w, http.StatusBadRequest, Message{Type: "FATAL", Text: err.Error()})
		return
	}
	s.mu.Lock()
	s.streams++
	stalled, messages := s.stalled, s.messages
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.streams--
	}()
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(http.StatusOK)
	results := s.find(q)
	if s.o.Previews {
		for i, res := range results {
			_, _ = fmt.Fprintf(w, `{"preview":true,"offset":%d,"result":%s}`+"\n", i, res)
		}
	}
	if stalled {
		results = results[:len(results)/2]
	}
	fatal := slices.ContainsFunc(messages, func(m Message) bool { return m.Type == "FATAL" })
	for i, res := range results {
		last := ""
		if i == len(results)-1 && !stalled && !fatal {
			last = `"lastrow":true,`
		}
		if json.Valid(res) {
			_, _ = fmt.Fprintf(w, `{"preview":false,"offset":%d,%s"result":%s}`+"\n", i, last, res)
		} else {
			_, _ = fmt.Fprintf(w, "%s\n", res)
		}
		if i == 0 {
			_, _ = w.Write([]byte("\n"))
			s.tell(w, messages)
		}
	}
	if flush, ok := w.(http.Flusher); ok {
		flush.Flush()
	}
	switch {
	case stalled:
		<-r.Context().Done()
	case len(results) == 0 && !fatal:
		_, _ = w.Write([]byte(`{"preview":false,"lastrow":true}` + "\n"))
	}
}

func (s *Server) tell(w http.ResponseWriter, messages []Message) {
	if len(messages) > 0 {
		_ = json.NewEncoder(w).Encode(map[string]any{"messages": messages}) // a client that is gone needs none
	}
}
