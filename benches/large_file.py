#!/usr/bin/env python3
"""Compares the cost of checking one large file: kaslint, yamllint, and check-jsonschema with kaslint's own schema.

Run it from anywhere: `python3 benches/large_file.py [path of kaslint]`. It needs yamllint and check-jsonschema on the
PATH (both from PyPI) and prints CPU time (user and system, median of several runs) and peak memory of whole processes.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ENTRIES = 800
SIZE = 127 * 1024


def large_file():
    """A valid configuration of 800 entries, filled up to 127 KiB with comments."""
    lines = ["ci_access:", "  projects:"]
    for number in range(ENTRIES // 2):
        lines += [
            f"    - id: acme/platform/team-{number % 37}/service-{number:04d}",
            "      environments: [production, staging]",
            "      access_as: {ci_job: {}}",
        ]
    lines.append("  groups:")
    for number in range(ENTRIES // 2):
        lines += [
            f"    - id: acme/platform/team-{number:04d}",
            "      environments: [production, staging]",
            "      protected_branches_only: true",
        ]
    text = "\n".join(lines) + "\n"
    filler = "# " + "-" * 76 + "\n"
    return text + filler * ((SIZE - len(text)) // len(filler))


def measure(command, runs):
    """Median CPU seconds, median wall seconds and peak memory in KiB of a command."""
    cpu, wall, peak = [], [], 0
    for _ in range(runs):
        start = time.perf_counter()
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, _, usage = os.wait4(child.pid, 0)
        wall.append(time.perf_counter() - start)
        cpu.append(usage.ru_utime + usage.ru_stime)
        peak = max(peak, usage.ru_maxrss)
    return statistics.median(cpu), statistics.median(wall), peak


def main():
    root = Path(__file__).resolve().parent.parent
    kaslint = sys.argv[1] if len(sys.argv) > 1 else str(root / "target/release/kaslint")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, ".gitlab/agents/prod/config.yaml")
        file.parent.mkdir(parents=True)
        file.write_text(large_file())
        schema = Path(folder, "schema.json")
        schema.write_bytes(subprocess.run([kaslint, "schema", "agent-config"], check=True, capture_output=True).stdout)
        commands = [
            ("kaslint check", [kaslint, "check", folder], 40),
            ("yamllint -d relaxed", ["yamllint", "-d", "relaxed", str(file)], 5),
            ("check-jsonschema", ["check-jsonschema", "--schemafile", str(schema), str(file)], 5),
        ]
        print(f"{file.stat().st_size} bytes, {ENTRIES} entries")
        base = None
        for name, command, runs in commands:
            cpu, wall, peak = measure(command, runs)
            base = base or cpu
            print(f"{name:22} {cpu * 1000:9.1f} ms CPU {wall * 1000:9.1f} ms wall {peak / 1024:7.1f} MiB  {cpu / base:7.1f} x")


if __name__ == "__main__":
    main()
