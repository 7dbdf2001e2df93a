#!/bin/sh
# Checks the example workers with TypeScript against the declarations that `isolane types` writes: the JavaScript ones
# loosely, and the one in TypeScript strictly. Takes the program, `isolane` unless given. TypeScript comes from npm, into
# the target folder; nothing that this makes is committed.
set -eu

program=${1:-isolane}
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
work=${CARGO_TARGET_DIR:-$here/../../target}/types
typescript=5.9.3

if ! command -v npm >/dev/null 2>&1; then
  echo "check-types.sh: npm was not found: install Node.js 20 or newer" >&2
  exit 1
fi

mkdir -p "$work"
work=$(CDPATH= cd -- "$work" && pwd)
if ! grep -qs "\"version\": \"$typescript\"" "$work/node_modules/typescript/package.json"; then
  npm install --prefix "$work" --no-save --ignore-scripts --no-audit --no-fund --loglevel=error "typescript@$typescript"
fi
"$program" types --out "$work/isolane.d.ts"

check() {
  node "$work/node_modules/typescript/bin/tsc" --project "$work/$1"
  echo "$1: ok"
}

cat > "$work/declarations.json" <<END
{
  "compilerOptions": { "lib": ["esnext"], "types": [], "strict": true, "noEmit": true },
  "files": ["isolane.d.ts"]
}
END
check declarations.json

cat > "$work/javascript.json" <<END
{
  "compilerOptions": {
    "lib": ["esnext"], "types": [], "target": "esnext", "module": "preserve", "noEmit": true,
    "allowJs": true, "checkJs": true
  },
  "files": ["isolane.d.ts"],
  "include": ["$here/*.js", "$here/multi-file/**/*.js"]
}
END
check javascript.json

cat > "$work/typescript.json" <<END
{
  "extends": "$here/typescript/tsconfig.json",
  "files": ["isolane.d.ts"],
  "include": ["$here/typescript/*", "$here/typescript/jsx/*"]
}
END
check typescript.json
