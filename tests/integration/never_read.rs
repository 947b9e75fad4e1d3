//! Folders whose names can be no agent's: GitLab never reads what lies in them, and no command takes them for an agent.

use crate::common::{folder_with, kaslint};

const SETTINGS: &[u8] = b"project: acme/agents\ngitlab: {version: '19.5', tier: free}\n";
const GRANT: &[u8] = b"ci_access: {projects: [{id: acme/shop}]}\n";
const NAMES: [&str; 6] =
    ["Prod_EU", "-x", "a.b", "a b", "\u{FC}", "a23456789b123456789c123456789d123456789e123456789f123456789g1234"];

#[test]
fn such_a_folder_is_no_agent_to_any_command() {
    for name in NAMES {
        let path = format!(".gitlab/agents/{name}/config.yaml");
        let folder = folder_with(&[
            ("base/.kaslint.yaml", SETTINGS),
            ("head/.kaslint.yaml", SETTINGS),
            (&format!("head/{path}"), GRANT),
        ]);
        let head = folder.path().join("head");
        let said = kaslint(&head, &["check", "--format", "concise"]);
        assert!(said.code == 1 && said.stdout.contains("[invalid-agent-name]"), "{}", said.stdout);
        let access = kaslint(&head, &["access", "--for", "acme/shop"]);
        assert!(access.stdout.contains("no agent's configuration names this project"), "{}", access.stdout);
        let diff = kaslint(folder.path(), &["diff", "./base", "./head"]);
        assert!(diff.code == 0 && diff.stdout.starts_with("No new access: proved"), "{}", diff.stdout);
    }
}

#[test]
fn such_a_name_is_not_proposed() {
    let jobs = b"deploy: {script: [kubectl --context acme/agents:Prod_EU get pods]}\n";
    let files: [(&str, &[u8]); 3] =
        [(".kaslint.yaml", SETTINGS), (".gitlab/agents/Prod_EU/config.yaml", GRANT), (".gitlab-ci.yml", jobs)];
    let folder = folder_with(&files);
    insta::assert_snapshot!(kaslint(folder.path(), &["check", "--select", "malformed-context"]).stdout);
}
