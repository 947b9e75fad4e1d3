//! Everything that is reported of a repository: each format of findings and of access is what it claims to be, and no text of a file
//! steers a terminal, a log or a CI system.

use clap::ValueEnum as _;
use kaslint::access::jobs::ProjectJobs;
use kaslint::access::{Query, Settings, World};
use kaslint::access_report::{self, AccessReport};
use kaslint::analysis::{Evaluation, Facts, Purpose, analyse, unused_settings};
use kaslint::outlet::{self, Outlet};
use kaslint::project::{Snapshot, Steps};
use kaslint::report::{self, Outcome, View};

use crate::laws;
use crate::repository::{AGENT_FILE, Repository};

/// Writes all reports, in a width that the input's length decides.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    // Another control character in place of ESC: each ESC in what is written is kaslint's own then.
    let tame = text.replace(ESC, "\u{1c}");
    let reports = reports_of(&tame);
    for (name, kind, report) in &reports {
        holds(name, *kind, report);
    }
    if tame != text {
        let count = |text: &str| text.matches(ESC).count();
        for ((name, _, before), (.., report)) in reports.iter().zip(&reports_of(&text)) {
            assert_eq!(count(before), count(report), "an ESC of a file in {name}:\n{report}");
        }
    }
}

const ESC: char = '\u{1b}';

/// Who reads a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// People, in a terminal or a job's log.
    People,
    /// GitHub's runner.
    Github,
    Markdown,
    Json,
    JsonLines,
    Xml,
    Csv,
}

type Reports = Vec<(String, Kind, String)>;

fn reports_of(text: &str) -> Reports {
    let repository = Repository::of(text, AGENT_FILE);
    let Some(snapshot) = repository.load() else { return Vec::new() };
    let width = [20, 80, 100][text.len() % 3];
    let mut reports = Vec::new();
    check(&repository, &snapshot, width, &mut reports);
    access(&repository, snapshot, width, &mut reports);
    reports
}

fn check(repository: &Repository, snapshot: &Snapshot, width: usize, reports: &mut Reports) {
    let subjects = repository.subjects_of(&snapshot.projects);
    let mut outcome = Outcome::default();
    snapshot.remarks.iter().for_each(|remark| outcome.remark(Some(remark.clone())));
    let analyses = analyse(&subjects);
    laws::hold(&analyses);
    outcome.findings.extend(unused_settings(&subjects, &analyses));
    outcome.findings.extend(snapshot.unusable.iter().flat_map(|unusable| unusable.mistakes.clone()));
    analyses.into_iter().for_each(|analysis| outcome.add(analysis));
    for format in report::Format::value_variants() {
        let mut out = Vec::new();
        let written = format.write(&outcome, View::new(width, false), &mut Outlet::new(&mut out));
        assert!(written.is_ok(), "{written:?}");
        let kind = match format {
            report::Format::Human | report::Format::Concise => Kind::People,
            report::Format::Github => Kind::Github,
            report::Format::Markdown => Kind::Markdown,
            report::Format::Junit => Kind::Xml,
            report::Format::Json | report::Format::Sarif | report::Format::Gitlab => Kind::Json,
        };
        reports.push((format!("check {format:?}"), kind, text_of(out)));
    }
}

