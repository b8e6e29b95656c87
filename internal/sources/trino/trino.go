package trino

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
	"conway/internal/sources/polled"
)

const (
	// defaultEvery is how often a tail asks. Each time is a query in the engine.
	defaultEvery = 30 * time.Second
	// overlap is how far a tail's question reaches back: the clock of a writer may be
	// five minutes behind, and its lines take some time to be visible.
	overlap = 6 * time.Minute
	// defaultLimit is how many rows are wanted when nobody says.
	defaultLimit = 2000
	// tailBack is how far a tail begins before now when nobody says, and searchBack a
	// search: a table without a bound would be read as a whole.
	tailBack   = 15 * time.Minute
	searchBack = time.Hour
)

// Unit is what a time column holds.
type Unit string

// The units. Timestamp is a TIMESTAMP of any kind; the others are numbers since
// 1970.
const (
	Timestamp Unit = "timestamp"
	Seconds   Unit = "s"
	Millis    Unit = "ms"
	Micros    Unit = "us"
	Nanos     Unit = "ns"
)

// Options says what to ask.
type Options struct {
	// Name is the configured name of the source.
	Name string
	// URL is the coordinator's address.
	URL string
	// User is whom the engine sees; needed.
	User string
	// Authorize sets the credential on a request, or nil for none.
	Authorize func(*http.Request) error
	// Table is catalog.schema.table.
	Table string
	// Time, Message, Level and Origin are columns; Time and Message are needed.
	Time, Message, Level, Origin string
	// Unit is what the time column holds; empty means Timestamp.
	Unit Unit
	// Date is a column of text or dates that the table is parted by, or empty.
	// Naming it is what keeps a search from reading all of the table.
	Date string
	// Every is how often a tail asks; 0 means 30 s.
	Every time.Duration
	// UserAgent, Timeout and Transport are as in sources.HTTP.
	UserAgent string
	Timeout   time.Duration
	Transport http.RoundTripper
}

// Source is the logs in a table. It implements sources.Source, sources.Tailer,
// sources.Searcher, sources.Estimator and sources.Refresher.
type Source struct {
	o      Options
	base   *url.URL
	http   sources.HTTP
	client *http.Client
	tail   *polled.Tail
}

var (
	_ sources.Source    = (*Source)(nil)
	_ sources.Tailer    = (*Source)(nil)
	_ sources.Searcher  = (*Source)(nil)
	_ sources.Estimator = (*Source)(nil)
	_ sources.Refresher = (*Source)(nil)
)

// New returns a source of a table's logs. The error says what is wrong with the
// options.
func New(o Options) (*Source, error) {
	base, err := url.Parse(o.URL)
	switch {
	case err != nil || base.Host == "":
		return nil, errors.New("ask trino: url is no address; write it as https://HOST")
	case o.User == "":
		return nil, errors.New("ask trino: user is empty; the engine needs one")
	case o.Time == "" || o.Message == "" || o.Table == "":
		return nil, errors.New("ask trino: table, time and message are needed")
	case o.Unit != "" && perSecond(o.Unit) == 0 && o.Unit != Timestamp:
		return nil, fmt.Errorf("ask trino: %q is no unit; write timestamp, s, ms, us or ns", string(o.Unit))
	}
	o.URL = strings.TrimRight(o.URL, "/")
	o.Unit = cmp.Or(o.Unit, Timestamp)
	if o.Every <= 0 {
		o.Every = defaultEvery
	}
	s := &Source{o: o, base: base}
	s.http = sources.HTTP{
		Source: o.Name, UserAgent: o.UserAgent, Authorize: o.Authorize, Timeout: o.Timeout, Transport: o.Transport,
		Header: http.Header{
			"X-Trino-User": {o.User}, "X-Trino-Source": {"conway"}, "X-Trino-Time-Zone": {"UTC"},
		},
	}
	s.client = s.http.Client()
	s.tail = polled.New(polled.Options{Source: o.Name, Every: o.Every, Overlap: overlap, Skew: new(sources.Skew), Ask: s.arrived})
	return s, nil
}

