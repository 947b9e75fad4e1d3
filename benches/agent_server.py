#!/usr/bin/env python3
"""The cost of checking one large file beside that of reading it as GitLab's agent server does, with the same libraries in Go.

`python3 benches/agent_server.py [path of kaslint]`, from anywhere. CPU time and memory of whole processes. The reader is that of `tests/peers/kas`, which also writes what
it has read as JSON; `kaslint decode` does the same.
"""

import sys
import tempfile

from measuring import AGENT_FILE, ROOT, compare, given_kaslint, large_file, version, write

PEERS = ROOT / "target/peers"


def main():
    kaslint, reader, descriptor = given_kaslint(sys.argv), PEERS / "kas", PEERS / "agent.json"
    if not reader.exists() or not descriptor.exists():
        print(f"the reader is not built: (cd {ROOT}/tests/peers/kas && go build -o {reader} .) && (cd {ROOT} && cargo run --example agent_descriptor > {descriptor})")
        reader = None
    with tempfile.TemporaryDirectory() as folder:
        write(folder, {AGENT_FILE: large_file(), "empty.yaml": ""})
        read = [reader, "read", "--descriptor", descriptor]
        commands = {
            f"{version(kaslint)}, check": [kaslint, "check"],
            "kaslint decode --format json": [kaslint, "decode", "--format", "json", AGENT_FILE],
            "the agent server's libraries": [*read, AGENT_FILE],
            "the same, an empty file": [*read, "empty.yaml"],
        }
        compare(folder, commands, runs=40)


if __name__ == "__main__":
    main()
