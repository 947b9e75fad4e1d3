//! A company of 6 agents, 200 projects and 40 groups, as a report of `check` has to stand it: what many projects do wrong in the same way, and
//! what a few do wrong each in its own. `KASLINT_COMPANY=FOLDER cargo test --test integration company` writes it there, to be looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use crate::common::{folder_with, kaslint, kaslint_in, write};

const TEAMS: [&str; 8] = ["orders", "ledger", "search", "mobile", "routing", "claims", "pricing", "identity"];
const DIVISIONS: [&str; 4] = ["retail", "freight", "insurance", "data"];
const SERVICES: [&str; 6] = ["api", "web", "worker", "importer", "exporter", "admin"];

/// The groups: one at the top, platform with two teams, and divisions with their teams.
fn groups() -> Vec<String> {
    let mut groups: Vec<String> =
        ["", "/platform", "/platform/clusters", "/platform/tools"].iter().map(|path| format!("hafen{path}")).collect();
    for division in DIVISIONS {
        groups.push(format!("hafen/{division}"));
        groups.extend(TEAMS.iter().map(|team| format!("hafen/{division}/{team}")));
    }
    groups
}

/// The projects that deploy, by number.
fn services() -> Vec<String> {
    let mut services = Vec::new();
    for service in SERVICES {
        for division in DIVISIONS {
            services.extend(TEAMS.iter().map(|team| format!("hafen/{division}/{team}/{service}")));
        }
    }
    let tools = ["backup", "dashboards", "dns", "certificates", "registry", "runners"];
    services.extend(tools.iter().map(|tool| format!("hafen/platform/tools/{tool}")));
    services
}

const AGENTS: &str = "hafen/platform/clusters/agents";
const DATA_AGENTS: &str = "hafen/data/agents";

/// What the jobs of a project are like; most are without a fault.
fn ci_file(number: usize, project: &str) -> String {
    let (name, app) = (project.rsplit('/').nth(1).unwrap_or_default(), project.rsplit('/').next().unwrap_or_default());
    let mut text =
        String::from("stages: [test, deploy]\n\ntest:\n  stage: test\n  image: alpine:3.20\n  script: [make test]\n");
    let image = if number % 40 == 7 { "bitnami/kubectl:1.27.1" } else { "alpine/k8s:1.30.2" };
    let _ = write!(
        text,
        "\n.deploy:\n  stage: deploy\n  image: {image}\n  variables: {{NAMESPACE: {name}-{app}}}\n  script:\n    - kubectl config use-context \"$AGENT\"\n    - kubectl -n \"$NAMESPACE\" apply -k \"deploy/$CI_ENVIRONMENT_SLUG\"\n"
    );
    if number % 30 == 11 {
        text.push_str("    - helm upgrade --install monitor chart --kube-insecure-skip-tls-verify\n");
        text.push_str("    - kubectl get events --insecure-skip-tls-verify\n");
    }
    // The agent was renamed; some still have its name.
    let production = match number % 14 {
        3 => "hafen/platform/clusters/agents:production",
        9 => "hafen/Platform/clusters/agents:prod",
        _ => "hafen/platform/clusters/agents:prod",
    };
    let environment = if number % 11 == 10 { "live" } else { "production" };
    for (job, agent, environment) in
        [("staging", "hafen/platform/clusters/agents:staging", "staging"), ("production", production, environment)]
    {
        let _ = write!(
            text,
            "\n{job}:\n  extends: .deploy\n  variables: {{AGENT: {agent}}}\n  environment: {environment}\n  rules:\n    - if: $CI_COMMIT_BRANCH == \"main\"\n"
        );
    }
    if number < 62 {
        text.push_str("\nreview:\n  extends: .deploy\n  variables: {AGENT: 'hafen/platform/clusters/agents:review'}\n  environment: review/$CI_COMMIT_REF_SLUG\n  rules:\n    - if: $CI_MERGE_REQUEST_IID\n");
    }
    if number % 28 == 17 {
        text.push_str("\nstatus:\n  stage: deploy\n  image: alpine/k8s:1.30.2\n  script:\n    - kubectl get pods\n    - kubectl get ingress\n");
    }
    if number % 45 == 20 {
        text.push_str("\nold cluster:\n  stage: deploy\n  image: alpine/k8s:1.30.2\n  script:\n    - kubectl config use-context gitlab-deploy\n    - kubectl get nodes\n");
    }
    text
}

/// An agent's file that names projects one by one, each with its environments.
fn by_project(projects: &[String], environments: &str, identity: &str) -> String {
    let mut text = String::from("ci_access:\n  projects:\n");
    for project in projects {
        let _ = write!(text, "    - id: {project}\n      environments: [{environments}]\n{identity}");
    }
    text
}

