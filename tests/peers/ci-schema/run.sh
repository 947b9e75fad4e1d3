#!/usr/bin/env bash
# Holds what `kaslint check` tells of the project's CI fixtures against GitLab's JSON Schema of CI files; a difference that is not explained fails.
# Usage: run.sh KASLINT, from anywhere in the repository.
set -euo pipefail
kaslint=$(realpath "$1")
cd "$(dirname "$0")/../../.."
peers=target/peers

# Of check-jsonschema the one version that tests/peers/schema pins, whose copy of GitLab's schema is the judge.
python=$peers/check-jsonschema/bin/python
test -x "$python" || {
    python3 -m venv "$peers/check-jsonschema"
    "$python" -m pip install --quiet --requirement tests/peers/schema/requirements.txt
}
"$python" tests/peers/ci-schema/compare.py "$kaslint"
