"""Jobs of CI files as gitlab-ci-local reads them, held against `kaslint access --jobs --format json`.

For each fixture: the names of its jobs, and their rules, environments, `only` and `except` as written, against `gitlab-ci-local --preview`; and what
`when` is on the default branch, on another branch and for a tag, against `--list-json`. Each difference stands in differences.tsv with its reason;
one that does not fails, and so does one that is there and is none any more.
"""

import argparse
import concurrent.futures
import csv
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from ruamel.yaml import YAML

HERE = Path(__file__).parent

# Why the two differ, and who is right by GitLab.
REASONS = {
    "only": "gitlab-ci-local does not look at `only` and `except`",
    "workflow": "gitlab-ci-local lists jobs whatever `workflow` says",
    "yaml 1.1": "gitlab-ci-local reads YAML 1.2, where GitLab reads YAML 1.1: `on` is true, 010 is 8",
    "merge": "gitlab-ci-local keeps a key above `<<`, which Psych, with which GitLab reads, replaces",
    "settings": "a variable that the file does not give the job may stand in the settings of the project, so that kaslint says perhaps",
    "workflow variables": "kaslint takes what `workflow:rules` set for not known",
    "nested": "a variable in the value of a variable is not expanded in a condition, or only in releases that are not known: kaslint says perhaps",
    "exists": "kaslint does not look for the files of `exists`, and says perhaps",
}

REFS = {
    "main": {"on": "the default branch `main`", "CI_COMMIT_BRANCH": "main"},
    "feature": {"on": "the branch `feature`", "CI_COMMIT_BRANCH": "feature"},
    "v1": {"on": "the tag `v1`", "CI_COMMIT_TAG": "v1"},
}

# Keywords of the top level, which are no jobs.
KEYWORDS = {"after_script", "before_script", "cache", "default", "image", "include", "services", "stages", "variables", "workflow"}


class Refused(Exception):
    """gitlab-ci-local does not take a file."""


def git(folder, *arguments):
    command = ["git", "-C", str(folder), "-c", "user.name=kaslint", "-c", "user.email=kaslint@example.com", "-c", "commit.gpgsign=false", *arguments]
    subprocess.run(command, check=True, capture_output=True)


def lay_out(fixtures, work):
    """Copies the fixtures to projects, each a repository, with an inventory that knows their refs."""
    shutil.rmtree(work, ignore_errors=True)
    lines = ["gitlab: {tier: premium}", "projects:", "  - {path: acme/agents, id: 1, agents: [production]}"]
    for number, fixture in enumerate(fixtures):
        folder = work / "projects/acme" / fixture.name
        shutil.copytree(fixture, folder)
        git(folder, "init", "--quiet", "--initial-branch", "main")
        git(folder, "remote", "add", "origin", f"https://gitlab.example.com/acme/{fixture.name}.git")
        git(folder, "add", "--all")
        git(folder, "commit", "--quiet", "--message", "all")
        branches = "default_branch: main, protected_branches: [main, feature], protected_tags: [v1]"
        lines.append(f"  - {{path: acme/{fixture.name}, id: {number + 10}, {branches}}}")
    (work / "inventory.yaml").write_text("\n".join(lines) + "\n")


def read_by_kaslint(kaslint, work):
    """What kaslint makes of each project, by its name; and what it refuses."""
    arguments = ["--isolated", "--inventory", "inventory.yaml", "--format", "json"]
    checked = subprocess.run([kaslint, "check", "--fail-on", "never", *arguments], cwd=work, capture_output=True, text=True, check=True)
    refused = [finding for finding in json.loads(checked.stdout)["findings"] if finding["rule"] == "invalid-ci-file"]
    for finding in refused:
        print(f"{finding['path']}: {finding['message']}", file=sys.stderr)
    projects = {}
    told = subprocess.run([kaslint, "access", "--jobs", *arguments], cwd=work, capture_output=True, text=True, check=True)
    for line in map(json.loads, told.stdout.splitlines()):
        # The peer's preview has no jobs of child pipelines.
        own = [job for job in line["jobs"] if "started_by" not in job]
        projects[line["project"].removeprefix("acme/")] = {job["name"]: job for job in own}
    return projects, refused


def run_peer(peer, folder, *arguments):
    command = ["node", peer, "--no-json-schema-validation", *arguments]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, env={**os.environ, "HOME": str(folder)})
    if run.returncode != 0:
        raise Refused(f"{folder.name}: gitlab-ci-local {' '.join(arguments)}: {run.stdout}{run.stderr}")
    return run.stdout


def read_by_peer(peer, folder):
    """The jobs of the preview, and `when` of each job by ref; `None` where it does not take the file."""
    try:
        preview = YAML(typ="safe", pure=True).load(run_peer(peer, folder, "--preview"))
    except Refused as refused:
        print(refused, file=sys.stderr)
        return None
    jobs = {str(name): job for name, job in preview.items() if name not in KEYWORDS and not str(name).startswith(".")}
    # Jobs that start pipelines run nothing.
    jobs = {name: job for name, job in jobs.items() if "trigger" not in job}
    when = {}
    for ref, facts in REFS.items():
        predefined = {"CI_COMMIT_REF_NAME": ref, "CI_COMMIT_REF_SLUG": ref, "CI_DEFAULT_BRANCH": "main", "CI_PIPELINE_SOURCE": "push"}
        predefined |= {name: value for name, value in facts.items() if name != "on"}
        missing = {"CI_COMMIT_BRANCH", "CI_COMMIT_TAG"} - set(predefined)
        arguments = [part for name, value in predefined.items() for part in ("--variable", f"{name}={value}")]
        arguments += [part for name in sorted(missing) for part in ("--unset-variable", name)]
        # Warnings stand before it.
        listed = json.loads(re.search(r"^\[(\n.*|\]\n?)\Z", run_peer(peer, folder, "--list-json", *arguments), re.M | re.S)[0])
        when[ref] = {as_in_gitlab(job["name"]): job["when"] for job in listed}
    return jobs, when


