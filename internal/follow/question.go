package follow

import (
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
func Scope(s Service, page oncall.Page) string { return s.Name + "@" + page.Ref.String() }

// Questions returns what each metrics source is to answer for the followed
// page, keyed by the source's name. A panel that cannot be asked is in it with
// the reason in Unfilled. Detail may be nil; a zero end means now.
func Questions(panels []Panel, s Service, page oncall.Page, detail *oncall.PageDetail,
	span time.Duration, end time.Time, columns int,
) map[string]oncall.Question {
	_, _, _, _, _, _, _ = panels, s, page, detail, span, end, columns
	return nil
}
