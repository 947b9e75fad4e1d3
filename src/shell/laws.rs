//! What holds for every text: reading ends, soon, and its ranges are the text's.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::tests::of;
use super::*;
use crate::gitlab::{PartialText, Shape};

struct Nothing;

impl Lookup for Nothing {
    fn variable(&self, name: &str) -> PartialText {
        PartialText::unknown(name, Shape::Any)
    }
}

/// Pieces of shell that mean something, to be thrown together.
const PIECES: &[&str] = &[
    "kubectl",
    " config",
    " use-context",
    " a/b:c",
    " ",
    "\n",
    ";",
    "&&",
    "||",
    "|",
    "&",
    "(",
    ")",
    "{",
    "}",
    "$(",
    "`",
    "\"",
    "'",
    "\\",
    "$X",
    "${X:-",
    "${X",
    "}",
    "if ",
    "then ",
    "fi ",
    "else ",
    "case x in ",
    "esac ",
    "do ",
    "done ",
    "for x in ",
    "while ",
    "f() {",
    "<<E\n",
    "E\n",
    ">",
    " ~/.kube/config",
    "ü",
    "日",
    "A=",
    "export ",
    "helm ",
    "--context=",
    "=",
    "bash -c ",
    "[[ ",
    "]]",
    "((",
    "))",
    "#",
    "\r\n",
    "$'",
    "$((",
    "!",
    "<(",
    "~",
    "é=\"ö\"",
    "A=$A$A;",
    "eval ",
    "$@",
    "unset ",
];

/// Lines that may stand behind each other, many of them open or close a branch.
const LINES: &[&str] = &[
    "kubectl get pods",
    "kubectl get pods",
    "kubectl config use-context a/b:c",
    "kubectl config use-context d/e:f",
    "kubectl config use-context x --kubeconfig /tmp/k",
    "kubectl config unset current-context",
    "if x; then kubectl config use-context a/b:c; else kubectl get pods; fi",
    "if x; then make y; kubectl get pods; elif y; then kubectl config use-context a/b:c; kubectl get pods; fi",
    "case x in a) kubectl config use-context a/b:c ;; b) kubectl get pods ;; esac",
    "x && kubectl config use-context a/b:c || kubectl get pods",
    "for x in 1 2; do kubectl get pods; if z; then kubectl config use-context a/b:c; fi; kubectl get pods; done",
    "if x; then export KUBECONFIG=/tmp/k; fi",
    "if x; then echo k > ~/.kube/config; else kubectl get pods; fi",
    "if x; then aws eks update-kubeconfig; else kubectl get pods; fi",
    "f() { if x; then kubectl config use-context a/b:c; fi; kubectl get pods; }",
    "f",
    "make x",
    "if x; then",
    "else",
    "fi",
    "[ -n \"$A\" ] && kubectl config delete-context a/b:c",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn shell_like_text_is_read(items in prop::collection::vec(prop::collection::vec(prop::sample::select(PIECES), 0..40), 1..4)) {
        let items: Vec<String> = items.iter().map(|pieces| pieces.concat()).collect();
        let lines: Vec<&str> = items.iter().map(String::as_str).collect();
        let script = of(&lines, &Nothing);
        prop_assert_eq!(script.cluster_commands().count(), script.actions.iter().filter(|action| matches!(action.kind, ActionKind::Cluster(_))).count());
    }

    #[test]
    fn one_pass_finds_what_looking_back_finds(lines in prop::collection::vec((any::<bool>(), prop::sample::select(LINES)), 0..24)) {
        let lines: Vec<String> = lines.iter().map(|(is_after, line)| if *is_after { format!("after: {line}") } else { (*line).to_owned() }).collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let script = of(&lines, &Nothing);
        for (at, command, found) in script.cluster_commands() {
            let own = script.slow_own_kubeconfig_before(at);
            prop_assert_eq!(own, script.own_kubeconfig_before(at));
            let home = script.slow_home_before(at);
            prop_assert_eq!(home, script.home_kubeconfig_before(at).is_some());
            if !own && !home && command.kubeconfig.is_none() && command.context.is_none() {
                prop_assert_eq!(script.slow_selected_before(at), found);
            }
        }
    }

    #[test]
    fn any_text_is_read(text in any::<String>()) {
        of(&[&text], &Nothing);
    }

    #[test]
    fn a_literal_stands_at_its_range(name in "[a-z]{1,9}/[a-z0-9ü-]{1,9}:[a-z0-9.-]{1,9}", before in "[a-zé \n;]{0,20}") {
        let line = format!("echo {before}\nkubectl config use-context '{name}'");
        let script = of(&[&line], &Nothing);
        let used: Vec<_> = script.actions.iter().filter(|action| matches!(action.kind, ActionKind::UseContext { .. })).collect();
        prop_assert!(used.iter().all(|action| line.get(action.range.clone()) == Some(&*name)));
        prop_assert!(script.not_understood.len() + used.len() == 1);
    }
}

#[test]
fn hostile_texts_are_read_soon() {
    let nested = |open: &str, close: &str, times: usize| format!("echo {}x{}", open.repeat(times), close.repeat(times));
    let texts = [
        "A=aaaaaaaaaa;".to_owned() + &"A=$A$A;".repeat(1_000) + &"kubectl $A;".repeat(1_000),
        "A='a b c d e f g h';".to_owned() + &"A=$A$A;".repeat(10) + &"$A $A $A;".repeat(10_000),
        "f() { a; a; a; a; };g() { f; f; f; f; };h() { g; g; g; g; };i() { h; h; h; h; };".to_owned()
            + &"i;".repeat(5_000),
        "f() { f; f; }; f".to_owned(),
        "kubectl get pods;".repeat(15_000),
        "if a; then b=c; fi;".repeat(13_000),
        "kubectl config use-context \"$(a $(b $(c $(d $(e $(f)))))) ${x:-$(y)}\";".repeat(3_000),
        nested("\"a$(a \"", "\")\"", 8),
        format!("echo \"{}\"", "a$(a ".repeat(8) + &"a".repeat(8_000) + &")".repeat(8)),
        nested("\"${a:-", "}\"", 9),
        nested("$((", "))", 24),
        nested("$(", ")", 60),
        nested("<(a ", ")", 10),
        "( ".repeat(10) + "a",
        "((".repeat(5) + "a",
        "a | ".repeat(60_000) + "a",
        "[[ ".to_owned() + &"( ".repeat(9) + "a",
        "cat <<E\n".repeat(20_000),
        "x=(".repeat(50_000),
        "case a in ".repeat(20_000),
        "\\\n".repeat(100_000),
        "ü".repeat(120_000),
        "kubectl $HELM_ARGS ".repeat(12_000),
    ];
    for text in texts {
        let start = Instant::now();
        let script = of(&[&text], &Nothing);
        script.cluster_commands().for_each(drop);
        let whole = start.elapsed();
        let name: String = text.chars().take(60).collect();
        assert!(whole < Duration::from_secs(20), "{whole:?} for {name}");
    }
}
