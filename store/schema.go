package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migrateUp brings the database to the newest schema that this program knows.
// Each migration is one transaction: one that is interrupted is repeated.
func migrateUp(ctx context.Context, db *sql.DB, path string) error {
	fail := func(err error) error { return fmt.Errorf("store: bring %s to the present schema: %w", path, err) }
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fail(err)
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fail(err)
	}
	held, known, err := provider.GetVersions(ctx)
	if err != nil {
		return fail(err)
	}
	if held > known {
		return fmt.Errorf("store: %s has schema version %d, and this program knows up to %d: %w: use the program that wrote it, or a newer one",
			path, held, known, ErrNewer)
	}
	if held == known {
		return nil
	}
	if _, err := provider.Up(ctx); err != nil {
		var partial *goose.PartialError
		if errors.As(err, &partial) && partial.Err != nil {
			return fail(fmt.Errorf("migration %s: %w", partial.Failed.Source.Path, partial.Err))
		}
		return fail(err)
	}
	return nil
}
