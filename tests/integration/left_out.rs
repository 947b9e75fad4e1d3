//! What settings, comments and baselines keep out of a report, which the report says, and `--isolated`, which takes none of it.

use serde_json::Value as Json;

use crate::common::{CONFIG, Run, folder_with, kaslint, write};

/// A configuration that GitLab refuses.
const REFUSED: &[u8] = b"ci_access:\n  project:\n    - id: acme/web/shop\n";

/// The same with a comment that hides why.
const HIDDEN: &[u8] =
    b"ci_access:\n  # kaslint: ignore[unknown-key] the platform team knows\n  project:\n    - id: acme/web/shop\n";

type Files<'f> = &'f [(&'f str, &'f [u8])];

const DEV: &str = ".gitlab/agents/dev-a/config.yaml";
const EXAMPLE: &str = "examples/.gitlab/agents/x/config.yaml";

/// Everything that leaves something out, at once.
const ALL: Files<'static> = &[
    (CONFIG, HIDDEN),
    (DEV, REFUSED),
    (".gitlab/agents/test/config.yaml", REFUSED),
    (".gitlab/agents/demo/config.yaml", REFUSED),
    (EXAMPLE, REFUSED),
    (
        ".kaslint.yaml",
        b"rules: {wrong-type: off}
exclude: [examples/**]
per-path:
  - path: .gitlab/agents/dev-*/**
    rules: {unknown-key: note}
    reason: development
  - path: .gitlab/agents/demo
    rules: {unknown-key: off}
    reason: a demonstration
ignore:
  - {rule: unknown-key, path: .gitlab/agents/test/*, reason: mended next week}
",
    ),
];

fn check(files: Files<'_>, arguments: &[&str]) -> Run {
    kaslint(folder_with(files).path(), &[&["check"], arguments].concat())
}

/// The findings of a report, each as `path: severity rule`.
fn findings(run: &Run) -> Vec<String> {
    let report = run.json();
    let text = |finding: &Json, key: &str| finding[key].as_str().expect("a text").to_owned();
    let told = |finding: &Json| {
        let agent = text(finding, "path").replace(".gitlab/agents/", "").replace("/config.yaml", "");
        format!("{agent}: {} {}", text(finding, "severity"), text(finding, "rule"))
    };
    report["findings"].as_array().expect("findings").iter().map(told).collect()
}

fn concise(files: Files<'_>, arguments: &[&str]) -> String {
    let run = check(files, &[&["--format", "concise", "--project", "acme/agents"], arguments].concat());
    let lines = run.stdout.lines().filter(|line| !line.starts_with("Not checked") && !line.contains("fixable"));
    lines.map(|line| format!("{line}\n")).collect()
}

#[test]
fn a_report_says_what_was_kept_out_of_it() {
    let mut transcript = String::new();
    for format in ["human", "concise", "markdown", "github"] {
        transcript.push_str(&format!("# {format}\n{}", check(ALL, &["--format", format]).transcript()));
    }
    transcript.push_str(&format!("# --verbose\n{}", check(ALL, &["--verbose", "--format", "concise"]).stderr));
    insta::assert_snapshot!(transcript);
}

#[test]
fn programs_get_counts_and_names() {
    let folder = folder_with(ALL);
    kaslint(folder.path(), &["check", "--write-baseline", "baseline.json"]);
    let report = kaslint(folder.path(), &["check", "--baseline", "baseline.json", "--format", "json"]).json();
    let count = |key: &str| report["summary"][key].as_u64().expect("a number");
    assert_eq!(["ignored", "in_baseline", "rules_off", "files_excluded", "lowered"].map(count), [2, 1, 2, 1, 0]);
    let off =
        |rule: &str, all: bool| serde_json::json!({ "rule": rule, "settings": ".kaslint.yaml", "in_all_files": all });
    assert_eq!(report["rules_off"], serde_json::json!([off("unknown-key", false), off("wrong-type", true)]));
    let report = check(ALL, &["--format", "json"]).json();
    assert_eq!(report["summary"]["lowered"], 1);
    assert_eq!([&report["findings"][0]["severity"], &report["findings"][0]["lowered_from"]], ["note", "error"]);
    let sarif = check(ALL, &["--format", "sarif"]).json();
    let notes =
        sarif["runs"][0]["invocations"][0]["toolConfigurationNotifications"].as_array().expect("a list").clone();
    let notes: Vec<String> =
        notes.iter().map(|note| note["message"]["text"].as_str().expect("text").to_owned()).collect();
    for told in ["Left out: 1 finding by comments, 1 by", "Rules turned off", "Severity lowered", "Excluded by"] {
        assert!(notes.iter().any(|note| note.starts_with(told)), "{told}: {notes:?}");
    }
}

#[test]
fn no_findings_is_never_all_that_is_said_where_something_was_hidden() {
    let settings = |text: &'static [u8]| [(CONFIG, REFUSED), (".kaslint.yaml", text)];
    let mut transcript = String::new();
    let calls: [(&str, Files<'_>); 6] = [
        ("comment", &[(CONFIG, HIDDEN)]),
        ("rules", &settings(b"rules: {unknown-key: off}\n")),
        ("per-path", &settings(b"per-path: [{path: '**', rules: {unknown-key: off}, reason: x}]\n")),
        ("exclude", &settings(b"exclude: ['*']\n")),
        ("ignore", &settings(b"ignore: [{rule: unknown-key, reason: x}]\n")),
        ("lowered", &settings(b"rules: {unknown-key: note}\n")),
    ];
    for (name, files) in calls {
        let run = check(files, &[]);
        assert_eq!(run.code, 0, "{name}");
        assert_eq!(check(files, &["--isolated"]).code, 1, "{name}");
        transcript.push_str(&format!("# {name}\n{}", concise(files, &[])));
        // Who asks for findings alone gets them alone, as with other linters.
        let quiet = check(files, &["--quiet", "--format", "concise"]).stdout;
        assert_eq!(quiet.lines().count(), usize::from(name == "lowered"), "{name}");
    }
    insta::assert_snapshot!(transcript);
}

#[test]
fn nothing_is_said_of_settings_that_keep_nothing_out() {
    let files: Files<'_> = &[
        (CONFIG, b"ci_access: {projects: [{id: acme/web/shop}]}\n"),
        (
            ".kaslint.yaml",
            b"rules: {agent-identity: off, unknown-key: note, null-value: error}\nexclude: [nowhere/**]\nper-path: [{path: nowhere, rules: {unknown-key: off}, reason: x}]\n",
        ),
    ];
    assert_eq!(concise(files, &[]), "No findings in 1 configuration.\n", "agent-identity is off anyway");
    // What the caller turns off is the caller's.
    let files: Files<'_> = &[(CONFIG, REFUSED), (".kaslint.yaml", b"rules: {unknown-key: off, wrong-type: off}\n")];
    assert_eq!(concise(files, &["--select", "null-value"]), "No findings in 1 configuration.\n");
    let ignored = concise(files, &["--ignore", "wrong-type"]);
    assert!(ignored.ends_with("Rules turned off by .kaslint.yaml: unknown-key.\n"), "{ignored}");
    assert!(concise(files, &["--select", "unknown-key"]).contains("error[unknown-key]"));
}

#[test]
fn long_lists_are_cut_and_many_settings_files_counted() {
    let folder = folder_with(&[]);
    for number in 0..20 {
        for file in [format!("p{number}/{CONFIG}"), format!("p{number}/x/{CONFIG}")] {
            write(folder.path(), &file, REFUSED);
        }
        write(
            folder.path(),
            &format!("p{number}/.kaslint.yaml"),
            b"exclude: [x]\nignore: [{rule: unknown-key, reason: r}]\n",
        );
    }
    let run = kaslint(folder.path(), &["check", "--format", "concise", "--project", "a"]);
    assert_eq!(run.code, 2, "one option is no word about twenty projects");
    let run = kaslint(folder.path(), &["check", "--format", "concise", "--ignore", "outside-hierarchy"]);
    let lines: Vec<&str> = run.stdout.lines().filter(|line| line.contains("settings files")).collect();
    assert_eq!(
        lines,
        [
            "Left out: 20 findings by 20 settings files.",
            "Excluded by 20 settings files: 20 files (p0/x/.gitlab/agents/prod/config.yaml, p1/x/.gitlab/agents/prod/config.yaml, p10/x/.gitlab/agents/prod/config.yaml and 17 more).",
        ]
    );
    let rules: Vec<String> = kaslint(folder.path(), &["rules"]).stdout.lines().map(str::to_owned).collect();
    let names = rules.iter().filter_map(|line| Some(format!("{}: off", line.split_whitespace().next()?)));
    let settings = format!("rules: {{{}}}\n", names.collect::<Vec<_>>().join(", "));
    let line = concise(&[(CONFIG, REFUSED), (".kaslint.yaml", settings.as_bytes())], &[]);
    assert!(line.lines().all(|line| line.len() < 250) && line.contains(" more.\n"), "{line}");
}

#[test]
fn excluded_files_are_not_looked_at_and_known_all_the_same() {
    let job = b"include: [{local: ci/deploy.yml}]\nshop:\n  script: [kubectl config use-context acme/agents:dev-a, kubectl get pods]\n";
    let include = b"deploy:\n  script: [kubectl config use-context acme/agents:gone, kubectl get pods]\n";
    let files = |exclude: &'static [u8]| -> Vec<(&'static str, &'static [u8])> {
        vec![
            (CONFIG, REFUSED),
            (DEV, b"ci_access: {projects: [{id: acme/agents}]}\n"),
            (".gitlab-ci.yml", job),
            ("ci/deploy.yml", include),
            (".kaslint.yaml", exclude),
            ("inventory.yaml", b"projects: [{path: acme/agents, repository: .}]\n"),
        ]
    };
    let found = |exclude: &'static [u8], arguments: &[&str]| {
        let common = ["--format", "json", "--inventory", "inventory.yaml", "--select", "unknown-key,unknown-context"];
        let run = check(&files(exclude), &[&common, arguments].concat());
        (findings(&run), run.json()["summary"]["files_excluded"].as_u64().expect("a number"))
    };
    let (key, context) = ("prod: error unknown-key", "ci/deploy.yml: error unknown-context");
    let all = [key, context].map(str::to_owned).to_vec();
    assert_eq!(found(b"{}\n", &[]), (all.clone(), 0));
    // An agent whose file is excluded is there for jobs.
    assert_eq!(found(b"exclude: [.gitlab/agents/dev-*/**]\n", &[]), (all.clone(), 1));
    assert_eq!(found(b"exclude: ['**/prod/config.yaml']\n", &[]), (vec![context.to_owned()], 1));
    assert_eq!(found(b"exclude: [ci/**]\n", &[]), (vec![key.to_owned()], 1));
    // What an excluded file includes is looked at.
    assert_eq!(found(b"exclude: [.gitlab-ci.yml]\n", &[]), (all.clone(), 1));
    assert_eq!(found(b"exclude: [prod, config.yaml, agents/**, Ci/**]\n", &[]), (all.clone(), 0));
    assert_eq!(found(b"exclude: [ci, .gitlab/, ./.gitlab-ci.yml]\n", &[]), (Vec::new(), 4));
    // What the caller names is looked at.
    assert_eq!(found(b"exclude: ['**']\n", &[CONFIG]).0, [key]);
    assert_eq!(found(b"exclude: ['**']\n", &[".", "ci/../.gitlab/agents/prod/config.yaml"]), (vec![key.to_owned()], 3));
    assert_eq!(found(b"exclude: ['**']\n", &["--isolated"]), (all, 0));
    // Rules that are off in what is included are told as well.
    let off = b"per-path: [{path: ci/**, rules: {unknown-context: off}, reason: x}]\n";
    let told = concise(&files(off), &["--inventory", "inventory.yaml"]);
    assert!(told.contains("Rules turned off by .kaslint.yaml: unknown-context (in some files).\n"), "{told}");
    assert!(!told.contains("[unknown-context]"), "{told}");
}

#[test]
fn patterns_start_from_the_folder_of_the_settings_file() {
    let folder = folder_with(&[
        (".git/HEAD", b""),
        (&format!("sub/{CONFIG}"), REFUSED),
        (&format!("sub/examples/{CONFIG}"), REFUSED),
    ]);
    for settings in [
        &b"exclude: [sub/examples]\nper-path: [{path: sub/.gitlab/**, rules: {unknown-key: note}, reason: x}]\n"[..],
        b"exclude: ['*/examples/**']\nignore: [{rule: unknown-key, path: 'sub/.gitlab/**', reason: x}]\n",
    ] {
        write(folder.path(), ".kaslint.yaml", settings);
        for (at, path) in [("", "."), ("sub", "."), ("", "sub"), ("sub", ".."), ("sub/examples", "..")] {
            let run = kaslint(&folder.path().join(at), &["check", "--format", "json", "--select", "unknown-key", path]);
            assert_eq!(run.code, 0, "{at} {path}: {}", run.stdout);
            assert_eq!(run.json()["summary"]["files_excluded"], 1, "{at} {path}: {}", run.stdout);
        }
    }
}

#[test]
fn levels_for_some_files_go_before_those_for_all() {
    let files = |settings: &'static [u8]| -> Vec<(&'static str, &'static [u8])> {
        vec![(CONFIG, REFUSED), (DEV, REFUSED), (".kaslint.yaml", settings)]
    };
    let found = |settings: &'static [u8], arguments: &[&str]| {
        let run = check(&files(settings), &[&["--format", "json", "--project", "acme/agents"], arguments].concat());
        (findings(&run), run.json()["rules_off"].as_array().expect("a list").len())
    };
    let (dev, prod) = ("dev-a: error unknown-key".to_owned(), "prod: error unknown-key".to_owned());
    let only_dev = b"rules: {unknown-key: off}\nper-path: [{path: .gitlab/agents/dev-*, rules: {unknown-key: error}, reason: x}]\n";
    assert_eq!(found(only_dev, &[]), (vec![dev.clone()], 1));
    assert_eq!(found(only_dev, &["--select", "unknown-key"]), (vec![dev.clone(), prod.clone()], 0));
    // Of several items the last counts.
    let twice = b"per-path:\n  - {path: '**', rules: {unknown-key: off}, reason: x}\n  - {path: '**/prod/**', rules: {unknown-key: error}, reason: z}\n";
    assert_eq!(found(twice, &[]), (vec![prod.clone()], 1));
    assert_eq!(found(twice, &["--select", "unknown-key"]), (vec![dev, prod], 0), "--select goes before `off`");
    assert_eq!(found(b"per-path: [{path: '**/dev-a/**', rules: {wrong-type: off}, reason: x}]\n", &[]).1, 1);
    assert_eq!(found(b"per-path: [{path: '**/dev-b/**', rules: {wrong-type: off}, reason: x}]\n", &[]).1, 0);
}

