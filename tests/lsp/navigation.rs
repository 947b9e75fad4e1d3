//! Definitions, symbols and folds.

use serde_json::{Value as Json, json};

use crate::client::{CONFIG, Client, uri};
use crate::text::{range_of, text_of};

const AGENT: &str = "\
# The agent
# of production
ci_access:
  projects:
    - id: acme/web/shop
      default_namespace: shop
    - id: ACME/web/shop
      environments:
        - production
  groups:
    - id: acme
      protected_branches_only: true
    - id: acme/web
";

const CI: &str = "\
.base:
  image: x

deploy:
  stage: deploy
  environment: production
  script:
    - kubectl config use-context acme/agents:prod
    - kubectl get pods
";

fn client(capabilities: Json) -> Client {
    let files = [(CONFIG, AGENT), (".gitlab-ci.yml", CI), (".kaslint.yaml", "project: acme/agents\n")];
    let mut client = Client::ready_with(capabilities, &files);
    client.open_file(CONFIG);
    client.open_file(".gitlab-ci.yml");
    client.told();
    client
}

/// Where a piece of a text leads, as file, line and text.
fn definitions(client: &mut Client, path: &str, text: &str, piece: &str) -> Vec<(String, u64, String)> {
    let position = range_of(text, piece, "utf-16")["start"].clone();
    let params = json!({"textDocument": {"uri": uri(path)}, "position": position});
    let Json::Array(places) = client.ask("textDocument/definition", params).expect("definitions") else {
        return Vec::new();
    };
    let one = |place: &Json| {
        let path = place["uri"].as_str().expect("an address").replace("file:///w/", "");
        let text = if path == CONFIG { text_of(AGENT, &place["range"], "utf-16") } else { "" };
        (path, place["range"]["start"]["line"].as_u64().expect("a line"), text.to_owned())
    };
    places.iter().map(one).collect()
}

#[test]
fn entries_lead_to_those_that_go_before_them() {
    let mut client = client(json!({}));
    let at = |line, text: &str| (CONFIG.to_owned(), line, text.to_owned());
    // Of equal ids the last counts, and letter case does not.
    assert_eq!(definitions(&mut client, CONFIG, AGENT, "acme/web/shop"), [at(6, "ACME/web/shop")]);
    assert_eq!(
        definitions(&mut client, CONFIG, AGENT, "acme\n"),
        [at(4, "acme/web/shop"), at(6, "ACME/web/shop"), at(12, "acme/web")]
    );
    assert!(definitions(&mut client, CONFIG, AGENT, "ACME/web/shop").is_empty());
    assert!(definitions(&mut client, CONFIG, AGENT, "ci_access").is_empty());
}

#[test]
fn contexts_lead_to_the_agents_file() {
    let mut client = client(json!({}));
    let found = definitions(&mut client, ".gitlab-ci.yml", CI, "acme/agents:prod");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].0, CONFIG);
    assert!(definitions(&mut client, ".gitlab-ci.yml", CI, "image").is_empty());
}

/// Names and kinds of symbols, indented as they lie within each other; each name has to stand within its whole.
fn outline(symbols: &Json, depth: usize, lines: &mut Vec<String>) {
    for symbol in symbols.as_array().expect("symbols") {
        let detail = symbol["detail"].as_str().map(|detail| format!(" ({detail})")).unwrap_or_default();
        lines.push(format!("{}{}{detail}", "  ".repeat(depth), symbol["name"].as_str().expect("a name")));
        let key = |range: &Json, end: &str| (range[end]["line"].as_u64(), range[end]["character"].as_u64());
        let (whole, name) = (&symbol["range"], &symbol["selectionRange"]);
        assert!(key(whole, "start") <= key(name, "start") && key(name, "end") <= key(whole, "end"), "{symbol}");
        if symbol.get("children").is_some() {
            outline(&symbol["children"], depth + 1, lines);
        }
    }
}

#[test]
fn symbols_are_keys_and_entries_and_jobs() {
    let mut client = client(json!({"textDocument": {"documentSymbol": {"hierarchicalDocumentSymbolSupport": true}}}));
    let mut lines = Vec::new();
    for path in [CONFIG, ".gitlab-ci.yml"] {
        lines.push(format!("--- {path}"));
        let params = json!({"textDocument": {"uri": uri(path)}});
        outline(&client.ask("textDocument/documentSymbol", params).expect("symbols"), 0, &mut lines);
    }
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn symbols_are_flat_for_an_editor_that_knows_no_trees() {
    let mut client = client(json!({}));
    let params = json!({"textDocument": {"uri": uri(".gitlab-ci.yml")}});
    let symbols = client.ask("textDocument/documentSymbol", params).expect("symbols");
    let one = |symbol: &Json| (symbol["name"].clone(), symbol["containerName"].clone());
    let symbols: Vec<(Json, Json)> = symbols.as_array().expect("symbols").iter().map(one).collect();
    let expected = [
        (json!("deploy"), Json::Null),
        (json!("environment production"), json!("deploy")),
        (json!("context acme/agents:prod"), json!("deploy")),
    ];
    assert_eq!(symbols, expected);
}

#[test]
fn comments_keys_and_items_fold() {
    let mut client = client(json!({}));
    let params = json!({"textDocument": {"uri": uri(CONFIG)}});
    let folds = client.ask("textDocument/foldingRange", params).expect("folds");
    let one =
        |fold: &Json| (fold["startLine"].as_u64(), fold["endLine"].as_u64(), fold["kind"].as_str().map(str::to_owned));
    let folds: Vec<_> = folds.as_array().expect("folds").iter().map(one).collect();
    let comment = Some("comment".to_owned());
    let lines = |start, end| (Some(start), Some(end), None);
    assert_eq!(
        folds,
        [
            (Some(0), Some(1), comment),
            lines(2, 12),
            lines(3, 8),
            lines(4, 5),
            lines(6, 8),
            lines(7, 8),
            lines(9, 12),
            lines(10, 11)
        ]
    );
}
