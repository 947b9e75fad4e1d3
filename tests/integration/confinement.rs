//! What a repository cannot have kaslint do: read outside of it, pass over what git tracks, start programs, wait.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use kaslint::project::files::{Content, Disk, FileSource, Folder, Kind, Memory, Overlay, Texts, Walk, Walked};
use kaslint::project::{Loader, Neighbours, Options, Project, Request, Scope, Snapshot, Steps, Surroundings};
use kaslint::source::Source;

use crate::common::{CONFIG, Run, command, folder_with, kaslint, kaslint_in, write};

const SECRET: &str = "quillfeather";

/// A repository with an agent in a folder that holds a secret beside it.
fn repository(files: &[(&str, &str)]) -> (tempfile::TempDir, PathBuf) {
    let agent = format!("ci_access: {{projects: [{{id: acme/{SECRET}}}]}}\n{SECRET}: 1\n");
    let folder = folder_with(&[
        ("home/.netrc", format!("machine x password {SECRET}\n").as_bytes()),
        ("out/.gitlab/agents/lab/config.yaml", agent.as_bytes()),
        ("out/.gitlab-ci.yml", format!("{SECRET}: {{script: [kubectl config use-context a/b:{SECRET}]}}\n").as_bytes()),
        (&format!("repository/{CONFIG}"), b"ci_access: {}\n"),
        ("repository/.git/HEAD", b"ref: refs/heads/main\n"),
    ]);
    let repository = folder.path().join("repository");
    files.iter().for_each(|(path, text)| drop(write(&repository, path, text.as_bytes())));
    (folder, repository)
}

fn told(folder: &Path, arguments: &[&str]) -> Run {
    let run = kaslint_in(folder, arguments, &[("KASLINT_TEST_SECRET", SECRET)]);
    assert!(!format!("{}{}", run.stdout, run.stderr).contains(SECRET), "{arguments:?}: {}{}", run.stdout, run.stderr);
    run
}

/// The lines of a concise report that stand for findings.
fn findings(run: &Run) -> Vec<&str> {
    run.stdout.lines().filter(|line| line.contains("[")).collect()
}

#[cfg(unix)]
fn link(target: &str, folder: &Path, path: &str) {
    let path = folder.join(path);
    std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
    std::os::unix::fs::symlink(target, path).expect("a link");
}

#[cfg(unix)]
fn pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().expect("mkfifo").success());
}

