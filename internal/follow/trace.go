package follow

import (
	"strings"

	"conway/internal/oncall"
)

// TraceQueries returns what each log store is asked for the lines of a request, by
// its id and whatever the service. A store that finds no text, or that has to be
// told a place which only an unfilled query names, is not in it.
func TraceQueries(templates []LogTemplate, s Service, detail *oncall.PageDetail, w oncall.Window, id string, limit int) map[string]oncall.LogQuery {
	vars := Vars(s, detail)
	out := map[string]oncall.LogQuery{}
	for _, t := range templates {
		where, ok := traceTemplate(t)
		if !ok {
			continue
		}
		// What the template says of the place is filled as ever, and the id has a name
		// of its own that no label can have.
		vars[traceVar] = id
		query, unfilled := filled(where, vars, t.Lang, true)
		delete(vars, traceVar)
		if unfilled == "" {
			out[t.Source] = oncall.LogQuery{Query: query, Window: w, Limit: limit}
		}
	}
	return out
}

const (
	traceVar   = "conway/id"
	tracePlace = "\"{{" + traceVar + "}}\""
)

// traceTemplate returns a query for a text, within as much of a template as says
// where lines are kept.
func traceTemplate(t LogTemplate) (string, bool) {
	switch t.Lang {
	case LogQL:
		// A query without a selector of streams is none.
		i := strings.IndexByte(t.Query, '{')
		end := selectorEnd(t.Query)
		if i < 0 || end < 0 {
			return "", false
		}
		return t.Query[i:end] + " |= " + tracePlace, true
	case SPL:
		return kept(t.Query, "index=") + tracePlace, true
	case Sumo:
		return kept(t.Query, "_index=", "_view=") + tracePlace, true
	case Lucene, LogsQL, CloudWatch, Parquet:
		return tracePlace, true
	case PromQL, SQL, Label, Literal:
	}
	return "", false
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
