//! A JSON Schema (draft 2020-12) from a table of keys.
//!
//! It accepts every value that decoding accepts. What it cannot refuse is listed in [`Difference`].

use std::collections::VecDeque;

use serde_json::{Map, Value as Json, json};

use super::table::{Check, Key, Kind, Limit, Members, MessageRef};
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
    /// A word that YAML 1.1 reads as a boolean or number, in quotes: a reader of YAML 1.2 sees text with and without them.
    WordsInQuotes,
}

impl Difference {
    /// All differences.
    pub const ALL: [Self; 4] = [Self::NotYaml, Self::DurationRange, Self::IntegerTextRange, Self::WordsInQuotes];

    /// What the difference is, in a sentence.
    #[must_use]
    pub fn in_words(self) -> &'static str {
        match self {
            Self::NotYaml => "syntax, anchors, merges and tags: a schema sees the values, not the text",
            Self::DurationRange => "durations beyond ±315576000000s: a pattern cannot compare numbers",
            Self::IntegerTextRange => "whole numbers in quotes that do not fit the field: likewise",
            Self::WordsInQuotes => {
                "quotes around words that YAML 1.1 reads as a boolean or a number: what reads YAML 1.2 sees text with and without them"
            }
        }
    }
}

/// The schema of a table for one release.
#[must_use]
pub fn json_schema(message: impl Into<MessageRef>, version: Version, id: &str, title: &str, description: &str) -> Json {
    let mut definitions = Definitions { version, known: Vec::new(), pending: VecDeque::new(), schemas: Map::new() };
    let mut root = Map::new();
    root.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
    root.insert("$id".to_owned(), json!(id));
    root.insert("title".to_owned(), json!(title));
    root.insert("description".to_owned(), json!(description));
    root.extend(definitions.message(&message.into()));
    // One after the other: messages may lead to each other as far as there are any.
    while let Some((name, message)) = definitions.pending.pop_front() {
        let schema = definitions.message(&message);
        definitions.schemas.insert(name, Json::Object(schema));
    }
    root.insert("$defs".to_owned(), Json::Object(definitions.schemas));
    Json::Object(root)
}

struct Definitions {
    version: Version,
    known: Vec<(MessageRef, String)>,
    /// Those whose schema is still to be written.
    pending: VecDeque<(String, MessageRef)>,
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
                self.pending.push_back((name.clone(), message.clone()));
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
            // What reads YAML 1.2 sees text in YAML 1.1's words.
            Kind::Bool => json!({ "type": types(&["boolean", "string"]), "pattern": BOOLEAN_TEXT }),
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
                        Check::OneOfInAnyCase(allowed) => {
                            schema["anyOf"] = json!([{ "enum": allowed }, { "pattern": in_any_case(allowed) }]);
                        }
                        Check::DocumentedValues(values) => schema["examples"] = json!(values),
                        Check::Limit(limit) => limited(&mut schema, limit, nullable),
                        _ => {}
                    }
                }
                schema
            }
            // protojson takes a whole number in quotes as well.
            Kind::Int32 | Kind::Int64 | Kind::UInt32 | Kind::UInt64 => {
                let (least, most) = match kind {
                    Kind::Int32 => (json!(i32::MIN), json!(i32::MAX)),
                    Kind::UInt32 => (json!(0), json!(u32::MAX)),
                    Kind::UInt64 => (json!(0), json!(u64::MAX)),
                    _ => (json!(i64::MIN), json!(i64::MAX)),
                };
                let mut schema = json!({
                    "type": types(&["integer", "string"]),
                    "minimum": least,
                    "maximum": most,
                    "pattern": NUMBER_TEXT,
                });
                own_limits(checks).for_each(|limit| limited(&mut schema, limit, nullable));
                schema
            }
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
                item_checks.extend(limits_of_items(checks));
                let items = self.kind(name, item, false, &item_checks);
                let mut schema = json!({ "type": types(&["array"]), "items": items });
                if checks.iter().any(|check| matches!(check, Check::SomeItems)) {
                    schema["minItems"] = json!(1);
                }
                for limit in own_limits(checks) {
                    match limit {
                        Limit::MinItems(least) => schema["minItems"] = json!(least),
                        Limit::MaxItems(most) => schema["maxItems"] = json!(most),
                        _ => {}
                    }
                }
                schema
            }
            Kind::Map(value) => {
                let value_checks: Vec<Check> = limits_of_items(checks).collect();
                let values = self.kind(name, value, false, &value_checks);
                let mut schema = json!({ "type": types(&["object"]), "additionalProperties": values });
                for limit in own_limits(checks) {
                    match limit {
                        Limit::MinItems(least) => schema["minProperties"] = json!(least),
                        Limit::MaxItems(most) => schema["maxProperties"] = json!(most),
                        _ => {}
                    }
                }
                schema
            }
        }
    }
}

fn own_limits(checks: &[Check]) -> impl Iterator<Item = &Limit> {
    checks.iter().filter_map(|check| match check {
        Check::Limit(limit) => Some(limit),
        _ => None,
    })
}

fn limits_of_items(checks: &[Check]) -> impl Iterator<Item = Check> {
    checks.iter().flat_map(|check| match check {
        Check::Each(limits) => limits.iter().cloned().map(Check::Limit).collect(),
        _ => Vec::new(),
    })
}

/// Writes what is asked of a text or number.
fn limited(schema: &mut Json, limit: &Limit, nullable: bool) {
    match limit {
        Limit::MinLength(least) => schema["minLength"] = json!(least),
        Limit::MaxLength(most) => schema["maxLength"] = json!(most),
        Limit::Pattern(pattern) => schema["pattern"] = json!(pattern.as_str()),
        Limit::OneOf(allowed) => {
            let mut values: Vec<Json> = allowed.iter().map(|value| json!(value)).collect();
            values.extend(nullable.then_some(Json::Null));
            schema["enum"] = Json::Array(values);
        }
        Limit::Min(least) => schema["minimum"] = number(*least),
        Limit::Max(most) => schema["maximum"] = number(*most),
        Limit::MinItems(_) | Limit::MaxItems(_) => {}
    }
}

/// A number of JSON; the nearest one of 64 bits where it does not fit these.
fn number(number: i128) -> Json {
    match (i64::try_from(number), u64::try_from(number)) {
        (Ok(number), _) => json!(number),
        (_, Ok(number)) => json!(number),
        _ if number < 0 => json!(i64::MIN),
        _ => json!(u64::MAX),
    }
}

/// What matches these words in any letter case, and the empty text. Not every reader of JSON Schema knows a flag for that.
fn in_any_case(words: &[&str]) -> String {
    let letter = |letter: char| format!("[{}{letter}]", letter.to_ascii_uppercase());
    let words: Vec<String> = words.iter().map(|word| word.chars().map(letter).collect()).collect();
    format!("^({})?$", words.join("|"))
}

/// The words of YAML 1.1 for booleans, beside `true` and `false`.
///
/// Source: `goyaml.v2/resolve.go` of kubernetes-sigs/yaml.
const BOOLEAN_TEXT: &str = "^(y|Y|yes|Yes|YES|on|On|ON|n|N|no|No|NO|off|Off|OFF)$";

/// A whole number as protojson takes it in quotes, or as YAML 1.1 writes it and YAML 1.2 does not.
const NUMBER_TEXT: &str =
    r"^(-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?|[-+]?(0b[01_]+|0o?[0-7_]+|0x[0-9A-Fa-f_]+|[1-9][0-9_]*))$";

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
