//! The report for people: short, in any terminal, whatever a file holds; and what options leave out of what is shown.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::common::{CONFIG, Run, folder_with, kaslint, kaslint_in, root};

/// The findings of a human report, each with its lines.
fn findings(report: &str) -> Vec<Vec<&str>> {
    let blocks = report.split("\n\n").map(|block| block.lines().collect::<Vec<&str>>());
    blocks.filter(|lines| lines.first().is_some_and(|line| line.starts_with("  ") && line.contains('['))).collect()
}

/// The lines of files that a report shows with their numbers, each with the path above it.
fn excerpts(report: &str) -> Vec<(String, String)> {
    let (mut path, mut shown) = (String::new(), Vec::new());
    for line in report.lines() {
        if let Some((_, place)) = line.split_once("╭─") {
            path = place.split_once('[').and_then(|(_, place)| place.rsplitn(3, ':').last()).unwrap_or("").to_owned();
        }
        let in_one_line = || line.split_once("⋮ and here, line ").and_then(|(_, rest)| rest.split_once(", `"));
        let number = line.split_once(" │ ").or_else(in_one_line).map(|(number, _)| number.trim());
        if let Some(number) = number.filter(|number| number.parse::<usize>().is_ok()) {
            shown.push((path.clone(), number.to_owned()));
        }
    }
    shown
}

fn is_short(run: &Run) {
    for lines in findings(&run.stdout) {
        assert!(lines.len() <= 30, "{} lines: {}", lines.len(), lines.join("\n"));
    }
}

#[test]
fn no_line_is_shown_twice() {
    let report = kaslint(root(), &["check", "fixtures/access", "fixtures/access-19"]).stdout;
    let shown = excerpts(&report);
    assert!(shown.len() > 500, "{}", shown.len());
    // The line between two places may be one of another finding.
    let different: BTreeSet<&(String, String)> = shown.iter().collect();
    assert!(shown.len() - different.len() <= 2, "{} of {}", different.len(), shown.len());
}

#[test]
fn kaslint_in_its_own_repository_is_short() {
    let json = kaslint(root(), &["--format", "json"]).json();
    let said = json["findings"].as_array().expect("findings").iter().map(|finding| {
        let parts = [&finding["rule"], &finding["message"], &finding["help"]];
        parts.map(ToString::to_string).concat()
    });
    let said: BTreeSet<String> = said.collect();
    let run = kaslint(root(), &[]);
    is_short(&run);
    let lines = run.stdout.lines().count();
    assert!(said.len() > 100 && lines <= 8 * said.len(), "{lines} lines for {} different findings", said.len());
}

#[test]
fn places_far_from_each_other_have_lines_of_their_own() {
    let mut text =
        String::from("ci_access:\n  projects:\n    - id: acme/a\n      environments: [x]\n    - id: acme/b\n");
    for number in 0..12 {
        let _ = writeln!(text, "    - id: acme/c{number}\n    - id: acme/{}", if number % 4 == 0 { "A" } else { "d" });
    }
    text.push_str("    - {id: acme/a, environments: [production]}\n");
    let folder = folder_with(&[(CONFIG, text.as_bytes())]);
    let run = kaslint(folder.path(), &["check", "--select", "duplicate-id", "--project", "acme/agents"]);
    is_short(&run);
    insta::assert_snapshot!(run.transcript());
}

#[test]
fn options_choose_what_is_shown_and_change_nothing_else() {
    let calls: [&[&str]; 6] = [
        &["--statistics"],
        &["--min-severity", "error", "--max-findings", "1"],
        &["--max-findings", "0"],
        &["--max-findings", "2", "--format", "concise"],
        &["--statistics", "--format", "markdown"],
        &["--max-findings", "1", "--quiet"],
    ];
    let whole = kaslint(root(), &["check", "fixtures/demo"]);
    let mut transcript = String::new();
    for call in calls {
        let run = kaslint(root(), &[&["check", "fixtures/demo"], call].concat());
        assert_eq!(run.code, whole.code);
        let _ = write!(transcript, "# {}\n{}", call.join(" "), run.transcript());
    }
    insta::assert_snapshot!(transcript);
}

#[test]
fn programs_are_told_what_is_not_shown() {
    let check =
        |arguments: &[&str]| kaslint(root(), &[&["check", "fixtures/demo", "--format", "json"], arguments].concat());
    let all = check(&[]).json();
    let number = |report: &serde_json::Value, name: &str| report["summary"][name].as_u64().expect("a number");
    for (arguments, name) in [
        (&["--min-severity", "error"][..], "below_min_severity"),
        (&["--max-findings", "2"], "over_max_findings"),
        (&["--statistics"], "below_min_severity"),
    ] {
        let run = check(arguments);
        let some = run.json();
        let length = |report: &serde_json::Value| report["findings"].as_array().expect("findings").len() as u64;
        assert_eq!(length(&some) + number(&some, name), length(&all), "{arguments:?}");
        for name in ["errors", "warnings", "notes", "fixable"] {
            assert_eq!(number(&some, name), number(&all, name), "{arguments:?}");
        }
    }
    let statistics = check(&["--statistics"]).json();
    let counts = statistics["statistics"].as_array().expect("counts").iter();
    let counted: u64 = counts.map(|row| row["count"].as_u64().expect("a number")).sum();
    assert_eq!(counted, all["findings"].as_array().expect("findings").len() as u64);
    assert!(all.get("statistics").is_none() && all["findings"][0].get("url").is_none());
}

/// A file that is hard to show: long ids, text from right to left, very many equal findings.
fn hostile() -> String {
    let mut text =
        format!("ci_access:\n  projects:\n    - id: {}\n    - id: {}\n", "a".repeat(5000), "b/".repeat(2500));
    let _ = writeln!(text, "    - id: שלום/עולם ועוד\n      environments: ['שלום עולם', '*', 'مرحبا*']");
    let _ = writeln!(text, "    - {{id: \"x\", environments: [{}]}}", "'*', ".repeat(50));
    for number in 0..300 {
        let _ = writeln!(text, "    - id: acme/p{number}\n      environments: []");
    }
    text
}

#[test]
fn it_is_short_in_any_terminal() {
    let folder = folder_with(&[(CONFIG, hostile().as_bytes())]);
    let mut transcript = String::new();
    for (columns, term) in [("20", "xterm-256color"), ("80", "dumb"), ("100", "xterm")] {
        let variables = [("COLUMNS", columns), ("TERM", term)];
        let run = kaslint_in(folder.path(), &["check", "--project", "acme/agents"], &variables);
        is_short(&run);
        assert!(!run.stdout.contains('\u{1b}'));
        let _ = write!(transcript, "# {columns} columns\n{}", run.transcript());
    }
    insta::assert_snapshot!(transcript);
}