#[test]
fn what_is_off_or_excluded_is_not_said_to_be_ignored_in_vain() {
    let settings = b"per-path: [{path: .gitlab, rules: {unknown-key: off}, reason: x}]\nignore: [{rule: unknown-key, reason: x}]\n";
    let files: Files<'_> = &[(CONFIG, HIDDEN), (".kaslint.yaml", settings)];
    assert_eq!(findings(&check(files, &["--format", "json"])), [""; 0]);
    let excluded = |path: &str| {
        let settings = format!("exclude: [.gitlab]\nignore: [{{rule: unknown-key, path: '{path}', reason: x}}]\n");
        findings(&check(&[(CONFIG, HIDDEN), (".kaslint.yaml", settings.as_bytes())], &["--format", "json"]))
    };
    assert_eq!(excluded(".gitlab/**"), [""; 0], "it may hide something there");
    assert_eq!(excluded("other/**"), [".kaslint.yaml: warning unused-ignore"]);
    let off = b"rules: {unused-ignore: off}\nignore: [{rule: unknown-key, reason: x}]\n";
    assert_eq!(findings(&check(&[(CONFIG, b"{}\n"), (".kaslint.yaml", off)], &["--format", "json"])), [""; 0]);
}

#[test]
fn fixes_leave_excluded_files_alone() {
    let folder = folder_with(&[(CONFIG, REFUSED), (EXAMPLE, REFUSED), (".kaslint.yaml", b"exclude: [examples]\n")]);
    assert_eq!(kaslint(folder.path(), &["check", "--fix"]).code, 0);
    let read = |path: &str| std::fs::read(folder.path().join(path)).expect("a file");
    assert_eq!(read(EXAMPLE), REFUSED);
    assert_ne!(read(CONFIG), REFUSED);
}

