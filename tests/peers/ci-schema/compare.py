"""GitLab's published JSON Schema of CI files, which check-jsonschema brings along, as a judge of what `invalid-ci-file` tells.

A CI fixture of which kaslint tells nothing must be one that the schema takes; and where kaslint tells of a key, a type or a value, the schema must
refuse that part of the file, a job or another entry of its top level. Each difference stands in differences.tsv with its reason; one that does
not fails, and so does one that is there and is none any more. What a schema cannot know (stages, includes, jobs that others name) is not asked.
"""

import argparse
import collections
import csv
import json
import re
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

from check_jsonschema import main as check_jsonschema
from click.testing import CliRunner

HERE = Path(__file__).parent
ROOT = HERE.parents[2]

# Why the two differ.
REASONS = {
    "open": "the schema does not say that a map takes no other keys",
    "companions": "the schema does not say which keys stand beside which",
    "parts": "the schema looks at each part as it is written: not at what it comes to by `include`, `extends` and `!reference`, and not at hidden jobs",
    "when": "the schema has one list of values of `when` for jobs and for rules",
    "length": "the schema does not say how long a text may be",
    "null": "a key without value counts as not written",
    "yaml": "check-jsonschema reads YAML 1.2, of one document without repeated anchors; `on` and null are something else in YAML 1.1",
}

# What a schema can know, by kaslint's messages.
OF_KEYS_AND_TYPES = re.compile(
    r"`.*` (is no key of|cannot be|must be|must not be empty|must have|must not stand beside|needs) |"
    r"`.*` is no text, |`.*` is a keyword and |A job that starts a pipeline must not have"
)
TOP_LEVEL_KEY = re.compile(r"""^(?!#|\s|-{3}|\.{3}|%)("[^"]*"|'[^']*'|[^:\s][^:]*):(?=\s|$)""")


def fixtures():
    """The CI files of the project's fixtures."""
    listed = subprocess.run(["git", "ls-files", "-z", "--", "fixtures", "tests/peers"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [Path(path) for path in listed.stdout.split("\0") if path.endswith(".gitlab-ci.yml")]


def told_by_kaslint(kaslint, path):
    """What kaslint tells of a file: pairs of a line and a message."""
    arguments = [kaslint, "check", "--isolated", "--project", "acme/web/shop", "--fail-on", "never", "--format", "json"]
    run = subprocess.run(arguments, cwd=ROOT / path.parent, capture_output=True, text=True, check=True)
    findings = [finding for finding in json.loads(run.stdout)["findings"] if finding["rule"] == "invalid-ci-file"]
    return [(finding["range"]["start"]["line"], finding["message"]) for finding in findings]


def entries(text):
    """The entries of the top level: name, first line, line behind the last, text."""
    lines = text.splitlines(keepends=True)
    starts = [(number, match[1].strip("\"'")) for number, line in enumerate(lines) if (match := TOP_LEVEL_KEY.match(line))]
    for (start, name), (end, _) in zip(starts, [*starts[1:], (len(lines), "")]):
        yield name, start + 1, end + 1, "".join(lines[start:end])


def judged_by_schema(paths):
    """What the schema says of each file: its complaints, none where it takes the file."""
    arguments = ["--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci", "--output-format", "json", *map(str, paths)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run = CliRunner().invoke(check_jsonschema, arguments)
    report = json.loads(run.stdout)
    complaints = collections.defaultdict(list)
    for error in report.get("parse_errors", []):
        complaints[error["filename"]].append("no YAML")
    for error in report.get("errors", []):
        best = error.get("best_deep_match") or error.get("best_match") or error
        complaints[error["filename"]].append(f"{best['path']}: {best['message']}")
    return [complaints[str(path)] for path in paths]


def differences(kaslint, folder):
    """Each difference as file, entry (none for the whole file) and who refuses it, with what is said; and how much was compared."""
    files = fixtures()
    whole, parts = [], []
    for path in files:
        text = (ROOT / path).read_text()
        told = told_by_kaslint(kaslint, path)
        whole.append((path, told))
        of_schema = [(line, message) for line, message in told if OF_KEYS_AND_TYPES.match(message)]
        for number, (name, start, end, part) in enumerate(entries(text)):
            messages = [message for line, message in of_schema if start <= line < end]
            if messages:
                file = folder / f"{len(parts)}-{number}.yml"
                file.write_text(part)
                parts.append((path, name, messages, file))
    verdicts = judged_by_schema([ROOT / path for path, _ in whole])
    found = {}
    for (path, told), complaints in zip(whole, verdicts, strict=True):
        if complaints and not told:
            found[(str(path), "", "schema")] = "; ".join(complaints)
    for (path, name, messages, _), complaints in zip(parts, judged_by_schema([file for *_, file in parts]), strict=True):
        if not complaints:
            found[(str(path), name, "kaslint")] = "; ".join(messages)
    return found, len(files), len(parts)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kaslint", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found, files, parts = differences(given.kaslint.resolve(), Path(folder))
    with (HERE / "differences.tsv").open(newline="") as lines:
        explained = {tuple(row[:3]): row[3] for row in csv.reader(lines, delimiter="\t") if row and not row[0].startswith("#")}
    assert set(explained.values()) <= set(REASONS), set(explained.values()) - set(REASONS)
    unexplained = [f"not explained: {chr(9).join(row)}: {what}" for row, what in found.items() if row not in explained]
    stale = ["explained, and no difference: " + "\t".join(row) for row in explained if row not in found]
    for line in unexplained + stale:
        print(line, file=sys.stderr)
    print(f"{files} files; {parts} jobs and other entries of which kaslint tells a key, a type or a value; {len(found)} differences")
    for reason, count in collections.Counter(explained.values()).most_common():
        print(f"  {count:5}  {REASONS[reason]}")
    sys.exit(1 if unexplained or stale else 0)


if __name__ == "__main__":
    main()
