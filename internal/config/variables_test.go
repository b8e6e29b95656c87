package config

import (
	"slices"
	"testing"
)

func TestSecretVariablesAreFoundWhereverTheyAre(t *testing.T) {
	c := Default()
	c.Pages = append(c.Pages, PagerDuty{Name: "pd", Token: SecretEnv("PD")})
	c.Deploys = append(c.Deploys, GitHub{Name: "gh", Token: SecretFile("/x")}, GitHub{Name: "gh2", Token: SecretEnv("HUB")})
	c.Metrics = append(c.Metrics, Prometheus{Name: "a", Token: SecretCommand("pass", "show")}, Prometheus{Name: "b", Basic: &Basic{User: "u", Password: SecretEnv("PROM")}})
	c.Logs = append(c.Logs, Splunk{Name: "s", Token: SecretEnv("SPL")}, SumoLogic{Name: "su", AccessKey: SecretEnv("SUMO")})
	if got := c.SecretVariables(); !slices.Equal(got, []string{"PD", "HUB", "PROM", "SPL", "SUMO"}) {
		t.Errorf("%v", got)
	}
	if got := Default().SecretVariables(); len(got) != 0 {
		t.Errorf("none are configured, found %v", got)
	}
}