#[test]
fn mistakes_in_exclude_and_per_path_end_the_run() {
    let settings = b"exclude: [/examples, ../x, '[a', '']\nper-path:\n  - {path: x, rules: {unknown-kye: off}}\n  - {rules: {unknown-key: fatal}, reason: x}\n  - {path: a/../../b, rules: {}, reason: x, why: y}\n";
    let run = check(&[(CONFIG, b"{}\n"), (".kaslint.yaml", settings)], &[]);
    assert_eq!(run.code, 2);
    insta::assert_snapshot!(run.transcript());
    for (text, told) in [
        ("exlude: []\n".to_owned(), "exclude"),
        ("per_path: []\n".to_owned(), "per-path"),
        (format!("exclude: [{}]\n", "a, ".repeat(1_001)), "`exclude` has 1001 items, and 1000 are allowed"),
        (format!("exclude: ['{}b{}']\n", "{a,".repeat(9), "}".repeat(9)), "nested too deep"),
        (format!("exclude: ['{}']\n", "?".repeat(2_000)), "2000 bytes, and 1024 are allowed"),
    ] {
        let run = check(&[(CONFIG, b"{}\n"), (".kaslint.yaml", text.as_bytes())], &[]);
        assert_eq!(run.code, 2, "{text}");
        assert!(run.stderr.contains(told), "{told}: {}", run.stderr);
    }
}

