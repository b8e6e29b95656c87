package owners

import (
	"fmt"
	"net/url"
	"path"
	"path/filepath"
	"strings"

	"conway/internal/documents"
)

// Read makes a book of files. Team says which team a person of this address is in,
// empty for unknown. Faults are of what cannot be used; the rest is.
func Read(files []documents.File, team func(address string) string) (Book, []documents.Fault) {
	r := &reader{team: team, groups: map[string]string{}, members: map[string]string{}, code: map[string]documents.File{}}
	for _, f := range files {
		switch strings.ToLower(filepath.Base(f.Name)) {
		case "codeowners":
			r.codeFile(f)
		case "opslevel.yaml":
			r.faults = append(r.faults, documents.Fault{File: f.Name, Message: "OpsLevel reads only opslevel.yml", Fix: "rename it, or name the file that OpsLevel reads"})
		default:
			r.open(f)
		}
	}
	for _, d := range r.documents {
		r.document(d)
	}
	code := r.codeOwners()
	b := Book{inOrder(r.entries), code}
	r.conflicts(b)
	return b, r.faults
}

type reader struct {
	team      func(string) string
	documents []*document
	entries   []entry
	faults    []documents.Fault
	// groups are Backstage's groups by the team on GitHub, members the first group
	// of each of its users.
	groups, members map[string]string
	// code are the CODEOWNERS files that count, by their repository.
	code map[string]documents.File
	repo []string
}

type document struct {
	documents.Document

	file string
	head head
}

// head is what tells the formats apart.
type head struct {
	APIVersion    string `yaml:"apiVersion"`
	Kind          string `yaml:"kind"`
	SchemaVersion string `yaml:"schema-version"`
	Metadata      struct {
		Name        string            `yaml:"name"`
		Annotations map[string]string `yaml:"annotations"`
		Labels      map[string]any    `yaml:"labels"`
	} `yaml:"metadata"`
	Info      any `yaml:"info"`
	Service   any `yaml:"service"`
	Component any `yaml:"component"`
}

func (r *reader) open(f documents.File) {
	all, problem := documents.Read(f.Data)
	if problem != nil {
		r.faults = append(r.faults, documents.Fault{File: f.Name, Line: problem.Line, Message: problem.Message, Fix: problem.Fix})
	}
	for _, one := range all {
		d := &document{Document: one, file: f.Name}
		if r.decode(d, &d.head) {
			r.documents = append(r.documents, d)
			r.index(d)
		}
	}
}

func (r *reader) decode(d *document, into any) bool {
	p := d.Decode(into)
	if p != nil {
		r.faults = append(r.faults, documents.Fault{File: d.file, Line: p.Line, Message: p.Message, Fix: p.Fix})
	}
	return p == nil
}

func (r *reader) refuse(d *document, field, message, fix string) {
	r.faults = append(r.faults, documents.Fault{File: d.file, Line: d.Line(field), Field: field, Message: message, Fix: fix})
}

func (r *reader) add(d *document, field string, e entry) {
	e.file, e.line = d.file, d.Line(field)
	r.entries = append(r.entries, e)
}

// document takes one document for what it says it is.
func (r *reader) document(d *document) {
	switch h := d.head; {
	case strings.HasPrefix(h.APIVersion, "backstage.io/"):
		r.backstage(d)
	case strings.HasPrefix(h.SchemaVersion, "v2"):
		r.datadog(d)
	case h.SchemaVersion != "" || h.APIVersion == "v3":
		r.refuse(d, "apiVersion", "only versions 2 of Datadog's service definitions are read", "write schema-version: v2.2")
	case h.APIVersion != "" && h.Kind != "":
		r.kubernetes(d)
	case strings.EqualFold(filepath.Base(d.file), "opslevel.yml") || h.Info == nil && (h.Service != nil || h.Component != nil):
		r.opsLevel(d)
	case h.Info != nil:
		r.cortex(d)
	default:
		r.refuse(d, "", "it does not say what it is", "name a catalog-info.yaml, opslevel.yml, cortex.yaml, a Datadog service definition, a manifest or CODEOWNERS")
	}
}

