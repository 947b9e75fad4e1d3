//! Regular expressions of conditions, which are RE2's.
//!
//! Sources: `lib/gitlab/untrusted_regexp.rb`, `lib/gitlab/untrusted_regexp/ruby_syntax.rb`,
//! `lib/gitlab/ci/pipeline/expression/lexeme/pattern.rb`.
//!
//! The `regex` crate has RE2's syntax but for a few things, and those are not judged: texts that are not plain ASCII
//! (where `\d`, `\w`, `\b` and `i` know more of Unicode in the crate) or have control characters, what the crate
//! refuses (`\C`, `\Q`, or an error in RE2 too), repetitions of repetitions, counts without a lower bound or above
//! 1000, sets within classes, `(?x)`, and an expression that matches the empty text, on an empty text.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use regex::RegexBuilder;

use super::evaluate::{Text, could_be};
use super::truth::Truth;

/// The longest expression that is compiled, in bytes.
const MAX_LENGTH: usize = 2_000;

/// The most names that are taken from `/^(a|b|c)$/`.
const MAX_NAMES: usize = 50;

/// So many expressions are kept as they were read. A configuration has few, and asks them of every job in every kind of pipeline.
const MOST_KEPT: usize = 128;

thread_local! {
    /// By their texts.
    static KEPT: RefCell<HashMap<Box<str>, Option<Regexp>>> = RefCell::default();
}

/// A regular expression.
#[derive(Clone, Debug)]
pub(super) struct Regexp {
    /// `None` for one that takes RE2 to judge.
    compiled: Option<regex::Regex>,
    /// The only texts that it matches, if it spells them out.
    names: Rc<[Box<str>]>,
    /// What every text begins with that it matches.
    start: Rc<str>,
}

impl Regexp {
    /// Reads the token with its slashes and flags.
    pub(super) fn of_lexeme(source: &str) -> Self {
        Self::of_text(source).unwrap_or(Self { compiled: None, names: [].into(), start: "".into() })
    }

    /// Reads a text, if it has slashes around it and nothing but flags behind them: the value of a variable.
    pub(super) fn of_text(text: &str) -> Option<Self> {
        if !text.starts_with('/') {
            return None;
        }
        KEPT.with_borrow_mut(|kept| {
            if let Some(known) = kept.get(text) {
                return known.clone();
            }
            if kept.len() == MOST_KEPT {
                kept.clear();
            }
            let read = Self::read(text);
            kept.insert(text.into(), read.clone());
            read
        })
    }

    fn read(text: &str) -> Option<Self> {
        let text = text.replace(r"\/", "/");
        let (body, flags) = text.strip_prefix('/')?.rsplit_once('/')?;
        if !flags.chars().all(|flag| "ismU".contains(flag)) {
            return None;
        }
        let is_plain = flags.is_empty();
        Some(Self {
            compiled: compiled(body, flags),
            names: if is_plain { names(body).unwrap_or_default().into() } else { [].into() },
            start: if is_plain { start(body).into() } else { "".into() },
        })
    }

    /// The only texts that it matches, if it spells them out: `/^main$/`, `/^(main|develop)$/`.
    pub(super) fn names(&self) -> &[Box<str>] {
        &self.names
    }

    /// Whether it matches.
    pub(super) fn matches(&self, text: &Text) -> Truth {
        let Some(compiled) = &self.compiled else { return Truth::Maybe };
        match text.text.as_known() {
            Some("") if compiled.is_match("") => Truth::Maybe,
            Some(known) if known.chars().all(|character| matches!(character, ' '..='~')) => {
                compiled.is_match(known).into()
            }
            Some(_) => Truth::Maybe,
            None => self.matches_partial(text),
        }
    }

    fn matches_partial(&self, text: &Text) -> Truth {
        let start = text.text.known_start();
        if !start.starts_with(&*self.start) && !self.start.starts_with(start) {
            return Truth::No;
        }
        let is_other = |name: &str| !could_be(text, name);
        if !self.names.is_empty() && self.names.iter().all(|name| is_other(name)) {
            return Truth::No;
        }
        Truth::Maybe
    }
}

fn compiled(body: &str, flags: &str) -> Option<regex::Regex> {
    if body.len() > MAX_LENGTH || body.chars().any(char::is_control) || differs(body) {
        return None;
    }
    let flags = if flags.is_empty() { String::new() } else { format!("(?{flags})") };
    RegexBuilder::new(&format!("{flags}{body}")).size_limit(1 << 20).dfa_size_limit(1 << 20).build().ok()
}

