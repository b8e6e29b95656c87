package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"conway/internal/config"
	"conway/internal/ledger"
	"conway/internal/report"
	"conway/internal/text"
)

// heed takes in what people wished since a cursor, and returns the next one.
func heed(ctx context.Context, j *ledger.Journal, w *report.Wishes, after ledger.Cursor) (ledger.Cursor, error) {
	some, next, err := j.Kinds(ctx, after, report.KindConsent, report.KindForget)
	if err != nil {
		return after, err
	}
	for _, r := range some {
		if err := w.Take(report.Record{ID: r.ID, At: r.At, Kind: r.Kind, Body: r.Body}); err != nil {
			return after, err
		}
	}
	return next, nil
}

// personal reports whether a record tells of a person, and which pseudonyms those
// are: whom it is about, and who made it.
func (p pseudonyms) personal(r ledger.Record) []string {
	var out []string
	// A wish names a pseudonym and no person, and whoever holds records has to hear it.
	if r.Kind != report.KindConsent && r.Kind != report.KindForget {
		var about struct {
			Person string `json:"person"`
		}
		if r.Decode(&about) != nil {
			return []string{""} // what cannot be read may be anybody's
		}
		if about.Person != "" {
			out = append(out, about.Person)
		}
	}
	if r.Actor != "" && r.Actor != recorder {
		out = append(out, p.at(r.Actor, r.At))
	}
	return out
}

// mayShare reports whether everybody of whom a record tells agreed that it leaves
// their machine.
func (p pseudonyms) mayShare(r ledger.Record) bool {
	return !slices.ContainsFunc(p.personal(r), func(who string) bool { return !p.wishes.Agreed(who, report.ScopeShare) })
}

// agreed leaves of the records those that may be shared.
func (p pseudonyms) agreed(all []ledger.Record) []ledger.Record {
	return slices.DeleteFunc(all, func(r ledger.Record) bool { return !p.mayShare(r) })
}

func (a *app) exportCommand() *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use: "export", Short: "Print the records that may be shared as lines of JSON", Args: cobra.NoArgs,
		Long: `export prints one record a line, for conway ledger import elsewhere. What tells of a
person, or was done by one, is left out unless they agreed with conway ledger share on; how
much that is is said on stderr. With --all nothing is left out: that is a copy for yourself.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if all {
				return a.onLedger(cmd.Context(), true, func(j *ledger.Journal) error { return j.Export(cmd.Context(), a.stdout) })
			}
			return a.exportShared(cmd.Context())
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "leave nothing out: a copy for yourself, not for others")
	return cmd
}

func (a *app) exportShared(ctx context.Context) error {
	cfg, _, err := a.load(ctx)
	if err != nil {
		return err
	}
	names, err := a.pseudonyms(ctx, cfg, func(string) {})
	if err != nil {
		return err
	}
	return a.withLedger(ctx, cfg, true, func(j *ledger.Journal) error {
		if _, err := heed(ctx, j, &names.wishes, 0); err != nil {
			return err
		}
		left, err := j.ExportSome(ctx, a.stdout, names.mayShare)
		if left > 0 {
			fmt.Fprintf(a.stderr, "%d records tell of people who have not agreed to share them and are left out; see conway ledger share, or --all for a copy of your own\n", left)
		}
		return err
	})
}

// onMe does something about the part of the ledger that is of whoever asks.
func (a *app) onMe(ctx context.Context, write bool, use func(j *ledger.Journal, cfg config.Config, names pseudonyms) error) error {
	cfg, _, err := a.load(ctx)
	if err != nil {
		return err
	}
	switch {
	case cfg.Me.Email == "":
		return usage(errors.New("me.email is not set in the config: the ledger cannot tell which part of it is yours"))
	case write && cfg.ReadOnly:
		return usage(errors.New("read_only is set in the config"))
	}
	names, err := a.pseudonyms(ctx, cfg, func(string) {})
	if err != nil {
		return err
	}
	return a.withLedger(ctx, cfg, !write, func(j *ledger.Journal) error {
		if _, err := heed(ctx, j, &names.wishes, 0); err != nil {
			return err
		}
		return use(j, cfg, names)
	})
}

// keepWish records what somebody wished under their pseudonym, by nobody's name.
func keepWish(ctx context.Context, j *ledger.Journal, kind string, body any) error {
	ctx, cancel := context.WithTimeout(ctx, keepTimeout)
	defer cancel()
	r, err := ledger.NewRecord(kind, "", body)
	if err == nil {
		r.Actor = recorder
		_, err = j.Append(ctx, r)
	}
	return err
}

// agreeCommand records that somebody agrees to something, or no longer.
func (a *app) agreeCommand(use, short, long string, scope report.Scope, on, off string) *cobra.Command {
	return &cobra.Command{
		Use: use + " on|off", Short: short, Long: long, Args: cobra.ExactArgs(1), ValidArgs: []string{"on", "off"},
		RunE: func(cmd *cobra.Command, args []string) error {
			if args[0] != "on" && args[0] != "off" {
				return usage(fmt.Errorf("%s %q is not known; it is on or off", use, args[0]))
			}
			return a.onMe(cmd.Context(), true, func(j *ledger.Journal, cfg config.Config, names pseudonyms) error {
				body := report.ConsentBody{Person: names.of(cfg.Me.Email), Scope: scope, Withdrawn: args[0] == "off"}
				if err := keepWish(cmd.Context(), j, report.KindConsent, body); err != nil {
					return fmt.Errorf("that is not recorded: %w", err)
				}
				said := on
				if body.Withdrawn {
					said = off
				}
				fmt.Fprintln(a.stdout, said)
				return nil
			})
		},
	}
}

func (a *app) shareCommand() *cobra.Command {
	return a.agreeCommand("share", "Agree that your part of the ledger leaves this machine, or no longer", `share on agrees that what is recorded of you, and by you, is in conway ledger export and in a
