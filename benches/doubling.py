#!/usr/bin/env python3
"""How the cost of kaslint grows with a hostile input: CPU time, memory and output at doubling sizes.

    doubling.py [KIND…] [--kaslint PROGRAM] [--sizes 6] [--limit SECONDS]

Names what grows by more than 2.2 at the last doubling, once it takes a tenth of a second at all. Without KIND, all kinds are tried.
"""
import argparse
import os
import pathlib
import subprocess
import tempfile
import time

AGENT, CI, SETTINGS, INVENTORY = ".gitlab/agents/prod/config.yaml", ".gitlab-ci.yml", ".kaslint.yaml", "inventory.yaml"
LARGE = {SETTINGS: "project: a/b\ngitlab: {max_configuration_file_size: 100000000, tier: premium}\n"}
KINDS = {}


def kind(first, *arguments):
    """Registers a maker of files, with its first size and the arguments in place of `check`."""
    def register(make):
        KINDS[make.__name__] = (make, first, arguments or ("check",))
        return make
    return register


def lines(count, line):
    return "".join(line.format(i=i, j=i - 1) for i in range(count))


def entries(text):
    return {AGENT: "ci_access:\n  projects:\n" + text, **LARGE}


def jobs(text, patterns="[a]"):
    return {CI: text, AGENT: f"ci_access: {{projects: [{{id: a/b, environments: {patterns}}}]}}\n", **LARGE}


USE = "kubectl config use-context a/b:prod"


# Agents' files.
@kind(250)
def entries_plain(n): return entries(lines(n, "    - {{id: a/p{i}, environments: [x]}}\n"))
@kind(250)
def entries_alike(n): return entries("    - id: a/p\n" * n)
@kind(250)
def entries_nested_groups(n): return {AGENT: "ci_access:\n  groups:\n" + lines(n, "    - id: g" + "/g{i}" * 8 + "\n"), **LARGE}
@kind(250)
def patterns_of_one_entry(n): return entries("    - id: a/p\n      environments:\n" + lines(n, "        - e{i}/*\n"))
@kind(250)
def patterns_alike(n): return entries("    - id: a/p\n      environments: [" + "p*, " * n + "]\n")
@kind(250)
def patterns_ruby(n): return entries("    - id: a/p\n      environments:\n" + lines(n, "        - '(a|b{i})*x.{{1,9}}'\n"))
@kind(250)
def pattern_long(n): return entries("    - id: a/p\n      environments: ['" + "a*" * n + "']\n")
@kind(250)
def keys_twice(n): return entries("    - id: a/p\n" + "gitops: {}\n" * n)
@kind(250)
def keys_unknown(n): return entries("    - id: a/p\n" + lines(n, "key_{i}: 1\n"))
@kind(250)
def keys_unknown_in_entries(n): return entries(lines(n, "    - {{id: a/p{i}, enviroments: [p]}}\n"))
@kind(500)
def ids_in_one_line(n): return {AGENT: "ci_access: {projects: [" + "{id: a/}," * n + "]}\n", **LARGE}
@kind(500)
def brackets(n): return {AGENT: "ci_access: " + "[" * n + "]" * n + "\n", **LARGE}
@kind(250)
def aliases(n): return entries("    - &a {id: a/p, environments: [p]}\n" + lines(n, "    - {{<<: *a, id: a/p{i}}}\n"))
@kind(250)
def merges(n): return {AGENT: "x: &x {a: 1}\n" + lines(n, "y{i}: &y{i} {{<<: [*x, *x]}}\n"), **LARGE}
@kind(500)
def comments_that_ignore(n): return entries(lines(n, "    - {{id: a/p{i}/}} # kaslint: ignore[malformed-id] x\n"))
@kind(500)
def comments_that_ignore_nothing(n): return entries(lines(n, "    - {{id: a/p{i}}} # kaslint: ignore[malformed-id] x\n"))
@kind(500)
def comments_above(n): return entries("    # kaslint: ignore[malformed-id] x\n" * n + "    - {id: a/}\n")
@kind(250)
def extra_keys(n): return entries("    - id: a/p\n      access_as: {impersonate: {username: x, extra: [" + lines(n, "{{key: k{i}, val: [v]}}, ") + "]}}\n")
@kind(100)
def agents(n): return {f".gitlab/agents/a{i}/config.yaml": "ci_access: {projects: [{id: a/p}]}\n" for i in range(n)} | LARGE
@kind(100)
def agents_badly_named(n): return {f".gitlab/agents/A_{i}/config.yaml": "ci_access: {projects: [{id: a/p}]}\n" for i in range(n)} | LARGE
@kind(50)
def projects(n): return {f"p{i}/{AGENT}": "ci_access: {projects: [{id: a/p}]}\n" for i in range(n)}
@kind(50)
def projects_and_ignores(n):
    ignores = "ignore:\n" + lines(n, "  - {{rule: malformed-id, at: 'ci_access.projects[a{i}/]', path: 'p{i}/*/*/*/*', reason: x}}\n")
    return {f"p{i}/{AGENT}": f"ci_access: {{projects: [{{id: a{i}/}}]}}\n" for i in range(n)} | {SETTINGS: ignores}


