//! Inventories as documents.

use serde_json::json;

use crate::client::{Client, uri};

const INVENTORY: &str = "inventory.yaml";

#[test]
fn mistakes_are_told_and_go() {
    let mut client = Client::ready(&[]);
    let text = "projects:\n  - {path: acme/web/shop}\n  - {path: acme/web/shop}\n  - {pth: acme/web/blog}\n";
    client.open(&uri(INVENTORY), text);
    let told = client.told_of(INVENTORY);
    assert!(!told.diagnostics.is_empty());
    assert!(told.diagnostics.iter().all(|one| one["code"] == "invalid-inventory"), "{told:?}");
    insta::assert_snapshot!(serde_json::to_string_pretty(&told.diagnostics).expect("JSON"));
    client.replace(&uri(INVENTORY), 2, "projects:\n  - {path: acme/web/shop}\n");
    assert_eq!(client.told_lines(), [format!("{INVENTORY}@2:")]);
    client.replace(&uri(INVENTORY), 3, "projects:\n  - {path: \"acme/web/shop}\n");
    assert!(client.told_of(INVENTORY).lines().iter().all(|line| line.ends_with("invalid-inventory")));
    client.close(&uri(INVENTORY));
    assert_eq!(client.told_lines(), [format!("{INVENTORY}:")]);
}

#[test]
fn inventories_of_other_tools_are_nobodys() {
    let mut client = Client::ready(&[]);
    for text in [
        "all:\n  hosts:\n    mail.example.com:\n  children:\n    web: {hosts: {a: , b: }}\n",
        "plugin: aws_ec2\nregions: [eu-central-1]\nprojects: all\n",
        "- a\n- b\n",
        "",
        "all: [",
    ] {
        client.open(&uri(INVENTORY), text);
        client.close(&uri(INVENTORY));
        assert_eq!(client.told_lines(), [""; 0], "{text}");
    }
}

#[test]
fn an_inventory_that_settings_name_is_one_whatever_it_holds() {
    let mut client = Client::ready(&[(".kaslint.yaml", "inventory: gitlab.yaml\n"), ("gitlab.yaml", "projects: []\n")]);
    client.open(&uri("gitlab.yaml"), "all: {hosts: {}}\n");
    let told = client.told_of("gitlab.yaml");
    assert_eq!(told.lines(), ["0:0-0:3 invalid-inventory"]);
    client.notified("window/showMessage");
}

#[test]
fn a_mistake_in_an_inventory_hides_no_other_finding_and_is_told_where_it_stands() {
    let mut client = Client::start_with("world");
    client.greet(json!({}), &[""]);
    let ci = "projects/acme/web/shop/.gitlab-ci.yml";
    let text = "show:\n  script: [kubectl config use-context acme/agents:staging]\n";
    let refused = format!("{ci}@1: 1:38-1:57 context-not-granted");
    client.open(&uri(ci), text);
    assert_eq!(client.told_lines(), std::slice::from_ref(&refused));
    // What was known before counts while the inventory is being edited.
    let good = std::fs::read_to_string(client.path(INVENTORY)).expect("a file");
    client.open(&uri(INVENTORY), &good.replace("projects:", "projcts:"));
    let told = client.told();
    assert!(told[INVENTORY].lines().iter().all(|line| line.ends_with(" invalid-inventory")), "{told:?}");
    assert!(!told[INVENTORY].lines().is_empty());
    assert_eq!(told.get(ci), None);
    client.notified("window/showMessage");
    client.replace(&uri(INVENTORY), 2, &good);
    assert_eq!(client.told_lines(), [format!("{INVENTORY}@2:")]);
    // Another thing that the inventory says.
    client.replace(&uri(INVENTORY), 3, &good.replace("[production, staging]", "[production]"));
    let told = client.told();
    assert_ne!(told[ci].lines(), ["1:38-1:57 context-not-granted"]);
}
