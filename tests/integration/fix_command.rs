//! `check --fix` and `--diff` on files: what is written, what is not, and what is said.

use std::fs;

use crate::common::{CONFIG, folder_with, kaslint, kaslint_with_input, root, write};

const BROKEN: &[u8] = b"ci_acces: {}\n";

fn demo() -> tempfile::TempDir {
    let folder = folder_with(&[]);
    for agent in ["production/config.yaml", "review/config.yml", "staging/config.yaml"] {
        let path = format!(".gitlab/agents/{agent}");
        let content = fs::read(root().join("fixtures/demo").join(&path)).expect("the demo");
        write(folder.path(), &path, &content);
    }
    folder
}

#[test]
fn the_difference_of_the_demo() {
    let folder = demo();
    let before = fs::read(folder.path().join(".gitlab/agents/production/config.yaml")).expect("a file");
    insta::assert_snapshot!(kaslint(folder.path(), &["check", "--diff"]).transcript());
    insta::assert_snapshot!(kaslint(folder.path(), &["--fix", "--diff", "--unsafe"]).transcript());
    assert_eq!(fs::read(folder.path().join(".gitlab/agents/production/config.yaml")).expect("a file"), before);
}

#[test]
fn the_demo_fixed() {
    let folder = demo();
    insta::assert_snapshot!(kaslint(folder.path(), &["check", "--fix", "--format", "concise"]).transcript());
    insta::assert_snapshot!(
        kaslint(folder.path(), &["check", "--fix", "--unsafe", "--format", "concise"]).transcript()
    );
    let run = kaslint(folder.path(), &["check", "--diff"]);
    assert_eq!((run.code, &*run.stdout, &*run.stderr), (0, "", "Nothing would be fixed.\n"));
    let report = kaslint(folder.path(), &["check", "--fix", "--format", "json"]).json();
    assert_eq!(report["summary"]["fixed"], 0);
}

#[test]
fn unsafe_goes_with_fix_or_diff() {
    let folder = demo();
    assert_eq!(kaslint(folder.path(), &["check", "--unsafe"]).code, 2);
}

#[test]
fn standard_input_is_fixed_on_standard_output() {
    let folder = folder_with(&[]);
    let run =
        kaslint_with_input(folder.path(), &["check", "-", "--fix"], b"\xEF\xBB\xBFci_acces: {} # \x1b[1m\xC3\xA9\r\n");
    // The text is passed on byte by byte, whatever a terminal would make of it.
    assert_eq!(run.stdout, "\u{FEFF}ci_access: {} # \x1b[1mé\r\n");
    let run = kaslint_with_input(folder.path(), &["check", "-", "--fix"], b"ci_acces: {}\r\n# \xC3\xA9");
    assert_eq!((run.code, &*run.stdout), (0, "ci_access: {}\r\n# é"));
    assert!(run.stderr.contains("(1 fixed, 0 left)"), "{}", run.stderr);
    let run = kaslint_with_input(folder.path(), &["check", "-", "--diff", "--stdin-filename", CONFIG], BROKEN);
    assert_eq!(run.code, 1);
    assert!(run.stdout.starts_with(&format!("--- {CONFIG}\n+++ {CONFIG}\n")), "{}", run.stdout);
}

#[test]
fn encodings_and_line_ends_are_kept() {
    let utf16 =
        |text: &str, to_bytes: fn(u16) -> [u8; 2]| -> Vec<u8> { text.encode_utf16().flat_map(to_bytes).collect() };
    let (before, after) = ("\u{FEFF}ci_acces: {} # é\r\n", "\u{FEFF}ci_access: {} # é\r\n");
    let cases: [(Vec<u8>, Vec<u8>); 3] = [
        (before.as_bytes().to_vec(), after.as_bytes().to_vec()),
        (utf16(before, u16::to_le_bytes), utf16(after, u16::to_le_bytes)),
        (utf16(before, u16::to_be_bytes), utf16(after, u16::to_be_bytes)),
    ];
    for (before, after) in cases {
        let folder = folder_with(&[(CONFIG, &before)]);
        assert_eq!(kaslint(folder.path(), &["check", "--fix"]).code, 0);
        assert_eq!(fs::read(folder.path().join(CONFIG)).expect("a file"), after);
    }
}

#[test]
fn a_file_that_is_no_text_is_left() {
    let text = b"ci_acces: {} # \xFF\n";
    let folder = folder_with(&[(CONFIG, text)]);
    let run = kaslint(folder.path(), &["check", "--fix", "--format", "concise"]);
    assert_eq!(fs::read(folder.path().join(CONFIG)).expect("a file"), text);
    assert!(run.stdout.contains("was not fixed, because not all of it is text."), "{}", run.stdout);
}

