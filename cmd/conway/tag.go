package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"conway/internal/ledger"
	"conway/internal/oncall"
	"conway/internal/report"
)

func (a *app) tagCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "tag ID needed|wait|noise|preventable|deploy confirmed|deploy rejected|followup TEXT…|memory TEXT…",
		Short: "Record a judgement of a page in the ledger",
		Long: `tag records in the ledger what you think of a page, and sends nothing to the pager:

  needed, wait, noise            did it need somebody now; the last one said counts
  preventable                    it did not have to happen
  deploy confirmed|rejected      the deploy before it was, or was not, the cause
  followup TEXT…                 what is to be done about it; filed as an issue where
                                 follow_ups in the config says
  memory TEXT…                   what helps whoever this alert wakes next

An ID is what conway pages prints, such as pd/Q1K9ZT3CHKOUT1; the source may be left
out when only one pager is configured. It exits with 0 once the tag is durable and with
1 when it could not be recorded.`,
		Args: cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			tag, err := parseTag(args[1:])
			if err != nil {
				return usage(err)
			}
			return a.tag(cmd.Context(), args[0], tag)
		},
	}
}

// parseTag reads the words after the page.
func parseTag(words []string) (oncall.Tag, error) {
	rest := strings.Join(words[1:], " ")
	switch name := words[0]; name {
	case oncall.TagNeeded, oncall.TagWait, oncall.TagNoise, string(oncall.TagPreventable):
		if rest != "" {
			return oncall.Tag{}, fmt.Errorf("tag %s takes no more words; remove %q", name, rest)
		}
		if name == string(oncall.TagPreventable) {
			return oncall.Tag{Name: oncall.TagPreventable, Value: oncall.TagYes}, nil
		}
		return oncall.Tag{Name: oncall.TagVerdict, Value: name}, nil
	case string(oncall.TagDeploy):
		if rest != oncall.TagConfirmed && rest != oncall.TagRejected {
			return oncall.Tag{}, fmt.Errorf("tag deploy needs confirmed or rejected after it")
		}
		return oncall.Tag{Name: oncall.TagDeploy, Value: rest}, nil
	case string(oncall.TagFollowUp), string(oncall.TagMemory):
		rest = strings.TrimSpace(rest)
		if rest == "" || len(rest) > oncall.MaxTag {
			return oncall.Tag{}, fmt.Errorf("tag %s needs a text after it, of up to %d bytes", name, oncall.MaxTag)
		}
		return oncall.Tag{Name: oncall.TagName(name), Value: rest}, nil
	default:
		return oncall.Tag{}, fmt.Errorf("%q is no tag; they are needed, wait, noise, preventable, deploy, followup and memory", name)
	}
}

// tag records one judgement of a page.
func (a *app) tag(ctx context.Context, id string, tag oncall.Tag) error {
	cfg, page, err := a.named(ctx, "tag", id)
	if err != nil {
		return err
	}
	tag.Page = page
	if err := a.withLedger(ctx, cfg, false, func(j *ledger.Journal) error { return keepTag(ctx, j, a.now(), tag) }); err != nil {
		return fmt.Errorf("the tag is not recorded: %w", err)
	}
	fmt.Fprintf(a.stdout, "tag %s: %s %s recorded\n", tag.Page, tag.Name, tag.Value)
	if tag.Name != oncall.TagFollowUp || cfg.FollowUps == nil {
		return nil
	}
	return a.fileNow(ctx, cfg, report.KindFollowUp, report.StubID(tag.Page.String()), actTimeout)
}

// keepTag returns once a tag is durable. At is when it was said: of two tags the
// later said counts, whichever is written first.
func keepTag(ctx context.Context, j *ledger.Journal, at time.Time, tag oncall.Tag) error {
	ctx, cancel := context.WithTimeout(ctx, keepTimeout)
	defer cancel()
	r, err := ledger.TagRecord(tag)
	if err == nil {
		r.At = at
		_, err = j.Append(ctx, r)
	}
	return err
}
