//! The dictionaries of fuzzing (`fuzz/dictionaries`), made from the tables of keys and rules.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use kaslint::agent_config::environment_template::{FUNCTIONS, KINDS, variables};
use kaslint::agent_config::{CONFIGURATION, ENVIRONMENT_TEMPLATE};
use kaslint::inventory::INVENTORY;
use kaslint::project::settings::SETTINGS;
use kaslint::rules::RULES;
use kaslint::schema::{Declared, Kind, Message};

use crate::common::root;
use crate::rules::same_as_file;

/// What has a meaning in YAML, as libyaml and its ports read it, and the characters that are easily taken for blanks and line breaks.
const YAML: &[&str] = &[
    "\n",
    "\r\n",
    "\r",
    "\t",
    "  ",
    ": ",
    "- ",
    "? ",
    "#",
    " # ",
    "[",
    "]",
    "{",
    "}",
    ", ",
    "|",
    ">-",
    "|+",
    "\"",
    "''",
    "\\\"",
    "\\x41",
    "\\u202e",
    "&a ",
    "*a",
    "<<: *a",
    "!!binary ",
    "!!str ",
    "!!int ",
    "!!null ",
    "! ",
    "!<tag:yaml.org,2002:str> ",
    "%YAML 1.1\n---\n",
    "---\n",
    "...\n",
    "~",
    "null",
    "true",
    "off",
    "0x1F",
    "0o7",
    "1e999",
    ".inf",
    "1_000",
    "2001-01-01",
    "\u{85}",
    "\u{a0}",
    "\u{2028}",
    "\u{3000}",
    "\u{feff}",
];

/// Keywords of CI files that kaslint heeds, and words of scripts. Source: `doc/ci/yaml/index.md` of GitLab.
const CI: &[&str] = &[
    "-- .gitlab-ci.yml --\n",
    "-- ci/a.yml --\n",
    "-- options --\n",
    "-- .gitlab/agents/prod/config.yaml --\n",
    "-- inventory.yaml --\n",
    "default:",
    "include:",
    "local:",
    "remote:",
    "project:",
    "component:",
    "template:",
    "inputs:",
    "spec:",
    "file:",
    "ref:",
    "stages:",
    "stage:",
    "workflow:",
    "rules:",
    "if:",
    "when:",
    "changes:",
    "exists:",
    "only:",
    "except:",
    "refs:",
    "kubernetes:",
    "variables:",
    "value:",
    "expand:",
    "script:",
    "before_script:",
    "after_script:",
    "image:",
    "services:",
    "environment:",
    "name:",
    "action:",
    "deployment_tier:",
    "agent:",
    "trigger:",
    "parallel:",
    "matrix:",
    "extends:",
    "inherit:",
    "needs:",
    "tags:",
    "hooks:",
    "pre_get_sources_script:",
    "run:",
    "!reference [",
    ".base",
    "$CI_COMMIT_REF_SLUG",
    "${KUBE_CONTEXT}",
    "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH",
    "=~ /^v[0-9]+/",
    "&& ",
    "|| ",
    "never",
    "manual",
    "$[[ inputs.x ]]",
    "KUBE_CONTEXT: ",
    "AUTO_DEVOPS",
    "Auto-DevOps.gitlab-ci.yml",
    "kubectl config use-context ",
    "kubectl get pods",
    "helm upgrade --kube-context=",
    "kubectl config set-cluster x --server=",
    "--insecure-skip-tls-verify",
    "$(",
    "`",
    "eval ",
    "if true; then ",
];

/// Ids and words that decide in agents' files, beside their keys.
const VALUES: &[&str] = &[
    "acme/web/shop",
    "acme/agents",
    "acme",
    "id: ",
    "prod*",
    "review/*",
    "production",
    "access_as: {ci_job: {}}",
    "access_as: {impersonate: {username: x}}",
    "protected_branches_only: true",
    "config.yaml",
    "system:masters",
    "glpat-aAbBcCdDeEfFgGhHiIjJ",
    "https://user:password@host",
];

/// What Go's templates are written with.
const TEMPLATES: &[&str] = &[
    "{{ ",
    " }}",
    "{{- ",
    " -}}",
    "{{/* ",
    " */}}",
    "{{ if true }}",
    "{{ else }}",
    "{{ else with . }}",
    "{{ end }}",
    "{{ with .environment }}",
    "{{ range $a, $b := . }}",
    "{{ define \"x\" }}",
    "{{ block \"x\" . }}",
    "{{ template \"x\" . }}",
    "$x := ",
    "$.project.id",
    " | ",
    "(",
    ")",
    "printf \"%s\" ",
    "`",
    "'a'",
    "kind: ",
];

