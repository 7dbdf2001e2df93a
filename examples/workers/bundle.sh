#!/bin/sh
# Installs and bundles the example workers that use packages from npm: each folder here that has a
# `package.json`, or only the folders named as arguments. Each gets `dist/index.js`, one ES module that
# `isolane` runs as it is. Needs Node.js 20 or newer and npm. What it makes is never committed.
#
# Does nothing for a folder whose bundle is newer than its sources, so tests may call it freely; several
# calls at once wait for each other.
set -eu

here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
cd "$here"

if ! command -v npm >/dev/null 2>&1; then
  echo "bundle.sh: npm was not found: install Node.js 20 or newer" >&2
  exit 1
fi

if [ "$#" -eq 0 ]; then
  for manifest in */package.json; do
    set -- "$@" "$(dirname "$manifest")"
  done
fi

# Whether a folder's bundle is missing or older than anything that it is made from.
stale() {
  [ ! -f "$1/dist/index.js" ] && return 0
  [ -n "$(find "$1/src" "$1/package.json" "$1/package-lock.json" -newer "$1/dist/index.js" -print)" ]
}

bundle() {
  if ! stale "$1"; then
    echo "$1: up to date"
    return
  fi
  echo "$1: installing and bundling"
  # No package here needs its install scripts, so none are run.
  (cd "$1" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error && npm run --silent build)
}

for name in "$@"; do
  name=${name%/}
  if [ ! -f "$name/package.json" ]; then
    echo "bundle.sh: $name has no package.json: expected a folder of examples/workers" >&2
    exit 2
  fi
  if command -v flock >/dev/null 2>&1; then
    (
      flock 9
      bundle "$name"
    ) 9<"$name/package.json"
  else
    bundle "$name"
  fi
done