/// The files of the company.
pub fn company() -> Vec<(String, String)> {
    let services = services();
    let mut inventory = String::from(
        "gitlab: {url: https://gitlab.hafen.example, version: '18.2', tier: premium, instance_authorization: false}\ngroups:\n",
    );
    for (id, path) in groups().iter().enumerate() {
        let _ = writeln!(inventory, "  - {{path: {path}, id: {}}}", id + 1);
    }
    inventory.push_str("projects:\n");
    let own = [(AGENTS, "prod, staging, review, tools"), (DATA_AGENTS, "warehouse, sandbox")];
    for (path, agents) in own {
        let _ = writeln!(
            inventory,
            "  - {{path: {path}, default_branch: main, protected_branches: [main], agents: [{agents}]}}"
        );
    }
    for (number, path) in services.iter().enumerate() {
        let review = if number < 62 { ", review/add-a-button" } else { "" };
        let branches = if number % 25 == 6 { "release/*" } else { "main" };
        let _ = writeln!(
            inventory,
            "  - {{path: {path}, default_branch: main, protected_branches: [{branches}], environments: [staging, production{review}]}}"
        );
    }
    let mut files = vec![("inventory.yaml".to_owned(), inventory)];
    for (number, path) in services.iter().enumerate() {
        files.push((format!("projects/{path}/.gitlab-ci.yml"), ci_file(number, path)));
    }
    let mut agent = |project: &str, name: &str, text: String| {
        files.push((format!("projects/{project}/.gitlab/agents/{name}/config.yaml"), text));
    };
    let ci_job = "      access_as: {ci_job: {}}\n";
    // What grew over years: groups, projects that have entries of their own, some of them gone.
    agent(
        AGENTS,
        "prod",
        "ci_access:\n  groups:\n    - id: hafen\n      environments: [production]\n      protected_branches_only: true\n      access_as: {ci_job: {}}\n  projects:\n    - id: hafen/retail/orders/api\n      environments: [production]\n      access_as: {ci_job: {}}\n    - id: hafen/retail/orders/shop\n      environments: [production]\n      access_as: {ci_job: {}}\n    - id: hafen/retail/ledger/api\n      environments: [production, prod]\n      protected_branches_only: true\n      access_as: {ci_job: {}}\n    - id: hafen/retail/orders/api\n      environments: [production]\n      protected_branches_only: true\n      access_as: {ci_job: {}}\n    - id: partner/feed\n      environments: [production]\n      access_as: {ci_job: {}}\n".to_owned(),
    );
    agent(
        AGENTS,
        "staging",
        "ci_access:\n  groups:\n    - id: hafen\n      environments: [staging]\n    - id: hafen/retail\n      environments: []\n    - id: hafen/freight\n      environments: ['*']\n  projects:\n    - id: hafen/freight/orders/api\n      environments: [staging, '{qa,uat}']\nuser_access:\n  access_as: {user: {}}\n  groups:\n    - id: hafen/platform\n".to_owned(),
    );
    agent(AGENTS, "review", by_project(&services[..62], "review/*", ""));
    agent(AGENTS, "tools", "ci_access:\n  groups:\n    - id: hafen/platform/tools\n      access_as:\n        impersonate:\n          username: system:masters\n          groups: ['system:masters']\n    - id: hafen/platform/tools/dns\n".to_owned());
    agent(DATA_AGENTS, "warehouse", by_project(&services[160..170], "production", ci_job));
    agent(DATA_AGENTS, "sandbox", "ci_access:\n  instance: {}\n  groups:\n    - id: hafen/data\ngitops:\n  manifest_projects:\n    - id: hafen/data/manifests\n".to_owned());
    files
}

/// The company in a folder, gone when dropped.
pub fn in_folder() -> tempfile::TempDir {
    let files = company();
    let files: Vec<(&str, &[u8])> = files.iter().map(|(path, text)| (path.as_str(), text.as_bytes())).collect();
    folder_with(&files)
}

/// How many findings stand behind the blocks of a human report, its own first.
fn stood_for(report: &str) -> usize {
    let others = |line: &str| {
        let behind = line.strip_prefix("  and at ")?;
        let number = behind.split(" other place").next().filter(|number| number.len() < behind.len());
        Some(number.map_or(1, |number| number.parse::<usize>().expect("a number")))
    };
    let heads = ["  × error[", "  ⚠ warning[", "  ☞ note["];
    let of_line = |line: &str| usize::from(heads.iter().any(|head| line.starts_with(head))) + others(line).unwrap_or(0);
    report.lines().map(of_line).sum()
}

#[test]
fn its_report_is_short_and_stands_for_all_findings() {
    let folder = in_folder();
    let call = ["check", "--inventory", "inventory.yaml"];
    let json = kaslint(folder.path(), &[&call[..], &["--format", "json"]].concat()).json();
    let findings = json["findings"].as_array().expect("findings");
    let mut rules = BTreeSet::new();
    let mut equal: BTreeMap<String, usize> = BTreeMap::new();
    for finding in findings {
        rules.insert(finding["rule"].to_string());
        let title = &finding["fix"]["title"];
        let said = [&finding["rule"], &finding["severity"], &finding["message"], &finding["help"], title];
        *equal.entry(said.map(ToString::to_string).concat()).or_default() += 1;
    }
    assert!(findings.len() >= 150 && rules.len() >= 12, "{} findings of {} rules", findings.len(), rules.len());
    assert!(equal.values().any(|times| *times >= 60));
    for columns in ["80", "100"] {
        let report = kaslint_in(folder.path(), &call, &[("COLUMNS", columns)]).stdout;
        let lines = report.lines().count();
        assert!(lines < 250, "{lines} lines in {columns} columns");
        assert_eq!(stood_for(&report), findings.len(), "{report}");
    }
    insta::assert_snapshot!(kaslint(folder.path(), &call).transcript());
    insta::assert_snapshot!(kaslint(folder.path(), &[&call[..], &["--statistics"]].concat()).transcript());
}

#[test]
fn it_is_as_large_as_it_says() {
    let files = company();
    if let Ok(folder) = std::env::var("KASLINT_COMPANY") {
        files.iter().for_each(|(path, text)| drop(write(Path::new(&folder), path, text.as_bytes())));
    }
    let agents = files.iter().filter(|(path, _)| path.contains("/.gitlab/agents/")).count();
    let inventory = &files[0].1;
    let projects = inventory.lines().filter(|line| line.contains("default_branch")).count();
    let groups = inventory.lines().filter(|line| line.contains("id: ") && !line.contains("default_branch")).count();
    assert_eq!((agents, groups, projects), (6, 40, 200));
}
