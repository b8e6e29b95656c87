package config

import (
	"encoding/json"
	"reflect"
	"time"
)

// schemaDialect is the version of JSON Schema that Schema is written in.
const schemaDialect = "https://json-schema.org/draft/2020-12/schema"

// object is one JSON object. Its keys are sorted when it is written.
type object = map[string]any

// Schema returns a JSON Schema (2020-12) of the file, for editors. It is made
// from the structs that the file is decoded into. What depends on more than one
// value, such as unique names, is left to Parse.
func Schema() []byte {
	s := structSchema(reflect.TypeFor[Config](), "")
	s["$schema"] = schemaDialect
	s["title"] = "conway configuration"
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil { // maps of strings and bools always encode
		panic("config: encode schema: " + err.Error())
	}
	return append(b, '\n')
}

// structSchema describes a struct; kind is its type among the sources, if it is
// one.
func structSchema(t reflect.Type, kind string) object {
	properties := object{}
	var required []string
	if kind != "" {
		properties["type"] = object{"enum": []string{kind}, "description": "What kind of source this is."}
		required = append(required, "type")
	}
	for _, f := range fields(t) {
		s := fieldSchema(f.typ, f)
		s["description"] = f.doc
		if v, ok := defaultValue(f); ok {
			s["default"] = v
		}
		properties[f.name] = s
		if f.required {
			required = append(required, f.name)
		}
	}
	s := object{"type": "object", "additionalProperties": false, "properties": properties}
	if len(required) > 0 {
		s["required"] = required
	}
	return s
}

// fieldSchema describes a value of a type, as a field asks for it.
func fieldSchema(t reflect.Type, f field) object {
	switch t {
	case reflect.TypeFor[Secret]():
		return secretSchema()
	case reflect.TypeFor[time.Duration]():
		return object{"type": "string", "pattern": `^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$|^0$`}
	case reflect.TypeFor[Binding]():
		return object{"anyOf": []object{
			{"type": "string"},
			{"type": "array", "items": object{"type": "string"}},
		}}
	}
	switch t.Kind() {
	case reflect.Struct:
		return structSchema(t, "")
	case reflect.Interface:
		_, types := variants(t)
		any := make([]object, len(types))
		for i, v := range types {
			any[i] = structSchema(v.typ, v.name)
		}
		return object{"oneOf": any}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": fieldSchema(t.Elem(), f)}
	case reflect.Slice:
		s := object{"type": "array", "items": fieldSchema(t.Elem(), f)}
		if f.required {
			s["minItems"] = 1
		}
		return s
	case reflect.Pointer:
		return fieldSchema(t.Elem(), f)
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Float64:
		return object{"type": "number"}
	case reflect.Int:
		s := object{"type": "integer", "minimum": whole(f.min)}
		if f.max != "" {
			s["maximum"] = whole(f.max)
		}
		return s
	default:
		return textSchema(f)
	}
}

// textSchema describes a string.
func textSchema(f field) object {
	s := object{"type": "string"}
	switch f.is {
	case "url":
		s["pattern"] = `^https?://[^@?#]+$`
	case "postgres":
		s["pattern"] = `^postgres(ql)?://([^:@/?#]*@)?[^@#]*$`
	case "name":
		s["pattern"] = `^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$`
	case "slug":
		s["pattern"] = `^[A-Za-z0-9._-]+/[A-Za-z0-9._-]+$`
	case "host":
		s["pattern"] = `^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?$`
	case "hours":
		s["pattern"] = hoursPattern
	case "date":
		s["format"] = "date"
	case "email":
		s["format"] = "email"
	case "argv": // an argument may be empty
	default:
		s["minLength"] = 1
	}
	if len(f.enum) > 0 {
		s["enum"] = f.enum
	}
	return s
}

// secretSchema describes a reference to a secret.
func secretSchema() object {
	one := func(key, doc string, value object) object {
		value["description"] = doc
		return object{
			"type": "object", "additionalProperties": false,
			"required": []string{key}, "properties": object{key: value},
		}
	}
	return object{"oneOf": []object{
		one("env", "The name of the environment variable that holds it.",
			object{"type": "string", "pattern": `^[A-Za-z_][A-Za-z0-9_]*$`}),
		one("file", "The file that holds it, readable by nobody else.",
			object{"type": "string", "minLength": 1}),
		one("command", "The program that prints it, and its arguments; no shell.",
			object{"type": "array", "minItems": 1, "items": object{"type": "string"}}),
	}}
}

// defaultValue returns a default in the type that it has in the file.
func defaultValue(f field) (any, bool) {
	if f.def == "" {
		return nil, false
	}
	if f.typ.Kind() == reflect.Bool {
		return f.def == "true", true
	}
	if f.typ.Kind() == reflect.Int {
		return whole(f.def), true
	}
	return f.def, true
}
