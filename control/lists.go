package control

import (
	"context"
	"fmt"
	"net/http"

	"heed"
	"heed/exchange"
	"heed/watch"
)

type (
	// ListBeginRequest begins an import of a watch list.
	ListBeginRequest struct {
		Officer   heed.OfficerID `json:"officer,omitempty"`
		Source    string         `json:"source"`
		Format    string         `json:"format"`
		File      string         `json:"file,omitempty"` // its name
		Reason    string         `json:"reason,omitempty"`
		Urgency   heed.Urgency   `json:"urgency,omitempty"`
		Threshold float64        `json:"threshold,omitempty"`
	}
	// ListBegun is the import under which its entries come.
	ListBegun struct {
		Import int64 `json:"import"`
	}
	// ListStageRequest adds entries to an import.
	ListStageRequest struct {
		Import  int64       `json:"import"`
		Entries []ListEntry `json:"entries"`
	}
	// ListEntry is one entry of a list.
	ListEntry struct {
		ID      string        `json:"id"` // the source's own
		Subject watch.Subject `json:"subject"`
	}
	// ListFinishRequest ends an import.
	ListFinishRequest struct {
		Officer heed.OfficerID `json:"officer,omitempty"`
		Import  int64          `json:"import"`
		Digest  string         `json:"digest"` // SHA-256 of the file
		Unread  int64          `json:"unread,omitempty"`
		Partial int64          `json:"partial,omitempty"`
		DryRun  bool           `json:"dryRun,omitempty"`
		Yes     bool           `json:"yes,omitempty"`
	}
	// ListForgetRequest takes a list off watch.
	ListForgetRequest struct {
		Officer heed.OfficerID `json:"officer,omitempty"`
		Source  string         `json:"source"`
		Reason  string         `json:"reason"`
	}
	// ListHistoryRequest asks for the imports of a list; empty: for those that are on watch.
	ListHistoryRequest struct {
		Source string `json:"source,omitempty"`
	}
	// ListLine is one import of a watch list.
	ListLine struct {
		Source    string         `json:"source"`
		State     string         `json:"state"`
		DryRun    bool           `json:"dryRun,omitempty"`
		Guarded   string         `json:"refusedWithoutYes,omitempty"` // of a dry run: why the import itself would be refused
		Format    string         `json:"format,omitempty"`
		File      string         `json:"file,omitempty"`
		Digest    string         `json:"digest,omitempty"`
		Officer   heed.OfficerID `json:"officer"`
		Role      heed.Role      `json:"role"`
		Reason    string         `json:"reason,omitempty"`
		Urgency   heed.Urgency   `json:"urgency"`
		Threshold float64        `json:"threshold,omitempty"` // none: the model's
		Began     Time           `json:"began"`
		Imported  *Time          `json:"imported,omitempty"` // none: it is not on watch, and never was

		Entries       int64 `json:"entries"`
		Persons       int64 `json:"persons"`
		Vehicles      int64 `json:"vehicles"`
		Organisations int64 `json:"organisations"`
		Unread        int64 `json:"unread"`  // entries that could not be read
		Partial       int64 `json:"partial"` // entries of which something was left out
		Added         int64 `json:"added"`
		Changed       int64 `json:"changed"`
		Removed       int64 `json:"removed"`
	}
)

// maxListHistory is how many imports of a list are shown.
const maxListHistory = 100

func listVerbs(mux *http.ServeMux, x *exchange.Exchange) {
	verb(mux, "list-begin", func(ctx context.Context, r ListBeginRequest) (ListBegun, error) {
		i, err := x.BeginList(ctx, exchange.ListOrder{Officer: r.Officer, List: r.Source, Format: r.Format, File: r.File, Reason: r.Reason, Urgency: r.Urgency, Threshold: r.Threshold})
		return ListBegun{Import: i.ID}, err
	})
	verb(mux, "list-stage", func(ctx context.Context, r ListStageRequest) (struct{}, error) {
		entries := make([]exchange.ListEntry, len(r.Entries))
		for i, e := range r.Entries {
			entries[i] = exchange.ListEntry{Entry: e.ID, Subject: e.Subject}
		}
		return struct{}{}, x.StageList(ctx, r.Import, entries)
	})
	verb(mux, "list-finish", func(ctx context.Context, r ListFinishRequest) (ListLine, error) {
		digest, err := heed.ParseDigest(r.Digest)
		if err != nil {
			return ListLine{}, &heed.Invalid{What: fmt.Sprintf("the digest of the list cannot be read: %v", err), Hint: "are node and command of the same version?"}
		}
		out, err := x.FinishList(ctx, r.Officer, r.Import, exchange.ListFinish{Digest: digest, Unread: r.Unread, Partial: r.Partial, DryRun: r.DryRun, Anyway: r.Yes})
		line := listLine(out.ListImport)
		if line.DryRun = out.DryRun; out.DryRun && out.Guarded != nil {
			line.Guarded = out.Guarded.Detail
		}
		return line, err
	})
	verb(mux, "list-forget", func(ctx context.Context, r ListForgetRequest) (ListLine, error) {
		out, err := x.ForgetList(ctx, r.Officer, r.Source, r.Reason)
		return listLine(out), err
	})
	verb(mux, "list-history", func(ctx context.Context, r ListHistoryRequest) ([]ListLine, error) {
		lines := []ListLine{}
		all, err := x.Lists(ctx)
		if r.Source != "" {
			all, err = x.ListImports(ctx, r.Source, maxListHistory)
		}
		for _, i := range all {
			lines = append(lines, listLine(i))
		}
		if err == nil && r.Source != "" && len(lines) == 0 {
			err = &heed.Invalid{What: fmt.Sprintf("no list %q was ever imported", r.Source), Hint: "`heed watch imports` lists those that are on watch"}
		}
		return lines, err
	})
}

func listLine(i exchange.ListImport) ListLine {
	line := ListLine{
		Source: i.List, State: string(i.State), Format: i.Format, File: i.File, Officer: i.Officer, Role: i.Role, Reason: i.Reason, Urgency: i.Urgency,
		Threshold: i.Threshold, Began: Time{Time: i.Began}, Entries: i.Entries, Persons: i.Persons, Vehicles: i.Vehicles, Organisations: i.Organisations,
		Unread: i.Unread, Partial: i.Partial, Added: i.Added, Changed: i.Altered, Removed: i.Removed,
	}
	if !i.Digest.IsZero() {
		line.Digest = i.Digest.String()
	}
	if !i.Ended.IsZero() {
		line.Imported = &Time{Time: i.Ended}
	}
	return line
}
