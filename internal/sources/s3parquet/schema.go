package s3parquet

import (
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go"

	"conway/internal/oncall"
	"conway/internal/sources"
)

// role is what a column means for a line.
type role uint8

const (
	roleTime role = iota
	roleMessage
	roleLevel
	roleService
	roleHost
	roleTrace
	roles
)

// Columns names the columns of a lake that mean something, nested ones with
// dots. What is empty is guessed from common names.
type Columns struct{ Time, Message, Level, Service, Host, Trace string }

func (c Columns) of(r role) string {
	return [roles]string{c.Time, c.Message, c.Level, c.Service, c.Host, c.Trace}[r]
}

// roleNames are what a query calls the columns that mean something, whatever the
// lake calls them.
func roleNames() [roles]string {
	return [roles]string{"time", textColumn, "level", "service", "host", "trace"}
}

// candidates are the common names of columns, the better ones first.
func candidates(r role) []string {
	return [roles][]string{
		{"timestamp", "@timestamp", "time", "ts", "event_time", "eventtime", "time_unix_nano", "timeunixnano", "observed_timestamp", "_time", "time_dt"},
		{"message", "msg", "body", "body.stringvalue", "body.string_value", "log", "raw", "raw_data", "_raw", "line"},
		{"level", "severity", "severity_text", "severitytext", "severity_number", "severitynumber", "severity_id", "log.level", "loglevel"},
		{"service", "service.name", "service_name", "servicename", "app", "kubernetes.labels.app", "metadata.product.name"},
		{"host", "hostname", "host.name", "k8s.pod.name", "kubernetes.pod_name", "pod"},
		{"trace_id", "traceid", "trace.id", "dd.trace_id"},
	}[r]
}

// leaf is one column that holds values.
type leaf struct {
	node *parquet.Column
	// name is the path with dots.
	name  string
	index int
	kind  kind
	// plain is true of bytes that the file does not call a text or anything else, and
	// id of those among them that are ids of traces or spans by their name: these may
	// be raw, as OpenTelemetry has them, or written out.
	plain, id bool
}

// schema is what the columns of one file are.
type schema struct {
	leaves []leaf
	// role is the leaf of each role, nil for none.
	role [roles]*leaf
	root *parquet.Column
}

func schemaOf(root *parquet.Column, c Columns) (*schema, error) {
	s := &schema{root: root}
	s.collect(root)
	for r := range roles {
		if name := c.of(r); name != "" {
			if s.role[r] = s.find(name); s.role[r] == nil && (r == roleTime || r == roleMessage) {
				return nil, &noColumnError{name}
			}
			continue
		}
		for _, name := range candidates(r) {
			if l := s.find(name); l != nil && l.node.MaxRepetitionLevel() == 0 {
				s.role[r] = l
				break
			}
		}
	}
	if s.role[roleTime] == nil {
		return nil, &noColumnError{}
	}
	if l := s.role[roleTrace]; l != nil {
		l.id = l.plain
	}
	return s, nil
}

// noColumnError reports a file without a column that is needed.
type noColumnError struct{ name string }

// Error names the column.
func (e *noColumnError) Error() string {
	if e.name == "" {
		return "no column of it looks like a time; name it in columns.time"
	}
	return "it has no column " + sources.Printable(e.name, maxName)
}

func (s *schema) collect(c *parquet.Column) {
	if c.Leaf() {
		l := leaf{node: c, name: strings.Join(c.Path(), "."), index: c.Index(), kind: kindOf(c), plain: plain(c)}
		l.id = l.plain && namesID(l.name)
		s.leaves = append(s.leaves, l)
		return
	}
	for _, child := range c.Columns() {
		s.collect(child)
	}
}

// namesID reports whether a column is one of trace or span ids by its name.
func namesID(name string) bool {
	name = strings.NewReplacer("_", "", ".", "", "-", "").Replace(strings.ToLower(name))
	return strings.HasSuffix(name, "traceid") || strings.HasSuffix(name, "spanid")
}

// find returns the column of a name, in any case because some engines know only
// lower case.
func (s *schema) find(name string) *leaf {
	for i := range s.leaves {
		if s.leaves[i].name == name {
			return &s.leaves[i]
		}
	}
	for i := range s.leaves {
		if strings.EqualFold(s.leaves[i].name, name) {
			return &s.leaves[i]
		}
	}
	return nil
}

// named returns the column that a query means: one of that name, or else of that
// role.
func (s *schema) named(name string) *leaf {
	if name != textColumn {
		if l := s.find(name); l != nil {
			return l
		}
	}
	names := roleNames()
	if i := slices.Index(names[:], name); i >= 0 {
		return s.role[i]
	}
	return s.find(name)
}

// wide is how many columns a file may have for all of them to be shown.
const wide = 40

// shown returns the top-level columns that a line is made of: all of a narrow
// file; of a wide one those with a role, those that were asked for, and those
// that the query compares.
func (s *schema) shown(fields []string, f filter) []*parquet.Column {
	if len(fields) == 0 && len(s.leaves) <= wide || slices.Contains(fields, "*") {
		return s.root.Columns()
	}
	want := map[string]bool{}
	add := func(l *leaf) {
		if l != nil {
			want[l.node.Path()[0]] = true
		}
	}
	for _, l := range s.role {
		add(l)
	}
	for _, t := range f {
		add(s.named(t.column))
	}
	var out []*parquet.Column
	for _, c := range s.root.Columns() {
		asked := slices.ContainsFunc(fields, func(name string) bool {
			top, _, _ := strings.Cut(name, ".")
			return strings.EqualFold(name, c.Name()) || strings.EqualFold(top, c.Name())
		})
		if asked || want[c.Name()] {
			out = append(out, c)
		}
	}
	return out
}

// severity reads a level as the column's writer numbers it.
func severity(column, value string) oncall.Level {
	if value == "" || value[0] < '0' || value[0] > '9' {
		return oncall.ParseLevel(value)
	}
	n := 0
	for _, c := range []byte(value) {
		if c < '0' || c > '9' || n > 1000 {
			return oncall.LevelNone
		}
		n = 10*n + int(c-'0')
	}
	column = strings.ToLower(column)
	switch {
	case strings.HasSuffix(column, "severity_number"), strings.HasSuffix(column, "severitynumber"):
		// OpenTelemetry: four numbers a level, 1 trace to 24 fatal.
		if n < 1 || n > 24 {
			return oncall.LevelNone
		}
		return oncall.LevelTrace + oncall.Level((n-1)/4)
	case strings.HasSuffix(column, "severity_id"):
		// OCSF: 1 informational, 2 low, 3 medium, 4 high, 5 critical, 6 fatal.
		levels := []oncall.Level{
			oncall.LevelNone, oncall.LevelInfo, oncall.LevelInfo, oncall.LevelWarn,
			oncall.LevelError, oncall.LevelFatal, oncall.LevelFatal,
		}
		if n < len(levels) {
			return levels[n]
		}
		return oncall.LevelNone
	}
	return oncall.ParseLevel(value)
}
