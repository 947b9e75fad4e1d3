#!/usr/bin/env python3
"""The cost of checking one large file: kaslint, and ajv with kaslint's own schema.

`python3 benches/ajv.py [path of kaslint]`, from anywhere. CPU time and memory of whole processes, Node.js and the compiling of the schema included.
"""

import sys
import tempfile

from measuring import AGENT_FILE, compare, from_npm, given_kaslint, large_file, schema, version, write


def main():
    kaslint, ajv = given_kaslint(sys.argv), from_npm("ajv", "ajv-cli@5.0.0")
    with tempfile.TemporaryDirectory() as folder:
        write(folder, {AGENT_FILE: large_file(), "schema.json": schema(kaslint)})
        commands = {
            f"{version(kaslint)}, check": [kaslint, "check"],
            f"{ajv and version(ajv)}, validate": [ajv, "validate", "--spec=draft2020", "--strict=false", "-s", "schema.json", "-d", AGENT_FILE],
        }
        compare(folder, commands)


if __name__ == "__main__":
    main()