#[cfg(unix)]
#[test]
fn modes_are_kept_and_links_and_protected_files_are_left() {
    use std::os::unix::fs::PermissionsExt as _;
    let other = ".gitlab/agents/other/config.yaml";
    let folder = folder_with(&[(CONFIG, BROKEN), (other, BROKEN), ("loose/target.yaml", BROKEN)]);
    let path = |path: &str| folder.path().join(path);
    fs::set_permissions(path(CONFIG), fs::Permissions::from_mode(0o640)).expect("a mode");
    fs::set_permissions(path(other), fs::Permissions::from_mode(0o444)).expect("a mode");
    std::os::unix::fs::symlink("target.yaml", path("loose/link.yaml")).expect("a link");
    let run = kaslint(folder.path(), &["check", "--fix", "--format", "concise", ".", "loose/link.yaml"]);
    assert_eq!(run.code, 2);
    insta::assert_snapshot!(run.transcript());
    assert_eq!(fs::read(path(CONFIG)).expect("a file"), b"ci_access: {}\n");
    assert_eq!(fs::metadata(path(CONFIG)).expect("a file").permissions().mode() & 0o777, 0o640);
    assert_eq!(fs::read(path(other)).expect("a file"), BROKEN);
    assert_eq!(fs::read(path("loose/target.yaml")).expect("a file"), BROKEN);
    // Nothing is left beside them.
    for folder in [".gitlab/agents/prod", ".gitlab/agents/other"] {
        assert_eq!(fs::read_dir(path(folder)).expect("a folder").count(), 1);
    }
}

#[test]
fn ci_files_and_what_they_include_are_fixed_within_their_project() {
    let job = |case: &str| {
        format!(
            "{case}:\n  script:\n    - kubectl config use-context Acme/agents:prod # {case}\n    - kubectl get pods\n"
        )
    };
    let inventory = b"projects:\n  - {path: acme/agents, agents: [{name: prod}]}\n  - {path: acme/templates}\n  - {path: acme/web}\n";
    let main =
        format!("include:\n  - local: /ci/more.yml\n  - {{project: acme/templates, file: /jobs.yml}}\n{}", job("main"));
    let folder = folder_with(&[
        ("inventory.yaml", inventory),
        ("projects/acme/agents/.gitlab/agents/prod/config.yaml", b"ci_access: {projects: [{id: acme/web}]}\n"),
        ("projects/acme/templates/jobs.yml", job("template").as_bytes()),
        ("projects/acme/web/.gitlab-ci.yml", main.as_bytes()),
        ("projects/acme/web/ci/more.yml", job("more").as_bytes()),
    ]);
    let run = kaslint(folder.path(), &["check", "--inventory", "inventory.yaml", "--diff"]);
    assert_eq!(run.code, 1);
    kaslint(
        folder.path(),
        &["check", "--inventory", "inventory.yaml", "--fix", "projects/acme/agents", "projects/acme/web"],
    );
    let has_fixed =
        |path: &str| fs::read_to_string(folder.path().join(path)).expect("a file").contains("acme/agents:prod #");
    let state = ["web/.gitlab-ci.yml", "web/ci/more.yml", "templates/jobs.yml"].map(|path| {
        let path = format!("projects/acme/{path}");
        has_fixed(&path) && !fs::read_to_string(folder.path().join(path)).expect("a file").contains("Acme")
    });
    assert_eq!(state, [true, true, false], "{}", run.transcript());
    // A file that was named is the only one that is changed.
    write(folder.path(), "projects/acme/web/.gitlab-ci.yml", main.as_bytes());
    write(folder.path(), "projects/acme/web/ci/more.yml", job("more").as_bytes());
    kaslint(folder.path(), &["check", "--inventory", "inventory.yaml", "--fix", "projects/acme/web/.gitlab-ci.yml"]);
    assert!(has_fixed("projects/acme/web/.gitlab-ci.yml") && !has_fixed("projects/acme/web/ci/more.yml"));
}

#[cfg(unix)]
#[test]
fn owner_group_and_mode_are_kept() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
    let folder = folder_with(&[(CONFIG, BROKEN)]);
    let path = folder.path().join(CONFIG);
    // Only a superuser may; for anybody else the owner is the same in any case.
    let is_given_away = chown(&path, Some(12345), Some(54321)).is_ok();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o620)).expect("a mode");
    let before = fs::metadata(&path).expect("a file");
    assert_eq!(kaslint(folder.path(), &["check", "--fix"]).code, 0);
    let after = fs::metadata(&path).expect("a file");
    assert_eq!(fs::read(&path).expect("a file"), b"ci_access: {}\n");
    assert_eq!((after.uid(), after.gid(), after.mode()), (before.uid(), before.gid(), before.mode()));
    assert!(!is_given_away || after.uid() == 12345);
}

