//! `access` and `inventory check` through the real binary.

use serde_json::Value as Json;

use crate::common::{folder_with, kaslint, kaslint_with_input, root};

const INVENTORY: &[u8] = b"gitlab: {version: '18.4', tier: premium, instance_authorization: false}
projects:
  - {path: acme/platform/agents, id: 100, agents: [{name: prod, id: 7}]}
  - {path: acme/web/shop, id: 150, protected_branches: [main, release/*], protected_tags: []}
  - {path: acme/web/blog, id: 151}
  - {path: partner/app, id: 152}
";

const CONFIG: &[u8] = b"ci_access:
  projects:
    - id: acme/web/shop
      environments: [production]
      access_as: {ci_job: {}}
    - id: partner/app
  groups:
    - id: acme
      protected_branches_only: true
      default_namespace: web
";

fn world() -> tempfile::TempDir {
    folder_with(&[
        ("inventory.yaml", INVENTORY),
        ("projects/acme/platform/agents/.gitlab/agents/prod/config.yaml", CONFIG),
    ])
}

#[test]
fn the_worlds_agree_through_the_binary() {
    for world in ["01", "11", "13", "30", "40"] {
        let folder = root().join("fixtures/access").join(world);
        let text = std::fs::read_to_string(folder.join("expected.jsonl")).expect("the answers");
        let expected: Vec<Json> = text.lines().map(|line| serde_json::from_str(line).expect("a line")).collect();
        let queries: String = expected.iter().map(|line| format!("{}\n", line["query"])).collect();
        let arguments = ["access", "--inventory", "inventory.yaml", "--queries", "-", "--format", "json"];
        let run = kaslint_with_input(&folder, &arguments, queries.as_bytes());
        let answers: Vec<Json> = run.stdout.lines().map(|line| serde_json::from_str(line).expect("a line")).collect();
        assert_eq!(answers.len(), expected.len(), "{world}: {}", run.stderr);
        for (answer, expected) in answers.iter().zip(&expected) {
            let contexts = |rows: &Json| -> Vec<Json> {
                rows.as_array().expect("rows").iter().map(|row| row["context"].clone()).collect()
            };
            assert_eq!(answer["query"], expected["query"]);
            assert_eq!(contexts(&answer["allowed"]), contexts(&expected["allowed"]), "{world}: {}", expected["query"]);
        }
    }
}

#[test]
fn the_whole_picture() {
    insta::assert_snapshot!(kaslint(world().path(), &["access", "--inventory", "inventory.yaml"]).transcript());
}

#[test]
fn the_picture_without_an_inventory_says_what_it_takes() {
    insta::assert_snapshot!(kaslint(root(), &["access", "fixtures/demo", "--agent", "staging"]).transcript());
}

#[test]
fn one_project_with_and_without_what_decides() {
    let folder = world();
    let asks: [&[&str]; 5] = [
        &["--for", "acme/web/shop", "--environment", "production"],
        &["--for", "acme/web/shop", "--environment", "staging", "--ref", "main"],
        &["--for", "acme/web/blog"],
        &["--for", "acme/web/blog", "--unprotected"],
        &["--for", "partner/app"],
    ];
    let mut transcript = String::new();
    for ask in asks {
        let run = kaslint(folder.path(), &[&["access", "--inventory", "inventory.yaml"], ask].concat());
        transcript.push_str(&format!("# {}\n{}", ask.join(" "), run.transcript()));
    }
    insta::assert_snapshot!(transcript);
}

/// It is answered all the same, since it may be one that comes.
#[test]
fn an_environment_that_is_not_there_and_nearly_another_is_noted() {
    let inventory = b"projects:\n  - {path: acme/agents, agents: [prod]}\n  - {path: acme/shop, environments: [production, review/a]}\n";
    let folder = folder_with(&[
        ("inventory.yaml", inventory),
        ("projects/acme/agents/.gitlab/agents/prod/config.yaml", b"ci_access: {groups: [{id: acme}]}\n"),
    ]);
    let ask = |project: &str, environment: &str| {
        let call = ["access", "--inventory", "inventory.yaml", "--for", project, "--environment", environment];
        let run = kaslint(folder.path(), &call);
        (run.code, run.stderr)
    };
    let note = "note: acme/shop has no environment `prodution` yet; did you mean `production`?\n";
    assert_eq!(ask("acme/shop", "prodution"), (0, note.to_owned()));
    for (project, environment) in
        [("acme/shop", "production"), ("acme/shop", "integration-tests"), ("acme/agents", "prodution")]
    {
        assert_eq!(ask(project, environment), (0, String::new()), "{project} {environment}");
    }
}

#[test]
fn a_bad_question_or_inventory_ends_with_status_2() {
    let folder = folder_with(&[
        (
            "bad.yaml",
            b"groups: [{path: acme}, {path: ACME}]\nprojects: [{path: acme/x, enviroments: [a]}, {path: shop}]\n",
        ),
        ("inventory.yaml", INVENTORY),
        ("queries", b"{\"project\": \"acme/web/shop\"}\n{\"projekt\": 1}\n"),
    ]);
    let calls: [&[&str]; 5] = [
        &["inventory", "check", "bad.yaml"],
        &["access", "--inventory", "bad.yaml"],
        &["access", "--inventory", "nowhere.yaml"],
        &["access", "--inventory", "inventory.yaml", "--queries", "queries", "--format", "json"],
        &["access", "--inventory", "inventory.yaml", "--for", "acme/none"],
    ];
    let mut transcript = String::new();
    for call in calls {
        let run = kaslint(folder.path(), call);
        assert_eq!(run.code, 2, "{call:?}");
        transcript.push_str(&format!("# {}\n{}", call.join(" "), run.transcript()));
    }
    insta::assert_snapshot!(transcript);
    assert_eq!(kaslint(folder.path(), &["inventory", "check", "inventory.yaml"]).code, 0);
}
