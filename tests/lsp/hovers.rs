//! Hovers, hints and lenses: what is said at a place.

use serde_json::{Value as Json, json};

use crate::client::{CONFIG, Client, uri};
use crate::text::{range_of, text_of};

const SETTINGS: &str = "project: acme/agents\ninventory: inventory.yaml\n";

const INVENTORY: &str = "\
gitlab: {version: \"18.4\", tier: premium}
groups:
  - {path: acme, id: 1}
projects:
  - {path: acme/agents, repository: .}
  - {path: acme/web/shop, id: 12, repository: shop, environments: [production, staging, review/1, my-review/2]}
  - {path: acme/web/cart, archived: true}
  - {path: acme/web/old, archived: true}
";

const AGENT: &str = "\
ci_access:
  projects:
    - id: acme/web/shop # é
      environments: [production, review/*]
  groups:
    - id: acme/web
      access_as: {ci_job: {}}
user_access:
  access_as: {agent: {}}
  projects: [{id: acme/web/cart}]
";

const CI: &str = "\
deploy:
  environment: production
  script:
    - kubectl config use-context acme/agents:prod
    - kubectl get pods
";

fn client(capabilities: Json, options: Json) -> Client {
    client_with(INVENTORY, capabilities, options)
}

fn client_with(inventory: &str, capabilities: Json, options: Json) -> Client {
    let files =
        [(CONFIG, AGENT), (".kaslint.yaml", SETTINGS), ("inventory.yaml", inventory), ("shop/.gitlab-ci.yml", CI)];
    let mut client = Client::start(&files);
    let mut params = crate::client::initialize_params(capabilities, &[""]);
    params["initializationOptions"] = options;
    client.ask("initialize", params).expect("the server can be initialized");
    client.notify("initialized", json!({}));
    client.open_file(CONFIG);
    client.open_file("shop/.gitlab-ci.yml");
    client.told();
    client
}

/// What is said over a piece of a text; the range has to be around it.
fn hover(client: &mut Client, path: &str, text: &str, piece: &str) -> String {
    let mut position = range_of(text, piece, "utf-16")["start"].clone();
    position["character"] = (position["character"].as_u64().expect("a column") + 1).into();
    let params = json!({"textDocument": {"uri": uri(path)}, "position": position});
    let told = client.ask("textDocument/hover", params).expect("a hover");
    assert!(!told.is_null(), "nothing over {piece:?}");
    let range = text_of(text, &told["range"], "utf-16");
    assert!(range.contains(piece.trim()) || piece.contains(range), "{range:?} over {piece:?}");
    told["contents"]["value"].as_str().expect("a text").to_owned()
}

#[test]
fn keys_ids_patterns_and_contexts_are_explained() {
    let mut client = client(json!({}), json!({}));
    let mut said = String::new();
    for piece in [
        "acme/web/shop",
        "production",
        "review/*",
        "environments",
        "acme/web\n",
        "access_as: {ci",
        "acme/web/cart",
        "groups",
    ] {
        let told = hover(&mut client, CONFIG, AGENT, piece);
        said.push_str(&format!("--- {}\n{}\n", piece.trim(), told.trim_end()));
    }
    let told = hover(&mut client, "shop/.gitlab-ci.yml", CI, "acme/agents:prod");
    said.push_str(&format!("--- context\n{told}\n"));
    insta::assert_snapshot!(said);
}

#[test]
fn an_agent_that_is_not_registered_is_given_as_the_reason() {
    let inventory = INVENTORY.replace("repository: .}", "repository: ., agents: [other]}");
    let mut client = client_with(&inventory, json!({}), json!({}));
    let told = hover(&mut client, "shop/.gitlab-ci.yml", CI, "acme/agents:prod");
    assert!(told.contains("does **not** get it: no agent `prod` is registered in acme/agents"), "{told}");
    assert!(!told.contains("names acme/web/shop"), "its file names the project: {told}");
}

#[test]
fn the_agent_of_an_environment_is_explained_by_what_the_environment_gets() {
    let ci = "deploy:\n  environment:\n    name: production\n    kubernetes: {agent: 'acme/agents:prod'}\n  script: [echo]\n";
    let agent = "ci_access:\n  projects:\n    - id: acme/web/shop\n      protected_branches_only: true\n      access_as: {ci_job: {}}\n      resource_management: {enabled: true}\nuser_access:\n  access_as: {agent: {}}\n  groups: [{id: acme/web}]\n";
    let files =
        [(CONFIG, agent), (".kaslint.yaml", SETTINGS), ("inventory.yaml", INVENTORY), ("shop/.gitlab-ci.yml", ci)];
    let mut client = Client::ready(&files);
    files.iter().for_each(|(path, _)| client.open_file(path));
    client.told();
    let of_agent = hover(&mut client, "shop/.gitlab-ci.yml", ci, "acme/agents:prod");
    let of_entry = hover(&mut client, CONFIG, agent, "acme/web/shop");
    insta::assert_snapshot!(format!("{of_agent}\n---\n{of_entry}"));
}

#[test]
fn a_context_is_answered_for_this_job_first_and_in_few_words() {
    let ci = "deploy:\n  environment: production\n  script:\n    - kubectl config use-context acme/agents:prod\n    - kubectl get pods\n";
    let long = "very/".repeat(40);
    let agent = format!(
        "ci_access:\n  projects:\n    - id: acme/web/shop\n      environments: [production]\n  groups:\n{}",
        (0..9).map(|at| format!("    - id: acme/{long}{at}\n")).collect::<String>()
    );
    let files =
        [(CONFIG, &*agent), (".kaslint.yaml", SETTINGS), ("inventory.yaml", INVENTORY), ("shop/.gitlab-ci.yml", ci)];
    let mut client = Client::ready(&files);
    files.iter().for_each(|(path, _)| client.open_file(path));
    client.told();
    let told = hover(&mut client, "shop/.gitlab-ci.yml", ci, "acme/agents:prod");
    assert!(told.starts_with("`deploy` gets it as the agent's service account"), "{told}");
    assert!(told.chars().count() < 400, "{told}");
}

#[test]
fn jobs_environments_and_auto_devops_are_explained() {
    let ci = "\
include: [{template: Auto-DevOps.gitlab-ci.yml}]
variables:
  KUBE_CONTEXT: acme/agents:prod
deploy-job:
  environment: production
  script:
    - kubectl config use-context acme/agents:prod
check-job:
  environment:
    name: other
  variables:
    KUBE_CONTEXT: nobody/reads:this
  script: [echo]
";
    let agent = "ci_access:\n  projects:\n    - id: acme/web/shop\n      environments: [production]\n";
    let files =
        [(CONFIG, agent), (".kaslint.yaml", SETTINGS), ("inventory.yaml", INVENTORY), ("shop/.gitlab-ci.yml", ci)];
    let mut client = Client::ready(&files);
    files.iter().for_each(|(path, _)| client.open_file(path));
    client.told();
    let mut said = String::new();
    for piece in [
        "Auto-DevOps.gitlab-ci.yml",
        "KUBE_CONTEXT: acme",
        "deploy-job",
        "environment: production",
        "production\n",
        "check-job",
        "environment:\n",
        "KUBE_CONTEXT: nobody",
    ] {
        let told = hover(&mut client, "shop/.gitlab-ci.yml", ci, piece);
        assert!(told.chars().count() < 400, "{told}");
        said.push_str(&format!("--- {}\n{}\n", piece.trim(), told.trim_end()));
    }
    insta::assert_snapshot!(said);
}

#[test]
fn what_an_entry_names_that_the_inventory_has_not_is_said_in_a_sentence() {
    let agent = "ci_access:\n  groups:\n    - id: acme/nothing\nuser_access:\n  access_as: {agent: {}}\n  projects: [{id: acme/none}]\n";
    let files = [(CONFIG, agent), (".kaslint.yaml", SETTINGS), ("inventory.yaml", INVENTORY)];
    let mut client = Client::ready(&files);
    files.iter().for_each(|(path, _)| client.open_file(path));
    client.told();
    let group = hover(&mut client, CONFIG, agent, "acme/nothing");
    assert!(group.starts_with("The inventory has no group `acme/nothing`: the entry names nothing."), "{group}");
    let project = hover(&mut client, CONFIG, agent, "acme/none");
    assert_eq!(project, "The inventory has no project `acme/none`: the entry names nothing.");
}

#[test]
fn how_environments_are_compared_is_said_for_the_release() {
    let agent = "ci_access:\n  projects:\n    - id: acme/web/shop\n      environments: [production]\n";
    for (version, expected) in [
        ("18.4", "In GitLab 18.4 a line with `*` is looked for anywhere in the name"),
        ("19.0", "Which of the two holds in 19.0 is not known."),
        ("19.5", "In GitLab 19.5 a line with `*` is compared with the whole name"),
    ] {
        let settings = format!("gitlab: {{version: '{version}'}}\n");
        let mut client = Client::ready(&[(CONFIG, agent), (".kaslint.yaml", &settings)]);
        client.open_file(CONFIG);
        client.told();
        let told = hover(&mut client, CONFIG, agent, "environments");
        assert!(told.contains(expected), "{told}");
    }
}

#[test]
fn own_files_and_comments_are_explained() {
    let agent = "ci_access: {} # kaslint: ignore[unknown-key] x\n";
    let settings = "project: acme/agents\nrules:\n  null-value: off\n";
    let inventory = "projects: [{path: acme/agents, archived: true}]\n";
    let files = [(CONFIG, agent), (".kaslint.yaml", settings), ("inventory.yaml", inventory)];
    let mut client = Client::ready(&files);
    files.iter().for_each(|(path, _)| client.open_file(path));
    client.told();
    let mut first = |path: &str, text: &str, piece: &str| {
        hover(&mut client, path, text, piece).lines().next().unwrap_or_default().to_owned()
    };
    assert_eq!(first(CONFIG, agent, "unknown-key"), "**unknown-key** (error)");
    assert_eq!(first(".kaslint.yaml", settings, "null-value"), "**null-value** (warning)");
    assert_eq!(first(".kaslint.yaml", settings, "project"), "**`project`**: text");
    assert_eq!(first("inventory.yaml", inventory, "archived"), "**`archived`**: `true` or `false`");
}

#[test]
fn what_an_entry_comes_to_is_shown_where_that_is_asked_for() {
    let whole = json!({"start": {"line": 0, "character": 0}, "end": {"line": 99, "character": 0}});
    let params = json!({"textDocument": {"uri": uri(CONFIG)}, "range": whole});
    let mut silent = client(json!({}), json!({}));
    assert_eq!(silent.ask("textDocument/inlayHint", params.clone()), Ok(json!([])));
    assert_eq!(silent.ask("textDocument/codeLens", params.clone()), Ok(json!([])));

    let mut client = client(json!({}), json!({"inlayHints": true, "codeLens": true}));
    let hints = client.ask("textDocument/inlayHint", params.clone()).expect("hints");
    let hints: Vec<(u64, &str)> = hints
        .as_array()
        .expect("hints")
        .iter()
        .map(|hint| (hint["position"]["line"].as_u64().expect("a line"), hint["label"].as_str().expect("a label")))
        .collect();
    let expected = [(2, "1/1 · agent"), (5, "2/3 · CI job")];
    assert_eq!(hints, expected);
    let lenses = client.ask("textDocument/codeLens", params).expect("lenses");
    let titles: Vec<&Json> = lenses.as_array().expect("lenses").iter().map(|lens| &lens["command"]["title"]).collect();
    assert_eq!(titles, expected.map(|(_, label)| label));
}
