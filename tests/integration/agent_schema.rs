//! The agent's published schema: laid over kaslint's own table, in both forms, and what is none.

use kaslint::agent_config::{AgentConfig, AgentSchema, CONFIGURATION, RefusedAt};
use kaslint::gitlab::{NEWEST, Version};
use kaslint::schema::{Key, Kind, MessageRef, Presence, ProblemKind};
use kaslint::source::Source;
use serde_json::{Map, Value as Json, json};

use crate::cases;
use crate::common::root;

/// The schemas in `fixtures/agent-schema`, plain and strict; written by hand in the form that GitLab's have, with keys that GitLab does not.
pub const LATER: [&str; 2] = ["later.bundle.json", "later.strict.bundle.json"];

pub fn fixture(name: &str) -> String {
    std::fs::read_to_string(root().join("fixtures/agent-schema").join(name)).expect("a schema")
}

pub fn later() -> [AgentSchema; 2] {
    LATER.map(|name| AgentSchema::read(&fixture(name)).expect(name))
}

/// The schema that GitLab would publish of a table, if its keys were those of a release.
pub fn published(top: &MessageRef, version: Version, is_strict: bool) -> Json {
    let mut writer = Writer { version, is_strict, known: Vec::new(), definitions: Map::new() };
    let reference = writer.reference(top);
    let form = if is_strict { "strict.bundle" } else { "bundle" };
    json!({
        "$defs": writer.definitions,
        "$id": format!("example.ConfigurationFile.jsonschema.{form}.json"),
        "$ref": reference["$ref"],
        "$schema": "https://json-schema.org/draft/2020-12/schema",
    })
}

struct Writer {
    version: Version,
    is_strict: bool,
    known: Vec<MessageRef>,
    definitions: Map<String, Json>,
}

impl Writer {
    fn reference(&mut self, message: &MessageRef) -> Json {
        let at = self.known.iter().position(|known| known == message);
        let form = if self.is_strict { "strict." } else { "" };
        let name = |at: usize| format!("example.M{at}.jsonschema.{form}json");
        let at = at.unwrap_or_else(|| {
            let at = self.known.len();
            self.known.push(message.clone());
            let definition = self.message(message);
            self.definitions.insert(name(at), definition);
            at
        });
        json!({ "$ref": format!("#/$defs/{}", name(at)) })
    }

    fn message(&mut self, message: &MessageRef) -> Json {
        // What a table leaves open has no type that could be written.
        let is_written = |key: &&Key| key.is_known(self.version) && !matches!(key.kind, Kind::Any);
        let keys: Vec<Key> = message.keys.iter().filter(is_written).cloned().collect();
        let is_required = |key: &&Key| key.presence == Presence::Implicit && is_scalar(&key.kind);
        let required: Vec<&str> = keys.iter().filter(is_required).map(|key| &*key.name).collect();
        let mut properties = Map::new();
        for key in &keys {
            let mut property = self.kind(&key.kind, key.presence == Presence::Explicit);
            if !self.is_strict && is_required(&key) {
                property["default"] = match &key.kind {
                    Kind::Text => json!(""),
                    Kind::Bool => json!(false),
                    _ => json!(0),
                };
            }
            properties.insert(key.name.to_string(), property);
        }
        let mut definition = json!({ "additionalProperties": false, "properties": properties, "type": "object" });
        if self.is_strict && !required.is_empty() {
            definition["required"] = json!(required);
        }
        definition
    }

