//! CI files that mean harm: each ends soon with a finding or in silence, and nothing outside of the repository is read.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::common::{folder_with, kaslint, write};

const INVENTORY: &[u8] = b"projects:\n  - {path: acme/agents, agents: [production]}\n  - {path: acme/web/shop}\n";
const REPOSITORY: &str = "projects/acme/web/shop";
const USE: &str = "kubectl config use-context acme/agents:outside";

fn world(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = folder_with(&[
        ("inventory.yaml", INVENTORY),
        ("projects/acme/agents/.gitlab/agents/production/config.yaml", b""),
    ]);
    std::fs::create_dir_all(folder.path().join(REPOSITORY)).expect("a folder");
    for (path, content) in files {
        write(&folder.path().join(REPOSITORY), path, content);
    }
    folder
}

fn run(folder: &Path) -> String {
    let start = Instant::now();
    let run = kaslint(folder, &["check", "--inventory", "inventory.yaml", "--format", "concise"]);
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
    assert!((0..=1).contains(&run.code), "exit status {}: {}{}", run.code, run.stdout, run.stderr);
    run.stdout
}

fn check(content: impl AsRef<[u8]>) -> String {
    run(world(&[(".gitlab-ci.yml", content.as_ref())]).path())
}

#[test]
fn circles_of_extends_includes_and_references_end() {
    assert!(check("a: {extends: b}\nb: {extends: c}\nc: {extends: a, script: [x]}\n").contains("extends itself"));
    assert!(check("a: {extends: a, script: [x]}\n").contains("extends itself"));
    assert!(check("a: {script: [!reference [a, script]]}\n").contains("leads back to itself"));
    assert!(check("include: .gitlab-ci.yml\na: {script: [x]}\n").contains("includes itself"));
    let circle = world(&[
        (".gitlab-ci.yml", b"include: a.yml\nj: {script: [x]}\n"),
        ("a.yml", b"include: b.yml\n"),
        ("b.yml", b"include: a.yml\n"),
    ]);
    assert!(run(circle.path()).contains("includes itself"));
    assert!(
        check("variables: {A: $B, B: $A}\nj: {environment: $A, script: [\"kubectl config use-context $A\"]}\n")
            .starts_with("No findings")
    );
}

#[test]
fn nothing_outside_of_the_repository_is_read() {
    let outside = format!("outside: {{script: [{USE}]}}\n");
    let paths = [
        "../x.yml",
        "/../x.yml",
        "../*.yml",
        "**/../../*.yml",
        "ci/../../x.yml",
        "..\\x.yml",
        "%2e%2e/x.yml",
        "/etc/hosts",
        "ci/*.yml",
        "link.yml",
        "ci/x.yml",
        "**.yml",
    ];
    for path in paths {
        let folder = world(&[(".gitlab-ci.yml", format!("include: ['{path}']\nj: {{script: [x]}}\n").as_bytes())]);
        write(folder.path(), "projects/acme/web/x.yml", outside.as_bytes());
        write(folder.path(), "elsewhere/x.yml", outside.as_bytes());
        #[cfg(unix)]
        {
            let repository = folder.path().join(REPOSITORY);
            std::os::unix::fs::symlink("../x.yml", repository.join("link.yml")).expect("a link");
            std::os::unix::fs::symlink(folder.path().join("elsewhere"), repository.join("ci")).expect("a link");
        }
        let said = run(folder.path());
        assert!(!said.contains("acme/agents:outside") && !said.contains("unknown-context"), "{path}: {said}");
    }
    for (project, file) in
        [("acme/agents", "../../../inventory.yaml"), ("../..", "inventory.yaml"), ("/", "etc/hosts.yml")]
    {
        let text = format!("include: [{{project: '{project}', file: '{file}'}}]\nj: {{script: [x]}}\n");
        assert!(!check(&text).contains("unknown-context"));
    }
}

