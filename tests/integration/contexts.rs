//! Contexts that no agent can have, wherever they are named.

use crate::common::{folder_with, kaslint};

fn check(files: &[(&str, &str)], arguments: &[&str]) -> String {
    let files: Vec<(&str, &[u8])> = files.iter().map(|(path, text)| (*path, text.as_bytes())).collect();
    let all: Vec<&str> = ["check", "--format", "concise", "--quiet"].iter().chain(arguments).copied().collect();
    kaslint(folder_with(&files).path(), &all).stdout
}

fn job(name: &str, context: &str) -> String {
    format!("{name}: {{script: ['kubectl config use-context {context}', kubectl get ns]}}\n")
}

const OWN_AGENT: (&str, &str) = (".gitlab/agents/prod/config.yaml", "ci_access: {}\n");

#[test]
fn what_is_no_full_path_is_told() {
    let contexts = [
        ("address", "https://gitlab.example.com/acme/agents:prod"),
        ("slash", "/acme/agents:prod"),
        ("part", "agents:prod"),
        ("user", "agent:7"),
        ("name", "$CI_PROJECT_NAME:prod"),
        ("slug", "$CI_PROJECT_PATH_SLUG:prod"),
        ("number", "$CI_PROJECT_ID:prod"),
        ("group", "$CI_PROJECT_NAMESPACE:prod"),
        ("placeholder", "path/to/agent/project:prod"),
        ("bare", "cluster-agent"),
        ("agent", "prod"),
        ("other", "acme/agents:kubernetes-edge"),
    ];
    let jobs: String = contexts.iter().map(|(name, context)| job(name, context)).collect();
    insta::assert_snapshot!(check(&[(".gitlab-ci.yml", &jobs), OWN_AGENT], &["--project", "acme/agents"]));
}

#[test]
fn what_may_be_an_agents_or_anothers_is_not() {
    let contexts = [
        ("right", "$CI_PROJECT_PATH:prod"),
        ("known", "acme/agents:prod"),
        ("unknown", "$AGENT_PATH:prod"),
        ("eks", "arn:aws:eks:eu-west-1:1234:cluster/shop"),
    ];
    let mut jobs: String = contexts.iter().map(|(name, context)| job(name, context)).collect();
    jobs.push_str("made: {script: ['kubectl config set-context edge --cluster=edge', 'kubectl config use-context edge', kubectl get ns]}\n");
    jobs.push_str("renamed: {script: ['kubectl config rename-context acme/agents:prod clusters:prod', 'kubectl config use-context clusters:prod', kubectl get ns]}\n");
    jobs.push_str("own: {script: ['export KUBECONFIG=$PWD/kubeconfig', 'kubectl config use-context clusters:prod', kubectl get ns]}\n");
    assert_eq!(check(&[(".gitlab-ci.yml", &jobs), OWN_AGENT], &["--project", "acme/agents"]), "");
    // Where nobody knows of agents, a short name may be anything.
    assert_eq!(check(&[(".gitlab-ci.yml", &job("a", "clusters:prod"))], &["--project", "acme/shop"]), "");
}

#[test]
fn the_own_projects_agents_need_no_path() {
    let jobs = [
        job("a", "$CI_PROJECT_PATH:prd"),
        job("b", "\"$CI_PROJECT_NAMESPACE/$CI_PROJECT_NAME:prd\""),
        job("c", "$CI_PROJECT_PATH:prod"),
        "d: {script: [kubectl get ns]}\n".to_owned(),
    ];
    insta::assert_snapshot!(check(&[(".gitlab-ci.yml", &jobs.concat()), OWN_AGENT], &[]));
}

#[test]
fn the_context_of_auto_devops_is_held_against_what_it_deploys_to() {
    let with = |variables: &str, jobs: &str, entry: &str| {
        let ci = format!(
            "include:\n  - template: Auto-DevOps.gitlab-ci.yml\nvariables:\n  KUBE_CONTEXT: acme/agents:eu\n{variables}{jobs}"
        );
        let agent = format!("ci_access: {{projects: [{entry}]}}\n");
        let inventory = "gitlab: {version: \"18.4\"}\nprojects:\n  - {path: acme/agents, agents: [eu]}\n  - {path: acme/shop}\n  - {path: acme/api}\n";
        check(
            &[
                ("projects/acme/shop/.gitlab-ci.yml", &ci),
                ("projects/acme/agents/.gitlab/agents/eu/config.yaml", &agent),
                ("inventory.yaml", inventory),
            ],
            &["--inventory", "inventory.yaml"],
        )
    };
    let never = "review: {rules: [{when: never}]}\n";
    let staging = "{id: acme/shop, environments: [staging]}";
    let cases = [
        ("another project", with("", "", "{id: acme/api}")),
        ("another environment", with("", "", staging)),
        ("review apps alone", with("", "", "{id: acme/shop, environments: [production]}")),
        ("no review apps", with("", never, "{id: acme/shop, environments: [production]}")),
        (
            "production has its own",
            with("", &format!("{never}production: {{variables: {{KUBE_CONTEXT: $OTHER}}}}\n"), staging),
        ),
        ("all", with("", "", "{id: acme/shop}")),
    ];
    let told: String = cases.iter().map(|(name, said)| format!("# {name}\n{said}")).collect();
    insta::assert_snapshot!(told);
}

#[test]
fn what_kubectl_does_not_read_is_told_where_nothing_selects_a_context() {
    let files = [
        (
            ".gitlab-ci.yml",
            "a: {variables: {KUBE_CONTEXT: $CI_PROJECT_PATH:prod}, script: [kubectl get ns]}\nb: {script: [kubectl get ns]}\n",
        ),
        OWN_AGENT,
    ];
    let files: Vec<(&str, &[u8])> = files.iter().map(|(path, text)| (*path, text.as_bytes())).collect();
    let run = kaslint(folder_with(&files).path(), &["check", "--format", "json", "--project", "acme/agents"]);
    let findings = run.json()["findings"].clone();
    let helps: Vec<&str> =
        findings.as_array().expect("findings").iter().filter_map(|one| one["help"].as_str()).collect();
    insta::assert_snapshot!(helps.join("\n"));
}