team's database; until then it is in neither. share off takes that back: from then on nothing more
is shared, and what others have already stays with them. What you do in the cockpit, such as an
ack, is in a team's database in any case: there it is delivered from.`, report.ScopeShare,
		"your part of this ledger is shared from now on; conway ledger sync adds your pages of before to a team's database",
		"your part of this ledger is shared no more; what others have already stays with them")
}

func (a *app) consentCommand() *cobra.Command {
	return a.agreeCommand("consent", "Agree that your team is named in reports though it is small, or no longer", `A team of fewer than five people is put together with others in every report, unless each of
them has agreed with consent on. One who takes that back is enough to hide it again.`, report.ScopeName,
		"you agree that your team is named in reports; it is when all of them do",
		"your team is put together with others in reports, if it is small")
}

func (a *app) forgetCommand() *cobra.Command {
	var me bool
	cmd := &cobra.Command{
		Use: "forget", Short: "Give you another pseudonym; what is recorded of you is nobody's from then on", Args: cobra.NoArgs,
		Long: `forget --me makes what the ledger holds of you nobody's: it still counts for the team, and is in
no export, no view of your own and in no line after an ack. What comes later is recorded under
another pseudonym, which is not shared until conway ledger share on. It cannot be undone.

Records are never removed from a ledger: whoever has the file and the key of its pseudonyms can
still work out the old one.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !me {
				return usage(errors.New("forget needs --me: it gives you another pseudonym and cannot be undone"))
			}
			return a.onMe(cmd.Context(), true, func(j *ledger.Journal, cfg config.Config, names pseudonyms) error {
				if err := keepWish(cmd.Context(), j, report.KindForget, report.ForgetBody{Person: names.of(cfg.Me.Email)}); err != nil {
					return fmt.Errorf("that is not recorded: %w", err)
				}
				fmt.Fprintln(a.stdout, "what the ledger holds of you is nobody's now; it counts for the team, and nothing of yours is shared")
				return nil
			})
		},
	}
	cmd.Flags().BoolVar(&me, "me", false, "yes, what is recorded of me")
	return cmd
}

func (a *app) contestCommand() *cobra.Command {
	var withdraw bool
	cmd := &cobra.Command{
		Use: "contest ID", Short: "Dispute what is counted of an incident of your code, or no longer", Args: cobra.ExactArgs(1),
		Long: `contest is the word of the team whose code paged. The incident is left out of every share that
is counted of it, verdicts, preventable, congruence and failed deploys, above and below the line,
and the report says how many are disputed.`,
		RunE: func(cmd *cobra.Command, args []string) error { return a.contest(cmd.Context(), args[0], withdraw) },
	}
	cmd.Flags().BoolVar(&withdraw, "withdraw", false, "dispute it no longer")
	return cmd
}

func (a *app) contest(ctx context.Context, id string, withdraw bool) error {
	cfg, page, err := a.named(ctx, "contest", id)
	if err != nil {
		return err
	}
	body := report.ContestBody{Incident: page.String(), Withdrawn: withdraw}
	err = a.withLedger(ctx, cfg, false, func(j *ledger.Journal) error { return keepWish(ctx, j, report.KindContest, body) })
	if err != nil {
		return fmt.Errorf("that is not recorded: %w", err)
	}
	said := "disputed"
	if withdraw {
		said = "disputed no longer"
	}
	fmt.Fprintf(a.stdout, "%s is %s\n", page, said)
	return nil
}

// mine is one record of whoever asks.
type mine struct {
	ID   string          `json:"id"`
	At   time.Time       `json:"at"`
	Kind string          `json:"kind"`
	Body json.RawMessage `json:"body"`
}

// self is what a ledger holds of whoever asks.
type self struct {
	Version   int    `json:"version"`
	Pseudonym string `json:"pseudonym"`
	Shared    bool   `json:"shared"`
	Named     bool   `json:"named"`
	// Forgotten is how many records are nobody's any more.
	Forgotten int    `json:"forgotten"`
	Records   []mine `json:"records"`
}

func (a *app) showCommand() *cobra.Command {
	var me, asJSON bool
	cmd := &cobra.Command{
		Use: "show", Short: "Show what the ledger holds of you", Args: cobra.NoArgs,
		Long: `show --me lists every record of the ledger that is about you or was made by you, on your own
terminal only, and says whether it is shared and what you have agreed to.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !me {
				return usage(errors.New("show needs --me: nobody is shown what is recorded of somebody else"))
			}
			return a.onMe(cmd.Context(), false, func(j *ledger.Journal, cfg config.Config, names pseudonyms) error {
				s, err := selfOf(cmd.Context(), j, cfg.Me.Email, names)
				if err != nil {
					return err
				}
				if asJSON {
					return a.printJSON(s)
				}
				return s.print(a.stdout)
			})
		},
	}
	cmd.Flags().BoolVar(&me, "me", false, "what is recorded of me")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// selfOf reads a ledger for one person.
