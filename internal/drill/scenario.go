package drill

// Scenario is one incident to practise. Its offsets count from the drill's
// start, in scenario time.
type Scenario struct {
	// Name is the file's name without its ending.
	Name string `yaml:"-"`
	// Title names it in one line, Story tells in two or three what is going on.
	Title string `yaml:"title"`
	Story string `yaml:"story"`
	// EscalateAfter is how long an unacknowledged page waits for each person.
	EscalateAfter Span `yaml:"escalate_after"`

	Services []Service `yaml:"services"`
	Deploys  []Deploy  `yaml:"deploys"`
	Faults   []Fault   `yaml:"faults"`
	Alerts   []Alert   `yaml:"alerts"`
	Past     []Past    `yaml:"past"`
	SLOs     []SLO     `yaml:"slos"`
	Panels   []Panel   `yaml:"panels"`
	Runbooks []Runbook `yaml:"runbooks"`
	End      End       `yaml:"end"`
	// Lesson is what the debrief says at its end.
	Lesson string `yaml:"lesson"`
	// Hints are for a person who is stuck, the gentlest first.
	Hints []string `yaml:"hints"`
}

// Service is one simulated service: an HTTP server under load, or a job with a
// heartbeat.
type Service struct {
	Name      string   `yaml:"name"`
	Owner     string   `yaml:"owner"`
	Repo      string   `yaml:"repo"`
	DependsOn []string `yaml:"depends_on"`
	Runbooks  []string `yaml:"runbooks"`
	// Log is the language of its log: json or logfmt.
	Log  string `yaml:"log"`
	Says Says   `yaml:"says"`
	// Rate is how many requests a second it gets, 0 for none.
	Rate float64 `yaml:"rate"`
	// Work is how long a request keeps a slot of the pool.
	Work Wall `yaml:"work"`
	// Declines is the share of requests that fail at the best of times, 0 to 1.
	Declines float64 `yaml:"declines"`
	// Heartbeat is the interval of a job's sign of life, 0 for none.
	Heartbeat Span `yaml:"heartbeat"`
	// Current is the release that runs at the start.
	Current  string    `yaml:"current"`
	Releases []Release `yaml:"releases"`
	// Volume is where it spools what it takes in, nil for nowhere.
	Volume *Volume `yaml:"volume"`
}

// Says is what a service writes into its log.
type Says struct {
	// Upstream is who it asks, for the line's field of that name.
	Upstream string `yaml:"upstream"`
	// Served is a request that went well, Refused one that did not, GaveUp what
	// follows now and then on a row of refusals.
	Served  string `yaml:"served"`
	Refused string `yaml:"refused"`
	GaveUp  string `yaml:"gave_up"`
}

// Release is one version of a service, with the settings that it came with.
type Release struct {
	Version string `yaml:"version"`
	// PoolSize is how many requests it works on at once, AcquirerTimeout how long
	// one waits for its turn before it is refused.
	PoolSize        int  `yaml:"pool_size"`
	AcquirerTimeout Wall `yaml:"acquirer_timeout"`
}

// Volume is a directory with a simulated limit: the sizes of its files count.
type Volume struct {
	Capacity Size `yaml:"capacity"`
	// Segment is the size at which a spool file is rotated.
	Segment Size `yaml:"segment"`
	// Used is the share that rotated segments take at the start, 0 to 1.
	Used float64 `yaml:"used"`
}

// Deploy is one release that reached production before the start, or will.
type Deploy struct {
	Service string `yaml:"service"`
	Version string `yaml:"version"`
	Commit  string `yaml:"commit"`
	Author  string `yaml:"author"`
	Title   string `yaml:"title"`
	// Before is how long before the start it went out, or At how long after it
	// will; one of the two.
	Before Span `yaml:"before"`
	At     Span `yaml:"at"`
}

// The kinds of Fault.
const (
	// FaultFill writes rotated segments into a volume until it is full.
	FaultFill = "fill"
	// FaultLate keeps a job from giving its heartbeat.
	FaultLate = "late"
)

