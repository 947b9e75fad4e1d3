#!/usr/bin/env python3
"""How the instructions of kaslint grow with each kind of input: six doubling sizes, six ways to run it.

    growth.py [KIND…] [--kaslint PROGRAM] [--ways WAY…] [--sizes 6] [--jobs 2]

The ways are `check`, `access`, `check --fix`, `check --diff`, `diff` and a keystroke in an editor. Ends with 1 where one takes more than 2.2 times the instructions
for twice the input and is not named in EXCEPTIONS. Counted by valgrind with one thread, so that a busy machine changes nothing. `doubling.py` has more kinds, which somebody may have made to
cost much, by CPU time; the makers of files are its. Those that are named there have a bound of their own.

Left out is what would count something else:

- `check --fix` and `check --diff` where nothing is to be fixed, which is `check` again
- `diff` of CI files, which it does not compare
- `access` is `access --jobs` where there are CI files

The keystroke types an `x` into the input and takes it away again; a keystroke is a half of what two more of both take. `diff` has the input with that `x` for its head.
"""

import argparse
import concurrent.futures
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import doubling
from doubling import AGENT, CI
from editor import Server
from measuring import ROOT, instructions, write

ALLOWED = 2.2
WAYS = ("check", "access", "check --fix", "check --diff", "diff", "keystroke")
# What grows by more, as (kind, way): by how many times at most, and why it may.
JUDGED = "each fix is judged by reading the file with it, until a MiB beside four times the file is read"
MEANT = "a pattern is compared with names that it may be misspelt from, up to 100,000 pairs for an entry"
HALVED = "which of the fixes makes a refused file count is found by halving them"
EXCEPTIONS = {
    ("findings", "check --diff"): (2.3, HALVED),
    ("line length", "check --fix"): (2.3, HALVED),
    ("line length", "check --diff"): (2.3, HALVED),
    ("duplicates of entries", "check"): (3.6, JUDGED),
    ("duplicates of keys", "check"): (3.6, JUDGED),
    ("patterns of jobs", "check"): (2.3, MEANT),
    ("patterns of jobs", "keystroke"): (2.6, MEANT),
}


def groups(n):
    return {AGENT: "ci_access:\n  groups:\n" + doubling.lines(n, "    - id: a/g{i}\n"), **doubling.LARGE}


def line(n):
    """One line; entries that are all to be fixed."""
    return {AGENT: "ci_access: {projects: [" + doubling.lines(n, "{{id: a/p{i}, environments: [on]}}, ") + "]}\n", **doubling.LARGE}


def matrices(n):
    values = ", ".join(f"v{k}" for k in range(20))
    return doubling.jobs(doubling.lines(n, f"j{{i}}: {{{{parallel: {{{{matrix: [{{{{A: [{values}]}}}}]}}}}, script: ['kubectl config use-context a/b:$A'], environment: $A}}}}\n"))


# The first size, the maker of files, and the file and text behind which the keystroke types.
KINDS = {
    "entries": (12, doubling.entries_plain, AGENT, "a/p0"),
    "groups": (12, groups, AGENT, "a/g0"),
    "groups, nested": (12, doubling.entries_nested_groups, AGENT, "g/g0"),
    "patterns": (12, doubling.patterns_of_one_entry, AGENT, "e0/"),
    "patterns of jobs": (8, doubling.jobs_and_patterns, CI, "f0/a"),
    "duplicates of entries": (12, doubling.entries_alike, AGENT, "a/p"),
    "duplicates of keys": (12, doubling.keys_twice, AGENT, "a/p"),
    "ignores in comments": (12, doubling.comments_that_ignore, AGENT, "a/p0"),
    "ignores in settings": (12, doubling.ignores, AGENT, "a/p0"),
    "findings": (12, doubling.fixes, AGENT, "a/p0"),
    "findings of keys": (12, doubling.keys_unknown_in_entries, AGENT, "a/p0"),
    "line length": (12, line, AGENT, "a/p0"),
    "jobs": (8, doubling.jobs_plain, CI, "e0"),
    "includes": (4, doubling.includes, CI, "ci/0"),
    "matrices": (2, matrices, CI, "j0"),
    "variables": (8, doubling.variables_in_a_chain, CI, "V0: a"),
    "variables of jobs": (4, doubling.rules_of_workflow, CI, "j0"),
    "scripts": (8, doubling.script_lines, CI, "f0"),
    "projects": (8, doubling.projects, f"p0/{AGENT}", "a/p"),
    "agents": (8, doubling.agents, AGENT.replace("prod", "a0"), "a/p"),
}


