#!/bin/sh
# Rebuilds the files of this folder, and the checker in ../testdata, that come
# from npm. Continuous integration runs it and compares: git diff --exit-code
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# package NAME VERSION SHA512: fetches the package and checks what came.
package() {
	npm pack --silent --pack-destination "$work" "$1@$2" >/dev/null
	got=$(openssl dgst -sha512 -binary "$work/$1-$2.tgz" | openssl base64 -A)
	if [ "$got" != "$3" ]; then
		echo "$1@$2 has SHA-512 $got, not $3" >&2
		exit 1
	fi
	mkdir "$work/$1"
	tar -xzf "$work/$1-$2.tgz" -C "$work/$1"
}

package htmx.org 4.0.1 oF7JgXhDW9UXCy/k1ZYFUQgzu/rm19ORWPSPNL91vPluB2PB9+MV55tyQdH/w7o2EAbTYUG5SDW1R60mdkdqGg==
package axe-core 4.14.1 FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==

install -m 644 "$work/htmx.org/package/dist/htmx.min.js" "$work/htmx.org/package/dist/ext/hx-sse.min.js" .
install -m 644 "$work/htmx.org/package/LICENSE" htmx.LICENSE
install -m 644 "$work/axe-core/package/axe.min.js" ../testdata/
install -m 644 "$work/axe-core/package/LICENSE" ../testdata/axe.LICENSE
