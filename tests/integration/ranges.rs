//! For every range that is reported, in every format, the text at that range is the text meant.

use std::path::Path;

use serde_json::Value as Json;

use crate::common::{CONFIG, folder_with, kaslint, write};
use crate::junit::{Case, read_junit};

/// A file as the bytes on disk and as text; the text of UTF-16 has no mark, that of UTF-8 keeps it.
struct File {
    bytes: Vec<u8>,
    text: String,
    is_utf16: bool,
}

impl File {
    fn read(path: &Path) -> Self {
        let bytes = std::fs::read(path).expect("the file");
        let unit: Option<fn([u8; 2]) -> u16> = match bytes.get(..2) {
            Some([0xFF, 0xFE]) => Some(u16::from_le_bytes),
            Some([0xFE, 0xFF]) => Some(u16::from_be_bytes),
            _ => None,
        };
        let text = match unit {
            Some(unit) => {
                let units = bytes[2..].chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
                String::from_utf16(&units.collect::<Vec<_>>()).expect("UTF-16")
            }
            None => String::from_utf8(bytes.clone()).expect("UTF-8"),
        };
        Self { bytes, text, is_utf16: unit.is_some() }
    }

    /// The text between two offsets of the file on disk.
    fn by_bytes(&self, start: usize, end: usize) -> String {
        let bytes = &self.bytes[start..end];
        if !self.is_utf16 {
            return String::from_utf8(bytes.to_vec()).expect("UTF-8");
        }
        let unit = if self.bytes[0] == 0xFF { u16::from_le_bytes } else { u16::from_be_bytes };
        let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]])).collect();
        String::from_utf16(&units).expect("UTF-16")
    }

    /// The text without its mark, as SARIF counts.
    fn unmarked(&self) -> &str {
        self.text.trim_start_matches('\u{FEFF}')
    }
}

/// The offset of a line and column, both from 1; columns count code points.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let mut lines = Vec::new();
    let mut start = 0;
    for (at, character) in text.char_indices() {
        let is_lone_return = character == '\r' && !text[at + 1..].starts_with('\n');
        if character == '\n' || is_lone_return {
            lines.push((start, at + 1));
            start = at + 1;
        }
    }
    lines.push((start, text.len()));
    let (start, end) = lines[line - 1];
    let line = &text[start..end];
    start + line.char_indices().nth(column - 1).map_or(line.len(), |(at, _)| at)
}

fn between(text: &str, start: (usize, usize), end: (usize, usize)) -> String {
    text[offset(text, start.0, start.1)..offset(text, end.0, end.1)].to_owned()
}

fn number(json: &Json) -> usize {
    usize::try_from(json.as_u64().unwrap_or_else(|| panic!("{json} is no number"))).expect("a number")
}

/// The text of a range of `json`, once by bytes and once by lines and columns.
fn json_text(file: &File, range: &Json) -> String {
    let point = |end: &str| (number(&range[end]["line"]), number(&range[end]["column"]));
    let text = between(&file.text, point("start"), point("end"));
    assert_eq!(text, file.by_bytes(number(&range["start"]["byte"]), number(&range["end"]["byte"])));
    text
}

/// The text of a region of `sarif`, once by lines and columns and once by characters.
fn sarif_text(file: &File, region: &Json) -> String {
    let field = |name: &str| number(&region[name]);
    let text = file.unmarked();
    let by_column = between(text, (field("startLine"), field("startColumn")), (field("endLine"), field("endColumn")));
    let by_offset: String = text.chars().skip(field("charOffset")).take(field("charLength")).collect();
    assert_eq!(by_column, by_offset, "{region}");
    by_column
}

/// What a format says of one finding: its rule, the line, and the text if the format has ranges.
type Said = (String, usize, Option<String>);

