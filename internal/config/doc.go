// Package config turns a YAML file and its surroundings into a Config. It is
// strict: a key it does not know, a wrong type or a missing value is a fault,
// and all faults are reported at once, each with its place, its line and a
// suggestion. The structs in this package are the only description of the file:
// the decoder, the defaults and the JSON Schema are made from their tags.
//
// A secret is never in a Config, only the reference to where it is kept; it is
// read when somebody asks for it, and nothing here prints one.
//
// It must not know the sources, the screen or the commands: what only they know,
// such as the names of actions, is handed in with Options.
package config
