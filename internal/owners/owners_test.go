package owners_test

import (
	"slices"
	"strings"
	"testing"

	"conway/internal/documents"
	"conway/internal/owners"
)

// book reads files given as name and content.
func book(t *testing.T, files ...string) (owners.Book, []documents.Fault) {
	t.Helper()
	var all []documents.File
	for i := 0; i < len(files); i += 2 {
		all = append(all, documents.File{Name: files[i], Data: []byte(files[i+1])})
	}
	return owners.Read(all, func(address string) string {
		return map[string]string{"ana@example.com": "payments"}[address]
	})
}

// service is one that is called by any of these names.
func service(names ...string) owners.Service {
	return owners.Service{Named: func(n string) bool { return slices.Contains(names, n) }}
}

const (
	catalog = `apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: checkout
  annotations: {pagerduty.com/service-id: PSVC01, github.com/project-slug: acme/shop}
spec: {type: service, owner: group:default/payments, system: shop, dependsOn: [component:ledger]}
`
	group = "---\napiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: {name: payments, annotations: {github.com/team-slug: acme/pay-devs}}\nspec: {type: team}\n"
)

func TestEachFormat(t *testing.T) {
	for _, tt := range []struct {
		name, file, data string
		service          owners.Service
		team             string
		source           owners.Source
		confidence       float64
	}{
		{"Backstage", "catalog-info.yaml", catalog, service("checkout"), "payments", owners.Backstage, 0.9},
		{"Backstage by the pager's id", "catalog-info.yaml", catalog, owners.Service{Named: func(string) bool { return false }, PagerDuty: []string{"PSVC01"}}, "payments", owners.Backstage, 0.9},
		{"a plain owner", "c.yaml", strings.Replace(catalog, "group:default/payments", "payments", 1), service("checkout"), "payments", owners.Backstage, 0.9},
		{"an API", "c.yaml", strings.Replace(catalog, "Component", "API", 1), service("checkout"), "payments", owners.Backstage, 0.9},
		{
			"a user's group", "c.yaml", strings.Replace(catalog, "group:default/payments", "user:ana", 1) + "---\napiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: {name: Ana}\nspec: {memberOf: [group:default/payments, sre]}\n",
			service("checkout"), "payments", owners.Backstage, 0.9,
		},
		{"OpsLevel", "opslevel.yml", "version: 1\nservice: {name: checkout, owner: payments, tier: tier_1}\n", service("checkout"), "payments", owners.OpsLevel, 0.8},
		{"OpsLevel's component", "opslevel.yml", "version: 1\ncomponent: {name: checkout, owner: payments}\n", service("checkout"), "payments", owners.OpsLevel, 0.8},
		{
			"Cortex", "cortex.yaml", "openapi: 3.0.0\ninfo:\n  title: Checkout\n  x-cortex-tag: checkout\n  x-cortex-owners:\n    - {type: email, email: ana@example.com}\n    - {type: group, name: shop-devs, provider: OKTA}\n",
			service("checkout"), "shop-devs", owners.Cortex, 0.8,
		},
		{"Cortex by address", "cortex.yaml", "info:\n  x-cortex-tag: checkout\n  x-cortex-owners: [{type: email, email: ana@example.com}]\n", service("checkout"), "payments", owners.Cortex, 0.8},
		{"Datadog", "service.datadog.yaml", "schema-version: v2.1\ndd-service: checkout\nteam: payments\nintegrations: {pagerduty: {service-url: 'https://acme.pagerduty.com/service-directory/PSVC01'}}\n", owners.Service{Named: func(string) bool { return false }, PagerDuty: []string{"PSVC01"}}, "payments", owners.Datadog, 0.8},
		{"Kubernetes", "deploy.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: checkout-v2, labels: {app.kubernetes.io/name: checkout}, annotations: {a8r.io/owner: payments}}\n", service("checkout"), "payments", owners.Kubernetes, 0.7},
		{"Kubernetes by address", "deploy.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: checkout, annotations: {a8r.io/owner: ana@example.com}}\n", service("checkout"), "payments", owners.Kubernetes, 0.7},
		{"CODEOWNERS", "/src/shop/CODEOWNERS", "* @ben @acme/payments # all of it\n", owners.Service{Named: func(string) bool { return false }, Repos: []string{"acme/shop"}}, "payments", owners.CodeOwners, 0.6},
		{"CODEOWNERS of a local repository", "/src/shop/docs/CODEOWNERS", "* ana@example.com\n", owners.Service{Named: func(string) bool { return false }, Repos: []string{"/src/shop"}}, "payments", owners.CodeOwners, 0.6},
	} {
		b, faults := book(t, tt.file, tt.data)
		claim, ok := b.Of(tt.service)
		if len(faults) != 0 || !ok || claim.Team != tt.team || claim.Source != tt.source || claim.Source.Confidence() != tt.confidence {
			t.Errorf("%s: %+v %v, faults %v", tt.name, claim, ok, faults)
		}
		if _, ok := b.Of(service("elsewhere")); ok {
			t.Errorf("%s: another service has an owner too", tt.name)
		}
	}
}

