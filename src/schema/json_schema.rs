//! A JSON Schema (draft 2020-12) from a table of keys.
//!
//! It accepts every value that decoding accepts. What it cannot refuse is listed in [`Difference`].

use serde_json::{Map, Value as Json, json};

use super::table::{Check, Key, Kind, Members, MessageRef};
use crate::gitlab::{Tier, Version};

/// A case that decoding refuses and a JSON Schema cannot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Difference {
    /// The file is no YAML, or not as GitLab's parser reads it: a schema sees values, not text.
    NotYaml,
    /// A duration beyond the range; a pattern cannot compare numbers.
    DurationRange,
    /// A 64-bit integer written as text beyond the range; likewise.
    IntegerTextRange,
}

impl Difference {
    /// All differences.
    pub const ALL: [Self; 3] = [Self::NotYaml, Self::DurationRange, Self::IntegerTextRange];

    /// What the difference is, in a sentence.
    #[must_use]
    pub fn in_words(self) -> &'static str {
        match self {
            Self::NotYaml => "syntax, anchors, merges and tags: a schema sees the values, not the text",
            Self::DurationRange => "durations beyond ±315576000000s: a pattern cannot compare numbers",
            Self::IntegerTextRange => "whole numbers in quotes that do not fit the field: likewise",
        }
    }
}

/// The schema of a table for one release.
#[must_use]
pub fn json_schema(message: impl Into<MessageRef>, version: Version, id: &str, title: &str, description: &str) -> Json {
    let mut definitions = Definitions { version, known: Vec::new(), schemas: Map::new() };
    let mut root = Map::new();
    root.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
    root.insert("$id".to_owned(), json!(id));
    root.insert("title".to_owned(), json!(title));
    root.insert("description".to_owned(), json!(description));
    root.extend(definitions.message(&message.into()));
    root.insert("$defs".to_owned(), Json::Object(definitions.schemas));
    Json::Object(root)
}

struct Definitions {
    version: Version,
    known: Vec<(MessageRef, String)>,
    schemas: Map<String, Json>,
}

impl Definitions {
    /// A reference to the schema of a message, which is written once.
    fn reference(&mut self, name: &str, message: &MessageRef) -> Json {
        let known = self.known.iter().find(|(known, _)| known == message);
        let name = match known {
            Some((_, name)) => name.clone(),
            None => {
                let taken = |name: &String| self.known.iter().any(|(_, known)| known == name);
                let unique = (1..).map(|n| if n == 1 { name.to_owned() } else { format!("{name}_{n}") });
                let name = unique.into_iter().find(|name| !taken(name)).unwrap_or_default();
                self.known.push((message.clone(), name.clone()));
                let schema = self.message(message);
                self.schemas.insert(name.clone(), Json::Object(schema));
                name
            }
        };
        json!({ "$ref": format!("#/$defs/{name}") })
    }

    fn message(&mut self, message: &MessageRef) -> Map<String, Json> {
        let mut properties = Map::new();
        let mut required = Vec::new();
        let keys = || message.keys.iter().filter(|key| key.is_known(self.version));
        let keys: Vec<&Key> = keys().collect();
        for key in &keys {
            if key.is_required(self.version) {
                required.push(json!(&*key.name));
            }
            properties.insert(key.name.to_string(), self.key(key));
        }
        let mut schema = Map::new();
        schema.insert("type".to_owned(), json!(["object", "null"]));
        schema.insert("additionalProperties".to_owned(), json!(false));
        schema.insert("properties".to_owned(), Json::Object(properties));
        if !required.is_empty() {
            schema.insert("required".to_owned(), Json::Array(required));
        }
        if message.members == Members::ExactlyOne {
            let set = |key: &&Key| {
                json!({
                    "type": "object",
                    "required": [&*key.name],
                    "properties": { &*key.name: { "not": { "type": "null" } } },
                })
            };
            let mut choices: Vec<Json> = keys.iter().map(set).collect();
            choices.push(json!({ "type": "null" }));
            schema.insert("oneOf".to_owned(), Json::Array(choices));
        }
        schema
    }

    fn key(&mut self, key: &Key) -> Json {
        let mut schema = Map::new();
        schema.insert("description".to_owned(), json!(description(key)));
        if key.inert_in(self.version).is_some() {
            schema.insert("deprecated".to_owned(), json!(true));
        }
        let nullable = !key.is_required(self.version);
        let kind = self.kind(&key.name, &key.kind, nullable, &key.checks);
        if let Json::Object(kind) = kind {
            schema.extend(kind);
        }
        Json::Object(schema)
    }

