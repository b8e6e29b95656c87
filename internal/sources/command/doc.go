// Package command shows what a command prints as a log. The command is started
// as it is configured, argument by argument and without a shell; both of its
// outputs are read, and it is ended, with everything it started in its process
// group, when nobody listens any more. It is expected to go on for ever, like
// "kubectl logs --follow": its end is a fault, after which it is started anew.
//
// A command does not get this program's credentials by inheritance: see Env.
package command
