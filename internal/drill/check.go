package drill

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
)

// The limits of a scenario. It runs in one process on somebody's laptop, beside
// the cockpit that it is meant to keep busy, not to slow down.
const (
	maxServices = 8
	maxRate     = 200
	maxCapacity = 64 << 20
	maxPool     = 512
	maxFaults   = 100
)

// checker collects what is wrong with a scenario that could be read.
type checker struct {
	tree *ast.File
	list []faultError
}

// add notes a fault at a path such as "services[0].rate", or at the nearest
// place above it that the file has.
func (c *checker) add(path, text, fix string) {
	f := faultError{line: 1, col: 1}
	for p := path; p != ""; p = p[:max(strings.LastIndexAny(p, ".["), 0)] {
		query, err := yaml.PathString("$." + p)
		if err != nil {
			continue
		}
		n, err := query.FilterFile(c.tree)
		if err != nil || n == nil {
			continue
		}
		f = faultAt(start(n), "", "")
		break
	}
	f.text, f.fix = path+": "+text, fix
	if len(c.list) < maxFaults {
		c.list = append(c.list, f)
	}
}

// start returns the node whose token a person would point at.
func start(n ast.Node) ast.Node {
	switch n := n.(type) {
	case *ast.MappingNode:
		if len(n.Values) > 0 {
			return n.Values[0].Key
		}
	case *ast.MappingValueNode:
		return n.Key
	case *ast.SequenceNode:
		if len(n.Values) > 0 {
			return start(n.Values[0])
		}
	}
	return n
}

// need notes a missing text.
func (c *checker) need(path, value, example string) {
	if strings.TrimSpace(value) == "" {
		c.add(path, "is missing", "write one, such as "+example)
	}
}

func (c *checker) within(path string, v, low, high float64) {
	if v < low || v > high {
		c.add(path, fmt.Sprintf("%g is out of range", v), fmt.Sprintf("write %g to %g", low, high))
	}
}

func (c *checker) oneOf(path, v string, words ...string) {
	if !slices.Contains(words, v) {
		c.add(path, fmt.Sprintf("%q is not known", v), "write "+strings.Join(words, " or "))
	}
}

