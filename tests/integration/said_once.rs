//! One fault is told once, and what is proposed helps.

use crate::common::{folder_with, kaslint};

const INVENTORY: &str = "gitlab: {version: \"18.4\"}\nprojects:\n  - {path: acme/agents, agents: [{name: eu}, {name: us}, {name: staging}]}\n  - {path: acme/shop, \
                         environments: [production, staging]}\n";

fn check(files: &[(&str, &str)]) -> String {
    let mut all = vec![("inventory.yaml", INVENTORY.as_bytes())];
    all.extend(files.iter().map(|(path, text)| (*path, text.as_bytes())));
    let folder = folder_with(&all);
    let run = kaslint(folder.path(), &["check", "--inventory", "inventory.yaml", "--format", "json", "--quiet"]);
    let report: serde_json::Value = serde_json::from_str(&run.stdout).expect("a report");
    let told = report["findings"].as_array().expect("a list").iter().map(|finding| {
        let text = |key: &str| finding[key].as_str().unwrap_or_default().to_owned();
        format!("{}:{} {}: {}\n", finding["range"]["start"]["line"], text("rule"), text("message"), text("help"))
    });
    told.collect()
}

#[test]
fn an_id_that_is_no_path_or_names_nothing_is_one_finding() {
    let told = check(&[(
        "projects/acme/agents/.gitlab/agents/eu/config.yaml",
        "ci_access:\n  projects:\n    - id: path/to/some-project\n    - id: <your_group/your_project>\n    - id: '123'\n    - id: shop\n    - id: \
         acme/shopp\n    - id: other/shop\n  groups:\n    - id: <your_other_group>\n    - id: acme/none\n",
    )]);
    insta::assert_snapshot!(told);
}

#[test]
fn agents_that_are_proposed_let_the_job_in() {
    let agent = |name: &str, environment: &str| {
        (
            format!("projects/acme/agents/.gitlab/agents/{name}/config.yaml"),
            format!("ci_access:\n  projects:\n    - {{id: acme/shop, environments: [{environment}]}}\n"),
        )
    };
    let agents = [agent("eu", "production"), agent("staging", "staging"), agent("us", "production")];
    let mut files: Vec<(&str, &str)> = agents.iter().map(|(path, text)| (&**path, &**text)).collect();
    files.push((
        "projects/acme/shop/.gitlab-ci.yml",
        "deploy:\n  environment: production\n  script: [helm upgrade --install web .]\n",
    ));
    insta::assert_snapshot!(check(&files));
}

#[test]
fn an_environment_that_is_listed_is_not_proposed() {
    let told = check(&[(
        "projects/acme/agents/.gitlab/agents/eu/config.yaml",
        "ci_access:\n  projects:\n    - id: acme/shop\n      environments: [production, production/eu, Production, stagin, staging]\n",
    )]);
    insta::assert_snapshot!(told);
}