# Settings and fixes.
@kind(250)
def ignores(n):
    text = lines(n, "  - {{rule: malformed-id, at: 'ci_access.projects[a/p{i}/]', reason: x}}\n")
    return entries(lines(n, "    - id: a/p{i}/\n")) | {SETTINGS: LARGE[SETTINGS] + "ignore:\n" + text}
@kind(50)
def ignores_by_path(n):
    text = lines(n, "  - {{rule: malformed-id, path: '.gitlab/agents/a{i}/*', reason: x}}\n")
    return {f".gitlab/agents/a{i}/config.yaml": "ci_access: {projects: [{id: a/}]}\n" for i in range(n)} | {SETTINGS: "ignore:\n" + text}
@kind(250)
def settings_wrong(n): return {SETTINGS: "rules:\n" + lines(n, "  no-rule-{i}: error\n")}
@kind(250, "check", "--diff")
def fixes(n): return entries(lines(n, "    - {{id: a/p{i}, environments: [on]}}\n"))
@kind(250, "check", "--diff")
def fixes_past_the_limit(n):
    text = "ci_access: {projects: [{id: a/p, environments: [" + "on, " * n + "]}]}\n"
    return {AGENT: text + "#" + "-" * max(0, 131000 - len(text)) + "\n"}
@kind(50, "check", "--diff")
def fixes_of_agents(n): return {f".gitlab/agents/a{i}/config.yaml": "ci_access: {projects: [{id: a/p, environments: [on]}]}\n" for i in range(n)}
@kind(50, "check", "--diff")
def fixes_of_contexts(n): return jobs(lines(n, "j{i}: {{script: ['kubectl config use-context A/b:prod']}}\n"))


# CI files.
@kind(100)
def jobs_plain(n): return jobs(lines(n, "j{i}: {{script: ['%s'], environment: e{i}}}\n" % USE))
@kind(100)
def jobs_and_patterns(n): return jobs(lines(n, "j{i}: {{script: ['%s'], environment: f{i}/a}}\n" % USE), "[" + lines(3 * n, "e{i}/*x, ") + "]")
@kind(100)
def jobs_and_patterns_in_part(n): return jobs(lines(n, "j{i}: {{script: ['%s'], environment: f{i}/$X}}\n" % USE), "[" + lines(3 * n, "e{i}/*x, ") + "]")
@kind(100)
def jobs_and_agents(n):
    files = {f".gitlab/agents/a{i}/config.yaml": "ci_access: {projects: [{id: a/b}]}\n" for i in range(n)}
    return files | jobs(lines(n, "j{i}: {{script: ['kubectl config use-context a/b:a{i}']}}\n"))
@kind(100)
def jobs_and_wrong_agents(n):
    files = {f".gitlab/agents/a{i}/config.yaml": "ci_access: {projects: [{id: a/b}]}\n" for i in range(n)}
    return files | jobs(lines(n, "j{i}: {{script: ['kubectl config use-context a/b:ab{i}', 'kubectl config use-context a{i}']}}\n"))
