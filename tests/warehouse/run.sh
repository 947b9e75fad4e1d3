#!/usr/bin/env bash
# run.sh BINARY [WORLDS [SEED]]: writes the tables of made-up worlds with kaslint, and holds its decisions against those that DuckDB and Spark make of the
# base tables, row by row, and the answers of the two to ten questions against each other. Takes DuckDB and PySpark from PyPI, Java from the machine or Debian.
set -euo pipefail
binary=$(realpath "$1")
worlds=${2:-100}
seed=${3:-1}
cd "$(dirname "$0")/../.."
venv=$PWD/target/warehouse
bash tests/warehouse/install.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 tests/warehouse/worlds.py "$worlds" "$work" "$seed"
mkdir "$work/tables"
for world in "$work"/w*; do
    name=$(basename "$world")
    for day in 2026-11-20 2026-11-27; do
        place=$world
        test "$day" = 2026-11-27 || place=$work/before/$name
        # One name for both days, whatever folder the world lies in.
        (cd "$place/.." && "$binary" access --inventory "$name/inventory.yaml" --format parquet --snapshot "$day" --output "$work/tables/$name-$day" >/dev/null)
    done
done
"$venv/bin/python" tests/warehouse/compare.py "$work/tables"
