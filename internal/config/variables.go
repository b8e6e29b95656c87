package config

import "reflect"

// PostgresPassword is the variable in which PostgreSQL's own programs look for a
// password, and the ledger of a team too.
const PostgresPassword = "PGPASSWORD"

// SecretVariables returns the names of the environment variables that hold the
// credentials of this config, whatever they are called. No program that is
// started may inherit them.
func (c Config) SecretVariables() []string {
	var out []string
	collectVariables(reflect.ValueOf(c), &out)
	if c.Ledger.URL != "" {
		out = append(out, PostgresPassword)
	}
	return out
}

// collectVariables looks for references to variables in everything that a value
// holds.
func collectVariables(v reflect.Value, out *[]string) {
	if s, ok := reflect.TypeAssert[Secret](v); ok {
		if s.env != "" {
			*out = append(*out, s.env)
		}
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				collectVariables(v.Field(i), out)
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			collectVariables(v.Index(i), out)
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			collectVariables(v.MapIndex(k), out)
		}
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			collectVariables(v.Elem(), out)
		}
	default:
	}
}
