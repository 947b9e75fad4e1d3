//! What a run says beside its findings, in which colours, and what a terminal gets to see.

use std::path::Path;

use crate::common::{CONFIG, folder_with, kaslint, kaslint_in, kaslint_with_input};

/// A finding, a remark for the summary, and a rule that could not run.
const TEXT: &[u8] = b"ci_access:\n  projects:\n    - id: acme/web/shop\n      enviroments: [production]\n";

type Arguments<'a> = &'a [&'a str];
type Variables<'a> = &'a [(&'a str, &'a str)];

#[test]
fn quiet_is_findings_alone() {
    let folder = folder_with(&[(CONFIG, TEXT), (".gitlab/agents/test/config.yaml", b"ci_access: {}\n")]);
    let mut transcript = String::new();
    for format in ["human", "concise", "markdown"] {
        let run = kaslint(folder.path(), &["check", "-q", "--format", format]);
        assert_eq!(run.code, kaslint(folder.path(), &["check", "--format", format]).code);
        transcript.push_str(&format!("# {format}\n{}", run.transcript()));
    }
    insta::assert_snapshot!(transcript);
}

#[test]
fn quiet_without_findings_is_silent() {
    let folder = folder_with(&[(CONFIG, b"observability:\n  logging:\n    level: debug\n")]);
    for format in ["human", "concise", "markdown"] {
        let run = kaslint(folder.path(), &["check", "--quiet", "--format", format]);
        assert_eq!((run.code, &*run.stdout, &*run.stderr), (0, "", ""), "{format}");
    }
    let run = kaslint(folder.path(), &["check", "--quiet", "--diff"]);
    assert_eq!((run.code, &*run.stdout, &*run.stderr), (0, "", ""));
}

#[test]
fn quiet_keeps_errors() {
    let folder = folder_with(&[(CONFIG, b"ci_access: {}\n")]);
    let run = kaslint(folder.path(), &["check", "--quiet", "nowhere"]);
    assert_eq!((run.code, &*run.stdout), (2, ""));
    assert!(run.stderr.contains("cannot read nowhere"), "{}", run.stderr);
}

#[test]
fn verbose_tells_what_is_known_from_where() {
    let inventory = b"gitlab: {version: '18.2'}\nprojects:\n  - path: acme/agents\n    id: 1\n    repository: agents\n";
    let settings = b"project: acme/other\ninventory: ../inventory.yaml\ngitlab: {tier: premium}\n";
    let folder = folder_with(&[
        ("inventory.yaml", inventory),
        ("agents/.gitlab/agents/prod/config.yaml", TEXT),
        ("agents/.gitlab-ci.yml", b"include: {local: more.yml}\n"),
        ("agents/more.yml", b"job: {script: [make]}\n"),
        ("other/.gitlab/agents/prod/config.yaml", TEXT),
        ("other/.kaslint.yaml", settings),
        ("third/.gitlab/agents/prod/config.yaml", TEXT),
    ]);
    let calls: [&[&str]; 5] = [
        &["check", "-v"],
        &["check", "-v", "--inventory", "inventory.yaml", "--tier", "free", "--select", "unknown-key"],
        &[
            "check",
            "-v",
            "--project",
            "acme/third",
            "--gitlab-version",
            "17.4",
            "third/.gitlab/agents/prod/config.yaml",
        ],
        &["access", "-v", "--inventory", "inventory.yaml", "--format", "json"],
        &["access", "-v", "other"],
    ];
    let mut transcript = String::new();
    for call in calls {
        transcript.push_str(&format!("# {}\n{}", call.join(" "), kaslint(folder.path(), call).stderr));
    }
    let arguments = ["check", "--verbose", "-", "--stdin-filename", CONFIG];
    let run = kaslint_with_input(folder.path(), &arguments, TEXT);
    transcript.push_str(&format!("# {}\n{}", arguments.join(" "), run.stderr));
    let third = folder.path().join("third");
    let run = kaslint_in(&third, &["check", "-v"], &[("CI_PROJECT_PATH", "acme/pipeline")]);
    transcript.push_str(&format!("# CI_PROJECT_PATH=acme/pipeline\n{}", run.stderr));
    insta::assert_snapshot!(transcript);
}

#[test]
fn programs_get_the_same_whatever_is_said_beside() {
    let folder = folder_with(&[(CONFIG, TEXT)]);
    for format in ["json", "sarif", "gitlab", "github", "junit"] {
        let plain = kaslint(folder.path(), &["check", "--format", format]);
        for option in ["--quiet", "--verbose"] {
            let run = kaslint(folder.path(), &["check", option, "--format", format]);
            assert_eq!((run.code, &run.stdout), (plain.code, &plain.stdout), "{format} {option}");
        }
    }
}

#[test]
fn quiet_and_verbose_exclude_each_other() {
    let run = kaslint(Path::new("."), &["check", "-q", "-v"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("'--quiet' cannot be used with '--verbose'"), "{}", run.stderr);
}

#[test]
fn colours_come_only_where_they_are_wanted() {
    let folder = folder_with(&[(CONFIG, TEXT)]);
    let cases: [(Arguments<'_>, Variables<'_>, bool); 7] = [
        (&[], &[], false),
        (&[], &[("CLICOLOR_FORCE", "1")], true),
        (&[], &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], false),
        (&["--color", "always"], &[], true),
        (&["--color", "always"], &[("NO_COLOR", "1")], true),
        (&["--color", "never"], &[("CLICOLOR_FORCE", "1")], false),
        (&["--color", "auto"], &[], false),
    ];
    for (options, variables, is_coloured) in cases {
        let run = kaslint_in(folder.path(), &[&["check"], options].concat(), variables);
        assert_eq!(run.stdout.contains('\u{1b}'), is_coloured, "{options:?} {variables:?}");
        let run = kaslint_in(folder.path(), &[options, &["."]].concat(), variables);
        assert_eq!(run.stdout.contains('\u{1b}'), is_coloured, "{options:?} {variables:?} without a command");
    }
    let run = kaslint(folder.path(), &["--color", "always", "check", "-q"]);
    assert!(run.stdout.contains('\u{1b}') && run.stderr.is_empty(), "before the command: {}", run.stderr);
    let report = folder.path().join("report.txt");
    let run = kaslint(folder.path(), &["check", "--color", "always", "--output", "report.txt"]);
    assert_eq!(run.stdout, "");
    assert!(!std::fs::read_to_string(report).expect("a report").contains('\u{1b}'));
}

#[test]
fn columns_say_how_wide_a_report_is_where_no_terminal_does() {
    let folder = folder_with(&[(CONFIG, TEXT)]);
    let widest = |variables: &[(&str, &str)]| {
        let run = kaslint_in(folder.path(), &["check", "-q"], variables);
        run.stdout.lines().map(|line| line.chars().count()).max()
    };
    assert!(widest(&[("COLUMNS", "50")]) < widest(&[]));
    assert_eq!(widest(&[("COLUMNS", "0")]), widest(&[]));
    assert_eq!(widest(&[("COLUMNS", "wide")]), widest(&[]));
}

#[cfg(unix)]
mod terminals {
    use std::fs::{File, OpenOptions};
    use std::io::Read as _;
    use std::path::Path;
    use std::process::Stdio;

    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    use rustix::termios::{Winsize, tcsetwinsize};

    use super::{Arguments, TEXT, Variables};
    use crate::common::{CONFIG, command, folder_with, write};

    /// The two ends of a terminal with 60 columns; `None`, after saying so, where there are none to be had.
    #[allow(clippy::print_stderr)] // A test that was skipped says so.
    fn terminal() -> Option<(File, File)> {
        let open = || {
            let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).ok()?;
            grantpt(&master).ok()?;
            unlockpt(&master).ok()?;
            let size = Winsize { ws_row: 24, ws_col: 60, ws_xpixel: 0, ws_ypixel: 0 };
            let name = ptsname(&master, Vec::new()).ok()?.into_string().ok()?;
            let end = OpenOptions::new().read(true).write(true).open(name).ok()?;
            tcsetwinsize(&end, size).ok()?;
            Some((File::from(master), end))
        };
        let ends = open();
        if ends.is_none() {
            eprintln!("skipped: no pseudo-terminal can be opened here");
        }
        ends
    }

    /// What goes to the terminal, which is standard error and, if asked for, standard output.
    fn shown(folder: &Path, arguments: &[&str], variables: &[(&str, &str)], is_stdout: bool) -> Option<String> {
        let (mut master, end) = terminal()?;
        let mut command = command(folder, arguments);
        command.env("TERM", "xterm-256color").env_remove("CI").envs(variables.iter().copied());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(end.try_clone().expect("a terminal"));
        if is_stdout {
            command.stdout(end.try_clone().expect("a terminal"));
        }
        let mut child = command.spawn().expect("the binary runs");
        drop((command, end));
        let mut bytes = Vec::new();
        let mut part = [0; 4096];
        // Once the other end is closed, Linux gives an error and others nothing more.
        while let Ok(count @ 1..) = master.read(&mut part) {
            bytes.extend_from_slice(&part[..count]);
        }
        child.wait().expect("the binary ends");
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// More projects than are checked in a second, because each asks a git that takes its time.
    fn many_projects() -> (tempfile::TempDir, String) {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = folder_with(&[]);
        for number in 0..220 {
            write(folder.path(), &format!("all/p{number:03}/{CONFIG}"), TEXT);
            std::fs::create_dir(folder.path().join(format!("all/p{number:03}/.git"))).expect("a folder");
        }
        let git = write(folder.path(), "bin/git", b"#!/bin/sh\nsleep 0.01\nexit 1\n");
        std::fs::set_permissions(git, std::fs::Permissions::from_mode(0o755)).expect("a program");
        let path = format!("{}:{}", folder.path().join("bin").display(), std::env::var("PATH").unwrap_or_default());
        (folder, path)
    }

    #[test]
    fn a_long_run_shows_a_bar_that_leaves_no_trace() {
        let (folder, path) = many_projects();
        let variables = [("PATH", &*path), ("RAYON_NUM_THREADS", "2")];
        let arguments = ["check", "all", "--format", "concise"];
        let Some(text) = shown(folder.path(), &arguments, &variables, false) else { return };
        assert!(text.contains("Checking 220 files") && text.contains('%'), "{text:?}");
        assert!(text.ends_with("\r\u{1b}[2K") && !text.contains('\n'), "{text:?}");
        let text = shown(folder.path(), &["check", "all", "--diff"], &variables, false).expect("a terminal");
        assert!(text.contains("Checking 220 files") && text.ends_with("Would fix 220 findings.\r\n"), "{text:?}");
        let text = shown(folder.path(), &["access", "all"], &variables, false).expect("a terminal");
        assert!(text.contains("Reading 220 files") && text.ends_with("\r\u{1b}[2K"), "{text:?}");

        let calm: [(Arguments<'_>, Variables<'_>); 2] = [(&["--quiet"], &[]), (&[], &[("TERM", "dumb")])];
        for (options, more) in calm {
            let shown = shown(folder.path(), &[&arguments, options].concat(), &[&variables, more].concat(), false);
            assert_eq!(shown.as_deref(), Some(""), "{options:?} {more:?}");
        }
    }

    #[test]
    fn a_short_run_shows_no_bar() {
        let folder = folder_with(&[(CONFIG, TEXT)]);
        let Some(text) = shown(folder.path(), &["check"], &[], false) else { return };
        assert_eq!(text, "");
    }

    #[test]
    fn a_terminal_gets_colours_within_its_columns() {
        let folder = folder_with(&[(CONFIG, TEXT)]);
        let Some(text) = shown(folder.path(), &["check", "-q"], &[], true) else { return };
        assert!(text.contains("\u{1b}["), "{text:?}");
        let plain = [("NO_COLOR", "1")];
        let text = shown(folder.path(), &["check", "-q"], &plain, true).expect("a terminal");
        assert!(text.contains("unknown-key") && !text.contains('\u{1b}'), "{text:?}");
        let widest = text.lines().map(|line| line.trim_end().chars().count()).max();
        assert!(widest <= Some(60), "{widest:?}: {text}");
        let text = shown(folder.path(), &["check", "--color", "never"], &[], true).expect("a terminal");
        assert!(!text.contains('\u{1b}'), "{text:?}");
        let dumb = [("TERM", "dumb")];
        let text = shown(folder.path(), &["check"], &dumb, true).expect("a terminal");
        assert!(!text.contains('\u{1b}'), "{text:?}");
    }
}
