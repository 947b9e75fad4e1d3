//! Input that means harm: every case ends within a second or two with a finding or an error that names the path.

use std::time::Duration;

use crate::common::{CONFIG, Run, folder_with, kaslint, write};

/// Runs a check, and fails where it takes longer than anybody would wait.
fn bounded(folder: &std::path::Path, arguments: &[&str]) -> Run {
    let start = std::time::Instant::now();
    let run = kaslint(folder, arguments);
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    assert!((0..=2).contains(&run.code), "exit status {}: {}", run.code, run.stderr);
    run
}

fn check(content: &[u8]) -> String {
    let folder = folder_with(&[(CONFIG, content)]);
    bounded(folder.path(), &["check", "--format", "concise"]).stdout
}

#[test]
fn alias_bombs_are_refused() {
    let mut text = String::from("a: &a [x,x,x,x,x,x,x,x,x]\n");
    for (before, name) in "abcdefgh".chars().zip("bcdefghi".chars()) {
        text.push_str(&format!("{name}: &{name} [{}]\n", vec![format!("*{before}"); 9].join(",")));
    }
    assert!(check(text.as_bytes()).contains("invalid-yaml"));
}

#[test]
fn merge_bombs_and_chains_are_bounded() {
    let mut text = String::from("ci_access: &a0 {projects: []}\n");
    for number in 1..2000 {
        text.push_str(&format!("k{number}: &a{number} {{<<: [*a{0}, *a{0}]}}\n", number - 1));
    }
    assert!(check(text.as_bytes()).contains("invalid-yaml"));
    let mut chain = String::from("ci_access: &a0 {projects: []}\n");
    for number in 1..3000 {
        chain.push_str(&format!("k{number}: &a{number} {{<<: *a{}}}\n", number - 1));
    }
    assert!(check(chain.as_bytes()).contains("unknown-key"));
}

#[test]
fn deep_nesting_is_refused() {
    assert!(check("[".repeat(20_000).as_bytes()).contains("invalid-yaml"));
    let balanced = format!("{}{}", "[".repeat(15_000), "]".repeat(15_000));
    assert!(check(balanced.as_bytes()).contains("nested too deep"));
    assert!(check("- ".repeat(15_000).as_bytes()).contains("invalid-yaml"));
    assert!(check(format!("ci_access: {}", "{a: ".repeat(9_000)).as_bytes()).contains("invalid-yaml"));
    // A bracket in each line that is never closed, which parsers look at again at each token.
    assert!(check("a: [\n".repeat(20_000).as_bytes()).contains("invalid-yaml"));
    assert!(
        check(format!("ci_access: {{projects: [\n{}", "  {id: a, \n".repeat(10_000)).as_bytes())
            .contains("invalid-yaml")
    );
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    assert!(check(b"ci_access: {projects: [{id: a/b}]}\n\0").contains("U+0000"));
    assert!(check(b"ci_access: {projects: [{id: \"a/\xFF\"}]}\n").contains("0xFF"));
    assert!(check(&[0xFF, 0xFE, 0x41]).contains("invalid-yaml"));
}

#[test]
fn many_keys_and_long_lines_are_read() {
    let many: String = (0..8_000).map(|number| format!("k{number}: x\n")).collect();
    assert!(check(many.as_bytes()).contains("8000 errors"));
    assert!(check(format!("{}: x\n", "k".repeat(100_000)).as_bytes()).contains("error"));
    assert!(check(format!("ci_access: # {}\n", "x".repeat(100_000)).as_bytes()).contains("null-value"));
}

