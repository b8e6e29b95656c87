package main

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"conway/internal/drill/ghserver"
	"conway/internal/oncall"
	"conway/internal/report"
)

// ownersOf makes a core whose config has these parts, and the records it would
// write.
func ownersOf(t *testing.T, parts ...string) (*core, records) {
	t.Helper()
	d := atDesk(t, parts...)
	_, c := d.core()
	return c, records{services: c.services, ownership: c.ownership, names: pseudonyms{}}
}

// TestWhoseCodeItIs follows the order in which the sources are asked, down to the
// ledger's record.
func TestWhoseCodeItIs(t *testing.T) {
	catalog := func(owner string) string {
		path := write(t, "catalog-info.yaml", "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: checkout}\nspec: {owner: "+owner+"}\n")
		return fmt.Sprintf("owners: {files: [%q]}", path)
	}
	unowned := write(t, "CODEOWNERS", "*\n")
	labels := map[string]string{"team": "labelled", "owner": "other"}
	for _, tt := range []struct {
		name   string
		parts  []string
		labels map[string]string
		want   report.IncidentBody
	}{
		{
			"the config first",
			[]string{"services: {checkout: {owner: payments, pagerduty: [PCHK]}}", catalog("catalogued"), "labels: {team_means: owner}"},
			labels,
			report.IncidentBody{Owner: "payments", OwnerSource: "config", OwnerConfidence: 1},
		},
		{
			"then labels",
			[]string{"services: {checkout: {pagerduty: [PCHK]}}", catalog("catalogued"), "labels: {team_means: owner}"},
			labels,
			report.IncidentBody{Owner: "labelled", OwnerSource: "alert labels", OwnerConfidence: 0.9},
		},
		{
			"a label of one's own",
			[]string{"labels: {team_means: owner, team: [squad]}", catalog("catalogued")},
			map[string]string{"team": "x", "squad": "mine"},
			report.IncidentBody{Owner: "mine", OwnerSource: "alert labels", OwnerConfidence: 0.9},
		},
		{
			"no label of who is called",
			[]string{"services: {checkout: {pagerduty: [PCHK]}}", catalog("catalogued")},
			labels,
			report.IncidentBody{Owner: "catalogued", OwnerSource: "Backstage", OwnerConfidence: 0.9},
		},
		{
			"a service that is only in the file",
			[]string{catalog("catalogued")},
			nil,
			report.IncidentBody{Owner: "catalogued", OwnerSource: "Backstage", OwnerConfidence: 0.9},
		},
		{
			"nobody's on purpose",
			[]string{"services: {checkout: {pagerduty: [PCHK], repos: [" + strings.TrimSuffix(unowned, "/CODEOWNERS") + "]}}", fmt.Sprintf("owners: {files: [%q]}", unowned)},
			nil,
			report.IncidentBody{OwnerSource: "CODEOWNERS", OwnerConfidence: 0.6},
		},
		{
			"the pager's team as a guess",
			[]string{"services: {checkout: {pagerduty: [PCHK]}}"},
			labels,
			report.IncidentBody{Owner: "SRE", OwnerSource: "pd", OwnerConfidence: 0.2, OwnerGuessed: true},
		},
	} {
		c, r := ownersOf(t, tt.parts...)
		if len(c.ownership.faults) != 0 {
			t.Errorf("%s: %v", tt.name, c.ownership.faults)
		}
		got := r.incident(oncall.Page{Ref: oncall.Ref{Source: "pd", ID: "Q1"}, Service: oncall.Service{ID: "PCHK", Name: "checkout"}, Teams: []string{"SRE"}}, tt.labels)
		if got.Owner != tt.want.Owner || got.OwnerSource != tt.want.OwnerSource || got.OwnerConfidence != tt.want.OwnerConfidence || got.OwnerGuessed != tt.want.OwnerGuessed {
			t.Errorf("%s: %+v\nwant %+v", tt.name, got, tt.want)
		}
	}
}

// TestAnOwnerOfLabelsCorrectsOneWithout has a cockpit that saw the labels and one
// that did not record the same page.
func TestAnOwnerOfLabelsCorrectsOneWithout(t *testing.T) {
	_, r := ownersOf(t, "labels: {team_means: owner}")
	p := oncall.Page{Ref: oncall.Ref{Source: "pd", ID: "Q1"}, Service: oncall.Service{Name: "checkout"}, Teams: []string{"SRE"}}
	moments := []oncall.Moment{{ID: "L1", At: time.Now(), Kind: oncall.MomentTriggered}}
	blind, err := r.page(p, nil, moments)
	if err != nil {
		t.Fatal(err)
	}
	seen, err := r.page(p, map[string]string{"team": "payments"}, moments)
	if err != nil {
		t.Fatal(err)
	}
	var all []report.Record
	for _, rec := range append(seen, blind...) {
		all = append(all, report.Record{ID: rec.ID, At: rec.At, Kind: rec.Kind, Body: rec.Body})
	}
	facts, err := report.Read(all)
	if err != nil || len(facts.Incidents) != 1 || facts.Incidents[0].Owner != "payments" || facts.Incidents[0].OwnerGuessed {
		t.Errorf("%+v, %v", facts.Incidents, err)
	}
}

