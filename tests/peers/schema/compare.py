"""Where JSON Schemas of agent files judge otherwise than GitLab: check-jsonschema against `kaslint decode`, difference by difference.

Each difference is sorted into kinds, which docs/schemas.md describes. The kinds are not taken from kaslint's messages: the file is composed by
check-jsonschema's own parser, and each value is looked at as both sides read it. A difference that no kind explains fails, and so does a file of
which kaslint's own schema says that it is bad and GitLab takes it, if there are too many among those that check-jsonschema can read.

Runs in a virtual environment that has check-jsonschema (run.sh makes it).
"""

import argparse
import base64
import collections
import json
import re
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

from check_jsonschema import main as check_jsonschema
from click.testing import CliRunner
from ruamel.yaml import YAML
from ruamel.yaml.composer import ComposerError
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

KINDS = {
    "YAML 1.1": "a value that YAML 1.1 and YAML 1.2 read as something else",
    "syntax": "text that one parser takes and the other does not",
    "null": "a key without value, which counts as not set",
    "durations": "JSON Schema's durations are those of ISO 8601, protojson's are seconds",
    "oneof": "two members of a message that takes one",
    "missing or empty values": "values that validation asks for and the schema does not",
    "duplicate keys": "the last one counts, and the other parser refuses them",
    "later documents": "only the first document counts",
    "merge keys": "`<<`, which the two parsers apply in other orders",
    "keys": "keys that are no text, which become text",
    "numbers as text": "whole numbers in quotes, as protojson takes them",
    "ranges": "whole numbers that do not fit the field",
    "required keys": "the strict form asks for all keys without presence",
    "numbers of names": "numbers in place of the names of an enum",
}

# What validation asks for, by the path of keys; `*` is an item. Section 2.2 and following of what GitLab documents and its validators say:
# pkg/agentcfg/agentcfg.pb.validate.go of gitlab-agent.
IDS = [("ci_access", "projects", "*"), ("ci_access", "groups", "*"), ("user_access", "projects", "*"), ("user_access", "groups", "*")]
ENTRIES = [*IDS[:2], ("ci_access", "instance")]
REQUIRED = {path: ["id"] for path in IDS}
NOT_EMPTY = set()
ONE_OF = {("user_access", "access_as")}
for entry in ENTRIES:
    user = (*entry, "access_as", "impersonate")
    REQUIRED[user] = ["username"]
    REQUIRED[(*user, "extra", "*")] = ["key", "val"]
    NOT_EMPTY |= {(*entry, "environments"), (*user, "groups"), (*user, "extra", "*", "val")}
    ONE_OF.add((*entry, "access_as"))

SCALAR_TAG = "tag:yaml.org,2002:"
BOOLEANS = {word for base in ("y", "n", "yes", "no", "on", "off", "true", "false") for word in (base, base.capitalize(), base.upper())}
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
INTEGER = re.compile(r"[-+]?(0b[01]+|0o?[0-7]+|0x[0-9a-fA-F]+|[1-9][0-9]*|0)")
DURATION = re.compile(r"[-+]?(?=[0-9.])(0|[1-9][0-9]*)?(\.[0-9]{0,9})?s")
JSON_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")


def kind_1_1(text):
    """What yaml.v2 makes of a plain scalar."""
    if text in BOOLEANS:
        return "bool"
    if text in ("", "~", "null", "Null", "NULL"):
        return "null"
    digits = text.replace("_", "")
    if text[:1] != "_" and INTEGER.fullmatch(digits):
        return "int"
    if text[:1] != "_" and FLOAT.fullmatch(digits):
        return "int" if float(digits).is_integer() else "float"
    return "float" if re.fullmatch(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)", text) else "str"