@kind(25)
def matrices(n): return jobs(lines(n, "j{i}: {{parallel: {{matrix: [{{A: [" + ", ".join(f"v{k}" for k in range(200)) + "]}}]}}, script: ['kubectl config use-context a/b:$A'], environment: $A}}\n"))
@kind(25)
def matrices_of_a_template(n): return jobs(".t: {parallel: {matrix: [{A: [" + ", ".join(f"v{k}" for k in range(200)) + "]}]}, script: ['kubectl config use-context a/b:$A'], environment: $A}\n" + lines(n, "j{i}: {{extends: .t}}\n"))
@kind(25)
def matrices_with_rules(n): return jobs(lines(n, "j{i}: {{parallel: {{matrix: [{{A: [" + ", ".join(f"v{k}" for k in range(100)) + "]}}]}}, rules: [" + ", ".join(f"{{{{if: $A == \"v{k}\", variables: {{{{B: b{k}}}}}}}}}" for k in range(8)) + "], script: ['kubectl --context a/b:$A$B get pods'], environment: $A$B}}\n"))
@kind(250)
def matrix_too_large(n): return jobs("j: {parallel: {matrix: [{A: [" + lines(n, "v{i}, ") + "], B: [" + lines(n, "v{i}, ") + "]}]}, script: [x]}\n")
@kind(100)
def variables_in_a_chain(n): return jobs("j:\n  script: ['%s']\n  environment: $V%d\n  variables:\n    V0: a\n" % (USE, n - 1) + lines(n, "    V{i}: $V{j}\n"))
@kind(8)
def variables_that_double(n): return jobs("j:\n  script: ['%s']\n  environment: $V%d\n  variables:\n    V0: a\n" % (USE, n - 1) + lines(n, "    V{i}: $V{j}$V{j}\n"))
@kind(100)
def variables_and_jobs(n): return jobs("variables:\n" + lines(n, "  G{i}: $G{j}\n") + lines(n, "j{i}: {{script: [echo $G{i}], variables: {{X: $G{i}}}}}\n"))
@kind(1000)
def text_of_variables(n): return jobs("variables: {A: aaaa}\nj: {script: ['%s'], environment: '%s'}\n" % (USE, "$A" * n))
@kind(100)
def extends_of_many(n): return jobs(lines(n, ".t{i}: {{variables: {{V{i}: x}}}}\n") + "j:\n  script: [x]\n  extends: [" + lines(n, ".t{i}, ") + "]\n")
@kind(100)
def extends_chain(n): return jobs(".t0: {script: [x]}\n" + "".join(f".t{i}: {{extends: .t{i-1}, variables: {{V{i}: x}}}}\n" for i in range(1, n)) + "j: {extends: .t%d}\n" % (n - 1))
@kind(100)
def references(n): return jobs(".r0: {script: [x]}\n" + "".join(f".r{i}: {{script: [!reference [.r{i-1}, script], x]}}\n" for i in range(1, n)) + "j: {script: [!reference [.r%d, script]]}\n" % (n - 1))
@kind(100)
def references_of_one(n): return jobs(".r: {script: [" + "x, " * n + "]}\n" + lines(n, "j{i}: {{script: [!reference [.r, script]]}}\n"))
@kind(100)
def needs(n): return jobs(lines(n, "j{i}: {{script: [x], needs: [" + ", ".join(f"j{k}" for k in range(40)) + "]}}\n"))
@kind(100)
def rules_of_jobs(n): return jobs(lines(n, "j{i}: {{script: ['%s'], rules: [{{if: $X == \"{i}\"}}, {{if: $CI_COMMIT_BRANCH =~ /^a{i}/}}]}}\n" % USE))
@kind(20)
def rules_of_one_job(n): return jobs("j:\n  script: ['%s']\n  rules:\n" % USE + lines(n, "    - {{if: $X{i} == \"{i}\", variables: {{Y: y{i}}}}}\n"))
@kind(20)
def rules_of_branches(n): return jobs("j:\n  script: ['%s']\n  rules:\n" % USE + lines(n, "    - {{if: $CI_COMMIT_BRANCH == \"b{i}\"}}\n"))
@kind(20)
def rules_of_expressions(n): return jobs("j:\n  script: ['%s']\n  rules:\n" % USE + lines(n, "    - {{if: $CI_COMMIT_BRANCH =~ /^(a|b)+{i}(c*)*$/}}\n"))
@kind(20)
def rules_of_workflow(n): return jobs("workflow:\n  rules:\n" + lines(n, "    - {{if: $X{i} == \"{i}\", variables: {{Y: y{i}}}}}\n") + lines(n, "j{i}: {{script: ['%s']}}\n" % USE))
@kind(100)
def condition_long(n): return jobs("j: {script: ['%s'], rules: [{if: '" % USE + " || ".join(f"$X{i}" for i in range(n)) + "'}]}\n")
@kind(100)
def condition_nested(n): return jobs("j: {script: ['%s'], rules: [{if: '" % USE + "(" * n + "$X" + ")" * n + "'}]}\n")
@kind(100)
def only_refs(n): return jobs("j: {script: ['%s'], only: [" % USE + lines(n, "b{i}, ") + "]}\n")
@kind(100)
def script_lines(n): return jobs("j:\n  script:\n" + lines(n, "    - kubectl apply -f f{i} && if [ -n \"$X{i}\" ]; then echo a; fi\n"))
@kind(100)
def script_contexts(n): return jobs("j:\n  script:\n" + lines(n, "    - kubectl config use-context a/b:x{i}\n    - kubectl get pods\n"))
@kind(100)
def script_functions(n): return jobs("j:\n  script:\n    - |\n      f0() { kubectl get pods; }\n" + "".join(f"      f{i}() {{ f{i-1}; f{i-1}; }}\n" for i in range(1, n)) + f"      f{n-1}\n")
@kind(100)
def script_branches(n): return jobs("j:\n  script:\n    - |\n" + lines(n, "      if x; then\n") + "      kubectl get pods\n" + "      fi\n" * n)
@kind(100)
def script_one_line(n): return jobs("j: {script: ['" + "kubectl get pods; " * n + "']}\n")
@kind(100)
def script_assignments(n): return jobs("j:\n  script:\n    - |\n      A=a\n" + "      A=$A$A\n" * n + "      kubectl --context $A get pods\n")
@kind(20)
def includes(n): return {f"ci/{i}.yml": f"j{i}: {{script: ['{USE}']}}\n" for i in range(n)} | jobs("include:\n" + lines(n, "  - local: ci/{i}.yml\n"))
@kind(20)
def includes_nested(n): return {f"ci/{i}.yml": f"include: {{local: ci/{i+1}.yml}}\nj{i}: {{script: [x]}}\n" for i in range(n)} | jobs("include: {local: ci/0.yml}\n")
@kind(100)
def includes_missing(n): return jobs("include:\n" + lines(n, "  - local: ci/{i}.yml\n") + "j: {script: [x]}\n")
@kind(100)
def includes_elsewhere(n): return jobs("include:\n" + lines(n, "  - remote: https://example.com/{i}.yml\n") + "j: {script: [x]}\n")
@kind(50)
def include_patterns(n): return {f"src/{i}/{k}.txt": "" for i in range(n) for k in range(20)} | jobs("include:\n" + lines(n, "  - local: '**/{i}*x*.yml'\n") + "j: {script: [x]}\n")
@kind(100)
def environments_and_actions(n): return jobs(lines(n, "j{i}: {{script: ['%s'], environment: {{name: e{i}, on_stop: s{i}}}}}\ns{i}: {{script: [x], environment: {{name: e{i}, action: stop}}}}\n" % USE))


