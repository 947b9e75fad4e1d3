//! The JSON Schema of the inventory takes what reading takes.

#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "tests lay out folders and run programs")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may fail loudly")]

use std::fs;

use kaslint::gitlab::NEWEST;
use kaslint::inventory::{self, INVENTORY};
use kaslint::schema::json_schema;
use kaslint::source::Source;
use serde_json::{Value as Json, json};

#[test]
fn schema_and_reading_agree() {
    let schema = json_schema(&INVENTORY, NEWEST, "https://example.com/inventory.json", "Inventory", "What is known.");
    let validator = jsonschema::validator_for(&schema).unwrap();
    let agree = |inventory: &Json| {
        let is_read = inventory::read(&Source::new("inventory.json", inventory.to_string())).problems.is_empty();
        assert_eq!(validator.is_valid(inventory), is_read, "{inventory}");
        is_read
    };
    let mut worlds = 0;
    for world in fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/access")).unwrap() {
        let text = fs::read_to_string(world.unwrap().path().join("inventory.yaml")).unwrap();
        assert!(agree(&serde_json::from_str(&text).unwrap()));
        worlds += 1;
    }
    assert!(worlds >= 40);
    let project = |project: Json| json!({"projects": [project]});
    assert!(agree(&project(
        json!({"path": "a/b", "environments": ["x", {"name": "y", "tier": "other"}], "agents": ["c"]})
    )));
    assert!(!agree(&project(json!({"id": 1}))));
    assert!(!agree(&project(json!({"path": "a/b", "environment": []}))));
    assert!(!agree(&project(json!({"path": "a/b", "environments": [{"name": "y", "tier": "live"}]}))));
    assert!(!agree(&project(json!({"path": "a/b", "agents": [{"id": 1}]}))));
    assert!(!agree(&json!({"gitlab": {"version": 18.4}})));
    assert!(!agree(&json!({"gitlab": {"tier": "gold"}})));
}
