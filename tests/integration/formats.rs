//! The formats of `check`: valid by their schemas, safe whatever a file holds, and silent about secrets.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use kaslint::agent_config::location::Location;
use kaslint::analysis::{Subject, analyse_with};
use kaslint::cli::schemas::Name;
use kaslint::diagnostic::Selection;
use kaslint::diagnostic::{Finding, Safety, Severity};
use kaslint::diagnostic::{Need, RuleInfo, Topic};
use kaslint::outlet::Outlet;
use kaslint::project::{Context, Input, InputContent, Project};
use kaslint::report::{Format, Outcome, View};
use kaslint::rules::{Described, Findings, ProjectContext, Rule};
use kaslint::source::{Place, Source, Span};
use serde_json::Value as Json;

use crate::common::{CONFIG, folder_with, kaslint, root, write};
use crate::junit::read_junit;

const FORMATS: [Format; 8] = [
    Format::Human,
    Format::Concise,
    Format::Json,
    Format::Sarif,
    Format::Gitlab,
    Format::Github,
    Format::Junit,
    Format::Markdown,
];

fn validator(text: &str) -> jsonschema::Validator {
    jsonschema::validator_for(&serde_json::from_str(text).expect("JSON")).expect("a schema")
}

/// SARIF's published schema. Its pattern for `language` has a bracket too many, which not every dialect of expressions takes.
fn sarif_schema() -> jsonschema::Validator {
    let text = include_str!("../data/sarif-2.1.0.schema.json");
    let mended = text.replace("[a-zA-Z]{2}]?$", "[a-zA-Z]{2}?$");
    assert_ne!(text, mended);
    validator(&mended)
}

fn valid(validator: &jsonschema::Validator, json: &Json) {
    let errors: Vec<String> = validator.iter_errors(json).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}");
}

/// Folders whose reports have errors, warnings, notes, fixes, places elsewhere, unchecked rules, or nothing.
fn checks(mut check: impl FnMut(&Path, &[&str])) {
    check(root(), &["fixtures/demo"]);
    check(root(), &["fixtures/demo", "--project", "acme/agents"]);
    check(root(), &["fixtures/silent"]);
    for world in ["01", "11", "30", "40"] {
        check(&root().join("fixtures/access").join(world), &["--inventory", "inventory.yaml"]);
    }
    check(folder_with(&[]).path(), &[]);
    let text = b"ci_access:\n  projects:\n    - id: acme/web/shop\n      environments: [production\n    - id: acme/web/other\nobservability:\n  loging: {}\nuser_access:\n  access_as: agent\n";
    let job = b"deploy:\n  script: [kubectl config use-context acme/agents:prod, kubectl apply -f x]\n";
    let folder =
        folder_with(&[(CONFIG, text), (".gitlab-ci.yml", job), (".gitlab/agents/a b#%c/config.yaml", b"x: 1")]);
    check(folder.path(), &[]);
    check(&root().join("fixtures"), &[folder.path().to_str().expect("UTF-8")]);
}

#[test]
fn sarif_follows_the_published_schema() {
    let validator = sarif_schema();
    let mut results = 0;
    checks(|folder, arguments| {
        let log = kaslint(folder, &[&["check", "--format", "sarif"], arguments].concat()).json();
        valid(&validator, &log);
        let run = &log["runs"][0];
        let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
        for result in run["results"].as_array().expect("results") {
            let index = usize::try_from(result["ruleIndex"].as_u64().expect("a number")).expect("an index");
            assert_eq!(rules[index]["id"], result["ruleId"]);
            results += 1;
        }
        for notification in run["invocations"][0]["toolConfigurationNotifications"].as_array().expect("a list") {
            if let Some(index) = notification["associatedRule"]["index"].as_u64() {
                let index = usize::try_from(index).expect("an index");
                assert_eq!(rules[index]["id"], notification["associatedRule"]["id"]);
            }
        }
    });
    assert!(results > 20, "{results}");
    assert!(!validator.is_valid(&serde_json::json!({ "version": "2.1.0", "runs": [{ "results": [{}] }] })));
}

#[test]
fn code_quality_follows_its_schema_and_no_two_findings_are_one() {
    let validator = validator(&Name::CodeQualityReport.text());
    checks(|folder, arguments| {
        let report = kaslint(folder, &[&["check", "--format", "gitlab"], arguments].concat()).json();
        valid(&validator, &report);
        let issues = report.as_array().expect("a list");
        let fingerprints: BTreeSet<String> = issues.iter().map(|issue| issue["fingerprint"].to_string()).collect();
        assert_eq!(fingerprints.len(), issues.len());
    });
    let folder = folder_with(&[(CONFIG, b"ci_access: {}\n")]);
    assert_eq!(kaslint(folder.path(), &["check", "--format", "gitlab"]).stdout, "[]\n");
    let incomplete =
        serde_json::json!([{ "description": "x", "check_name": "x", "fingerprint": "x", "severity": "bad" }]);
    assert!(!validator.is_valid(&incomplete));
}

