//! Code actions: what is offered, and what comes of it when it is made.

use serde_json::{Value as Json, json};

use crate::client::{CONFIG, Client, uri};
use crate::text::range_of;

/// An editor that takes actions with their edits.
fn literal() -> Json {
    json!({"textDocument": {"codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": []}}}}})
}

/// The actions at a range, of these kinds.
fn actions(client: &mut Client, path: &str, range: &Json, only: Option<&[&str]>) -> Vec<Json> {
    let mut context = json!({"diagnostics": []});
    if let Some(only) = only {
        context["only"] = json!(only);
    }
    let params = json!({"textDocument": {"uri": uri(path)}, "range": range, "context": context});
    match client.ask("textDocument/codeAction", params).expect("actions") {
        Json::Array(actions) => actions,
        Json::Null => Vec::new(),
        other => panic!("{other}"),
    }
}

fn titles(actions: &[Json]) -> Vec<&str> {
    actions.iter().map(|action| action["title"].as_str().expect("a title")).collect()
}

fn action<'a>(actions: &'a [Json], title: &str) -> &'a Json {
    let found = actions.iter().find(|action| action["title"] == title);
    found.unwrap_or_else(|| panic!("no {title:?} among {:?}", titles(actions)))
}

/// Makes an edit of one file and gives the text that comes of it.
fn made(text: &str, action: &Json, path: &str) -> String {
    let changes = action["edit"]["changes"].as_object().expect("changes");
    assert_eq!(changes.keys().collect::<Vec<_>>(), [&uri(path)]);
    let mut edits: Vec<(usize, usize, &str)> = changes[&uri(path)]
        .as_array()
        .expect("edits")
        .iter()
        .map(|edit| {
            let offset = |end: &str| offset(text, &edit["range"][end]);
            (offset("start"), offset("end"), edit["newText"].as_str().expect("a text"))
        })
        .collect();
    edits.sort();
    let mut text = text.to_owned();
    for (start, end, new) in edits.into_iter().rev() {
        text.replace_range(start..end, new);
    }
    text
}

/// The offset of a position in UTF-16.
fn offset(text: &str, position: &Json) -> usize {
    let line = position["line"].as_u64().expect("a line") as usize;
    let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let mut left = position["character"].as_u64().expect("a column") as usize;
    let mut at = start;
    for character in text[start..].chars() {
        if left == 0 {
            break;
        }
        left -= character.len_utf16();
        at += character.len_utf8();
    }
    at
}

const BROKEN: &str = "\
ci_access:
  projects:
    - id: acme/web/shop
      environments: [prôd, on]
    - id: https://gitlab.example.com/acme/web/cart.git
      acces_as: {ci_job: {}}
";

fn everything(text: &str) -> Json {
    json!({"start": {"line": 0, "character": 0}, "end": {"line": text.lines().count(), "character": 0}})
}

#[test]
fn a_fix_that_is_made_clears_its_diagnostic() {
    let mut client = Client::ready_with(literal(), &[(CONFIG, BROKEN)]);
    client.open_file(CONFIG);
    assert_eq!(client.told_of(CONFIG).lines().len(), 3);
    let here = actions(&mut client, CONFIG, &range_of(BROKEN, "on]", "utf-16"), Some(&["quickfix"]));
    assert_eq!(titles(&here), ["Write 'on'", "Accept with a reason: ignore wrong-type here"]);
    let fix = &here[0];
    assert_eq!((&fix["kind"], &fix["isPreferred"]), (&json!("quickfix"), &json!(true)));
    assert_eq!(fix["diagnostics"][0]["code"], "wrong-type");
    let mended = made(BROKEN, fix, CONFIG);
    assert_eq!(mended, BROKEN.replace("on]", "'on']"));
    client.replace(&uri(CONFIG), 2, &mended);
    let rules: Vec<String> = client.told_of(CONFIG).lines();
    assert!(!rules.iter().any(|line| line.contains("wrong-type")) && rules.len() == 2, "{rules:?}");
}

