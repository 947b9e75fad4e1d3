"""worlds.py COUNT DIR [SEED]: made-up worlds, each a folder `w000`, `w001` … with an inventory and agents, for the tables of `access --format parquet`.

They cycle through releases of the old matcher, of the new one, and those that may have either; licences and the instance setting are known or not; patterns are
plain, clever, broken, Ruby's own; some files are refused, some agents not registered, some worlds are empty. Each world is also there as it was a week before, in
`before/`, with an entry fewer."""

import json
import pathlib
import random
import sys

RELEASES = ["18.4", "19.2", "19.6", "18.9", "15.11.13", "19.5", "17.3", "16.11", "18.4.2", "19.5.1", "15.4", "14.4"]
PATTERNS = [
    "production", "prod*", "*", "**", "review/*", "*/eu", "pro*ion", "pre.d*", "p.od*", "staging", "review/*/eu", "-*", "a b*",
    "(prod|stag)*", "^prod*", "prod$*", "[a-p]rod*", "[^x]*", "prod+*", "p?rod*", "(a*)+b", "((p*)?)+x", r"\d*", r"\w+*", r"\h*", "(?i)prod*", "a{2}*", "{x*",
    "(*", "[*", ")*", "+*", "*\\", "prod\u00e9*", "\u2028*", "a*b*c*d*e*f*g*h*i*j*k", "glpat-abcdefghij0123456789*",
    "$*", "#*", "pr&od*", "~*", "eu/*.prod", "PROD*", "production*",
]
ENVIRONMENTS = [
    "production", "prod", "preprod", "staging", "review/1", "review/main/eu", "eu/production", "a.prod", "p\u00e9", "aab", "prod\u00e9", "x\u2028y", "Production",
    "review/a b", "eu/a.prod", "{x}", "production-eu", "glpat-abcdefghij0123456789", "a&b#c~d", "live",
]
JOBS = """deploy:
  environment: {name: %s}
  script:
    - kubectl config use-context %s
    - kubectl apply -f .
"""


def quoted(value):
    return json.dumps(value)


def world(number, chance):
    """The inventory and the agents' files of a world."""
    release = RELEASES[number % len(RELEASES)]
    known = [f"version: {quoted(release)}"]
    tier = chance.choice(["free", "premium", "ultimate", None])
    setting = chance.choice(["true", "false", None])
    known += [f"tier: {tier}"] if tier else []
    known += [f"instance_authorization: {setting}"] if setting else []
    known += [f"url: https://w{number:03}.example"] if number % 7 else []
    groups, users = [], []
    if number % 25:
        groups = ["acme", "other", "Acme/Web".lower()] + [f"acme/g{i}" for i in range(chance.randrange(4))]
        groups += [f"{chance.choice(groups)}/deep{i}" for i in range(chance.randrange(4))]
        users = ["sam"] if chance.random() < 0.5 else []
    projects = [f"{chance.choice(groups + users)}/{'P' if chance.random() < .2 else 'p'}{i}" for i in range(chance.randrange(3, 12))] if groups else []
    homes = {path: [f"agent-{i}" for i in range(chance.randrange(1, 4))] for path in chance.sample(projects, min(3, len(projects)))}
    lines = ["gitlab: {" + ", ".join(known) + "}"]
    if groups:
        lines += ["groups:"] + [f"  - path: {path}" for path in groups]
    if users:
        lines.append(f"users: [{', '.join(users)}]")
    lines += ["projects:"] if projects else []
    for path in projects:
        lines.append(f"  - path: {path}")
        if chance.random() < 0.9:
            names = chance.sample(ENVIRONMENTS, chance.randrange(0, 7))
            items = [f"{{name: {quoted(name)}, tier: production}}" if chance.random() < .2 else quoted(name) for name in names]
            lines.append(f"    environments: [{', '.join(items)}]")
        if chance.random() < 0.7:
            lines.append("    protected_branches: [main, release/*]")
        if path in homes and chance.random() < 0.7:
            lines.append(f"    agents: [{', '.join(homes[path][:2])}]")
    files = {}
    for path, agents in homes.items():
        for agent in agents:
            files[f"projects/{path}/.gitlab/agents/{agent}/config.yaml"] = config(chance, projects, groups, users)
    for path in chance.sample(projects, min(2, len(projects))):
        context = chance.choice([f"{home}:{name}" for home, names in homes.items() for name in names])
        name = quoted(chance.choice(["production", "staging", "review/$CI_COMMIT_REF_SLUG", "canary"]))
        files[f"projects/{path}/.gitlab-ci.yml"] = JOBS % (name, quoted(context))
    return "\n".join(lines) + "\n", files