#[test]
fn fingerprints_stay_when_lines_move() {
    let fingerprints = |text: &str| {
        let folder = folder_with(&[(CONFIG, text.as_bytes())]);
        let run = |format| kaslint(folder.path(), &["check", "--format", format]).json();
        let field = |json: &Json| json["fingerprint"].as_str().expect("a text").to_owned();
        let gitlab: Vec<String> = run("gitlab").as_array().expect("a list").iter().map(field).collect();
        let sarif = run("sarif")["runs"][0]["results"].as_array().expect("a list").clone();
        let partial = |result: &Json| result["partialFingerprints"]["kaslint/v1"].as_str().expect("a text").to_owned();
        (gitlab, sarif.iter().map(partial).collect::<Vec<_>>())
    };
    // Two findings of one rule at one route.
    let text = "ci_access:\n  projects:\n    - id: 'acme/\u{7f}x y'\n      environments: [on, off, on]\nfoo: 1\nfoo: 2\nfoo: 3\n";
    let (gitlab, sarif) = fingerprints(text);
    assert_eq!(gitlab.iter().collect::<BTreeSet<_>>().len(), gitlab.len());
    assert_eq!(fingerprints(&format!("# moved\n\n{text}")), (gitlab, sarif));
}

#[test]
fn junit_has_a_suite_a_file_and_a_case_a_finding() {
    checks(|folder, arguments| {
        let json = kaslint(folder, &[&["check", "--format", "json"], arguments].concat()).json();
        let suites = read_junit(&kaslint(folder, &[&["check", "--format", "junit"], arguments].concat()).stdout);
        let cases = suites.iter().flat_map(|suite| &suite.cases);
        let (passed, told): (Vec<_>, Vec<_>) = cases.partition(|case| case.outcome.is_none());
        assert_eq!(told.len(), json["findings"].as_array().expect("findings").len());
        assert!(passed.iter().all(|case| case.attributes["name"] == "no findings"));
        assert!(suites.len() as u64 >= json["summary"]["files"].as_u64().expect("a number"));
        let messages: BTreeSet<String> = told.iter().map(|case| case.outcome_attributes["message"].clone()).collect();
        let finding = |finding: &Json| finding["message"].as_str().expect("a message").to_owned();
        let meant: BTreeSet<String> = json["findings"].as_array().expect("findings").iter().map(finding).collect();
        assert_eq!(messages, meant);
    });
}

#[test]
fn many_findings_are_folded() {
    let entries: String = (0..30).map(|number| format!("    - idd: acme/x{number}\n")).collect();
    let folder = folder_with(&[]);
    write(folder.path(), CONFIG, format!("ci_access:\n  projects:\n{entries}").as_bytes());
    let text = kaslint(folder.path(), &["check", "--format", "markdown"]).stdout;
    assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
    assert!(text.contains("\n<details><summary>Errors (") && !text.contains("###"), "{text}");
}

#[test]
fn the_demo_in_every_format() {
    for format in ["github", "gitlab", "junit", "markdown"] {
        let run = kaslint(root(), &["check", "fixtures/demo", "--format", format]);
        insta::assert_snapshot!(format!("demo_{format}"), run.transcript());
    }
    let mut log = kaslint(root(), &["check", "fixtures/demo", "--format", "sarif"]).json();
    let driver = &mut log["runs"][0]["tool"]["driver"];
    driver["version"] = "VERSION".into();
    driver["semanticVersion"] = "VERSION".into();
    // The pages of rules have tests of their own.
    for rule in driver["rules"].as_array_mut().expect("rules") {
        assert!(rule["help"]["markdown"].as_str().expect("Markdown").contains("## How to fix"));
        rule["help"] = "PAGE".into();
        rule["fullDescription"] = "PAGE".into();
    }
    insta::assert_snapshot!("demo_sarif", serde_json::to_string_pretty(&log).expect("JSON"));
}

/// A rule that says what a test wants it to say.
struct Says(fn(&Arc<Source>) -> Finding);

static SAYS: RuleInfo = RuleInfo {
    name: "says-anything",
    severity: Severity::Error,
    topic: Topic::Linter,
    needs: &[Need::Project],
    is_off: false,
    tag: None,
    doc: "Says anything.",
};

