//! Environment patterns of the old matcher against what Ruby 3.1 answered: `fixtures/environment_patterns.tsv`, recorded from
//! `Regexp.new(pattern.gsub('*', '.*')).match?(environment)` on patterns made at random, from plain ones to ones full of
//! signs (`fixtures/environment_patterns.rb`). Each line: `matches`, `differs` or `raises`; the pattern; the environment.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may fail loudly")]

use kaslint::access::environment_pattern::{NewPattern, OldPattern, Verdict, is_expression};
use proptest::prelude::*;

/// A recorded answer.
struct Recorded<'f> {
    answer: &'f str,
    pattern: &'f str,
    environment: &'f str,
}

fn recorded(file: &str) -> Vec<Recorded<'_>> {
    let parse = |line| {
        let mut fields = str::splitn(line, 3, '\t');
        let mut next = || fields.next().unwrap();
        Recorded { answer: next(), pattern: next(), environment: next() }
    };
    file.lines().map(parse).collect()
}

fn told(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Matches => "matches",
        Verdict::Differs => "differs",
        Verdict::Raises(_) => "raises",
        Verdict::Unknown(_) => "unknown",
    }
}

#[test]
fn no_answer_is_another_than_rubys() {
    let path = std::env::var("ENVIRONMENT_PATTERNS")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/environment_patterns.tsv").to_owned());
    let file = std::fs::read_to_string(path).unwrap();
    let recorded = recorded(&file);
    let (mut expressions, mut undecided) = (0, 0);
    for Recorded { answer, pattern, environment } in &recorded {
        let verdict = OldPattern::new(pattern).compare(environment);
        expressions += usize::from(is_expression(pattern));
        if told(&verdict) == "unknown" {
            assert!(is_expression(pattern), "a plain pattern is always decided: {pattern}");
            undecided += 1;
        } else {
            assert_eq!(told(&verdict), *answer, "`{pattern}` on `{environment}`: {verdict:?}");
        }
    }
    assert!(recorded.len() >= 4_000 && expressions > 1_000, "{} answers, {expressions} expressions", recorded.len());
    assert!(undecided * 2 < expressions, "{undecided} of {expressions} expressions are left to Ruby");
}

#[test]
fn the_documented_surprises_of_the_old_matcher_are_met() {
    let verdict = |pattern: &str, environment: &str| told(&OldPattern::new(pattern).compare(environment));
    for (pattern, matching, differing) in [
        ("prod*", &["prod", "production", "preprod", "nonproduction"][..], &["staging", "Prod"][..]),
        ("review/*", &["review/x", "my-review/x"], &["review"]),
        ("*/prod", &["eu/prod", "eu/production"], &["prod"]),
        ("v1.*", &["v1x", "v1.2", "dev1-a"], &["v1"]),
        ("*", &["", "production"], &[]),
        ("^prod*", &["prod", "production"], &["preprod"]),
        ("a+*", &["aab"], &["b"]),
        ("prod?", &["prod?"], &["prod", "pro"]),
        ("Production", &["Production"], &["production"]),
        ("   ", &["   "], &["production"]),
    ] {
        for environment in matching {
            assert_eq!(verdict(pattern, environment), "matches", "{pattern} {environment}");
        }
        for environment in differing {
            assert_eq!(verdict(pattern, environment), "differs", "{pattern} {environment}");
        }
    }
    for pattern in ["(*", ")*", "[*", "+*", "?*", "*\\"] {
        assert_eq!(verdict(pattern, "production"), "raises", "{pattern}");
    }
    for pattern in ["*?", "a{*"] {
        assert_ne!(verdict(pattern, "production"), "raises", "{pattern}");
    }
    for pattern in ["(?i)prod*", "a{2}*", "\\bprod*", "a++*", "[[:alpha:]]*"] {
        assert_eq!(verdict(pattern, "production"), "unknown", "{pattern}");
    }
    assert_eq!(verdict("prod*", "a\nprod"), "unknown", "no environment has a line break");
}

/// What the new matcher says, written from its description alone: the whole name, letter by letter, where `*` is any run of
/// characters without a line break. Tries every way, so it is for short texts.
fn matches_by_the_description(pattern: &[char], name: &[char]) -> bool {
    match pattern.split_first() {
        None => name.is_empty(),
        Some(('*', rest)) => {
            let longest = name.iter().position(|character| *character == '\n').unwrap_or(name.len());
            (0..=longest).any(|taken| matches_by_the_description(rest, &name[taken..]))
        }
        Some((character, rest)) => name.first() == Some(character) && matches_by_the_description(rest, &name[1..]),
    }
}

fn by_description(pattern: &str, name: &str) -> bool {
    let characters = |text: &str| text.chars().collect::<Vec<_>>();
    matches_by_the_description(&characters(pattern), &characters(name))
}

/// Text of few letters and many signs, so that patterns match often and are often no regular expressions.
fn text(longest: usize) -> impl Strategy<Value = String> {
    let sign = prop::sample::select("aab*.*-/+?()[]{}|^$\\ é\n".chars().collect::<Vec<_>>());
    prop::collection::vec(sign, 0..longest).prop_map(String::from_iter)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    /// Under the new matcher every pattern is decided, as its description says.
    #[test]
    fn the_new_matcher_decides_every_pattern(pattern in text(9), other in text(9), run in text(4)) {
        // A name that the pattern is likely to match, and one that it is not.
        for name in [pattern.replace('*', &run), other] {
            prop_assert_eq!(NewPattern::new(&pattern).matches(&name), by_description(&pattern, &name), "{:?}", name);
        }
    }
}

#[test]
fn the_documented_examples_of_the_new_matcher_are_met() {
    let matches = |pattern: &str, name: &str| NewPattern::new(pattern).matches(name);
    for (pattern, matching, differing) in [
        ("prod*", &["prod", "production", "prod-eu"][..], &["preprod", "nonproduction", "Prod"][..]),
        ("review/*", &["review/x", "review/"], &["review", "my-review/x"]),
        ("*/prod", &["eu/prod", "/prod"], &["eu/production", "prod"]),
        ("v1.*", &["v1.2", "v1."], &["v1", "v1x", "dev1-a"]),
        ("prod-.*", &["prod-.x"], &["prod-x"]),
        ("*", &["", "production"], &["a\nb"]),
        ("${X}*", &["${X}", "${X}-1"], &["X"]),
        ("pro*ion", &["production"], &["promotions"]),
        ("(prod|stage)*", &["(prod|stage)"], &["production"]),
        ("prod[*", &["prod[1"], &["prod1"]),
        ("a*a", &["aa", "aba"], &["a"]),
        ("a\n*", &["a\nb"], &["a\nb\nc"]),
        ("prod?", &["prod?"], &["prod", "pro"]),
        ("Production", &["Production"], &["production"]),
    ] {
        for name in matching {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for name in differing {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }
}
