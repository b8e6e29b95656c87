package follow

import (
	"errors"
	"maps"
	"time"

	"conway/internal/oncall"
)

// Panel is one configured panel; its query may have {{name}} places.
type Panel struct {
	Title string
	// Source is the configured name of the metrics source that answers it.
	Source string
	Query  string
	Unit   oncall.Unit
	// Warn and Critical are thresholds, nil for none.
	Warn, Critical *float64
}

// Scope returns the name under which answers for this page and service are
// asked and accepted. It is opaque: compare it, do not show it.
func Scope(s Service, page oncall.Page) string {
	if page.Ref.IsZero() {
		return s.Name
	}
	return s.Name + "@" + page.Ref.String()
}

// Vars returns what a query's {{name}} places can be filled with: the labels on
// which all of the page's alerts agree, and the service's own, which count
// first. "service" is its name where no label says otherwise. Detail may be nil.
func Vars(s Service, detail *oncall.PageDetail) map[string]string {
	vars := map[string]string{"service": s.Name}
	if detail != nil {
		maps.Copy(vars, detail.Labels)
	}
	maps.Copy(vars, s.Labels)
	return vars
}

// Questions returns what each metrics source is to answer for the followed
// page, keyed by the source's name. A panel that cannot be asked is in it with
// the reason in Unfilled. Detail may be nil; a zero end means now.
func Questions(panels []Panel, s Service, page oncall.Page, detail *oncall.PageDetail,
	span time.Duration, end time.Time, columns int,
) map[string]oncall.Question {
	vars := Vars(s, detail)
	out := make(map[string]oncall.Question)
	for _, p := range panels {
		q, ok := out[p.Source]
		if !ok {
			q = oncall.Question{Scope: Scope(s, page), Span: span, End: end, Columns: columns}
		}
		q.Queries = append(q.Queries, p.query(vars, page))
		out[p.Source] = q
	}
	return out
}

// Budgets adds to the questions what a metrics source is to say of error budgets.
func Budgets(questions map[string]oncall.Question, source string, budgets []oncall.BudgetQuery, s Service, page oncall.Page,
	span time.Duration, end time.Time, columns int,
) {
	if len(budgets) == 0 || source == "" {
		return
	}
	q, ok := questions[source]
	if !ok {
		q = oncall.Question{Scope: Scope(s, page), Span: span, End: end, Columns: columns}
	}
	q.Budgets = budgets
	questions[source] = q
}

// query returns the panel's question, filled or with the reason why it is not.
func (p Panel) query(vars map[string]string, page oncall.Page) oncall.PanelQuery {
	q := oncall.PanelQuery{Panel: p.Title, Unit: p.Unit, Warn: p.Warn, Critical: p.Critical}
	q.Query, q.Unfilled = filled(p.Query, vars, PromQL, !page.Ref.IsZero())
	return q
}

// filled returns the filled template, or the reason why it cannot be asked: while no
// page is followed that is what it waits for.
func filled(template string, vars map[string]string, lang Lang, paged bool) (query, why string) {
	query, err := Fill(template, vars, lang)
	var missing *MissingError
	switch {
	case err == nil:
		return query, ""
	case errors.As(err, &missing) && !paged:
		return "", "no page is selected, whose " + missing.Name + " this is about"
	case errors.As(err, &missing):
		return "", "this page has no label " + missing.Name
	}
	return "", err.Error()
}
