package follow

import (
	"slices"
	"strings"

	"conway/internal/oncall"
)

// TraceQuery is one question for the lines of a request.
type TraceQuery struct {
	oncall.LogQuery

	// Source is the configured name of the store.
	Source string
}

// TraceQueries returns what the log stores are asked for the lines of a request, by
// its id, the field that it was seen in and whatever the service. A store that keeps
// fields beside the text of a line may be asked more than once, for different lines.
// One that finds no text, or that has to be told a place which only an unfilled
// query names, is asked nothing.
func TraceQueries(templates []LogTemplate, s Service, detail *oncall.PageDetail, w oncall.Window, field, id string, limit int) []TraceQuery {
	vars := Vars(s, detail)
	var out []TraceQuery
	for _, t := range templates {
		for _, where := range traceTemplates(t, traceFields(field)) {
			// What the template says of the place is filled as ever, and the id has a name
			// of its own that no label can have.
			vars[traceVar] = id
			query, unfilled := filled(where, vars, t.Lang, true)
			delete(vars, traceVar)
			if unfilled == "" {
				out = append(out, TraceQuery{Source: t.Source, LogQuery: oncall.LogQuery{Query: query, Window: w, Limit: limit}})
			}
		}
	}
	return out
}

const (
	traceVar   = "conway/id"
	traceBare  = "{{" + traceVar + "}}"
	tracePlace = "\"" + traceBare + "\""
)

// traceFields are the names under which stores may keep an id beside the text: the
// one that it was seen under, if it is a plain one, and the usual ones.
func traceFields(seen string) []string {
	out := []string{"trace_id", "request_id"}
	plain := func(r rune) bool { return r != '.' && r != '-' && labelRune(r) }
	if seen != "" && strings.TrimFunc(seen, plain) == "" && !slices.Contains(out, seen) {
		out = append(out, seen)
	}
	return out
}

// each writes one thing for every field.
func each(fields []string, after, between string) string {
	parts := make([]string, len(fields))
	for i, f := range fields {
		parts[i] = f + after + tracePlace
	}
	return strings.Join(parts, between)
}

// traceTemplates returns queries for a text, within as much of a template as says
// where lines are kept.
func traceTemplates(t LogTemplate, fields []string) []string {
	switch t.Lang {
	case LogQL:
		// A query without a selector of streams is none.
		i := strings.IndexByte(t.Query, '{')
		end := selectorEnd(t.Query)
		if i < 0 || end < 0 {
			return nil
		}
		selector := t.Query[i:end]
		return []string{selector + " |= " + tracePlace, selector + " != " + tracePlace + " | " + each(fields, "=", " or ")}
	case SPL:
		return []string{kept(t.Query, "index=") + tracePlace}
	case Sumo:
		return []string{kept(t.Query, "_index=", "_view=") + tracePlace}
	case LogsQL:
		// A text alone is looked for in the message.
		return []string{tracePlace + " or " + each(fields, ":", " or ")}
	case Parquet:
		// The column of traces has a name of its own in conway's language.
		columns := append([]string{"trace"}, fields[1:]...)
		out := []string{"text~" + tracePlace + " " + each(columns, "!=", " ")}
		for i := range columns {
			out = append(out, strings.TrimSpace(each(columns[i:i+1], "=", " ")+" "+each(columns[:i], "!=", " ")))
		}
		return out
	case Lucene, CloudWatch:
		return []string{tracePlace}
	case Label:
		pods, _, _ := strings.Cut(t.Query, "|")
		return []string{strings.TrimSpace(pods) + " | " + traceBare}
	case Grep, Literal:
		return []string{traceBare}
	case PromQL, SQL:
	}
	return nil
}

// selectorEnd returns where the first selector of streams ends, negative when it
// does not.
func selectorEnd(query string) int {
	quoted := byte(0)
	for i := strings.IndexByte(query, '{'); i >= 0 && i < len(query); i++ {
		switch c := query[i]; {
		case quoted == 0 && (c == '"' || c == '`'):
			quoted = c
		case quoted == '"' && c == '\\':
			i++
		case quoted == c:
			quoted = 0
		case quoted == 0 && strings.HasPrefix(query[i:], "}}"):
			i++ // the end of a place, outside of quotes
		case quoted == 0 && c == '}':
			return i + 1
		}
	}
	return -1
}

// kept returns the words of a query that name where lines are kept, when they are
// the same for every page.
func kept(query string, heads ...string) string {
	search, _, _ := strings.Cut(query, "|")
	var out strings.Builder
	for w := range strings.FieldsSeq(search) {
		for _, h := range heads {
			if strings.HasPrefix(w, h) && !strings.ContainsAny(w, "{}()\"'`") {
				out.WriteString(w + " ")
			}
		}
	}
	return out.String()
}