// name notes a name that cannot be part of a path, an id and a label alike.
func (c *checker) name(path, v string) {
	if !regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,62}$`).MatchString(v) {
		c.add(path, fmt.Sprintf("%q is not a name", v), "use small letters, digits, '.', '_' and '-', such as checkout")
	}
}

func (c *checker) scenario(s *Scenario) {
	c.need("title", s.Title, "A deploy breaks checkout")
	c.need("story", s.Story, "two or three lines on what is going on")
	if s.EscalateAfter <= 0 {
		c.add("escalate_after", "is missing", "write one, such as 5m")
	}
	if n := len(s.Services); n == 0 || n > maxServices {
		c.add("services", fmt.Sprintf("there are %d", n), fmt.Sprintf("write 1 to %d", maxServices))
	}
	for i := range s.Services {
		c.service(s, i)
	}
	for i := range s.Deploys {
		c.deploy(s, i)
	}
	for i := range s.Faults {
		c.fault(s, i)
	}
	if len(s.Alerts) == 0 {
		c.add("alerts", "there are none", "write the rule that pages somebody")
	}
	for i := range s.Alerts {
		c.alert(s, i)
	}
	for i, p := range s.Past {
		if s.alert(p.Alert) == nil {
			c.add(fmt.Sprintf("past[%d].alert", i), fmt.Sprintf("there is no alert %q", p.Alert), "name one of alerts")
		}
		if p.Before <= p.Lasted {
			c.add(fmt.Sprintf("past[%d].before", i), "it would not be over yet", "make it longer than lasted")
		}
	}
	c.rest(s)
}

// slo checks one objective.
func (c *checker) slo(s *Scenario, i int) {
	o, at := s.SLOs[i], fmt.Sprintf("slos[%d].", i)
	c.name(at+"name", o.Name)
	switch v := s.service(o.Service); {
	case v == nil:
		c.add(at+"service", fmt.Sprintf("there is no service %q", o.Service), "name one of services")
	case v.Rate == 0:
		c.add(at+"service", fmt.Sprintf("%s gets no requests to count", o.Service), "name a service with a rate")
	}
	if s.slo(o.Service, o.Name) != &s.SLOs[i] {
		c.add(at+"name", fmt.Sprintf("%s has an objective %q already", o.Service, o.Name), "give it another name")
	}
	c.within(at+"objective", o.Objective, 50, 99.999)
	c.within(at+"days", float64(o.Days), 1, 90)
	c.within(at+"left", o.Left, 0, 1)
}

// rest checks objectives, panels, runbooks and the end.
func (c *checker) rest(s *Scenario) {
	for i := range s.SLOs {
		c.slo(s, i)
	}
	for i, p := range s.Panels {
		at := fmt.Sprintf("panels[%d].", i)
		c.need(at+"title", p.Title, "error ratio")
		c.need(at+"query", p.Query, `job:errors:ratio5m{service="{{service}}"}`)
		c.oneOf(at+"unit", p.Unit, "", "percent", "ratio", "seconds", "bytes", "per_second")
	}
	for i, r := range s.Runbooks {
		at := fmt.Sprintf("runbooks[%d].", i)
		name, ok := strings.CutSuffix(r.Name, ".md")
		if !ok {
			c.add(at+"name", fmt.Sprintf("%q is not a Markdown file", r.Name), "end it in .md")
		}
		c.name(at+"name", name)
		if (r.Text == "") == (r.File == "") {
			c.add(at+"text", "a runbook has either text or file", "write one of the two")
		}
		if r.File != "" && (strings.HasPrefix(r.File, "/") || slices.Contains(strings.Split(r.File, "/"), "..")) {
			c.add(at+"file", fmt.Sprintf("%q leaves the scenario's directory", r.File), "put the file next to the scenario")
		}
	}
	if s.alert(s.End.Alert) == nil {
		c.add("end.alert", fmt.Sprintf("there is no alert %q", s.End.Alert), "name the one of alerts that this is about")
	}
}

func (c *checker) service(s *Scenario, i int) {
	v, at := &s.Services[i], fmt.Sprintf("services[%d].", i)
	c.name(at+"name", v.Name)
	for j := range i {
		if s.Services[j].Name == v.Name {
			c.add(at+"name", fmt.Sprintf("there is already a service %q", v.Name), "give it another name")
		}
	}
	c.need(at+"owner", v.Owner, "payments")
	c.oneOf(at+"log", v.Log, "json", "logfmt")
	c.within(at+"rate", v.Rate, 0, maxRate)
	c.within(at+"declines", v.Declines, 0, 1)
	c.within(at+"work", float64(v.Work)/1e9, 0, 5)
	if v.Repo != "" && !regexp.MustCompile(`^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$`).MatchString(v.Repo) {
		c.add(at+"repo", fmt.Sprintf("%q is not a repository", v.Repo), "write owner/name, such as acme/checkout")
	}
	for j, d := range v.DependsOn {
		if s.service(d) == nil {
			c.add(fmt.Sprintf("%sdepends_on[%d]", at, j), fmt.Sprintf("there is no service %q", d), "name one of services")
		}
	}
	for j, r := range v.Runbooks {
		if !slices.ContainsFunc(s.Runbooks, func(b Runbook) bool { return b.Name == r }) {
			c.add(fmt.Sprintf("%srunbooks[%d]", at, j), fmt.Sprintf("there is no runbook %q", r), "name one of runbooks")
		}
	}
	for j, r := range v.Releases {
		path := fmt.Sprintf("%sreleases[%d].", at, j)
		c.name(path+"version", r.Version)
		c.within(path+"pool_size", float64(r.PoolSize), 1, maxPool)
		c.within(path+"acquirer_timeout", float64(r.AcquirerTimeout)/1e9, 0.001, 10)
	}
	switch {
	case v.Rate > 0 && v.release(v.Current) == nil:
		c.add(at+"current", fmt.Sprintf("there is no release %q", v.Current), "name one of releases")
	case v.Rate > 0 && v.Heartbeat > 0:
		c.add(at+"heartbeat", "a service under load has none", "take out heartbeat or rate")
	case v.Rate == 0 && v.Heartbeat == 0:
		c.add(at+"rate", "the service would do nothing", "write rate for a server or heartbeat for a job")
	}
	if vol := v.Volume; vol != nil {
		c.within(at+"volume.capacity", float64(vol.Capacity), 64<<10, maxCapacity)
		c.within(at+"volume.segment", float64(vol.Segment), 4<<10, float64(vol.Capacity)/4)
		c.within(at+"volume.used", vol.Used, 0, 1)
	}
}

func (c *checker) deploy(s *Scenario, i int) {
	d, at := s.Deploys[i], fmt.Sprintf("deploys[%d].", i)
	switch v := s.service(d.Service); {
	case v == nil:
		c.add(at+"service", fmt.Sprintf("there is no service %q", d.Service), "name one of services")
	case d.At > 0 && v.release(d.Version) == nil:
		c.add(at+"version", fmt.Sprintf("%s has no release %q to go live", d.Service, d.Version), "name one of its releases")
	}
	c.need(at+"version", d.Version, "v413")
	if d.Commit != "" && !regexp.MustCompile(`^[0-9a-f]{7,40}$`).MatchString(d.Commit) {
		c.add(at+"commit", fmt.Sprintf("%q is not a commit", d.Commit), "write 7 to 40 hexadecimal digits in quotes, such as \"9f2c11e4\"")
	}
	if (d.Before > 0) == (d.At > 0) {
		c.add(at+"at", "a deploy has either before or at", "write before: 3h for one of the past, at: 8s for one to come")
	}
}

func (c *checker) fault(s *Scenario, i int) {
	f, at := s.Faults[i], fmt.Sprintf("faults[%d].", i)
	c.oneOf(at+"kind", f.Kind, FaultFill, FaultLate)
	v := s.service(f.Service)
	switch {
	case v == nil:
		c.add(at+"service", fmt.Sprintf("there is no service %q", f.Service), "name one of services")
	case f.Kind == FaultFill && v.Volume == nil:
		c.add(at+"service", fmt.Sprintf("%s has no volume to fill", f.Service), "give it one, or name another service")
	case f.Kind == FaultLate && v.Heartbeat == 0:
		c.add(at+"service", fmt.Sprintf("%s has no heartbeat to be late", f.Service), "give it one, or name another service")
	}
	if f.Kind == FaultFill && f.PerSecond <= 0 {
		c.add(at+"per_second", "is missing", "write one, such as 64KiB")
	}
	if f.Kind == FaultLate && f.Lasts <= 0 {
		c.add(at+"lasts", "is missing", "write one, such as 20s")
	}
}

func (c *checker) alert(s *Scenario, i int) {
	a, at := &s.Alerts[i], fmt.Sprintf("alerts[%d].", i)
	c.need(at+"name", a.Name, "CheckoutErrorRatio")
	c.need(at+"title", a.Title, "CHECKOUT 5xx above 5%")
	if s.service(a.Service) == nil {
		c.add(at+"service", fmt.Sprintf("there is no service %q", a.Service), "name one of services")
	}
	if a.SLO != "" && s.slo(a.Service, a.SLO) == nil {
		c.add(at+"slo", fmt.Sprintf("%s has no objective %q", a.Service, a.SLO), "name one of slos, of the same service")
	}
	c.oneOf(at+"series", a.Series, seriesNames()...)
	c.oneOf(at+"urgency", a.Urgency, "high", "low")
	c.oneOf(at+"severity", a.Severity, "critical", "error", "warning", "info")
	if a.Runbook != "" && !slices.ContainsFunc(s.Runbooks, func(b Runbook) bool { return b.Name == a.Runbook }) {
		c.add(at+"runbook", fmt.Sprintf("there is no runbook %q", a.Runbook), "name one of runbooks")
	}
}
