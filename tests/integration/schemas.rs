//! The published schemas: up to date, valid, and as lenient as decoding is.

use kaslint::agent_config::AgentConfig;
use kaslint::cli::schemas::Name;
use kaslint::gitlab::NEWEST;
use kaslint::schema::{Data, Difference, MessageValue, Value};
use kaslint::source::Source;
use serde_json::Value as Json;

use crate::cases;
use crate::common::{folder_with, kaslint as run, root};
use crate::rules::same_as_file;

#[test]
fn the_schema_folder_is_up_to_date_and_printed() {
    for name in Name::ALL {
        let path = root().join("schema").join(name.file_name());
        same_as_file(&path, &name.text());
        let word = name.file_name().trim_end_matches(".schema.json");
        assert_eq!(run(root(), &["schema", word]).stdout, name.text());
    }
}

#[test]
fn the_schemas_are_valid() {
    for name in Name::ALL {
        let schema: Json = serde_json::from_str(&name.text()).expect("JSON");
        assert!(jsonschema::meta::is_valid(&schema), "{}", name.file_name());
    }
}

#[test]
fn the_agent_schema_accepts_what_decoding_accepts_and_refuses_the_rest_but_for_the_listed_differences() {
    let schema: Json = serde_json::from_str(&Name::AgentConfig.text()).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let (mut accepted, mut refused) = (0, 0);
    for case in cases::all() {
        let source = Source::from_bytes("case", cases::bytes(&case));
        let config = AgentConfig::read(&source, NEWEST);
        if !config.document.problems().is_empty() {
            // Difference::NotYaml: a schema sees no text.
            continue;
        }
        let json = config.document.to_json().expect("JSON");
        let is_valid = validator.is_valid(&json);
        match config.refused_at() {
            None => {
                assert!(is_valid, "{}: the schema refuses {json}", case["name"]);
                accepted += 1;
            }
            Some(_) if is_difference(&json) => {}
            Some(_) => {
                assert!(!is_valid, "{}: the schema accepts {json}", case["name"]);
                refused += 1;
            }
        }
    }
    assert!(accepted > 150 && refused > 150, "{accepted} accepted, {refused} refused");
}

