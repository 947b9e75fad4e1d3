#!/usr/bin/env bash
# Everything about the extension that has to pass: types, tests, package. KASLINT is the program; without it, the one on the PATH.
set -euo pipefail
kaslint=$(command -v "${KASLINT:-kaslint}") || { echo "there is no kaslint: say in KASLINT where it lies" >&2; exit 2; }
KASLINT=$(realpath "$kaslint")
export KASLINT
cd "$(dirname "$0")"

command -v npm >/dev/null || { echo "npm is missing" >&2; exit 2; }
node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 20 ? 1 : 0)' || { echo "Node 20 or later is needed, and this is $(node --version)" >&2; exit 2; }

echo "== packages"
# No script of a package is run: none is needed.
npm ci --ignore-scripts --no-audit --no-fund

echo "== types"
npm run --silent check

echo "== tests"
npm test --silent

echo "== package"
rm -f kaslint.vsix
npm run --silent package
python3 - <<'PYTHON'
import json
import zipfile

with zipfile.ZipFile("kaslint.vsix") as package:
    names = set(package.namelist())
    manifest = json.loads(package.read("extension/package.json"))
    size = sum(entry.compress_size for entry in package.infolist())
    notices = package.read("extension/dist/NOTICES.txt").decode()
wanted = {
    "[Content_Types].xml",
    "extension.vsixmanifest",
    "extension/package.json",
    "extension/readme.md",
    "extension/changelog.md",
    "extension/LICENSE.md",
    "extension/LICENSE-APACHE",
    "extension/LICENSE-MIT",
    "extension/dist/extension.js",
    "extension/dist/NOTICES.txt",
}
assert names == wanted, names ^ wanted
assert "extension/" + manifest["main"].removeprefix("./") in names, manifest["main"]
assert "vscode-languageclient" in notices
print(f"kaslint.vsix: {len(names)} files, {size // 1024} KiB")
PYTHON

if command -v chromium >/dev/null; then
    bash host/test.sh
else
    echo "== in VS Code: not run, there is no chromium"
fi