def config(chance, projects, groups, users):
    """An agent's file, as a list of lines; entries begin with a dash."""
    if chance.random() < 0.03:
        return ["ci_access: [no, map]"]
    lines = ["ci_access:"]
    for key, paths in (("projects", projects), ("groups", groups + users)):
        if not paths or chance.random() < 0.3:
            continue
        lines.append(f"  {key}:")
        for _ in range(chance.randrange(1, 5)):
            path = chance.choice(paths) if chance.random() < 0.9 else chance.choice(projects + groups + ["acme/gone"])
            lines.append(f"    - id: {path.upper() if chance.random() < .1 else path}")
            lines += ["      " + line for line in terms(chance)]
    if chance.random() < 0.25:
        body = terms(chance)
        lines += ["  instance:"] + ["    " + line for line in body] if body else ["  instance: {}"]
    if lines == ["ci_access:"]:
        lines = ["ci_access: {}"]
    if chance.random() < 0.4 and groups:
        access = chance.choice(["agent", "user"])
        lines += ["user_access:", f"  access_as: {{{access}: {{}}}}", f"  groups: [{{id: {chance.choice(groups)}}}]", f"  projects: [{{id: {chance.choice(projects)}}}]"]
    return lines


def terms(chance):
    lines = []
    if chance.random() < 0.6:
        # What Ruby refuses fails the requests of all agents, so that it shall be rare.
        patterns = chance.sample(PATTERNS, chance.choice([1, 1, 1, 2, 3, 12]))
        if chance.random() < 0.7:
            patterns = [pattern for pattern in patterns if pattern not in ("(*", "[*", ")*", "+*", "*\\")]
        lines.append(f"environments: {json.dumps(patterns)}")
    if chance.random() < 0.25:
        lines.append("protected_branches_only: true")
    if chance.random() < 0.35:
        lines.append("access_as: " + chance.choice(["{ci_job: {}}", "{agent: {}}", "{impersonate: {username: deployer, groups: [a, b]}}"]))
    return lines


def without_last_entry(lines):
    starts = [at for at, line in enumerate(lines) if line.startswith("    - id:")]
    if len(starts) < 2:
        return lines
    end = starts[-1] + 1
    while end < len(lines) and lines[end].startswith("      "):
        end += 1
    is_alone = lines[starts[-1] - 1].endswith("s:") and not lines[starts[-1] - 1].startswith("   ")
    return lines if is_alone else lines[:starts[-1]] + lines[end:]


def main():
    if len(sys.argv) not in (3, 4):
        raise SystemExit(__doc__)
    count, folder, seed = int(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3] if len(sys.argv) == 4 else "1"
    for number in range(count):
        inventory, files = world(number, random.Random(f"{seed}-{number}"))
        for at, is_before in ((folder / f"w{number:03}", False), (folder / "before" / f"w{number:03}", True)):
            at.mkdir(parents=True)
            (at / "inventory.yaml").write_text(inventory)
            for path, text in files.items():
                if isinstance(text, list):
                    text = "\n".join(without_last_entry(text) if is_before else text) + "\n"
                (at / path).parent.mkdir(parents=True, exist_ok=True)
                (at / path).write_text(text)


if __name__ == "__main__":
    main()