fn git(folder: &Path, arguments: &[&str]) {
    let output = Command::new("git").arg("-C").arg(folder).args(arguments).output().expect("git");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn what_settings_name_outside_is_neither_read_nor_shown() {
    const REFUSED: &str = "outside of the working directory; name it on the command line, or allow its folder with `--allow-outside DIR`\n";
    for (setting, leads_to) in [
        ("inventory: /proc/self/environ", "`inventory` in .kaslint.yaml leads to /proc/self/environ"),
        ("inventory: ../home/.netrc", "`inventory` in .kaslint.yaml leads to ../home/.netrc"),
        ("inventory: link", "`inventory` in .kaslint.yaml leads to link"),
        ("schemas: [/proc/self/environ]", "`schemas` in .kaslint.yaml leads to /proc/self/environ"),
        ("schemas: [../home/.netrc]", "`schemas` in .kaslint.yaml leads to ../home/.netrc"),
        ("schemas: [link]", "`schemas` in .kaslint.yaml leads to link"),
        ("inventory: names.yaml", "`repository` of `acme/x` in names.yaml leads to ../out"),
        ("inventory: names-link.yaml", "`repository` of `acme/x` in names-link.yaml leads to linked"),
    ] {
        let (_folder, repository) = repository(&[
            (".kaslint.yaml", &format!("{setting}\n")),
            ("names.yaml", "projects: [{path: acme/x, repository: ../out}]\n"),
            ("names-link.yaml", "projects: [{path: acme/x, repository: linked}]\n"),
        ]);
        #[cfg(unix)]
        link("../home/.netrc", &repository, "link");
        #[cfg(unix)]
        link("../out", &repository, "linked");
        for arguments in [&["check"][..], &["access"], &["check", "--fix"], &["access", "--jobs"]] {
            let run = told(&repository, arguments);
            assert_eq!((run.code, run.stderr), (2, format!("error: {leads_to}, {REFUSED}")), "{arguments:?}");
            assert_eq!(run.stdout, "");
        }
    }
}

#[cfg(unix)]
#[test]
fn links_in_place_of_files_of_kaslints_own_lead_nowhere_outside() {
    let (_folder, repository) = repository(&[]);
    link("../home/.netrc", &repository, ".kaslint.yaml");
    let run = told(&repository, &["check"]);
    assert_eq!(
        (run.code, &*run.stderr),
        (
            2,
            "error: the settings file .kaslint.yaml leads outside of the repository; name it with `--settings`, or allow its folder with `--allow-outside DIR`\n"
        )
    );
    std::fs::remove_file(repository.join(".kaslint.yaml")).expect("gone");
    link("kept/settings.yaml", &repository, ".kaslint.yaml");
    write(&repository, "kept/settings.yaml", b"rules: {unknown-key: off}\n");
    write(&repository, CONFIG, b"foo: 1\n");
    assert_eq!(told(&repository, &["check"]).code, 0, "a link may lead elsewhere in the repository");
}

#[cfg(unix)]
#[test]
fn the_folder_of_a_listed_project_that_is_a_link_lies_where_it_leads() {
    let inventory = "projects: [{path: acme/x}, {path: acme/y}]\n";
    let (_folder, repository) =
        repository(&[(".kaslint.yaml", "inventory: inventory.yaml\n"), ("inventory.yaml", inventory)]);
    link("../../../out", &repository, "projects/acme/x");
    for arguments in [&["check"][..], &["access"], &["inventory", "check", "inventory.yaml"]] {
        let run = told(&repository, arguments);
        assert_eq!(
            (run.code, &*run.stderr),
            (
                2,
                "error: the folder projects/acme/x of `acme/x`, which inventory.yaml lists, leads outside of what this may name; allow the folder that it leads to with `--allow-outside DIR`\n"
            )
        );
    }
    let allowed = kaslint(&repository, &["check", "--allow-outside", "../out", "--format", "concise"]);
    assert!(allowed.stdout.contains("projects/acme/x/.gitlab/agents/lab/config.yaml:2:1"), "{}", allowed.stdout);
    std::fs::remove_file(repository.join("projects/acme/x")).expect("gone");
    link("../../within", &repository, "projects/acme/x");
    write(&repository, "within/.gitlab/agents/in/config.yaml", b"foo: 1\n");
    assert!(told(&repository, &["check", "--format", "concise"]).stdout.contains("`foo`"));
}

#[cfg(unix)]
#[test]
fn an_include_of_a_listed_project_that_lies_outside_is_not_read() {
    let inventory = "projects: [{path: acme/x}, {path: acme/y, repository: .}]\n";
    let ci = "include: [{project: acme/x, file: .gitlab-ci.yml}]\nj: {script: [x]}\n";
    let (folder, repository) = repository(&[("inventory.yaml", inventory), (".gitlab-ci.yml", ci)]);
    link("../../../out", &repository, "projects/acme/x");
    std::fs::remove_dir_all(folder.path().join("out/.gitlab")).expect("gone");
    told(&repository, &["check", ".gitlab-ci.yml", "--inventory", "inventory.yaml"]);
    told(&repository, &["access", ".", "--jobs", "--inventory", "inventory.yaml"]);
}

#[cfg(unix)]
#[test]
fn links_of_agent_and_ci_files_are_findings_and_are_not_followed() {
    let outside = "../out/.gitlab";
    for (path, target, expected) in [
        (
            ".gitlab",
            outside,
            "error[unread-file] `.gitlab` is a symbolic link, which GitLab does not follow: it finds no agent configuration behind it, in `../out/.gitlab`",
        ),
        (
            ".gitlab/agents",
            "../../out/.gitlab/agents",
            "error[unread-file] `agents` is a symbolic link, which GitLab does not follow: it finds no agent configuration behind it, in `../../out/.gitlab/agents`",
        ),
        (
            ".gitlab/agents/prod",
            "../../../out/.gitlab/agents/lab",
            "error[unread-file] `prod` is a symbolic link, which GitLab does not follow: it finds no agent configuration behind it, in `../../../out/.gitlab/agents/lab`",
        ),
        (
            CONFIG,
            "../../../../out/.gitlab/agents/lab/config.yaml",
            "error[unread-file] `config.yaml` is a symbolic link, which GitLab does not follow: it reads the path `../../../../out/.gitlab/agents/lab/config.yaml` as if it were the configuration",
        ),
        (
            ".gitlab-ci.yml",
            "../out/.gitlab-ci.yml",
            "warning[invalid-ci-file] `.gitlab-ci.yml` is a symbolic link, and is not read",
        ),
    ] {
        let (_folder, repository) = repository(&[]);
        let place = repository.join(path);
        match place.is_dir() {
            true => std::fs::remove_dir_all(&place).expect("gone"),
            false => drop(std::fs::remove_file(&place)),
        }
        link(target, &repository, path);
        let run = told(&repository, &["check", "--format", "concise"]);
        assert_eq!((run.code, findings(&run)), (1, vec![&*format!("{path}:1:1: {expected}")]));
        told(&repository, &["access", "--jobs"]);
    }
}

#[cfg(unix)]
#[test]
fn includes_behind_links_are_findings_and_are_not_followed() {
    let ci = "include: [out/.gitlab-ci.yml, ci/a.yml, b.yml]\nj: {script: [x]}\n";
    let (_folder, repository) = repository(&[(".gitlab-ci.yml", ci), ("kept/a.yml", "k: {script: [x]}\n")]);
    link("../out", &repository, "out");
    link("kept", &repository, "ci");
    link("kept/a.yml", &repository, "b.yml");
    let run = told(&repository, &["check", "--format", "concise"]);
    assert_eq!(
        findings(&run),
        [
            ".gitlab-ci.yml:1:11: warning[invalid-ci-file] `out/.gitlab-ci.yml` is behind a symbolic link, and is not read",
            ".gitlab-ci.yml:1:31: warning[invalid-ci-file] `ci/a.yml` is behind a symbolic link, and is not read",
            ".gitlab-ci.yml:1:41: warning[invalid-ci-file] `b.yml` is a symbolic link, and is not read",
        ]
    );
}

#[cfg(unix)]
#[test]
fn a_link_that_hides_no_agents_is_none_of_kaslints_business() {
    let (_folder, repository) = repository(&[("shared/README.md", "x"), ("templates/bug.md", "x")]);
    link("../../shared", &repository, ".gitlab/agents/shared");
    link("../../shared/README.md", &repository, ".gitlab/agents/README.md");
    link("../templates", &repository, ".gitlab/issue_templates");
    link("../.gitlab", &repository, "package/.gitlab");
    let run = told(&repository, &["check", "--format", "concise"]);
    assert_eq!(findings(&run), [""; 0]);
}

/// A folder with ignored folders of which git tracks some.
fn with_ignored_folders() -> tempfile::TempDir {
    let agent =
        |path: &str| (format!("{path}/.gitlab/agents/x/config.yaml"), format!("{}: 1\n", path.replace('/', "-")));
    let agents: Vec<_> =
        ["ignored", "tracked", "taken-back", "tracked/inner", "excluded", "below/anchored"].map(agent).into();
    let agents: Vec<(&str, &[u8])> = agents.iter().map(|(path, text)| (&**path, text.as_bytes())).collect();
    let folder = folder_with(&agents);
    write(folder.path(), ".gitignore", b"*.yaml\n*.yml\n/ignored/\ntracked\ntaken-back\n!taken-back\n");
    write(folder.path(), "below/.gitignore", b"/anchored\n");
    git(folder.path(), &["init", "--quiet"]);
    write(folder.path(), ".git/info/exclude", b"excluded/\n");
    git(folder.path(), &["add", "--force", "tracked/.gitlab/agents/x/config.yaml"]);
    folder
}

/// The keys of the agent configurations that were looked at, each of which is unknown.
fn keys(run: &Run) -> Vec<&str> {
    let unknown = |line: &&str| line.contains("[unknown-key]");
    run.stdout.lines().filter(unknown).filter_map(|line| line.split('`').nth(1)).collect()
}

#[test]
fn an_ignored_folder_is_passed_over_only_where_git_tracks_nothing_in_it() {
    let folder = with_ignored_folders();
    let check = || kaslint(folder.path(), &["check", "--format", "concise", "--select", "unknown-key"]);
    assert_eq!(keys(&check()), ["taken-back", "tracked"]);
    // Files that git does not know change nothing.
    write(folder.path(), ".ignore", b"*\n");
    write(folder.path(), ".rgignore", b"*\n");
    assert_eq!(keys(&check()), ["taken-back", "tracked"]);
    git(folder.path(), &["add", "--force", "."]);
    assert_eq!(keys(&check()).len(), 6);
}

#[test]
fn where_git_does_not_say_what_it_tracks_nothing_is_passed_over() {
    let folder = with_ignored_folders();
    let run = kaslint_in(folder.path(), &["check", "--format", "concise"], &[("PATH", "/nowhere")]);
    assert_eq!(keys(&run).len(), 6, "no git");
    std::fs::write(folder.path().join(".git/index"), "this is no index").expect("an index");
    assert_eq!(
        keys(&kaslint(folder.path(), &["check", "--format", "concise"])).len(),
        6,
        "an index that git cannot read"
    );
}

#[test]
fn what_a_hook_says_to_git_of_its_repository_counts_for_no_other() {
    let folder = with_ignored_folders();
    let variables = [("GIT_DIR", "/nowhere/.git"), ("GIT_INDEX_FILE", "/nowhere/index"), ("GIT_WORK_TREE", "/nowhere")];
    let run = kaslint_in(folder.path(), &["check", "--format", "concise"], &variables);
    assert_eq!(keys(&run), ["taken-back", "tracked"]);
}

#[cfg(unix)]
#[test]
fn what_a_repository_says_to_git_starts_no_program() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = with_ignored_folders();
    let (program, mark) = (folder.path().join(".git/program"), folder.path().join(".git/mark"));
    std::fs::write(&program, format!("#!/bin/sh\ntouch '{}'\n", mark.display())).expect("a program");
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).expect("a mode");
    let program = program.display().to_string();
    for key in ["core.fsmonitor", "core.pager", "core.sshCommand", "core.editor"] {
        git(folder.path(), &["config", key, &program]);
    }
    git(folder.path(), &["config", "core.hooksPath", ".git"]);
    // A repository that says so has git start the program; were it not so, this would show nothing.
    git(folder.path(), &["ls-files"]);
    assert!(mark.exists(), "git starts it");
    std::fs::remove_file(&mark).expect("gone");
    assert_eq!(keys(&kaslint(folder.path(), &["check", "--format", "concise"])), ["taken-back", "tracked"]);
    assert!(!mark.exists());
}

