#!/usr/bin/env bash
# Proves the language server in the real Neovim, without a window: diagnostics, fixes, settings, and that the server ends.
# It is set up as docs/editors/neovim.md says.
#
# `tests/editors/neovim.sh [BINARY]`; the variable NEOVIM names another Neovim than the one on the PATH. The version that Debian 12
# has, 0.7.2, is the oldest that this is for.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
binary=${1:-$root/target/release/kaslint}
nvim=${NEOVIM:-nvim}

command -v "$nvim" >/dev/null || { echo "there is no $nvim; NEOVIM names one" >&2; exit 2; }
[[ -f $binary && -x $binary ]] || { echo "$binary is no program; cargo build --release makes it" >&2; exit 2; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r "$root/fixtures/editors" "$work/project"

# Neither the user's settings nor a repository around the folder are to have a say.
export HOME=$work/home XDG_CONFIG_HOME=$work/config XDG_DATA_HOME=$work/data XDG_STATE_HOME=$work/state XDG_CACHE_HOME=$work/cache
unset CI_PROJECT_PATH
mkdir -p "$HOME" "$work/bin"
git init -q "$work/project"

# The page says how to start `kaslint` from the PATH; this one leaves behind how it ended.
cat >"$work/bin/kaslint" <<'SCRIPT'
#!/bin/sh
"$KASLINT" "$@"
echo $? >"$KASLINT_STATUS"
SCRIPT
chmod +x "$work/bin/kaslint"
PATH=$work/bin:$PATH
KASLINT=$(realpath "$binary") KASLINT_PROJECT=$(realpath "$work/project") KASLINT_STATUS=$work/status KASLINT_PAGE=$root/docs/editors/neovim.md
export KASLINT KASLINT_PROJECT KASLINT_STATUS KASLINT_PAGE

# A script that stops before its end gets to `cquit`.
status=0
timeout 90 "$nvim" --headless -u NONE -i NONE -n -S "$root/tests/editors/neovim.lua" +'cquit 3' </dev/null || status=$?
[[ $status -ne 124 ]] || echo "Neovim did not end" >&2
exit "$status"
