//! Where reports go, and what happens where they cannot.

use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::common::{CONFIG, folder_with, kaslint, write};

const TEXT: &[u8] = b"ci_acces: {}\n";

/// The names in a folder, so that nothing half-written hides.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn several_reports_at_once() {
    let folder = folder_with(&[(CONFIG, TEXT)]);
    let run = kaslint(
        folder.path(),
        &["check", "--format", "human", "--format", "gitlab=quality.json", "--format=junit=junit.xml"],
    );
    assert_eq!(run.code, 1, "{}", run.stderr);
    assert_eq!(run.stdout, kaslint(folder.path(), &["check"]).stdout);
    let quality = std::fs::read_to_string(folder.path().join("quality.json")).expect("a report");
    assert_eq!(quality, kaslint(folder.path(), &["check", "--format", "gitlab"]).stdout);
    assert_eq!(names(folder.path()), [".gitlab", "junit.xml", "quality.json"]);
    // `--output` takes the one that has no file.
    let run = kaslint(folder.path(), &["check", "--format=sarif", "--format=gitlab=quality.json", "--output=a.sarif"]);
    assert_eq!((run.code, run.stdout.as_str()), (1, ""));
    assert_eq!(names(folder.path()), [".gitlab", "a.sarif", "junit.xml", "quality.json"]);
}

#[test]
fn what_cannot_be_written_is_said_and_nothing_is_half_written() {
    let folder = folder_with(&[(CONFIG, TEXT), ("file", b"x"), ("folder/.keep", b""), ("old.json", b"old")]);
    let calls: [&[&str]; 11] = [
        &["--format", "sarif", "--output", "folder"],
        &["--format", "gitlab=folder"],
        &["--format", "gitlab=nowhere/report.json"],
        &["--format", "gitlab=file/report.json"],
        &["--format", "gitlab="],
        &["--format", "json", "--format", "sarif"],
        &["--format", "json=report.json", "--format", "sarif=./report.json"],
        &["--format", "json=old.json", "--format", "sarif=folder/../old.json"],
        &["--format", "json", "--format", "sarif", "--output", "report.json"],
        &["--format", "json=report.json", "--output", "other.json"],
        // The first could be written, the second cannot.
        &["--format", "json=old.json", "--format", "junit=new.xml", "--format", "gitlab=nowhere/report.json"],
    ];
    let before = names(folder.path());
    let mut transcript = String::new();
    for call in calls {
        let run = kaslint(folder.path(), &[&["check"], call].concat());
        assert_eq!(run.code, 2, "{call:?}");
        assert_eq!(run.stdout, "", "{call:?}");
        assert_eq!(names(folder.path()), before, "{call:?}");
        transcript.push_str(&format!("# {}\n{}", call.join(" "), run.transcript()));
    }
    assert_eq!(names(&folder.path().join("folder")), [".keep"]);
    assert_eq!(std::fs::read(folder.path().join("old.json")).expect("the file"), b"old");
    insta::assert_snapshot!(transcript);
}

/// `/proc` takes no files, whoever asks.
#[cfg(target_os = "linux")]
#[test]
fn an_unwritable_folder_is_an_error() {
    let folder = folder_with(&[(CONFIG, TEXT)]);
    let run = kaslint(folder.path(), &["check", "--format", "gitlab=/proc/report.json"]);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
    assert!(run.stderr.starts_with("error: cannot write /proc/report.json: "), "{}", run.stderr);
}

#[cfg(unix)]
#[test]
fn links_and_devices_are_written_to_and_not_replaced() {
    let folder = folder_with(&[(CONFIG, TEXT), ("real.json", b"old")]);
    let link = folder.path().join("link.json");
    std::os::unix::fs::symlink("real.json", &link).expect("a link");
    let null = folder.path().join("null");
    std::os::unix::fs::symlink("/dev/null", &null).expect("a link");
    let run = kaslint(folder.path(), &["check", "--format=json=link.json", "--format=gitlab=null"]);
    assert_eq!(run.code, 1, "{}", run.stderr);
    for link in [link, null] {
        assert!(std::fs::symlink_metadata(&link).expect("a link").is_symlink());
    }
    let text = std::fs::read_to_string(folder.path().join("real.json")).expect("the file");
    assert!(text.contains("unknown-key"));
    use std::os::unix::fs::FileTypeExt as _;
    assert!(std::fs::metadata("/dev/null").expect("the device").file_type().is_char_device());
}

#[test]
fn a_receiver_that_stops_reading_is_no_error() {
    // More than a pipe holds.
    let entries: String = (0..900).map(|number| format!("    - idd: acme/x{number}\n")).collect();
    let folder = folder_with(&[]);
    write(folder.path(), CONFIG, format!("ci_access:\n  projects:\n{entries}").as_bytes());
    for format in ["human", "concise", "json", "sarif", "gitlab", "github", "junit", "markdown"] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_kaslint"))
            .current_dir(folder.path())
            .args(["check", "--format", format])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let mut first = [0];
        let mut stdout = child.stdout.take().expect("a pipe");
        stdout.read_exact(&mut first).expect("a byte");
        drop(stdout);
        let output = child.wait_with_output().expect("the binary ends");
        assert_eq!(output.status.code(), Some(1), "{format}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{format}");
    }
}
