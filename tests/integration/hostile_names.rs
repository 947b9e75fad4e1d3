//! A repository in which everything that has a name or a value carries what would act on a terminal or in the log of a CI system.

#![cfg(unix)]

use std::path::Path;

use crate::common::{Run, command, folder_with, kaslint_with_input, write};

/// What must not be shown, nor a part of it.
const TOKEN: &str = "glpat-Zq7wXcVbNm4kJh2GfD9s";

/// The same, as the name of a folder.
const TOKEN_OF_PATH: &str = "glpat-Pp3rTyUiOp6lKjHgFdSa";

/// How a second line begins that an author put into a value.
const AUTHORS: &str = "BEGUN";

/// What is put into every name and value.
fn evil() -> String {
    format!(
        "x\u{1b}[31m\u{9b}2J\u{1b}]0;t\u{7}\r\n::error::forged ##[add-mask]a {TOKEN}\n{AUTHORS} \u{202e}\u{2066}\u{2028}\u{85}\u{61c} \
         section_start:1:s\r\u{1b}[0K ::set-output name=a::b"
    )
}

/// As YAML and JSON have it.
fn quoted(text: &str) -> String {
    kaslint::source::json_escaped(&serde_json::Value::from(text).to_string()).into_owned()
}

fn agent() -> String {
    let evil = quoted(&evil());
    format!(
        "ci_access:\n  projects:\n    - id: {evil}\n      {evil}: 1\n    - id: acme/web/shop\n      default_namespace: {evil}\n      \
         environments: [{evil}, \"::set-output a\", {evil}]\n      access_as: {{impersonate: {{username: {evil}, groups: [{evil}]}}}}\n  groups:\n    \
         - id: acme/web\n      environments: [{evil}]\n    - id: {evil}\n{evil}: {evil}\nflux: {{}}\nflux: {{}}\n\
         # kaslint: ignore[\u{202e}{TOKEN}, ##[add-mask]] \u{2066}::error::\n"
    )
}

/// What GitLab accepts, so that `access` tells of it.
fn accepted() -> String {
    let evil = quoted(&evil());
    format!(
        "ci_access:\n  projects:\n    - id: acme/web/shop\n      default_namespace: {evil}\n      environments: [{evil}, production]\n      \
         access_as: {{impersonate: {{username: {evil}, groups: [{evil}]}}}}\n  groups:\n    - id: acme/web\n    - id: {evil}\n\
         user_access:\n  access_as: {{agent: {{}}}}\n  projects: [{{id: {evil}}}]\n"
    )
}

fn ci() -> String {
    let evil = quoted(&evil());
    format!(
        "include:\n  - component: {evil}\n  - remote: {evil}\n  - local: {evil}\n  - {{project: {evil}, file: {evil}}}\n{evil}:\n  \
         environment: {evil}\n  script:\n    - {use_context}\n    - kubectl get pods\n\"::set-output name=x::y\":\n  environment: production\n  \
         rules: [{{if: {evil}}}]\n  script: ['kubectl config use-context acme/agents:prod', kubectl get pods, helm upgrade]\n\
         deploy:\n  environment: {{name: production, kubernetes: {{agent: {evil}, namespace: {evil}}}}}\n  script: [kubectl get pods]\n",
        use_context = quoted(&format!("kubectl config use-context 'acme/agents:{}'", crate::hostile_names::evil())),
    )
}

/// A repository with everything of it.
fn repository() -> tempfile::TempDir {
    let folder = folder_with(&[]);
    let top = folder.path();
    write(top, ".gitlab/agents/prod/config.yaml", agent().as_bytes());
    write(top, ".gitlab/agents/good/config.yaml", accepted().as_bytes());
    // A slash cannot be in a name, and a name has an end.
    let name = format!("{}{TOKEN_OF_PATH}", evil().replace(TOKEN, "").replace('/', ""));
    write(top, &format!(".gitlab/agents/{name}/config.yaml"), accepted().as_bytes());
    // Raw, as YAML does not have it.
    let raw = format!("# {}\nci_access: \"{}\nid: [", evil(), evil());
    write(top, ".gitlab/agents/raw/config.yaml", raw.as_bytes());
    write(top, ".gitlab-ci.yml", ci().as_bytes());
    let evil = quoted(&evil());
    let settings =
        format!("project: acme/agents\nignore:\n  - {{rule: unknown-key, at: {evil}, path: '**', reason: {evil}}}\n");
    write(top, ".kaslint.yaml", settings.as_bytes());
    let inventory = format!(
        "groups: [{{path: acme}}, {{path: acme/web}}]\nprojects:\n  - path: acme/agents\n    agents: [good, other]\n    repository: .\n  \
         - path: acme/web/shop\n    environments: [{evil}, production]\n    repository: .\n  - {{path: acme/gone, repository: {evil}}}\n"
    );
    write(top, "inventory.yaml", inventory.as_bytes());
    let mistakes = format!("projects:\n  - {{path: {evil}, {evil}: 1}}\n  - {{path: acme/a, id: {evil}}}\n{evil}: 1\n");
    write(top, "mistakes.yaml", mistakes.as_bytes());
    let settings = format!("{evil}: 1\nrules: {{{evil}: {evil}}}\ninventory: {evil}\ngitlab: {{version: {evil}}}\n");
    write(top, "settings.yaml", settings.as_bytes());
    write(top, "queries", format!("{{\"project\": \"acme/web/shop\", \"environment\": {evil}}}\n").as_bytes());
    folder
}