#[cfg(unix)]
#[test]
fn a_named_file_below_a_link_is_not_fixed() {
    let outside = folder_with(&[(CONFIG, BROKEN)]);
    let folder = folder_with(&[("sub/.git/HEAD", b"")]);
    std::os::unix::fs::symlink(outside.path(), folder.path().join("link")).expect("a link");
    std::os::unix::fs::symlink(outside.path(), folder.path().join("sub/link")).expect("a link");
    let here = kaslint(folder.path(), &["check", "--fix", "--format=concise", &format!("link/{CONFIG}")]);
    insta::assert_snapshot!(here.transcript());
    // From elsewhere, the repository tells.
    let from = folder_with(&[]);
    let path = folder.path().join("sub/link").join(CONFIG);
    let run = kaslint(from.path(), &["check", "--fix", &path.to_string_lossy()]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("sub/link is a symbolic link; name the file by the folder"), "{}", run.stderr);
    assert_eq!(fs::read(outside.path().join(CONFIG)).expect("a file"), BROKEN);
}

/// A superuser may write anywhere, so the run is another user's then.
#[cfg(unix)]
#[test]
fn a_folder_that_takes_no_files_is_said() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
    use std::os::unix::process::CommandExt as _;
    const NOBODY: u32 = 65534;
    let folder = folder_with(&[(CONFIG, BROKEN)]);
    let at = |path: &str| folder.path().join(path);
    let set = |path: &str, mode| fs::set_permissions(at(path), fs::Permissions::from_mode(mode)).expect("a mode");
    // Where the binary lies, that user may not come.
    let copy = folder.path().join("kaslint");
    fs::copy(env!("CARGO_BIN_EXE_kaslint"), &copy).expect("a copy");
    let mut command = std::process::Command::new(&copy);
    if fs::metadata(folder.path()).expect("a folder").uid() == 0 {
        for path in ["", CONFIG, ".gitlab/agents/prod"] {
            chown(at(path), Some(NOBODY), Some(NOBODY)).expect("another owner");
        }
        command.uid(NOBODY).gid(NOBODY);
    }
    set("", 0o755);
    set(".gitlab/agents/prod", 0o555);
    command.current_dir(folder.path()).args(["check", "--fix", "--format=concise", "--output=.gitlab/agents/prod/x"]);
    let output = command.output().expect("the binary runs");
    assert_eq!(
        (output.status.code(), &*String::from_utf8_lossy(&output.stderr)),
        (
            Some(2),
            "error: cannot fix .gitlab/agents/prod/config.yaml: no file can be written beside it (permission denied)\nerror: cannot write .gitlab/agents/prod/x: permission denied\n"
        )
    );
    set(".gitlab/agents/prod", 0o755);
    assert_eq!(fs::read(at(CONFIG)).expect("a file"), BROKEN);
    assert_eq!(fs::read_dir(at(".gitlab/agents/prod")).expect("a folder").count(), 1);
}

/// Somebody swaps the file, and its folder, for links while kaslint reads and writes.
#[cfg(unix)]
#[test]
fn links_that_are_swapped_in_lead_nowhere() {
    use std::os::unix::fs::symlink;
    use std::sync::atomic::{AtomicBool, Ordering};
    let outside = folder_with(&[("config.yaml", BROKEN)]);
    let folder = folder_with(&[(CONFIG, BROKEN), (".git/HEAD", b"")]);
    let [agent, aside] = [".gitlab/agents/prod", "aside"].map(|path| folder.path().join(path));
    let file = folder.path().join(CONFIG);
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                let _ = fs::rename(&agent, &aside);
                let _ = symlink(outside.path(), &agent);
                std::thread::sleep(std::time::Duration::from_millis(1));
                let _ = fs::remove_file(&agent);
                let _ = fs::rename(&aside, &agent);
                let _ = fs::write(&file, BROKEN);
                std::thread::sleep(std::time::Duration::from_millis(2));
                let _ = fs::remove_file(&file);
                let _ = symlink(outside.path().join("config.yaml"), &file);
                std::thread::sleep(std::time::Duration::from_millis(1));
                let _ = fs::remove_file(&file);
                let _ = fs::write(&file, BROKEN);
                std::thread::sleep(std::time::Duration::from_millis(2));
            }
        });
        for _ in 0..100 {
            kaslint(folder.path(), &["check", "--fix"]);
        }
        is_over.store(true, Ordering::Relaxed);
    });
    assert_eq!(fs::read(outside.path().join("config.yaml")).expect("a file"), BROKEN);
    assert_eq!(fs::read_dir(outside.path()).expect("a folder").count(), 1);
}
