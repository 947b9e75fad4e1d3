//! Baselines through the real binary: a repository with findings takes up kaslint, and only new ones fail.

use crate::common::{CONFIG, folder_with, kaslint, write};

/// Twenty entries with two findings each.
fn forty_findings(before: &str) -> String {
    let entry = |number: usize| format!("    - id: acme/p{number}.git\n      environments: [prod+*]\n");
    format!("ci_access:\n  projects:\n{before}{}", (0..20).map(entry).collect::<String>())
}

#[test]
fn only_new_findings_fail() {
    let folder = folder_with(&[(CONFIG, forty_findings("").as_bytes())]);
    assert_eq!(kaslint(folder.path(), &["check"]).code, 1);
    let record = kaslint(folder.path(), &["check", "--write-baseline", "baseline.json"]);
    assert_eq!(record.code, 0);
    assert_eq!(
        record.stdout,
        "Recorded 40 findings in baseline.json. From now on, `--baseline baseline.json` leaves them out.\n"
    );
    let check = || kaslint(folder.path(), &["check", "--format", "concise", "--baseline", "baseline.json"]);
    assert_eq!(check().code, 0);
    assert!(check().stdout.contains("Left out: 40 findings by the baseline."), "{}", check().stdout);

    // Lines and positions move, and one finding is new.
    let changed = forty_findings("    # a comment\n    - id: acme/new\n      environments: [review+*]\n");
    write(folder.path(), CONFIG, changed.as_bytes());
    let run = check();
    assert_eq!(run.code, 1);
    let new: Vec<&str> = run.stdout.lines().filter(|line| line.contains("[pattern-metacharacter")).collect();
    assert_eq!(new.len(), 1, "{}", run.stdout);
    assert!(new[0].contains(":5:22: warning[pattern-metacharacter] `review+*`"), "{new:?}");

    // What is mended is told, so that the baseline shrinks.
    write(folder.path(), CONFIG, b"ci_access: {projects: [{id: acme/p0.git}]}\n");
    let run = check();
    assert!(
        run.stdout.contains("39 findings of the baseline are gone; `--write-baseline` records anew what is left."),
        "{}",
        run.stdout
    );
}

#[test]
fn equal_findings_are_left_out_as_often_as_they_are_recorded() {
    let folder = folder_with(&[(CONFIG, b"a: 1\n")]);
    kaslint(folder.path(), &["check", "--write-baseline", "baseline.json"]);
    let text = std::fs::read_to_string(folder.path().join("baseline.json")).expect("a baseline");
    let schema: serde_json::Value =
        serde_json::from_str(&kaslint(folder.path(), &["schema", "baseline"]).stdout).expect("a schema");
    let baseline: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert!(jsonschema::validator_for(&schema).expect("a schema").is_valid(&baseline), "{text}");
    write(folder.path(), CONFIG, b"a: 1\nb: 1\n");
    assert_eq!(kaslint(folder.path(), &["check", "--baseline", "baseline.json"]).code, 1);
}

#[test]
fn an_unusable_baseline_ends_the_run() {
    let folder = folder_with(&[
        (CONFIG, b"a: 1\n"),
        ("no.json", b"{}"),
        ("other.json", b"{\"version\": 2, \"findings\": []}"),
        ("folder/x", b""),
    ]);
    for (file, told) in [
        ("none.json", "there is no baseline none.json; `--write-baseline none.json` makes one"),
        ("no.json", "cannot use no.json: it is no baseline"),
        ("other.json", "it is of version 2, and this kaslint knows version 1"),
        ("folder", "the baseline folder is a directory"),
    ] {
        let run = kaslint(folder.path(), &["check", "--baseline", file]);
        assert_eq!((run.code, &*run.stdout), (2, ""));
        assert!(run.stderr.contains(told), "{}", run.stderr);
    }
    assert_eq!(kaslint(folder.path(), &["check", "--write-baseline", "folder"]).code, 2);
}