// Name returns the configured name.
func (s *Source) Name() string { return s.o.Name }

// Follow points the tail at q.
func (s *Source) Follow(q oncall.LogQuery) { s.tail.Follow(q) }

// Refresh asks again now.
func (s *Source) Refresh() { s.tail.Refresh() }

// Run follows until ctx ends or the engine fails.
func (s *Source) Run(ctx context.Context, emit sources.Emit) error { return s.tail.Run(ctx, emit) }

// within returns a query with a beginning.
func within(q oncall.LogQuery) oncall.LogQuery {
	if q.Window.Start.IsZero() {
		end := q.Window.End
		if end.IsZero() {
			end = time.Now()
		}
		q.Window.Start = end.Add(-searchBack)
	}
	return q
}

// Search finds the newest rows that fulfil the query, newest first. When ctx ends,
// the statement is cancelled in the engine.
func (s *Source) Search(ctx context.Context, q oncall.LogQuery, found func(oncall.LogPart)) (oncall.LogFound, error) {
	if q.Unfilled != "" {
		return oncall.LogFound{}, polled.Unfilled(s.o.Name, q)
	}
	if err := ctx.Err(); err != nil {
		return oncall.LogFound{}, err
	}
	limit := cmp.Or(q.Limit, defaultLimit)
	f := oncall.LogFound{Matched: -1}
	more := false
	// One row more than is wanted tells whether there are more.
	err := s.run(ctx, "search a table", s.statement(within(q), limit+1), func(p *page) bool {
		rows := p.Data
		if more = f.Lines+len(rows) > limit; more {
			rows = rows[:limit-f.Lines]
		}
		f.Scanned = max(f.Scanned, p.Stats.ProcessedBytes)
		lines := s.lines(p, rows)
		f.Lines += len(lines)
		found(oncall.LogPart{Lines: lines, Done: -1, Scanned: f.Scanned})
		return !more
	})
	switch {
	case ctx.Err() != nil && errors.Is(ctx.Err(), context.Canceled):
		return f, ctx.Err()
	case err != nil:
		return f, err
	case more:
		f.Why = fmt.Sprintf("the newest %d lines are shown; there are more", f.Lines)
	default:
		f.Complete, f.Matched = true, int64(f.Lines)
	}
	return f, nil
}

// arrived asks for the rows of the last minutes, because the table does not say
// when they arrived.
func (s *Source) arrived(ctx context.Context, q oncall.LogQuery, since time.Time) (hits []polled.Hit, left string, err error) {
	if q.Window.Start.IsZero() {
		q.Window.Start = time.Now().Add(-tailBack)
	}
	if since.After(q.Window.Start) {
		q.Window.Start = since
	}
	q.Window.End = time.Time{}
	limit := cmp.Or(q.Limit, defaultLimit)
	var same polled.Same
	err = s.run(ctx, "follow a table", s.statement(q, limit+1), func(p *page) bool {
		rows := p.Data
		if len(hits)+len(rows) > limit {
			rows, left = rows[:limit-len(hits)], "more lines came at once than are shown; search for those before"
		}
		for _, l := range s.lines(p, rows) {
			hits = append(hits, polled.Hit{ID: same.ID(l.Raw), Line: l})
		}
		return left == ""
	})
	if since.IsZero() {
		left = "" // a tail begins with the newest lines
	}
	return hits, left, err
}

// statement is the SQL of a query.
func (s *Source) statement(q oncall.LogQuery, limit int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "SELECT * FROM %s WHERE 1 = 1", table(s.o.Table))
	if strings.TrimSpace(q.Query) != "" {
		fmt.Fprintf(&b, " AND (%s\n)", q.Query)
	}
	s.bound(&b, ">=", q.Window.Start)
	s.bound(&b, "<", q.Window.End)
	fmt.Fprintf(&b, " ORDER BY %s DESC LIMIT %d", ident(s.o.Time), limit)
	return b.String()
}

