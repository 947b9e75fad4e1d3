#!/usr/bin/env python3
"""The cost of checking one large file beside that of its bare YAML events, which are read by libyaml's parser and looked at by nobody.

`python3 benches/events.py [path of kaslint]`, from anywhere. CPU time and memory of whole processes. Cargo builds the reader of `benches/controls`; `instructions.py` counts the same in instructions.
"""

import sys
import tempfile

from instructions import built_controls
from measuring import AGENT_FILE, compare, given_kaslint, large_file, version, write


def main():
    kaslint, controls = given_kaslint(sys.argv), built_controls("release")
    with tempfile.TemporaryDirectory() as folder:
        write(folder, {AGENT_FILE: large_file()})
        commands = {
            f"{version(kaslint)}, check": [kaslint, "check"],
            "bare events": [controls / "events", AGENT_FILE],
            "an empty program": [controls / "empty"],
        }
        compare(folder, commands, runs=100)


if __name__ == "__main__":
    main()
