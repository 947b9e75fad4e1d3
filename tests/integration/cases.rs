//! The verdicts on configuration files that were carried over: verdict, stage and canonical configuration.

use base64::Engine as _;
use serde_json::Value as Json;

use crate::common::{folder_with, kaslint, root, write};

fn cases(file: &str) -> Vec<Json> {
    let path = root().join("fixtures/decode").join(file);
    let text = std::fs::read_to_string(path).expect("the cases");
    text.lines().map(|line| serde_json::from_str(line).expect("a case")).collect()
}

/// The bytes of a case's file.
pub fn bytes(case: &Json) -> Vec<u8> {
    match case["yaml"].as_str() {
        Some(text) => text.as_bytes().to_vec(),
        None => {
            let text = case["yaml_base64"].as_str().expect("a text");
            base64::engine::general_purpose::STANDARD.decode(text).expect("base64")
        }
    }
}

/// All carried-over cases.
pub fn all() -> Vec<Json> {
    [cases("cases.jsonl"), cases("parser.jsonl"), cases("libraries.jsonl")].concat()
}

fn agree(cases: &[Json]) {
    let folder = folder_with(&[]);
    let names: Vec<String> = (0..cases.len()).map(|index| format!("{index}/config.yaml")).collect();
    for (name, case) in names.iter().zip(cases) {
        write(folder.path(), name, &bytes(case));
    }
    let mut arguments = vec!["decode", "--format", "json"];
    arguments.extend(names.iter().map(String::as_str));
    let run = kaslint(folder.path(), &arguments);
    let lines: Vec<Json> = run.stdout.lines().map(|line| serde_json::from_str(line).expect("a line")).collect();
    assert_eq!(lines.len(), cases.len(), "one line a file");
    let mut wrong = Vec::new();
    for (line, case) in lines.iter().zip(cases) {
        let differs = ["accepted", "stage", "config"].iter().any(|field| line[field] != case[field]);
        // A refusal says why, an accepted file says nothing.
        let is_silent = line["error"].is_null();
        if differs || is_silent != (case["accepted"] == true) {
            wrong.push(format!(
                "{}: expected {} {} {}, got {line}",
                case["name"], case["accepted"], case["stage"], case["config"]
            ));
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn all_cases_agree_with_gitlabs_reading_path() {
    let cases = cases("cases.jsonl");
    assert_eq!(cases.len(), 358);
    agree(&cases);
}

#[test]
fn the_parser_agrees_where_it_differs_from_libyaml() {
    let cases = cases("parser.jsonl");
    assert!(cases.len() > 100);
    agree(&cases);
}

#[test]
fn what_the_libraries_read_otherwise_than_libyaml_agrees() {
    let cases = cases("libraries.jsonl");
    assert!(cases.len() > 90);
    agree(&cases);
}

#[test]
fn the_error_names_what_refuses_and_no_lost_key_beside_it() {
    let folder = folder_with(&[
        ("empty.yaml", b"ci_access:\n  projects: [{id: a/b}]\nci_access:\n  projects: [{id: ''}]\n"),
        ("unknown.yaml", b"flux: {}\nflux: {}\nci_access:\n  project: []\n"),
        // What the decoder refuses comes before what validation would.
        ("both.yaml", b"ci_access:\n  groups: [{id: ''}]\n  projects: [{id: 1}]\n"),
    ]);
    let run = kaslint(folder.path(), &["decode", "--format", "json", "empty.yaml", "unknown.yaml", "both.yaml"]);
    let places: Vec<String> = run
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<Json>(line).expect("a line"))
        .map(|line| line["error"].as_str().expect("an error").split(": ").next().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(places, ["4:19", "4:3", "3:19"]);
}

#[test]
fn every_refused_case_has_an_error_with_a_place() {
    let cases: Vec<Json> = all().into_iter().filter(|case| case["accepted"] == false).collect();
    let folder = folder_with(&[]);
    for (index, case) in cases.iter().enumerate() {
        write(folder.path(), &format!("p{index:03}/.gitlab/agents/prod/config.yaml"), &bytes(case));
    }
    let report = kaslint(folder.path(), &["check", "--format", "json"]).json();
    let findings = report["findings"].as_array().expect("findings");
    for (index, case) in cases.iter().enumerate() {
        let path = format!("p{index:03}/.gitlab/agents/prod/config.yaml");
        let refusing = ["invalid-yaml", "unknown-key", "removed-key", "too-new-key", "wrong-type", "invalid-value"];
        let has_error = findings.iter().any(|finding| {
            finding["path"] == path
                && finding["severity"] == "error"
                && refusing.iter().any(|rule| finding["rule"] == **rule)
        });
        assert!(has_error, "{} ({}) has no error", case["name"], case["stage"]);
    }
}