/// Whether RE2 may read the expression in another way than the `regex` crate.
fn differs(body: &str) -> bool {
    let mut rest = body;
    let mut repeats = 0;
    while let Some(character) = rest.chars().next() {
        let behind = rest.get(character.len_utf8()..).unwrap_or_default();
        let (differs, length) = match character {
            '\\' => escape(behind),
            '[' => class(behind),
            '(' => (has_own_group(behind), 1),
            '{' => (has_own_count(behind), 1),
            _ => (false, character.len_utf8()),
        };
        // One `?` makes a repetition lazy in both.
        repeats = match character {
            '*' | '+' | '{' => repeats + 2,
            '?' if repeats == 2 => 3,
            '?' => repeats + 2,
            '}' | '0'..='9' | ',' if repeats > 0 && rest_of_count(body, rest) => repeats,
            _ => 0,
        };
        if differs || repeats > 3 {
            return true;
        }
        rest = rest.get(length..).unwrap_or_default();
    }
    false
}

/// Whether `rest` stands within the braces of a count.
fn rest_of_count(body: &str, rest: &str) -> bool {
    let front = body.get(..body.len() - rest.len()).unwrap_or_default();
    let inner = front.rsplit_once('{').map(|(_, inner)| inner);
    inner.is_some_and(|inner| inner.chars().all(|character| character.is_ascii_digit() || character == ','))
}

/// Whether a backslash sequence differs, and its length.
fn escape(behind: &str) -> (bool, usize) {
    let next = behind.chars().next();
    // `\b{start}`, `\<` and `\>` are the crate's own.
    let differs =
        matches!(next, Some('<' | '>' | '_')) || matches!(next, Some('b' | 'B')) && behind[1..].starts_with('{');
    let braces = matches!(next, Some('p' | 'P' | 'x')) && behind[1..].starts_with('{');
    let length =
        if braces { behind.find('}').map_or(behind.len(), |end| end + 1) } else { next.map_or(0, char::len_utf8) };
    (differs, 1 + length)
}

/// Whether a class differs, and its length.
fn class(behind: &str) -> (bool, usize) {
    let members = behind.strip_prefix('^').unwrap_or(behind);
    let skipped = behind.len() - members.len();
    let mut at = if members.starts_with(']') { 1 } else { 0 };
    while let Some(rest) = members.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with(']') {
            return (false, 1 + skipped + at + 1);
        }
        if rest.starts_with("[:") {
            match rest.find(":]") {
                Some(end) => at += end + 2,
                None => return (true, 1),
            }
            continue;
        }
        if rest.starts_with('[') || ["&&", "--", "~~"].iter().any(|sign| rest.starts_with(sign)) {
            return (true, 1);
        }
        let mut characters = rest.chars();
        at += match characters.next() {
            Some('\\') => 1 + characters.next().map_or(0, char::len_utf8),
            other => other.map_or(1, char::len_utf8),
        };
    }
    (true, 1)
}

/// Whether what follows `(` is a group of a kind that RE2 may not have.
fn has_own_group(behind: &str) -> bool {
    let Some(kind) = behind.strip_prefix('?') else { return false };
    let flags = kind.trim_start_matches(['i', 'm', 's', 'U', '-']);
    !(kind.starts_with("P<") || flags.starts_with(':') || flags.starts_with(')'))
}

/// Whether what follows `{` is no count that RE2 takes.
fn has_own_count(behind: &str) -> bool {
    let Some((count, _)) = behind.split_once('}') else { return true };
    let (low, high) = count.split_once(',').unwrap_or((count, ""));
    let is_small = |text: &str| text.parse::<u16>().is_ok_and(|number| number <= 1_000);
    !(is_small(low) && (high.is_empty() || is_small(high)))
}

/// The names in `^name$` or `^(name|name)$`.
fn names(body: &str) -> Option<Box<[Box<str>]>> {
    let inner = body.strip_prefix('^')?.strip_suffix('$')?;
    let group = inner.strip_prefix('(').and_then(|inner| inner.strip_suffix(')'));
    let alternatives = group.map(|inner| inner.strip_prefix("?:").unwrap_or(inner));
    let names = match alternatives {
        Some(alternatives) => alternatives.split('|').map(plain).collect::<Option<Vec<_>>>()?,
        None => vec![plain(inner)?],
    };
    (names.len() <= MAX_NAMES && names.iter().all(|name| !name.is_empty())).then(|| names.into())
}

/// The text that a part of an expression stands for, if it stands for one only.
fn plain(part: &str) -> Option<Box<str>> {
    let mut text = String::new();
    let mut characters = part.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => text.push(characters.next().filter(char::is_ascii_punctuation)?),
            character if is_plain(character) => text.push(character),
            _ => return None,
        }
    }
    Some(text.into())
}

