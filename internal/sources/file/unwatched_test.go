package file

import (
	"context"

	"conway/internal/sources"
)

// unwatched is Logs where the system has no watches left.
type unwatched struct{ *Logs }

func (u unwatched) Run(ctx context.Context, emit sources.Emit) error {
	return u.run(ctx, emit, &watch{dirs: map[string]bool{}})
}
