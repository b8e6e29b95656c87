package drill

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/goccy/go-yaml"
)

// addresses is where the drill's servers listen.
type addresses struct{ pager, metrics, github, site string }

// The names of the drill's sources in its config file.
const (
	pagerSource   = "pd"
	githubSource  = "gh"
	fileSource    = "ci"
	metricsSource = "prom"
	logSource     = "app"
)

// The drill's sources are polled often: the machine is its own, and a minute of
// it may be a second here.
const (
	pageEvery   = 2 * time.Second
	deployEvery = 5 * time.Second
	metricEvery = 2 * time.Second
)

type tokenFile struct {
	File string `yaml:"file"`
}

type sourceEntry struct {
	Type  string     `yaml:"type"`
	Name  string     `yaml:"name"`
	URL   string     `yaml:"url,omitempty"`
	Token *tokenFile `yaml:"token,omitempty"`
	Scope string     `yaml:"scope,omitempty"`
	Repos []string   `yaml:"repos,omitempty"`
	Path  string     `yaml:"path,omitempty"`
	Paths []string   `yaml:"paths,omitempty"`
	Every string     `yaml:"every,omitempty"`
}

type serviceEntry struct {
	Owner     string            `yaml:"owner,omitempty"`
	PagerDuty []string          `yaml:"pagerduty,omitempty"`
	Labels    map[string]string `yaml:"labels,omitempty"`
	Repos     []string          `yaml:"repos,omitempty"`
	DependsOn []string          `yaml:"depends_on,omitempty"`
	Runbooks  []string          `yaml:"runbooks,omitempty"`
}

type panelEntry struct {
	Title    string   `yaml:"title"`
	Source   string   `yaml:"source"`
	Query    string   `yaml:"query"`
	Unit     string   `yaml:"unit,omitempty"`
	Warn     *float64 `yaml:"warn,omitempty"`
	Critical *float64 `yaml:"critical,omitempty"`
}

type configFile struct {
	Me          map[string]string       `yaml:"me"`
	Environment map[string]any          `yaml:"environment"`
	Services    map[string]serviceEntry `yaml:"services"`
	Pages       []sourceEntry           `yaml:"pages"`
	Deploys     []sourceEntry           `yaml:"deploys"`
	Metrics     []sourceEntry           `yaml:"metrics"`
	Panels      []panelEntry            `yaml:"panels,omitempty"`
	Logs        []sourceEntry           `yaml:"logs"`
	Runbooks    map[string][]string     `yaml:"runbooks"`
	Ledger      map[string]string       `yaml:"ledger"`
}

// writeConfig writes the config by which the cockpit looks at the drill.
func writeConfig(p paths, s *Scenario, at addresses) error {
	c := configFile{
		Me:          map[string]string{"email": meEmail},
		Environment: map[string]any{"name": "DRILL", "production": false},
		Services:    make(map[string]serviceEntry, len(s.Services)),
		Pages: []sourceEntry{{
			Type: "pagerduty", Name: pagerSource, URL: at.pager, Token: &tokenFile{p.pagerToken()},
			Scope: "mine", Every: pageEvery.String(),
		}},
		Metrics:  []sourceEntry{{Type: "prometheus", Name: metricsSource, URL: at.metrics, Every: metricEvery.String()}},
		Logs:     []sourceEntry{{Type: "file", Name: logSource, Paths: []string{filepath.Join(p.logs(), "*.log")}}},
		Runbooks: map[string][]string{"paths": {p.runbooks()}},
		// A drill is no part of anybody's record.
		Ledger: map[string]string{"path": p.ledger()},
	}
	if repos := s.repos(); len(repos) > 0 {
		c.Deploys = append(c.Deploys, sourceEntry{
			Type: "github", Name: githubSource, URL: at.github, Token: &tokenFile{p.githubToken()},
			Repos: repos, Every: deployEvery.String(),
		})
	}
	c.Deploys = append(c.Deploys, sourceEntry{Type: "file", Name: fileSource, Path: p.deploys()})
	for _, v := range s.Services {
		e := serviceEntry{
			Owner: v.Owner, PagerDuty: []string{pagerID(v.Name)}, Labels: map[string]string{"service": v.Name},
			DependsOn: v.DependsOn,
		}
		if v.Repo != "" {
			e.Repos = []string{v.Repo}
		}
		for _, r := range v.Runbooks {
			e.Runbooks = append(e.Runbooks, p.runbook(r))
		}
		c.Services[v.Name] = e
	}
	for _, x := range s.Panels {
		c.Panels = append(c.Panels, panelEntry{x.Title, metricsSource, x.Query, x.Unit, x.Warn, x.Critical})
	}
	text, err := yaml.MarshalWithOptions(c, yaml.IndentSequence(true))
	if err != nil {
		return fmt.Errorf("write drill config: %w", err)
	}
	text = append([]byte("# The config of a drill. Everything in it is on this machine and ends with the drill.\n"), text...)
	if err := os.WriteFile(p.config(), text, 0o600); err != nil {
		return fmt.Errorf("write drill config: %w", err)
	}
	return nil
}

// repos returns the repositories of the services, each once.
func (s *Scenario) repos() []string {
	var out []string
	seen := map[string]bool{"": true}
	for _, v := range s.Services {
		if !seen[v.Repo] {
			seen[v.Repo] = true
			out = append(out, v.Repo)
		}
	}
	return out
}
