#!/usr/bin/env python3
"""The cost of starting, which is that of a hook with nothing to do: kaslint and zizmor, another linter of CI files in Rust.

`python3 benches/startup.py [path of kaslint]`, from anywhere. CPU time and memory of whole processes.
"""

import sys

from measuring import ROOT, compare, from_pypi, given_kaslint, version


def main():
    kaslint, zizmor = given_kaslint(sys.argv), from_pypi("zizmor", "zizmor")
    commands = {
        f"{version(kaslint)} --version": [kaslint, "--version"],
        f"{zizmor and version(zizmor)} --version": [zizmor, "--version"],
    }
    compare(ROOT, commands, runs=100)


if __name__ == "__main__":
    main()
