// Package story writes down what happened for people who were not there: the
// timeline of one page, and the sheet for whoever is on call next. It is pure:
// facts go in, Markdown or JSON comes out. It knows neither where the facts come
// from nor what in them is a secret; whoever calls it hands over a function that
// takes secrets out, and every text goes through that.
//
// Text from outside stays text: what would be a mark of Markdown is escaped, and
// a command stands in a fence that is longer than any within it.
package story