/// Whether the value is one of the cases that [`Difference`] lists.
fn is_difference(json: &Json) -> bool {
    fn texts<'j>(json: &'j Json, out: &mut Vec<&'j str>) {
        match json {
            Json::String(text) => out.push(text),
            Json::Array(items) => items.iter().for_each(|item| texts(item, out)),
            Json::Object(fields) => fields.values().for_each(|value| texts(value, out)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    texts(json, &mut found);
    let is_long_duration = |text: &&str| {
        text.ends_with('s')
            && text.trim_end_matches('s').len() > 12
            && text.trim_end_matches('s').bytes().all(|b| b.is_ascii_digit())
    };
    let is_number_text = |text: &&str| text.parse::<f64>().is_ok();
    let is_word_of_yaml = |text: &&str| {
        let lower = text.to_lowercase();
        ["y", "yes", "on", "n", "no", "off"].contains(&&*lower)
            || ["0x", "0b", "0o"].iter().any(|start| lower.trim_start_matches(['+', '-']).starts_with(start))
            || text.replace('_', "").parse::<f64>().is_ok()
    };
    found.iter().any(is_long_duration) || found.iter().any(is_number_text) || found.iter().any(is_word_of_yaml)
}

#[test]
fn words_of_yaml_1_1_are_taken_as_a_reader_of_yaml_1_2_sees_them() {
    let schema: Json = serde_json::from_str(&Name::AgentConfig.text()).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let entry = |value: &str| serde_json::json!({ "ci_access": { "projects": [{ "id": "a/b", "protected_branches_only": value }] } });
    for word in ["y", "Y", "yes", "Yes", "YES", "n", "N", "no", "No", "NO", "on", "On", "ON", "off", "Off", "OFF"] {
        assert!(validator.is_valid(&entry(word)), "{word}");
        let text = format!("ci_access: {{projects: [{{id: a/b, protected_branches_only: {word}}}]}}");
        assert_eq!(AgentConfig::read(&Source::new("config.yaml", text.as_str()), NEWEST).refused_at(), None, "{word}");
    }
    for word in ["yEs", "tRUE", "1", "ja", "", "yes "] {
        assert!(!validator.is_valid(&entry(word)), "{word}");
    }
    for number in ["1_000", "0x1F", "0b101", "0o17", "+1"] {
        assert!(
            validator.is_valid(&serde_json::json!({ "remote_development": { "workspaces_quota": number } })),
            "{number}"
        );
    }
}

#[test]
fn the_differences_are_written_into_the_schema() {
    let schema: Json = serde_json::from_str(&Name::AgentConfig.text()).expect("JSON");
    let description = schema["description"].as_str().expect("a description");
    for difference in Difference::ALL {
        assert!(description.contains(difference.in_words()), "{difference:?}");
    }
}

#[test]
fn the_check_report_follows_its_schema() {
    let schema: Json = serde_json::from_str(&Name::CheckReport.text()).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    for folder in ["fixtures/demo", "fixtures/silent"] {
        let report = run(root(), &["check", folder, "--format", "json"]).json();
        let errors: Vec<String> = validator.iter_errors(&report).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}");
    }
    let ci = b"include: {remote: https://example.com/a.yml}\njob: {script: [x]}\n";
    let folder = folder_with(&[(".gitlab-ci.yml", ci)]);
    let report = run(folder.path(), &["check", "--project", "acme/shop", "--format", "json"]).json();
    assert!(validator.is_valid(&report), "{report}");
    let not_read = serde_json::json!([{ "project": "acme/shop", "name": "https://example.com/a.yml",
        "kind": "a file from another server", "path": ".gitlab-ci.yml", "line": 1 }]);
    assert_eq!(report["not_read"], not_read);
    // A report that lacks something is refused, so the schema says something.
    assert!(
        !validator.is_valid(&serde_json::json!({ "version": 1, "findings": [{}], "unchecked": [], "summary": {} }))
    );
}

#[test]
fn the_access_report_follows_its_schema() {
    let schema: Json = serde_json::from_str(&Name::AccessReport.text()).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let mut lines = 0;
    let mut check = |folder: &std::path::Path, arguments: &[&str]| {
        let run = run(folder, &[arguments, &["--format", "json"]].concat());
        assert_eq!(run.code, 0, "{}", run.stderr);
        for line in run.stdout.lines() {
            let line: Json = serde_json::from_str(line).expect("a line");
            let errors: Vec<String> = validator.iter_errors(&line).map(|error| error.to_string()).collect();
            assert!(errors.is_empty(), "{arguments:?}: {errors:?}: {line}");
            lines += 1;
        }
    };
    for world in ["01", "11", "13", "30", "40"] {
        let folder = root().join("fixtures/access").join(world);
        let queries = std::fs::read_to_string(folder.join("expected.jsonl")).expect("the answers");
        let first: Json = serde_json::from_str(queries.lines().next().expect("a line")).expect("a query");
        let project = first["query"]["project"].as_str().expect("a project");
        let inventory = ["access", "--inventory", "inventory.yaml"];
        check(&folder, &inventory);
        check(&folder, &[&inventory, &["--for", project, "--why"][..]].concat());
        check(&folder, &[&inventory, &["--for", project, "--environment", "production", "--why"][..]].concat());
    }
    check(root(), &["access", "fixtures/demo"]);
    check(root(), &["access", "fixtures/demo", "--environment", "review/1"]);
    for agent in ["production", "staging"] {
        check(root(), &["access", "fixtures/demo", "--who", agent]);
    }
    check(root(), &["access", "fixtures/demo", "--for", "acme/web/shop", "--why"]);
    check(root(), &["access", "fixtures/demo", "--for", "acme/web/shop", "--environment", "review/1"]);
    let folder = crate::job_access::world("");
    check(folder.path(), &["access", "--inventory", "inventory.yaml", "--jobs"]);
    check(folder.path(), &["access", "--inventory", "inventory.yaml", "--job", "deploy", "--why"]);
    check(folder.path(), &["access", "projects/acme/web/blog", "--jobs"]);
    let levels = root().join("fixtures/jobs/child-pipeline-levels");
    check(&levels, &["access", "--inventory", "inventory.yaml", "--jobs"]);
    for agent in ["production", "staging"] {
        check(folder.path(), &["access", "--inventory", "inventory.yaml", "--who", agent]);
    }
    for (folder, agent) in [("dashboard-of-other-projects", "own"), ("managed-resources-on-any-ref", "prod")] {
        let folder = root().join("fixtures/jobs").join(folder);
        check(&folder, &["access", "--inventory", "inventory.yaml"]);
        check(&folder, &["access", "--inventory", "inventory.yaml", "--jobs"]);
        check(&folder, &["access", "--inventory", "inventory.yaml", "--who", agent]);
    }
    assert!(lines > 25, "{lines} lines");
    let job = serde_json::json!({ "project": null, "path": "a", "jobs": [{ "name": "b" }], "not_read": [] });
    assert!(!validator.is_valid(&job), "a job without its line");
    let row = serde_json::json!({ "query": { "project": "a/b", "environment": null, "protected": null }, "allowed": [{}], "denied": [] });
    assert!(!validator.is_valid(&row), "a row without its agent");
}

#[test]
fn the_settings_schema_takes_what_the_settings_take() {
    let schema: Json = serde_json::from_str(&Name::Settings.text()).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let good = serde_json::json!({
        "project": "acme/agents",
        "gitlab": { "version": "18.4", "tier": "premium", "instance_authorization": false },
        "rules": { "null-value": "off" },
    });
    assert!(validator.is_valid(&good));
    assert!(!validator.is_valid(&serde_json::json!({ "projct": "acme/agents" })));
    let folder = folder_with(&[(".kaslint.yaml", good.to_string().as_bytes())]);
    assert_eq!(run(folder.path(), &["check"]).code, 0);
}

#[test]
fn every_key_has_documentation_in_the_schema() {
    let config = AgentConfig::read(&Source::new("config.yaml", "ci_access: {projects: [{id: a/b}]}"), NEWEST);
    let value: MessageValue = config.value.expect("a value");
    fn walk(message: &MessageValue) {
        for key in &message.message.keys {
            assert!(key.doc.ends_with('.') && key.doc.len() > 5, "{}", key.name);
        }
        for field in &message.fields {
            visit(&field.value);
        }
    }
    fn visit(value: &Value) {
        match &value.data {
            Data::Message(message) => walk(message),
            Data::List(items) => items.iter().for_each(visit),
            _ => {}
        }
    }
    walk(&value);
}
