//! What `kaslint diff` says, kind by kind, and how each format says it.

use std::path::Path;

use jsonschema::Validator;
use kaslint::cli::schemas::Name;
use serde_json::Value as Json;

use crate::common::{Run, kaslint as run, kaslint_in, root};

/// A pair of states: its folder in `fixtures/diff`, and what is known of them.
type Pair = (&'static str, &'static [&'static str]);

const LISTED: &[&str] = &["--inventory", "../inventory.yaml"];

const PAIRS: &[Pair] = &[
    ("nothing", LISTED),
    ("wildcard", LISTED),
    ("protection", LISTED),
    ("override", LISTED),
    ("removal", LISTED),
    ("several", LISTED),
    ("identity", LISTED),
    ("exchange", LISTED),
    ("fixed-user", LISTED),
    ("managed", LISTED),
    ("refused-head", LISTED),
    ("refused-base", LISTED),
    ("raises", LISTED),
    ("people", LISTED),
    (
        "administrators",
        &["--inventory", "../inventory.yaml", "--base-gitlab-version", "19.4", "--gitlab-version", "19.5"],
    ),
    ("upgrade", &["--inventory", "../inventory.yaml", "--base-gitlab-version", "18.9", "--gitlab-version", "19.5"]),
    ("either", &["--inventory", "../inventory.yaml", "--gitlab-version", "19.2"]),
    ("instance", &["--gitlab-version", "18.4", "--tier", "premium"]),
    // Of what is not listed it is not known whether it exists.
    ("protection", &[]),
    ("identity", &["--base-tier", "premium", "--tier", "free", "--gitlab-version", "18.0"]),
    ("either", &["--tier", "premium"]),
    ("upgrade", &["--tier", "premium", "--base-gitlab-version", "18.9", "--gitlab-version", "19.2"]),
    ("hostile", &["--gitlab-version", "18.4", "--tier", "premium"]),
    ("many", &["--gitlab-version", "18.4", "--tier", "premium"]),
];

fn diff(pair: &Pair, more: &[&str]) -> Run {
    let states = ["diff", "./base", "./head", "--project", "acme/agents"];
    let folder = root().join("fixtures/diff").join(pair.0);
    kaslint_in(&folder, &[&states, pair.1, more].concat(), &[("COLUMNS", "80")])
}

#[test]
fn each_kind_has_its_sentence() {
    let told = PAIRS.iter().map(|pair| {
        let arguments = pair.1.join(" ");
        format!("=== {} {arguments}\n{}", pair.0, diff(pair, &[]).transcript())
    });
    insta::assert_snapshot!(told.collect::<Vec<_>>().join("\n"));
}

#[test]
fn a_comment_has_a_verdict_what_was_refused_and_a_table() {
    let told = ["override", "exchange", "refused-head", "nothing", "many", "hostile"].map(|name| {
        let pair = PAIRS.iter().find(|pair| pair.0 == name).expect("a pair");
        format!("=== {name}\n{}", diff(pair, &["--format", "markdown"]).stdout)
    });
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn code_quality_has_an_entry_for_each_widening_and_each_thing_that_is_open() {
    let schema: Json = serde_json::from_str(&Name::CodeQualityReport.text()).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let told = ["removal", "exchange", "refused-base", "nothing"].map(|name| {
        let pair = PAIRS.iter().find(|pair| pair.0 == name).expect("a pair");
        let entries = diff(pair, &["--format", "gitlab"]).json();
        // GitLab reads up to the first entry that its schema refuses.
        assert!(validator.is_valid(&entries), "{entries:#}");
        format!("=== {name}\n{entries:#}")
    });
    insta::assert_snapshot!(told.join("\n"));
}

/// What moves with lines is no part of a fingerprint.
#[test]
fn a_finding_stays_the_same_when_lines_move() {
    let folder = tempfile::tempdir().expect("a folder");
    let entries = |above: &str| {
        for (side, text) in [("base", "{}\n"), ("head", "ci_access: {projects: [{id: acme/web/shop}]}\n")] {
            let agent = folder.path().join(side).join(".gitlab/agents/prod");
            std::fs::create_dir_all(&agent).expect("a folder");
            std::fs::write(agent.join("config.yaml"), format!("{above}{text}")).expect("a file");
        }
        run(folder.path(), &["diff", "./base", "./head", "--project", "acme/agents", "--format", "gitlab"]).json()
    };
    let (one, other) = (entries(""), entries("# a\n# b\n"));
    assert_eq!(one[0]["fingerprint"], other[0]["fingerprint"]);
    assert_eq!(
        (&one[0]["location"]["lines"]["begin"], &other[0]["location"]["lines"]["begin"]),
        (&Json::from(1), &Json::from(3))
    );
}

/// Nothing that stands in a file is markup, a mention or a command of a comment, and no secret is shown.
#[test]
fn a_comment_holds_no_syntax_of_files() {
    let pair = PAIRS.iter().find(|pair| pair.0 == "hostile").expect("a pair");
    for format in ["human", "markdown", "json", "gitlab"] {
        let told = diff(pair, &["--format", format, "--all"]).stdout;
        assert!(!told.contains("Zx81kq0P") && !told.contains('\u{202e}'), "{format}: {told}");
    }
    let told = diff(pair, &["--format", "markdown", "--all"]).stdout;
    assert!(told.starts_with("<!-- kaslint diff -->\n"));
    for line in told.lines() {
        let own = ["<!-- kaslint diff -->", "**", "| ", "<details><summary>", "</details>", "`base` with `head`"];
        assert!(line.is_empty() || own.iter().any(|start| line.starts_with(start)), "{line}");
        // What is no code holds nothing that acts; a backtick of a file is none of these.
        let outside = line.split('`').step_by(2).collect::<String>();
        let outside = own.iter().fold(outside, |text, own| text.replace(own, ""));
        let outside = outside.replace("<code>", "").replace("</code>", "").replace("</summary>", "");
        assert_eq!(line.matches('`').count() % 2, 0, "{line}");
        for sign in ["<", ">", "://"] {
            assert!(!outside.contains(sign), "{sign}: {line}");
        }
        for sign in ['@', '[', '#', '!', '~'] {
            let is_bare = |(at, _): (usize, &str)| !outside[..at].ends_with('\\');
            assert!(!outside.match_indices(sign).any(is_bare), "{sign}: {outside}");
        }
    }
}

/// However much there is to tell, a comment has at most 60 KB, and says what is left out.
#[test]
fn a_comment_is_no_longer_than_anybody_reads() {
    let folder = tempfile::tempdir().expect("a folder");
    let long = "x".repeat(40);
    for side in ["base", "head"] {
        for agent in 0..30 {
            let path = folder.path().join(side).join(format!(".gitlab/agents/a{agent}"));
            std::fs::create_dir_all(&path).expect("a folder");
            let entry = |number: usize| {
                format!("  - id: acme/{long}/p{number}\n    environments: [{long}-{number}, \"{long}/{number}/*\"]\n")
            };
            let entries: String = (0..20).map(entry).collect();
            let text = if side == "base" { "{}\n".to_owned() } else { format!("ci_access:\n  projects:\n{entries}") };
            std::fs::write(path.join("config.yaml"), text).expect("a file");
        }
    }
    let states = ["diff", "./base", "./head", "--project", "acme/agents", "--gitlab-version", "18.4"];
    let told = run(folder.path(), &[&states[..], &["--format", "markdown", "--all"]].concat()).stdout;
    assert!((50_000..60_000).contains(&told.len()), "{} bytes", told.len());
    assert_eq!(told.matches("<details>").count(), told.matches("</details>").count());
    assert!(told.contains("more, which `kaslint diff --all` tells."), "{}", &told[told.len() - 500..]);
    let people = run(folder.path(), &states).stdout;
    assert!(people.contains("… and 580 more: 580 widened; --all tells them."));
}

fn validator() -> Validator {
    let schema: Json = serde_json::from_str(&Name::DiffReport.text()).expect("JSON");
    jsonschema::validator_for(&schema).expect("a schema")
}

#[test]
fn the_diff_report_follows_its_schema() {
    let validator = validator();
    let mut changes = 0;
    for pair in PAIRS {
        let report = diff(pair, &["--format", "json"]).json();
        let errors: Vec<String> =
            validator.iter_errors(&report).map(|error| format!("{error} at {}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{}: {errors:?}", pair.0);
        changes += report["changes"].as_array().expect("a list").len();
        // Each part of it is asked for.
        for key in report.as_object().expect("an object").keys() {
            let mut damaged = report.clone();
            damaged.as_object_mut().expect("an object").remove(key);
            assert!(!validator.is_valid(&damaged), "without {key}");
        }
    }
    assert!(changes > 60, "{changes} changes");
    let report = diff(&PAIRS[1], &["--format", "json"]).json();
    for (pointer, value) in [
        ("/verdict", "fine"),
        ("/changes/0/kind", "more"),
        ("/changes/0/effect", "worse"),
        ("/changes/0/refs/0", "main"),
        ("/changes/0/environments", "prod"),
        ("/changes/0/before", "denied"),
    ] {
        let mut damaged = report.clone();
        *damaged.pointer_mut(pointer).unwrap_or_else(|| panic!("no {pointer}")) = Json::from(value);
        assert!(!validator.is_valid(&damaged), "{pointer}");
    }
}

/// A format that goes to a file is the one that goes to standard output.
#[test]
fn several_formats_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str| folder.path().join(name).to_str().expect("a path").to_owned();
    let formats = [format!("markdown={}", file("note.md")), format!("gitlab={}", file("quality.json"))];
    let told = diff(&PAIRS[1], &["--format", "human", "--format", &formats[0], "--format", &formats[1]]);
    assert_eq!(told.stdout, diff(&PAIRS[1], &[]).stdout);
    let read = |name: &str| std::fs::read_to_string(Path::new(&file(name))).expect("a file");
    assert_eq!(read("note.md"), diff(&PAIRS[1], &["--format", "markdown"]).stdout);
    assert_eq!(read("quality.json"), diff(&PAIRS[1], &["--format", "gitlab"]).stdout);
}