#[cfg(unix)]
#[test]
fn ignore_files_that_are_none_are_not_waited_for() {
    let folder = with_ignored_folders();
    std::fs::remove_file(folder.path().join(".gitignore")).expect("gone");
    std::fs::remove_file(folder.path().join("below/.gitignore")).expect("gone");
    pipe(&folder.path().join(".gitignore"));
    link("/dev/zero", folder.path(), "below/.gitignore");
    assert_eq!(keys(&kaslint(folder.path(), &["check", "--format", "concise"])).len(), 5);
}

#[test]
fn ten_thousand_ignore_files_cost_in_proportion() {
    let folder = with_ignored_folders();
    for number in 0..10_000 {
        write(folder.path(), &format!("many/{number}/.gitignore"), b"build/\n*.tmp\n!kept\n");
        std::fs::create_dir(folder.path().join(format!("many/{number}/build"))).expect("a folder");
    }
    assert_eq!(keys(&kaslint(folder.path(), &["check", "--format", "concise"])), ["taken-back", "tracked"]);
}

/// What lies in place of a file, by its name.
#[cfg(unix)]
fn in_place(folder: &Path) -> (std::os::unix::net::UnixListener, [(&'static str, &'static str); 5]) {
    pipe(&folder.join("pipe"));
    std::fs::create_dir(folder.join("folder")).expect("a folder");
    link("/dev/zero", folder, "device");
    link("loop", folder, "loop");
    let socket = std::os::unix::net::UnixListener::bind(folder.join("socket")).expect("a socket");
    let names = [
        ("pipe", "is a named pipe"),
        ("folder", "is a directory"),
        ("device", "is a device"),
        ("socket", "is a socket"),
        ("loop", "Too many levels of symbolic links (os error 40)"),
    ];
    (socket, names)
}

