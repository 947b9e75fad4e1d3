//! What is plain and what is not, and that a plain document is read as the whole one is.

use proptest::prelude::*;

use super::*;
use crate::yaml::{self, Data, NodeId, Scalar, Tree};

/// The events, as long as the text is plain.
fn plain(text: &str) -> Option<Vec<PlainEvent<'static>>> {
    let source = Source::new("a", text);
    let mut events = PlainEvents::new(&source)?;
    let mut all = Vec::new();
    loop {
        let event = match events.next_plain()? {
            PlainEvent::Scalar(Scalar::Str(text), span) => {
                PlainEvent::Scalar(Scalar::Str(text.into_owned().into()), span)
            }
            PlainEvent::Scalar(Scalar::Null, span) => PlainEvent::Scalar(Scalar::Null, span),
            PlainEvent::Scalar(Scalar::Bool(value), span) => PlainEvent::Scalar(Scalar::Bool(value), span),
            PlainEvent::Scalar(Scalar::Int(value), span) => PlainEvent::Scalar(Scalar::Int(value), span),
            PlainEvent::Scalar(Scalar::UInt(value), span) => PlainEvent::Scalar(Scalar::UInt(value), span),
            PlainEvent::Scalar(Scalar::Float(value), span) => PlainEvent::Scalar(Scalar::Float(value), span),
            PlainEvent::Sequence => PlainEvent::Sequence,
            PlainEvent::Mapping => PlainEvent::Mapping,
            PlainEvent::End => PlainEvent::End,
            PlainEvent::Finished => PlainEvent::Finished,
        };
        let is_last = event == PlainEvent::Finished;
        all.push(event);
        if is_last {
            return Some(all);
        }
    }
}

/// The events that the tree of the whole document comes to.
fn of_tree(tree: &Tree) -> Vec<PlainEvent<'_>> {
    enum Work {
        Node(NodeId),
        End,
    }
    let mut events = Vec::new();
    let mut work: Vec<Work> = tree.root().map(Work::Node).into_iter().collect();
    while let Some(step) = work.pop() {
        let Work::Node(id) = step else {
            events.push(PlainEvent::End);
            continue;
        };
        let node = tree.node(id);
        match &node.data {
            Data::Scalar { text, style } => {
                events.push(PlainEvent::Scalar(yaml::scalar(node, text, *style).unwrap(), node.span));
            }
            Data::Sequence { items, .. } => {
                events.push(PlainEvent::Sequence);
                work.push(Work::End);
                work.extend(items.iter().rev().map(|&item| Work::Node(item)));
            }
            Data::Mapping { entries, .. } => {
                events.push(PlainEvent::Mapping);
                work.push(Work::End);
                work.extend(entries.iter().rev().flat_map(|&(key, value)| [Work::Node(value), Work::Node(key)]));
            }
            Data::Alias { .. } => panic!("a plain text has no aliases"),
        }
    }
    events.push(PlainEvent::Finished);
    events
}

/// Whether the text is plain; it then has to be read as the whole document is.
fn agrees(text: &str) -> bool {
    let Some(events) = plain(text) else { return false };
    let source = Source::new("a", text);
    let document = yaml::read_with_parser(&source);
    assert_eq!(yaml::read(&source), document, "{text:?}");
    assert_eq!(yaml::read_libyaml(&source, 0), yaml::read_libyaml_with_parser(&source), "{text:?}");
    let refused = document.problems();
    assert!(refused.is_empty() && document.ignored().is_none(), "{text:?} is refused: {refused:?}");
    assert_eq!(events, of_tree(document.tree()), "{text:?}");
    true
}