func TestStrongerSourcesCountFirst(t *testing.T) {
	files := []string{
		"/src/shop/CODEOWNERS", "* @acme/reviewers\n",
		"k.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: checkout, annotations: {a8r.io/owner: annotated}}\n",
		"d.yaml", "schema-version: v2\ndd-service: checkout\nteam: dogs\n",
		"cortex.yaml", "info: {x-cortex-tag: checkout, x-cortex-owners: [{type: GROUP, name: cortices}]}\n",
		"opslevel.yml", "service: {name: checkout, owner: levels}\n",
		"catalog-info.yaml", catalog,
	}
	s := service("checkout")
	s.Repos = []string{"acme/shop"}
	for _, want := range []string{"payments", "levels", "cortices", "dogs", "annotated", "reviewers"} {
		b, faults := book(t, files...)
		if claim, ok := b.Of(s); !ok || claim.Team != want || len(faults) != 0 {
			t.Errorf("%v, faults %v, want %s", claim, faults, want)
		}
		files = files[:len(files)-2]
	}
}

func TestCodeOwnersRules(t *testing.T) {
	s := owners.Service{Named: func(string) bool { return false }, Repos: []string{"acme/shop"}}
	for _, tt := range []struct {
		name  string
		files []string
		team  string
		ok    bool
	}{
		{"the last rule for all wins", []string{"/src/shop/CODEOWNERS", "* @acme/a\n*.md @acme/docs\n** @acme/b\n/web/ @acme/web\n"}, "b", true},
		{"no owner is nobody's on purpose", []string{"/src/shop/CODEOWNERS", "* @acme/a\n*\n"}, "", true},
		{"only parts", []string{"/src/shop/CODEOWNERS", "/web/ @acme/web\n*.go @acme/go\n"}, "", false},
		{"patterns that GitHub does not know", []string{"/src/shop/CODEOWNERS", "* @acme/a\n!* @acme/b\n[a-z]* @acme/c\n"}, "a", true},
		{".github before the root", []string{"/src/shop/CODEOWNERS", "* @acme/root\n", "/src/shop/.github/CODEOWNERS", "* @acme/hidden\n", "/src/shop/docs/CODEOWNERS", "* @acme/docs\n"}, "hidden", true},
		{"a comment", []string{"/src/shop/CODEOWNERS", "# * @acme/a\n* #@acme/b\n"}, "", true},
		{"another repository", []string{"/src/other/CODEOWNERS", "* @acme/a\n"}, "", false},
		{"Backstage's name of the team", []string{"/src/shop/CODEOWNERS", "* @acme/Pay-Devs\n", "g.yaml", group[4:]}, "payments", true},
	} {
		b, faults := book(t, tt.files...)
		if claim, ok := b.Of(s); claim.Team != tt.team || ok != tt.ok || len(faults) != 0 {
			t.Errorf("%s: %+v %v, faults %v", tt.name, claim, ok, faults)
		}
	}
}