    fn kind(&mut self, name: &str, kind: &Kind, nullable: bool, checks: &[Check]) -> Json {
        let types = |names: &[&str]| {
            let mut names: Vec<&str> = names.to_vec();
            if nullable {
                names.push("null");
            }
            if let [name] = names[..] { json!(name) } else { json!(names) }
        };
        let not_empty = checks.iter().any(|check| matches!(check, Check::Required | Check::NotEmpty));
        match kind {
            Kind::Any => json!({}),
            Kind::Bool => json!({ "type": types(&["boolean"]) }),
            Kind::Text => {
                let mut schema = json!({ "type": types(&["string"]) });
                if not_empty {
                    schema["minLength"] = json!(1);
                }
                for check in checks {
                    match check {
                        Check::OneOf(allowed) => {
                            let mut values: Vec<Json> = allowed.iter().map(|value| json!(value)).collect();
                            values.push(json!(""));
                            values.extend(nullable.then_some(Json::Null));
                            schema["enum"] = Json::Array(values);
                        }
                        Check::DocumentedValues(values) => schema["examples"] = json!(values),
                        _ => {}
                    }
                }
                schema
            }
            // protojson takes a whole number in quotes as well.
            Kind::Int32 => json!({
                "type": types(&["integer", "string"]),
                "minimum": i32::MIN,
                "maximum": i32::MAX,
                "pattern": NUMBER_TEXT,
            }),
            Kind::Int64 => json!({
                "type": types(&["integer", "string"]),
                "minimum": i64::MIN,
                "maximum": i64::MAX,
                "pattern": NUMBER_TEXT,
            }),
            Kind::Enum(names) => {
                let number = json!({ "type": "integer", "minimum": i32::MIN, "maximum": i32::MAX });
                let mut choices = vec![json!({ "enum": names.all() }), number];
                if nullable {
                    choices.push(json!({ "type": "null" }));
                }
                json!({ "anyOf": choices })
            }
            // YAML 1.1 reads `off` and `on` as booleans, and so do some editors.
            Kind::Word(names) => {
                let mut values: Vec<Json> = names.iter().map(|name| json!(name)).collect();
                values.extend(names.contains(&"off").then_some(json!(false)));
                json!({ "enum": values })
            }
            Kind::Duration => json!({
                "type": types(&["string"]),
                "pattern": r"^[-+]?(0|[1-9][0-9]*)?(\.[0-9]{0,9})?s$",
                // At least one of digits and point.
                "not": { "type": "string", "pattern": r"^[-+]?s$" },
            }),
            Kind::Message(link) => {
                let Some(message) = link.follow() else { return json!({}) };
                let reference = self.reference(name, &message);
                if nullable { reference } else { json!({ "allOf": [reference, { "type": "object" }] }) }
            }
            Kind::TextOr(link) => {
                let Some(message) = link.follow() else { return json!({}) };
                let reference = self.reference(name, &message);
                json!({ "anyOf": [{ "type": "string" }, reference] })
            }
            Kind::List(item) => {
                let mut item_checks: Vec<Check> = Vec::new();
                item_checks.extend(
                    checks
                        .iter()
                        .filter(|check| matches!(check, Check::NotEmpty | Check::DocumentedValues(_)))
                        .cloned(),
                );
                let items = self.kind(name, item, false, &item_checks);
                let mut schema = json!({ "type": types(&["array"]), "items": items });
                if checks.iter().any(|check| matches!(check, Check::SomeItems)) {
                    schema["minItems"] = json!(1);
                }
                schema
            }
            Kind::Map(value) => {
                let values = self.kind(name, value, false, &[]);
                json!({ "type": types(&["object"]), "additionalProperties": values })
            }
        }
    }
}

/// A JSON number that is whole, as protojson takes it in quotes.
const NUMBER_TEXT: &str = r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$";

fn description(key: &Key) -> String {
    let mut text = key.doc.to_string();
    if let Some(default) = &key.default {
        text.push_str(&format!(" Default: {default}."));
    }
    if key.since.latest > crate::gitlab::OLDEST {
        text.push_str(&format!(" Since {}.", key.since));
    }
    if key.tier > Tier::Free {
        text.push_str(&format!(" Needs {}.", key.tier));
    }
    text
}