#[test]
fn a_huge_file_is_refused_unread() {
    let folder = folder_with(&[(CONFIG, b"")]);
    let file = std::fs::File::options().write(true).open(folder.path().join(CONFIG)).expect("the file");
    file.set_len(2 << 30).expect("a sparse file");
    assert!(bounded(folder.path(), &["check", "--format", "concise"]).stdout.contains("file-too-large"));
    assert!(bounded(folder.path(), &["decode", "--format", "json", CONFIG]).stdout.contains("\"stage\":\"size\""));
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_named_and_nothing_hangs() {
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::fs::symlink;
    let folder = folder_with(&[("good/.gitlab/agents/prod/config.yaml", b"foo: 1\n")]);
    let top = folder.path();
    for name in ["pipe", "socket", "dangling", "loop", "folder"] {
        std::fs::create_dir_all(top.join(name).join(".gitlab/agents/prod")).expect("a folder");
    }
    let config = |name: &str| top.join(name).join(CONFIG);
    assert!(std::process::Command::new("mkfifo").arg(config("pipe")).status().expect("mkfifo").success());
    let _socket = std::os::unix::net::UnixListener::bind(config("socket")).expect("a socket");
    symlink("/nowhere", config("dangling")).expect("a link");
    symlink("config.yaml", config("loop")).expect("a link");
    std::fs::create_dir(config("folder")).expect("a folder");
    let odd = std::ffi::OsStr::from_bytes(b"odd\xFF");
    std::fs::create_dir_all(top.join(odd).join(".gitlab/agents/prod")).expect("a folder");
    std::fs::write(top.join(odd).join(CONFIG), "bar: 1\n").expect("a file");

    let run = bounded(top, &["check", "--format", "concise"]);
    for (name, words) in [
        ("pipe", "a named pipe"),
        ("socket", "a socket"),
        ("dangling", "a symbolic link"),
        ("loop", "a symbolic link"),
        ("folder", "a directory"),
        ("good", "`foo`"),
        ("odd", "`bar`"),
    ] {
        let said = run.stdout.lines().any(|line| line.starts_with(name) && line.contains(words));
        assert!(said, "{name}: {}", run.stdout);
    }
    for name in ["pipe", "socket", "dangling", "loop", "folder"] {
        let path = format!("{name}/{CONFIG}");
        let run = bounded(top, &["decode", &path]);
        assert!(run.code > 0 && (run.stdout.contains(name) || run.stderr.contains(name)), "{name}: {}", run.stderr);
    }
}

#[test]
fn other_files_are_reported_when_one_path_is_missing() {
    let folder = folder_with(&[]);
    write(folder.path(), CONFIG, b"foo: 1\n");
    let run = bounded(folder.path(), &["check", "nowhere", ".", "--format", "concise"]);
    assert_eq!(run.code, 2);
    assert!(run.stdout.contains("`foo`") && run.stderr.contains("nowhere"));
}

#[test]
fn a_place_far_to_the_right_is_shown_with_what_stands_around_it() {
    let text = format!("ci_access: {{projects: [{{id: acme/x,{} foo: 1, bar: 2}}]}}\n", " ".repeat(66_000));
    let folder = folder_with(&[(CONFIG, text.as_bytes())]);
    insta::assert_snapshot!(bounded(folder.path(), &["check", "--quiet"]).transcript());
}

#[test]
fn two_places_far_apart_are_shown_without_what_stands_between_them() {
    let text = format!("flux: {{}}\n{}flux: {{}}\n", "# \n".repeat(2_000));
    let folder = folder_with(&[(CONFIG, text.as_bytes())]);
    insta::assert_snapshot!(bounded(folder.path(), &["check", "--quiet"]).transcript());
}

#[test]
fn a_report_grows_with_its_findings_and_not_with_the_line_that_they_stand_in() {
    let keys: Vec<String> = (0..1_000).map(|number| format!("k{number}: x")).collect();
    let folder = folder_with(&[(CONFIG, format!("{{{}}}\n", keys.join(", ")).as_bytes())]);
    let report = bounded(folder.path(), &["check"]).stdout;
    assert!(report.contains("1000 errors"));
    assert!(report.len() < 1_000 * 1_000, "{}", report.len());
}

/// The threads that files are read with cannot be started here, of which the standard library makes a panic.
#[cfg(target_os = "linux")]
#[test]
fn what_fails_inside_is_told_in_one_line() {
    let files: Vec<String> = (0..6).map(|number| format!("p{number}/{CONFIG}")).collect();
    let files: Vec<(&str, &[u8])> = files.iter().map(|path| (&**path, b"foo: 1\n".as_slice())).collect();
    let folder = folder_with(&files);
    let mut command = std::process::Command::new("sh");
    // One that wants more than there is fails at once, while there is memory for what tells of it.
    command.current_dir(folder.path()).env("RAYON_NUM_THREADS", "4").env("RUST_MIN_STACK", "2000000000");
    command.env("KASLINT", env!("CARGO_BIN_EXE_kaslint"));
    let output = command.args(["-c", "ulimit -v 1000000; exec \"$KASLINT\" check"]).output().expect("a shell");
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{told}");
    assert!(told.starts_with("error: kaslint failed inside (std/src/thread/"), "{told}");
    assert!(told.ends_with("; please report this, with the files if they can be shown\n"), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
}