impl Described for Says {
    fn info(&self) -> &'static RuleInfo {
        &SAYS
    }
}

impl Rule for Says {
    fn check_input(&self, input: &Input, _cx: &ProjectContext<'_>, findings: &mut Findings) {
        findings.report((self.0)(&input.source));
    }
}

/// What every format makes of one finding in a file of one line.
fn said(path: &str, text: &str, says: fn(&Arc<Source>) -> Finding) -> Vec<(Format, String)> {
    let source = Arc::new(Source::new(path, text));
    let input = Input::without_text(Location::Loose, source, InputContent::Text);
    let mut outcome = Outcome::default();
    for analysis in analyse_with(
        &[Subject::new(Project::new(vec![input], Context::default()), Selection::default())],
        &[&Says(says)],
    ) {
        outcome.add(analysis);
    }
    assert_eq!(outcome.findings.len(), 1);
    let write = |format: Format| {
        let mut out = Vec::new();
        format.write(&outcome, View::new(100, false), &mut Outlet::new(&mut out)).expect("a report");
        (format, String::from_utf8(out).expect("UTF-8"))
    };
    FORMATS.into_iter().map(write).collect()
}

#[test]
fn no_format_shows_a_secret() {
    const TOKEN: &str = "glpat-aAbBcCdDeEfFgGhHiIjJ";
    let says = |source: &Arc<Source>| {
        let with = |what: &str| format!("{what} {TOKEN} end");
        let span = Span::new(0, 5);
        let place = Place { source: Arc::new(Source::new("other.yaml", with("other"))), span: Span::new(0, 8) };
        Finding::new(&SAYS, source, span, with("message"))
            .label(with("label"))
            .help(with("help"))
            .route(with("route"))
            .key(with("key"))
            .related(span, with("related"))
            .related_at(place, with("elsewhere"))
            .fix(Safety::Safe, with("title"), span, "x")
    };
    for (format, text) in said("config.yaml", &format!("token: {TOKEN}\n"), says) {
        assert!(!text.contains("aAbBcC"), "{format:?}: {text}");
        assert!(text.contains("message ***") || text.contains(r"message \*\*\*"), "{format:?}: {text}");
    }
    let says = |source: &Arc<Source>| {
        let span = Span::new(0, 5);
        Finding::new(&SAYS, source, span, "a change with a secret").fix(Safety::Safe, "Write it", span, TOKEN)
    };
    for (format, text) in said("config.yaml", "token: x\n", says) {
        assert!(!text.contains("aAbBcC") && !text.contains("Write it"), "{format:?}: {text}");
    }
}

#[test]
fn no_report_of_a_file_full_of_secrets_shows_one() {
    for prefix in ["glagent-", "X_glpat-", "glwt-", "GR1348941", "ghu_"] {
        no_report_shows(&format!("{prefix}aAbBcCdDeEfFgGhHiIjJ0123456789"));
    }
}

fn no_report_shows(token: &str) {
    let entry = format!("    - id: {token}\n      {token}: [{token}]\n      environments: [{token}, \"{token}\"]\n");
    let text = format!("ci_access:\n  projects:\n{entry}{entry}{token}: {token}\n");
    let job = format!(
        "x:\n  environment: {token}\n  script: [kubectl config use-context {token}]\ninclude: {{remote: 'https://{token}@x'}}\n"
    );
    let folder = folder_with(&[(CONFIG, text.as_bytes()), (".gitlab-ci.yml", job.as_bytes())]);
    for format in ["human", "concise", "json", "sarif", "gitlab", "github", "junit", "markdown"] {
        let run = kaslint(folder.path(), &["check", "--format", format, "--project", "acme/agents"]);
        assert_eq!(run.code, 1, "{format}: {}", run.stderr);
        assert!(!run.stdout.contains("aAbBcC") && !run.stderr.contains("aAbBcC"), "{format}: {}", run.stdout);
    }
    kaslint(folder.path(), &["check", "--write-baseline", "baseline.json"]);
    let baseline = std::fs::read_to_string(folder.path().join("baseline.json")).expect("a baseline");
    assert!(baseline.contains("unknown-key") && !baseline.contains("aAbBcC"), "{baseline}");
}

