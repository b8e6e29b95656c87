package runbook

import (
	"errors"
	"strings"
	"testing"

	"conway/internal/oncall"
)

func TestMatch(t *testing.T) {
	lib := Library{
		{Path: "/home/a/runbooks/checkout.md", Runbook: Runbook{Name: "checkout.md", Title: "When checkout fails", Front: Front{Alerts: []string{"CheckoutErrorRate"}, Services: []string{"checkout"}}}},
		{Path: "rb/ledger/README.md", Runbook: Runbook{Title: "Ledger queue", Front: Front{Labels: map[string]string{"team": "payments"}}}},
		{Path: "rb/a/dup.md"},
		{Path: "rb/b/dup.md", Runbook: Runbook{Front: Front{Labels: map[string]string{"team": "payments", "tier": "1"}}}},
		{Path: "rb/broken.md", Err: errors.New("x")},
	}
	page := func(title, service string) oncall.Page {
		return oncall.Page{Title: title, Service: oncall.Service{Name: service}}
	}
	labels := func(kv ...string) *oncall.PageDetail {
		d := &oncall.PageDetail{Labels: map[string]string{}}
		for i := 0; i < len(kv); i += 2 {
			d.Labels[kv[i]] = kv[i+1]
		}
		return d
	}
	for name, c := range map[string]struct {
		page   oncall.Page
		detail *oncall.PageDetail
		hint   ServiceHint
		path   string
		why    string
	}{
		"url":            {detail: &oncall.PageDetail{Runbook: "https://wiki.example.com/rb/Checkout?x=1#top"}, path: "/home/a/runbooks/checkout.md", why: "linked from the page"},
		"url to html":    {detail: &oncall.PageDetail{Runbook: "https://h/checkout.html"}, path: "/home/a/runbooks/checkout.md", why: "linked from the page"},
		"folder":         {detail: &oncall.PageDetail{Runbook: "https://h/rb/ledger/"}, path: "rb/ledger/README.md", why: "linked from the page"},
		"longer suffix":  {detail: &oncall.PageDetail{Runbook: "https://h/x/b/dup.md"}, path: "rb/b/dup.md", why: "linked from the page"},
		"ambiguous":      {detail: &oncall.PageDetail{Runbook: "https://h/dup.md"}, path: "rb/a/dup.md", why: "linked from the page (first of 2 with that name)"},
		"title":          {detail: &oncall.PageDetail{Runbook: "https://h/wiki/Ledger-Queue"}, path: "rb/ledger/README.md", why: "linked from the page"},
		"broken":         {detail: &oncall.PageDetail{Runbook: "broken"}, path: "rb/broken.md", why: "linked from the page"},
		"alert link":     {detail: &oncall.PageDetail{Alerts: []oncall.Alert{{Links: []oncall.Link{{URL: "https://h/checkout", Text: "Runbook"}}}}}, path: "/home/a/runbooks/checkout.md", why: "linked from the page"},
		"runbook label":  {detail: labels("runbook", "ledger"), path: "rb/ledger/README.md", why: "label runbook=ledger"},
		"alertname":      {detail: labels("alertname", "CheckoutErrorRate", "team", "payments"), path: "/home/a/runbooks/checkout.md", why: "label alertname=CheckoutErrorRate"},
		"alert's own":    {detail: &oncall.PageDetail{Alerts: []oncall.Alert{{Labels: map[string]string{"alertname": "CheckoutErrorRate"}}}}, path: "/home/a/runbooks/checkout.md", why: "label alertname=CheckoutErrorRate"},
		"title of page":  {page: page("CheckoutErrorRate", ""), path: "/home/a/runbooks/checkout.md", why: "the runbook names the alert CheckoutErrorRate"},
		"labels":         {detail: labels("team", "payments"), path: "rb/ledger/README.md", why: "label team=payments"},
		"more labels":    {detail: labels("team", "payments", "tier", "1"), path: "rb/b/dup.md", why: "label team=payments, tier=1"},
		"config":         {hint: ServiceHint{Name: "checkout", Runbooks: []string{"none.md", "runbooks/checkout.md"}}, path: "/home/a/runbooks/checkout.md", why: "services.checkout in the config"},
		"front services": {page: page("", "Checkout"), path: "/home/a/runbooks/checkout.md", why: "the runbook names the service Checkout"},
		"link wins":      {detail: &oncall.PageDetail{Runbook: "ledger", Labels: map[string]string{"alertname": "CheckoutErrorRate"}}, path: "rb/ledger/README.md", why: "linked from the page"},
		"none":           {page: page("x", "y"), detail: labels("team", "other"), hint: ServiceHint{Name: "z"}},
		"nothing known":  {},
		"bare host":      {detail: &oncall.PageDetail{Runbook: "https://checkout/"}},
	} {
		t.Run(name, func(t *testing.T) {
			e, why, ok := Match(c.page, c.detail, c.hint, lib)
			if e.Path != c.path || why != c.why || ok != (c.path != "") {
				t.Errorf("got %q, %q, %v; want %q, %q", e.Path, why, ok, c.path, c.why)
			}
		})
	}
}

func TestDigest(t *testing.T) {
	seen := map[string]string{}
	for _, c := range []struct {
		path, script string
		step         int
	}{
		{"a.md", "ls\n", 0}, {"a.md", "ls\n", 1}, {"a.md", "ls", 0}, {"a.mdl", "s\n", 0}, {"", "a.mdls\n", 0}, {"b.md", "ls\n", 0}, {"a.md", "ls\n\x00", 0},
	} {
		d := Digest(c.path, []byte(c.script), c.step)
		if prev, ok := seen[d]; ok || len(d) != len("sha256:")+64 {
			t.Errorf("%+v has the digest of %s", c, prev)
		}
		seen[d] = c.path
		if d != Digest(c.path, []byte(c.script), c.step) {
			t.Errorf("%+v: two digests", c)
		}
	}
}

func TestEnviron(t *testing.T) {
	p := oncall.Page{Ref: oncall.Ref{Source: "pd", ID: "Q1"}, Title: "a\x00b; $(rm -rf /)\n"}
	d := &oncall.PageDetail{Labels: map[string]string{
		"alertname": "x y", "a-b": "1", "a_b": "2", "": "no", "pöd": "é", "long": strings.Repeat("x", maxValue+1), "LD_PRELOAD": "/x", "a=b": "c=d",
	}}
	got := strings.Join(Environ(p, d, "checkout"), "|")
	want := "CONWAY_PAGE_ID=Q1|CONWAY_PAGE_TITLE=ab; $(rm -rf /)\n|CONWAY_SERVICE=checkout|CONWAY_LABEL_LD_PRELOAD=/x|" +
		"CONWAY_LABEL_A_B=1|CONWAY_LABEL_A_B_2=c=d|CONWAY_LABEL_A_B_3=2|CONWAY_LABEL_ALERTNAME=x y|CONWAY_LABEL_P_D=é"
	if got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if got := Environ(oncall.Page{}, nil, ""); len(got) != 3 {
		t.Errorf("without detail: %q", got)
	}
	d.Labels = map[string]string{}
	for i := range 100 {
		d.Labels[strings.Repeat("k", i+1)] = strings.Repeat("v", maxValue)
	}
	size := 0
	for _, e := range Environ(p, d, "") {
		size += len(e) + 1
	}
	if size > maxEnviron {
		t.Errorf("%d bytes, more than the limit", size)
	}
}