#[test]
fn an_isolated_run_takes_what_the_caller_names_and_nothing_else() {
    let folder = folder_with(ALL);
    let run = |arguments: &[&str]| kaslint(folder.path(), &[&["check", "--format", "json"], arguments].concat());
    let plain = run(&["--isolated"]);
    let refused = findings(&plain).iter().filter(|finding| finding.ends_with(": error unknown-key")).count();
    assert_eq!(refused, 5, "{}", plain.stdout);
    let summary = &plain.json()["summary"];
    for count in ["ignored", "in_baseline", "rules_off", "files_excluded", "lowered"] {
        assert_eq!(summary[count], 0, "{count}");
    }
    // The caller's word holds, be it about a file of the repository. Comments nobody named.
    let own = run(&["--isolated", "--settings", ".kaslint.yaml"]);
    assert_eq!(findings(&own), ["dev-a: note unknown-key", "prod: error unknown-key"]);
    kaslint(folder.path(), &["check", "--isolated", "--write-baseline", "baseline.json"]);
    let baseline = run(&["--isolated", "--baseline", "baseline.json"]);
    assert_eq!((baseline.code, &baseline.json()["summary"]["in_baseline"]), (0, &Json::from(6)));
    assert_eq!(run(&["--isolated", "--ignore", "unknown-key,unread-file"]).code, 0);
}

