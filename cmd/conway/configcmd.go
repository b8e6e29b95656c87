package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/charmbracelet/colorprofile"

	"github.com/spf13/cobra"

	"conway/internal/config"
	"conway/internal/owners"
)

func (a *app) configCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "config", Short: "Begin, check or describe the config", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return usage(fmt.Errorf("config needs one of init, check, schema; see conway config --help"))
		},
	}
	cmd.AddCommand(
		&cobra.Command{
			Use: "init", Short: "Write an annotated config to begin with", Args: cobra.NoArgs,
			RunE: func(*cobra.Command, []string) error { return a.configInit() },
		},
		&cobra.Command{
			Use: "check", Short: "Check the config and everything it names", Args: cobra.NoArgs,
			RunE: func(*cobra.Command, []string) error { return a.configCheck() },
		},
		&cobra.Command{
			Use: "schema", Short: "Print the JSON Schema of the config, for editors", Args: cobra.NoArgs,
			RunE: func(*cobra.Command, []string) error {
				_, err := a.stdout.Write(config.Schema())
				return err
			},
		},
	)
	return cmd
}

// configInit writes the example where the cockpit will look for it. It never
// overwrites.
func (a *app) configInit() error {
	path, _ := config.Path(a.configPath, a.getenv)
	if path == "" {
		return usage(errors.New("no home directory is known; say where with --config FILE"))
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return usage(fmt.Errorf("%s is there already and is left as it is; conway config check reads it", path))
	}
	if err != nil {
		return err
	}
	_, err = f.Write(config.Example())
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "wrote %s; edit it, then run conway config check\n", path)
	return nil
}

// configCheck reads the config, the runbooks, objectives and owners that it names,
// and a person's own themes.
func (a *app) configCheck() error {
	path, _ := config.Path(a.configPath, a.getenv)
	cfg, err := config.Load(path, a.options())
	switch {
	case errors.Is(err, os.ErrNotExist):
		return usage(fmt.Errorf("%s: there is no such file; conway config init writes one", path))
	case err != nil:
		return usage(err)
	}
	if _, err := sourcesOf(cfg, owners.Book{}, func(string) {}, func() {}, allKinds()...); err != nil {
		return err
	}
	bad := a.checkThemes(cfg)
	for _, e := range runbooksOf(cfg) {
		if e.Err != nil {
			fmt.Fprintln(a.stderr, printable(e.Err.Error()))
			bad++
		}
	}
	promised := promisesOf(cfg)
	for _, f := range slices.Concat(promised.faults, promised.unmet(cfg), ownershipOf(cfg).faults) {
		fmt.Fprintln(a.stderr, printable(f.Error()))
		bad++
	}
	if bad > 0 {
		return exitError{code: exitUsage}
	}
	fmt.Fprintf(a.stdout, "%s: ok; sources: %d for pages, %d for deploys, %d for metrics, %d for logs; services %d, panels %d, SLOs %d\n",
		path, len(cfg.Pages), len(cfg.Deploys), len(cfg.Metrics), len(cfg.Logs), len(cfg.Services), len(cfg.Panels), len(promised.set.Objectives()))
	return nil
}

// checkThemes reads a person's own themes and the one that the config names. It
// returns how many cannot be used; one that is hard to read is only told of.
func (a *app) checkThemes(cfg config.Config) int {
	bad := 0
	own := a.ownThemes()
	for _, t := range a.themes(colorprofile.TrueColor) {
		if _, mine := own[t.Name]; !mine && t.Name != cfg.Theme {
			continue
		}
		s, err := t.Sheet()
		if err != nil {
			fmt.Fprintln(a.stderr, printable(err.Error()))
			bad++
			continue
		}
		if f := s.Faint(); len(f) > 0 {
			fmt.Fprintln(a.stderr, printable(fmt.Sprintf("theme %s is hard to read: %s", t.Name, strings.Join(f, "; "))))
		}
	}
	return bad
}