fn access(repository: &Repository, snapshot: Snapshot, width: usize, reports: &mut Reports) {
    let inventory = snapshot.inventories.first().map(|file| file.inventory.clone());
    let subjects = repository.subjects_of(&snapshot.projects);
    Evaluation::of(subjects, Purpose::AccessTogether, &Steps::default()).with(|facts: &Facts<'_>| {
        let empty;
        let index = match facts.indexes().next() {
            Some(index) => index,
            None => {
                let inventory = inventory.as_deref();
                let settings = inventory.map(Settings::of).unwrap_or_default();
                empty = World { inventory, files: Vec::new(), settings }.authorize();
                &empty
            }
        };
        let jobs: Vec<&ProjectJobs<'_>> = facts.all_jobs().collect();
        let name = jobs.iter().flat_map(|project| &project.jobs).map(|job| &*job.job.name).next();
        for (format, why) in
            access_report::Format::value_variants().iter().flat_map(|format| [(*format, false), (*format, true)])
        {
            if why && format == access_report::Format::Csv {
                continue;
            }
            let report = AccessReport { index, agent: None, environment: None, why, format, width };
            let kind = match format {
                access_report::Format::Human => Kind::People,
                access_report::Format::Markdown => Kind::Markdown,
                access_report::Format::Json => Kind::JsonLines,
                access_report::Format::Csv => Kind::Csv,
                access_report::Format::Html => continue,
            };
            let mut add = |what: &str, write: &outlet::Write<'_>| {
                let mut out = Vec::new();
                let written = write(&mut Outlet::new(&mut out));
                assert!(written.is_ok(), "{written:?}");
                reports.push((format!("access {format:?} {what}, why: {why}"), kind, text_of(out)));
            };
            let project = jobs.iter().find_map(|project| project.project.facts.path.clone());
            let project = project.unwrap_or_else(|| "acme/web/shop".to_owned());
            let queries = [Query::new(&project, Some("production"), None), Query::new(&project, None, Some(true))];
            add("answers", &|out| report.write_answers(&queries, out));
            add("grants", &|out| report.write_grants(out));
            add("jobs", &|out| report.write_jobs(&jobs, if why { name } else { None }, out));
            if !matches!(format, access_report::Format::Json | access_report::Format::Csv) {
                add("appended jobs", &|out| report.append_jobs(&jobs, out));
            }
        }
    });
}

fn text_of(out: Vec<u8>) -> String {
    String::from_utf8(out).expect("reports are UTF-8")
}

fn holds(name: &str, kind: Kind, report: &str) {
    let text = match kind {
        Kind::People => without_colours(report),
        // RFC 4180 ends rows with both.
        Kind::Csv => report.replace("\r\n", "\n"),
        _ => report.to_owned(),
    };
    if let Some(raw) = text.chars().find(|character| steers(*character)) {
        let at = text.find(raw).unwrap_or_default();
        panic!("{name} holds a raw {raw:?}: {:?}", text[..at].chars().rev().take(60).collect::<Vec<_>>());
    }
    let first = |line: &str| line.trim_start().to_owned();
    match kind {
        Kind::People | Kind::Markdown => {
            let command = text.lines().find(|line| first(line).starts_with("::") || line.contains("##["));
            assert_eq!(command, None, "{name} commands GitHub's runner");
        }
        Kind::Github => {
            for line in text.lines() {
                let is_own = ["::error ", "::warning ", "::notice "].iter().any(|own| line.starts_with(own));
                assert!(is_own && !line.contains("##["), "{name}: {line:?}");
            }
        }
        Kind::Json => assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{name}: {text}"),
        Kind::JsonLines => {
            for line in text.lines() {
                assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "{name}: {line}");
            }
        }
        Kind::Xml => {
            let mut reader = quick_xml::Reader::from_str(&text);
            loop {
                match reader.read_event() {
                    Ok(quick_xml::events::Event::Eof) => break,
                    Ok(_) => {}
                    Err(error) => panic!("{name}: {error}\n{text}"),
                }
            }
        }
        Kind::Csv => {
            // Each row has as many cells as the first.
            let rows = csv::Reader::from_reader(text.as_bytes()).into_records().find_map(Result::err);
            assert!(rows.is_none(), "{name}: {rows:?}\n{text}");
        }
    }
}

/// Whether a character could steer what shows it, or change the order in which a line is read.
fn steers(character: char) -> bool {
    let is_control = character.is_control() && !matches!(character, '\n' | '\t');
    is_control
        || matches!(character, '\u{2028}' | '\u{2029}' | '\u{61c}' | '\u{200e}' | '\u{200f}')
        || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The text without kaslint's own colours and links: `ESC [ … m` and `ESC ] 8 ; … ESC \`. Any other ESC stays.
fn without_colours(text: &str) -> String {
    let mut parts = text.split(ESC);
    let mut without = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let is_parameter = |character: char| character.is_ascii_digit() || character == ';';
        let of_colour = part.strip_prefix('[').map(|rest| rest.trim_start_matches(is_parameter));
        if let Some(rest) = of_colour.and_then(|rest| rest.strip_prefix('m')) {
            without.push_str(rest);
        } else if let Some(rest) = part.strip_prefix('\\') {
            without.push_str(rest);
        } else if !part.starts_with("]8;") {
            without.push(ESC);
            without.push_str(part);
        }
    }
    without
}
