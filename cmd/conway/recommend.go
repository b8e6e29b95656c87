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
	service, answer, reason string
	file, json              bool
	wait                    time.Duration
}

func (a *app) recommendCommand() *cobra.Command {
	var o recommendOptions
	cmd := &cobra.Command{
		Use: "recommend [TEAM TEXT…]", Short: "Record a recommendation to a team, its age and its answer",
		Long: `recommend records what a team was advised to do, such as to lower an objective, and
prints a receipt. Without arguments it lists what was recommended, with its age and answer:

  conway recommend payments --service checkout "SLO 99.5% instead of 99.9%"
  conway recommend --answer accepted --reason "in the next quarter" RECEIPT

With --file it is also filed as an issue where follow_ups in the config says; then the
issue being closed counts as its answer. conway report counts what was answered.`,
		RunE: func(cmd *cobra.Command, args []string) error { return a.recommend(cmd.Context(), args, o) },
	}
	cmd.Flags().StringVar(&o.service, "service", "", "the service that it is about")
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
	case len(args) == 0 && o.answer == "":
		return a.recommendations(ctx, cfg, o.json)
	case cfg.ReadOnly:
		return usage(fmt.Errorf("recommend: read_only is set in the config"))
	case o.answer != "":
		return a.answer(ctx, cfg, args, o)
	case len(args) < 2:
		return usage(fmt.Errorf("recommend needs a team and a text, such as: conway recommend payments \"SLO 99.5%%\""))
	case o.file && cfg.FollowUps == nil:
		return usage(fmt.Errorf("--file needs follow_ups in the config, which says where to file"))
	}
	words := strings.TrimSpace(strings.Join(args[1:], " "))
	if words == "" || len(words) > oncall.MaxTag {
		return usage(fmt.Errorf("recommend needs a text after the team, of up to %d bytes", oncall.MaxTag))
	}
	if _, known := cfg.Services[o.service]; o.service != "" && !known {
		return usage(fmt.Errorf("--service %q is not in the config; its services are %s", o.service, strings.Join(slices.Sorted(maps.Keys(cfg.Services)), ", ")))
	}
	body := report.RecommendBody{ID: rand.Text()[:receiptLength], Service: o.service, Team: args[0], Text: words, File: o.file}
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
	Receipt string    `json:"receipt"`
	Team    string    `json:"team"`
	Service string    `json:"service,omitempty"`
	Text    string    `json:"text"`
	URL     string    `json:"url,omitempty"`
	Sent    time.Time `json:"sent"`
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
	answers := map[string]report.RecommendBody{}
	for _, r := range past.records {
		var b report.RecommendBody
		if r.Kind == report.KindRecommend && r.Decode(&b) == nil && b.Answer != "" {
			answers[b.ID] = b
		}
	}
	all := []advice{}
	for _, w := range worksOf(past.records) {
		if w.kind == report.KindRecommend {
			b := answers[w.id]
			all = append(all, advice{w.id, w.team, w.service, w.text, w.url, w.at.UTC(), b.Answer, b.Reason})
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
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%s\n", text.Decode(r.Receipt), r.Sent.Format(time.DateOnly), text.Decode(r.Team), text.Decode(r.Service), text.Decode(answer), text.Decode(r.Text))
	}
	return tw.Flush()
}