def as_in_gitlab(name):
    """The name of a combination has a blank behind each comma; of `parallel` with a number kaslint reads one job."""
    if re.search(r": \[\d+/\d+\]$", name):
        return name.rpartition(": [")[0]
    job, mark, combination = name.partition(": [")
    return job + mark + re.sub(r",(?! )", ", ", combination)


def rule(written):
    """A rule of gitlab-ci-local's preview in the form of kaslint's report."""
    taken = {key: str(written[key]) for key in ("if", "when") if written.get(key) is not None}
    taken |= {key: True for key in ("changes", "exists") if written.get(key)}
    if written.get("variables"):
        taken["variables"] = {name: str(value) for name, value in written["variables"].items()}
    return taken


def policy(written):
    if isinstance(written, list):
        written = {"refs": written}
    taken = {"refs": [str(ref) for ref in written.get("refs", [])]}
    if written.get("variables"):
        taken["variables"] = [str(condition) for condition in written["variables"]]
    taken |= {key: True for key in ("changes", "kubernetes") if written.get(key)}
    return taken


def written_by_peer(job):
    """What a job of the preview has of the keywords that kaslint's report has."""
    taken = {}
    environment = job.get("environment")
    if environment is not None:
        taken["environment"] = str(environment["name"] if isinstance(environment, dict) else environment)
    if job.get("rules") is not None:
        taken["rules"] = [rule(written) for written in job["rules"]]
    for key in ("only", "except"):
        if job.get(key) is not None:
            taken[key] = policy(job[key])
    if job.get("when") is not None:
        taken["when"] = str(job["when"])
    return taken


def when_by_kaslint(job, name, ref):
    """`when` of a job, or of a combination of its matrix, in a pipeline that a push to the ref starts."""
    on = REFS[ref]["on"]
    found = set()
    for case in job["cases"]:
        for run in case["runs"] if case["name"] == name else []:
            kind, _, sources = run["on"].partition(f"{on} (")
            if run["on"] != on and (kind or not sources or ("push" in sources) != sources.startswith("only")):
                continue
            found.add(run["when"] if run["certain"] else f"perhaps {run['when']}")
    return " or ".join(sorted(found)) or "never"


def differences(fixture, kaslint, peer):
    """Each difference between the two as job, what of it, kaslint's word and the peer's."""
    if peer is None:
        yield "", "file", "taken", "refused"
        return
    jobs, when = peer
    for name in sorted(set(kaslint) ^ set(jobs)):
        yield name, "name", "a job" if name in kaslint else "no job", "a job" if name in jobs else "no job"
    both = sorted(set(kaslint) & set(jobs))
    for name in both:
        own, other = kaslint[name].get("written", {}), written_by_peer(jobs[name])
        for key in sorted(set(own) | set(other)):
            if own.get(key) != other.get(key):
                yield name, key, json.dumps(own.get(key)), json.dumps(other.get(key))
    for ref in REFS:
        for name in both:
            # A job of a matrix is listed by its combinations.
            names = {listed for listed in when[ref] if listed == name or listed.startswith(f"{name}: [")}
            names |= {case["name"] for case in kaslint[name]["cases"]}
            for listed in sorted(names):
                own, other = when_by_kaslint(kaslint[name], listed, ref), when[ref].get(listed, "no job")
                if own != other:
                    yield listed, f"when on {ref}", own, other


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kaslint", type=Path)
    parser.add_argument("peer", type=Path, help="gitlab-ci-local's program")
    parser.add_argument("--work", type=Path, required=True, help="a folder that is made anew")
    parser.add_argument("fixtures", nargs="*", help="names of fixtures; all without")
    given = parser.parse_args()
    fixtures = sorted(path for path in (HERE / "fixtures").iterdir() if not given.fixtures or path.name in given.fixtures)
    lay_out(fixtures, given.work)
    own, refused = read_by_kaslint(given.kaslint.resolve(), given.work)
    folders = [given.work / "projects/acme" / fixture.name for fixture in fixtures]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        peers = list(pool.map(lambda folder: read_by_peer(given.peer.resolve(), folder), folders))
    with (HERE / "differences.tsv").open(newline="") as lines:
        rows = [tuple(row) for row in csv.reader(lines, delimiter="\t") if row and not row[0].startswith("#")]
    explained = {row[:5]: row[5] for row in rows}
    assert set(explained.values()) <= set(REASONS), set(explained.values()) - set(REASONS)
    found, compared, counts = set(), 0, dict.fromkeys(REASONS, 0)
    failed = bool(refused)
    for fixture, peer in zip(fixtures, peers, strict=True):
        kaslint = own.get(fixture.name, {})
        compared += len(kaslint)
        for difference in differences(fixture, kaslint, peer):
            row = (fixture.name, *difference)
            found.add(row)
            if row in explained:
                counts[explained[row]] += 1
            else:
                failed = True
                print("not explained: " + "\t".join(row), file=sys.stderr)
    for row in explained:
        if row not in found and (not given.fixtures or row[0] in given.fixtures):
            failed = True
            print("explained, and no difference: " + "\t".join(row), file=sys.stderr)
    print(f"{len(fixtures)} fixtures with {compared} jobs, {len(found)} differences of which each is explained" if not failed else "not alike")
    for reason, count in counts.items():
        print(f"  {count:5}  {REASONS[reason]}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