# Inventories.
def inventory(text):
    return {INVENTORY: text, AGENT: "ci_access: {projects: [{id: a/p1}, {id: a/zzz}]}\n", SETTINGS: "project: a/b\ninventory: inventory.yaml\n"}
@kind(500)
def inventory_projects(n): return inventory("projects:\n  - {path: a/b, agents: [prod]}\n" + lines(n, "  - {{path: a/p{i}, environments: [x]}}\n"))
@kind(500, "inventory", "check")
def inventory_one_path(n): return {INVENTORY: "projects:\n" + "  - {path: a/b}\n" * n}
@kind(500, "inventory", "check")
def inventory_wrong_paths(n): return {INVENTORY: "projects:\n" + lines(n, "  - {{path: -{i}}}\n")}
@kind(500, "inventory", "check")
def inventory_keys_twice(n): return {INVENTORY: "gitlab: {}\n" * n}
@kind(500)
def inventory_agents(n): return inventory("projects:\n  - {path: a/b, agents: [" + lines(n, "x{i}, ") + "]}\n")
@kind(500)
def inventory_environments(n): return inventory("projects:\n  - {path: a/b, agents: [prod]}\n  - {path: a/p1, environments: [" + lines(n, "x{i}, ") + "]}\n")
@kind(100)
def inventory_unknown_ids(n):
    return inventory("projects:\n  - {path: a/b, agents: [prod]}\n" + lines(n, "  - path: a/p{i}\n")) | {AGENT: "ci_access:\n  projects:\n" + lines(n, "    - id: a/q{i}\n")}
@kind(100)
def inventory_unregistered_agents(n):
    files = {f".gitlab/agents/a{i}/config.yaml": "ci_access: {}\n" for i in range(n)}
    return files | {INVENTORY: "projects:\n  - {path: a/b, agents: [" + lines(n, "b{i}, ") + "]}\n", SETTINGS: "project: a/b\ninventory: inventory.yaml\n"}