def kinds(node):
    """How YAML 1.1 and YAML 1.2 read a scalar."""
    tag = node.tag.removeprefix(SCALAR_TAG) if isinstance(node.tag, str) else str(node.tag).removeprefix(SCALAR_TAG)
    new = {"int": "int", "float": "float", "bool": "bool", "null": "null", "str": "str"}.get(tag, tag)
    if new == "float" and FLOAT.fullmatch(node.value.replace("_", "")) and float(node.value.replace("_", "")).is_integer():
        new = "int"
    if node.start_mark.buffer is not None and node.start_mark.buffer[node.start_mark.pointer :].startswith("! "):
        # A tag that says "text" in YAML 1.1, and nothing in YAML 1.2.
        return "str", new
    if node.style in ("'", '"', "|", ">"):
        return ("str" if tag in ("str", "timestamp") or tag.startswith("!") else new), new
    return kind_1_1(node.value), new


class Reasons:
    """Why a schema and GitLab may judge a file differently: pairs of a kind and who refuses."""

    def __init__(self, schema):
        self.schema = schema
        self.found = set()

    def add(self, kind, *refusing):
        self.found |= {(kind, who) for who in refusing}

    def follow(self, schema):
        while "$ref" in schema:
            schema = self.schema["$defs"][schema["$ref"].removeprefix("#/$defs/")]
        return schema

    def walk(self, node, schema, path=(), depth=0):
        schema = self.follow(schema)
        if depth > 100:
            return
        if isinstance(node, ScalarNode):
            self.scalar(node, schema, path)
        elif isinstance(node, SequenceNode):
            for item in node.value:
                if path in NOT_EMPTY and isinstance(item, ScalarNode) and item.value == "":
                    self.add("missing or empty values", "gitlab")
                self.walk(item, schema.get("items", {}), (*path, "*"), depth + 1)
        elif isinstance(node, MappingNode):
            self.mapping(node, schema, path, depth)

    def mapping(self, node, schema, path, depth):
        seen = {}
        for key, value in node.value:
            if not isinstance(key, ScalarNode):
                self.add("keys", "gitlab", "schema")
                continue
            if key.value == "<<":
                self.add("merge keys", "gitlab", "schema")
                # What is merged in is read as if it stood here.
                for merged in value.value if isinstance(value, SequenceNode) else [value]:
                    self.walk(merged, schema, path, depth + 1)
                continue
            if kinds(key) != ("str", "str"):
                self.add("keys", "gitlab", "schema")
            if key.value in seen:
                self.add("duplicate keys", "schema")
            seen[key.value] = value
            inner = schema.get("properties", {}).get(key.value, schema.get("additionalProperties"))
            if isinstance(inner, dict):
                self.walk(value, inner, (*path, key.value), depth + 1)
        if any(name not in seen for name in schema.get("required", [])):
            self.add("required keys", "schema")
        is_null = lambda value: isinstance(value, ScalarNode) and kinds(value)[0] == "null"
        empty = lambda value: isinstance(value, (ScalarNode, SequenceNode)) and not value.value
        if any(name not in seen or is_null(seen[name]) or empty(seen[name]) for name in REQUIRED.get(path, [])):
            self.add("missing or empty values", "gitlab")
        if path in ONE_OF:
            members = sum(not is_null(value) for value in seen.values())
            if members > 1:
                self.add("oneof", "gitlab")
            if members == 0:
                self.add("missing or empty values", "gitlab")

    def scalar(self, node, schema, path):
        old, new = kinds(node)
        if "null" in (old, new) and path[-1:] != ("*",):
            # A list refuses it, and so does a mapping with free keys.
            self.add("null", "schema", *(["gitlab"] if old != new else []))
            return
        choices = [self.follow(choice) for choice in schema.get("anyOf", [schema])]
        types = {choice.get("type") for choice in choices}
        is_enum = any("enum" in choice for choice in choices)
        is_duration = schema.get("format") == "duration"
        if is_duration:
            takes = {"str"}
            if old == new == "str":
                self.add("durations", "schema" if DURATION.fullmatch(node.value) else "gitlab")
            if old == "str" and abs(seconds(node.value)) > 315576000000:
                self.add("durations", "gitlab")
        elif is_enum:
            takes = {"str", "int"}
            if old == "int":
                self.add("numbers of names", "schema")
        elif "integer" in types:
            takes = {"int"}
            if old == "str":
                self.number_in_quotes(node.value)
            if old == "int":
                self.add("ranges", "gitlab")
        else:
            takes = {"str"} if "string" in types else {"bool"} if "boolean" in types else {old, new}
        # As integers in quotes are taken as well, text is, in places.
        takes_text = takes | ({"str"} if takes == {"int"} else set())
        if (old in takes) != (new in takes_text) or (old in takes_text) != (new in takes):
            self.add("YAML 1.1", *(["schema"] if old in takes_text else []), *(["gitlab"] if new in takes_text else []))
        elif old != new:
            self.add("YAML 1.1", "schema", "gitlab")
        # A quoted word where a boolean or number belongs looks to kaslint's own schema as one that is not.
        if old == "str" and takes & {"bool", "int"} and kind_1_1(node.value) in ("bool", "int"):
            self.add("YAML 1.1", "gitlab")

    def number_in_quotes(self, text):
        taken = JSON_NUMBER.fullmatch(text) and float(text).is_integer() and abs(float(text)) < 2.0**64
        self.add("numbers as text", "schema" if taken else "gitlab")


