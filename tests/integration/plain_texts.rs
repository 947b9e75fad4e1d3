//! A plain text is read in one pass, any other by a parser of all of YAML, and nobody can tell which: what comes out is equal.
//!
//! Tried on all fixtures, the rules' examples and the carried-over cases, and on changed ones. `KASLINT_TEXTS=PATH cargo test --release --test
//! integration plain_texts` tries the files below a folder as well, and the texts in those that end with `.jsonl`, under `yaml` or `yaml_base64`.

use std::fmt::Debug;
use std::path::Path;

use kaslint::source::Source;
use kaslint::yaml::{self, PlainEvent, PlainEvents};
use proptest::prelude::*;

use crate::cases;
use crate::common::root;
use crate::properties::mutated;

/// Reads a text in all ways, and says whether it is plain.
fn is_plain(bytes: &[u8], name: &dyn Debug) -> bool {
    let source = Source::from_bytes("a", bytes);
    assert!(yaml::read(&source) == yaml::read_with_parser(&source), "{name:?}");
    assert!(yaml::read_libyaml(&source, 0) == yaml::read_libyaml_with_parser(&source), "{name:?} by libyaml");
    let Some(mut events) = PlainEvents::new(&source) else { return false };
    loop {
        match events.next_plain() {
            None => return false,
            Some(PlainEvent::Finished) => return true,
            Some(_) => {}
        }
    }
}

/// Reads the files below a folder, and the cases in them; gives how many texts there were and how many of them are plain.
fn read_below(path: &Path) -> (usize, usize) {
    let mut texts = 0;
    let mut plain = 0;
    let mut try_one = |bytes: &[u8], name: &dyn Debug| {
        texts += 1;
        plain += usize::from(is_plain(bytes, name));
    };
    let mut paths = vec![path.to_owned()];
    while let Some(path) = paths.pop() {
        if path.is_dir() {
            let entries = std::fs::read_dir(&path).expect("a folder").map(|entry| entry.expect("an entry").path());
            paths.extend(entries.filter(|path| !path.is_symlink()));
            continue;
        }
        let bytes = std::fs::read(&path).expect("a file");
        if path.extension().is_some_and(|extension| extension == "jsonl") {
            for line in String::from_utf8_lossy(&bytes).lines() {
                let case: serde_json::Value = serde_json::from_str(line).expect("a case");
                if case["yaml"].is_string() || case["yaml_base64"].is_string() {
                    try_one(&cases::bytes(&case), &line);
                }
            }
        }
        try_one(&bytes, &path);
    }
    (texts, plain)
}

#[test]
fn all_files_at_hand_are_read_as_the_parser_reads_them() {
    let (texts, plain) = read_below(&root().join("fixtures"));
    assert!(texts > 1500 && plain > 700, "{plain} of {texts} are plain");
    if let Some(path) = std::env::var_os("KASLINT_TEXTS") {
        let (texts, plain) = read_below(Path::new(&path));
        assert!(texts > 0 && plain > 0, "{plain} of {texts} are plain");
    }
}

#[test]
fn examples_of_rules_are_read_as_the_parser_reads_them() {
    let page = std::fs::read_to_string(root().join("docs/rules.md")).expect("the page");
    let examples: Vec<&str> =
        page.split("```").skip(1).step_by(2).filter_map(|block| block.split_once('\n')).map(|block| block.1).collect();
    let plain = examples.iter().filter(|example| is_plain(example.as_bytes(), example)).count();
    assert!(plain > 100, "{plain} of {} are plain", examples.len());
}

#[test]
fn what_looks_like_a_tag_is_left_to_the_parser() {
    for text in ["a: ['b!',': !c,d']\n", "# hello![x, y]\na: b\n", "a: '!b[c]'\n", "a: 'b!' # c!,\n", "!a,b c: d\n"] {
        is_plain(text.as_bytes(), &text);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn changed_texts_are_read_as_the_parser_reads_them(text in mutated()) {
        is_plain(text.as_bytes(), &text);
    }
}
