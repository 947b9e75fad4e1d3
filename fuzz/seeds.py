#!/usr/bin/env python3
"""Gathers what fuzzing starts from: fuzz/seeds/TARGET/ and fuzz/seeds/TARGET.dict, from fixtures, rules' examples and dictionaries.

A target that takes several files gets them behind lines of the form `-- path --`; fuzz/src/archive.rs reads that.
"""

import base64
import hashlib
import json
import pathlib
import random
import re
import shutil

TOP = pathlib.Path(__file__).resolve().parent.parent
FIXTURES = TOP / "fixtures"
SEEDS = TOP / "fuzz/seeds"
AGENT = ".gitlab/agents/prod/config.yaml"
CI = ".gitlab-ci.yml"
# What is larger is tried more rarely than it is worth.
LARGEST = 8 << 10

# The dictionaries of a target.
DICTIONARIES = {
    "agent_file": ["yaml", "agent"],
    "ci_file": ["yaml", "ci", "agent", "inventory"],
    "environment_patterns": ["patterns"],
    "environment_template": ["yaml", "template"],
    "fix_then_decode": ["yaml", "agent"],
    "ignore_comments": ["yaml", "agent", "rules"],
    "inventory": ["yaml", "inventory"],
    "lsp_session": ["yaml", "agent", "ci", "rules"],
    "reports": ["yaml", "agent", "ci", "inventory", "hostile"],
    "settings": ["yaml", "settings", "rules"],
}

# What steers terminals, logs and CI systems, in the place of a letter.
HOSTILE = ["\x1b[31m", "\r", "\n::error::", "\u202e", "##[add-mask]", "section_start:0:x\r\x1b[0K", "\u2028", "\x85", "\x9b", "\u2066"]


def text_of(path):
    data = path.read_bytes()
    return data.decode("utf-8", "replace") if len(data) <= LARGEST else None


def archive(files):
    return "".join(f"-- {path} --\n{text.rstrip(chr(10))}\n" for path, text in files)


def repositories():
    """Each repository among the fixtures as one text, and each rule's example."""
    roots = {path.parent for name in ("inventory.yaml", ".kaslint.yaml") for path in FIXTURES.rglob(name)}
    for path in FIXTURES.rglob(CI):
        if not any(root in path.parents for root in roots):
            roots.add(path.parent)
    for root in sorted(roots):
        paths = sorted(path for path in root.rglob("*") if path.is_file() and path.suffix in (".yaml", ".yml", ".json"))
        files = [(path.relative_to(root).as_posix(), text_of(path)) for path in paths]
        files = [(path, text) for path, text in files if text is not None]
        if any(path == "inventory.yaml" for path, _ in files):
            files.append(("options", "inventory=inventory.yaml"))
        yield archive(files)
    for rule, blocks in examples():
        files, options = [], []
        for words, text in blocks:
            project = words.get("project") or words.get("of")
            folder = f"projects/{project}/" if project and any(kind == "inventory" for kind, _ in map(kind_of, blocks)) else ""
            kind = words["kind"]
            if kind == "inventory":
                files.append(("inventory.yaml", text))
                options.append("inventory=inventory.yaml")
            elif kind == "ci":
                files.append((folder + CI, text))
            else:
                files.append((folder + words.get("path", AGENT), text))
            if project and not folder:
                options.append(f"project={project}")
            if "tier" in words:
                options.append(f"tier={words['tier']}")
            if "gitlab-version" in words:
                options.append(f"version={words['gitlab-version']}")
        yield archive(files + [("options", " ".join(options))])


def kind_of(block):
    return block[0]["kind"], block[1]


def examples():
    """The blocks under each rule's Bad and Good, with the words on the line that opens them."""
    page = (TOP / "docs/rules.md").read_text()
    for section in page.split("\n### ")[1:]:
        rule = section.split("\n", 1)[0]
        for part in section.split("\n#### ")[1:]:
            blocks = []
            for words, text in re.findall(r"```yaml([^\n]*)\n(.*?)```", part, re.S):
                options = dict(word.split("=", 1) for word in words.split() if "=" in word)
                options["kind"] = next((word for word in words.split() if "=" not in word), "agent")
                blocks.append((options, text))
            if blocks:
                yield rule, blocks