    fn kind(&mut self, kind: &Kind, is_explicit: bool) -> Json {
        let narrow = json!({ "maximum": i32::MAX, "minimum": i32::MIN, "type": "integer" });
        let digits = json!({ "pattern": "^-?[0-9]+$", "type": "string" });
        match kind {
            Kind::Text => json!({ "type": "string" }),
            Kind::Bool => json!({ "type": "boolean" }),
            Kind::Int32 if self.is_strict => narrow,
            Kind::Int32 => json!({ "anyOf": [narrow, digits] }),
            Kind::Int64 if self.is_strict => json!({ "type": "integer" }),
            Kind::Int64 => json!({ "anyOf": [{ "type": "integer" }, digits] }),
            Kind::Enum(names) if self.is_strict => json!({ "enum": names.all(), "type": "string" }),
            Kind::Enum(names) if is_explicit => {
                json!({ "anyOf": [{ "enum": names.all(), "type": "string" }, narrow] })
            }
            Kind::Enum(names) => {
                let names = names.all();
                let zero = json!({ "pattern": format!("^{}$", names[0]), "type": "string" });
                json!({ "anyOf": [zero, { "enum": &names[1..], "type": "string" }, narrow] })
            }
            Kind::Duration => json!({ "format": "duration", "type": "string" }),
            Kind::Message(link) => self.reference(&link.follow().expect("a message")),
            Kind::List(item) => json!({ "items": self.kind(item, false), "type": "array" }),
            Kind::Map(value) => json!({
                "additionalProperties": self.kind(value, false),
                "propertyNames": { "type": "string" },
                "type": "object",
            }),
            other => panic!("{other:?} is no type of protobuf"),
        }
    }
}

fn is_scalar(kind: &Kind) -> bool {
    matches!(kind, Kind::Text | Kind::Bool | Kind::Int32 | Kind::Int64 | Kind::Enum(_))
}

/// The verdict on a text, and what it comes to.
fn verdict(text: &str, version: Version, schema: Option<&AgentSchema>) -> (Option<RefusedAt>, Option<Json>) {
    let own = MessageRef::from(&CONFIGURATION);
    let config =
        AgentConfig::read_by(&Source::new("config.yaml", text), version, schema.map_or(&own, AgentSchema::top));
    (config.refused_at(), config.canonical())
}

#[test]
fn the_schema_of_kaslints_own_table_changes_no_verdict() {
    let own = MessageRef::from(&CONFIGURATION);
    let schemas = [false, true].map(|is_strict| {
        let text = published(&own, NEWEST, is_strict).to_string();
        AgentSchema::read(&text).expect("a schema")
    });
    let mut seen = 0;
    for case in cases::all() {
        let source = Source::from_bytes("case", &cases::bytes(&case));
        // The schema has none of what the table leaves open. Large files cost much and say no more.
        let is_open = ["custom_data", "options"].iter().any(|key| source.text().contains(key));
        if is_open || source.text().len() > 4_000 {
            continue;
        }
        let expected = AgentConfig::read(&source, NEWEST);
        for schema in &schemas {
            let config = AgentConfig::read_by(&source, NEWEST, schema.top());
            assert_eq!(config.refused_at(), expected.refused_at(), "{}", case["name"]);
            assert_eq!(config.canonical(), expected.canonical(), "{}", case["name"]);
        }
        seen += 1;
    }
    assert!(seen > 300, "{seen} cases");
}