// index keeps what entities say of teams and people.
func (r *reader) index(d *document) {
	if !strings.HasPrefix(d.head.APIVersion, "backstage.io/") {
		return
	}
	switch name := strings.ToLower(d.head.Metadata.Name); d.head.Kind {
	case "Group":
		if slug := d.head.Metadata.Annotations["github.com/team-slug"]; slug != "" {
			r.groups[strings.ToLower(strings.TrimPrefix(slug, "@"))] = d.head.Metadata.Name
		}
	case "User":
		var u struct {
			Spec struct {
				MemberOf []any `yaml:"memberOf"`
			} `yaml:"spec"`
		}
		if r.decode(d, &u) && len(u.Spec.MemberOf) > 0 {
			r.members[name] = groupOf(u.Spec.MemberOf[0])
		}
	}
}

// groupOf returns the group that a reference names. In a list in brackets the
// parser takes group:name for a key and its value.
func groupOf(ref any) string {
	switch v := ref.(type) {
	case string:
		_, name := reference(v)
		return name
	case map[string]any:
		for _, name := range v {
			return path.Base(fmt.Sprint(name))
		}
	}
	return ""
}

// reference reads an entity's reference, [kind:][namespace/]name; of an owner the
// kind is Group unless it says another.
func reference(ref string) (kind, name string) {
	kind, rest, ok := strings.Cut(strings.TrimSpace(ref), ":")
	if !ok {
		kind, rest = "group", kind
	}
	return strings.ToLower(kind), path.Base(rest)
}

// backstage reads an entity of a catalogue.
func (r *reader) backstage(d *document) {
	switch d.head.Kind {
	case "Component", "API", "Resource":
	default:
		return // what is said of teams is in the index; the rest has no code
	}
	var f struct {
		Spec struct {
			Owner string `yaml:"owner"`
		} `yaml:"spec"`
	}
	if !r.decode(d, &f) {
		return
	}
	name, notes := d.head.Metadata.Name, d.head.Metadata.Annotations
	if name == "" || f.Spec.Owner == "" {
		r.refuse(d, "spec.owner", "the entity has no name or no owner", "add metadata.name and spec.owner")
		return
	}
	kind, team := reference(f.Spec.Owner)
	if kind == "user" {
		person := team
		if team = r.members[strings.ToLower(person)]; team == "" {
			r.refuse(d, "spec.owner", "the owner is a person, and no file says what team they are in", "name a group, or a file with the User's memberOf")
			return
		}
	}
	r.add(d, "spec.owner", entry{
		Claim: Claim{team, Backstage}, name: name, pagerDuty: notes["pagerduty.com/service-id"], repo: notes["github.com/project-slug"],
		// Several entities may live in one repository, so that it names none of them.
	})
}

// opsLevel reads an opslevel.yml.
func (r *reader) opsLevel(d *document) {
	type thing struct {
		Name  string `yaml:"name"`
		Owner any    `yaml:"owner"`
	}
	var f struct {
		Service   *thing `yaml:"service"`
		Component *thing `yaml:"component"`
	}
	if !r.decode(d, &f) {
		return
	}
	key, it := "service", f.Service
	if it == nil {
		key, it = "component", f.Component
	}
	if it == nil || it.Name == "" {
		r.refuse(d, key+".name", "it names no service", "add service.name")
		return
	}
	owner, text := it.Owner.(string)
	switch {
	case it.Owner == nil || owner == "" && text:
		r.refuse(d, key+".owner", "it names no owner", "add the team's alias")
		return
	case !text || yesNo(owner):
		// To OpsLevel, which reads YAML 1.1, words such as on and no are no text.
		r.refuse(d, key+".owner", "it is not text in YAML 1.1", "write the team's alias in quotes")
		return
	}
	r.add(d, key+".owner", entry{Claim: Claim{owner, OpsLevel}, name: it.Name})
}

// yesNo reports whether YAML 1.1 takes a plain word for true or false.
func yesNo(s string) bool {
	switch strings.ToLower(s) {
	case "y", "n", "yes", "no", "on", "off", "true", "false":
		return true
	}
	return false
}

