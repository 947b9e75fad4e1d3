#!/usr/bin/env bash
# Sorts what JSON Schemas of agent files judge otherwise than GitLab into the kinds that docs/schemas.md names; what fits none fails.
# Usage: run.sh KASLINT [COUNT [SCHEMA...]], from anywhere in the repository, after tests/peers/kas/run.sh. So many generated files, and all recorded cases
# from 1,000 on.
set -euo pipefail
kaslint=$(realpath "$1")
count=${2:-200}
shift $(($# < 2 ? $# : 2))
schemas=()
for schema in "$@"; do schemas+=("$(realpath "$schema")"); done
cd "$(dirname "$0")/../../.."
peers=target/peers
test ${#schemas[@]} -gt 0 || schemas=(fixtures/agent-schema/table.bundle.json fixtures/agent-schema/table.strict.bundle.json)

python=$peers/check-jsonschema/bin/python
test -x "$python" || {
    python3 -m venv "$peers/check-jsonschema"
    "$python" -m pip install --quiet --requirement tests/peers/schema/requirements.txt
}
rm -rf "$peers/schema"
"$peers/kas" files --descriptor "$peers/agent.json" --folder "$peers/schema" --seed 1 --count "$count"
first=100
test "$count" -lt 1000 || first=1000000
for schema in "${schemas[@]}"; do
    "$python" tests/peers/schema/compare.py "$kaslint" --schema "$schema" --cases fixtures/decode/cases.jsonl --first "$first" --files "$peers/schema"
done