def seconds(text):
    try:
        return float(text.removesuffix("s"))
    except ValueError:
        return 0.0


def is_bomb(text):
    """Whether aliases multiply what a file holds, so that check-jsonschema would not end."""
    sizes = {}

    def size(node, depth=0):
        if depth > 50 or not isinstance(node, (SequenceNode, MappingNode)):
            return 1
        if id(node) not in sizes:
            sizes[id(node)] = 1
            inner = [part for item in node.value for part in (item if isinstance(item, tuple) else (item,))]
            sizes[id(node)] = 1 + sum(size(part, depth + 1) for part in inner)
        return sizes[id(node)]

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return size(YAML(typ="safe", pure=True).compose(text)) > 100_000
    except (YAMLError, ValueError, RecursionError, AttributeError):
        return False


def reasons(text, schema):
    """The reasons by which a file may be judged differently, with whether its text can be composed."""
    found = Reasons(schema)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            node = YAML(typ="safe", pure=True).compose(text)
    except ComposerError as error:
        kind = "later documents" if "single document" in str(error) else "syntax"
        return {(kind, "schema")}
    except (YAMLError, ValueError, RecursionError, AttributeError):
        return {("syntax", "schema")}
    if node is None:
        return {("null", "schema")}
    found.walk(node, schema)
    return found.found