func selfOf(ctx context.Context, j *ledger.Journal, email string, names pseudonyms) (self, error) {
	all := names.all(email)
	now := all[len(all)-1]
	s := self{
		Version: jsonVersion, Pseudonym: now, Records: []mine{},
		Shared: names.wishes.Agreed(now, report.ScopeShare), Named: names.wishes.Agreed(now, report.ScopeName),
	}
	for cursor := ledger.Cursor(0); ; {
		some, next, err := j.Since(ctx, cursor)
		if err != nil || len(some) == 0 {
			return s, err
		}
		for _, r := range some {
			who := names.personal(r)
			switch {
			case slices.Contains(who, now):
				s.Records = append(s.Records, mine{r.ID, r.At, r.Kind, r.Body})
			case slices.ContainsFunc(who, func(w string) bool { return slices.Contains(all, w) }):
				s.Forgotten++
			}
		}
		cursor = next
	}
}

func (s self) print(w io.Writer) error {
	yes := map[bool]string{true: "yes", false: "no"}
	fmt.Fprintf(w, "you are %s here; shared: %s; your team may be named though small: %s\n", s.Pseudonym, yes[s.Shared], yes[s.Named])
	if s.Forgotten > 0 {
		fmt.Fprintf(w, "%d records were yours and are nobody's now; they count for the team\n", s.Forgotten)
	}
	fmt.Fprintf(w, "%d records are about you or by you\n", len(s.Records))
	tw := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	for _, r := range s.Records {
		fmt.Fprintf(tw, "%s\t%s\t%s\n", r.At.Local().Format("2006-01-02 15:04"), r.Kind, text.Decode(string(r.Body)))
	}
	return tw.Flush()
}
