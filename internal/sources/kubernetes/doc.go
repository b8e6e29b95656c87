// Package kubernetes follows and searches the logs of pods, through the API of the
// cluster alone.
//
// A query chooses pods by a label selector, such as app=checkout,tier!=db, or by a
// workload, such as deployment/checkout or pod/checkout-7c9d; empty means all of
// the namespace. What stands after a bar, as in "app=checkout | timeout", is a text
// that the lines hold; the cluster cannot look for it, so all lines are read.
//
// The pods are watched while they are followed: new ones join by themselves, and a
// container that is started again is followed again, what its predecessor said last
// included; a search reads that log too. A stream that ends is begun anew after its last line's time. Lines of
// pods that are gone are gone with them.
//
// The credential is that of a kubeconfig (a token, a file of one, a certificate, a
// user and password, or a program), or inside a cluster that of the pod's own
// account, read anew as it changes.
package kubernetes