#[cfg(target_os = "linux")]
#[test]
fn what_the_caller_names_and_is_no_file_ends_the_run_and_nothing_waits() {
    let (_folder, repository) = repository(&[]);
    let (_socket, names) = in_place(&repository);
    for (name, what) in names {
        for (option, kind) in
            [("--settings", "settings file"), ("--inventory", "inventory"), ("--baseline", "baseline")]
        {
            let run = told(&repository, &["check", option, name]);
            let expected = match name {
                "loop" => format!("error: cannot read the {kind} {name}: {what}\n"),
                _ => format!("error: the {kind} {name} {what}\n"),
            };
            assert_eq!((run.code, run.stderr), (2, expected));
        }
        let run = told(&repository, &["access", "--expect", name]);
        assert_eq!(run.code, 2, "{name}: {}", run.stdout);
        let run = told(&repository, &["check", name]);
        assert!(run.code > 0 || name == "folder", "{name}: {}", run.stdout);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn what_the_repository_names_and_is_no_file_ends_the_run_and_nothing_waits() {
    for (setting, kind) in [("inventory: ", "inventory"), ("schemas: ", "schema")] {
        let (_folder, repository) = repository(&[]);
        let (_socket, names) = in_place(&repository);
        for (name, what) in names {
            let value = if kind == "schema" { format!("[{name}]") } else { name.to_owned() };
            write(&repository, ".kaslint.yaml", format!("{setting}{value}\n").as_bytes());
            let run = told(&repository, &["check"]);
            // A link to a device leads outside.
            let expected = match name {
                "loop" => what.to_owned(),
                "device" => "outside of the working directory".to_owned(),
                _ => format!("error: the {kind} {name} {what}\n"),
            };
            assert!(run.code == 2 && run.stderr.contains(&expected), "{}", run.stderr);
        }
    }
    for name in ["pipe", "folder", "socket"] {
        let (_folder, repository) = repository(&[]);
        let (_socket, names) = in_place(&repository);
        std::fs::rename(repository.join(name), repository.join(".kaslint.yaml")).expect("moved");
        let run = told(&repository, &["check"]);
        let what = names.iter().find(|(of, _)| *of == name).expect("what").1;
        assert_eq!((run.code, run.stderr), (2, format!("error: the settings file .kaslint.yaml {what}\n")));
    }
}

#[cfg(unix)]
#[test]
fn what_may_not_be_read_is_named() {
    use std::os::unix::fs::PermissionsExt as _;
    if rustix::process::geteuid().is_root() {
        return;
    }
    let (_folder, repository) =
        repository(&[("sub/.gitlab/agents/x/config.yaml", "foo: 1\n"), (".gitlab-ci.yml", "j: {script: [x]}\n")]);
    let close = |path: &str| {
        std::fs::set_permissions(repository.join(path), std::fs::Permissions::from_mode(0o000)).expect("a mode");
    };
    close(".gitlab-ci.yml");
    assert!(told(&repository, &["check"]).stdout.contains("`.gitlab-ci.yml` is not readable"));
    // What an inventory lists is looked at by itself.
    write(&repository, "listed/inventory.yaml", b"projects: [{path: acme/x}]\n");
    write(&repository, "listed/projects/acme/x/.gitlab/agents/x/config.yaml", b"foo: 1\n");
    close("listed/projects/acme/x/.gitlab/agents/x");
    let run = told(&repository, &["access", "--inventory", "listed/inventory.yaml"]);
    assert!(run.code == 2 && run.stderr.contains("agents/x: permission denied"), "{}", run.stderr);
    close("sub");
    close(CONFIG);
    let run = told(&repository, &["check"]);
    assert_eq!(run.code, 2);
    for path in ["sub", CONFIG] {
        assert!(run.stderr.contains(&format!("{path}: permission denied")), "{}", run.stderr);
    }
    std::fs::set_permissions(repository.join("sub"), std::fs::Permissions::from_mode(0o755)).expect("a mode");
}

/// A tree in which files are listed that are gone when they are read.
struct Vanishing {
    listed: Memory,
    left: Memory,
}

impl FileSource for Vanishing {
    fn kind(&self, path: &Path) -> std::io::Result<Kind> {
        self.listed.kind(path)
    }

    fn link_target(&self, path: &Path) -> std::io::Result<PathBuf> {
        self.listed.link_target(path)
    }

    fn real(&self, path: &Path) -> std::io::Result<PathBuf> {
        self.listed.real(path)
    }

    fn read(&self, path: &Path, limit: u64) -> std::io::Result<Content> {
        self.left.read(path, limit)
    }

    fn hold(&self, folder: &Path, real: &Path) -> std::io::Result<Folder> {
        self.listed.hold(folder, real)
    }

    fn read_at(&self, folder: &Folder, below: &Path, path: &Path, limit: u64) -> std::io::Result<Content> {
        self.left.read_at(folder, below, path, limit)
    }

    fn walk(&self, walk: &Walk<'_>) -> Walked {
        self.listed.walk(walk)
    }

    fn remote(&self, repository: &Path) -> Option<String> {
        self.listed.remote(repository)
    }
}

fn load(files: &dyn FileSource, folder: &str) -> Snapshot {
    let (options, surroundings) = (Options::default(), Surroundings::default());
    let loader = Loader::new(files, &options, &surroundings, kaslint::rules::TABLE).expect("a loader");
    loader.load(&Request {
        scope: Scope::Paths(&[folder.into()]),
        neighbours: Neighbours::Always,
        with_ci_files: true,
        steps: &Steps::default(),
        before: None,
    })
}

#[test]
fn a_file_that_is_gone_when_it_is_read_is_named_and_the_others_are_read() {
    let mut left = Memory::default();
    left.repository("/r", None).write("/r/.gitlab/agents/here/config.yaml", "ci_access: {}\n");
    let mut listed = left.clone();
    listed.write("/r/.gitlab/agents/gone/config.yaml", "").write("/r/.gitlab-ci.yml", "");
    let snapshot = load(&Vanishing { listed, left }, "/r");
    let [project] = &snapshot.projects[..] else { panic!("{:?}", snapshot.projects) };
    assert_eq!(project.inputs.len(), 1);
    assert_eq!(snapshot.errors.len(), 1);
    assert!(snapshot.errors[0].starts_with("cannot read /r/.gitlab/agents/gone/config.yaml"), "{:?}", snapshot.errors);
    assert_eq!(project.pipeline.as_ref().map(|pipeline| pipeline.problems.len()), Some(1));
}

#[test]
fn the_top_of_the_file_system_may_be_a_repository() {
    let mut tree = Memory::default();
    tree.repository("/", Some("https://gitlab.example.com/acme/agents.git"));
    tree.write("/.gitlab/agents/prod/config.yaml", "ci_access: {}\n")
        .write("/.kaslint.yaml", "inventory: i/inventory.yaml\n");
    tree.write("/i/inventory.yaml", "projects: [{path: acme/x}]\n")
        .write("/i/projects/acme/x/.gitlab-ci.yml", "j: {script: [x]}\n");
    let snapshot = load(&tree, "/");
    assert!(
        snapshot.errors.is_empty() && snapshot.unusable.is_empty(),
        "{:?} {:?}",
        snapshot.errors,
        snapshot.unusable
    );
    let folders: Vec<&Path> = snapshot.projects.iter().map(|project| &*project.folder).collect();
    assert_eq!(folders, [Path::new("/"), Path::new("/i/projects/acme/x")]);
}

/// Somebody swaps paths for links to what lies outside and back, all the time. What is read then hangs on the moment; what lies outside
/// never is, and it is never written.
#[cfg(unix)]
#[test]
fn a_path_that_is_swapped_for_a_link_meanwhile_leads_nowhere() {
    use std::sync::atomic::{AtomicBool, Ordering};
    let inventory = "projects: [{path: acme/x, repository: x}]\n";
    let (folder, repository) = repository(&[
        (CONFIG, "flux: {}\nci_access: {}\n"),
        (".gitlab-ci.yml", "j: {script: [x]}\n"),
        (".kaslint.yaml", "inventory: inventory.yaml\n"),
        ("inventory.yaml", inventory),
        ("x/.gitlab/agents/in/config.yaml", "ci_access: {}\n"),
    ]);
    let secret = format!("flux: {{}}\n{SECRET}: 1\n");
    for path in ["out/config.yaml", "out/lab/config.yaml", "out/inventory.yaml", "out/.kaslint.yaml"] {
        write(folder.path(), path, secret.as_bytes());
    }
    let outside = folder.path().join("out");
    let places = [
        (CONFIG, "config.yaml"),
        (".gitlab/agents/prod", "lab"),
        (".gitlab", ".gitlab"),
        (".gitlab-ci.yml", ".gitlab-ci.yml"),
    ];
    let places =
        places.into_iter().chain([(".kaslint.yaml", ".kaslint.yaml"), ("inventory.yaml", "inventory.yaml"), ("x", "")]);
    let places: Vec<(PathBuf, PathBuf)> =
        places.map(|(path, target)| (repository.join(path), outside.join(target))).collect();
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let pause = || std::thread::sleep(std::time::Duration::from_micros(200));
            for (path, target) in places.iter().cycle().take_while(|_| !is_over.load(Ordering::Relaxed)) {
                let aside = path.with_extension("aside");
                std::fs::rename(path, &aside).expect("moved aside");
                std::os::unix::fs::symlink(target, path).expect("a link");
                pause();
                std::fs::remove_file(path).expect("the link is gone");
                std::fs::rename(&aside, path).expect("moved back");
                pause();
            }
        });
        let outcome = std::panic::catch_unwind(|| {
            for _ in 0..12 {
                for arguments in [&["check"][..], &["check", "--fix", "--unsafe"], &["access", "--jobs"]] {
                    let run = told(&repository, arguments);
                    assert!((0..=2).contains(&run.code), "{}", run.stderr);
                }
            }
        });
        is_over.store(true, Ordering::Relaxed);
        if let Err(panic) = outcome {
            std::panic::resume_unwind(panic);
        }
    });
    for path in ["config.yaml", "lab/config.yaml", "inventory.yaml", ".kaslint.yaml"] {
        assert_eq!(std::fs::read_to_string(outside.join(path)).expect("the file"), secret, "{path}");
    }
}