// cortex reads a cortex.yaml.
func (r *reader) cortex(d *document) {
	var f struct {
		Info struct {
			Tag    string `yaml:"x-cortex-tag"`
			Owners []struct {
				Type  string `yaml:"type"`
				Name  string `yaml:"name"`
				Email string `yaml:"email"`
			} `yaml:"x-cortex-owners"`
		} `yaml:"info"`
	}
	if !r.decode(d, &f) {
		return
	}
	if f.Info.Tag == "" {
		r.refuse(d, "info.x-cortex-tag", "it names no service", "add x-cortex-tag")
		return
	}
	team := ""
	for _, o := range f.Info.Owners {
		if strings.EqualFold(o.Type, "group") && team == "" {
			team = o.Name
		}
	}
	for _, o := range f.Info.Owners {
		if strings.EqualFold(o.Type, "email") && team == "" {
			address := o.Email
			if address == "" {
				address = o.Name
			}
			team = r.team(address)
		}
	}
	if team == "" {
		r.refuse(d, "info.x-cortex-owners", "none of its owners is a team, or a person whose team is known", "add one of type group, or the person under people in the config")
		return
	}
	r.add(d, "info.x-cortex-owners", entry{Claim: Claim{team, Cortex}, name: f.Info.Tag})
}

// datadog reads a service definition of version 2.
func (r *reader) datadog(d *document) {
	var f struct {
		Service      string `yaml:"dd-service"`
		Team         string `yaml:"team"`
		Integrations struct {
			PagerDuty any `yaml:"pagerduty"`
		} `yaml:"integrations"`
	}
	if !r.decode(d, &f) {
		return
	}
	if f.Service == "" || f.Team == "" {
		r.refuse(d, "team", "it names no service or no team", "add dd-service and team")
		return
	}
	// In v2 it is an address, from v2.1 on an object with one.
	address, _ := f.Integrations.PagerDuty.(string)
	if o, ok := f.Integrations.PagerDuty.(map[string]any); ok {
		address, _ = o["service-url"].(string)
	}
	r.add(d, "team", entry{Claim: Claim{f.Team, Datadog}, name: f.Service, pagerDuty: pagerDutyID(address)})
}

// pagerDutyID returns the id at the end of a service's address.
func pagerDutyID(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return ""
	}
	if id := path.Base(u.Path); path.Base(path.Dir(u.Path)) == "service-directory" || path.Base(path.Dir(u.Path)) == "services" {
		return id
	}
	return ""
}

// kubernetes reads the annotation of a manifest. One without it says nothing.
func (r *reader) kubernetes(d *document) {
	const field = "metadata.annotations"
	owner := strings.TrimSpace(d.head.Metadata.Annotations["a8r.io/owner"])
	if owner == "" {
		return
	}
	if strings.ContainsAny(owner, "@/:") { // often an address, of a person or a channel
		address := owner
		if owner = r.team(address); owner == "" {
			r.refuse(d, field, "a8r.io/owner is an address, of which no team is known", "write the team's name, or the person under people in the config")
			return
		}
	}
	r.add(d, field, entry{Claim: Claim{owner, Kubernetes}, name: d.head.Metadata.Name})
	if app, ok := d.head.Metadata.Labels["app.kubernetes.io/name"].(string); ok && app != d.head.Metadata.Name {
		r.add(d, field, entry{Claim: Claim{owner, Kubernetes}, name: app})
	}
}

// conflicts reports services that two files of one source give to two teams; the
// first counts.
func (r *reader) conflicts(b Book) {
	first := map[string]entry{}
	for _, e := range b.entries {
		if e.name == "" {
			continue
		}
		key := string(e.Source) + "\x00" + e.name
		before, ok := first[key]
		switch {
		case !ok:
			first[key] = e
		case before.Team != e.Team:
			r.faults = append(r.faults, documents.Fault{
				File: e.file, Line: e.line, Message: fmt.Sprintf("%q is another team's in %s:%d, and that counts", e.name, before.file, before.line), Fix: "keep one of the two",
			})
		}
	}
}