#[test]
fn what_is_no_ci_file_is_named() {
    for text in ["- a\n", "hello\n"] {
        assert!(check(text).contains("must be a map"));
    }
    for text in ["", "null\n", "# x\n"] {
        assert!(check(text).contains("The file is empty"));
    }
    for bytes in [&b"a: {script: [x]}\0\n"[..], b"a: {script: [\"\xff\xfe\"]}\n", b"\0a\0:\0 \0b"] {
        assert!(check(bytes).contains("no YAML"));
    }
    assert!(check("a: 1\nb: [1]\nc:\nd: {script: {a: b}}\ne: {rules: 1, script: [x]}\n").contains("must be a map"));
    let large = format!("a:\n  script:\n{}", "    - echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n".repeat(200_000));
    assert!(check(large).contains("bytes and is not read"));
    // Line ends of other systems, and a mark at the start.
    for text in [
        format!("a:\r\n  script:\r\n    - {USE}\r\n"),
        format!("\u{feff}a: {{script: [{USE}]}}\n"),
        format!("a:\r  script:\r    - {USE}\r"),
    ] {
        assert!(check(&text).contains("unknown-context"), "{text:?}");
    }
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_named_and_nothing_hangs() {
    let folder = world(&[]);
    let path = folder.path().join(REPOSITORY).join(".gitlab-ci.yml");
    std::fs::create_dir(&path).expect("a folder");
    assert!(run(folder.path()).contains("`.gitlab-ci.yml` is a directory"));
    std::fs::remove_dir(&path).expect("gone");
    assert!(std::process::Command::new("mkfifo").arg(&path).status().expect("mkfifo").success());
    assert!(run(folder.path()).contains("a named pipe"));
    std::fs::remove_file(&path).expect("gone");
    {
        let _socket = std::os::unix::net::UnixListener::bind(&path).expect("a socket");
        assert!(run(folder.path()).contains("a socket"));
    }
    std::fs::remove_file(&path).expect("gone");
    write(folder.path(), "x.yml", format!("a: {{script: [{USE}]}}\n").as_bytes());
    std::os::unix::fs::symlink("../../../../x.yml", &path).expect("a link");
    let said = run(folder.path());
    assert!(said.contains("a symbolic link") && !said.contains("unknown-context"), "{said}");
    let included = world(&[(".gitlab-ci.yml", b"include: pipe.yml\nj: {script: [x]}\n")]);
    let pipe = included.path().join(REPOSITORY).join("pipe.yml");
    assert!(std::process::Command::new("mkfifo").arg(pipe).status().expect("mkfifo").success());
    assert!(run(included.path()).contains("`pipe.yml` is a named pipe"));
}

#[test]
fn bombs_and_deep_nesting_are_bounded() {
    let mut bomb = String::from("a: &a [x,x,x,x,x,x,x,x,x]\n");
    for (before, name) in "abcdefgh".chars().zip("bcdefghi".chars()) {
        bomb.push_str(&format!("{name}: &{name} [{}]\n", vec![format!("*{before}"); 9].join(",")));
    }
    assert!(check(format!("{bomb}job: {{script: *i}}\n")).contains("too large"));
    let mut references = String::from(".b9: {script: [x]}\njob: {script: [!reference [.b0, script]]}\n");
    for number in 0..9 {
        let one = format!("!reference [.b{}, script]", number + 1);
        references.push_str(&format!(".b{number}: {{script: [{}]}}\n", vec![one; 9].join(", ")));
    }
    assert!(check(references).contains("too large"));
    for text in
        ["[".repeat(100_000), format!("a: {}{}", "[".repeat(100_000), "]".repeat(100_000)), "a: {".repeat(100_000)]
    {
        assert!(check(text).contains("invalid-ci-file"));
    }
    let chain: String = (0..2_000).map(|number| format!(".j{number}: {{extends: .j{}}}\n", number + 1)).collect();
    check(format!("{chain}.j2000: {{script: [x]}}\nj: {{extends: .j0}}\n"));
    let variables: String =
        (1..60).map(|number| format!("  V{number}: \"{}\"\n", format!("$V{}", number - 1).repeat(10))).collect();
    check(format!(
        "variables:\n  V0: xxxxxxxxxx\n{variables}a: {{environment: $V59, script: ['kubectl config use-context $V59']}}\n"
    ));
    check(format!("a: {{script: [x], rules: [{{if: '{}$A{}'}}]}}\n", "(".repeat(50_000), ")".repeat(50_000)));
    check(format!("a: {{script: [x], rules: [{{if: '$A =~ /{}b/'}}]}}\n", "(a*)*".repeat(1_000)));
}

#[test]
fn large_files_cost_in_proportion() {
    let jobs: String =
        (0..4_000).map(|number| format!("job {number}:\n  script: [{USE}]\n  environment: e{number}\n")).collect();
    assert!(check(jobs).ends_with("4000 errors in 2 configurations.\n"));
    let line = format!("a: {{script: ['{}']}}\n", "kubectl get pods; ".repeat(58_000));
    assert!(check(line).starts_with("No findings"));
    let lines = format!("a:\n  script:\n    - {USE}\n{}", "    - kubectl get pods\n".repeat(5_000));
    assert!(check(lines).ends_with("1 error in 2 configurations.\n"));
    let uses: String =
        (0..3_900).map(|number| format!("    - kubectl config use-context acme/agents:q{number}\n")).collect();
    assert!(check(format!("a:\n  script:\n{uses}")).contains("3900 errors"));
}

#[test]
fn large_matrices_are_bounded() {
    let numbers = |end: usize| (0..end).map(|number| number.to_string()).collect::<Vec<_>>().join(", ");
    let matrix = format!(
        "a:\n  parallel:\n    matrix:\n      - {{A: [{0}], B: [{0}]}}\n  environment: $A/$B\n  script: ['{USE}$A$B']\n",
        numbers(100)
    );
    assert!(check(matrix).contains("10000 jobs, more than 200"));
    let keys: Vec<String> = (0..60).map(|number| format!("K{number}: [a, b]")).collect();
    assert!(
        check(format!("a: {{script: [x], parallel: {{matrix: [{{{}}}]}}}}\n", keys.join(", ")))
            .contains("more than 200")
    );
    let lines = format!("    - {USE}$A\n").repeat(60);
    let matrix = format!("a:\n  parallel:\n    matrix: [{{A: [{}]}}]\n  script:\n{lines}", numbers(200));
    let said = check(matrix);
    // 10,000 places are looked at, 60 for each context; those of one context are one finding.
    assert!(said.contains("167 errors"), "{said}");
    assert!(
        said.contains("Not checked: all ways in which the job `a` of projects/acme/web/shop/.gitlab-ci.yml may run"),
        "{said}"
    );
    let rules: Vec<String> =
        (0..8).map(|number| format!("{{if: $X == \"{number}\", variables: {{Y: y{number}}}}}")).collect();
    let matrix = format!("parallel: {{matrix: [{{A: [{}]}}]}}", numbers(200));
    let said = check(format!("a: {{{matrix}, rules: [{}], script: [x]}}\n", rules.join(", ")));
    assert!(
        said.contains("Not checked: all ways in which the job `a` of projects/acme/web/shop/.gitlab-ci.yml may run"),
        "{said}"
    );
}

#[test]
fn what_moves_the_cursor_is_not_printed() {
    let said = check(
        "\"\\e[31mred\": {script: [\"kubectl config use-context acme/agents:q\\e[31m\", \"kubectl config use-context \\\"acme/agents:\\x1b]8;;x\\\"\"]}\n",
    );
    assert!(!said.contains('\u{1b}'), "{said:?}");
}

#[test]
fn children_that_start_each_other_and_very_many_that_start_one_come_to_an_end() {
    let circle = world(&[
        (
            ".gitlab-ci.yml",
            b"a: {trigger: {include: a.yml}}\nself: {trigger: {include: .gitlab-ci.yml}, rules: [{if: $X}]}\n",
        ),
        ("a.yml", format!("a: {{script: [{USE}]}}\nb: {{trigger: {{include: b.yml}}}}\n").as_bytes()),
        ("b.yml", b"a: {trigger: {include: a.yml}}\nb: {trigger: {include: b.yml}}\n"),
    ]);
    let told = run(circle.path());
    assert_eq!(told.matches("unknown-context").count(), 1, "{told}");
    assert_eq!(told.matches("a third level").count(), 2, "{told}");
    // A thousand jobs start the same child of a thousand jobs, which start it again, each with another value.
    let start = |number: usize, file: &str| {
        format!("s{number}: {{variables: {{N: '{number}'}}, trigger: {{include: {file}}}}}\n")
    };
    let main: String = (0..1_000).map(|number| start(number, "many.yml")).collect();
    let jobs =
        (0..1_000).map(|number| format!("j{number}: {{script: ['kubectl --context acme/agents:$N get pods']}}\n"));
    let many: String = jobs.chain((0..1_000).map(|number| start(number, "many.yml"))).collect();
    let many = world(&[(".gitlab-ci.yml", main.as_bytes()), ("many.yml", many.as_bytes())]);
    let told = run(many.path());
    assert!(!told.contains("unknown-context") && told.contains("a third level"), "what differs is not known: {told}");
    let outside = world(&[(
        ".gitlab-ci.yml",
        b"a: {trigger: {include: ../../../outside.yml}}\nb: {trigger: {include: [{local: /../outside.yml}]}}\n",
    )]);
    assert_eq!(run(outside.path()).matches("has `..`").count(), 2);
}
