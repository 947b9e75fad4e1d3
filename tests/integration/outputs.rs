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

/// Who calls names the links outside of a repository; `/dev/stdout` is one.
#[cfg(unix)]
#[test]
fn links_and_devices_are_written_to_and_not_replaced() {
    use std::os::unix::fs::{FileTypeExt as _, symlink};
    let folder = folder_with(&[(CONFIG, TEXT)]);
    let elsewhere = folder_with(&[("real.json", b"old")]);
    let link = elsewhere.path().join("link.json");
    symlink("real.json", &link).expect("a link");
    let null = elsewhere.path().join("null");
    symlink("/dev/null", &null).expect("a link");
    let [json, gitlab] =
        [("json", &link), ("gitlab", &null)].map(|(format, path)| format!("--format={format}={}", path.display()));
    let run = kaslint(folder.path(), &["check", &json, &gitlab]);
    assert_eq!(run.code, 1, "{}", run.stderr);
    for link in [link, null] {
        assert!(std::fs::symlink_metadata(&link).expect("a link").is_symlink());
    }
    let text = std::fs::read_to_string(elsewhere.path().join("real.json")).expect("the file");
    assert!(text.contains("unknown-key"));
    assert!(std::fs::metadata("/dev/null").expect("the device").file_type().is_char_device());
    let expected = kaslint(folder.path(), &["check", "--format=json"]).stdout;
    for output in ["/dev/stdout", "/dev/fd/1"] {
        assert_eq!(kaslint(folder.path(), &["check", "--format=json", "--output", output]).stdout, expected);
    }
    let run =
        kaslint(Path::new("/"), &["check", "--format=json", "--output=/dev/stdout", &folder.path().to_string_lossy()]);
    assert!(run.stdout.contains("unknown-key"), "{}", run.stderr);
    // A file as standard output, as behind `>`.
    let file = std::fs::File::create(elsewhere.path().join("redirected.json")).expect("a file");
    let status = crate::common::command(folder.path(), &["check", "--format=json", "--output=/dev/stdout"])
        .stdout(file)
        .status()
        .expect("the binary runs");
    assert_eq!(status.code(), Some(1));
    let text = std::fs::read_to_string(elsewhere.path().join("redirected.json")).expect("the file");
    assert_eq!(text, expected);
}

#[cfg(unix)]
#[test]
fn a_named_pipe_is_written_to() {
    let folder = folder_with(&[(CONFIG, TEXT)]);
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo runs").success());
    let reader = std::thread::spawn(move || std::fs::read_to_string(pipe).expect("a report"));
    assert_eq!(kaslint(folder.path(), &["check", "--format=json", "--output=pipe"]).code, 1);
    assert_eq!(reader.join().expect("a report"), kaslint(folder.path(), &["check", "--format=json"]).stdout);
}

/// What a merge request brings along says nothing of where reports go.
#[cfg(unix)]
#[test]
fn what_a_link_of_the_checkout_leads_to_is_not_written() {
    use std::os::unix::fs::symlink;
    let outside = folder_with(&[("victim", b"old"), ("folder/.keep", b"")]);
    let folder = folder_with(&[(CONFIG, TEXT), ("repository/.git/HEAD", b""), ("repository/sub/.keep", b"")]);
    for (target, link) in [("victim", "link.json"), ("new", "dangling.json"), ("folder", "link")] {
        for place in ["", "repository/sub/"] {
            symlink(outside.path().join(target), folder.path().join(format!("{place}{link}"))).expect("a link");
        }
    }
    symlink("/dev/null", folder.path().join("null")).expect("a link");
    let calls: [&[&str]; 7] = [
        &["--format=json", "--output=link.json"],
        &["--format=json=link.json"],
        &["--write-baseline=link.json"],
        &["--format=json=dangling.json"],
        &["--format=json=link/report.json"],
        &["--write-baseline=link/baseline.json"],
        &["--format=json=null"],
    ];
    let mut transcript = String::new();
    for call in calls {
        let run = kaslint(folder.path(), &[&["check"], call].concat());
        transcript.push_str(&format!("# {}\n{}", call.join(" "), run.transcript()));
    }
    insta::assert_snapshot!(transcript);
    // From elsewhere, the repository tells.
    let from = folder_with(&[]);
    let project = folder.path().to_string_lossy();
    for path in ["link.json", "dangling.json", "link/report.json"] {
        let path = folder.path().join("repository/sub").join(path);
        let run = kaslint(from.path(), &["check", &format!("--format=json={}", path.display()), &project]);
        assert_eq!((run.code, &*run.stdout), (2, ""));
        assert!(run.stderr.contains("is a symbolic link, which somebody else may have written"), "{}", run.stderr);
    }
    assert_eq!(std::fs::read(outside.path().join("victim")).expect("the file"), b"old");
    assert_eq!((names(outside.path()).len(), names(&outside.path().join("folder"))), (2, vec![".keep".to_owned()]));
}

