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
	Owners      Owners              `yaml:"owners" doc:"Where teams say whose code a service is, for services that name no owner."`
	Labels      Labels              `yaml:"labels" doc:"What the labels of alerts mean."`
	Pages       []PageSource        `yaml:"pages" doc:"Where pages come from."`
	Deploys     []DeploySource      `yaml:"deploys" doc:"Where news of deploys comes from."`
	Metrics     []MetricSource      `yaml:"metrics" doc:"Where panels get their numbers."`
	Panels      []Panel             `yaml:"panels" doc:"The metrics to show for the followed page."`
	Logs        []LogSource         `yaml:"logs" doc:"Where log lines come from."`
	SLOs        SLOs                `yaml:"slos" doc:"Service level objectives, for the error budget that a page spends."`
	LogLines    int                 `yaml:"log_lines" default:"1000000" min:"1000" max:"2000000" doc:"How many log lines are held, and no more of them than 192 MiB of text."`
	Runbooks    Runbooks            `yaml:"runbooks" doc:"Where runbooks are kept."`
	Ledger      Ledger              `yaml:"ledger" doc:"Where what was asked for is kept until it is delivered, and after."`
	People      map[string]Teammate `yaml:"people" doc:"Who is on call, by the address that the pager knows or by the pseudonym in the ledger; for the report."`
	Teams       map[string]Team     `yaml:"teams" doc:"The teams of people, by name; for the report."`
	Report      Report              `yaml:"report" doc:"What the report depends on besides the ledger."`
	FollowUps   *FollowUps          `yaml:"follow_ups" doc:"Where follow-ups and recommendations are filed as issues; they stay in the ledger alone when empty."`
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
	// Engagement is nil where nobody carries the service's pager by agreement.
	Engagement *Engagement `yaml:"engagement" doc:"An agreement by which another team carries its pager."`
}

// Engagement is an agreement by which a team carries another's pager.
type Engagement struct {
	By    string `yaml:"by,required" is:"label" doc:"The team that carries it."`
	Until string `yaml:"until,required" is:"date" doc:"The day from which it no longer holds, such as 2027-03-31."`
	SLO   string `yaml:"slo" is:"label" doc:"The SLO whose spent budget ends it before that day."`
}

// Ends returns the moment from which the agreement no longer holds.
func (e Engagement) Ends() time.Time {
	t, err := time.Parse(time.DateOnly, e.Until)
	if err != nil { // it was checked when the file was read
		return time.Time{}
	}
	return t
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

// Owners says where teams say whose code a service is.
type Owners struct {
	Files []string `yaml:"files" is:"glob" doc:"Files named catalog-info.yaml, opslevel.yml, cortex.yaml or CODEOWNERS, Datadog service definitions, and manifests; * and ? match names."`
}

// The values of Labels.TeamMeans.
const (
	// TeamReceives is a label that says who is called.
	TeamReceives = "receiver"
	// TeamOwns is a label that says whose code it is.
	TeamOwns = "owner"
)

// Labels says what the labels of alerts mean.
type Labels struct {
	TeamMeans string   `yaml:"team_means" default:"receiver" enum:"receiver,owner" doc:"Whether a label that names a team says who is called, or whose code it is; as a receiver it is not taken for the owner."`
	Team      []string `yaml:"team" is:"label" doc:"The labels that name a team, the first that there is counts; team and owner when empty."`
}

// SLOs says where objectives are described, and who counts their events.
type SLOs struct {
	Files  []string `yaml:"files" is:"glob" doc:"Files of Sloth, OpenSLO v1 or Pyrra, as they are; * and ? match names."`
	Source string   `yaml:"source" is:"name" doc:"The name of the metrics source that has their metrics; the first one when empty."`
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
	Line     string `yaml:"line" default:"on" enum:"on,off" doc:"Say in one dim line, after an ack, what the ledger knows of your nights and of this alert."`
	// PseudonymKey is zero where the key is one of this machine's own.
	PseudonymKey Secret `yaml:"pseudonym_key" doc:"The key under which people are in the ledger, one for all who share it; without it a key of this machine's own is made beside the ledger."`
}

// The values of FollowUps.Type.
const (
	TrackerGitHub = "github"
	TrackerGitLab = "gitlab"
)

// FollowUps says where follow-ups are filed as issues.
type FollowUps struct {
	Type    string `yaml:"type,required" enum:"github,gitlab" doc:"What kind of tracker it is."`
	URL     string `yaml:"url" is:"url" doc:"The API; https://api.github.com or https://gitlab.com/api/v4 when empty."`
	Token   Secret `yaml:"token,required" doc:"A token that may read and open issues there."`
	Repo    string `yaml:"repo" is:"slug" doc:"The repository on GitHub, owner/name."`
	Project string `yaml:"project" is:"label" doc:"The project on GitLab, its number or its path such as group/name."`
}

// API returns the address of the API.
func (f FollowUps) API() string {
	switch {
	case f.URL != "":
		return f.URL
	case f.Type == TrackerGitLab:
		return "https://gitlab.com/api/v4"
	}
	return "https://api.github.com"
}

// Place returns the repository or the project.
func (f FollowUps) Place() string {
	if f.Type == TrackerGitLab {
		return f.Project
	}
	return f.Repo
}

// Teammate is somebody who is on call, as the report needs to know them.
type Teammate struct {
	Team     string `yaml:"team,required" is:"label" doc:"Their team."`
	TimeZone string `yaml:"time_zone,required" is:"zone" doc:"Where they live, such as Europe/Berlin."`
	Sleep    string `yaml:"sleep" default:"22:00-08:00" is:"hours" doc:"When they sleep, by their own clock."`
	Work     string `yaml:"work" default:"08:00-18:00" is:"hours" doc:"When they work from Monday to Friday, by their own clock."`
}

// Team is a team of people who are on call.
type Team struct {
	Size      int  `yaml:"size,required" min:"1" doc:"How many people are in its rotation; a small team is not named in a report."`
	Consented bool `yaml:"consented" default:"false" doc:"Each of them agreed that the team is named though it is small."`
}

// Report is what the report depends on besides the ledger.
type Report struct {
	Unit    string  `yaml:"unit" is:"label" doc:"The part of the organisation that it is about."`
	Rate    float64 `yaml:"rate" doc:"What an hour of an engaged person costs the organisation; no cost is printed without it."`
	MinTeam int     `yaml:"min_team" default:"5" min:"5" doc:"How many people a team needs to be named; it can only be raised."`
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
