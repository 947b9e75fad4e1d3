//! Environment patterns against what Ruby 3.1 answered: `fixtures/environment_patterns.tsv`, recorded from
//! `Regexp.new(pattern.gsub('*', '.*')).match?(environment)` on patterns made at random, from plain ones to ones full of
//! signs (`fixtures/environment_patterns.rb`). Each line: `matches`, `differs` or `raises`; the pattern; the environment.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may fail loudly")]

use kaslint::access::environment_pattern::is_expression;
use kaslint::access::{EnvironmentPattern, Verdict};

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
        let verdict = EnvironmentPattern::new(pattern).compare(environment);
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
fn the_documented_surprises_are_met() {
    let verdict = |pattern: &str, environment: &str| told(&EnvironmentPattern::new(pattern).compare(environment));
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
