package pdschema

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// corrections are the places where the description is at odds with itself, with
// its own examples, or with what PagerDuty is known to send.
func (d document) correct() error {
	for _, fix := range []func() error{
		d.allowNulls, d.addUndocumented, d.pageChanges, d.loosenChannels, d.mendNames, d.repeatArrays,
	} {
		if err := fix(); err != nil {
			return fmt.Errorf("correct the description: %w", err)
		}
	}
	return nil
}

// allowNulls marks what its own examples, and PagerDuty, send as null.
func (d document) allowNulls() error {
	for _, at := range []string{
		"Incident/allOf/1/properties/priority",
		"Incident/allOf/1/properties/resolve_reason",
		"Incident/allOf/1/properties/resolved_at",
		"Incident/allOf/1/properties/alert_grouping",
		"Incident/allOf/1/properties/conference_bridge",
		"Oncall/properties/start",
		"Oncall/properties/end",
		"Oncall/properties/schedule",
		"Alert/allOf/1/properties/severity",
		"Alert/allOf/1/properties/integration",
	} {
		node, err := d.schema(at)
		if err != nil {
			return err
		}
		if ref, ok := node["$ref"]; ok {
			delete(node, "$ref")
			node["allOf"] = []any{map[string]any{"$ref": ref}}
		}
		node["nullable"] = true
	}
	return nil
}

// addUndocumented adds what PagerDuty sends without saying so.
func (d document) addUndocumented() error {
	for at, kind := range map[string]string{
		"Incident/allOf/1/properties#description":              "string",
		"Alert/allOf/1/properties/body/properties#cef_details": "object",
	} {
		path, name, _ := strings.Cut(at, "#")
		node, err := d.schema(path)
		if err != nil {
			return err
		}
		node[name] = map[string]any{"type": kind}
	}
	return nil
}

// pageChanges adds to lists of change events the paging that their examples have.
func (d document) pageChanges() error {
	for _, path := range []string{"/change_events", "/services/{id}/change_events"} {
		at := "#/paths/" + strings.ReplaceAll(path, "/", "~1") + "/get/responses/200/content/application~1json"
		node, err := d.at(at)
		if err != nil {
			return err
		}
		if m, ok := node.(map[string]any); ok {
			m["schema"] = map[string]any{"allOf": []any{
				map[string]any{"$ref": "#/components/schemas/Pagination"}, m["schema"],
			}}
		}
	}
	return nil
}

// loosenChannels accepts a channel that fits several of its shapes: none of them
// requires anything, so every channel does.
func (d document) loosenChannels() error {
	node, err := d.schema("Channel")
	if err != nil {
		return err
	}
	node["anyOf"] = node["oneOf"]
	delete(node, "oneOf")
	return nil
}

// mendNames replaces a type that log entries never have, and a pattern that no
// date matches.
func (d document) mendNames() error {
	node, err := d.schema("AcknowledgeLogEntry/allOf/1/properties/type")
	if err != nil {
		return err
	}
	node["enum"] = []any{"acknowledge_log_entry"}
	for _, name := range []string{"change_since", "change_until"} {
		p, err := d.at("#/components/parameters/" + name + "/schema")
		if err != nil {
			return err
		}
		if m, ok := p.(map[string]any); ok {
			delete(m, "pattern")
		}
	}
	return nil
}

// repeatArrays makes the parameters that are repeated, such as statuses[], lists:
// they are described as one string with unique items.
func (d document) repeatArrays() error {
	all, err := d.at("#/components/parameters")
	if err != nil {
		return err
	}
	params, _ := all.(map[string]any)
	for _, key := range slices.Sorted(maps.Keys(params)) {
		p, _ := params[key].(map[string]any)
		name, _ := p["name"].(string)
		schema, _ := p["schema"].(map[string]any)
		if !strings.HasSuffix(name, "[]") || schema == nil || schema["type"] != "string" {
			continue
		}
		delete(schema, "uniqueItems")
		p["schema"] = map[string]any{"type": "array", "items": schema, "uniqueItems": true}
	}
	return nil
}

func (d document) schema(at string) (map[string]any, error) {
	node, err := d.at("#/components/schemas/" + at)
	if err != nil {
		return nil, err
	}
	m, ok := node.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%s is not a schema", at)
	}
	return m, nil
}
