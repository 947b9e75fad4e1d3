//! Environment templates beside agents' configurations.

use std::fmt::Write as _;

use kaslint::agent_config::environment_template::MAX_TEMPLATE_SIZE;

use crate::common::{CONFIG, folder_with, kaslint, kaslint_with_input, root};

const TEMPLATE: &str = ".gitlab/agents/prod/environment_templates/default.yaml";

/// The report of a check of one template, a line a finding.
fn check(template: &[u8], arguments: &[&str]) -> String {
    let folder = folder_with(&[(CONFIG, b"ci_access: {}\n"), (TEMPLATE, template)]);
    let run = kaslint(folder.path(), &[&["check", "--format", "concise", "--quiet"], arguments].concat());
    assert!((0..=1).contains(&run.code), "exit status {}: {}", run.code, run.stderr);
    run.stdout
}

#[test]
fn faulty_templates_are_told() {
    let folder = root().join("fixtures/environment-templates");
    insta::assert_snapshot!(kaslint(&folder, &["check", "--format", "concise"]).transcript());
}

#[test]
fn faulty_templates_are_shown() {
    let folder = root().join("fixtures/environment-templates");
    let path = |agent: &str| format!(".gitlab/agents/{agent}/environment_templates/default.yaml");
    let (names, unquoted) = (path("names"), path("unquoted"));
    insta::assert_snapshot!(kaslint(&folder, &["check", &names, &unquoted]).transcript());
}

#[test]
fn templates_are_fixed() {
    let folder = root().join("fixtures/environment-templates");
    insta::assert_snapshot!(kaslint(&folder, &["check", "--diff", "--unsafe", "--quiet"]).stdout);
}

#[test]
fn a_release_before_templates_uses_none() {
    let folder = root().join("fixtures/environment-templates");
    let at = |release: &str| kaslint(&folder, &["check", "--format", "concise", "--gitlab-version", release]).stdout;
    let before = at("17.8");
    let told: Vec<&str> = before.lines().filter(|line| line.contains("[environment-template]")).collect();
    assert!(told.len() > 10, "{before}");
    let words = "GitLab 17.8 never uses environment templates, which came with 17.9";
    assert!(told.iter().all(|line| line.contains(words)), "{before}");
    assert!(!at("17.9").contains(words));
}

#[test]
fn keys_come_with_releases() {
    let text = b"objects: []\ndelete_resources: never\n";
    let told = check(text, &["--gitlab-version", "17.11"]);
    assert!(told.contains(":2:1: note[environment-template] `delete_resources` came with GitLab 18.0"), "{told}");
    assert_eq!(check(text, &["--gitlab-version", "18.0"]), "");
}

#[test]
fn of_a_newer_release_only_what_is_certain_is_a_warning() {
    let text = b"objects:\n  - {kind: Pod, a: '{{ .a.b }} {{ c }} {{ environment.slug }}'}\nwhen: now\napply_resources: on_stop\n";
    let told = check(text, &["--gitlab-version", "19.12"]);
    let warnings: Vec<&str> = told.lines().filter(|line| line.contains("warning[")).collect();
    assert_eq!(told.lines().count(), 6, "{told}");
    assert!(matches!(warnings[..], [line] if line.contains("`environment.slug`")), "{told}");
}

#[test]
fn a_template_alone_is_looked_at() {
    let folder = folder_with(&[(TEMPLATE, b"objects: [{kind: Pod}]\n")]);
    for arguments in [&["check"][..], &["check", ".gitlab"], &["check", TEMPLATE], &["check", "."]] {
        let run = kaslint(folder.path(), arguments);
        assert!(run.code == 1 && run.stdout.contains("1 warning in 1 configuration."), "{arguments:?}: {}", run.stdout);
    }
    let run = kaslint_with_input(folder.path(), &["check", "-", "--stdin-filename", TEMPLATE], b"objects: {}\n");
    assert!(run.stdout.contains("`objects` is an empty mapping, and GitLab takes a list"), "{}", run.stdout);
}

#[test]
fn no_other_rule_speaks_of_templates() {
    // What is wrong with these as configurations, or would be.
    for text in [&b"ci_acces: {}\n"[..], b"a: 1\na: 2\n", b"---\na: 1\n---\nb: 1\n", b"gitops: {}\n", b"\xFF", b"a: \0"]
    {
        let told = check(text, &[]);
        assert!(told.lines().all(|line| line.contains("[environment-template]")), "{told}");
    }
    let large = format!("objects: []\n# {}\n", "x".repeat(200_000));
    assert_eq!(check(large.as_bytes(), &[]), "", "the limit of configurations is none of templates");
}

