package report

import (
	"cmp"
	"embed"
	"encoding/json"
	"fmt"
	htmltemplate "html/template"
	"io"
	"slices"
	"strings"
	"text/template"
	"time"
)

//go:embed page.md.tmpl page.html.tmpl
var pages embed.FS

// JSON writes the report with every number of it; Version is that of its shape.
func (r Report) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	if err := e.Encode(r); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

// Markdown writes the one page as Markdown.
func (r Report) Markdown(w io.Writer) error {
	t, err := template.New("page.md.tmpl").Funcs(template.FuncMap{"cell": cellText}).ParseFS(pages, "page.md.tmpl")
	if err == nil {
		err = t.Execute(w, r.page())
	}
	if err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

// HTML writes the one page as one file that asks nothing of any other, and
// prints on one sheet of A4.
func (r Report) HTML(w io.Writer) error {
	t, err := htmltemplate.New("page.html.tmpl").ParseFS(pages, "page.html.tmpl")
	if err == nil {
		err = t.Execute(w, r.page())
	}
	if err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

// cellText is text from outside inside a table of Markdown.
func cellText(s string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ", "\r", " ", "<", "&lt;", "`", "'").Replace(s)
}

// page is what the templates draw.
type page struct {
	Report
	Title, Period, Coverage string
	Matrix                  matrixView
	Costs                   string
	Fixes                   []Fix
	Asked                   string
	Footer, MTTRText        string
	Decisions               []string
}

// matrixView is the sleep matrix in words and shades. Legend says what is hatched and
// what is grey, and Signs what is marked so where nothing is drawn, as far as
// anything is.
type matrixView struct {
	Columns             []string
	Rows                []matrixRow
	Note, Legend, Signs string
}

type matrixRow struct {
	Team   string
	Cells  []matrixCell
	Export string
}

// matrixCell is one cell: what is written, how dark it is drawn, from 0 to 4,
// whether row and column are one team, whether any of it is carried under an
// agreement, and whether it is of teams that are put together.
type matrixCell struct {
	Text              string
	Label             string
	Shade             int
	Own, Agreed, Grey bool
}

// cheapest is how many fixes the page has room for.
const cheapest = 3

func (r Report) page() page {
	n := r.Now
	p := page{
		Report: r, Title: "Who builds it, who wakes for it",
		Period: period(n.Start, n.End), Coverage: coverage(n.Verdicts.Coverage), Matrix: r.matrixView(), Costs: costs(n),
		Fixes: n.Fixes[:min(cheapest, len(n.Fixes))], Asked: answered(n),
		Footer: fmt.Sprintf("About structure, not people: not for appraisal. Teams of fewer than %d are put together. Disputed incidents: %d. Suspects judged right: %s. Counting rules v%d.",
			MinTeam, n.Disputed, of(n.Changes.Judged), n.Rules),
		MTTRText:  WhyNoMTTR,
		Decisions: []string{"move the pager for ______ to ______", "fund ______, ____ days", "lower the SLO to ____", "accept the risk until ____"},
	}
	return p
}

// period writes a span of whole weeks, or of days, with its last day.
func period(start, end time.Time) string {
	days := int(end.Sub(start) / day)
	span := plural(days, "day")
	if days > 0 && days%7 == 0 {
		span = plural(days/7, "week")
	}
	return span + " to " + end.Format(time.DateOnly)
}

// coverage writes how many incidents were tagged.
func coverage(s Share) string {
	if s.N == 0 {
		return "no incident to tag"
	}
	return fmt.Sprintf("coverage %d%% (%s incidents tagged)", (200*s.K+s.N)/(2*s.N), of(s))
}

func (r Report) matrixView() matrixView {
	m, c := r.Now.Conway.Sleep.Matrix, r.Now.Conway.Sleep
	v := matrixView{Columns: m.Columns}
	most := 1.0
	for _, row := range m.Cells {
		most = max(most, slices.Max(append([]float64{0}, row...)))
	}
	for i, team := range m.Rows {
		row := matrixRow{Team: team, Export: "–"}
		if x, ok := m.Export(i); ok {
			row.Export = fmt.Sprintf("%.0f%%", 100*x)
		}
		for j := range m.Cells[i] {
			row.Cells = append(row.Cells, m.cell(i, j, most))
		}
		v.Rows = append(v.Rows, row)
	}
	v.Legend, v.Signs = legend(v, r.K, "hatched:", "grey:"), legend(v, r.K, "▨", "▫")
	v.Note = fmt.Sprintf("Congruence %s; ", ofShare(*c.Share))
	if !c.Share.Enough() {
		v.Note += "too few to headline; "
	}
	v.Note += fmt.Sprintf("by chance %.0f%%", 100*c.E)
	if c.Agreed > c.C {
		v.Note += fmt.Sprintf("; with agreements %.0f%%", 100*c.Agreed)
	}
	v.Note += "."
	if m.Unknown > 0 {
		v.Note += fmt.Sprintf(" Owner unknown: %.0f.", m.Unknown)
	}
	return v
}

// cell draws one cell, the darkest having most.
func (m Matrix) cell(i, j int, most float64) matrixCell {
	pages := m.Cells[i][j]
	out := matrixCell{
		Text: fmt.Sprintf("%.0f", pages), Own: i == j, Shade: int(4 * pages / most), Grey: m.Rows[i] == Others || m.Columns[j] == Others,
		Label: fmt.Sprintf("code of %s woke %s: %s", m.Rows[i], m.Columns[j], plural(int(pages), "page")),
	}
	if m.Agreed != nil && m.Agreed[i][j] > 0 {
		out.Agreed = true
		out.Label += fmt.Sprintf(", %.0f of them under an agreement", m.Agreed[i][j])
	}
	return out
}

// legend says what the marks mean that the cells have.
func legend(v matrixView, k int, agreed, grey string) string {
	var words []string
	has := func(mark func(matrixCell) bool) bool {
		return slices.ContainsFunc(v.Rows, func(r matrixRow) bool { return slices.ContainsFunc(r.Cells, mark) })
	}
	if has(func(c matrixCell) bool { return c.Agreed }) {
		words = append(words, agreed+" under an agreement")
	}
	if has(func(c matrixCell) bool { return c.Grey }) {
		words = append(words, fmt.Sprintf("%s fewer than %d people, put together", grey, k))
	}
	return strings.Join(words, "; ")
}

func costs(n Numbers) string {
	words := []string{fmt.Sprintf("%.1f h engaged", n.Engaged.Minutes/60)}
	if n.Engaged.Cost > 0 {
		words[0] += fmt.Sprintf(" (%.0f at the organisation's own rate)", n.Engaged.Cost)
	}
	if n.Changes.Failed.N > 0 {
		words = append(words, of(n.Changes.Failed)+" deploys paged",
			fmt.Sprintf("%s, %d with no checks that passed", plural(n.Changes.Rework.K, "emergency deploy"), n.Changes.Unchecked.K))
	}
	if n.Engaged.Toil > 0 {
		words = append(words, fmt.Sprintf("%.0f min of toil", n.Engaged.Toil))
	}
	return strings.Join(words, " · ")
}

func answered(n Numbers) string {
	f, r := n.FollowUps.Answered, n.Recommends.Answered
	words := []string{
		fmt.Sprintf("follow-ups: %d opened, %d closed", f.N, f.K),
		fmt.Sprintf("recommendations: %d sent, %d answered", r.N, r.K),
	}
	if len(n.Recommends.Open) > 0 {
		words[1] += fmt.Sprintf(", oldest %d d", int(n.Recommends.Open[0].Days))
	}
	return strings.Join(words, " · ")
}

// Day returns the date.
func (d Dated) Day() string { return d.At.UTC().Format(time.DateOnly) }

// PaysText says when mending the alert pays.
func (f Fix) PaysText() string {
	if f.Pays == 0 {
		return "no estimate"
	}
	return fmt.Sprintf("pays after %s (%d at %d h each)", plural(f.Pays, "incident"), f.Handbook, handbookHours)
}

// AgeText says how old the oldest open follow-up is.
func (f Fix) AgeText() string {
	if f.Oldest < 0 {
		return "no follow-up open"
	}
	return fmt.Sprintf("follow-up open %d d", int(f.Oldest))
}

// Name is the alert's title, else its fingerprint.
func (f Fix) Name() string { return cmp.Or(f.Title, f.Fingerprint) }