def cases():
    for name in ("cases.jsonl", "libraries.jsonl", "parser.jsonl"):
        for line in (FIXTURES / "decode" / name).read_text().split("\n")[:-1]:
            case = json.loads(line)
            yield case["yaml"].encode() if "yaml" in case else base64.b64decode(case["yaml_base64"])


def files(pattern):
    for path in sorted(FIXTURES.rglob(pattern)):
        text = text_of(path)
        if text is not None:
            yield text


def templates():
    yield from files("environment_templates/default.yaml")
    for _, blocks in examples():
        yield from (text for words, text in blocks if "environment_templates" in words.get("path", ""))


def agents():
    yield from files(".gitlab/agents/*/config.yaml")
    for _, blocks in examples():
        yield from (text for words, text in blocks if words["kind"] == "agent")


def with_comments():
    """Examples in which a comment accepts what the rule says, behind each line and above it."""
    for rule, blocks in examples():
        for words, text in blocks:
            comment = f"# kaslint: ignore[{rule}] known"
            lines = text.split("\n")[:-1]
            first = f"-- {CI} --\n" if words["kind"] == "ci" else ""
            yield first + "\n".join(f"{line}  {comment}" for line in lines) + "\n"
            yield first + "\n".join(f"{comment}\n{line}" for line in lines) + "\n"


def hostile(dice):
    for text in repositories():
        letters = [at for at, letter in enumerate(text) if letter.isalpha()]
        for at in sorted(dice.sample(letters, min(8, len(letters))), reverse=True):
            text = text[:at] + dice.choice(HOSTILE) + text[at + 1 :]
        yield text


def gathered():
    dice = random.Random(1)
    repositories_ = list(repositories())
    agents_ = list(agents())
    decoded = list(cases())
    patterns = (FIXTURES / "environment_patterns.tsv").read_text().split("\n")[:-1]
    sessions = [f"{text}-- session --\n" + "".join(chr(dice.randrange(128)) for _ in range(120)) for text in repositories_]
    return {
        "agent_file": agents_ + decoded,
        "ci_file": repositories_,
        "environment_patterns": ["\n".join(line.split("\t")[1:3]) for line in patterns[:1000]],
        "environment_template": list(templates()) + decoded[::8],
        "fix_then_decode": agents_ + decoded[::4] + repositories_,
        "ignore_comments": list(with_comments()),
        "inventory": list(files("inventory.yaml")) + [text for _, blocks in examples() for words, text in blocks if words["kind"] == "inventory"],
        "lsp_session": sessions,
        "reports": repositories_ + list(hostile(dice)),
        "settings": list(files(".kaslint.yaml")) + [
            "project: acme/agents\ninventory: inventory.yaml\nschemas: [schema.json]\n"
            "gitlab: {version: '17.0', tier: premium, instance_authorization: true, max_configuration_file_size: 9000}\n",
            "rules: {unknown-key: off, duplicate-id: error}\nignore:\n"
            "  - {rule: unknown-key, path: '.gitlab/**/{a,prod}/config.yaml', at: foo, reason: known}\n",
            "policy:\n  - {name: x, agents: [acme/*], require: {protected: true}}\n",
        ],
    }


def main():
    shutil.rmtree(SEEDS, ignore_errors=True)
    for target, texts in gathered().items():
        folder = SEEDS / target
        folder.mkdir(parents=True)
        for text in texts:
            data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")
            if len(data) <= 2 * LARGEST:
                (folder / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)
        words = [(TOP / f"fuzz/dictionaries/{name}.dict").read_text() for name in DICTIONARIES[target]]
        (SEEDS / f"{target}.dict").write_text("".join(words))


main()
