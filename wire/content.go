package wire

import (
	"heed"
	"heed/seal"
)

// ContentDigest is the name of a content in signed text. A warning document's
// is computed over its fields' commitments, so that it stays the same when
// only some of them are shown; any other content's over its bytes.
func ContentDigest(media string, salt [32]byte, data []byte) (heed.Digest, error) {
	if media == heed.MediaWarning {
		d, err := WarningDigest(salt, data)
		return heed.Digest(d), err
	}
	return heed.Digest(seal.ContentDigest(salt, data)), nil
}