#[cfg(unix)]
#[test]
fn new_reports_get_what_the_umask_leaves_and_old_ones_keep_owner_and_mode() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
    let folder = folder_with(&[(CONFIG, TEXT), ("old.json", b"old")]);
    let old = folder.path().join("old.json");
    let is_root = chown(&old, Some(12345), Some(54321)).is_ok();
    std::fs::set_permissions(&old, std::fs::Permissions::from_mode(0o604)).expect("a mode");
    let before = std::fs::metadata(&old).expect("the file");
    let command = "umask $1; shift; exec \"$@\"";
    for (umask, mode) in [("077", 0o600), ("022", 0o644), ("002", 0o664), ("000", 0o666)] {
        let (report, baseline) = (format!("{umask}.json"), format!("{umask}.baseline"));
        for option in [format!("--format=json={report}"), format!("--write-baseline={baseline}")] {
            let status = Command::new("sh")
                .current_dir(folder.path())
                .args([
                    "-c",
                    command,
                    "sh",
                    umask,
                    env!("CARGO_BIN_EXE_kaslint"),
                    "check",
                    "--format=json=old.json",
                    &option,
                ])
                .stdout(Stdio::null())
                .status()
                .expect("the shell runs");
            assert!(matches!(status.code(), Some(0 | 1)), "{status}");
        }
        for file in [report, baseline] {
            assert_eq!(std::fs::metadata(folder.path().join(&file)).expect("a report").mode() & 0o7777, mode, "{file}");
        }
    }
    let after = std::fs::metadata(&old).expect("the file");
    assert_ne!(std::fs::read(&old).expect("the file"), b"old");
    assert_eq!((after.uid(), after.gid(), after.mode()), (before.uid(), before.gid(), before.mode()));
    assert!(!is_root || after.uid() == 12345);
    assert!(names(folder.path()).iter().all(|name| !name.starts_with(".kaslint-")));
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

/// Folders are written where they lie, and not where a link of the checkout leads.
#[cfg(unix)]
#[test]
fn folders_are_not_written_through_a_link_of_the_repository() {
    use std::os::unix::fs::symlink;
    let outside = folder_with(&[("kept/.keep", b"")]);
    let folder =
        folder_with(&[(CONFIG, b"ci_access: {projects: [{id: acme/a}]}\n"), (".git/HEAD", b""), ("real/.keep", b"")]);
    symlink(outside.path().join("kept"), folder.path().join("tables")).expect("a link");
    write(
        folder.path(),
        "dump.json",
        br#"[{"id": 1, "path_with_namespace": "acme/a", "namespace": {"kind": "group", "full_path": "acme"}}]"#,
    );
    for call in [
        &["access", "--format", "parquet", "--output", "tables/daily"][..],
        &["access", "--format", "parquet", "--output", "tables/daily/"],
        &["inventory", "from-api", "dump.json", "--output", "tables/inventory"],
    ] {
        let run = kaslint(folder.path(), call);
        assert_eq!(run.code, 2, "{}", run.transcript());
        assert!(
            run.stderr.contains("tables is a symbolic link, which somebody else may have written"),
            "{}",
            run.stderr
        );
    }
    assert_eq!(names(&outside.path().join("kept")), [".keep"]);
    let run = kaslint(folder.path(), &["access", "--format", "parquet", "--output", "real/daily"]);
    assert_eq!(run.code, 0, "{}", run.transcript());
}
