#!/usr/bin/env bash
# Builds src/access_report/html/page.html from web/src.
set -euo pipefail
cd "$(dirname "$0")"
test -d node_modules/esbuild || npm ci --ignore-scripts --no-audit --no-fund
node build.mjs
