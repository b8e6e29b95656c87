package ui

import (
	"strconv"
	"strings"

	"conway/internal/oncall"
	"conway/internal/text"
	"conway/internal/ui/overlay"
	"conway/internal/ui/pane"
)

// maxObjectives is how many objectives of one service can be chosen from by a digit.
const maxObjectives = 9

// recommendReason says why nothing can be recommended now: it goes to the team whose
// code the selected page's service is.
func (m *Model) recommendReason(paged bool) text.Safe {
	switch s := m.scene.Service; {
	case !paged:
		return text.Const("no page is selected; the recommendation is about its service")
	case s.Owner == "":
		return text.Sprintf("nobody is known whose code %s is; conway recommend TEAM TEXT names the team", s.Name)
	}
	return text.Safe{}
}

// recommend asks what the team is advised to do.
func (m *Model) recommend() {
	s := m.scene.Service
	m.open(overlay.NewInput(
		text.Sprintf("RECOMMEND TO %s, ABOUT %s", s.Owner, s.Name), text.Const("enter records it in the ledger · esc leaves it"), "", nil,
		func(v string, ok bool) pane.Intent {
			v = strings.TrimSpace(v)
			switch {
			case !ok || v == "":
				return nil
			case len(v) > oncall.MaxTag:
				return pane.Say{Reason: "not recorded: a recommendation has up to " + strconv.Itoa(oncall.MaxTag) + " bytes"}
			}
			return pane.Recommend{Team: s.Owner, Service: s.Name, Text: v}
		}), false)
}

// recommendSLO asks which of the service's objectives is meant, where it has several,
// and what is advised.
func (m *Model) recommendSLO() {
	ids := m.objectives()
	if len(ids) < 2 {
		m.askTarget(strings.Join(ids, ""))
		return
	}
	options := make([]overlay.Option, 0, len(ids))
	for i, id := range ids[:min(maxObjectives, len(ids))] {
		options = append(options, overlay.Option{Key: strconv.Itoa(i + 1), Words: text.Decode(id), Intent: pane.AskTarget{SLO: id}})
	}
	m.open(overlay.NewChoice(text.Sprintf("WHICH OBJECTIVE OF %s?", m.scene.Service.Name), nil, options...), true)
}

// objectives are those of the selected page's service, the one first that the page
// spends.
func (m *Model) objectives() []string {
	if m.opts.Budgets == nil {
		return nil
	}
	var detail *oncall.PageDetail
	if r := m.board.Detail(m.selected); !r.Received.IsZero() {
		detail = &r.Value
	}
	var out []string
	for _, q := range m.opts.Budgets(m.scene.Service, detail) {
		out = append(out, q.SLO)
	}
	return out
}

// askTarget asks for the percentage that is advised.
func (m *Model) askTarget(slo string) {
	s := m.scene.Service
	title := text.Sprintf("RECOMMEND TO %s: AN OBJECTIVE FOR %s, WHICH HAS NONE", s.Owner, s.Name)
	hint := text.Const("the percentage, such as 99.5 · esc leaves it")
	if slo != "" {
		title = text.Sprintf("RECOMMEND TO %s: THE OBJECTIVE %s", s.Owner, slo)
		hint = text.Const("another percentage, such as 99.5, or none to ask for a look at it")
	}
	m.open(overlay.NewInput(title, hint, "", nil, func(v string, ok bool) pane.Intent {
		v = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(v), "%"))
		if !ok || v == "" && slo == "" {
			return nil
		}
		target, err := strconv.ParseFloat(v, 64)
		if v != "" && (err != nil || !(target > 0 && target < 100)) {
			return pane.Say{Reason: "not recorded: " + v + " is no percentage above 0 and below 100, such as 99.5"}
		}
		return pane.Recommend{Team: s.Owner, Service: s.Name, SLO: slo, Target: target}
	}), false)
}