#[test]
fn all_safe_fixes_are_made_at_once() {
    let mut client = Client::ready_with(literal(), &[(CONFIG, BROKEN)]);
    client.open_file(CONFIG);
    client.told_of(CONFIG);
    let start = json!({"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}});
    for only in [&["source.fixAll.kaslint"][..], &["source.fixAll"], &["source"]] {
        let all = actions(&mut client, CONFIG, &start, Some(only));
        assert_eq!(titles(&all), ["Make all safe fixes of kaslint"], "{only:?}");
        let mended = made(BROKEN, &all[0], CONFIG);
        let expected = BROKEN.replace("on]", "'on']").replace("acces_as", "access_as");
        // The address lets in nobody as it stands, and would.
        assert_eq!(mended, expected);
    }
    assert!(actions(&mut client, CONFIG, &start, Some(&["refactor"])).is_empty());
}

#[test]
fn fixes_say_whom_they_let_in_as_the_report_does() {
    let text = "ci_access: {projects: [{id: /acme/shop}]}\n";
    let mut client = Client::ready_with(literal(), &[(CONFIG, text)]);
    client.open_file(CONFIG);
    client.told_of(CONFIG);
    let all = actions(&mut client, CONFIG, &everything(text), None);
    let title = titles(&all)[0];
    assert!(title.starts_with("Write `acme/shop` (unsafe). All jobs of `acme/shop`"), "{title}");
    assert_eq!(all[0]["isPreferred"], Json::Null);
    assert!(!titles(&all).contains(&"Make all safe fixes of kaslint"));
}

#[test]
fn the_edit_of_all_fixes_is_worked_out_when_it_is_chosen() {
    let capabilities = json!({"textDocument": {"codeAction": {
        "codeActionLiteralSupport": {}, "dataSupport": true, "resolveSupport": {"properties": ["edit"]},
    }}});
    let mut client = Client::ready_with(capabilities, &[(CONFIG, BROKEN)]);
    client.open_file(CONFIG);
    client.told_of(CONFIG);
    let all = actions(&mut client, CONFIG, &everything(BROKEN), Some(&["source.fixAll.kaslint"]));
    assert!(all[0].get("edit").is_none());
    let resolved = client.ask("codeAction/resolve", all[0].clone()).expect("an action");
    assert!(made(BROKEN, &resolved, CONFIG).contains("access_as: {ci_job: {}}"));
}

#[test]
fn edits_name_the_state_of_the_document_where_the_editor_wants_to_know() {
    let capabilities = json!({"workspace": {"workspaceEdit": {"documentChanges": true}}});
    let mut client = Client::ready_with(capabilities, &[(CONFIG, BROKEN)]);
    client.open_file(CONFIG);
    client.told_of(CONFIG);
    let here = actions(&mut client, CONFIG, &range_of(BROKEN, "acces_as", "utf-16"), Some(&["quickfix"]));
    let change = &here[0]["edit"]["documentChanges"][0];
    assert_eq!(change["textDocument"], json!({"uri": uri(CONFIG), "version": 1}));
    assert_eq!(change["edits"][0]["newText"], "access_as");
}

#[test]
fn a_finding_is_accepted_by_a_comment_with_a_reason() {
    let text = "\
ci_access:
  projects:
    - id: acme/web/shop
      environments: [review/*]
    - id: acme/web/cart # the cart
      environments:
        - review/* # é
        - stag*    # kaslint: ignore[unmatched-environment] it comes
    - {id: acme/web/x, environments: [
        live*, y1,
        prod*]}
";
    let settings = "project: acme/agents\ngitlab: {version: '18.9'}\n";
    let mut client = Client::ready_with(literal(), &[(CONFIG, text), (".kaslint.yaml", settings)]);
    client.open_file(CONFIG);
    let count = client.told_of(CONFIG).lines().iter().filter(|line| line.ends_with("unanchored-wildcard")).count();
    assert_eq!(count, 5);
    let title = "Accept with a reason: ignore unanchored-wildcard here";
    for (piece, expected) in [
        ("[review/*]", "      environments: [review/*]  # kaslint: ignore[unanchored-wildcard] TODO: say why\n"),
        ("- review/*", "        # kaslint: ignore[unanchored-wildcard] TODO: say why\n        - review/* # é\n"),
        ("stag*", "# kaslint: ignore[unmatched-environment, unanchored-wildcard] it comes\n"),
        ("live*", "        live*, y1,  # kaslint: ignore[unanchored-wildcard] TODO: say why\n"),
    ] {
        let here = actions(&mut client, CONFIG, &range_of(text, piece, "utf-16"), None);
        let accepted = made(text, action(&here, title), CONFIG);
        assert!(accepted.contains(expected), "{accepted}");
        client.replace(&uri(CONFIG), 2, &accepted);
        let left: Vec<String> = client.told_of(CONFIG).lines();
        let wildcards = left.iter().filter(|line| line.ends_with("unanchored-wildcard")).count();
        assert_eq!(wildcards, count - 1, "{left:?}");
        assert!(!left.iter().any(|line| line.ends_with("invalid-ignore")), "{left:?}");
        client.replace(&uri(CONFIG), 3, text);
        client.told_of(CONFIG);
    }
}

const INVENTORY: &str = "\
projects:
  - {path: acme/agents, repository: .}
  - {path: acme/web/shop, repository: shop, environments: [production, staging]}
";

#[test]
fn a_missing_environment_is_added_on_either_side() {
    let config = "ci_access:\n  projects:\n    - id: acme/web/shop\n      environments:\n        - production\n";
    let job = |environment: &str| {
        format!(
            "deploy:\n{environment}  script:\n    - kubectl config use-context acme/agents:prod\n    - kubectl get pods\n"
        )
    };
    let ci = job("  environment: staging\n");
    let files = [
        (CONFIG, config),
        ("shop/.gitlab-ci.yml", &*ci),
        (".kaslint.yaml", "project: acme/agents\ninventory: inventory.yaml\n"),
        ("inventory.yaml", INVENTORY),
    ];
    let mut client = Client::ready_with(literal(), &files);
    client.open_file("shop/.gitlab-ci.yml");
    client.open_file(CONFIG);
    let told = client.told();
    assert!(told["shop/.gitlab-ci.yml"].lines()[0].ends_with("environment-not-granted"));
    let context = range_of(&ci, "acme/agents:prod", "utf-16");
    let here = actions(&mut client, "shop/.gitlab-ci.yml", &context, None);
    let add = action(&here, "Add `staging` to `environments` of the agent `acme/agents:prod`");
    let widened = made(config, add, CONFIG);
    assert_eq!(widened, format!("{config}        - staging\n"));
    client.replace(&uri(CONFIG), 2, &widened);
    let told = client.told();
    assert!(told["shop/.gitlab-ci.yml"].lines().is_empty(), "{told:?}");

    // The other way round: the job has none.
    let without = job("");
    client.replace(&uri("shop/.gitlab-ci.yml"), 2, &without);
    client.told();
    let context = range_of(&without, "acme/agents:prod", "utf-16");
    let here = actions(&mut client, "shop/.gitlab-ci.yml", &context, None);
    let give = action(&here, "Give `deploy` the environment `production`");
    assert_eq!(made(&without, give, "shop/.gitlab-ci.yml"), job("  environment: production\n"));
}

#[test]
fn a_project_that_is_not_let_in_is_added_to_the_agents_file() {
    let config = "ci_access:\n  projects:\n    - id: acme/web/other\n      environments: [x]\n";
    let ci = "deploy:\n  script:\n    - kubectl config use-context acme/agents:prod\n    - kubectl get pods\n";
    let files = [
        (CONFIG, config),
        ("shop/.gitlab-ci.yml", ci),
        (".kaslint.yaml", "project: acme/agents\ninventory: inventory.yaml\n"),
        ("inventory.yaml", INVENTORY),
    ];
    let mut client = Client::ready_with(literal(), &files);
    client.open_file("shop/.gitlab-ci.yml");
    client.open_file(CONFIG);
    let told = client.told();
    assert!(told["shop/.gitlab-ci.yml"].lines()[0].ends_with("context-not-granted"));
    let context = range_of(ci, "acme/agents:prod", "utf-16");
    let here = actions(&mut client, "shop/.gitlab-ci.yml", &context, None);
    let add = action(&here, "Add `acme/web/shop` to `ci_access.projects` of the agent `acme/agents:prod`");
    let widened = made(config, add, CONFIG);
    assert_eq!(widened, format!("{config}    - id: acme/web/shop\n"));
    client.replace(&uri(CONFIG), 2, &widened);
    let told = client.told();
    assert!(told["shop/.gitlab-ci.yml"].lines().is_empty(), "{told:?}");
}

#[test]
fn what_may_be_meant_is_offered_where_a_name_is_unknown() {
    let config = "ci_access:\n  projects:\n    - id: acme/web/shp\n      environments: [productoin]\n";
    let ci = "deploy:\n  environment: {name: production, action: strat}\n  script:\n    - kubectl config use-context acme/agents:prd\n";
    let files = [
        (CONFIG, config),
        ("shop/.gitlab-ci.yml", ci),
        (".kaslint.yaml", "project: acme/agents\ninventory: inventory.yaml\n"),
        ("inventory.yaml", INVENTORY),
    ];
    let mut client = Client::ready_with(literal(), &files);
    client.open_file("shop/.gitlab-ci.yml");
    client.open_file(CONFIG);
    client.told();
    for (path, text, piece, title) in [
        (
            CONFIG,
            config,
            "acme/web/shp",
            "Write `acme/web/shop` (unsafe). Jobs of `acme/web/shop` with the environment `productoin`, on any ref, now get agent `acme/agents:prod` as the agent itself.",
        ),
        ("shop/.gitlab-ci.yml", ci, "strat", "Write `start` (unsafe)"),
        ("shop/.gitlab-ci.yml", ci, "acme/agents:prd", "Write `acme/agents:prod` (unsafe)"),
    ] {
        let here = actions(&mut client, path, &range_of(text, piece, "utf-16"), None);
        let mended = made(text, action(&here, title), path);
        let expected = title.trim_start_matches("Write `").split("` (unsafe)").next().unwrap_or_default();
        assert_eq!(mended, text.replacen(piece, expected, 1));
    }
    let comment = "ci_access: {} # kaslint: ignore[unknown-kye] it comes\n";
    client.replace(&uri(CONFIG), 2, comment);
    client.told_of(CONFIG);
    let here = actions(&mut client, CONFIG, &range_of(comment, "unknown-kye", "utf-16"), None);
    let mended = made(comment, action(&here, "Write `unknown-key` (unsafe)"), CONFIG);
    assert_eq!(mended, comment.replace("kye", "key"));
}

#[test]
fn the_configuration_project_is_listed_with_the_restrictions_of_its_group() {
    let config = "ci_access:\n  groups:\n    - id: acme\n      environments: [production]\n      protected_branches_only: true\n";
    let mut client = Client::ready_with(literal(), &[(CONFIG, config), (".kaslint.yaml", "project: acme/agents\n")]);
    client.open_file(CONFIG);
    assert!(client.told_of(CONFIG).lines()[0].ends_with("config-project-bypass"));
    let here = actions(&mut client, CONFIG, &range_of(config, "acme", "utf-16"), None);
    let list = action(&here, "List `acme/agents` under `projects` with the restrictions of `acme`");
    let listed = made(config, list, CONFIG);
    let expected = "ci_access:\n  projects:\n    - id: acme/agents\n      environments: [production]\n      protected_branches_only: true\n  groups:\n";
    assert!(listed.starts_with(expected), "{listed}");
    client.replace(&uri(CONFIG), 2, &listed);
    let left = client.told_of(CONFIG).lines();
    assert!(!left.iter().any(|line| line.ends_with("config-project-bypass")), "{left:?}");
}
