#!/usr/bin/env bash
# Puts DuckDB and PySpark from PyPI into target/warehouse, and Debian's Java beside them where there is none.
set -euo pipefail
cd "$(dirname "$0")/../.."
venv=$PWD/target/warehouse
python3 -m venv --help >/dev/null 2>&1 || { apt-get update -qq && apt-get install -y -qq python3-venv; }
command -v java >/dev/null || { apt-get update -qq && apt-get install -y -qq --no-install-recommends default-jre-headless; }
if ! "$venv/bin/python" -c 'import duckdb, pyspark' 2>/dev/null; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet duckdb==2.0.1 pyspark==4.3.0
fi
