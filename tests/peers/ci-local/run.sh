#!/usr/bin/env bash
# Holds the jobs that kaslint reads from CI files against those that gitlab-ci-local reads; a difference that is not explained fails.
# Usage: run.sh KASLINT [FIXTURE...], from anywhere in the repository.
set -euo pipefail
kaslint=$(realpath "$1")
shift
cd "$(dirname "$0")/../../.."
peers=target/peers
version=4.75.1

python=$peers/ci-local/bin/python
test -x "$python" || {
    python3 -m venv "$peers/ci-local"
    "$python" -m pip install --quiet --requirement tests/peers/ci-local/requirements.txt
}
# Debian's Node is older than gitlab-ci-local wants.
PATH="$PWD/$peers/ci-local/bin:$PATH"
program=$peers/ci-local-$version/node_modules/.bin/gitlab-ci-local
test -e "$program" || npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$peers/ci-local-$version" "gitlab-ci-local@$version"
"$python" tests/peers/ci-local/compare.py "$kaslint" "$program" "$@" --work "$peers/ci-local-work"
