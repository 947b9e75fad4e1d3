#!/usr/bin/env python3
"""The cost of working out the jobs of a CI file with 400 jobs that extend templates: kaslint and gitlab-ci-local.

`python3 benches/ci_local.py [path of kaslint]`, from anywhere. CPU time and memory of whole processes, Node.js and git included; `tests/peers/ci-local` says where the two differ in what they find.
"""

import subprocess
import sys
import tempfile

from measuring import AGENT_FILE, compare, from_npm, given_kaslint, version, write

JOBS = 400
TEMPLATES = """stages: [build, deploy]
.cluster:
  stage: deploy
  before_script: ['kubectl config use-context "acme/agents:prod"']
.production: {environment: {name: production}, rules: [{if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH}]}
.review: {environment: {name: review/$CI_COMMIT_REF_SLUG}, rules: [{if: $CI_PIPELINE_SOURCE == "merge_request_event"}, {when: manual}]}
"""


def ci_file():
    text = TEMPLATES
    for number in range(JOBS):
        text += f"""
deploy-{number}:
  extends: [.cluster, {[".production", ".review"][number % 2]}]
  variables: {{SERVICE: service-{number}}}
  script:
    - kubectl -n "$SERVICE" apply -f "services/$SERVICE/"
    - helm upgrade --install "$SERVICE" chart --set image.tag=$CI_COMMIT_SHORT_SHA
"""
    return text


def main():
    kaslint, other = given_kaslint(sys.argv), from_npm("gitlab-ci-local", "gitlab-ci-local@4.75.1")
    with tempfile.TemporaryDirectory() as folder:
        agent = "ci_access: {projects: [{id: acme/agents, environments: [production]}]}\n"
        write(folder, {".gitlab-ci.yml": ci_file(), AGENT_FILE: agent, ".kaslint.yaml": "project: acme/agents\n"})
        for git in ("init --quiet", "remote add origin https://gitlab.example.com/acme/agents.git", "add --all"):
            subprocess.run(["git", *git.split()], cwd=folder, check=True)
        subprocess.run(["git", "-c", "user.name=k", "-c", "user.email=k@example.com", "commit", "--quiet", "--message", "all"], cwd=folder, check=True)
        # Where it keeps what it knows, and nothing of the person who measures.
        local = ["env", f"HOME={folder}", *([other] if other else [])]
        name = other and version(other)
        commands = {
            f"{version(kaslint)}, check": [kaslint, "check", "--fail-on", "never"],
            "kaslint access --jobs --format json": [kaslint, "access", "--jobs", "--format", "json"],
        }
        if other:
            commands |= {f"{name} {option}": [*local, option] for option in ("--list-json", "--preview")}
        compare(folder, commands)


if __name__ == "__main__":
    main()
