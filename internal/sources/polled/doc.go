// Package polled follows a log store that has no tail, by asking it again and
// again for what has arrived since it was asked last. It knows no store.
//
// What has arrived is told by the store's own record of when it took a line in,
// not by the line's time: a line that comes late, or whose host's clock is wrong,
// has an old time or a future one, and would be passed over otherwise. Each
// question reaches back a little before the newest arrival, because a line can be
// found only some time after it arrived, and lines that come again are known by
// their id.
package polled