// TestWhoseChangeADeployWas follows a deploy from GitHub over CODEOWNERS to what is
// printed of it and to the ledger's record, and on to what a report counts.
func TestWhoseChangeADeployWas(t *testing.T) {
	hub := ghserver.New(ghserver.Options{})
	if err := hub.AddRepo("acme/shop"); err != nil {
		t.Fatal(err)
	}
	at := time.Now().Add(-10 * time.Hour).Truncate(time.Second)
	last := ""
	for sha, files := range map[string][]string{"1aaa": nil, "2aaa": {"web/a", "web/b", "go.mod"}, "3aaa": {"web/a", "go.mod"}, "4aaa": {"old/a"}} {
		n := int(sha[0] - '0')
		when := at.Add(time.Duration(n) * time.Hour)
		id, err := hub.AddDeployment("acme/shop", ghserver.Deployment{SHA: sha, CreatedAt: when})
		if err != nil {
			t.Fatal(err)
		}
		if err := hub.AddStatus("acme/shop", id, ghserver.Status{State: "success", CreatedAt: when.Add(time.Minute)}); err != nil {
			t.Fatal(err)
		}
		if err := hub.SetCompare("acme/shop", fmt.Sprintf("%daaa", n-1), sha, nil, files...); err != nil {
			t.Fatal(err)
		}
	}
	srv := httptest.NewServer(hub)
	t.Cleanup(srv.Close)
	owned := write(t, "CODEOWNERS", "* @acme/core\n/web/ @acme/web\n/old/\n")
	d := atDesk(
		t, fmt.Sprintf("deploys: [{type: github, name: gh, url: %q, repos: [acme/shop]}]", srv.URL),
		fmt.Sprintf("services: {shop: {owner: core, repos: [acme/shop, %q]}}", filepath.Dir(owned)),
		fmt.Sprintf("owners: {files: [%q]}", owned),
	)
	// The file lies in a folder of another name, so it is not of that repository.
	if out := d.must("", "deploys", "--json"); strings.Contains(out, "team_source") {
		t.Errorf("CODEOWNERS of another repository says whose it is:\n%s", out)
	}
	folder := filepath.Join(t.TempDir(), "shop")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(owned, filepath.Join(folder, "CODEOWNERS")); err != nil {
		t.Fatal(err)
	}
	parts := []string{
		fmt.Sprintf("deploys: [{type: github, name: gh, url: %q, repos: [acme/shop]}]", srv.URL),
		"services: {shop: {owner: core, repos: [acme/shop]}}", fmt.Sprintf("owners: {files: [%q]}", filepath.Join(folder, "CODEOWNERS")),
	}
	out := atDesk(t, parts...).must("", "deploys", "--json")
	for _, want := range []string{`"2 of 3 files"`, `"no team has most of 2 files: core 1, web 1"`, `"nobody has 1 of 1 file"`, `"no earlier deploy is known"`} {
		if !strings.Contains(out, `"team_source": `+want) {
			t.Errorf("no %s in\n%s", want, out)
		}
	}

	_, r := ownersOf(t, parts...)
	deploy := func(id, team, source string) oncall.Deploy {
		return oncall.Deploy{
			Ref: oncall.Ref{Source: "gh", ID: id}, Repo: "acme/shop", Environment: "production", Status: oncall.DeploySucceeded,
			FinishedAt: at, Team: team, TeamSource: source,
		}
	}
	var all []report.Record
	// The one that does not know yet comes last, and corrects nothing.
	for _, one := range []oncall.Deploy{
		deploy("1", "web", "2 of 3 files"), deploy("2", "said", ""), deploy("3", "", "no team has most of 2 files: core 1, web 1"), deploy("1", "", ""),
	} {
		recs, err := r.deploys(oncall.DeploysEvent{Deploys: []oncall.Deploy{one}})
		if err != nil {
			t.Fatal(err)
		}
		for _, rec := range recs {
			all = append(all, report.Record{ID: rec.ID, At: rec.At, Kind: rec.Kind, Body: rec.Body})
			last += string(rec.Body) + "\n"
		}
	}
	for _, want := range []string{
		`"team":"web","team_source":"CODEOWNERS, 2 of 3 files"`, `"team":"said","team_source":"gh"`,
		`"team":"core","team_source":"the service's owner by config; no team has most of 2 files: core 1, web 1"`,
		`"team":"core","team_source":"the service's owner by config"`,
	} {
		if !strings.Contains(last, want) {
			t.Errorf("no %s in\n%s", want, last)
		}
	}
	facts, err := report.Read(all)
	teams := map[string]string{}
	for _, one := range facts.Deploys {
		teams[one.ID] = one.Team
	}
	if err != nil || len(teams) != 3 || teams["gh/1"] != "web" || teams["gh/2"] != "said" || teams["gh/3"] != "core" {
		t.Errorf("the report counts %v, %v", teams, err)
	}
}

func TestConfigCheckSaysWhatOfTheFilesCannotBeUsed(t *testing.T) {
	d := atDesk(
		t, "metrics: [{type: prometheus, name: prom, url: http://127.0.0.1:9}]",
		fmt.Sprintf("slos: {files: [%q, /nowhere/*.yaml]}", write(t, "slo.yaml", "version: prometheus/v1\nservice: s\nslos: [{name: n, objective: 99, sli: {plugin: {id: x}}}, {name: ok, objective: 99, sli: {raw: {error_ratio_query: 'r[{{.window}}]'}}}]\n")),
		"services: {checkout: {engagement: {by: sre, until: \"2027-03-31\", slo: nobodys}}}",
		fmt.Sprintf("owners: {files: [%q]}", write(t, "opslevel.yml", "service: {name: checkout}\n")),
	)
	got := d.run("", "config", "check")
	for _, want := range []string{
		"slo.yaml:3: slos[0].sli.plugin: a plugin is code of Sloth's, not a query", "slos.files: no file is /nowhere/*.yaml",
		"opslevel.yml:1: service.owner: it names no owner",
		`services.checkout.engagement.slo: no file under slos has an objective "nobodys"; they have s-ok`,
	} {
		if got.code != exitUsage || !strings.Contains(got.err, want) {
			t.Errorf("exit %d, want %q in:\n%s", got.code, want, got.err)
		}
	}
}
