package config

import (
	"maps"
	"slices"
	"strings"
	"unicode"
)

// named is a source with the list it is in and the place of its name.
type named struct {
	name, list string
	at         mark
}

// relate checks what depends on more than one value, and fills in what one
// value takes from another.
func (d *decoder) relate(c *Config) {
	sources := d.sources(c)
	first := map[string]named{}
	for _, s := range sources {
		if before, ok := first[s.name]; ok {
			d.add(s.at, "the name "+quote(s.name)+" is taken", "give it another; the other source is on line "+itoa(before.at.line))
			continue
		}
		first[s.name] = s
	}
	d.relatePages(c)
	d.relateMetrics(c)
	d.relateLogs(c)
	d.relatePanels(c, first)
	d.relateSLOs(c, first)
	d.relateServices(c)
	d.relateLedger()
	d.relateFollowUps(c)
	d.relateScreen(c)
}

// sources returns the sources that have a name, in the order of the file.
func (d *decoder) sources(c *Config) []named {
	var out []named
	add := func(list string, i int, s interface{ SourceName() string }) {
		out = append(out, named{s.SourceName(), list, d.marks[list+"["+itoa(i)+"].name"]})
	}
	for i, s := range c.Pages {
		if s != nil {
			add("pages", i, s)
		}
	}
	for i, s := range c.Deploys {
		if s != nil {
			add("deploys", i, s)
		}
	}
	for i, s := range c.Metrics {
		if s != nil {
			add("metrics", i, s)
		}
	}
	for i, s := range c.Logs {
		if s != nil {
			add("logs", i, s)
		}
	}
	out = slices.DeleteFunc(out, func(n named) bool { return n.name == "" })
	slices.SortStableFunc(out, func(a, b named) int { return a.at.before(b.at) })
	return out
}

func (d *decoder) relatePages(c *Config) {
	for i, s := range c.Pages {
		path := "pages[" + itoa(i) + "]"
		switch p := s.(type) {
		case PagerDuty:
			_, given := d.marks[path+".teams"]
			switch {
			case p.Scope == ScopeTeams && !given:
				d.add(d.marks[path+".scope"], "scope teams needs \"teams\"", "add teams: [PTEAM01]")
			case p.Scope != ScopeTeams && given:
				d.add(d.marks[path+".teams"], `"teams" counts only with scope teams`, "add scope: teams, or remove teams")
			}
			if p.From == "" {
				p.From = c.Me.Email
				c.Pages[i] = p
			}
		case Alertmanager:
			d.oneLogin(path, p.Basic)
			if p.From == "" {
				p.From = c.Me.Email
				c.Pages[i] = p
			}
		}
	}
}

// oneLogin checks that a source is given one way to log in.
func (d *decoder) oneLogin(path string, basic *Basic) {
	if _, token := d.marks[path+".token"]; token && basic != nil {
		d.add(d.marks[path+".basic"], `"basic" and "token" exclude each other`, "keep the one that the server asks for")
	}
}

func (d *decoder) relateMetrics(c *Config) {
	for i, s := range c.Metrics {
		if p, ok := s.(Prometheus); ok {
			d.oneLogin("metrics["+itoa(i)+"]", p.Basic)
		}
	}
}

// relateLogs checks that each log store is given one way to log in, and a Splunk
// any at all.
func (d *decoder) relateLogs(c *Config) {
	for i, s := range c.Logs {
		path := "logs[" + itoa(i) + "]"
		given := ""
		for _, key := range []string{"api_key", "token", "basic"} {
			at, ok := d.marks[path+"."+key]
			switch {
			case !ok:
			case given == "":
				given = key
			default:
				d.add(at, quote(key)+" and "+quote(given)+" exclude each other", "keep the one that the server asks for")
			}
		}
		if es, ok := s.(Elasticsearch); ok && strings.HasPrefix(strings.TrimSpace(es.Query), "{") && strings.Contains(es.Query, "{{") {
			d.add(d.marks[path+".query"], `"query" is JSON, in which no value of a page can be put safely`, "write it as a query string, such as service.name:\"{{service}}\"")
		}
		splunk, ok := s.(Splunk)
		switch {
		case ok && given == "":
			d.add(d.marks[path+".name"], "the source has no credential", "add token: {env: SPLUNK_TOKEN}, or basic with user and password")
		case ok && splunk.Session && given == "token":
			d.add(d.marks[path+".session"], `"session" counts only with "basic"`, "remove it, or log in with a user and password")
		}
	}
}

// metricsIn returns the names of the metrics sources.
func metricsIn(sources map[string]named) []string {
	var out []string
	for _, s := range sources {
		if s.list == "metrics" {
			out = append(out, s.name)
		}
	}
	slices.Sort(out)
	return out
}

// relateSLOs checks who is to count the events of objectives.
func (d *decoder) relateSLOs(c *Config, sources map[string]named) {
	at, files := d.marks["slos.source"], d.marks["slos.files"]
	metrics := metricsIn(sources)
	s := c.SLOs.Source
	switch {
	case s != "" && slices.Contains(d.lost, s):
	case s != "":
		d.known(at, "metrics source", s, metrics, "metrics sources")
	case len(c.SLOs.Files) > 0 && len(metrics) == 0 && len(d.lost) == 0:
		d.add(files, "there is no metrics source to count their events", "add one under metrics")
	}
}

