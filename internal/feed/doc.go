// Package feed is the joint between the sources and the screen.
//
// News comes in through a [Mailbox]: Put never blocks, and the one reader takes
// everything that is pending. A [Group] runs each source for ever, with backoff
// and a word on its health. A [Budget] shares one token's request allowance so
// that an ack is never starved by polling. What a person asks for goes out
// through an [Outbox], which has a [Journal] keep it before it calls it recorded,
// retries, reconciles, and says "confirmed" only when the other side did.
//
//	source.Run -> Group (restart, health) -> Mailbox.Put | Mailbox.Next -> board
//	intent -> Outbox.Submit -> Journal.Record -> Acknowledger, Resolver, Annotator -> Mailbox.Put
//
// It knows the contract of sources but no single one of them, and nothing of
// the screen, the board or what keeps the journal. It does no I/O of its own.
package feed
