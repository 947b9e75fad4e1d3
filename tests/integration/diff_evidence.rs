//! A merge request does not bring the evidence along that it is judged by: a law over edits of it.

use proptest::prelude::*;

use crate::diff_git::{Repository, SETTINGS};

const BASE_POLICY: &str = "\
policy:
- {name: closed, projects: [acme/b], forbid: {}}
ignore:
- {rule: open-instance-access, reason: known}
inventory: inventory.yaml
";

/// Projects of BASE's inventory beside the configuration project, with what it says of each.
const KNOWN: [(&str, &str); 3] = [
    ("acme/a", "environments: [{name: production, tier: production}]"),
    ("acme/b", "protected_branches: [main]"),
    ("acme/web/c", "default_branch: main"),
];

/// What a commit of HEAD does to the evidence; no edit adds a group, a project or an agent.
#[derive(Clone, Debug)]
struct Edit {
    /// The settings of HEAD; `None` for no file.
    settings: Option<String>,
    /// Which of the known projects the inventory still has, and whether it says the same of them.
    kept: [Option<bool>; 3],
    /// What it says of the instance.
    gitlab: &'static str,
    has_inventory: bool,
}

fn inventory(kept: [Option<bool>; 3], gitlab: &str) -> String {
    let mut text = format!(
        "{gitlab}groups: [{{path: acme}}, {{path: acme/web}}]\nprojects:\n- {{path: acme/agents, repository: ., agents: [prod]}}\n"
    );
    for ((path, more), kept) in KNOWN.iter().zip(kept) {
        match kept {
            Some(true) => text.push_str(&format!("- {{path: {path}, {more}}}\n")),
            Some(false) => text.push_str(&format!("- {{path: {path}}}\n")),
            None => {}
        }
    }
    text
}

fn edit() -> impl Strategy<Value = Edit> {
    let settings = prop::sample::select(vec![
        None,
        Some(format!("{SETTINGS}{BASE_POLICY}")),
        Some(format!("{SETTINGS}{BASE_POLICY}rules: {{policy-violation: off}}\nmin-severity: error\n")),
        Some(format!("{SETTINGS}inventory: inventory.yaml\n")),
        Some("project: globex/other\ngitlab: {version: \"13.7\", tier: free}\ninventory: other.yaml\n".to_owned()),
        Some("gitlab: {version: \"19.5\", tier: ultimate, instance_authorization: true}\n".to_owned()),
        Some("exclude: ['**']\nignore: [{rule: '*', reason: x}]\n".to_owned()),
        Some("polizy: [\n".to_owned()),
    ]);
    let kept = || prop::option::weighted(0.6, any::<bool>());
    let gitlab = prop::sample::select(vec!["", "gitlab: {version: \"13.7\", tier: free}\n"]);
    (settings, [kept(), kept(), kept()], gitlab, prop::bool::weighted(0.8))
        .prop_map(|(settings, kept, gitlab, has_inventory)| Edit { settings, kept, gitlab, has_inventory })
}

fn config() -> impl Strategy<Value = String> {
    let entry = prop::sample::select(vec![
        "projects: [{id: acme/a, environments: [production]}]",
        "projects: [{id: acme/b}, {id: acme/a, environments: ['prod*']}]",
        "projects: [{id: acme/b, access_as: {ci_job: {}}}]",
        "groups: [{id: acme/web, protected_branches_only: true}]",
        "groups: [{id: acme, environments: ['review/*', '^prod*']}]",
        "instance: {}",
    ]);
    entry.prop_map(|entry| format!("ci_access: {{{entry}}}\n"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// No edit of settings, policies or ignores, and nothing taken out of the inventory, changes what is told of access.
    #[test]
    fn no_edit_of_the_evidence_changes_the_report(base in config(), head in config(), edit in edit()) {
        let repository = Repository::new();
        let path = ".gitlab/agents/prod/config.yaml";
        repository.write(".kaslint.yaml", &format!("{SETTINGS}{BASE_POLICY}"));
        repository.write("inventory.yaml", &inventory([Some(true); 3], ""));
        repository.write(path, &base);
        repository.commit();
        repository.git(&["tag", "base"]);
        repository.write(path, &head);
        repository.commit();
        repository.git(&["tag", "honest"]);
        let remove = |path: &str| drop(std::fs::remove_file(repository.path().join(path)));
        match &edit.settings {
            Some(text) => repository.write(".kaslint.yaml", text),
            None => remove(".kaslint.yaml"),
        }
        match edit.has_inventory {
            true => repository.write("inventory.yaml", &inventory(edit.kept, edit.gitlab)),
            false => remove("inventory.yaml"),
        }
        repository.commit();
        let told = |head: &str| {
            let report = repository.diff(&["--format", "json", "base", head]).json();
            let violations: Vec<serde_json::Value> = report["findings"].as_array().expect("findings").iter()
                .filter(|finding| finding["rule"] == "policy-violation").cloned().collect();
            let parts = ["verdict", "changes", "unknown", "proof"].map(|key| report[key].clone());
            assert!(parts[0].is_string());
            (parts, violations)
        };
        prop_assert_eq!(told("honest"), told("HEAD"));
    }
}
