//! The settings file, and where the configuration project's path comes from.

use std::process::Command;

use crate::common::{CONFIG, folder_with, kaslint};

const OUTSIDE: &[u8] = b"ci_access:\n  projects:\n    - id: partner/shop\n";

fn rules(run: &crate::common::Run) -> Vec<String> {
    let report = run.json();
    let findings = report["findings"].as_array().expect("findings");
    findings.iter().map(|finding| finding["rule"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn settings_apply_from_above_up_to_the_repository() {
    let folder = folder_with(&[
        ("repo/.git/HEAD", b""),
        ("repo/.kaslint.yaml", b"project: acme/agents\nrules: {outside-hierarchy: note}\ngitlab: {version: '17.0'}\n"),
        ("repo/sub/.gitlab/agents/prod/config.yaml", OUTSIDE),
        (".kaslint.yaml", b"mistake: true\n"),
    ]);
    let run = kaslint(&folder.path().join("repo/sub"), &["check", "--format", "json"]);
    assert_eq!(rules(&run), ["outside-hierarchy"]);
    assert_eq!(run.json()["findings"][0]["severity"], "note");
    assert_eq!(run.code, 0);
}

#[test]
fn a_rule_that_is_off_is_off_unless_selected() {
    let folder = folder_with(&[(".kaslint.yaml", b"rules: {unknown-key: off}\n"), (CONFIG, b"foo: 1\n")]);
    assert!(rules(&kaslint(folder.path(), &["check", "--format", "json"])).is_empty());
    assert_eq!(
        rules(&kaslint(folder.path(), &["check", "--format", "json", "--select", "unknown-key"])),
        ["unknown-key"]
    );
    assert!(rules(&kaslint(folder.path(), &["check", "--format", "json", "--ignore", "unknown-key"])).is_empty());
}

#[test]
fn unusable_settings_end_the_run_with_every_mistake() {
    let text = b"projct: acme/agents\ngitlab:\n  version: 18.4\n  tier: gold\nrules:\n  unknown-keys: off\n  null-value: fatal\nignore:\n  - rule: null-value\n";
    let folder = folder_with(&[(".kaslint.yaml", text), (CONFIG, b"ci_access: {}\n")]);
    let run = kaslint(folder.path(), &["check"]);
    assert_eq!(run.code, 2);
    insta::assert_snapshot!(run.transcript());
}

#[test]
fn a_release_that_never_was_is_a_mistake_at_its_place() {
    let folder = folder_with(&[(CONFIG, b"ci_access: {}\n"), ("inventory.yaml", b"gitlab: {version: '17.12.3'}\n")]);
    let by_inventory = kaslint(folder.path(), &["check", "--inventory", "inventory.yaml"]);
    crate::common::write(folder.path(), ".kaslint.yaml", b"gitlab: {version: '18.12'}\n");
    let by_settings = kaslint(folder.path(), &["check"]);
    assert_eq!((by_inventory.code, by_settings.code), (2, 2));
    insta::assert_snapshot!(format!("{}{}", by_inventory.transcript(), by_settings.transcript()));
}

#[test]
fn patterns_that_nobody_means_are_mistakes_at_their_place() {
    let nested = format!("{}x{}", "{a,".repeat(64), "}".repeat(64));
    let text = format!(
        "ignore:\n  - {{rule: unknown-key, reason: r, path: \"{nested}\"}}\n  - {{rule: unknown-key, reason: r, path: \"{}\"}}\n",
        "?".repeat(2_000)
    );
    let folder = folder_with(&[(".kaslint.yaml", text.as_bytes()), (CONFIG, b"foo: 1\n")]);
    let run = kaslint(folder.path(), &["check"]);
    assert_eq!(run.code, 2);
    insta::assert_snapshot!(run.transcript());
    let levels = |levels: usize| {
        let pattern = format!("{}b{}", "{a,".repeat(levels), "}".repeat(levels));
        let text = format!("ignore: [{{rule: unknown-key, reason: r, path: \"{pattern}\"}}]\n");
        let folder = folder_with(&[(".kaslint.yaml", text.as_bytes()), (CONFIG, b"foo: 1\n")]);
        kaslint(folder.path(), &["check"]).code
    };
    assert_eq!((levels(8), levels(9)), (1, 2));
}

#[test]
fn the_project_comes_from_option_pipeline_remote_or_settings() {
    let folder = folder_with(&[(CONFIG, OUTSIDE), (".kaslint.yaml", b"gitlab: {version: '17.0'}\n")]);
    let git = |arguments: &[&str]| {
        let status = Command::new("git").arg("-C").arg(folder.path()).args(arguments).output().expect("git");
        assert!(status.status.success(), "{arguments:?}");
    };
    assert!(rules(&kaslint(folder.path(), &["check", "--format", "json"])).is_empty());
    assert_eq!(
        rules(&kaslint(folder.path(), &["check", "--format", "json", "--project", "acme/agents"])),
        ["outside-hierarchy"]
    );
    git(&["init", "-q"]);
    git(&["remote", "add", "origin", "git@gitlab.example.com:acme/platform/agents.git"]);
    let run = kaslint(folder.path(), &["check", "--format", "json"]);
    assert_eq!(rules(&run), ["outside-hierarchy"]);
    assert!(run.stdout.contains("acme/platform/agents"));
    git(&["remote", "set-url", "origin", "https://github.com/acme/agents.git"]);
    assert!(rules(&kaslint(folder.path(), &["check", "--format", "json"])).is_empty());
    // A remote that is written wrongly names no project, and what it holds is not shown.
    for (remote, path) in [
        ("bob:hunterTwo9Qw@gitlab.example.com:acme/agents.git", "unknown"),
        ("https://bob:hunter/Two9Qw@gitlab.example.com/acme/agents.git", "unknown"),
        ("https://gitlab.example.com/acme/agents.git?private_token=hunterTwo9Qw", "acme/agents (the remote origin)"),
    ] {
        git(&["remote", "set-url", "origin", remote]);
        let run = kaslint(folder.path(), &["check", "--verbose"]);
        assert!(run.stderr.contains(&format!("path       {path}")), "{remote}: {}", run.stderr);
        assert!(!run.stderr.contains("Two9Qw") && !run.stdout.contains("Two9Qw"), "{remote}");
    }
}

#[test]
fn instance_authorization_decides_from_the_release_on() {
    let check = |version: &str, setting: &str| {
        let text = format!("project: acme/agents\ngitlab: {{version: '{version}'{setting}}}\n");
        let folder = folder_with(&[(CONFIG, OUTSIDE), (".kaslint.yaml", text.as_bytes())]);
        let run = kaslint(folder.path(), &["check", "--format", "json"]);
        run.json()["findings"][0]["severity"].as_str().map(str::to_owned)
    };
    assert_eq!(check("18.0", ", instance_authorization: true").as_deref(), Some("error"));
    assert_eq!(check("18.1", ", instance_authorization: true"), None);
    assert_eq!(check("18.1", ", instance_authorization: false").as_deref(), Some("error"));
    assert_eq!(check("18.1", "").as_deref(), Some("warning"));
}

#[test]
fn an_organisations_own_schema_is_held_to_files_at_the_place_that_breaks_it() {
    let schema = br##"{
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "properties": {"ci_access": {"properties": {"projects": {"items": {
            "required": ["environments"],
            "additionalProperties": false,
            "properties": {"id": {"pattern": "^acme/"}, "environments": true, "access_as": {"$ref": "#/$defs/as"}}
        }}}}},
        "$defs": {"as": {"required": ["ci_job"]}}
    }"##;
    let config = "# größer\nci_access:\n  projects:\n    - {id: 'other/ü', environments: [a]}\n    - id: acme/a\n    - id: acme/b\n      environments: [a]\n      default_namespace: x\n      access_as: {agent: {}}\n";
    let files: &[(&str, &[u8])] = &[
        (CONFIG, config.as_bytes()),
        (".kaslint.yaml", b"schemas: [rules/our.schema.json]\ngitlab: {tier: premium}\n"),
        ("rules/our.schema.json", schema),
    ];
    let folder = folder_with(files);
    let run = kaslint(folder.path(), &["check", "--format", "json", "--select", "schema-violation"]);
    let report = run.json();
    let found: Vec<String> = report["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .map(|finding| {
            let byte =
                |end: &str| usize::try_from(finding["range"][end]["byte"].as_u64().expect("a byte")).expect("a byte");
            let text = config.get(byte("start")..byte("end")).expect("text").lines().next().unwrap_or_default();
            format!("{}: {text}", finding["route"].as_str().unwrap_or_default())
        })
        .collect();
    assert_eq!(
        found,
        [
            "ci_access.projects[0].id: 'other/ü'",
            "ci_access.projects[1]: id: acme/a",
            "ci_access.projects[2]: default_namespace",
            "ci_access.projects[2].access_as: access_as",
        ]
    );
    for (text, told) in [
        (&br#"{"$ref": "https://example.com/x.json"}"#[..], "cannot use the schema rules/our.schema.json"),
        (br#"{"type": 3}"#, "it is no JSON Schema"),
        (b"{", "it is no JSON"),
        (references(40, 2).as_bytes(), "with its references it has more than 400000 parts"),
        (references(2_000, 1).as_bytes(), "its references lead more than 500 levels deep"),
    ] {
        crate::common::write(folder.path(), "rules/our.schema.json", text);
        let run = kaslint(folder.path(), &["check"]);
        assert_eq!(run.code, 2);
        assert!(run.stderr.contains(told), "{}", run.stderr);
    }
}

/// A schema whose definitions refer so often to the next one.
fn references(count: usize, times: usize) -> String {
    let definition = |number: usize| {
        let next = vec![format!(r##"{{"$ref": "#/$defs/d{}"}}"##, number + 1); times].join(", ");
        format!(r#""d{number}": {{"anyOf": [{next}]}}"#)
    };
    let all: Vec<String> = (0..count).map(definition).collect();
    format!(
        r##"{{"$id": "https://example.com/s.json", "$ref": "#/$defs/d0", "$defs": {{{}, "d{count}": {{}}}}}}"##,
        all.join(", ")
    )
}

/// What refers to itself, by several names, and what is referred to often, is no more than what is written.
#[test]
fn schemas_with_references_are_taken() {
    let schema = format!(
        r##"{{"$id": "https://example.com/s.json", "$defs": {{"node": {{"$anchor": "node", "items": {{"$ref": "#node"}}}}, "leaf": {{"type": "object"}}}},
            "properties": {{"ci_access": {{"$ref": "#/$defs/node"}}, "user_access": {{"$ref": "s.json#/$defs/leaf"}}}}, "allOf": [{}]}}"##,
        vec![r##"{"$ref": "#/$defs/leaf"}"##; 2_000].join(", ")
    );
    let folder = folder_with(&[
        (CONFIG, b"ci_access: {projects: [{id: acme/a}]}\n"),
        (".kaslint.yaml", b"schemas: [s.json]\n"),
        ("s.json", schema.as_bytes()),
        ("deep.json", references(14, 2).as_bytes()),
    ]);
    assert_eq!(kaslint(folder.path(), &["check"]).code, 0);
    crate::common::write(folder.path(), ".kaslint.yaml", b"schemas: [deep.json]\n");
    assert_eq!(kaslint(folder.path(), &["check"]).code, 0);
}

#[test]
fn an_isolated_run_takes_nothing_from_the_repository() {
    let folder = folder_with(&[
        (CONFIG, b"ci_access:\n  # kaslint: ignore[unknown-key] hides it\n  project: []\n"),
        (".kaslint.yaml", b"rules: {unknown-key: off}\nproject: acme/agents\n"),
        ("own.yaml", b"rules: {unknown-key: warning}\n"),
    ]);
    let rules = |arguments: &[&str]| -> Vec<String> {
        let run = kaslint(folder.path(), &[&["check", "--format", "json"], arguments].concat());
        let findings = run.json()["findings"].as_array().cloned().unwrap_or_default();
        let told =
            |finding: &serde_json::Value| format!("{}: {}", finding["severity"], finding["rule"]).replace('"', "");
        findings.iter().map(told).collect()
    };
    assert_eq!(rules(&[]), [""; 0]);
    assert_eq!(rules(&["--isolated"]), ["error: unknown-key"]);
    assert_eq!(
        rules(&["--isolated", "--settings", "own.yaml"]),
        ["warning: unknown-key"],
        "what the caller names holds"
    );
}

#[test]
fn nothing_outside_of_the_repository_is_read_for_it() {
    let folder = folder_with(&[
        ("repository/.git/HEAD", b"ref: refs/heads/main\n"),
        (&format!("repository/{CONFIG}"), b"ci_access: {}\n"),
        (".kaslint.yaml", b"this is above the root and would be refused"),
        ("known/inventory.yaml", b"projects: [{path: acme/agents}]\n"),
    ]);
    let inside = folder.path().join("repository");
    let check = |arguments: &[&str]| kaslint(&inside, &[&["check"], arguments].concat());
    assert_eq!(check(&[]).code, 0);
    std::fs::write(inside.join(".kaslint.yaml"), "inventory: ../known/inventory.yaml\n").expect("settings");
    let refused = check(&[]);
    assert_eq!(refused.code, 2);
    assert_eq!(
        refused.stderr,
        "error: `inventory` in .kaslint.yaml leads to ../known/inventory.yaml, outside of the working directory; name it on the command line, or allow its folder with `--allow-outside DIR`\n"
    );
    assert_eq!(check(&["--allow-outside", "../known"]).code, 0);
    assert_eq!(check(&["--inventory", "../known/inventory.yaml"]).code, 0, "the caller names what it likes");
}
