#!/usr/bin/env python3
"""Counts the instructions of five fixed runs of kaslint, divided by those of a program that is built alike and does the least for the same input.

    instructions.py PROGRAM [--profile PROFILE] [--write]

The least is done by the programs of benches/controls, which are built with the profile of PROGRAM (release, unless another is named): one does nothing, the other
reads the bare events of a YAML file. Held against benches/figures.json: what takes five
percent more ends with 1; `--write` writes the figures anew. They are those of one compiler, one C library and one kind of processor; elsewhere they are told and
not judged. Counted by valgrind, so that a busy machine changes nothing.
"""

import argparse
import json
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

from measuring import ROOT, instructions

FIGURES = ROOT / "benches/figures.json"
ALLOWED = 1.05


def agent_file(entries, size):
    """A configuration with so many entries, filled up with comments."""
    lines = ["ci_access:", "  projects:"]
    for number in range(entries):
        lines += [f"    - id: acme/team-{number % 37}/service-{number:04d}", "      environments: [production, staging]", "      access_as: {ci_job: {}}"]
    text = "\n".join(lines) + "\n"
    filler = "# " + "-" * 76 + "\n"
    return text + filler * max(0, (size - len(text)) // len(filler))


def inventory(projects):
    lines = ['gitlab: {version: "18.4", tier: premium, instance_authorization: true}', "groups:", "  - path: acme"]
    lines += [f"  - path: acme/team-{number}" for number in range(projects // 50)]
    lines += ["projects:", "  - path: acme/agents", "    agents: [prod]"]
    for number in range(projects):
        lines += [f"  - path: acme/team-{number % (projects // 50)}/service-{number}", f"    id: {number + 1}", "    protected_branches: [main, release/*]", "    environments: [production]"]
    return "\n".join(lines) + "\n"


def patterns(count, changed):
    names = [f"team-{number}/*" for number in range(count)]
    if changed:
        names[count // 2] = "other/*"
    return f"ci_access:\n  projects:\n    - id: acme/agents\n      environments: {json.dumps(names)}\n"


def worlds(folder):
    """Writes the inputs; gives each run with its name, the folder to run in, and what the control reads."""
    def write(path, text):
        path = folder / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path
    name = ".gitlab/agents/prod/config.yaml"
    large = write(f"large/{name}", agent_file(800, 127 * 1024))
    write(f"small/{name}", agent_file(10, 1200))
    listed = write("access/inventory.yaml", inventory(5000))
    write(f"access/projects/acme/agents/{name}", agent_file(100, 0))
    base = write(f"diff/base/{name}", patterns(500, False))
    write(f"diff/head/{name}", patterns(500, True))
    question = ["access", "--inventory", "inventory.yaml", "--for", "acme/team-7/service-7", "--environment", "production"]
    compared = ["diff", "./base", "./head", "--project", "acme/agents", "--gitlab-version", "19.5", "--fail-on", "never"]
    return [
        ("start", ["--version"], folder, None),
        ("check of a small file", ["check", "."], folder / "small", None),
        ("check of 127 KiB", ["check", "."], folder / "large", large),
        ("access beside 5,000 projects", question, folder / "access", listed),
        ("diff of one of 500 patterns", compared, folder / "diff", base),
    ]


def built_controls(profile):
    """Builds the programs that are divided by; gives their folder."""
    target = ROOT / "target/controls"
    command = ["cargo", "build", "--quiet", "--locked", "--profile", profile, "--manifest-path", str(ROOT / "benches/controls/Cargo.toml"), "--target-dir", str(target)]
    subprocess.run(command, check=True)
    return target / profile


def measured_with():
    told = lambda *command: subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\n")[0]
    flags = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    return {"compiler": told("rustc", "--version"), "library": " ".join(platform.libc_ver()), "processor": f"{platform.machine()}{' with AVX2' if ' avx2 ' in flags else ''}", "counter": told("valgrind", "--version")}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=Path)
    parser.add_argument("--profile", default="release")
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    program, controls = arguments.program.resolve(), built_controls(arguments.profile)
    known = json.loads(FIGURES.read_text()) if FIGURES.exists() else {"measured with": {}, "ratios": {}}
    here, ratios, worse = measured_with(), {}, []
    is_judged = here == known["measured with"]
    with tempfile.TemporaryDirectory() as folder:
        for name, run, place, control in worlds(Path(folder)):
            count = instructions([program, *run], place)
            least = instructions([controls / "events", control] if control else [controls / "empty"], place)
            ratios[name] = ratio = round(count / least, 3)
            before = known["ratios"].get(name)
            change = f"{ratio / before - 1:+.1%} of the recorded {before}" if before else "not recorded"
            print(f"{name:<30} {count / 1e6:8.2f} M / {least / 1e6:6.2f} M = {ratio:7.3f}  ({change})")
            if before and ratio > before * ALLOWED:
                worse.append(name)
    if arguments.write:
        FIGURES.write_text(json.dumps({"measured with": here, "ratios": ratios}, indent=2) + "\n")
        return 0
    if not is_judged:
        print(f"not judged: recorded with {known['measured with']}, counted with {here}")
        return 0
    missing = [name for name in ratios if name not in known["ratios"]]
    if worse or missing:
        print(f"more than five percent above the recorded: {', '.join(worse)}; not recorded: {', '.join(missing)}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