/// What may be in the output of a call.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    /// Workflow commands of kaslint's own.
    Commands,
    /// A carriage return ends a row.
    Rows,
    /// Lines of files stand in it.
    Difference,
}

fn run(folder: &Path, arguments: &[&str], width: &str) -> Run {
    let output =
        command(folder, arguments).env("COLUMNS", width).stdin(std::process::Stdio::null()).output().expect("it runs");
    Run {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).expect("UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

/// Everything that is wrong with a text.
fn faults(text: &str, kind: Kind, has_paths: bool) -> Vec<String> {
    let mut faults = Vec::new();
    let text = if kind == Kind::Rows { text.replace("\r\n", "\n") } else { text.to_owned() };
    let acting =
        text.chars().filter(|&character| kaslint::source::acts(character) && !matches!(character, '\n' | '\t'));
    let mut acting: Vec<char> = acting.collect();
    acting.sort_unstable();
    acting.dedup();
    if !acting.is_empty() {
        faults.push(format!("raw {acting:?}"));
    }
    for line in text.lines() {
        let first = line.trim_start();
        let is_own = kind == Kind::Commands
            && ["::error file=", "::warning file=", "::notice file=", "::notice title=kaslint::"]
                .iter()
                .any(|own| line.starts_with(own));
        if first.starts_with("::") && !is_own {
            faults.push(format!("a command: {line}"));
        }
        if kind != Kind::Difference && first.starts_with(AUTHORS) {
            faults.push(format!("a line of the author's: {line}"));
        }
    }
    faults.extend(text.contains("##[").then(|| "##[".to_owned()));
    faults.extend(text.contains("Zq7").then(|| "a token".to_owned()));
    faults.extend((!has_paths && text.contains("Pp3")).then(|| "a token of a path".to_owned()));
    faults
}

#[test]
fn nothing_acts_and_no_line_is_the_authors() {
    let folder = repository();
    let top = folder.path();
    let evil = evil();
    let mut calls: Vec<(Vec<&str>, Kind, &[i32])> = Vec::new();
    for format in ["human", "concise", "json", "sarif", "gitlab", "github", "junit", "markdown"] {
        let kind = if format == "github" { Kind::Commands } else { Kind::Text };
        calls.push((vec!["check", "--format", format, "--verbose"], kind, &[1]));
        calls.push((vec!["check", "--format", format, "--inventory", "inventory.yaml", "--quiet"], kind, &[1]));
    }
    calls.push((vec!["check", "--diff", "--unsafe"], Kind::Difference, &[1]));
    for format in ["human", "json", "markdown", "csv"] {
        let kind = if format == "csv" { Kind::Rows } else { Kind::Text };
        let access =
            |more: &[&'static str]| [&["access", "--inventory", "inventory.yaml", "--format", format], more].concat();
        calls.push((access(&[]), kind, &[0]));
        calls.push((access(&["--jobs"]), kind, &[0]));
        calls.push((access(&["--queries", "queries"]), kind, &[0]));
        calls.push((access(&["--for", "acme/web/shop", "--environment", "production"]), kind, &[0]));
        if format != "csv" {
            calls.push((access(&["--for", "acme/web/shop", "--why", "--protected"]), kind, &[0]));
            let mut why = access(&["--why", "--job"]);
            why.push(&evil);
            calls.push((why, kind, &[0]));
        }
    }
    let named = |option: &'static str| vec!["access", "--inventory", "inventory.yaml", option, &*evil];
    calls.push((named("--agent"), Kind::Text, &[0, 2]));
    calls.push((named("--for"), Kind::Text, &[2]));
    for format in ["human", "json"] {
        let files =
            [".gitlab/agents/prod/config.yaml", ".gitlab/agents/good/config.yaml", ".gitlab/agents/raw/config.yaml"];
        calls.push(([&["decode", "--format", format], &files[..], &[&*evil]].concat(), Kind::Text, &[2]));
    }
    calls.push((vec!["inventory", "check", "inventory.yaml"], Kind::Text, &[0]));
    calls.push((vec!["inventory", "check", "mistakes.yaml"], Kind::Text, &[2]));
    calls.push((vec!["check", "--settings", "settings.yaml"], Kind::Text, &[2]));
    calls.push((vec!["check", "--baseline", &evil], Kind::Text, &[2]));
    calls.push((vec!["check", &evil], Kind::Text, &[1, 2]));
    for option in ["--select", "--format", "--gitlab-version", "--tier", "--output"] {
        calls.push((vec!["check", option, &evil], Kind::Text, &[0, 1, 2]));
    }
    calls.push((vec!["rules", &evil], Kind::Text, &[2]));
    let option = format!("--{evil}");
    calls.push((vec!["check", &option], Kind::Text, &[2]));
    let mut wrong = Vec::new();
    for (call, kind, statuses) in calls {
        let is_laid_out = !call.contains(&"json") && !call.contains(&"sarif") && !call.contains(&"csv");
        let widths: &[&str] = if is_laid_out && call.len() < 8 { &["20", "80", "100"] } else { &["80"] };
        for width in widths {
            let run = run(top, &call, width);
            if !statuses.contains(&run.code) {
                wrong.push(format!("{call:?}: status {}: {}", run.code, run.stderr));
            }
            // GitHub, GitLab and SARIF's viewers find files by their paths.
            let has_paths = ["github", "gitlab", "sarif"].iter().any(|format| call.contains(format));
            let of_output = faults(&run.stdout, kind, has_paths);
            let of_errors = faults(&run.stderr, Kind::Text, false);
            wrong.extend(of_output.into_iter().chain(of_errors).map(|fault| format!("{call:?} at {width}: {fault}")));
        }
    }
    // A file of that name may have been written.
    assert!(wrong.is_empty(), "{} faults:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn what_is_fixed_is_reported_the_same_way_and_written_as_it_is() {
    let folder = repository();
    let run = run(folder.path(), &["check", "--fix", "--unsafe"], "80");
    assert_eq!(faults(&[run.stdout, run.stderr].concat(), Kind::Text, false), [""; 0]);
    let text = format!("flux: {{}}\n{}: 1\n# \u{202e}\u{9b}\u{1b}[0K::error::\r\n", quoted(&evil()));
    let arguments = ["check", "-", "--fix", "--stdin-filename", ".gitlab/agents/x/config.yaml"];
    let fixed = kaslint_with_input(folder.path(), &arguments, text.as_bytes());
    assert!(fixed.stdout.contains("# \u{202e}\u{9b}\u{1b}[0K::error::\r\n"), "{}", fixed.stdout);
    assert_eq!(faults(&fixed.stderr, Kind::Text, false), [""; 0]);
}

#[test]
fn colours_are_the_only_sequences() {
    let folder = repository();
    for call in [
        &["check", "--color", "always"][..],
        &["access", "--jobs", "--color", "always"],
        &["check", "--color", "always", "--bad"],
    ] {
        let run = run(folder.path(), call, "80");
        for text in [run.stdout, run.stderr] {
            let mut parts = text.split("\u{1b}");
            let plain: String = parts.next().into_iter().map(str::to_owned).collect();
            let rest: String = parts
                .map(|part| {
                    let behind = part.strip_prefix('[').unwrap_or("not a colour: \u{1b}");
                    let behind =
                        behind.trim_start_matches(|character: char| character.is_ascii_digit() || character == ';');
                    behind.strip_prefix('m').unwrap_or("not a colour: \u{1b}")
                })
                .collect();
            assert_eq!(faults(&(plain + &rest), Kind::Text, false), [""; 0], "{call:?}");
        }
    }
}

#[test]
fn a_difference_with_escapes_says_so() {
    let text = format!("flux: {{}}\nci_acess: {{}} # a\u{1b}[31m\u{202e}{AUTHORS}\n");
    let folder = folder_with(&[(crate::common::CONFIG, text.as_bytes())]);
    let run = run(folder.path(), &["check", "--diff"], "80");
    assert!(run.stdout.contains("ci_access: {} # a\\u{1b}[31m\\u{202e}BEGUN"), "{}", run.stdout);
    assert!(run.stderr.contains("not for `patch`"), "{}", run.stderr);
    let folder = folder_with(&[(crate::common::CONFIG, b"ci_acess: {}\r\n")]);
    let run = self::run(folder.path(), &["check", "--diff"], "80");
    assert!(run.stdout.contains("+ci_access: {}\r\n") && !run.stderr.contains("patch"), "{}{}", run.stdout, run.stderr);
}

#[test]
fn what_decode_shows_is_the_configuration() {
    let folder = repository();
    let path = ".gitlab/agents/good/config.yaml";
    let json = run(folder.path(), &["decode", "--format", "json", path], "80").json();
    let shown = run(folder.path(), &["decode", path], "80").stdout;
    // Findings come behind an empty line.
    let (yaml, _) = shown.split_once("\n\n").unwrap_or((&shown, ""));
    let read: serde_json::Value = serde_yaml::from_str(yaml).expect("YAML");
    assert_eq!(read, json["config"]);
}