// TestTraps are what must not be taken for a team, with the sentence that says so.
func TestTraps(t *testing.T) {
	for _, tt := range []struct{ name, file, data, want string }{
		{"a person in Backstage", "c.yaml", strings.Replace(catalog, "group:default/payments", "user:default/ben", 1), "c.yaml:6: spec.owner: the owner is a person, and no file says what team they are in"},
		{"OpsLevel's other ending", "opslevel.yaml", "service: {name: checkout, owner: a}\n", "opslevel.yaml: OpsLevel reads only opslevel.yml"},
		{"YAML 1.1", "opslevel.yml", "service:\n  name: checkout\n  owner: on\n", "opslevel.yml:3: service.owner: it is not text in YAML 1.1"},
		{"a person in Cortex", "cortex.yaml", "info:\n  x-cortex-tag: checkout\n  x-cortex-owners: [{type: email, email: ben@example.com}]\n", "cortex.yaml:3: info.x-cortex-owners: none of its owners is a team"},
		{"Datadog's version 3", "d.yaml", "apiVersion: v3\nkind: service\nmetadata: {name: checkout, owner: a}\n", "d.yaml:1: apiVersion: only versions 2 of Datadog's service definitions are read"},
		{"an address of a channel", "k.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: checkout, annotations: {a8r.io/owner: ben@example.com}}\n", "k.yaml:3: metadata.annotations: a8r.io/owner is an address, of which no team is known"},
		{"people in CODEOWNERS", "/src/shop/CODEOWNERS", "\n* @ben ben@example.com\n", "/src/shop/CODEOWNERS:2: the whole repository is owned by people"},
		{"nothing that is known", "x.yaml", "a: b\n", "x.yaml:1: it does not say what it is"},
		{"no YAML", "x.yaml", "a: [\n", "it is not YAML"},
	} {
		b, faults := book(t, tt.file, tt.data)
		if len(faults) != 1 || !strings.Contains(faults[0].Error(), tt.want) {
			t.Errorf("%s: faults %v, want %s", tt.name, faults, tt.want)
		}
		s := service("checkout")
		s.Repos = []string{"acme/shop"}
		if claim, ok := b.Of(s); ok {
			t.Errorf("%s: the owner is %+v", tt.name, claim)
		}
	}
}

func TestConflictIsTold(t *testing.T) {
	b, faults := book(t, "a.yaml", catalog, "b.yaml", strings.Replace(catalog, "default/payments", "default/search", 1))
	claim, _ := b.Of(service("checkout"))
	if claim.Team != "payments" || len(faults) != 1 || !strings.Contains(faults[0].Error(), `b.yaml:6: "checkout" is another team's in a.yaml:6, and that counts`) {
		t.Errorf("%+v, %v", claim, faults)
	}
}

func TestAManifestWithoutOwnerSaysNothing(t *testing.T) {
	b, faults := book(t, "k.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: checkout}\n", "g.yaml", group)
	if claim, ok := b.Of(service("checkout")); ok || len(faults) != 0 {
		t.Errorf("%+v, %v", claim, faults)
	}
}

func FuzzRead(f *testing.F) {
	f.Add("catalog-info.yaml", []byte(catalog+group))
	f.Add("CODEOWNERS", []byte("* @acme/a\n"))
	f.Add("opslevel.yml", []byte("service: {name: checkout, owner: a}\n"))
	f.Fuzz(func(_ *testing.T, name string, data []byte) {
		b, _ := owners.Read([]documents.File{{Name: name, Data: data}}, func(string) string { return "" })
		b.Of(service("checkout"))
		b.Majority(".", []string{"a", "web/b.go", "/", ""})
	})
}