#[test]
fn no_report_shows_a_password() {
    const PASSWORD: &str = "hunterTwo9Qw";
    let address = format!("https://bob:{PASSWORD}@git.example.com/acme/x");
    let agent = format!(
        "password: {PASSWORD}\nci_access:\n  projects:\n    - id: {address}\n      default_namespace: {address}\n      environments: ['{address}']\n      token: {PASSWORD}\n"
    );
    let accepted =
        format!("custom_data: {{password: {PASSWORD}, address: '{address}', hosts: [{{token: '{PASSWORD}!x7'}}]}}\n");
    let ci = format!(
        "include:\n  - remote: {address}.yml\n  - remote: https://git.example.com/x.yml?private_token={PASSWORD}\n  - local: bob:{PASSWORD}@git.example.com:acme/x.yml\n  - project: {address}\n    file: /x.yml\n\
         deploy:\n  environment: {address}\n  variables: {{DB_PASSWORD: {PASSWORD}, KUBE_CONTEXT: '{address}'}}\n  script:\n    - 'kubectl --token={PASSWORD} get pods'\n    \
         - kubectl config use-context {address}\n    - 'curl -H \"Authorization: Bearer {PASSWORD}\" {address}'\n"
    );
    let files = [(CONFIG, agent.as_bytes()), ("b/config.yaml", accepted.as_bytes()), (".gitlab-ci.yml", ci.as_bytes())];
    let folder = folder_with(&files);
    let checks = ["human", "concise", "json", "sarif", "gitlab", "github", "junit", "markdown"]
        .map(|format| vec!["check", "--verbose", "--format", format, "--project", "acme/agents"]);
    let accesses = ["human", "json", "markdown", "csv"]
        .map(|format| vec!["access", "--jobs", "--format", format, "--project", "acme/agents"]);
    let decodes = ["human", "json"].map(|format| vec!["decode", "--format", format, CONFIG, "b/config.yaml"]);
    for call in checks.into_iter().chain(accesses).chain(decodes).chain([vec!["check", "--diff", "--unsafe"]]) {
        let run = kaslint(folder.path(), &call);
        assert!((0..=1).contains(&run.code), "{call:?}: {}", run.stderr);
        assert!(
            !run.stdout.contains("hunter") && !run.stderr.contains("hunter"),
            "{call:?}: {}{}",
            run.stdout,
            run.stderr
        );
    }
}

#[test]
fn nothing_out_of_a_file_is_syntax_of_a_report() {
    let says = |source: &Arc<Source>| {
        let text = "a\u{0}\u{1b}[31m\u{7f}\u{9b}\u{fffe}\r\n::error::x ]]> & <b>\"'</failure> {0} [x](http://y) %0A `*` | @all #1 \u{1F600}";
        Finding::new(&SAYS, source, Span::new(0, 1), text).help(text).route("a<b>\u{1}\n").label("x")
    };
    let sarif = sarif_schema();
    let quality = validator(&Name::CodeQualityReport.text());
    for (format, text) in said("a,b:c%\n<d>&`e`|.yaml", "x: 1\n", says) {
        let parsed = || serde_json::from_str::<Json>(&text).expect("JSON");
        match format {
            Format::Sarif => {
                let log = parsed();
                valid(&sarif, &log);
                let result = &log["runs"][0]["results"][0];
                let message = result["message"]["text"].as_str().expect("a message");
                assert!(message.contains("{{0}}") && !message.contains("[x]("), "{message}");
                let uri = &result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
                assert_eq!(uri, "a%2Cb%3Ac%25%0A%3Cd%3E%26%60e%60%7C.yaml");
            }
            Format::Gitlab => valid(&quality, &parsed()),
            Format::Github => {
                let lines: Vec<&str> = text.lines().collect();
                assert_eq!(lines.len(), 2, "{text}");
                assert!(lines[0].starts_with("::error file=a%2Cb%3Ac%25%0A<d>&`e`|.yaml,line=1,"), "{text}");
                assert!(lines[0].contains("%250A"), "{text}");
                assert!(lines[1].starts_with("::notice title=kaslint::Not checked: "), "{text}");
            }
            Format::Junit => {
                let case = &read_junit(&text)[0].cases[0];
                let message = &case.outcome_attributes["message"];
                assert!(message.contains("::error::x ]]> & <b>\"'</failure> {0}"), "{message}");
                assert!(case.text.contains("::error::x ]]> & <b>\"'</failure> {0}"), "{}", case.text);
            }
            Format::Markdown => {
                assert!(!text.contains("<b>") && !text.contains("<d>") && !text.contains("</failure>"), "{text}");
                assert!(!text.contains("[x](") && !text.contains(" @all") && !text.contains(" #1"), "{text}");
                assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
                assert_eq!(text.lines().filter(|line| line.starts_with("- ")).count(), 1, "{text}");
            }
            _ => {}
        }
    }
}
