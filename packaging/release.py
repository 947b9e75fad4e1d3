#!/usr/bin/env python3
"""What a release does besides building: packs binaries, pins their hashes, and puts them into a GitLab project's package registry.

    release.py pack BINARY TARGET FOLDER        FOLDER/kaslint-TARGET.tar.gz
    release.py pin FOLDER [--project PATH]      the hashes of the archives into packaging/pins and templates/kaslint.yml, of all files into FOLDER/SHA256SUMS
    release.py upload FOLDER --api URL --project PATH     the archives for Linux and SHA256SUMS; the token is KASLINT_UPLOAD_TOKEN of the environment

It needs Python alone, so that nothing has to be installed where a release is made. docs/releasing.md says who calls it and when.
"""

import argparse
import gzip
import hashlib
import io
import os
import re
import sys
import tarfile
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PINS = ROOT / "packaging/pins"
COMPONENT = ROOT / "templates/kaslint.yml"
# What release.yml builds, and the name under which the component knows those for Linux.
TARGETS = {
    "x86_64-unknown-linux-musl": "x86_64",
    "aarch64-unknown-linux-musl": "aarch64",
    "x86_64-apple-darwin": None,
    "aarch64-apple-darwin": None,
    "x86_64-pc-windows-msvc": None,
}
BESIDE = ["README.md", "CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT"]


def fail(message):
    sys.exit(f"release.py: {message}")


def version():
    """The version of Cargo.toml, the only place where it is written."""
    return re.search(r'^version = "([0-9A-Za-z.+-]+)"$', (ROOT / "Cargo.toml").read_text(), re.M)[1]


def archive(target):
    return f"kaslint-{target}.tar.gz"


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def pack(binary, target, folder):
    """The binary with its papers; the same bytes from the same files, whoever packs them and when."""
    if target not in TARGETS:
        fail(f"{target} is none of {', '.join(TARGETS)}")
    folder.mkdir(parents=True, exist_ok=True)
    contents = io.BytesIO()
    with tarfile.open(fileobj=contents, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        program = "kaslint.exe" if "windows" in target else "kaslint"
        for name, path, mode in [(program, binary, 0o755), *((name, ROOT / name, 0o644) for name in BESIDE)]:
            entry = tarfile.TarInfo(f"kaslint-{target}/{name}")
            entry.size, entry.mode = path.stat().st_size, mode
            with path.open("rb") as file:
                tar.addfile(entry, file)
    with (folder / archive(target)).open("wb") as file, gzip.GzipFile("", "wb", 9, file, mtime=0) as packed:
        packed.write(contents.getvalue())
    print(folder / archive(target))


def pin(folder, project):
    """Says in the action and in the component which archives they may run."""
    missing = [archive(target) for target in TARGETS if not (folder / archive(target)).is_file()]
    if missing:
        fail(f"not in {folder}: {', '.join(missing)}; `release.py pack` makes them")
    if not re.fullmatch(r"[0-9A-Za-z_./-]*", project):
        fail(f"{project!r} can be no project's full path")
    hashes = {target: sha256(folder / archive(target)) for target in TARGETS}
    comments = [line for line in PINS.read_text().splitlines() if line.startswith("#")]
    lines = [*comments, f"version {version()}", *(f"{hashes[target]}  {archive(target)}" for target in TARGETS)]
    PINS.write_text("\n".join(lines) + "\n")

    component = COMPONENT.read_text()
    values = {"version": version(), "project": project, **{name: hashes[target] for target, name in TARGETS.items() if name}}
    for name, value in values.items():
        component, count = re.subn(rf"^( *pinned_{name}=)'.*'$", rf"\g<1>'{value}'", component, flags=re.M)
        if count != 1:
            fail(f"{COMPONENT} has {count} lines for pinned_{name}, not one")
    COMPONENT.write_text(component)

    sums = folder / "SHA256SUMS"
    files = sorted(path for path in folder.iterdir() if path.is_file() and path != sums)
    sums.write_text("".join(f"{sha256(path)}  {path.name}\n" for path in files))
    print(f"{PINS}, {COMPONENT} and {sums} are those of {version()}")


def upload(folder, api, project):
    """Puts the archives where the component looks for them, and reads them back."""
    token = os.environ.get("KASLINT_UPLOAD_TOKEN", "")
    if not token:
        fail("KASLINT_UPLOAD_TOKEN is empty: it takes a project access token with the scope `api`")
    at = f"{api.rstrip('/')}/projects/{urllib.parse.quote(project, safe='')}/packages/generic/kaslint/{version()}"
    for name in [*(archive(target) for target, pinned in TARGETS.items() if pinned), "SHA256SUMS"]:
        contents = (folder / name).read_bytes()
        headers = {"PRIVATE-TOKEN": token, "Content-Type": "application/octet-stream"}
        try:
            urllib.request.urlopen(urllib.request.Request(f"{at}/{name}", contents, headers, method="PUT"), timeout=300).close()
            request = urllib.request.Request(f"{at}/{name}")
            # Not sent on to where the server may keep its files.
            request.add_unredirected_header("PRIVATE-TOKEN", token)
            with urllib.request.urlopen(request, timeout=300) as response:
                stored = response.read()
        except (urllib.error.URLError, TimeoutError) as error:
            fail(f"{at}/{name}: {error}")
        if stored != contents:
            fail(f"{at}/{name}: what is stored there is not what was sent; take the package away and upload it again")
        print(f"{at}/{name}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("pack")
    command.add_argument("binary", type=Path)
    command.add_argument("target")
    command.add_argument("folder", type=Path)
    command.set_defaults(run=pack)
    command = commands.add_parser("pin")
    command.add_argument("folder", type=Path)
    command.add_argument("--project", default="", help="the full path of the GitLab project that holds the component")
    command.set_defaults(run=pin)
    command = commands.add_parser("upload")
    command.add_argument("folder", type=Path)
    command.add_argument("--api", required=True, help="the address of the API, as CI_API_V4_URL has it")
    command.add_argument("--project", required=True)
    command.set_defaults(run=upload)
    options = vars(parser.parse_args())
    options.pop("run")(**options)


main()