/// What every format says of the one file, in the order of `json`.
struct Reports {
    json: Vec<(String, usize, String)>,
    others: Vec<(&'static str, Vec<Said>)>,
}

fn reports(folder: &Path) -> Reports {
    let formats = ["json", "sarif", "gitlab", "github", "junit", "markdown", "concise"];
    let options: Vec<String> = formats.iter().map(|format| format!("--format={format}={format}.report")).collect();
    let arguments: Vec<&str> = ["check", CONFIG].into_iter().chain(options.iter().map(String::as_str)).collect();
    let run = kaslint(folder, &arguments);
    assert!(run.code < 2, "{}", run.stderr);
    let text = |format: &str| std::fs::read_to_string(folder.join(format!("{format}.report"))).expect("a report");
    let parsed = |format: &str| serde_json::from_str::<Json>(&text(format)).expect("JSON");
    let file = File::read(&folder.join(CONFIG));

    let findings = parsed("json")["findings"].as_array().expect("findings").clone();
    let name = |json: &Json| json.as_str().expect("a name").to_owned();
    let json = findings.iter().map(|finding| {
        let range = &finding["range"];
        (name(&finding["rule"]), number(&range["start"]["line"]), json_text(&file, range))
    });
    let sarif = parsed("sarif")["runs"][0]["results"].as_array().expect("results").clone();
    assert_eq!(sarif.len(), findings.len());
    for (result, finding) in sarif.iter().zip(&findings) {
        same_places(&file, result, finding);
    }
    let from_sarif = |result: &Json| {
        let region = &result["locations"][0]["physicalLocation"]["region"];
        (name(&result["ruleId"]), number(&region["startLine"]), Some(sarif_text(&file, region)))
    };
    let gitlab = parsed("gitlab");
    let from_gitlab = |issue: &Json| (name(&issue["check_name"]), number(&issue["location"]["lines"]["begin"]), None);
    Reports {
        json: json.collect(),
        others: vec![
            ("sarif", sarif.iter().map(from_sarif).collect()),
            ("gitlab", gitlab.as_array().expect("a list").iter().map(from_gitlab).collect()),
            ("github", text("github").lines().filter_map(|line| github_line(&file, line)).collect()),
            (
                "junit",
                read_junit(&text("junit")).iter().flat_map(|suite| &suite.cases).filter_map(junit_case).collect(),
            ),
            ("concise", text("concise").lines().filter_map(concise_line).collect()),
            ("markdown", text("markdown").lines().filter_map(markdown_line).collect()),
        ],
    }
}

/// Related places and changes are the same in `sarif` and `json`.
fn same_places(file: &File, result: &Json, finding: &Json) {
    let list = |json: &Json| json.as_array().cloned().unwrap_or_default();
    let (ours, theirs) = (list(&finding["related"]), list(&result["relatedLocations"]));
    assert_eq!(ours.len(), theirs.len());
    for (ours, theirs) in ours.iter().zip(&theirs) {
        let region = &theirs["physicalLocation"]["region"];
        assert_eq!(json_text(file, &ours["range"]), sarif_text(file, region));
    }
    let edits = list(&finding["fix"]["edits"]);
    let changes = list(&result["fixes"][0]["artifactChanges"]);
    let replacements: Vec<Json> = changes.iter().flat_map(|change| list(&change["replacements"])).collect();
    assert_eq!(edits.len(), replacements.len());
    for (edit, replacement) in edits.iter().zip(&replacements) {
        assert_eq!(json_text(file, &edit["range"]), sarif_text(file, &replacement["deletedRegion"]));
        assert_eq!(edit["text"], replacement["insertedContent"]["text"]);
    }
}

fn github_line(file: &File, line: &str) -> Option<Said> {
    let (properties, _) = line.split_once(' ')?.1.split_once("::")?;
    let field = |name: &str| properties.split(',').find_map(|field| field.strip_prefix(name)?.strip_prefix('='));
    let count = |name: &str| field(name)?.parse::<usize>().ok();
    let line = count("line")?;
    let rule = field("title")?.strip_prefix("kaslint (")?.strip_suffix(')')?;
    let text = match (count("col"), count("endColumn")) {
        (Some(start), Some(end)) => Some(between(&file.text, (line, start), (count("endLine")?, end))),
        _ => None,
    };
    Some((rule.to_owned(), line, text))
}

fn junit_case(case: &Case) -> Option<Said> {
    let line = case.attributes.get("line")?.parse().ok()?;
    let rule = case.attributes["name"].split(' ').next()?;
    assert!(case.text.starts_with(&format!("{CONFIG}:{line}:")), "{}", case.text);
    Some((rule.to_owned(), line, None))
}

fn concise_line(line: &str) -> Option<Said> {
    let mut parts = line.strip_prefix(CONFIG)?.strip_prefix(':')?.splitn(3, ':');
    let line = parts.next()?.parse().ok()?;
    let rule = parts.nth(1)?.split_once('[')?.1.split_once(']')?.0;
    Some((rule.to_owned(), line, None))
}

fn markdown_line(line: &str) -> Option<Said> {
    let (line, rest) = line.strip_prefix("- `")?.strip_prefix(CONFIG)?.strip_prefix(':')?.split_once("` **")?;
    Some((rest.split_once("**")?.0.to_owned(), line.parse().ok()?, None))
}

/// Rules and texts, once every format agrees on them.
fn ranges(folder: &Path) -> Vec<(String, String)> {
    let reports = reports(folder);
    for (format, mut said) in reports.others {
        let mut meant = reports.json.clone();
        if format == "markdown" {
            // Its lists are by severity.
            meant.sort();
            said.sort();
        }
        assert_eq!(said.len(), meant.len(), "{format}: {said:?}");
        for ((rule, line, text), (meant_rule, meant_line, meant_text)) in said.iter().zip(&meant) {
            assert_eq!((rule, line), (meant_rule, meant_line), "{format}");
            assert_eq!(text.as_ref().unwrap_or(meant_text), meant_text, "{format}");
        }
    }
    reports.json.into_iter().map(|(rule, _, text)| (rule, text)).collect()
}

fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    format!("\u{FEFF}{text}").encode_utf16().flat_map(bytes).collect()
}

