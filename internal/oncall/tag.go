package oncall

// TagName is what a tag is about.
type TagName string

// The names of tags. Of one page and one name the newest counts.
const (
	// TagVerdict says whether the page needed somebody: see the values below.
	TagVerdict TagName = "verdict"
	// TagPreventable has the value TagYes for what did not have to happen.
	TagPreventable TagName = "preventable"
	// TagDeploy is TagConfirmed or TagRejected, of the deploy that was before it.
	TagDeploy TagName = "deploy"
	// TagFollowUp is a text: what is to be done about it.
	TagFollowUp TagName = "followup"
	// TagMemory is a text: what helps whoever this alert wakes next.
	TagMemory TagName = "memory"
	// TagDropped has the value TagYes for a page that nobody wants to judge: it is not
	// asked about again, and counts as one without a tag.
	TagDropped TagName = "dropped"
)

// The values of tags that are not a text of a person's own. An empty value takes
// a tag back.
const (
	TagNeeded    = "needed"
	TagWait      = "wait"
	TagNoise     = "noise"
	TagYes       = "yes"
	TagConfirmed = "confirmed"
	TagRejected  = "rejected"
)

// MaxTag bounds a tag's text in bytes: it is a title or a line, and the ledger
// keeps it for good.
const MaxTag = 1 << 10

// Tag is a person's judgement of a page.
type Tag struct {
	// Page is the root incident.
	Page Ref     `json:"page"`
	Name TagName `json:"name"`
	// Value is one of the values above, or the text of a TagFollowUp or a TagMemory.
	Value string `json:"value"`
}