#[test]
fn every_command_that_reads_agent_files_can_be_isolated() {
    let inventory = b"groups: [{path: acme}]\nprojects: [{path: acme/agents, repository: .}, {path: acme/web}]\n";
    let folder = folder_with(&[
        (CONFIG, b"# kaslint: ignore[unknown-key] hides it\nci_acess: {}\nci_access: {projects: [{id: acme/web}]}\n"),
        (".kaslint.yaml", b"inventory: inventory.yaml\nproject: acme/agents\n"),
        ("inventory.yaml", inventory),
    ]);
    let run = |arguments: &[&str]| kaslint(folder.path(), arguments);
    // Who gets in is no matter of taste: only where it is known from differs.
    let told = run(&["access", "--verbose"]).stderr;
    assert!(told.contains("settings   .kaslint.yaml") && told.contains("acme/agents"), "{told}");
    let told = run(&["access", "--verbose", "--isolated"]).stderr;
    assert!(told.contains("settings   none") && told.contains("inventory  none"), "{told}");
    let told = run(&["access", "--verbose", "--isolated", "--inventory", "inventory.yaml"]).stderr;
    assert!(told.contains("inventory  inventory.yaml"), "{told}");
    // What GitLab reads from a file is the same whatever somebody accepted: no comment hides why it is refused.
    for isolated in [&[][..], &["--isolated"]] {
        let run = run(&[&["decode", "--format", "json", CONFIG], isolated].concat());
        assert_eq!(run.code, 1);
        let error = run.json()["error"].as_str().map(str::to_owned);
        assert!(error.is_some_and(|error| error.contains("ci_acess")), "{}", run.stdout);
    }
}

#[test]
fn who_gets_in_is_the_same_whatever_is_excluded() {
    let config = b"ci_access: {projects: [{id: acme/web/shop}]}\n";
    let access = |settings: &'static [u8]| {
        let folder = folder_with(&[(CONFIG, config), (".kaslint.yaml", settings)]);
        kaslint(folder.path(), &["access", "--project", "acme/agents"]).stdout
    };
    let plain = access(b"{}\n");
    assert!(plain.contains("acme/web/shop"), "{plain}");
    assert_eq!(access(b"exclude: ['**']\n"), plain);
}
