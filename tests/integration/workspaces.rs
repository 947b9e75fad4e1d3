//! What GitLab's Rails side refuses of `remote_development`, and for whom that is known.

use crate::common::{folder_with, kaslint};

const AGENT: &str = ".gitlab/agents/prod/config.yaml";

fn check(text: &str, arguments: &[&str], more: &[(&str, &[u8])]) -> Vec<String> {
    let mut files: Vec<(&str, &[u8])> = vec![(AGENT, text.as_bytes())];
    files.extend(more);
    let folder = folder_with(&files);
    let all: Vec<&str> = ["check", "--format", "concise", "--quiet"].iter().chain(arguments).copied().collect();
    kaslint(folder.path(), &all).stdout.lines().map(|line| line.replace(AGENT, "")).collect()
}

/// What is said of a section with a domain, on Premium.
fn of_section(rest: &str) -> Vec<String> {
    let text = format!("remote_development:\n  dns_zone: ws.example.com\n{rest}");
    check(&text, &["--tier", "premium"], &[])
}

#[test]
fn every_value_that_is_refused_is_told_at_its_place() {
    insta::assert_snapshot!(
        of_section(
            "  default_resources_per_workspace_container:
    requests: {cpu: 500k, memory: 512MB}
    limits: {cpu: 0.5, memory: 1k}
  max_resources_per_workspace:
    requests: {cpu: '', memory: 1Gi}
  shared_namespace: Ws_1
  labels:
    app.kubernetes.io/part: x
    -a: x
    ok.example.com/part: a b
    a/b/c: x
  annotations: {gitlab.com/x: y, 'x y': any thing}
  network_policy: {egress: [{except: [10.0.0.0/8]}, {allow: ''}, {allow: 10.0.0.0/8}]}
  image_pull_secrets: [{name: a, namespace: b}]
"
        )
        .join("\n")
    );
}

#[test]
fn what_is_taken_is_silent() {
    let section = "  default_resources_per_workspace_container: {requests: {cpu: 500m, memory: 512Mi}, limits: {cpu: '1.5', memory: '1000000'}}
  max_resources_per_workspace: {requests: {cpu: '2', memory: 1.5Gi}, limits: {cpu: '2', memory: 2G}}
  labels: {app.example.com/part: web, empty: ''}
  annotations: {a.b/c: 'any thing at all'}
  network_policy: {egress: [{allow: 0.0.0.0/0, except: [10.0.0.0/8]}]}
";
    assert_eq!(of_section(section), [""; 0]);
    let shared = "  shared_namespace: ws\n  image_pull_secrets: [{name: a, namespace: ws}]\n";
    assert_eq!(of_section(shared), [""; 0]);
}

#[test]
fn a_domain_has_to_be_there_while_the_proxy_is_on() {
    let said =
        |text: &str, version: &str| !check(text, &["--gitlab-version", version, "--tier", "premium"], &[]).is_empty();
    assert!(said("remote_development: {enabled: true}\n", "18.5"));
    assert!(said("remote_development: {}\n", "18.5"));
    assert!(said("remote_development: {enabled: true, dns_zone: ''}\n", "18.5"));
    let without_http = "remote_development: {enabled: true, gitlab_workspaces_proxy: {http_enabled: false}}\n";
    assert!(!said(without_http, "18.5"));
    assert!(
        !said("remote_development:\n", "18.5")
            || check("remote_development:\n", &[], &[]).iter().all(|line| !line.contains("dns_zone"))
    );
    insta::assert_snapshot!(check("remote_development: {enabled: false}\n", &["--tier", "ultimate"], &[]).join("\n"));
}

#[test]
fn the_licence_of_the_instance_decides() {
    let text = "remote_development: {enabled: false}\n";
    let of_inventory = |gitlab: &str| {
        let inventory =
            format!("gitlab: {{{gitlab}}}\nprojects: [{{path: acme/agents, agents: [prod], repository: .}}]\n");
        check(text, &["--inventory", "inventory.yaml"], &[("inventory.yaml", inventory.as_bytes())])
    };
    let severity = |said: Vec<String>| -> Vec<String> {
        said.iter()
            .filter_map(|line| Some(line.split_once("[invalid-value]")?.0.rsplit(' ').next()?.to_owned()))
            .collect()
    };
    assert_eq!(severity(of_inventory("url: 'https://git.acme.test', tier: free")), [""; 0]);
    assert_eq!(severity(of_inventory("url: 'https://gitlab.com', tier: free")), ["error"]);
    assert_eq!(severity(of_inventory("url: 'https://git.acme.test'")), ["warning"]);
    assert_eq!(severity(of_inventory("tier: free")), ["warning"]);
    assert_eq!(severity(of_inventory("tier: premium")), ["error"]);
}

#[test]
fn keys_with_dots_are_named_whole() {
    let said = of_section("  labels: {app.example.com/part: true}\n");
    assert!(said.iter().any(|line| line.contains("`app.example.com/part` is `true`")), "{said:?}");
}

#[test]
fn limits_on_the_life_of_workspaces_that_rails_does_not_read_are_told() {
    let section = "  default_max_hours_before_termination: 24\n  max_hours_before_termination_limit: 48\n";
    let text = format!("remote_development:\n  dns_zone: ws.example.com\n{section}");
    let at = |release: &str| check(&text, &["--tier", "premium", "--gitlab-version", release], &[]).join("\n");
    insta::assert_snapshot!(format!("17.9\n{}\n\n17.10\n{}", at("17.9"), at("17.10")));
}

#[test]
fn a_zero_counts_as_not_set() {
    let said = [
        of_section("  max_active_hours_before_stop: 0\n"),
        of_section("  max_active_hours_before_stop: 0\n  max_stopped_hours_before_termination: 8725\n"),
        of_section("  max_active_hours_before_stop: -1\n"),
        // This key keeps a zero, and takes it.
        of_section("  workspaces_quota: 0\n"),
    ];
    insta::assert_snapshot!(said.map(|lines| lines.join("\n")).join("\n--\n"));
}
