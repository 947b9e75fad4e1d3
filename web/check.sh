#!/usr/bin/env bash
# Everything about the page that has to pass: types, the build held against what is checked in, tests in Chromium. Takes the kaslint program.
set -euo pipefail
program=${1:-kaslint}
kaslint=$(command -v "$program") || { echo "there is no kaslint: name the program" >&2; exit 2; }
KASLINT=$(realpath "$kaslint")
export KASLINT
cd "$(dirname "$0")"
for tool in node npm; do
    command -v "$tool" >/dev/null || { echo "$tool is missing" >&2; exit 2; }
done

if ! cmp --silent package-lock.json node_modules/.ready; then
    # No script of a package is run: none is needed.
    npm ci --ignore-scripts --no-audit --no-fund
    cp package-lock.json node_modules/.ready
fi
npm run --silent types

built=$(mktemp)
trap 'rm -f "$built"' EXIT
node build.mjs "$built"
cmp "$built" ../src/access_report/html/page.html || { echo "src/access_report/html/page.html is not what web/ is built to: run web/build.sh" >&2; exit 1; }

if command -v chromium >/dev/null; then
    npm test --silent
else
    echo "the page in Chromium: not run, there is no chromium"
fi
