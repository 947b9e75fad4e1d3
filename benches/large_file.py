#!/usr/bin/env python3
"""The cost of checking one large file: kaslint, yamllint, and check-jsonschema with kaslint's own schema.

`python3 benches/large_file.py [path of kaslint]`, from anywhere. CPU time and memory of whole processes.
"""

import sys
import tempfile

from measuring import AGENT_FILE, compare, from_pypi, given_kaslint, large_file, schema, version, write


def main():
    kaslint = given_kaslint(sys.argv)
    yamllint, jsonschema = from_pypi("yamllint", "yamllint"), from_pypi("check-jsonschema", "check-jsonschema")
    with tempfile.TemporaryDirectory() as folder:
        write(folder, {AGENT_FILE: large_file(), "schema.json": schema(kaslint)})
        commands = {
            f"{version(kaslint)}, check": [kaslint, "check"],
            f"{yamllint and version(yamllint)} -d relaxed": [yamllint, "-d", "relaxed", AGENT_FILE],
            f"{jsonschema and version(jsonschema)}": [jsonschema, "--schemafile", "schema.json", AGENT_FILE],
        }
        compare(folder, commands)


if __name__ == "__main__":
    main()