@kind(100)
def inventory_patterns(n):
    return inventory("projects:\n  - {path: a/b, agents: [prod]}\n  - {path: a/p1, environments: [" + lines(n, "x{i}, ") + "]}\n") | {AGENT: "ci_access: {projects: [{id: a/p1, environments: [" + lines(n, "y{i}/*, ") + "]}]}\n"}


# Other commands.
@kind(250, "access")
def access_entries(n): return entries_plain(n)
@kind(50, "access", "--jobs")
def access_jobs(n): return jobs_and_patterns(n)
@kind(10, "access", "--jobs")
def access_matrices(n): return matrices(n)
@kind(50, "access", "--jobs")
def access_jobs_and_agents(n): return jobs_and_agents(n)

@kind(25)
def policies_and_patterns(n):
    policies = lines(n, "  - {{name: p{i}, environments: ['a{i}*'], require: {{environments: ['*a{i}'], protected_branches_only: true}}}}\n")
    return {AGENT: "ci_access: {projects: [{id: a/p, environments: [" + lines(n, "'a{i}*', ") + "]}]}\n", SETTINGS: "project: a/b\npolicy:\n" + policies}
@kind(80)
def file_that_many_jobs_run(n):
    return jobs(lines(n, "j{i}: {{script: ['./x.sh {i}']}}\n")) | {"x.sh": lines(n, "kubectl --context a/b:x{i} get pods\n")}
@kind(10, "recommend", "--inventory", INVENTORY)
def entries_of_which_half_are_used(n):
    uses = {f"projects/a/p{i}/.gitlab-ci.yml": "d: {environment: production, script: ['%s']}\n" % ("kubectl --context a/b:prod get pods" if i % 2 else "echo") for i in range(n)}
    listed = "gitlab: {version: '18.4', tier: premium, instance_authorization: false}\nprojects:\n  - {path: a/b, agents: [prod]}\n"
    listed += lines(n, "  - {{path: a/p{i}, default_branch: main, protected_branches: [main], environments: [production]}}\n")
    return uses | {INVENTORY: listed, f"projects/a/b/{AGENT}": "ci_access:\n  projects:\n" + lines(n, "    - {{id: a/p{i}, environments: [production, 'review/*']}}\n")}


def measured(program, arguments, folder, limit):
    with tempfile.TemporaryFile() as out:
        child = subprocess.Popen([program, *arguments], cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        end, done = time.monotonic() + limit, (0,)
        while not done[0] and time.monotonic() < end:
            done = os.wait4(child.pid, os.WNOHANG)
            time.sleep(0.002)
        if not done[0]:
            child.kill()
            child.wait()
            return None
        child.returncode = os.waitstatus_to_exitcode(done[1])
        return done[2].ru_utime + done[2].ru_stime, done[2].ru_maxrss / 1024, out.seek(0, 2), child.returncode


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=", ".join(KINDS))
    parser.add_argument("--kaslint", default="kaslint")
    parser.add_argument("--sizes", type=int, default=6)
    parser.add_argument("--limit", type=float, default=60)
    options = parser.parse_args()
    for name in options.kinds or KINDS:
        make, size, arguments = KINDS[name]
        told, steep = [], []
        for step in range(options.sizes):
            with tempfile.TemporaryDirectory() as folder:
                written = 0
                for path, text in make(size << step).items():
                    file = pathlib.Path(folder, path)
                    file.parent.mkdir(parents=True, exist_ok=True)
                    written += file.write_text(text)
                rest = [INVENTORY] if arguments[0] == "inventory" else []
                figures = measured(options.kaslint, [*arguments, *rest], folder, options.limit)
            if not figures:
                steep.append(f"more than {options.limit:g} s")
                break
            told.append((written, *figures))
        names = ("CPU", "memory", "output")
        for at, least in zip(range(1, 4), (0.1, 64, 1 << 20)):
            if len(told) > 1 and told[-1][at] > least and told[-1][at] > 2.2 * told[-2][at]:
                steep.append(f"{names[at - 1]} x{told[-1][at] / told[-2][at]:.1f}")
        if told and told[-1][3] > 100 * max(told[-1][0], 10_000):
            steep.append(f"output is {told[-1][3] // told[-1][0]} times the input")
        if not told:
            print(f"{name:34} {', '.join(steep)}", flush=True)
            continue
        size, cpu, memory, output, status = told[-1]
        series = " ".join(f"{row[1]:.2f}" for row in told)
        print(f"{name:34} {size >> 10:6} KiB  {series} s  {memory:.0f} MiB  {output >> 10} KiB  status {status}  {', '.join(steep)}", flush=True)


if __name__ == "__main__":
    main()