#[test]
fn ranges_name_the_offending_text_whatever_stands_before_it() {
    let body = "# ä日本\u{1F600} \tx\nci_access:\n  projects: # größer\n    - {\"id\":\t'acme/ü', environment: [a]}\n    - id: acme/shop # 日本\n      environments: [on, \"日\", 0123]\n      access_as: {ci_jobs: {}}\nobservability: {logging: {level: \"DEBÜG\"}}\ncafé: x\n";
    let expected = ["'acme/ü'", "environment", "on", "0123", "ci_jobs", "\"DEBÜG\"", "café"];
    let returns = body.replace('\n', "\r\n");
    for (name, bytes) in [
        ("lf", body.as_bytes().to_vec()),
        ("crlf", returns.as_bytes().to_vec()),
        ("mark", format!("\u{FEFF}{body}").into_bytes()),
        ("mark and crlf", format!("\u{FEFF}{returns}").into_bytes()),
        ("UTF-16, little endian", utf16(body, u16::to_le_bytes)),
        ("UTF-16, big endian, crlf", utf16(&returns, u16::to_be_bytes)),
    ] {
        let folder = folder_with(&[]);
        write(folder.path(), CONFIG, &bytes);
        let texts: Vec<String> = ranges(folder.path()).into_iter().map(|(_, text)| text).collect();
        assert_eq!(texts, expected, "{name}");
    }
}

#[test]
fn a_mark_before_the_offence_on_the_first_line_counts_as_documented() {
    for text in ["\u{FEFF}ci_acces: {}\n", "\u{FEFF}ü: 1\r\n", "\u{FEFF}observability: {\tlogging: {level: DEBUG}}"] {
        let folder = folder_with(&[(CONFIG, text.as_bytes())]);
        let found = ranges(folder.path());
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(["ci_acces", "ü", "DEBUG"].contains(&found[0].1.as_str()), "{found:?}");
    }
}

#[test]
fn places_elsewhere_and_changes_are_ranges_too() {
    let text = "# 日本\nci_access:\n  projects:\n    - id: acme/ü # ü\n    - id: acme/shop\n      environmentz: [ü]\n    - id: acme/shop\nobservability: {loging: {}}\nobservability: {}\n";
    let folder = folder_with(&[(CONFIG, text.as_bytes())]);
    ranges(folder.path());
    let report = kaslint(folder.path(), &["check", "--format", "json"]).json();
    let findings = report["findings"].as_array().expect("findings");
    let related = findings.iter().flat_map(|finding| finding["related"].as_array().expect("a list")).count();
    assert!(related > 0 && findings.iter().any(|finding| finding["fix"].is_object()), "{report}");
}

#[test]
fn syntax_errors_are_placed_at_the_offence() {
    for (text, offence) in [
        ("ci_access:\n  projects:\n    - id: acme/x\n      environments: [*, b]\n", "*"),
        ("ci_access:\n  projects:\n    - id: acme/x\n      environments:\n        - */review\n", "*/review"),
        ("ci_access:\n\tprojects: []\n", "\t"),
        ("ci_access:\n  projects: [{id: @acme}]\n", "@acme"),
        ("ci_access:\n  projects: *none\n", "*none"),
        ("ci_access: &a\n  projects: *a\n", "*a"),
        ("ci_access:\n  projects:\n    - <<: x\n", "x"),
        ("ci_access: {projects: [{id: !!int x}]}\n", "x"),
        ("ci_access: {projects: [{id: .inf}]}\n", ".inf"),
        ("ci_access: {projects: [{id: a/b?c}]}\n", "a/b?c"),
        ("ci_access: {projects: [{id: \"a\\/b\"}]}\n", "\\/"),
        ("ci_access:\n  ~: x\n", "~"),
        ("ci_access:\n  [a]: x\n", "[a]"),
        ("ci_access: {}\n\u{7}\n", "\u{7}"),
    ] {
        let folder = folder_with(&[(CONFIG, text.as_bytes())]);
        let found = ranges(folder.path());
        let syntax: Vec<&str> =
            found.iter().filter(|(rule, _)| rule == "invalid-yaml").map(|(_, text)| text.as_str()).collect();
        assert_eq!(syntax, [offence], "{text:?}: {found:?}");
    }
}