def judged_by_schema(paths, schema):
    """Whether check-jsonschema takes each file, and whether it could read it."""
    arguments = ["--schemafile", str(schema), "--output-format", "json", "--default-filetype", "yaml", *map(str, paths)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run = CliRunner().invoke(check_jsonschema, arguments)
    try:
        report = json.loads(run.stdout)
    except ValueError:
        # It falls over some texts, and tells nothing of the others then.
        if len(paths) == 1:
            return [(False, False)]
        half = len(paths) // 2
        return judged_by_schema(paths[:half], schema) + judged_by_schema(paths[half:], schema)
    unread = {error["filename"] for error in report.get("parse_errors", [])}
    refused = {error["filename"] for error in report.get("errors", [])} | unread
    return [(str(path) not in refused, str(path) not in unread) for path in paths]


def in_batches(paths, schema):
    for start in range(0, len(paths), 64):
        yield from judged_by_schema(paths[start : start + 64], schema)


def judged_by_kaslint(kaslint, paths, options):
    verdicts = []
    for start in range(0, len(paths), 500):
        batch = [str(path) for path in paths[start : start + 500]]
        run = subprocess.run([kaslint, "decode", "--isolated", "--format", "json", *options, *batch], capture_output=True, text=True)
        verdicts += [json.loads(line) for line in run.stdout.splitlines()]
    assert len(verdicts) == len(paths), "one verdict a file"
    return verdicts


def compare(title, paths, schema, published, verdicts):
    """Prints how many files a schema judges otherwise than GitLab, by kind; gives the part of false alarms and what no kind explains.

    Files that check-jsonschema cannot read as YAML are no matter of a schema, and count for neither.
    """
    by_kind, alarms, missed, unread, unread_alarms, unexplained = collections.Counter(), 0, 0, 0, 0, []
    for path, (taken, was_read), verdict in zip(paths, in_batches(paths, schema), verdicts, strict=True):
        unread += not was_read
        if taken == verdict["accepted"]:
            continue
        who = "schema" if verdict["accepted"] else "gitlab"
        alarms, missed = alarms + (who == "schema" and was_read), missed + (who == "gitlab")
        unread_alarms += who == "schema" and not was_read
        if who == "gitlab" and verdict["stage"] in ("yaml", "size"):
            found = {"syntax"}
        else:
            found = {kind for kind, refusing in reasons(path.read_bytes(), published) if refusing == who}
            if who == "schema" and not was_read:
                found = found & {"duplicate keys", "later documents", "syntax"} or {"syntax"}
        for kind in found:
            by_kind[kind] += 1
        if not found:
            unexplained.append(f"{path}: {'refused by the schema' if who == 'schema' else 'refused by GitLab'}: {verdict['error']}")
    alike = len(paths) - alarms - unread_alarms - missed
    print(f"{title}: of {len(paths)} files {alike} judged alike, {alarms + unread_alarms} false alarms ({unread_alarms} of them no YAML to it), {missed} missed")
    for kind, count in by_kind.most_common():
        print(f"  {count:5}  {kind}")
    return alarms / max(1, len(paths) - unread), unexplained


def recorded(cases, folder):
    """The recorded cases as files."""
    for number, line in enumerate(cases.read_text().splitlines()):
        case = json.loads(line)
        text = case["yaml"].encode() if case.get("yaml") is not None else base64.b64decode(case["yaml_base64"])
        name = re.sub(r"[^A-Za-z0-9-]", "_", case["name"])
        path = folder / f"{number:04}-{name}.yaml"
        path.write_bytes(text)
        yield path


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kaslint")
    parser.add_argument("--schema", type=Path, required=True, help="a published schema, plain or strict")
    parser.add_argument("--cases", type=Path, help="recorded cases, one JSON object a line")
    parser.add_argument("--first", type=int, help="of the cases, only so many")
    parser.add_argument("--files", type=Path, help="a folder of files")
    parser.add_argument("--most-alarms", type=float, default=0.03, help="how many false alarms kaslint's own schema may give, as a part of all files")
    given = parser.parse_args()
    failed = False
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "cases"
        folder.mkdir()
        paths = list(recorded(given.cases, folder))[: given.first] if given.cases else []
        paths += sorted(given.files.glob("*.yaml")) if given.files else []
        bombs = [path for path in paths if is_bomb(path.read_bytes())]
        if bombs:
            print(f"not tried, since aliases multiply what they hold: {', '.join(path.name for path in bombs)}")
        paths = [path for path in paths if path not in bombs]
        published = json.loads(given.schema.read_text())
        options = ["--agent-schema", str(given.schema)]
        own = Path(scratch) / "own.json"
        own.write_text(subprocess.run([given.kaslint, "schema", "agent-config", *options], capture_output=True, text=True, check=True).stdout)
        verdicts = judged_by_kaslint(given.kaslint, paths, options)
        for title, schema in ((given.schema.name, given.schema), ("kaslint's own schema", own)):
            alarms, unexplained = compare(title, paths, schema, published, verdicts)
            for line in unexplained:
                print(f"  no kind: {line}", file=sys.stderr)
            failed |= bool(unexplained)
            if schema == own and alarms > given.most_alarms:
                print(f"  more than {given.most_alarms:.0%} of the files that it can read are false alarms", file=sys.stderr)
                failed = True
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
