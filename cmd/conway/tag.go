package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"conway/internal/board"
	"conway/internal/ledger"
	"conway/internal/report"
)

// maxFollowup bounds the text of a follow-up: it is a title, and the ledger keeps
// it for good.
const maxFollowup = 1 << 10

func (a *app) tagCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "tag ID needed|wait|noise|preventable|deploy confirmed|deploy rejected|followup TEXT…",
		Short: "Record a judgement of a page in the ledger",
		Long: `tag records in the ledger what you think of a page, and sends nothing to the pager:

  needed, wait, noise            did it need somebody now; the last one said counts
  preventable                    it did not have to happen
  deploy confirmed|rejected      the deploy before it was, or was not, the cause
  followup TEXT…                 what is to be done about it; filed as an issue where
                                 follow_ups in the config says

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
func parseTag(words []string) (ledger.Tag, error) {
	rest := strings.Join(words[1:], " ")
	switch name := words[0]; name {
	case "needed", "wait", "noise", "preventable":
		if rest != "" {
			return ledger.Tag{}, fmt.Errorf("tag %s takes no more words; remove %q", name, rest)
		}
		if name == "preventable" {
			return ledger.Tag{Name: name, Value: "yes"}, nil
		}
		return ledger.Tag{Name: "verdict", Value: name}, nil
	case "deploy":
		if rest != "confirmed" && rest != "rejected" {
			return ledger.Tag{}, fmt.Errorf("tag deploy needs confirmed or rejected after it")
		}
		return ledger.Tag{Name: name, Value: rest}, nil
	case "followup":
		rest = strings.TrimSpace(rest)
		if rest == "" || len(rest) > maxFollowup {
			return ledger.Tag{}, fmt.Errorf("tag followup needs a text after it, of up to %d bytes", maxFollowup)
		}
		return ledger.Tag{Name: name, Value: rest}, nil
	default:
		return ledger.Tag{}, fmt.Errorf("%q is no tag; they are needed, wait, noise, preventable, deploy and followup", name)
	}
}

// tag records one judgement of a page.
func (a *app) tag(ctx context.Context, id string, tag ledger.Tag) error {
	cfg, _, err := a.load(ctx)
	if err != nil {
		return err
	}
	if cfg.ReadOnly {
		return usage(fmt.Errorf("tag: read_only is set in the config"))
	}
	c, err := newCore(cfg, a.now, board.KindPages)
	if err != nil {
		return err
	}
	refs, err := a.refs(c, []string{id})
	if err != nil {
		return err
	}
	tag.Page = refs[0]
	if err := a.withLedger(ctx, cfg, false, func(j *ledger.Journal) error { return keepTag(ctx, j, tag) }); err != nil {
		return fmt.Errorf("the tag is not recorded: %w", err)
	}
	fmt.Fprintf(a.stdout, "tag %s: %s %s recorded\n", tag.Page, tag.Name, tag.Value)
	if tag.Name != "followup" || cfg.FollowUps == nil {
		return nil
	}
	return a.fileNow(ctx, cfg, report.KindFollowUp, tag.Page.String(), actTimeout)
}

// keepTag returns once a tag is durable.
func keepTag(ctx context.Context, j *ledger.Journal, tag ledger.Tag) error {
	ctx, cancel := context.WithTimeout(ctx, keepTimeout)
	defer cancel()
	r, err := ledger.TagRecord(tag)
	if err == nil {
		_, err = j.Append(ctx, r)
	}
	return err
}