// Fault is something that goes wrong by itself.
type Fault struct {
	Kind    string `yaml:"kind"`
	Service string `yaml:"service"`
	At      Span   `yaml:"at"`
	// PerSecond is how fast a fill goes, in bytes per second of scenario time.
	PerSecond Size `yaml:"per_second"`
	// Lasts is how long a heartbeat stays away.
	Lasts Span `yaml:"lasts"`
}

// Alert is a rule on one measured series and the page it makes.
type Alert struct {
	Name    string `yaml:"name"`
	Title   string `yaml:"title"`
	Service string `yaml:"service"`
	// Series is the measured series' name; it fires when the value has been
	// above Above for For, and recovers when it has not been for as long.
	Series   string            `yaml:"series"`
	Above    float64           `yaml:"above"`
	For      Span              `yaml:"for"`
	Urgency  string            `yaml:"urgency"`
	Severity string            `yaml:"severity"`
	Labels   map[string]string `yaml:"labels"`
	// SLO is the objective of the service whose budget it is about, empty for none.
	SLO     string `yaml:"slo"`
	Runbook string `yaml:"runbook"`
	// ResolveAfter is how long it must be quiet for the page to resolve by
	// itself; 0 leaves that to a person.
	ResolveAfter Span `yaml:"resolve_after"`
}

// Past is an earlier page of the same alert.
type Past struct {
	Alert  string `yaml:"alert"`
	Before Span   `yaml:"before"`
	Lasted Span   `yaml:"lasted"`
	Note   string `yaml:"note"`
}

// SLO is a promise about a service under load, of which its Prometheus records what
// Sloth's rules would: how fast its error budget burns and what is left of it.
type SLO struct {
	Service string `yaml:"service"`
	Name    string `yaml:"name"`
	// Objective is the percentage of requests that must go well, within Days.
	Objective float64 `yaml:"objective"`
	Days      int     `yaml:"days"`
	// Left is the share of the budget that is left at the start, 0 to 1.
	Left float64 `yaml:"left"`
}

// Panel is a plot of the cockpit.
type Panel struct {
	Title    string   `yaml:"title"`
	Query    string   `yaml:"query"`
	Unit     string   `yaml:"unit"`
	Warn     *float64 `yaml:"warn"`
	Critical *float64 `yaml:"critical"`
}

// Runbook is a Markdown file of the drill. In its text {{dir}} becomes the
// drill's directory, quoted for the shell when it must be.
type Runbook struct {
	Name string `yaml:"name"`
	Text string `yaml:"text"`
	// File is read instead of Text, relative to the scenario's own file.
	File string `yaml:"file"`
}

// End says when there is nothing more to practise.
type End struct {
	// Alert must have fired and be quiet again, and its page be resolved.
	Alert string `yaml:"alert"`
	// After is how long that must hold.
	After Span `yaml:"after"`
	// Nobody is true when the right thing to do was nothing.
	Nobody bool `yaml:"nobody"`
}

// service returns the named service, or nil.
func (s *Scenario) service(name string) *Service {
	for i := range s.Services {
		if s.Services[i].Name == name {
			return &s.Services[i]
		}
	}
	return nil
}

// alert returns the named alert, or nil.
func (s *Scenario) alert(name string) *Alert {
	for i := range s.Alerts {
		if s.Alerts[i].Name == name {
			return &s.Alerts[i]
		}
	}
	return nil
}

// slo returns the named objective of a service, or nil.
func (s *Scenario) slo(service, name string) *SLO {
	for i := range s.SLOs {
		if s.SLOs[i].Service == service && s.SLOs[i].Name == name {
			return &s.SLOs[i]
		}
	}
	return nil
}

// release returns the named version, or nil.
func (s *Service) release(version string) *Release {
	for i := range s.Releases {
		if s.Releases[i].Version == version {
			return &s.Releases[i]
		}
	}
	return nil
}
