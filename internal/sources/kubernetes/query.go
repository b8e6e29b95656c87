package kubernetes

import (
	"errors"
	"regexp"
	"strings"
)

// choice is which pods and which of their lines a query means.
type choice struct {
	// labels is a label selector, field one of fields; both empty mean all pods.
	labels, field string
	// path is the API path of a workload whose selector is to be asked for, below
	// the namespace, empty for none.
	path string
	// text is what the lines hold.
	text string
}

// parse reads a query.
func parse(query string) (choice, error) {
	chosen, text, _ := strings.Cut(query, "|")
	c := choice{text: strings.TrimSpace(text)}
	chosen = strings.TrimSpace(chosen)
	kind, name, workload := strings.Cut(chosen, "/")
	if !workload || strings.ContainsAny(chosen, "=!(") {
		c.labels = chosen
		return c, nil
	}
	if !regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$`).MatchString(name) {
		return c, errors.New("the query names no workload")
	}
	switch strings.ToLower(kind) {
	case "pod", "pods", "po":
		c.field = "metadata.name=" + name
	case "deployment", "deployments", "deploy":
		c.path = "apps/v1/deployments/" + name
	case "statefulset", "statefulsets", "sts":
		c.path = "apps/v1/statefulsets/" + name
	case "daemonset", "daemonsets", "ds":
		c.path = "apps/v1/daemonsets/" + name
	case "replicaset", "replicasets", "rs":
		c.path = "apps/v1/replicasets/" + name
	case "job", "jobs":
		c.path = "batch/v1/jobs/" + name
	default:
		return c, errors.New("the query names a workload of a kind that is not known")
	}
	return c, nil
}

// selector is the selector of a workload.
type selector struct {
	Labels      map[string]string `json:"matchLabels"`
	Expressions []struct {
		Key      string   `json:"key"`
		Operator string   `json:"operator"`
		Values   []string `json:"values"`
	} `json:"matchExpressions"`
}

// String writes it as the API takes it.
func (s selector) String() string {
	var parts []string
	for _, k := range sortedKeys(s.Labels) {
		parts = append(parts, k+"="+s.Labels[k])
	}
	for _, e := range s.Expressions {
		switch e.Operator {
		case "In":
			parts = append(parts, e.Key+" in ("+strings.Join(e.Values, ",")+")")
		case "NotIn":
			parts = append(parts, e.Key+" notin ("+strings.Join(e.Values, ",")+")")
		case "Exists":
			parts = append(parts, e.Key)
		case "DoesNotExist":
			parts = append(parts, "!"+e.Key)
		}
	}
	return strings.Join(parts, ",")
}
