package slo

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"conway/internal/documents"
)

// Read returns the objectives of files, and what of them cannot be used: every
// fault at once, and all objectives that have none. A reference from one file is
// looked up in all of them.
func Read(files []documents.File) ([]Objective, []documents.Fault) {
	r := &reader{taken: map[string]Objective{}, indicators: map[string]openIndicator{}, stores: map[string]string{}}
	for _, f := range files {
		r.open(f)
	}
	for _, d := range r.documents {
		r.document(d)
	}
	return r.objectives, r.faults
}

type reader struct {
	documents  []*document
	objectives []Objective
	faults     []documents.Fault
	// taken are the objectives by their service and name.
	taken map[string]Objective
	// indicators and stores are what OpenSLO's references name.
	indicators map[string]openIndicator
	stores     map[string]string
}

// document is one of a file's documents.
type document struct {
	documents.Document

	file string
	head head
}

// head is what tells the formats apart.
type head struct {
	Version    string   `yaml:"version"`
	APIVersion string   `yaml:"apiVersion"`
	Kind       string   `yaml:"kind"`
	Metadata   metadata `yaml:"metadata"`
}

type metadata struct {
	Name   string         `yaml:"name"`
	Labels map[string]any `yaml:"labels"`
}

// labels returns the labels that are words; of a list the first word counts.
func (m metadata) labels() map[string]string {
	out := map[string]string{}
	for k, v := range m.Labels {
		if all, ok := v.([]any); ok && len(all) > 0 {
			v = all[0]
		}
		if s, ok := v.(string); ok {
			out[k] = s
		}
	}
	return out
}

// open reads a file as YAML.
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

// decode reads a document into a type and says whether it could.
func (r *reader) decode(d *document, into any) bool {
	p := d.Decode(into)
	if p != nil {
		r.faults = append(r.faults, documents.Fault{File: d.file, Line: p.Line, Message: p.Message, Fix: p.Fix})
	}
	return p == nil
}

// document takes one document for what it says it is.
func (r *reader) document(d *document) {
	switch h := d.head; {
	case h.Version == "prometheus/v1":
		r.sloth(d)
	case h.APIVersion == "openslo/v1":
		r.openSLO(d)
	case strings.HasPrefix(h.APIVersion, "pyrra.dev/"):
		r.pyrra(d)
	case h.APIVersion == "openslo/v1alpha":
		r.refuse(d, "apiVersion", "it is "+quote(h.APIVersion)+", whose queries mean something else", "write it as openslo/v1")
	case h.APIVersion != "":
		r.refuse(d, "apiVersion", "no objectives are read from "+quote(h.APIVersion), "it is openslo/v1 or pyrra.dev/v1alpha1, or version: prometheus/v1 for Sloth")
	case h.Version != "":
		r.refuse(d, "version", "no objectives are read from "+quote(h.Version), "Sloth's is prometheus/v1")
	default:
		r.refuse(d, "", "it does not say what it is", "write version: prometheus/v1 for Sloth, or apiVersion: openslo/v1 or pyrra.dev/v1alpha1")
	}
}

// refuse reports what of a document cannot be used.
func (r *reader) refuse(d *document, field, message, fix string) {
	r.faults = append(r.faults, documents.Fault{File: d.file, Line: d.Line(field), Field: field, Message: message, Fix: fix})
}

// add takes an objective, unless another has its name.
func (r *reader) add(d *document, field string, o Objective) {
	o.File, o.Line = d.file, d.Line(field)
	key := o.Service + "\x00" + o.Name
	if before, ok := r.taken[key]; ok {
		r.refuse(d, field, "the SLO "+quote(o.Name)+" is there twice", fmt.Sprintf("give it another name; the other is in %s:%d", before.File, before.Line))
		return
	}
	r.taken[key] = o
	r.objectives = append(r.objectives, o)
}

// target reads the part of events that must go well, out of which one is all of
// them: 1 for a fraction, 100 for percent. It is read as it was written, because
// 99.9 ÷ 100 is not 0.999 in a computer's fractions.
func (r *reader) target(d *document, field string, v any, all int64) (float64, bool) {
	text := fmt.Sprint(v)
	x, ok := new(big.Rat).SetString(text)
	if !ok || v == nil {
		r.refuse(d, field, "there is no number in it", fmt.Sprintf("write a number below %d", all))
		return 0, false
	}
	x.Quo(x, big.NewRat(all, 1))
	if x.Sign() <= 0 || x.Cmp(big.NewRat(1, 1)) >= 0 {
		r.refuse(d, field, quote(text)+" leaves no budget, or nothing else", fmt.Sprintf("write a number above 0 and below %d", all))
		return 0, false
	}
	out, _ := x.Float64()
	return out, true
}

func quote(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "…"
	}
	return strconv.Quote(s)
}
