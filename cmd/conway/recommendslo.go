package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"conway/internal/config"
	"conway/internal/report"
	"conway/internal/slo"
)

// evidenceSpan is how far back the ledger is asked for what took of an objective's
// budget.
const evidenceSpan = 90 * day

// proposal is an objective that a team is advised to set or to change.
type proposal struct {
	// objective is the one that there is, nil to set one.
	objective *slo.Objective
	service   string
	// percent is the proposed target, 0 where none is named.
	percent float64
}

// proposed reads what --slo, --target and --service say together.
func proposed(cfg config.Config, p promises, o recommendOptions) (proposal, error) {
	out := proposal{service: o.service, percent: o.target}
	if o.target < 0 || o.target >= 100 || o.targeted && o.target == 0 {
		return out, fmt.Errorf("--target %s is no target; it is a percentage above 0 and below 100, such as 99.5", percent(o.target))
	}
	all := p.set.Objectives()
	if o.slo == "" {
		if o.service == "" {
			return out, fmt.Errorf("--target needs --slo, or the --service that has none yet")
		}
		if i := slices.IndexFunc(all, func(s slo.Objective) bool { return serviceOf(cfg, s) == o.service }); i >= 0 {
			return out, fmt.Errorf("%s has the SLO %s already; name it with --slo to change it", o.service, all[i].ID())
		}
		return out, nil
	}
	var found []slo.Objective
	ids := make([]string, 0, len(all))
	for _, s := range all {
		ids = append(ids, s.ID())
		if s.ID() == o.slo || s.Name == o.slo {
			found = append(found, s)
		}
	}
	switch len(found) {
	case 1:
		out.objective = &found[0]
		out.service = cmp.Or(o.service, serviceOf(cfg, found[0]))
		return out, nil
	case 0:
		return out, fmt.Errorf("--slo %q is in none of the files under slos: in the config; they have %s", o.slo, cmp.Or(strings.Join(ids, ", "), "none"))
	}
	return out, fmt.Errorf("--slo %q names %d objectives; write which, such as %s", o.slo, len(found), found[0].ID())
}

// serviceOf returns the service of the config that an objective is about, empty for
// none.
func serviceOf(cfg config.Config, o slo.Objective) string {
	for name, s := range cfg.Services {
		if name == o.Service || o.Service != "" && s.Labels["service"] == o.Service {
			return name
		}
	}
	return ""
}

// words say what is proposed, and what the ledger knows that speaks for it.
func (p proposal) words(facts report.Facts, now time.Time) string {
	switch {
	case p.objective == nil:
		return fmt.Sprintf("Set an SLO of %s%% for %s", percent(p.percent), p.service)
	case p.percent == 0:
		return fmt.Sprintf("Look at the SLO %s again%s", p.objective.ID(), p.evidence(facts, now))
	}
	instead := ""
	if p.objective.Target > 0 {
		instead = " instead of " + percent(100*p.objective.Target) + "%"
	}
	return fmt.Sprintf("SLO %s: %s%%%s%s", p.objective.ID(), percent(p.percent), instead, p.evidence(facts, now))
}

// evidence is what incidents took of the budget, empty where none is known to have.
func (p proposal) evidence(facts report.Facts, now time.Time) string {
	n, worst, sum := 0, 0.0, 0.0
	for _, b := range facts.Budgets {
		if b.SLO == p.objective.ID() && now.Sub(b.To) <= evidenceSpan {
			n, worst, sum = n+1, max(worst, b.Share), sum+b.Share
		}
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("\n\nIn the last %d days %d incidents took %.0f%% of a budget, the worst of them %.0f%%.", evidenceSpan/day, n, 100*sum, 100*worst)
}

// percent writes a percentage with the digits that it has.
func percent(v float64) string {
	return strconv.FormatFloat(v, 'f', -1, 32)
}

// fromSLO makes a recommendation of a proposal. The team is the service's owner
// where none is named.
func (v adviser) fromSLO(args []string, o recommendOptions) (report.RecommendBody, error) {
	p, err := proposed(v.cfg, v.promises, o)
	if err != nil {
		return report.RecommendBody{}, usage(err)
	}
	body := report.RecommendBody{Service: p.service, Team: v.cfg.Services[p.service].Owner, Target: p.percent}
	if p.objective != nil {
		body.SLO = p.objective.ID()
	}
	if len(args) > 0 {
		body.Team = args[0]
	}
	if body.Team == "" {
		return body, usage(fmt.Errorf("the config does not say whose %s is; name the team", cmp.Or(p.service, body.SLO)))
	}
	facts, err := v.facts()
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // of a ledger that begins with this nothing is known
		return body, err
	}
	body.Text = p.words(facts, v.now())
	if more := strings.TrimSpace(strings.Join(args[min(1, len(args)):], " ")); more != "" {
		body.Text += "\n\n" + more
	}
	return body, nil
}
