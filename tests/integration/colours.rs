//! Colours of every command: one palette, nothing that they alone say, none where none are wanted.

use crate::common::{kaslint, kaslint_in, root};

const INVENTORY: &str = "fixtures/jobs/protected-refs/inventory.yaml";

const CALLS: [&[&str]; 12] = [
    &["access", "--inventory", INVENTORY],
    &["access", "--inventory", INVENTORY, "--for", "acme/web/shop"],
    &["access", "--inventory", INVENTORY, "--for", "acme/web/shop", "--why"],
    &["access", "--inventory", INVENTORY, "--jobs"],
    &["access", "--inventory", INVENTORY, "--job", "any tag", "--why"],
    &["decode", "fixtures/demo/.gitlab/agents/production/config.yaml"],
    &["decode", "fixtures/jobs/protected-refs/projects/acme/agents/.gitlab/agents/production/config.yaml"],
    &["rules"],
    &["rules", "unknown-key"],
    &["check", "fixtures/demo", "--format", "concise"],
    &["check", "fixtures/demo", "--diff"],
    &["access", "--inventory", INVENTORY, "--who", "production"],
];

/// What sets a style, in order.
fn styles(text: &str) -> Vec<&str> {
    text.split("\u{1b}[").skip(1).filter_map(|rest| Some(rest.split_once('m')?.0)).collect()
}

fn without_styles(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |plain, rest| plain + rest.split_once('m').map_or(rest, |(_, behind)| behind))
}

#[test]
fn colours_say_nothing_that_the_text_does_not() {
    for call in CALLS {
        let plain = kaslint(root(), call);
        let coloured = kaslint_in(root(), call, &[("CLICOLOR_FORCE", "1")]);
        assert!(!plain.stdout.contains('\u{1b}'), "{call:?}");
        assert!(coloured.stdout.contains('\u{1b}'), "{call:?}: {}", coloured.stdout);
        assert_eq!((without_styles(&coloured.stdout), coloured.code), (plain.stdout.clone(), plain.code), "{call:?}");
        let none = kaslint_in(root(), call, &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]);
        assert_eq!(none.stdout, plain.stdout, "{call:?}");
        let never = kaslint_in(root(), &[call, &["--color", "never"]].concat(), &[("CLICOLOR_FORCE", "1")]);
        assert_eq!(never.stdout, plain.stdout, "{call:?}");
    }
}

#[test]
fn the_palette_can_be_read_on_light_and_dark() {
    for call in CALLS.iter().filter(|call| call[0] != "decode") {
        let coloured = kaslint(root(), &[call, &["--color", "always"][..]].concat()).stdout;
        for style in styles(&coloured) {
            assert!(["0", "1", "1;31", "1;32", "1;35", "31", "32", "35"].contains(&style), "{call:?}: {style}");
        }
    }
}

#[test]
fn verdicts_titles_and_heads_have_colours() {
    let shown = |call: &[&str]| {
        let run = kaslint(root(), &[call, &["--color", "always"]].concat());
        run.stdout.replace('\u{1b}', "^")
    };
    let mut transcript = String::new();
    for call in [CALLS[1], CALLS[2], CALLS[4], CALLS[10]] {
        transcript.push_str(&format!("# {}\n{}", call.join(" "), shown(call)));
    }
    insta::assert_snapshot!(transcript);
}

#[test]
fn what_is_recorded_or_compared_has_none() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("access.txt");
    let file = file.to_str().expect("a path");
    for call in &CALLS[..5] {
        let call = [call, &["--color", "always"][..]].concat();
        assert_eq!(kaslint(root(), &[&call[..], &["--output", file]].concat()).code, 0);
        assert!(!std::fs::read_to_string(file).expect("a file").contains('\u{1b}'), "{call:?}");
        let run = kaslint(root(), &[&call[..], &["--expect", file]].concat());
        assert_eq!((run.code, &*run.stdout), (0, ""), "{call:?}: {}", run.stderr);
    }
    let call =
        ["access", "--inventory", INVENTORY, "--for", "acme/web/shop", "--format", "markdown", "--color", "always"];
    assert!(!kaslint(root(), &call).stdout.contains('\u{1b}'));
}