fn is_plain(character: char) -> bool {
    character.is_ascii_alphanumeric() || "/_- @#%:=~,".contains(character)
}

/// The plain characters behind `^`, up to the first that may be left out or stand for others.
fn start(body: &str) -> Box<str> {
    let Some(rest) = body.strip_prefix('^').filter(|_| !has_alternatives(body)) else { return "".into() };
    let end = rest.find(|character| !is_plain(character)).unwrap_or(rest.len());
    let (plain, behind) = rest.split_at_checked(end).unwrap_or((rest, ""));
    let is_optional = behind.starts_with(['*', '?', '{']);
    let length = if is_optional { plain.len().saturating_sub(1) } else { plain.len() };
    plain.get(..length).unwrap_or_default().into()
}

/// Whether there is a `|` anywhere: what stands behind it need not begin with anything.
fn has_alternatives(body: &str) -> bool {
    body.contains('|')
}

#[cfg(test)]
mod tests {
    use super::super::truth::Truth::{Maybe, No, Yes};
    use super::*;
    use crate::gitlab::{PartialText, Shape};

    fn matches(regexp: &str, text: &str) -> Truth {
        Regexp::of_text(regexp).unwrap().matches(&Text::from(PartialText::known(text)))
    }

    #[test]
    fn what_re2_and_the_crate_read_alike_is_judged() {
        for (regexp, text, truth) in [
            ("/^feat/", "feature", Yes),
            ("/^feat/", "a-feature", No),
            ("/FEAT/", "feature", No),
            ("/FEAT/i", "feature", Yes),
            (r"/^v\d+\.\d+$/", "v1.20", Yes),
            (r"/^v\d+\.\d+$/", "v1x20", No),
            ("/a+?b{1,2}c/", "abbc", Yes),
            (r"/^release\/\d{1,3}/", "release/12", Yes),
            ("/[[:digit:]]+/", "x1", Yes),
            (r"/[^\]]x/", "ax", Yes),
            ("/a.c/", "ä", Maybe),
            ("/.*/", "", Maybe),
            ("/.+/", "", No),
            ("/a**/", "a", Maybe),
            ("/a++b/", "aab", Maybe),
            ("/a{,2}/", "a", Maybe),
            ("/a{2000}/", "a", Maybe),
            ("/[a&&b]/", "a", Maybe),
            ("/[a[b]]/", "a", Maybe),
            ("/(?x)a b/", "ab", Maybe),
            (r"/\bmain\b/", "main", Yes),
            (r"/\<main/", "main", Maybe),
            ("/(?=a)b/", "b", Maybe),
            ("/(unclosed/", "unclosed", Maybe),
            ("/(?i)main/", "MAIN", Yes),
            (r"/\Amain\z/", "main", Yes),
        ] {
            assert_eq!(matches(regexp, text), truth, "{regexp} {text}");
        }
        assert!(Regexp::of_text("main").is_none());
        assert!(Regexp::of_text("/main/x").is_none());
    }

    #[test]
    fn names_and_starts_are_taken_from_what_is_spelt_out() {
        for (regexp, names, start) in [
            ("/^main$/", vec!["main"], "main"),
            (r"/^(main|release\/1\.0)$/", vec!["main", "release/1.0"], ""),
            ("/^(?:main|develop)$/", vec!["main", "develop"], ""),
            ("/^main$/i", vec![], ""),
            ("/^main|develop$/", vec![], ""),
            ("/main/", vec![], ""),
            (r"/^release\/.*/", vec![], "release/"),
            ("/^fe*/", vec![], "f"),
            ("/^(main)+$/", vec![], ""),
        ] {
            let read = Regexp::of_text(regexp).unwrap();
            assert_eq!(read.names().iter().map(|name| &**name).collect::<Vec<_>>(), names, "{regexp}");
            assert_eq!(&*read.start, start, "{regexp}");
        }
    }

    #[test]
    fn a_partial_text_differs_where_it_cannot_begin_so() {
        let mut text = PartialText::known("feature/");
        text.push(&PartialText::unknown("NAME", Shape::NotEmpty));
        let text = Text::from(text);
        let matches = |regexp: &str| Regexp::of_text(regexp).unwrap().matches(&text);
        assert_eq!(matches("/^release/"), No);
        assert_eq!(matches("/^feature/"), Maybe);
        assert_eq!(matches("/^feature/x/"), Maybe);
        assert_eq!(matches("/^(main|develop)$/"), No);
    }
}