#[test]
fn plain_and_strict_give_the_same_answers() {
    let [plain, strict] = later();
    let accepted = [
        // New keys and names, at any release.
        (
            "ci_access: {projects: [{id: a/b, expires_at: x}]}",
            r#"{"ci_access":{"projects":[{"id":"a/b","expires_at":"x"}]}}"#,
        ),
        ("observability: {logging: {level: trace}}", r#"{"observability":{"logging":{"level":"trace"}}}"#),
        ("mirror: {retry: [60s, 1.5s]}", r#"{"mirror":{"retry":["60s","1.500s"]}}"#),
        ("mirror: {ports: {a: 1, b: '2'}}", r#"{"mirror":{"ports":{"a":"1","b":"2"}}}"#),
        // Zero values: those of keys with presence stay.
        ("mirror: {enabled: false, paused: false, weight: 0, share: 0}", r#"{"mirror":{"paused":false,"share":0}}"#),
        // The first name is the number 0; the others are not known.
        ("mirror: {mode: 0}", r#"{"mirror":{}}"#),
        ("mirror: {mode: pull}", r#"{"mirror":{}}"#),
        ("mirror: {mode: 1}", r#"{"mirror":{"mode":1}}"#),
        // protojson's rules for a type are not the schema's.
        ("mirror: {weight: '7', paused: null, retry: null}", r#"{"mirror":{"weight":"7"}}"#),
        // A message that contains itself.
        ("mirror: {behind: [{behind: [{enabled: yes}]}]}", r#"{"mirror":{"behind":[{"behind":[{"enabled":true}]}]}}"#),
        // 64-bit integers without sign.
        ("mirror: {most: 18446744073709551615}", r#"{"mirror":{"most":"18446744073709551615"}}"#),
        // A required key of the strict form need not be written.
        ("mirror: {}", r#"{"mirror":{}}"#),
    ];
    let refused = [
        ("container_scanning: {cadence: '0 0 * * *', delete_report_artifact: true}", RefusedAt::Decode),
        ("container_scanning: {cadence: '0 0 * * *', severity_threshold: HIGH}", RefusedAt::Decode),
        ("mirror: {retry: [60s, 1m]}", RefusedAt::Decode),
        ("mirror: {behind: [{behind: [{enable: yes}]}]}", RefusedAt::Decode),
        ("mirror: {ports: {a: x}}", RefusedAt::Decode),
        ("mirror: {mode: both}", RefusedAt::Decode),
        ("mirror: {weight: 9223372036854775808}", RefusedAt::Decode),
        ("mirror: {most: -1}", RefusedAt::Decode),
        ("custom_data: {a: b}", RefusedAt::Decode),
        // What kaslint knows to be asked is asked still: oneofs and rules of keys.
        ("ci_access: {projects: [{id: a/b, access_as: {agent: {}, ci_job: {}}}]}", RefusedAt::Decode),
        ("ci_access: {projects: [{id: a/b, access_as: {}}]}", RefusedAt::Validate),
        ("ci_access: {projects: [{expires_at: x}]}", RefusedAt::Validate),
        // What the schema asks of values.
        ("mirror: {url: ''}", RefusedAt::Validate),
        ("mirror: {url: abcdefghi}", RefusedAt::Validate),
        ("mirror: {url: x9}", RefusedAt::Validate),
        ("mirror: {share: 101}", RefusedAt::Validate),
        ("mirror: {names: []}", RefusedAt::Validate),
        ("mirror: {names: [a, b, c]}", RefusedAt::Validate),
        ("mirror: {names: [a, '']}", RefusedAt::Validate),
    ];
    for version in [Version::new(15, 0), Version::new(18, 4), NEWEST] {
        for schema in [&plain, &strict] {
            for (text, config) in accepted {
                let expected: Json = serde_json::from_str(config).expect("JSON");
                assert_eq!(verdict(text, version, Some(schema)), (None, Some(expected)), "{text}");
            }
            for (text, step) in refused {
                assert_eq!(verdict(text, version, Some(schema)), (Some(step), None), "{text}");
            }
        }
    }
    // What must be written by the plain form alone.
    assert_eq!(verdict("mirror: {lease: {}}", NEWEST, Some(&plain)).0, Some(RefusedAt::Validate));
    assert_eq!(verdict("mirror: {lease: {holder: null}}", NEWEST, Some(&plain)).0, Some(RefusedAt::Validate));
    assert_eq!(verdict("mirror: {lease: {holder: a}}", NEWEST, Some(&plain)).0, None);
    assert_eq!(verdict("mirror: {lease: {}}", NEWEST, Some(&strict)).0, None);
}

#[test]
fn a_release_takes_no_key_away_that_the_file_has() {
    let [plain, _] = later();
    let text = "ci_access: {instance: {}}\ngitops: {}\nobservability: {logging: {grpc_level: warn}}\n";
    let problems = |version: Version, schema: Option<&AgentSchema>| -> Vec<String> {
        let own = MessageRef::from(&CONFIGURATION);
        let keys = schema.map_or(&own, AgentSchema::top);
        let config = AgentConfig::read_by(&Source::new("config.yaml", text), version, keys);
        let of_keys = config.problems.iter().filter_map(|problem| match &problem.kind {
            ProblemKind::TooNewKey(key) | ProblemKind::RemovedKey(key) | ProblemKind::UnverifiedKey(key) => {
                Some(key.name.to_string())
            }
            ProblemKind::UnknownKey { key, .. } | ProblemKind::PerhapsNewKey(key) => Some(key.clone()),
            _ => None,
        });
        of_keys.collect()
    };
    assert_eq!(problems(Version::new(15, 0), None), ["instance", "grpc_level"]);
    assert_eq!(problems(NEWEST, None), ["gitops"]);
    for version in [Version::new(15, 0), NEWEST, Version::new(NEWEST.major, NEWEST.minor + 1)] {
        assert_eq!(problems(version, Some(&plain)), ["gitops"], "{version}");
    }
}

#[test]
fn what_is_no_such_schema_is_said_to_be_none() {
    let of = |properties: &str| {
        format!(r#"{{"type": "object", "additionalProperties": false, "properties": {properties}}}"#)
    };
    let chain: Vec<String> = (0..3000).map(|n| format!(r##""d{n}": {{"$ref": "#/$defs/d{}"}}"##, n + 1)).collect();
    let many: Vec<String> = (0..6000).map(|n| format!(r#""k{n}": {{"type": "string"}}"#)).collect();
    let deep: Vec<String> = (0..2000)
        .map(|n| format!(r##""d{n}": {{"type": "object", "properties": {{"a": {{"$ref": "#/$defs/d{}"}}}}}}"##, n + 1))
        .collect();
    let patterns: Vec<String> =
        (0..200).map(|n| format!(r#""k{n}": {{"type": "string", "pattern": "[a-z]{{1,9}}"}}"#)).collect();
    let bad = [
        ("", "it is no JSON"),
        ("[]", "it is not the JSON Schema"),
        ("{}", "it is not the JSON Schema"),
        (&fixture(LATER[0])[..4000], "it is no JSON"),
        (&of(r#"{"image": {"type": "string"}}"#), "it is not the JSON Schema"),
        (r#"{"$ref": "ConfigurationFile.json"}"#, "refers to something outside itself"),
        (r#"{"$ref": "https://example.com/a.json"}"#, "refers to something outside itself"),
        (&of(r#"{"flux": {"$ref": "file:///etc/passwd"}}"#), "refers to something outside itself"),
        (&of(r##"{"flux": {"$ref": "#/$defs/Flux"}}"##), "a definition that it does not have"),
        (&of(r#"{"flux": {"$ref": 1}}"#), "a `$ref` is no text"),
        (&of(r#"{"flux": 1}"#), "a definition is no object"),
        (r##"{"$ref": "#"}"##, "stand for one another without end"),
        (
            &format!(r##"{{"$ref": "#/$defs/d0", "$defs": {{{}}}}}"##, chain.join(",")),
            "stand for one another without end",
        ),
        (
            &format!(
                r##"{{"type": "object", "properties": {{"flux": {{"$ref": "#/$defs/d0"}}}}, "$defs": {{{}, "d2000": {{}}}}}}"##,
                deep.join(",")
            ),
            "more than 1000 messages",
        ),
        (
            &of(&format!(r#"{{"flux": {{"type": "object", "properties": {{{}}}}}}}"#, many.join(","))),
            "more than 5000 keys",
        ),
        (&of(&format!(r#"{{"flux": {{}}, {}}}"#, patterns.join(","))), "more than 100 keys with a `pattern`"),
        (&of(r#"{"flux": {}, "a\u001b[2Jb": {}}"#), "no name of a protobuf field"),
        (&format!("{}1{}", "[".repeat(5000), "]".repeat(5000)), "it is no JSON"),
    ];
    for (text, expected) in bad {
        let error = AgentSchema::read(text).expect_err(expected);
        assert!(error.contains(expected), "{error}");
    }
    // Kaslint's own schema of agent files is another.
    let own = std::fs::read_to_string(root().join("schema/agent-config.schema.json")).expect("the schema");
    assert!(AgentSchema::read(&own).is_err_and(|error| error.contains("it is not the JSON Schema")));
}

#[test]
fn a_pattern_that_cannot_be_tried_is_named_and_refuses_nothing() {
    let text = r#"{"type": "object", "properties": {"flux": {"type": "object", "properties": {
        "webhook_receiver_url": {"type": "string", "default": "", "pattern": "^(?!x)"}}}}}"#;
    let schema = AgentSchema::read(text).expect("a schema");
    assert!(schema.unread_patterns().iter().eq(["webhook_receiver_url"]));
    assert_eq!(verdict("flux: {webhook_receiver_url: x}", NEWEST, Some(&schema)).0, None);
}