#[test]
fn a_secret_in_a_template_is_told_and_masked() {
    let told = check(b"objects: [] # glpat-abcdefghij0123456789\n", &[]);
    assert!(told.contains("error[committed-credential]") && !told.contains("glpat-abc"), "{told}");
    let told = check(b"objects: [{kind: '{{ \"glpat-abcdefghij0123456789\" | glpat-abcdefghij0123456789 }}'}]\n", &[]);
    assert!(told.contains("[environment-template]") && !told.contains("glpat-abc"), "{told}");
}

#[test]
fn of_a_project_below_another_the_configuration_is_told_alone() {
    let nested = format!("examples/{TEMPLATE}");
    let files =
        [(CONFIG, &b"ci_access: {}\n"[..]), (&nested, b"foo: 1\n"), ("examples/.gitlab/agents/prod/config.yaml", b"")];
    let folder = folder_with(&files);
    let run = kaslint(folder.path(), &["check", "--format", "concise", "--quiet"]);
    assert!(run.stdout.lines().all(|line| line.contains("[unread-file]")), "{}", run.stdout);
    assert_eq!(run.stdout.lines().count(), 1, "{}", run.stdout);
}

#[test]
fn decoding_takes_configurations_alone() {
    let folder = folder_with(&[(TEMPLATE, b"objects: []\n")]);
    let run = kaslint(folder.path(), &["decode", TEMPLATE]);
    assert_eq!(run.code, 2);
    assert!(
        run.stderr.contains("is an environment template") && run.stderr.contains("kaslint check"),
        "{}",
        run.stderr
    );
}

#[test]
fn exclusion_and_levels_hold_for_templates() {
    let at = |settings: &str| {
        let files = [(TEMPLATE, &b"objects: [{kind: Pod}]\n"[..]), (".kaslint.yaml", settings.as_bytes())];
        let folder = folder_with(&files);
        kaslint(folder.path(), &["check", "--format", "concise"]).stdout
    };
    assert!(at("exclude: ['.gitlab/agents/*/environment_templates/**']\n").contains("No file was looked at."));
    assert!(at("rules: {environment-template: off}\n").contains("No findings"));
    assert!(at("rules: {environment-template: error}\n").contains("error[environment-template]"));
}

#[cfg(unix)]
#[test]
fn links_and_folders_in_place_of_a_template_are_not_followed() {
    let link = |target: &str, path: &std::path::Path| {
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::os::unix::fs::symlink(target, path).expect("a link");
    };
    let folder = folder_with(&[("out/default.yaml", b"quillfeather: 1\n"), ("w/.gitlab/agents/prod/config.yaml", b"")]);
    let agents = folder.path().join("w/.gitlab/agents");
    link("../../../../../out/default.yaml", &agents.join("a/environment_templates/default.yaml"));
    link("../../../../out", &agents.join("b/environment_templates"));
    link("nowhere", &agents.join("c/environment_templates/default.yaml"));
    std::fs::create_dir_all(agents.join("d/environment_templates/default.yaml")).expect("a folder");
    let run = kaslint(&folder.path().join("w"), &["check", "--format", "concise"]);
    assert!(!run.stdout.contains("quillfeather"), "{}", run.stdout);
    insta::assert_snapshot!(run.transcript());
}

#[test]
fn hostile_templates_are_bounded() {
    let (limit, most) = (usize::try_from(MAX_TEMPLATE_SIZE).expect("a size"), 2 << 10);
    let of = |piece: &str, head: &str, tail: &str| {
        let count = (most - head.len() - tail.len()) / piece.len();
        format!("{head}{}{tail}", piece.repeat(count))
    };
    for text in [
        of("{{", "", ""),
        of("{{if 1}}", "", ""),
        of("{{with .a}}{{.b}}{{$.c}}", "a: |\n  ", "\n"),
        of("{{ .x | y }}", "a: '", "'\n"),
        of("{{ .x }}\n", "", ""),
        of("{{ (((", "a: \"", "\"\n"),
        of("- {kind: '{{ .x.y }}'}\n", "objects:\n", ""),
        of("- {kind: x}\n", "objects:\n", ""),
        of("`", "{{ ", ""),
        of("# {{ .a }}\n", "a: {{ .b }}\n", ""),
        of("a{{ .a }}: 1\n", "", ""),
    ] {
        let told = check(text.as_bytes(), &[]);
        assert!(told.contains("[environment-template]"), "{}", &text[..40]);
        assert!(told.len() < 40 * most, "{} bytes of {}", told.len(), &text[..40]);
    }
    let told = check(&vec![b' '; limit + 1], &[]);
    assert!(told.contains("note[environment-template] the template has 1048577 bytes and was not looked at"), "{told}");
}

#[test]
fn faults_of_a_template_are_told_up_to_a_number() {
    let mut text = String::from("a: |\n");
    for number in 0..1_000 {
        writeln!(text, "  {{{{ .x{number} }}}}").expect("a line");
    }
    assert_eq!(check(text.as_bytes(), &[]).matches("is no variable that").count(), 200);
}