func (d *decoder) relatePanels(c *Config, sources map[string]named) {
	metrics := metricsIn(sources)
	type key struct{ source, title string }
	seen := map[key]mark{}
	for i, p := range c.Panels {
		path := "panels[" + itoa(i) + "]"
		at := d.marks[path+".source"]
		other, known := sources[p.Source]
		switch {
		case p.Source == "" || known && other.list == "metrics" || slices.Contains(d.lost, p.Source):
		case known:
			d.add(at, "source "+quote(p.Source)+" is in "+quote(other.list)+", and panels show metrics", didYouMean("", metrics, "metrics sources"))
		default:
			d.add(at, "no metrics source is named "+quote(p.Source), didYouMean(p.Source, metrics, "metrics sources"))
		}
		if k := (key{p.Source, p.Title}); p.Title != "" && p.Source != "" {
			if before, ok := seen[k]; ok {
				d.add(d.marks[path+".title"], "the title "+quote(p.Title)+" is taken", "give it another; the other panel is on line "+itoa(before.line))
			}
			seen[k] = d.marks[path+".title"]
		}
		if p.Warn != nil && p.Critical != nil && *p.Warn > *p.Critical {
			d.add(d.marks[path+".warn"], `"warn" is above "critical", and higher is worse`, "swap them; for a number where lower is worse, turn the query round, such as 1 - (...)")
		}
	}
}

func (d *decoder) relateLedger() {
	_, file := d.marks["ledger.path"]
	at, team := d.marks["ledger.url"]
	if file && team {
		d.add(at, `"url" and "path" exclude each other`, "keep path for a ledger of your own, url for one that a team shares")
	}
	if at, ok := d.marks["ledger.password"]; ok && !team {
		d.add(at, `"password" counts only with url`, "add url: postgres://…, or remove password")
	}
}

// relateFollowUps checks that a tracker has the place that its type needs, and no
// other.
func (d *decoder) relateFollowUps(c *Config) {
	f := c.FollowUps
	if f == nil || f.Type != TrackerGitHub && f.Type != TrackerGitLab {
		return
	}
	needed, other := "repo", "project"
	if f.Type == TrackerGitLab {
		needed, other = other, needed
	}
	if at, ok := d.marks["follow_ups."+other]; ok {
		d.add(at, quote(other)+" does not count for "+f.Type, "remove it; "+needed+" says where to file")
	}
	if at, ok := d.marks["follow_ups.type"]; ok && f.Place() == "" {
		d.add(at, quote(needed)+" is missing", "add "+needed+": it says where to file")
	}
}

func (d *decoder) relateServices(c *Config) {
	services := slices.Sorted(maps.Keys(c.Services))
	owner := map[string]string{}
	for _, name := range services {
		path := "services." + name
		for i, id := range c.Services[name].PagerDuty {
			at := d.marks[path+".pagerduty["+itoa(i)+"]"]
			if other, taken := owner[id]; taken && id != "" {
				d.add(at, "the service id "+quote(id)+" is also in service "+quote(other), "keep it in the one that its pages are about")
			}
			owner[id] = name
		}
		for i, dep := range c.Services[name].DependsOn {
			at := d.marks[path+".depends_on["+itoa(i)+"]"]
			if dep == name {
				d.add(at, "service "+quote(name)+" depends on itself", "remove it")
				continue
			}
			d.dependency(at, dep, services)
		}
	}
}

// dependency checks the name of a service that another one calls. It need not
// be among the services, because a dependency can be somebody else's; but one
// that almost is was most likely misspelt.
func (d *decoder) dependency(at mark, dep string, services []string) {
	if dep == "" || slices.Contains(services, dep) {
		return
	}
	meant, near := suggest(dep, services)
	letters := func(s string) string {
		return strings.Map(func(r rune) rune {
			if unicode.IsDigit(r) {
				return '#'
			}
			return r
		}, s)
	}
	// Two numbered services are two services.
	if near && len(dep) >= shortWord && letters(meant) != letters(dep) {
		d.add(at, "no service is named "+quote(dep), `did you mean "`+meant+`"? If it is another one, add it to services`)
	}
}

func (d *decoder) relateScreen(c *Config) {
	o := d.opts
	d.known(d.marks["theme"], "theme", c.Theme, o.Themes, "themes")
	if o.Layouts != nil {
		layouts := slices.Concat(o.Layouts, slices.Collect(maps.Keys(c.Presets)))
		d.known(d.marks["layout"], "layout", c.Layout, layouts, "layouts")
	}
	for name, panes := range c.Presets {
		path := "presets." + name
		if slices.Contains(o.Layouts, name) {
			d.add(d.marks[path+" key"], "the layout "+quote(name)+" is built in and would hide this preset", "give it another name")
		}
		if len(panes) == 0 {
			d.add(d.marks[path], "preset "+quote(name)+" has no panes", "add a list of panes, such as [pages, logs]")
		}
		for i, p := range panes {
			at := d.marks[path+"["+itoa(i)+"]"]
			d.known(at, "pane", p, o.Panes, "panes")
			if p != "" && slices.Index(panes, p) < i {
				d.add(at, "pane "+quote(p)+" is in this preset twice", "keep one")
			}
		}
	}
	d.relateKeys(c)
}

func (d *decoder) relateKeys(c *Config) {
	taken := map[string]string{}
	for _, action := range slices.Sorted(maps.Keys(c.Keys)) {
		d.known(d.marks["keys."+action+" key"], "action", action, d.opts.Actions, "actions")
		for _, k := range c.Keys[action] {
			if other, ok := taken[k]; ok {
				d.add(d.marks["keys."+action], "the key "+quote(k)+" is given to both "+quote(other)+" and "+quote(action), "give one of them another")
			}
			taken[k] = action
		}
	}
}

// known checks a word against the words that exist; nil means that they are not
// known here.
func (d *decoder) known(at mark, what, word string, all []string, list string) {
	if at.line == 0 || word == "" || all == nil || slices.Contains(all, word) {
		return
	}
	d.add(at, "no "+what+" is named "+quote(word), didYouMean(word, all, list))
}
