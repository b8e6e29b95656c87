package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"conway/internal/config"
	"conway/internal/ledger"
	"conway/internal/oncall"
	"conway/internal/report"
	"conway/internal/text"
)

// receiptLength is how many characters of a recommendation's receipt are shown and
// asked for.
const receiptLength = 8

type recommendOptions struct {
	service, answer, reason, slo string
	target                       float64
	targeted, file, json         bool
	wait                         time.Duration
}

func (a *app) recommendCommand() *cobra.Command {
	var o recommendOptions
	cmd := &cobra.Command{
		Use: "recommend [TEAM TEXT…]", Short: "Record a recommendation to a team, its age and its answer",
		Long: `recommend records what a team was advised to do, such as to lower an objective, and
prints a receipt. Without arguments it lists what was recommended, with its age and answer:

  conway recommend payments --service checkout "page on burn rate"
  conway recommend --slo checkout-availability --target 99.5
  conway recommend --answer accepted --reason "in the next quarter" RECEIPT

With --slo it is about an objective of the files under slos in the config: it goes to the
service's owner unless a team is named, and says what incidents took of the budget. With
--target and --service it advises to set one where there is none.

With --file it is also filed as an issue where follow_ups in the config says; then the
issue being closed counts as its answer. conway report counts what was answered.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.targeted = cmd.Flags().Changed("target")
			return a.recommend(cmd.Context(), args, o)
		},
	}
	cmd.Flags().StringVar(&o.service, "service", "", "the service that it is about")
	cmd.Flags().StringVar(&o.slo, "slo", "", "the objective that it is about, by its name")
	cmd.Flags().Float64Var(&o.target, "target", 0, "the objective's target that is advised, in percent")
	cmd.Flags().StringVar(&o.answer, "answer", "", "record the team's answer: accepted or declined; the argument is the receipt")
	cmd.Flags().StringVar(&o.reason, "reason", "", "why the team answered so")
	cmd.Flags().BoolVar(&o.file, "file", false, "file it as an issue too")
	cmd.Flags().BoolVar(&o.json, "json", false, "list as JSON")
	cmd.Flags().DurationVar(&o.wait, "wait", actTimeout, "how long to wait for the tracker's word")
	return cmd
}

func (a *app) recommend(ctx context.Context, args []string, o recommendOptions) error {
	cfg, _, err := a.load(ctx)
	if err != nil {
		return err
	}
	switch {
	case len(args) == 0 && o.answer == "" && o.slo == "" && !o.targeted:
		return a.recommendations(ctx, cfg, o.json)
	case cfg.ReadOnly:
		return usage(fmt.Errorf("recommend: read_only is set in the config"))
	case o.answer != "":
		return a.answer(ctx, cfg, args, o)
	case len(args) < 2 && o.slo == "" && !o.targeted:
		return usage(fmt.Errorf("recommend needs a team and a text, such as: conway recommend payments \"SLO 99.5%%\""))
	case o.file && cfg.FollowUps == nil:
		return usage(fmt.Errorf("--file needs follow_ups in the config, which says where to file"))
	}
	body, err := adviser{cfg: cfg, promises: promisesOf(cfg), now: a.now, facts: func() (report.Facts, error) {
		past, err := a.past(ctx, cfg)
		return past.facts, err
	}}.advised(args, o)
	if err != nil {
		return err
	}
	err = a.withLedger(ctx, cfg, false, func(j *ledger.Journal) error { return keepRecord(ctx, j, report.KindRecommend, "", body) })
	if err != nil {
		return fmt.Errorf("the recommendation is not recorded: %w", err)
	}
	fmt.Fprintf(a.stdout, "recommendation %s to %s recorded\n", body.ID, text.Decode(body.Team))
	if !o.file {
		return nil
	}
	return a.fileNow(ctx, cfg, report.KindRecommend, body.ID, o.wait)
}

// adviser makes recommendations.
type adviser struct {
	cfg      config.Config
	promises promises
	now      func() time.Time
	// facts reads what the ledger knows.
	facts func() (report.Facts, error)
}

// advised makes the record of a recommendation: to a team, with a text after it.
func (v adviser) advised(args []string, o recommendOptions) (report.RecommendBody, error) {
	if _, known := v.cfg.Services[o.service]; o.service != "" && !known {
		return report.RecommendBody{}, usage(fmt.Errorf("--service %q is not in the config; its services are %s", o.service, strings.Join(slices.Sorted(maps.Keys(v.cfg.Services)), ", ")))
	}
	var body report.RecommendBody
	if o.slo != "" || o.targeted {
		var err error
		if body, err = v.fromSLO(args, o); err != nil {
			return body, err
		}
	} else {
		body = report.RecommendBody{Service: o.service, Team: args[0], Text: strings.TrimSpace(strings.Join(args[1:], " "))}
	}
	if body.Text == "" || len(body.Text) > oncall.MaxTag {
		return body, usage(fmt.Errorf("recommend needs a text after the team, of up to %d bytes", oncall.MaxTag))
	}
	body.ID, body.File = rand.Text()[:receiptLength], o.file
	return body, nil
}

// answer records a team's answer.
func (a *app) answer(ctx context.Context, cfg config.Config, args []string, o recommendOptions) error {
	if o.answer != "accepted" && o.answer != "declined" {
		return usage(fmt.Errorf("--answer %q is not known; it is accepted or declined", o.answer))
	}
	if len(args) != 1 {
		return usage(fmt.Errorf("--answer needs one receipt; conway recommend lists them"))
	}
	past, err := a.past(ctx, cfg)
	if err != nil {
		return err
	}
	w := worksOf(past.records)[report.KindRecommend+" "+args[0]]
	if w == nil {
		return usage(fmt.Errorf("%q is the receipt of no recommendation; conway recommend lists them", args[0]))
	}
	body := report.RecommendBody{ID: w.id, Answer: o.answer, Reason: o.reason}
	err = a.withLedger(ctx, cfg, false, func(j *ledger.Journal) error { return keepRecord(ctx, j, report.KindRecommend, "", body) })
	if err != nil {
		return fmt.Errorf("the answer is not recorded: %w", err)
	}
	fmt.Fprintf(a.stdout, "recommendation %s: %s recorded\n", w.id, o.answer)
	return nil
}

// advice is one recommendation as it is listed.
type advice struct {
	Receipt string `json:"receipt"`
	Team    string `json:"team"`
	Service string `json:"service,omitempty"`
	Text    string `json:"text"`
	// SLO is the objective that it is about, and Target the percentage advised.
	SLO    string    `json:"slo,omitempty"`
	Target float64   `json:"target,omitempty"`
	URL    string    `json:"url,omitempty"`
	Sent   time.Time `json:"sent"`
	// Answer is empty while there is none.
	Answer string `json:"answer,omitempty"`
	Reason string `json:"reason,omitempty"`
}

// recommendations lists what was recommended, the oldest first.
func (a *app) recommendations(ctx context.Context, cfg config.Config, asJSON bool) error {
	past, err := a.past(ctx, cfg)
	if err != nil {
		return err
	}
	answers, sent := map[string]report.RecommendBody{}, map[string]report.RecommendBody{}
	for _, r := range past.records {
		var b report.RecommendBody
		if r.Kind != report.KindRecommend || r.Decode(&b) != nil {
			continue
		}
		if b.Answer != "" {
			answers[b.ID] = b
		}
		if b.SLO != "" || b.Target > 0 {
			sent[b.ID] = b
		}
	}
	all := []advice{}
	for _, w := range worksOf(past.records) {
		if w.kind == report.KindRecommend {
			b, about := answers[w.id], sent[w.id]
			all = append(all, advice{
				Receipt: w.id, Team: w.team, Service: w.service, Text: w.text, SLO: about.SLO, Target: about.Target,
				URL: w.url, Sent: w.at.UTC(), Answer: b.Answer, Reason: b.Reason,
			})
		}
	}
	slices.SortFunc(all, func(a, b advice) int { return a.Sent.Compare(b.Sent) })
	if asJSON {
		return a.printJSON(map[string]any{"version": jsonVersion, "recommendations": all})
	}
	tw := tabwriter.NewWriter(a.stdout, 0, 8, 2, ' ', 0)
	for _, r := range all {
		answer := r.Answer
		if answer == "" {
			answer = fmt.Sprintf("unanswered for %d d", int(a.now().Sub(r.Sent)/day))
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%s\n", text.Decode(r.Receipt), r.Sent.Format(time.DateOnly), text.Decode(r.Team), text.Decode(r.Service), text.Decode(answer), text.Decode(strings.Join(strings.Fields(r.Text), " ")))
	}
	return tw.Flush()
}