/// What Ruby's regular expressions are written with.
const PATTERNS: &[&str] = &[
    "*",
    ".",
    "^",
    "$",
    "+",
    "?",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "|",
    "\\",
    "\\d",
    "\\w",
    "\\*",
    "\\.",
    "\\b",
    "[^/]",
    "[a-c]",
    "(a|b)",
    "(?i)",
    "(?:",
    "(?<!",
    "a{2}",
    "{,2}",
    "++",
    "*?",
    "[[:alpha:]]",
    "[a&&b]",
    "\\h",
    "\\R",
    "\\K",
    "\\1",
    "review/",
    "production",
    "\n",
    "é",
    "\u{212a}",
];

/// What steers terminals, logs and CI systems.
const HOSTILE: &[&str] = &[
    "\u{1b}[31m",
    "\u{1b}]8;;http://x\u{1b}\\",
    "\u{1b}]0;x\u{7}",
    "\r",
    "\n",
    "\u{9b}31m",
    "\u{85}",
    "\u{2028}",
    "\u{202e}",
    "\u{2066}",
    "\u{200f}",
    "\u{61c}",
    "::error::x",
    "::add-mask::x",
    " ::error file=x::y",
    "##[error]x",
    "##[add-mask]",
    "section_start:0:x\r\u{1b}[0K",
    "]]>",
    "<b>",
    "[x](y)",
    "=cmd()",
];

/// The keys of a message and of all below it, and the words that they may have.
fn words_of(message: &Message, words: &mut BTreeSet<String>) {
    for key in &message.keys {
        if words.insert(format!("{}: ", key.name)) {
            words_of_kind(&key.kind, words);
        }
    }
}

fn words_of_kind(kind: &Kind, words: &mut BTreeSet<String>) {
    match kind {
        Kind::Enum(names) => words.extend(names.all().into_iter().map(str::to_owned)),
        Kind::Word(names) => words.extend(names.iter().map(|name| (*name).to_owned())),
        Kind::List(item) | Kind::Map(item) => words_of_kind(item, words),
        Kind::Message(link) | Kind::TextOr(link) => words_of(&link.follow().expect("a table"), words),
        Kind::Text
        | Kind::Bool
        | Kind::Int32
        | Kind::Int64
        | Kind::UInt32
        | Kind::UInt64
        | Kind::Duration
        | Kind::Any => {}
    }
}

fn of_table(table: &'static Declared, more: &[&str]) -> Vec<String> {
    let mut words: BTreeSet<String> = more.iter().map(|word| (*word).to_owned()).collect();
    words_of(table, &mut words);
    words.into_iter().collect()
}

/// The words of environment templates.
fn of_templates() -> Vec<String> {
    let mut words = of_table(&ENVIRONMENT_TEMPLATE, TEMPLATES);
    words.extend(KINDS.into_iter().chain(FUNCTIONS).map(str::to_owned));
    words.extend(variables());
    words
}

/// A dictionary as libFuzzer reads it: a text in quotes on each line, with `\xAB` for what is no printable ASCII.
fn written(words: &[String]) -> String {
    let mut text = "# Made by `KASLINT_UPDATE=1 cargo test --test integration dictionaries`.\n".to_owned();
    for word in words {
        text.push('"');
        for byte in word.bytes() {
            match byte {
                b'"' | b'\\' => text.extend(['\\', char::from(byte)]),
                b' '..=b'~' => text.push(char::from(byte)),
                other => write!(text, "\\x{other:02X}").expect("a text"),
            }
        }
        text.push_str("\"\n");
    }
    text
}

#[test]
fn the_dictionaries_are_those_of_the_tables() {
    let all = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let rules = RULES.iter().map(|rule| rule.info().name.to_owned());
    let of_comments = ["# kaslint: ignore[", "] known", "off", "error"].map(str::to_owned);
    for (name, words) in [
        ("agent", of_table(&CONFIGURATION, VALUES)),
        ("ci", all(CI)),
        ("hostile", all(HOSTILE)),
        ("inventory", of_table(&INVENTORY, &["- path: acme/web/shop\n", "inventory=inventory.yaml"])),
        ("patterns", all(PATTERNS)),
        ("rules", rules.chain(of_comments).collect()),
        ("settings", of_table(&SETTINGS, &["'17.0'", "/proc/self/environ", "../inventory.yaml", "**/{a,b}/*"])),
        ("template", of_templates()),
        ("yaml", all(YAML)),
    ] {
        let path = root().join("fuzz/dictionaries").join(format!("{name}.dict"));
        same_as_file(&path, &written(&words));
    }
}
