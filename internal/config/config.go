package config

import (
	"time"
	_ "time/tzdata" // a bastion without a zone database must know Europe/Berlin too

	"conway/internal/oncall"
)

// Config is everything a person can set. Paths in it are absolute and defaults
// are filled in.
type Config struct {
	Me          Me                  `yaml:"me" doc:"The person at this screen."`
	Environment Environment         `yaml:"environment" doc:"What is looked at. It is drawn on the screen and guards runbook steps."`
	ReadOnly    bool                `yaml:"read_only" default:"false" doc:"Refuse everything that writes: acks, notes, runbook steps."`
	Services    map[string]Service  `yaml:"services" doc:"Services by name; joins the names that different systems use."`
	Pages       []PageSource        `yaml:"pages" doc:"Where pages come from."`
	Deploys     []DeploySource      `yaml:"deploys" doc:"Where news of deploys comes from."`
	Metrics     []MetricSource      `yaml:"metrics" doc:"Where panels get their numbers."`
	Panels      []Panel             `yaml:"panels" doc:"The metrics to show for the followed page."`
	Logs        []LogSource         `yaml:"logs" doc:"Where log lines come from."`
	Runbooks    Runbooks            `yaml:"runbooks" doc:"Where runbooks are kept."`
	Ledger      Ledger              `yaml:"ledger" doc:"Where what was asked for is kept until it is delivered, and after."`
	Theme       string              `yaml:"theme" default:"night" doc:"The colours."`
	Layout      string              `yaml:"layout" default:"watch" doc:"The arrangement of panes to start with: a built-in one or one of presets."`
	Presets     map[string][]string `yaml:"presets" doc:"Own arrangements: a name and the panes it shows, most important first."`
	Keys        map[string]Binding  `yaml:"keys" doc:"Keys by action: one key, a list of keys, or none to unbind."`
	Ack         Ack                 `yaml:"ack" doc:"How acknowledging works."`
	Notify      Notify              `yaml:"notify" doc:"How you are called while you look elsewhere, for new pages of yours that nobody has acknowledged."`
	Links       []string            `yaml:"links" is:"host" doc:"Hosts whose addresses the terminal may make clickable; none when empty."`
	Mouse       bool                `yaml:"mouse" default:"false" doc:"Take clicks, which focus a pane and select a row, and the wheel; then the terminal selects text only with shift held."`
	Slow        bool                `yaml:"slow" default:"false" doc:"Send less over a slow link: two frames a second unless a key was pressed, and coarser ages; as with --slow."`
}

// Me is the person at this screen.
type Me struct {
	Email    string `yaml:"email" is:"email" doc:"The address that the pager knows."`
	Name     string `yaml:"name" doc:"The name to show; the pager's own when empty."`
	TimeZone string `yaml:"time_zone" is:"zone" doc:"The zone that times are shown in, such as Europe/Berlin; the machine's own when empty."`
}

// Location returns the zone that times are shown in.
func (m Me) Location() *time.Location {
	if m.TimeZone == "" {
		return time.Local
	}
	loc, err := time.LoadLocation(m.TimeZone)
	if err != nil { // it was checked when the file was read
		return time.Local
	}
	return loc
}

// Environment is what is looked at.
type Environment struct {
	Name       string `yaml:"name" is:"label" doc:"The name to draw, such as prod."`
	Production bool   `yaml:"production" default:"false" doc:"Draw it unmistakably, and ask more carefully before a step runs."`
}

// Service is one service under all the names that different systems use.
type Service struct {
	Owner     string            `yaml:"owner" is:"label" doc:"The team whose code it is."`
	PagerDuty []string          `yaml:"pagerduty" is:"label" doc:"The ids of its services in PagerDuty, such as PSVC01."`
	Labels    map[string]string `yaml:"labels" doc:"How alerts, metrics and logs name it."`
	Repos     []string          `yaml:"repos" is:"repo" doc:"Its repositories, owner/name or the path of a local one."`
	DependsOn []string          `yaml:"depends_on" is:"label" doc:"The services that it calls."`
	Runbooks  []string          `yaml:"runbooks" is:"path" doc:"Its runbooks, Markdown files."`
}

// Panel is one metric to show for the followed page.
type Panel struct {
	Title    string      `yaml:"title,required" doc:"What the number is; unique within its source."`
	Source   string      `yaml:"source,required" is:"name" doc:"The name of the metrics source that answers it."`
	Query    string      `yaml:"query,required" is:"query" doc:"The query; {{service}} and other labels are filled in from the followed page."`
	Unit     oncall.Unit `yaml:"unit" enum:"percent,ratio,seconds,bytes,per_second" doc:"How its numbers are written."`
	Warn     *float64    `yaml:"warn" doc:"The value from which it is drawn as a warning. Higher is worse."`
	Critical *float64    `yaml:"critical" doc:"The value from which it is drawn as critical."`
}

// Runbooks says where runbooks are kept.
type Runbooks struct {
	Paths []string `yaml:"paths" is:"path" doc:"Folders or Markdown files."`
}

// Ledger says where the durable journal is: in a file, or in a team's database.
type Ledger struct {
	Path     string `yaml:"path" is:"path" doc:"The file; $XDG_STATE_HOME/conway/ledger.db when empty. Its folder must be closed to others and on a local disk."`
	URL      string `yaml:"url" is:"postgres" doc:"The PostgreSQL database that a team shares instead, such as postgres://conway@db.example.com/oncall; parameters such as sslmode may follow a ?."`
	Password Secret `yaml:"password" doc:"The password of the user in url; without it PGPASSWORD and PGPASSFILE count, as for PostgreSQL's own programs."`
}

// Ack says how acknowledging works.
type Ack struct {
	Hold time.Duration `yaml:"hold" default:"3s" min:"0s" max:"1m" doc:"How long an ack is held back so that it can be cancelled."`
}

// Notify says how a person is called who is not looking.
type Notify struct {
	For     string        `yaml:"for" default:"high" enum:"high,all" doc:"For which urgency."`
	Bell    bool          `yaml:"bell" default:"true" doc:"Ring the terminal's bell, which tmux shows with monitor-bell."`
	Desktop string        `yaml:"desktop" default:"off" enum:"off,auto,osc9,osc777" doc:"Have the terminal show it on the desktop; auto by what terminal it is. Inside tmux only where allow-passthrough is on."`
	Repeat  time.Duration `yaml:"repeat" default:"5m" min:"0s" max:"24h" doc:"How long until the next call while a page is still not acknowledged; 0s for one call only."`
}

// Binding is the keys of one action. Empty means that it has none.
type Binding []string

// KeyChanges returns the keys of every action that the file names; an empty
// list unbinds.
func (c Config) KeyChanges() map[string][]string {
	out := make(map[string][]string, len(c.Keys))
	for action, keys := range c.Keys {
		out[action] = keys
	}
	return out
}
