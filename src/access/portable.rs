//! Patterns of environments as expressions that RE2 and Java's `java.util.regex` read alike, for whoever decides outside of kaslint.
//!
//! What is written is the part that the two have in common and mean the same by: `\A` and `\z` for the ends (`$` of Java stands before a last line
//! break as well), `[^\n]` for any character (the `.` of Java leaves out U+0085, U+2028 and U+2029 too), literals with a backslash before punctuation
//! alone. An expression is looked for anywhere in a name; one of the whole name has both ends in it. Sources: `doc/syntax.txt` of RE2, the page of
//! `java.util.regex.Pattern`.

use std::fmt::Write as _;

use super::environment_pattern::{EnvironmentMatcher, OldPattern, Reading, RubyOnly, Verdict};
use super::environment_pattern::{NewPattern, PartialVerdict};
use crate::source::secrets;

/// How many repetitions an expression may have: Java tries them one within the other, on names of up to 255 characters.
const MOST_REPEATS: usize = 8;

/// The longest expression, in bytes.
const MOST_BYTES: usize = 4_000;

/// Any character but a line break.
const ANY: &str = r"[^\n]";

/// Why there is no expression for a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoExpression {
    /// It is no regular expression: GitLab raises an error in place of an answer.
    Raises,
    /// It takes Ruby to tell what it matches.
    RubyAlone,
    /// A part of it is a secret, which tables do not show.
    Secret,
    /// It repeats a group, or repeats so often, that Java might not come to an end.
    Costly,
}

impl NoExpression {
    /// Its name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Raises => "raises",
            Self::RubyAlone => "ruby_alone",
            Self::Secret => "secret",
            Self::Costly => "costly",
        }
    }
}

/// A pattern as one of the two matchers compares it, with the expression that comes to the same.
#[derive(Clone, Debug)]
pub struct PortablePattern<'p> {
    compared: Compared<'p>,
    /// The expression, or why there is none.
    pub expression: Result<String, NoExpression>,
}

#[derive(Clone, Debug)]
enum Compared<'p> {
    Old(OldPattern<'p>),
    New(NewPattern<'p>),
}

/// What a pattern says of the whole name of an environment, by its expression alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    Matches,
    Differs,
    Raises,
    Unknown,
}

impl<'p> PortablePattern<'p> {
    /// Reads a pattern for each matcher that may be in, the old one first.
    pub fn of(pattern: &'p str, matcher: EnvironmentMatcher) -> impl Iterator<Item = (EnvironmentMatcher, Self)> {
        let old = matcher.may_be_old().then(|| (EnvironmentMatcher::Old, Self::old(pattern)));
        let new = matcher.may_be_new().then(|| (EnvironmentMatcher::New, Self::new(pattern)));
        let is_secret = !secrets::find(pattern).is_empty();
        old.into_iter().chain(new).map(move |(matcher, mut read)| {
            if is_secret && read.expression.is_ok() {
                read.expression = Err(NoExpression::Secret);
            }
            (matcher, read)
        })
    }

    fn old(pattern: &'p str) -> Self {
        let compared = OldPattern::new(pattern);
        let expression = match compared.reading() {
            Reading::Exact(name) => bounded(whole(&[name])),
            Reading::Parts(pattern) => bounded(parts(pattern)),
            Reading::Expression(expression) => translated(expression),
            Reading::Raises(_) => Err(NoExpression::Raises),
            Reading::Unknown(RubyOnly::TooLarge) => Err(NoExpression::Costly),
            Reading::Unknown(_) => Err(NoExpression::RubyAlone),
        };
        Self { compared: Compared::Old(compared), expression }
    }

    fn new(pattern: &'p str) -> Self {
        let between: Vec<&str> = pattern.split('*').collect();
        Self { compared: Compared::New(NewPattern::new(pattern)), expression: bounded(whole(&between)) }
    }

    /// Compares the pattern with the full name of an environment. What has no expression is not known, whatever kaslint itself could tell.
    pub(super) fn compare(&self, environment: &str) -> Said {
        let verdict: PartialVerdict = match &self.compared {
            Compared::Old(pattern) => match pattern.compare(environment) {
                // The server raises before it looks at a name.
                Verdict::Raises(_) => return Said::Raises,
                verdict => verdict.into(),
            },
            Compared::New(pattern) => pattern.matches(environment).into(),
        };
        match verdict {
            _ if self.expression.is_err() => Said::Unknown,
            PartialVerdict::Always => Said::Matches,
            PartialVerdict::Never => Said::Differs,
            PartialVerdict::Depends | PartialVerdict::Raises(_) | PartialVerdict::Unknown(_) => Said::Unknown,
        }
    }
}

/// An expression with how often it repeats.
struct Drafted {
    text: String,
    repeats: usize,
    /// Whether a group repeats, which may be tried in very many ways.
    repeats_group: bool,
}

fn bounded(drafted: Drafted) -> Result<String, NoExpression> {
    let is_costly = drafted.repeats_group || drafted.repeats > MOST_REPEATS || drafted.text.len() > MOST_BYTES;
    if is_costly { Err(NoExpression::Costly) } else { Ok(drafted.text) }
}

/// Parts of a whole name with anything between them; of stars in a row, one says the same.
fn whole(between: &[&str]) -> Drafted {
    let mut text = String::from(r"\A");
    let mut repeats = 0;
    for (at, part) in between.iter().enumerate() {
        if at > 0 && !(at > 1 && between.get(at - 1).is_some_and(|before| before.is_empty())) {
            text.push_str(ANY);
            text.push('*');
            repeats += 1;
        }
        part.chars().for_each(|character| literal(character, &mut text));
    }
    text.push_str(r"\z");
    Drafted { text, repeats, repeats_group: false }
}

