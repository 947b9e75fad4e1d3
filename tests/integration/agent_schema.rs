//! The agent's published schema: laid over kaslint's own table, in both forms, and what is none.

use kaslint::agent_config::{AgentConfig, AgentSchema, CONFIGURATION, RefusedAt, SchemaComparison};
use kaslint::gitlab::{NEWEST, Version};
use kaslint::schema::{Key, Kind, MessageRef, Presence, ProblemKind};
use kaslint::source::Source;
use serde_json::{Map, Value as Json, json};

use crate::cases;
use crate::common::{CONFIG, folder_with, kaslint, kaslint_with_input, root, write};
use crate::rules::same_as_file;

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
        let source = Source::from_bytes("case", cases::bytes(&case));
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
fn the_schemas_of_the_table_are_up_to_date() {
    for (form, is_strict) in [("", false), ("strict.", true)] {
        let schema = published(&MessageRef::from(&CONFIGURATION), NEWEST, is_strict);
        let text = serde_json::to_string_pretty(&schema).expect("JSON") + "\n";
        same_as_file(&root().join(format!("fixtures/agent-schema/table.{form}bundle.json")), &text);
    }
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

const SETTINGS: &str = "gitlab: {agent_schema: later.bundle.json}\n";

const AGENT: &str = "\
ci_access:
  projects:
    - id: acme/web/shop
      expires_at: '2027-01-31'
      expires_a: x
observability:
  logging:
    level: trace
container_scanning:
  cadence: '0 0 * * *'
  delete_report_artifact: true
mirror:
  retry: [60s, 1m]
  names: [a, b, c]
  url: mirror9
  behind:
    - lease: {}
gitops: {}
";

fn folder() -> tempfile::TempDir {
    let schema = fixture(LATER[0]);
    folder_with(&[
        (".kaslint.yaml", SETTINGS.as_bytes()),
        ("later.bundle.json", schema.as_bytes()),
        (CONFIG, AGENT.as_bytes()),
    ])
}

#[test]
fn findings_follow_the_schema_that_settings_or_option_name() {
    let folder = folder();
    let run = kaslint(folder.path(), &["check", "--gitlab-version", "18.4", "--format", "concise"]);
    insta::assert_snapshot!(run.transcript());
    let by_settings = run.stdout;
    std::fs::remove_file(folder.path().join(".kaslint.yaml")).expect("removed");
    let option = ["check", "--gitlab-version", "18.4", "--format", "concise", "--agent-schema", "later.bundle.json"];
    assert_eq!(kaslint(folder.path(), &option).stdout, by_settings);
    let isolated = [&option[..], &["--isolated"]].concat();
    assert_eq!(kaslint(folder.path(), &isolated).stdout, by_settings);
    write(folder.path(), "strict.json", fixture(LATER[1]).as_bytes());
    let strict = kaslint(
        folder.path(),
        &["check", "--gitlab-version", "18.4", "--format", "concise", "--agent-schema", "strict.json"],
    );
    // What must be written is asked by the plain form alone.
    let without: String =
        by_settings.lines().filter(|line| !line.contains("`holder`")).map(|line| format!("{line}\n")).collect();
    assert!(without != by_settings);
    assert_eq!(strict.stdout.lines().count(), without.lines().count(), "{}", strict.stdout);
}

#[test]
fn all_commands_that_read_agent_files_take_it() {
    let folder = folder();
    let good = "ci_access: {projects: [{id: acme/web/shop, expires_at: x}]}\nmirror: {ports: {a: 1}}\n";
    write(folder.path(), CONFIG, good.as_bytes());
    let decoded = |arguments: &[&str]| {
        let run = kaslint(folder.path(), &[&["decode", "--format", "json", CONFIG][..], arguments].concat());
        run.json()["accepted"].as_bool()
    };
    assert_eq!(decoded(&[]), Some(true));
    assert_eq!(decoded(&["--isolated"]), Some(false));
    assert_eq!(decoded(&["--isolated", "--agent-schema", "later.bundle.json"]), Some(true));
    let standard_input = ["decode", "-", "--agent-schema", "later.bundle.json"];
    assert_eq!(kaslint_with_input(folder.path(), &standard_input, good.as_bytes()).code, 0);
    let access =
        |arguments: &[&str]| kaslint(folder.path(), &[&["access", "--project", "acme/agents"][..], arguments].concat());
    assert!(!access(&[]).stdout.contains("refuse"), "{}", access(&[]).stdout);
    assert!(access(&["--isolated"]).stdout.contains("refuse"), "{}", access(&["--isolated"]).stdout);
    let run = kaslint(folder.path(), &["check", "--verbose"]);
    assert!(run.stderr.contains("keys       later.bundle.json (settings)"), "{}", run.stderr);
}

#[test]
fn a_file_that_cannot_be_used_is_a_bad_call() {
    let folder = folder_with(&[
        (CONFIG, b"{}\n"),
        ("cut.json", &fixture(LATER[0]).as_bytes()[..3000]),
        ("large.json", " ".repeat(10 << 20).as_bytes()),
        ("other.json", br#"{"type": "object", "properties": {"image": {"type": "string"}}}"#),
        ("outside.json", br#"{"$ref": "ConfigurationFile.jsonschema.json"}"#),
        ("folder/a.json", b"{}"),
    ]);
    let mut told = String::new();
    for name in ["cut.json", "large.json", "other.json", "outside.json", "folder", "missing.json"] {
        for command in [&["check"][..], &["decode", CONFIG], &["access"], &["schema", "agent-config"]] {
            let run = kaslint(folder.path(), &[command, &["--agent-schema", name]].concat());
            assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{name}: {command:?}");
            assert!(run.stderr.contains(name), "{name}: {}", run.stderr);
            if command == ["check"] {
                told.push_str(&run.stderr);
            }
        }
        let compared = kaslint(folder.path(), &["schema", "agent-config", "--compare", name]);
        assert_eq!((compared.code, compared.stdout.as_str()), (2, ""), "{name}");
    }
    insta::assert_snapshot!(told);
    let other = kaslint(folder.path(), &["schema", "settings", "--compare", "other.json"]);
    assert_eq!(other.code, 2);
    assert!(other.stderr.contains("`kaslint schema agent-config`"), "{}", other.stderr);
}

#[test]
fn settings_name_it_within_the_repository_only() {
    let outside = folder_with(&[("later.bundle.json", fixture(LATER[0]).as_bytes())]);
    let path = outside.path().join("later.bundle.json");
    let settings = format!("gitlab: {{agent_schema: {}}}\n", path.display());
    let folder = folder_with(&[(".kaslint.yaml", settings.as_bytes()), (CONFIG, b"mirror: {}\n")]);
    let run = kaslint(folder.path(), &["check"]);
    assert_eq!(run.code, 2, "{}", run.stdout);
    assert!(run.stderr.contains("`gitlab.agent_schema` in .kaslint.yaml leads to"), "{}", run.stderr);
    // The caller may name it, and then it does not matter what the settings name.
    let option = path.display().to_string();
    assert_eq!(kaslint(folder.path(), &["check", "--agent-schema", &option]).code, 0);
    let allowed = outside.path().display().to_string();
    assert_eq!(kaslint(folder.path(), &["check", "--allow-outside", &allowed]).code, 0);
}

#[test]
fn the_same_file_among_the_schemas_of_an_organisation_is_told() {
    let folder = folder();
    write(folder.path(), CONFIG, b"mirror: {enabled: null}\n");
    write(folder.path(), ".kaslint.yaml", b"schemas: [later.bundle.json]\n");
    let alone = kaslint(folder.path(), &["check"]);
    assert!(alone.stderr.contains("belongs in `gitlab.agent_schema`"), "{}", alone.stderr);
    assert!(alone.stdout.contains("schema-violation"), "{}", alone.stdout);
    let settings = format!("schemas: [later.bundle.json]\n{SETTINGS}");
    write(folder.path(), ".kaslint.yaml", settings.as_bytes());
    let both = kaslint(folder.path(), &["check"]);
    assert!(both.stderr.contains("by `gitlab.agent_schema`"), "{}", both.stderr);
    assert!(!both.stdout.contains("schema-violation"), "{}", both.stdout);
}

#[test]
fn a_comparison_tells_key_by_key_what_differs() {
    let folder = folder_with(&[]);
    let mut told: Option<String> = None;
    for (form, is_strict) in [("", false), ("strict.", true)] {
        let mut schema = published(&MessageRef::from(&CONFIGURATION), Version::new(18, 4), is_strict);
        let at = |key: &str| -> String {
            let definitions = schema["$defs"].as_object().expect("definitions");
            let has = |(_, definition): &(&String, &Json)| definition["properties"].get(key).is_some();
            definitions.iter().find(has).expect(key).0.clone()
        };
        let (top, instance, scanning, proxy) = (at("ci_access"), at("instance"), at("cadence"), at("ssh_enabled"));
        let name = format!("example.Mirror.jsonschema.{form}json");
        let itself = json!({ "$ref": format!("#/$defs/{name}") });
        let wait = json!({ "format": "duration", "type": "string" });
        let mirror = json!({ "behind": { "items": itself, "type": "array" }, "wait": wait });
        schema["$defs"][name] = json!({ "additionalProperties": false, "properties": mirror, "type": "object" });
        let properties = |schema: &mut Json, name: &str, change: &dyn Fn(&mut Map<String, Json>)| {
            change(schema["$defs"][name]["properties"].as_object_mut().expect("properties"));
        };
        properties(&mut schema, &top, &|keys| drop(keys.insert("mirror".to_owned(), itself.clone())));
        properties(&mut schema, &instance, &|keys| drop(keys.remove("instance")));
        properties(&mut schema, &scanning, &|keys| {
            keys.remove("report_max_size");
            keys.insert("severity_threshold".to_owned(), json!({ "items": { "type": "string" }, "type": "array" }));
        });
        // Without presence.
        schema["$defs"][&proxy]["properties"]["ssh_enabled"]["default"] = json!(false);
        write(folder.path(), "schema.json", schema.to_string().as_bytes());
        let compare = ["schema", "agent-config", "--gitlab-version", "18.4", "--compare", "schema.json"];
        let run = kaslint(folder.path(), &compare).transcript();
        assert_eq!(told.get_or_insert_with(|| run.clone()), &run);
    }
    insta::assert_snapshot!(told.expect("a comparison"));
    for version in [Version::new(15, 6), Version::new(18, 4), NEWEST] {
        for is_strict in [false, true] {
            let own = published(&MessageRef::from(&CONFIGURATION), version, is_strict).to_string();
            let schema = AgentSchema::read(&own).expect("a schema");
            let found = SchemaComparison::of(&schema, version);
            // What a table leaves open has no type that could be published.
            let only = found.only_in_kaslint.iter().filter(|(_, what)| !what.starts_with("anything"));
            assert_eq!(only.count() + found.only_in_schema.len() + found.different.len(), 0, "{version}: {found:?}");
        }
    }
}

#[test]
fn what_a_schema_may_ask_of_each_item_is_bounded() {
    let names: Vec<String> = (0..4_900).map(|n| format!("k{n}")).collect();
    let properties: Map<String, Json> = names.iter().map(|name| (name.clone(), json!({ "type": "string" }))).collect();
    let item = json!({ "type": "object", "properties": properties, "required": names });
    let schema = json!({ "type": "object", "properties": { "flux": { "type": "array", "items": item } } });
    let schema = AgentSchema::read(&schema.to_string()).expect("a schema");
    let text = format!("flux: [{}]", "{},".repeat(500));
    let config = AgentConfig::read_by(&Source::new("config.yaml", text.as_str()), NEWEST, schema.top());
    assert_eq!(config.refused_at(), Some(RefusedAt::Validate));
    assert!(config.problems.len() <= 20_000, "{}", config.problems.len());
    // What unknown keys may mean is looked for in so many keys, and no more.
    let text: String = (0..2_000).map(|n| format!("unknown{n}: 1\n")).collect();
    let config = AgentConfig::read_by(&Source::new("config.yaml", text.as_str()), NEWEST, schema.top());
    assert_eq!(config.problems.len(), 2_000);
}

#[test]
fn a_comparison_of_messages_that_hold_each_other_ends() {
    let twice: Vec<String> = (0..40)
        .map(|n| {
            let next = format!(r##"{{"$ref": "#/$defs/d{}"}}"##, n + 1);
            format!(r##""d{n}": {{"type": "object", "properties": {{"a": {next}, "b": {next}}}}}"##)
        })
        .collect();
    let text = format!(
        r##"{{"type": "object", "properties": {{"flux": {{}}, "x": {{"$ref": "#/$defs/d0"}}}}, "$defs": {{{}, "d40": {{"type": "string"}}}}}}"##,
        twice.join(",")
    );
    let found = SchemaComparison::of(&AgentSchema::read(&text).expect("a schema"), NEWEST);
    assert!(found.is_cut && found.only_in_schema.len() <= 10_000);
}

#[test]
fn the_schema_that_results_has_the_new_keys() {
    let folder = folder();
    let run = kaslint(folder.path(), &["schema", "agent-config", "--agent-schema", "later.bundle.json"]);
    let schema: Json = serde_json::from_str(&run.stdout).expect("JSON");
    assert!(jsonschema::meta::is_valid(&schema));
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let [plain, _] = later();
    let files = [
        "mirror: {retry: [60s], behind: [{mode: push}], names: [a], url: abc, share: 3, most: 1}",
        "ci_access: {projects: [{id: a/b, expires_at: x}]}",
        "mirror: {retry: [1m]}",
        "mirror: {names: []}",
        "mirror: {names: ['']}",
        "mirror: {url: 'a9'}",
        "mirror: {url: ''}",
        "mirror: {share: 101}",
        "mirror: {lease: {}}",
        "mirror: {most: -1}",
        "flux: {}",
        "container_scanning: {severity_threshold: HIGH}",
    ];
    for text in files {
        let config = AgentConfig::read_by(&Source::new("config.yaml", text), NEWEST, plain.top());
        let json = config.document.to_json().expect("JSON");
        assert_eq!(validator.is_valid(&json), config.refused_at().is_none(), "{text}");
    }
    let older = kaslint(folder.path(), &["schema", "agent-config", "--gitlab-version", "15.0"]);
    assert!(older.stdout.contains("\"gitops\"") && !older.stdout.contains("\"flux\""));
}
