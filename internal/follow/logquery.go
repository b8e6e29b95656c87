package follow

import "conway/internal/oncall"

// LogTemplate is what one log store is asked for; its query may have {{name}}
// places.
type LogTemplate struct {
	// Source is the configured name of the store.
	Source string
	// Lang is the language of Query.
	Lang  Lang
	Query string
	// Limit is how many lines are wanted at most, 0 to leave it to the store.
	Limit int
}

// LogQueries returns what each log store is to show for the followed page, by
// the store's name. A query that cannot be asked is in it with the reason in
// Unfilled. Detail may be nil; the window is the shared one.
func LogQueries(templates []LogTemplate, s Service, page oncall.Page, detail *oncall.PageDetail, w oncall.Window) map[string]oncall.LogQuery {
	vars := Vars(s, detail)
	out := make(map[string]oncall.LogQuery, len(templates))
	for _, t := range templates {
		q := oncall.LogQuery{Scope: Scope(s, page), Window: w, Limit: t.Limit}
		q.Query, q.Unfilled = filled(t.Query, vars, t.Lang, !page.Ref.IsZero())
		out[t.Source] = q
	}
	return out
}
