#!/usr/bin/env python3
"""The cost of deciding who gets in everywhere: `kaslint access --format parquet`, and the same joins in DuckDB, written as Parquet too.

`python3 benches/joins.py [path of kaslint] [PROJECTS…]`, from anywhere; 20,000 and 200,000 projects unless others are named. CPU time and memory of whole processes. There is a group for ten
projects and an agent with 500 entries for 667. DuckDB gets tables as CSV and gives decisions alone; kaslint reads files of YAML and writes its other tables as well. Both have to come to the same number of
decisions.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from measuring import OTHERS, compare, given_kaslint, version

TERMS = ("", "      environments: [production, review/*]\n", "      environments: [production]\n      protected_branches_only: true\n")
SQL = """
SET threads = 2;
CREATE TABLE projects AS FROM read_csv('projects.csv', header = true);
CREATE TABLE entries AS FROM read_csv('entries.csv', header = true);
-- The groups above each project; the deeper, the closer.
CREATE TABLE above AS SELECT path AS project, array_to_string(list_slice(parts, 1, depth), '/') AS path, depth
    FROM (SELECT path, string_split(path, '/') AS parts FROM projects), range(1, 20) AS r(depth) WHERE depth < len(parts);
COPY (
    WITH claims AS (
        SELECT agent, path AS project, term, entry, 1000 AS closeness FROM entries WHERE kind = 'projects'
        UNION ALL SELECT DISTINCT agent, home, 0, NULL, 999 FROM entries
        UNION ALL SELECT e.agent, a.project, e.term, e.entry, a.depth FROM entries e JOIN above a USING (path) WHERE e.kind = 'groups'
    ), deciding AS (SELECT agent, project, arg_max({'term': term, 'entry': entry}, (closeness, entry)) AS winner FROM claims GROUP BY ALL),
    asked AS (SELECT path AS project, environment, protected FROM projects, (VALUES (NULL), ('production'), ('staging')) AS e(environment), (VALUES (true), (false)) AS p(protected))
    SELECT project, environment, protected, agent, winner.entry, CASE winner.term
            WHEN 0 THEN true
            WHEN 1 THEN coalesce(environment = 'production' OR environment LIKE 'review/%', false)
            ELSE protected AND coalesce(environment = 'production', false) END AS allowed
    FROM deciding JOIN asked USING (project)
) TO 'decisions.parquet' (FORMAT parquet);
"""
# The decisions of both, and which of them let somebody in.
COUNTED = {"tables/decisions.parquet": "decision = 'allowed'", "decisions.parquet": "allowed"}


def generate(folder, count):
    """Writes the world once for each of the two."""
    groups = [f"division-{number}" for number in range(20)]
    for number in range(20, count // 10):
        parent = groups[number * 31 % (number - 1)]
        groups.append(f"{parent if parent.count('/') < 5 else groups[number % 20]}/team-{number}")
    projects = [f"{groups[number * 17 % len(groups)]}/service-{number}" for number in range(count)]
    agents = {}
    with (folder / "entries.csv").open("w") as table:
        table.write("agent,home,kind,entry,path,term\n")
        for agent in range(max(1, count * 3 // 2000)):
            home = projects[agent * 131 % count]
            agents.setdefault(home, []).append(f"agent-{agent}")
            file = folder / f"projects/{home}/.gitlab/agents/agent-{agent}/config.yaml"
            file.parent.mkdir(parents=True)
            with file.open("w") as text:
                text.write("ci_access:\n")
                for kind, paths in (("projects", projects), ("groups", groups)):
                    text.write(f"  {kind}:\n")
                    for number in range(250):
                        path, term = paths[(agent * 7717 + number * 104729) % len(paths)], (agent + number) % 3
                        text.write(f"    - id: {path}\n{TERMS[term]}")
                        table.write(f"{agent},{home},{kind},{number},{path},{term}\n")
    with (folder / "inventory.yaml").open("w") as text:
        text.write('gitlab: {version: "19.6", tier: premium, instance_authorization: true}\ngroups:\n')
        text.writelines(f"  - {{path: {path}}}\n" for path in groups)
        text.write("projects:\n")
        for path in projects:
            text.write(f"  - path: {path}\n    environments: [production, staging]\n")
            text.write(f"    agents: [{', '.join(agents[path])}]\n" if path in agents else "")
    with (folder / "projects.csv").open("w") as table:
        table.writelines(f"{line}\n" for line in ("path", *projects))


def with_duckdb():
    """A Python that has DuckDB, and its version; nothing where there is none."""
    for python in (OTHERS / "bin/python3", sys.executable):
        asked = [python, "-c", "import duckdb; print('DuckDB', duckdb.__version__)"]
        told = Path(python).exists() and subprocess.run(asked, check=False, capture_output=True, text=True)
        if told and told.returncode == 0:
            return str(python), told.stdout.strip()
    print(f"DuckDB is not installed: python3 -m venv {OTHERS} && {OTHERS}/bin/pip install duckdb")
    return None, None


def main():
    kaslint, (python, name) = given_kaslint(sys.argv), with_duckdb()
    for count in map(int, sys.argv[2:] or ("20000", "200000")):
        with tempfile.TemporaryDirectory() as folder:
            # In a process of its own, so that its memory is not the floor of what is measured.
            subprocess.run([sys.executable, __file__, "generate", folder, str(count)], check=True)
            print(f"{count} projects")
            commands = {
                f"{version(kaslint)}, access --format parquet": [kaslint, "access", "--inventory", "inventory.yaml", "--format", "parquet", "--output", "tables"],
                name: [python, "-c", f"import duckdb; duckdb.connect().execute({SQL!r})"],
            }
            compare(folder, {told: command for told, command in commands.items() if told}, runs=3 if count > 50_000 else 5)
            if python:
                counted = {table: f"SELECT count(*), count(*) FILTER ({allowed}) FROM '{table}'" for table, allowed in COUNTED.items()}
                program = f"import duckdb; print([duckdb.execute(query).fetchall()[0] for query in {list(counted.values())!r}])"
                told = subprocess.run([python, "-c", program], cwd=folder, check=True, capture_output=True, text=True).stdout
                print(f"decisions, and how many of them allow, of both: {told}", end="")


if __name__ == "__main__":
    generate(Path(sys.argv[2]), int(sys.argv[3])) if sys.argv[1:2] == ["generate"] else main()
