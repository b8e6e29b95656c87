package follow_test

import (
	"testing"

	"conway/internal/follow"
	"conway/internal/oncall"
)

func services() follow.Map {
	return follow.NewMap([]follow.Service{
		{
			Name: "checkout", Owner: "payments", PagerDuty: []string{"PSVC01"},
			Labels: map[string]string{"service": "checkout-api", "cluster": "eu1", "namespace": "shop"},
			Repos:  []string{"acme/checkout", "acme/mono"}, DependsOn: []string{"Ledger API", "unlisted"},
		},
		{Name: "ledger-api", Repos: []string{"acme/ledger"}, DependsOn: []string{"vault"}},
		{Name: "vault", Repos: []string{"acme/mono"}},
		{Name: "cart", Labels: map[string]string{"cluster": "eu1", "namespace": "shop"}},
		{Name: "search", Labels: map[string]string{"service": "search"}},
		{Name: "canary", Labels: map[string]string{"service": "search", "track": "canary"}},
		{Name: "Search"},
	})
}

func service(t *testing.T, name string) follow.Service {
	t.Helper()
	s, ok := services().Service(name)
	if !ok {
		t.Fatalf("service %s is not there", name)
	}
	return s
}

func TestResolve(t *testing.T) {
	tests := []struct {
		name, id, service string
		labels            map[string]string
		want              string
		ok                bool
	}{
		{"the pager's id before all", "PSVC01", "search", map[string]string{"service": "search"}, "checkout", true},
		{"labels before the name", "P9", "checkout", map[string]string{"service": "search", "x": "y"}, "search", true},
		{"more labels before fewer", "", "", map[string]string{"service": "search", "track": "canary"}, "canary", true},
		{"all labels or none", "", "x", map[string]string{"cluster": "eu1"}, "x", false},
		{"the name in another case", "P9", "Ledger_API", nil, "ledger-api", true},
		{"the name in a label", "", "Watchdog", map[string]string{"service": "vault"}, "vault", true},
		{"the page's own", "P9", "billing", map[string]string{"a": "b"}, "billing", false},
		{"a label of the page's own", "", "", map[string]string{"job": "node"}, "node", false},
		{"nothing at all", "", "", nil, "unknown service", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			page := oncall.Page{Service: oncall.Service{ID: tt.id, Name: tt.service}}
			var detail *oncall.PageDetail
			if tt.labels != nil {
				detail = &oncall.PageDetail{Labels: tt.labels}
			}
			s, why, ok := services().Resolve(page, detail)
			if s.Name != tt.want || ok != tt.ok || why == "" {
				t.Errorf("got %q, %v, why %q; want %q, %v", s.Name, ok, why, tt.want, tt.ok)
			}
			if !ok && len(s.Labels) != len(tt.labels) {
				t.Errorf("labels %v, want the page's", s.Labels)
			}
		})
	}
	if n := len(services().Services()); n != 6 {
		t.Errorf("%d services, want 6: the second of a name does not count", n)
	}
	if _, _, ok := (follow.Map{}).Resolve(oncall.Page{}, nil); ok {
		t.Error("an empty map resolved a page")
	}
}

func TestConcerns(t *testing.T) {
	tests := []struct {
		name string
		d    oncall.Deploy
		s    string
		want int
	}{
		{"by name", oncall.Deploy{Service: "Checkout"}, "checkout", 40},
		{"by label", oncall.Deploy{Service: "checkout_api"}, "checkout", 40},
		{"by repository", oncall.Deploy{Repo: "Acme/Checkout.git"}, "checkout", 40},
		{"by the name of a repository", oncall.Deploy{Repo: "/src/search"}, "search", 40},
		{"a shared repository, nothing else known", oncall.Deploy{Repo: "acme/mono"}, "checkout", 40},
		{"a shared repository, another service", oncall.Deploy{Repo: "acme/mono", Service: "vault"}, "checkout", 10},
		{"a dependency", oncall.Deploy{Repo: "acme/ledger"}, "checkout", 25},
		{"a dependency that is not configured", oncall.Deploy{Service: "unlisted"}, "checkout", 25},
		{"not the other way round", oncall.Deploy{Service: "checkout"}, "ledger-api", 0},
		{"same cluster and namespace", oncall.Deploy{Service: "cart"}, "checkout", 10},
		{"another", oncall.Deploy{Service: "search"}, "checkout", 0},
		{"unknown", oncall.Deploy{}, "checkout", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, why := services().Concerns(tt.d, service(t, tt.s)); got != tt.want || why == "" {
				t.Errorf("got %d %q, want %d", got, why, tt.want)
			}
		})
	}
	own := follow.Service{Name: "billing"}
	if got, _ := (follow.Map{}).Concerns(oncall.Deploy{Repo: "acme/billing"}, own); got != 40 {
		t.Errorf("a service that is not configured has nothing to do with its repository: %d", got)
	}
	local := follow.Service{Name: "shop", Repos: []string{"/src/Checkout.git/"}}
	if got, _ := (follow.Map{}).Concerns(oncall.Deploy{Repo: "checkout"}, local); got != 40 {
		t.Errorf("a local repository is not known by its folder's name: %d", got)
	}
	if got, _ := (follow.Map{}).Concerns(oncall.Deploy{Repo: "src"}, local); got != 0 {
		t.Errorf("a folder above a local repository is taken for it: %d", got)
	}
}