#[test]
fn what_inventories_are_made_of_is_plain() {
    for text in [
        "a: b\n",
        "---\na: b\n",
        "# c\n\na: 1 # c\n\nb:\n  # c\n  c: 'x y'\nd: [1, {e: f}]\n",
        "a:\n- b\n- c: d\n  e: f\ng: h\n",
        "a:\n  - b: c\n    d:\n      - e\n  -   f: g\n      h: i\n  - - j\n    - k\n  -\n    l: m\n",
        "{\"a\": [1, true, \"x\"],\n \"b\": {\"c\":null},\n\"d\": []\n}\n",
        "a: {url: https://x.example/y:80, b: \"q\\\"r\"}\n",
        "a:\n  [b,\n  # c\nc]\n",
        "- a\n- 'it''s'\n- release/*\n- -1\n",
        "a: x y",
        "a: x#y # c\n",
        "- echo \"$A:$B\" | tee 'c' > d && [ -f e ] || f={g,h} `i`!\n",
        "a: caf\u{E9} \u{E9}\nb[0]: c,d::e\nf\"g: h?\\i<j\n",
        "a:: b\nc:d:\n  - e:\"f\n",
        "a: caf\u{E9}\n".trim_end_matches('\n').replace("caf\u{E9}", "'caf\u{E9}' # \u{E9}").as_str(),
    ] {
        assert!(agrees(text), "{text:?}");
    }
}

#[test]
fn what_could_mean_something_else_is_not() {
    for text in [
        "",
        "# nothing\n",
        "a",
        "a: &x b\n",
        "a: *x\n",
        "a: !t b\n",
        "a: |\n  b\n",
        "a: b\n  c\n",
        "a: \"b\n  c\"\n",
        "a: b: c\n",
        "a:\n",
        "a:\nb: c\n",
        "- \n- a\n",
        "a: b\n---\nc: d\n",
        "a: b\n...\n",
        "? a\n",
        "<<: {}\n",
        "a: [b: c]\n",
        "a: {b}\n",
        "a: [b, ]\n",
        "a: [\n... b\n]\n",
        "a: [\n--- b\n]\n",
        "a: {\n...b: c\n}\n",
        "a:\tb\n",
        "\ta: b\n",
        "a: b\r\n",
        " a: b\nc: d\n",
        "a: b\n c: d\n",
        "a: - b\n",
        "a : b\n",
        "{a: b}: c\n",
        "a: [b]c\n",
        "a: \"\\u0041\"\n",
        "a: 'b'c\n",
        "a: 'b'#c\n",
        "\u{FEFF}a: b\n",
        "a: '\u{2028}'\n",
        "a: [b\nc]\n",
        "a: b\n- c\n",
    ] {
        assert!(plain(text).is_none(), "{text:?}");
    }
}

/// Pieces out of which texts come that are sometimes plain, mostly nearly so.
fn piece() -> impl Strategy<Value = String> {
    let pieces = vec![
        "a",
        "b1",
        "key",
        "a/b",
        "x.y",
        "-",
        "- ",
        "-1",
        "1",
        "0x1F",
        "1.5",
        "true",
        "on",
        "~",
        "null",
        ":",
        ": ",
        ":\n",
        "\n",
        "\n",
        "\n  ",
        "\n    ",
        "\n- ",
        "\n  - ",
        " ",
        "  ",
        "#",
        " # c",
        ",",
        ", ",
        "[",
        "]",
        "[]",
        "{",
        "}",
        "{a: b}",
        "[a, b]",
        "'",
        "''",
        "'x y'",
        "\"",
        "\"x\"",
        "\"x\\\"y\"",
        "\\",
        "*",
        "&a ",
        "!",
        "|",
        ">",
        "?",
        "%",
        "@",
        "`",
        "---",
        "...",
        "https://x",
        "release/*",
        "=",
        "<<",
        "\t",
        "\u{E9}",
        ";",
        "(",
        "$A:$B",
        "a#b",
        "x | y",
        "a: b",
        "a: b\n",
        "- a\n",
        "  a: b\n",
        "  - a: b\n    c: d\n",
    ];
    prop::sample::select(pieces).prop_map(str::to_owned)
}

proptest! {
    #[test]
    fn a_plain_text_is_read_as_the_whole_document_is(pieces in prop::collection::vec(piece(), 1..14)) {
        agrees(&pieces.concat());
    }

    #[test]
    fn a_plain_text_with_one_change_is_too(piece in piece(), at in 0usize..200, cut in 0usize..4) {
        let text = "# c\ngitlab: {url: https://x.example, version: \"18.4\"}\ngroups:\n  - {path: a/b, id: 1}\n\
                    projects:\n- path: a/b/c\n  id: 7\n  environments: [p, {name: s, tier: t}]\n- path: 'x y'\n";
        let start = at.min(text.len());
        let end = (start + cut).min(text.len());
        agrees(&format!("{}{piece}{}", &text[..start], &text[end..]));
    }
}
