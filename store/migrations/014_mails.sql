-- +goose Up

-- The version on record of the contact for which a mail was ordered. A mail that
-- was ordered before this was known goes when it is ordered again.
ALTER TABLE one_sided_task ADD COLUMN contact BLOB;

-- +goose Down
ALTER TABLE one_sided_task DROP COLUMN contact;