def keystrokes(kaslint, folder, file, text, at, count):
    """Instructions of a session that types and takes away `count` times."""
    log = folder / "instructions"
    counted = ["env", "RAYON_NUM_THREADS=1", "valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", f"--log-file={log}", kaslint, "lsp"]
    server = Server(counted, folder, {"kaslint": {}})
    uri = (folder / file).as_uri()
    server.open(uri, text)
    server.diagnostics(uri, 0)
    line, character = text[:at].count("\n"), at - (text.rfind("\n", 0, at) + 1)
    place = {"line": line, "character": character}
    for number in range(1, 2 * count + 1):
        is_typed = number % 2 == 1
        end = place if is_typed else {"line": line, "character": character + 1}
        server.change(uri, number, {"range": {"start": place, "end": end}, "text": "x" if is_typed else ""})
        server.diagnostics(uri, number)
    server.stop()
    return int(re.search(r"refs:\s+([\d,]+)", log.read_text())[1].replace(",", ""))


def counted(kaslint, kind, way, size):
    """Instructions of one way to run kaslint over an input of this size; nothing where the way is left out."""
    _, make, file, behind = KINDS[kind]
    files = make(size)
    at = files[file].index(behind) + len(behind)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        if way == "diff":
            if CI in files:
                return None
            write(folder / "base", files)
            write(folder / "head", {**files, file: files[file][:at] + "x" + files[file][at:]})
            return instructions([kaslint, "diff", "./base", "./head", "--fail-on", "never"], folder)
        write(folder, files)
        if way == "keystroke":
            less, more = (keystrokes(kaslint, folder, file, files[file], at, count) for count in (1, 2))
            return (more - less) / 2
        if way in ("check --fix", "check --diff"):
            done = subprocess.run([kaslint, "check", "--diff"], check=False, cwd=folder, capture_output=True)
            if done.returncode == 0:
                return None
        return instructions([kaslint, *way.split(), *(["--jobs"] if way == "access" and CI in files else [])], folder)


def series(kaslint, kind, way, sizes):
    """The counts of one kind and one way, up to the first that is left out."""
    counts = []
    for step in range(sizes):
        count = counted(kaslint, kind, way, KINDS[kind][0] << step)
        if count is None:
            break
        counts.append(count)
    return counts


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=", ".join(KINDS))
    parser.add_argument("--kaslint", type=Path, default=ROOT / "target/release/kaslint")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS)
    parser.add_argument("--sizes", type=int, default=6)
    parser.add_argument("--jobs", type=int, default=2, help="how many are counted at a time")
    options = parser.parse_args()
    kaslint, steep = options.kaslint.resolve(), []
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        asked = [(kind, way) for kind in options.kinds or KINDS for way in options.ways]
        running = [pool.submit(series, kaslint, kind, way, options.sizes) for kind, way in asked]
        for (kind, way), told in zip(asked, running):
            counts = told.result()
            if not counts:
                print(f"{kind:22} {way:13} left out", flush=True)
                continue
            growth = [after / before for before, after in zip(counts, counts[1:])]
            is_steep = max(growth, default=0) > ALLOWED
            allowed, reason = EXCEPTIONS.get((kind, way), (ALLOWED, None)) if is_steep else (ALLOWED, None)
            if max(growth, default=0) > allowed:
                reason = None
                steep.append(f"{kind}, {way}")
            size = KINDS[kind][0] << (options.sizes - 1)
            print(f"{kind:22} {way:13} {size:6}  {counts[-1] / 1e6:9.1f} M  {' '.join(f'{times:.2f}' for times in growth)}  {reason or 'STEEP' if is_steep else ''}", flush=True)
    if steep:
        print("more than 2.2 times for twice the input, or than is named: " + "; ".join(steep), file=sys.stderr)
    return 1 if steep else 0


if __name__ == "__main__":
    sys.exit(main())