/// Characters that stand for themselves, `.` for any one and `*` for any run. At its ends, a run says nothing.
fn parts(pattern: &str) -> Drafted {
    let (mut text, mut repeats) = (String::new(), 0);
    let mut was_star = false;
    for character in pattern.trim_matches('*').chars() {
        match character {
            '*' if was_star => {}
            '*' => {
                text.push_str(ANY);
                text.push('*');
                repeats += 1;
            }
            '.' => text.push_str(ANY),
            character => literal(character, &mut text),
        }
        was_star = character == '*';
    }
    Drafted { text, repeats, repeats_group: false }
}

/// A character that stands for itself.
fn literal(character: char, text: &mut String) {
    if character.is_control() {
        // Writing to a text does not fail.
        let _ = write!(text, r"\x{{{:x}}}", u32::from(character));
        return;
    }
    if character.is_ascii_punctuation() && !"/_".contains(character) {
        text.push('\\');
    }
    text.push(character);
}

/// What the old matcher's expression is in the common part: it has no line breaks to look at, no options, no counts, nothing lazy.
fn translated(expression: &str) -> Result<String, NoExpression> {
    let mut drafted = Drafted { text: String::new(), repeats: 0, repeats_group: false };
    // Of each open group, how many repetitions stood before it.
    let mut groups = Vec::new();
    let mut closed = None;
    let mut characters = expression.chars().peekable();
    while let Some(character) = characters.next() {
        let behind_group = closed.take();
        match character {
            '\\' => {
                drafted.text.push('\\');
                drafted.text.extend(characters.next());
            }
            '[' => {
                drafted.text.push('[');
                while let Some(member) = characters.next() {
                    drafted.text.push(member);
                    match member {
                        '\\' => drafted.text.extend(characters.next()),
                        ']' => break,
                        _ => {}
                    }
                }
            }
            '.' => drafted.text.push_str(ANY),
            '^' => drafted.text.push_str(r"\A"),
            '$' => drafted.text.push_str(r"\z"),
            '(' => {
                groups.push(drafted.repeats);
                drafted.text.push('(');
            }
            ')' => {
                closed = groups.pop();
                drafted.text.push(')');
            }
            '*' | '+' => {
                drafted.repeats_group |= behind_group.is_some();
                drafted.repeats += 1;
                drafted.text.push(character);
            }
            '?' => {
                drafted.repeats += 1;
                drafted.text.push('?');
            }
            character => drafted.text.push(character),
        }
    }
    bounded(drafted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expressions(pattern: &str) -> Vec<Result<String, NoExpression>> {
        PortablePattern::of(pattern, EnvironmentMatcher::Either).map(|(_, read)| read.expression).collect()
    }

    #[test]
    fn each_matcher_has_its_expression() {
        let ok = |text: &str| Ok(text.to_owned());
        for (pattern, old, new) in [
            ("prod", ok(r"\Aprod\z"), ok(r"\Aprod\z")),
            ("pro.d-1/a b", ok(r"\Apro\.d\-1/a b\z"), ok(r"\Apro\.d\-1/a b\z")),
            ("prod*", ok("prod"), ok(r"\Aprod[^\n]*\z")),
            ("**", ok(""), ok(r"\A[^\n]*\z")),
            ("a**.b*c", ok(r"a[^\n]*[^\n]b[^\n]*c"), ok(r"\Aa[^\n]*\.b[^\n]*c\z")),
            ("^(a|b)[c.]+$*", ok(r"\A(a|b)[c\.]+\z[^\n]*"), ok(r"\A\^\(a\|b\)\[c\.\]\+\$[^\n]*\z")),
            ("(a+)?*", ok(r"(a+)?[^\n]*"), ok(r"\A\(a\+\)\?[^\n]*\z")),
            ("(*", Err(NoExpression::Raises), ok(r"\A\([^\n]*\z")),
            (r"\h*", Err(NoExpression::RubyAlone), ok(r"\A\\h[^\n]*\z")),
            ("(a+)+*", Err(NoExpression::Costly), ok(r"\A\(a\+\)\+[^\n]*\z")),
            ("(a*)+b", Err(NoExpression::Costly), ok(r"\A\(a[^\n]*\)\+b\z")),
            ("é\u{1}*", Err(NoExpression::RubyAlone), ok(r"\Aé\x{1}[^\n]*\z")),
            ("a*b*c*d*e*f*g*h*i*j", Err(NoExpression::Costly), Err(NoExpression::Costly)),
        ] {
            assert_eq!(expressions(pattern), [old, new], "{pattern}");
        }
    }

    proptest::proptest! {
        /// The expression, read by a third engine, comes to what the matcher says.
        #[test]
        fn an_expression_comes_to_what_its_matcher_says(
            pattern in "[ab.*/()|+?^$\\[\\]é-]{0,8}", name in "[ab./é\u{2028}-]{0,6}",
        ) {
            for (matcher, read) in PortablePattern::of(&pattern, EnvironmentMatcher::Either) {
                let Ok(expression) = &read.expression else { continue };
                let found = regex::Regex::new(expression).unwrap().is_match(&name);
                let expected = if found { Said::Matches } else { Said::Differs };
                proptest::prop_assert_eq!(read.compare(&name), expected, "{:?} {} {}", matcher, pattern, expression);
            }
        }
    }
}