#[test]
fn what_is_no_baseline_is_not_shown() {
    let (_folder, repository) = repository(&[("text.json", &format!("\"{SECRET}\"\n"))]);
    let run = told(&repository, &["check", "--baseline", "text.json"]);
    assert_eq!((run.code, &*run.stderr), (2, "error: cannot use text.json: it is no baseline (line 1, column 14)\n"));
}

/// Standard input of the shell is a pipe that has a path, and so has what `<(…)` gives.
#[cfg(target_os = "linux")]
#[test]
fn a_pipe_that_the_caller_names_is_refused_at_once() {
    let (_folder, repository) = repository(&[]);
    let mut child = command(&repository, &["check", "--inventory", "/dev/stdin"])
        .stdin(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .spawn()
        .expect("the binary runs");
    // Nobody writes into it, and it stays open.
    let held = child.stdin.take();
    let output = child.wait_with_output().expect("the binary ends");
    drop(held);
    assert_eq!(String::from_utf8_lossy(&output.stderr), "error: the inventory /dev/stdin is a named pipe\n");
}

/// The disk, on which each path is looked at by itself.
struct OneByOne;

impl FileSource for OneByOne {
    fn kind(&self, path: &Path) -> std::io::Result<Kind> {
        Disk.kind(path)
    }

    fn link_target(&self, path: &Path) -> std::io::Result<PathBuf> {
        Disk.link_target(path)
    }

    fn real(&self, path: &Path) -> std::io::Result<PathBuf> {
        Disk.real(path)
    }

    fn read(&self, path: &Path, limit: u64) -> std::io::Result<Content> {
        Disk.read(path, limit)
    }

    fn hold(&self, folder: &Path, real: &Path) -> std::io::Result<Folder> {
        Disk.hold(folder, real)
    }

    fn read_at(&self, folder: &Folder, below: &Path, path: &Path, limit: u64) -> std::io::Result<Content> {
        Disk.read_at(folder, below, path, limit)
    }

    fn walk(&self, walk: &Walk<'_>) -> Walked {
        Disk.walk(walk)
    }

    fn remote(&self, repository: &Path) -> Option<String> {
        Disk.remote(repository)
    }
}

/// Projects of an inventory that are found by a look at the folder around them are those that are found one by one: links and all, and those
/// that only an editor has.
#[cfg(unix)]
#[test]
fn projects_that_lie_beside_each_other_are_found_as_one_by_one() {
    let mut inventory = "projects:\n".to_owned();
    for number in 0..12 {
        inventory.push_str(&format!("  - {{path: acme/p{number}}}\n  - {{path: acme/sub/deep/p{number}}}\n"));
    }
    for path in ["in", "out", "top", "within", "Other", "nothing", "ci", "shown", "file", "gone", "sub/x"] {
        inventory.push_str(&format!("  - {{path: acme/{path}, ci_config_path: ci/main.yml}}\n"));
    }
    for (path, repository) in
        [("a", "."), ("b", "./x//y"), ("c", "x/../x/y/"), ("d", "away/to"), ("e", "x/y"), ("f", "")]
    {
        inventory.push_str(&format!("  - {{path: named/{path}, repository: \"{repository}\"}}\n"));
    }
    let (folder, repository) = repository(&[
        (".kaslint.yaml", "inventory: inventory.yaml\n"),
        ("inventory.yaml", &inventory),
        ("projects/acme/p3/.gitlab/agents/a/config.yaml", "ci_access: {}\n"),
        ("projects/acme/p4/.gitlab-ci.yml", "j: {script: [x]}\n"),
        ("projects/acme/p5/README.md", ""),
        ("projects/acme/sub/deep/p1/.gitlab/agents/b/config.yaml", "ci_access: {}\n"),
        ("projects/acme/other/.gitlab/agents/c/config.yaml", "ci_access: {}\n"),
        ("projects/acme/ci/ci/main.yml", "j: {script: [x]}\n"),
        ("projects/acme/file", ""),
        ("within/.gitlab/agents/in/config.yaml", "ci_access: {}\n"),
        ("x/y/.gitlab/agents/d/config.yaml", "ci_access: {}\n"),
    ]);
    for (target, path) in [
        ("../../../out", "projects/acme/out"),
        ("../..", "projects/acme/top"),
        ("../../within", "projects/acme/within"),
        ("p3", "projects/acme/in"),
        ("nowhere", "projects/acme/gone"),
        ("../within", "away/to"),
        ("../p4", "projects/acme/sub/x"),
    ] {
        link(target, &repository, path);
    }
    let shown = repository.join("projects/acme/shown/.gitlab/agents/e/config.yaml");
    let source = Source::new(shown.to_str().expect("a path"), "ci_access: {}\n");
    let texts: Texts = [(source.path().to_owned(), Arc::new(source))].into();
    let allowed = [folder.path().join("out")];
    for options in [Options::default(), Options { allow_outside: allowed.to_vec(), ..Options::default() }] {
        for texts in [Texts::new(), texts.clone()] {
            let found = [&Disk as &dyn FileSource, &OneByOne].map(|files| {
                let (files, surroundings) = (Overlay::new(files, &texts), Surroundings::default());
                let loader = Loader::new(&files, &options, &surroundings, kaslint::rules::TABLE).expect("a loader");
                let snapshot = loader.load(&Request {
                    scope: Scope::Folder(&repository, &[]),
                    neighbours: Neighbours::Always,
                    with_ci_files: true,
                    steps: &Steps::default(),
                    before: None,
                });
                let project = |project: &Arc<Project>| {
                    let path = project.context.project.as_ref().map(ToString::to_string);
                    let files: Vec<String> = project.files().into_iter().map(str::to_owned).collect();
                    format!("{} {path:?} {files:?}", project.folder.display())
                };
                let unusable = snapshot.unusable.iter().map(|unusable| unusable.message.clone());
                let all: Vec<String> = snapshot.projects.iter().map(project).chain(unusable).collect();
                (all, snapshot.errors)
            });
            assert!(found[0].0.len() > 6, "{found:#?}");
            assert_eq!(found[0], found[1]);
        }
    }
}