func (s *Source) bound(b *strings.Builder, op string, t time.Time) {
	if t.IsZero() {
		return
	}
	t = t.UTC()
	value := "TIMESTAMP '" + t.Format("2006-01-02 15:04:05.000000000") + " UTC'"
	if per := perSecond(s.o.Unit); per > 0 {
		// The first whole unit that is not before t, for the beginning and for the end.
		unit := int64(time.Second) / per
		n := t.UnixNano() / unit
		if n*unit < t.UnixNano() {
			n++
		}
		value = strconv.FormatInt(n, 10)
	}
	fmt.Fprintf(b, " AND %s %s %s", ident(s.o.Time), op, value)
	if s.o.Date != "" {
		// Rows may lie an hour beside the day that they are filed under.
		day, to := t.Add(-time.Hour), ">="
		if op == "<" {
			day, to = t.Add(time.Hour), "<="
		}
		fmt.Fprintf(b, " AND CAST(%s AS varchar) %s '%s'", ident(s.o.Date), to, day.Format(time.DateOnly))
	}
}

func perSecond(u Unit) int64 {
	return map[Unit]int64{Seconds: 1, Millis: 1e3, Micros: 1e6, Nanos: 1e9}[u]
}

// ident quotes a name.
func ident(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// table quotes the parts of a table's name.
func table(name string) string {
	parts := strings.Split(name, ".")
	for i, p := range parts {
		parts[i] = ident(p)
	}
	return strings.Join(parts, ".")
}

// lines makes lines of rows that come newest first; they are oldest first.
func (s *Source) lines(p *page, rows [][]json.RawMessage) []oncall.LogLine {
	out := make([]oncall.LogLine, 0, len(rows))
	for _, row := range slices.Backward(rows) {
		out = append(out, s.line(p, row, out))
	}
	return out
}

func (s *Source) line(p *page, row []json.RawMessage, before []oncall.LogLine) oncall.LogLine {
	l := oncall.LogLine{Source: s.o.Name, Origin: s.o.Table}
	raw := []byte{'{'}
	timed := false
	for i, v := range row {
		if i >= len(p.Columns) || string(v) == "null" {
			continue
		}
		name := p.Columns[i].Name
		key, _ := json.Marshal(name) //nolint:errchkjson // a string always encodes
		if len(raw) > 1 {
			raw = append(raw, ',')
		}
		raw = append(append(append(raw, key...), ':'), v...)
		switch {
		case strings.EqualFold(name, s.o.Time):
			l.At, timed = s.at(v)
		case strings.EqualFold(name, s.o.Message):
			l.Message = text(v)
		case s.o.Level != "" && strings.EqualFold(name, s.o.Level):
			l.Level = oncall.ParseLevel(text(v))
		case s.o.Origin != "" && strings.EqualFold(name, s.o.Origin):
			l.Origin = text(v)
		}
	}
	l.Raw, l.Cut = polled.Cap(string(append(raw, '}')))
	if l.Message == "" {
		l.Message = l.Raw
	}
	if !timed {
		l.At = time.Now()
		if len(before) > 0 {
			l.At = before[len(before)-1].At
		}
	}
	return l
}

// at reads a time as the column has it.
func (s *Source) at(v json.RawMessage) (time.Time, bool) {
	if s.o.Unit == Timestamp {
		return oncall.ParseTime(text(v), time.Unix(0, 0).UTC())
	}
	n, err := strconv.ParseInt(text(v), 10, 64)
	per := perSecond(s.o.Unit)
	if err != nil || n > math.MaxInt64/2 {
		return time.Time{}, false
	}
	return time.Unix(n/per, n%per*(int64(time.Second)/per)).UTC(), true
}

// text returns a value as a person reads it.
func text(v json.RawMessage) string {
	var s string
	if json.Unmarshal(v, &s) == nil {
		return s
	}
	return string(v)
}
