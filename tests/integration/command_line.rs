//! What a call says of itself: help, completions, and what is near a word that is none.

use crate::common::{CONFIG, folder_with, kaslint, kaslint_in, root};

const COMMANDS: [&[&str]; 11] = [
    &[],
    &["check"],
    &["decode"],
    &["access"],
    &["inventory"],
    &["inventory", "check"],
    &["rules"],
    &["schema"],
    &["lsp"],
    &["completions"],
    &["man"],
];

#[test]
fn help_has_parts_exit_statuses_and_examples() {
    let mut transcript = String::new();
    for command in COMMANDS {
        let run = kaslint(root(), &[command, &["--help"]].concat());
        assert_eq!(run.code, 0, "{command:?}");
        transcript.push_str(&format!("# kaslint {} --help\n{}", command.join(" "), run.transcript()));
    }
    insta::assert_snapshot!(transcript);
}

#[test]
fn help_breaks_no_word_however_narrow_the_terminal_is() {
    let words = |command: &[&str], columns: &str| -> Vec<String> {
        let run = kaslint_in(root(), &[command, &["--help"]].concat(), &[("COLUMNS", columns)]);
        run.stdout.split_whitespace().map(str::to_owned).collect()
    };
    for command in COMMANDS {
        let whole = words(command, "100");
        let names: Vec<&String> =
            whole.iter().filter(|word| word.contains(['/', '_']) || word.starts_with("--")).collect();
        for columns in ["20", "40", "60", "80"] {
            let narrow = words(command, columns);
            let broken: Vec<_> = names.iter().filter(|name| !narrow.contains(name)).collect();
            assert!(broken.is_empty(), "{command:?} in {columns} columns: {broken:?}");
        }
        // A path that has a blank in it would be broken there.
        assert!(!whole.iter().any(|word| word.contains("/<") && !word.contains('>')), "{command:?}");
    }
}

#[test]
fn a_word_near_a_command_is_none_unless_it_is_a_path() {
    let folder =
        folder_with(&[(CONFIG, b"ci_access: {}\n"), ("rulse/.gitlab/agents/a/config.yaml", b"ci_access: {}\n")]);
    let calls: [&[&str]; 6] = [
        &["chek"],
        &["acess", "--for", "acme/web/shop"],
        &["--color", "never", "chek", "."],
        &["decdoe", CONFIG],
        &["nowhere"],
        &["check", "chek"],
    ];
    let mut transcript = String::new();
    for call in calls {
        let run = kaslint(folder.path(), call);
        assert_eq!(run.code, 2, "{call:?}");
        transcript.push_str(&format!("# {}\n{}", call.join(" "), run.transcript()));
    }
    insta::assert_snapshot!(transcript);
    let run = kaslint(folder.path(), &["rulse"]);
    assert_eq!((run.code, &*run.stderr), (0, ""), "{}", run.stdout);
}

#[test]
fn letter_case_of_a_tier_does_not_count() {
    let inventory = b"gitlab: {tier: ULTIMATE}\nprojects: []\n";
    let folder = folder_with(&[
        (CONFIG, b"ci_access: {}\n"),
        (".kaslint.yaml", b"gitlab: {tier: Premium}\n"),
        ("inventory.yaml", inventory),
        ("gold/.kaslint.yaml", b"gitlab: {tier: gold}\n"),
        ("gold/inventory.yaml", b"gitlab: {tier: gold}\n"),
        ("none/.kaslint.yaml", b"gitlab: {tier: ''}\n"),
    ]);
    let licence = |more: &[&str]| {
        let run = kaslint(folder.path(), &[&["check", "-v"], more].concat());
        assert_eq!(run.code, 0, "{more:?}: {}{}", run.stdout, run.stderr);
        run.stderr.lines().find(|line| line.contains("licence")).unwrap_or_default().trim().to_owned()
    };
    assert_eq!(licence(&[]), "licence    Premium (settings)");
    assert_eq!(licence(&["--tier", "pReMiUm"]), "licence    Premium (--tier)");
    assert_eq!(licence(&["--inventory", "inventory.yaml"]), "licence    Ultimate (inventory)");
    let calls: [&[&str]; 4] = [
        &["check", "--tier", "gold"],
        &["check", "--settings", "gold/.kaslint.yaml"],
        &["check", "--settings", "none/.kaslint.yaml"],
        &["inventory", "check", "gold/inventory.yaml"],
    ];
    let mut transcript = String::new();
    for call in calls {
        let run = kaslint(folder.path(), call);
        assert_eq!(run.code, 2, "{call:?}");
        transcript.push_str(&format!("# {}\n{}", call.join(" "), run.transcript()));
    }
    insta::assert_snapshot!(transcript);
}

#[test]
fn completions_know_what_options_take() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = kaslint(root(), &["completions", shell]).stdout;
        // The scripts for PowerShell and elvish complete no values at all, and the one for fish none of arguments without an option.
        let of_options = ["unknown-key", "wildcard-matches-all", "premium", "sarif", "csv", "never"];
        let of_arguments = ["code-quality-report", "agent-config"];
        let words = match shell {
            "bash" | "zsh" => [&of_options[..], &of_arguments].concat(),
            "fish" => of_options.to_vec(),
            _ => Vec::new(),
        };
        for word in words {
            assert!(script.contains(word), "{shell}: {word}");
        }
        assert!(script.contains("man"), "{shell}");
    }
}
