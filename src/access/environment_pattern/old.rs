//! The old matcher: a regular expression, looked for anywhere in the name.
//!
//! A pattern without `*` is compared as it is, letter case and all. In any other, each `*` becomes `.*` and the whole is a Ruby regular expression that may match anywhere: nothing is
//! escaped, nothing is anchored.
//!
//! Ruby's regular expressions (Onigmo) are not those of the `regex` crate. The parts that mean the same in both are
//! translated; for anything else the answer is [`Verdict::Unknown`], never a guess. What differs, among others: `\b`,
//! `\d` and other classes know more of Unicode in the crate; `\h`, `\G`, `\R`, `\X`, `\K`, look-around, back-references,
//! atomic groups and `(?…)` options are Ruby's own or mean something else; `a++` and `a?+` are possessive in Ruby and
//! repeat a repetition in the crate; `a{,2}` and nested classes such as `[a&&b]` are read differently; `a{` is text in Ruby
//! and an error in the crate. `^` and `$` stand at every line in Ruby, so a name with line breaks is not judged
//! (GitLab allows no such name).

use regex::RegexBuilder;

use super::{MOST_PARTS, PartialVerdict};
use crate::gitlab::{PartialText, TextPart};

/// Whether a pattern lets a job's environment in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It does.
    Matches,
    /// It does not.
    Differs,
    /// It is no regular expression for Ruby: the server raises an error in place of an answer.
    Raises(Fault),
    /// It cannot be told without Ruby.
    Unknown(RubyOnly),
}

/// Why Ruby refuses a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// `)` without `(`.
    UnmatchedClose,
    /// `(` without `)`.
    UnclosedGroup,
    /// `[` without `]`.
    UnclosedClass,
    /// `+` or `?` with nothing in front to repeat.
    NothingToRepeat(char),
    /// A backslash at the end.
    TrailingBackslash,
}

/// Why it takes Ruby to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RubyOnly {
    /// A construct that Ruby reads in a way of its own.
    Construct(&'static str),
    /// Larger than is compiled here.
    TooLarge,
    /// The environment's name has a line break or another control character.
    ControlCharacter,
}

/// The longest pattern that is translated, in bytes; GitLab's environments have at most 255 characters.
const MAX_LENGTH: usize = 2_000;

/// How deep groups may nest.
const MAX_DEPTH: usize = 50;

/// A pattern as the old matcher compares it.
#[derive(Clone, Debug)]
pub struct OldPattern<'p> {
    form: Form<'p>,
}

#[derive(Clone, Debug)]
enum Form<'p> {
    /// No `*`.
    Exact(&'p str),
    /// Nothing but characters that stand for themselves, `.` and `*`.
    Parts(&'p str),
    Expression(Box<regex::Regex>),
    Raises(Fault),
    Unknown(RubyOnly),
}

/// How a pattern is compared with names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::access) enum Reading<'p> {
    /// With the whole name.
    Exact(&'p str),
    /// By characters that stand for themselves, `.` for any one and `*` for any run, anywhere in the name.
    Parts(&'p str),
    /// As this expression of the `regex` crate, anywhere in the name.
    Expression(&'p str),
    /// Not at all: the server raises an error.
    Raises(Fault),
    /// By Ruby alone.
    Unknown(RubyOnly),
}

impl OldPattern<'static> {
    /// Reads a pattern that [`is_expression`]. What it is translated to borrows nothing.
    pub(in crate::access) fn of_expression(pattern: &str) -> Self {
        if pattern.len() > MAX_LENGTH {
            return Self { form: Form::Unknown(RubyOnly::TooLarge) };
        }
        let form = match Translator::translate(pattern) {
            Ok(expression) => compiled(&expression),
            Err(Refusal::Raises(fault)) => Form::Raises(fault),
            Err(Refusal::Unknown(unknown)) => Form::Unknown(unknown),
        };
        Self { form }
    }
}

impl<'p> OldPattern<'p> {
    /// Reads a pattern.
    #[must_use]
    pub fn new(pattern: &'p str) -> Self {
        let form = if !pattern.contains('*') {
            Form::Exact(pattern)
        } else if !is_expression(pattern) {
            Form::Parts(pattern)
        } else {
            return OldPattern::of_expression(pattern);
        };
        Self { form }
    }

    /// Compares the pattern with the full name of an environment.
    #[must_use]
    pub fn compare(&self, environment: &str) -> Verdict {
        let verdict = |matches: bool| if matches { Verdict::Matches } else { Verdict::Differs };
        match &self.form {
            Form::Exact(name) => verdict(*name == environment),
            Form::Raises(fault) => Verdict::Raises(*fault),
            Form::Unknown(unknown) => Verdict::Unknown(*unknown),
            _ if environment.chars().any(char::is_control) => Verdict::Unknown(RubyOnly::ControlCharacter),
            Form::Parts(pattern) => verdict(parts_occur(pattern, environment)),
            Form::Expression(expression) => verdict(expression.is_match(environment)),
        }
    }

    /// Compares the pattern with the name of an environment that is known in part.
    #[must_use]
    pub fn compare_partial(&self, environment: &PartialText) -> PartialVerdict {
        if let Some(known) = environment.as_known() {
            return self.compare(known).into();
        }
        match &self.form {
            Form::Exact(name) if environment.could_be(name) => PartialVerdict::Depends,
            Form::Exact(_) => PartialVerdict::Never,
            Form::Raises(fault) => PartialVerdict::Raises(*fault),
            Form::Unknown(unknown) => PartialVerdict::Unknown(*unknown),
            Form::Expression(_) => PartialVerdict::Depends,
            Form::Parts(_) if environment.parts().len() > MOST_PARTS => PartialVerdict::Depends,
            Form::Parts(pattern) if parts_occur_for_sure(pattern, environment) => PartialVerdict::Always,
            Form::Parts(pattern) if parts_could_occur(pattern, environment) => PartialVerdict::Depends,
            Form::Parts(_) => PartialVerdict::Never,
        }
    }

    /// How it is compared.
    pub(in crate::access) fn reading(&self) -> Reading<'_> {
        match &self.form {
            Form::Exact(name) => Reading::Exact(name),
            Form::Parts(pattern) => Reading::Parts(pattern),
            Form::Expression(expression) => Reading::Expression(expression.as_str()),
            Form::Raises(fault) => Reading::Raises(*fault),
            Form::Unknown(unknown) => Reading::Unknown(*unknown),
        }
    }

    /// Why Ruby refuses the pattern; `None` for one that it takes, or that only Ruby can judge.
    #[must_use]
    pub fn fault(&self) -> Option<Fault> {
        match self.form {
            Form::Raises(fault) => Some(fault),
            _ => None,
        }
    }

    /// Why only Ruby can judge the pattern; `None` for one that is judged here.
    #[must_use]
    pub fn unknown(&self) -> Option<RubyOnly> {
        match self.form {
            Form::Unknown(unknown) => Some(unknown),
            _ => None,
        }
    }
}

/// Whether a pattern uses more of a regular expression than `*` and `.`.
#[must_use]
pub fn is_expression(pattern: &str) -> bool {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "/_-. *".contains(character);
    pattern.contains('*') && !pattern.chars().all(is_plain)
}

fn compiled(expression: &str) -> Form<'static> {
    let compiled = RegexBuilder::new(expression).size_limit(1 << 20).dfa_size_limit(1 << 20).build();
    compiled.map_or(Form::Unknown(RubyOnly::TooLarge), |expression| Form::Expression(Box::new(expression)))
}

/// Whether the parts between the stars occur in their order, with anything between them; `.` in a part is any
/// character.
///
/// The first occurrence of each part leaves most room for those behind it, so no other needs to be tried.
fn parts_occur(pattern: &str, name: &str) -> bool {
    let mut rest = name;
    pattern.split('*').all(|part| {
        let mut starts = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
        match starts.find_map(|at| after_part(part, rest.get(at..).unwrap_or_default())) {
            Some(behind) => {
                rest = behind;
                true
            }
            None => false,
        }
    })
}

/// What follows the part at the start of `text`.
fn after_part<'n>(part: &str, text: &'n str) -> Option<&'n str> {
    let mut rest = text.chars();
    for wanted in part.chars() {
        let character = rest.next()?;
        if wanted != '.' && wanted != character {
            return None;
        }
    }
    Some(rest.as_str())
}

/// Whether the parts between the stars occur, in their order, in what is known of the name.
fn parts_occur_for_sure(pattern: &str, name: &PartialText) -> bool {
    let mut known = name.parts().iter().map(|part| match part {
        TextPart::Known(text) => &**text,
        TextPart::Unknown { .. } => "",
    });
    let mut rest = known.next().unwrap_or_default();
    pattern.split('*').all(|part| {
        loop {
            let mut starts = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
            match starts.find_map(|at| after_part(part, rest.get(at..).unwrap_or_default())) {
                Some(behind) => {
                    rest = behind;
                    return true;
                }
                None => match known.next() {
                    Some(next) => rest = next,
                    None => return false,
                },
            }
        }
    })
}

/// Whether the parts between the stars can occur, in their order, in the name.
///
/// Keeps the set of how much of the pattern may have been met; at the start of a part and behind the last, any
/// character may follow.
fn parts_could_occur(pattern: &str, name: &PartialText) -> bool {
    let mut wanted: Vec<char> = Vec::new();
    let mut is_start = vec![true];
    for (index, part) in pattern.split('*').enumerate() {
        if index > 0
            && let Some(last) = is_start.last_mut()
        {
            *last = true;
        }
        for character in part.chars() {
            wanted.push(character);
            is_start.push(false);
        }
    }
    if let Some(last) = is_start.last_mut() {
        *last = true;
    }
    let step = |met: &[bool], fits: &dyn Fn(char) -> bool| -> Vec<bool> {
        let mut next = vec![false; met.len()];
        for (at, _) in met.iter().enumerate().filter(|(_, is_met)| **is_met) {
            next[at] |= is_start[at];
            if let Some(&character) = wanted.get(at)
                && (character == '.' || fits(character))
            {
                next[at + 1] = true;
            }
        }
        next
    };
    let mut met = vec![false; wanted.len() + 1];
    met[0] = true;
    for part in name.parts() {
        match part {
            TextPart::Known(text) => {
                for character in text.chars() {
                    met = step(&met, &|wanted| wanted == character);
                }
            }
            TextPart::Unknown { shape, .. } => {
                let mut all = if shape.may_be_empty() { met.clone() } else { vec![false; met.len()] };
                // As many steps as the pattern has characters reach everything that more of them do.
                for _ in 0..=wanted.len() {
                    met = step(&met, &|wanted| shape.allows(wanted));
                    let before = all.clone();
                    all.iter_mut().zip(&met).for_each(|(all, met)| *all |= met);
                    if all == before {
                        break;
                    }
                }
                met = all;
            }
        }
    }
    met.last() == Some(&true)
}

enum Refusal {
    Raises(Fault),
    Unknown(RubyOnly),
}

fn unknown(what: &'static str) -> Refusal {
    Refusal::Unknown(RubyOnly::Construct(what))
}

/// Writes the expression that the `regex` crate reads as Ruby reads the pattern.
struct Translator<'p> {
    rest: std::iter::Peekable<std::str::Chars<'p>>,
    out: String,
    depth: usize,
    /// Whether something that a `+` or `?` could repeat stands in front.
    last: Last,
    /// What Ruby would refuse; a construct that is not understood goes before it.
    fault: Option<Fault>,
}

/// What stands in front of the next character.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    /// Nothing that could be repeated: the start, `(` or `|`.
    Nothing,
    /// A character, class or group.
    Atom,
    /// `^` or `$`.
    Anchor,
    /// `+`, `?` or the `*` of `.*`.
    Repeat,
    /// A `?` behind one of those.
    LazyRepeat,
}

impl<'p> Translator<'p> {
    fn translate(pattern: &'p str) -> Result<String, Refusal> {
        let mut translator =
            Self { rest: pattern.chars().peekable(), out: String::new(), depth: 0, last: Last::Nothing, fault: None };
        while let Some(character) = translator.rest.next() {
            translator.character(character)?;
        }
        if translator.depth > 0 {
            translator.fault.get_or_insert(Fault::UnclosedGroup);
        }
        translator.fault.map_or(Ok(translator.out), |fault| Err(Refusal::Raises(fault)))
    }

    fn character(&mut self, character: char) -> Result<(), Refusal> {
        match character {
            '*' => self.put(".*", Last::Repeat),
            '.' => self.put(".", Last::Atom),
            '^' => self.put("^", Last::Anchor),
            '$' => self.put("$", Last::Anchor),
            '+' | '?' => self.repeat(character)?,
            '(' => {
                if self.rest.peek() == Some(&'?') {
                    return Err(unknown("`(?`"));
                }
                self.depth += 1;
                if self.depth > MAX_DEPTH {
                    return Err(Refusal::Unknown(RubyOnly::TooLarge));
                }
                self.put("(", Last::Nothing);
            }
            ')' => {
                if self.depth == 0 {
                    self.fault.get_or_insert(Fault::UnmatchedClose);
                }
                self.depth = self.depth.saturating_sub(1);
                self.put(")", Last::Atom);
            }
            '|' => self.put("|", Last::Nothing),
            '[' => self.class()?,
            '{' => {
                // Ruby reads a brace as text unless a count follows.
                if self.rest.peek().is_some_and(|next| next.is_ascii_digit() || *next == ',') {
                    return Err(unknown("a count in braces"));
                }
                self.put(r"\{", Last::Atom);
            }
            '\\' => self.escape()?,
            character if character.is_control() => return Err(unknown("a control character")),
            character => self.literal(character),
        }
        Ok(())
    }

    fn put(&mut self, text: &str, last: Last) {
        self.out.push_str(text);
        self.last = last;
    }

    fn literal(&mut self, character: char) {
        let mut buffer = [0; 4];
        self.out.push_str(&regex::escape(character.encode_utf8(&mut buffer)));
        self.last = Last::Atom;
    }

    fn repeat(&mut self, sign: char) -> Result<(), Refusal> {
        self.last = match (self.last, sign) {
            (Last::Nothing, _) => {
                self.fault.get_or_insert(Fault::NothingToRepeat(sign));
                Last::Atom
            }
            (Last::Atom, _) => {
                self.out.push(sign);
                Last::Repeat
            }
            // Whether a repetition is lazy does not change whether it matches.
            (Last::Repeat, '?') => Last::LazyRepeat,
            (Last::Repeat | Last::LazyRepeat, _) => return Err(unknown("a repeated repetition")),
            (Last::Anchor, _) => return Err(unknown("a repeated anchor")),
        };
        Ok(())
    }

    /// `[…]` with single ASCII characters and ranges of letters or digits.
    fn class(&mut self) -> Result<(), Refusal> {
        let mut class = String::from("[");
        if self.rest.next_if_eq(&'^').is_some() {
            class.push('^');
        }
        let mut is_first = true;
        loop {
            let Some(character) = self.rest.next() else {
                // Only an empty class may end at a bracket that seems to be its first member.
                self.fault.get_or_insert(Fault::UnclosedClass);
                return Ok(());
            };
            match character {
                ']' if is_first => return Err(unknown("`]` at the start of a class")),
                ']' => break,
                // The star has become `.*` here too.
                '*' => class.push_str(r"\.\*"),
                '.' => class.push_str(r"\."),
                '/' | '_' | ' ' => class.push(character),
                character if character.is_ascii_alphanumeric() => self.member(character, &mut class)?,
                _ => return Err(unknown("this class")),
            }
            is_first = false;
        }
        class.push(']');
        self.put(&class, Last::Atom);
        Ok(())
    }

    /// A letter or digit of a class, or the range that it begins.
    fn member(&mut self, first: char, class: &mut String) -> Result<(), Refusal> {
        class.push(first);
        if self.rest.next_if_eq(&'-').is_some() {
            let of_one_kind = |last: &char| {
                first.is_ascii_digit() && last.is_ascii_digit()
                    || first.is_ascii_lowercase() && last.is_ascii_lowercase()
                    || first.is_ascii_uppercase() && last.is_ascii_uppercase()
            };
            match self.rest.next_if(of_one_kind).filter(|&last| first <= last) {
                Some(last) => class.extend(['-', last]),
                None => return Err(unknown("this class")),
            }
        }
        Ok(())
    }

    fn escape(&mut self) -> Result<(), Refusal> {
        match self.rest.next() {
            None => {
                self.fault.get_or_insert(Fault::TrailingBackslash);
            }
            // The star has become `.*`, so the backslash stands before a dot.
            Some('*') => self.put(r"\.*", Last::Repeat),
            Some('d') => self.put("[0-9]", Last::Atom),
            Some('w') => self.put("[A-Za-z0-9_]", Last::Atom),
            Some(
                character @ ('.' | '/' | '-' | '+' | '?' | '(' | ')' | '[' | ']' | '{' | '}' | '|' | '^' | '$' | '\\'),
            ) => {
                self.literal(character);
            }
            Some(_) => return Err(unknown("this backslash sequence")),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gitlab::Shape;

    fn review(shape: Shape, tail: &str) -> PartialText {
        let mut name = PartialText::known("review/");
        name.push(&PartialText::unknown("CI_COMMIT_REF_SLUG", shape));
        name.push_known(tail);
        name
    }

    #[test]
    fn names_that_are_known_in_part_match_always_never_or_for_some_values() {
        use PartialVerdict::{Always, Depends, Never};
        for (pattern, name, expected) in [
            ("review/*", review(Shape::Slug, ""), Always),
            ("rev*", review(Shape::Slug, ""), Always),
            ("*", review(Shape::Any, ""), Always),
            ("re*/*", review(Shape::Any, ""), Always),
            ("prod*", review(Shape::Slug, ""), Depends),
            ("PROD*", review(Shape::Slug, ""), Never),
            ("PROD*", review(Shape::NotEmpty, ""), Depends),
            ("prod*", review(Shape::Digits, ""), Never),
            ("*/eu", review(Shape::Slug, "/eu"), Always),
            ("review/x*/us", review(Shape::Slug, "/eu"), Never),
            ("re*eu", review(Shape::Slug, "/eu"), Always),
            ("w/..*", review(Shape::Digits, ""), Depends),
            ("production", review(Shape::Slug, ""), Never),
            ("review/main", review(Shape::Slug, ""), Depends),
            ("review/", review(Shape::Slug, ""), Never),
            ("review/", review(Shape::Any, ""), Depends),
            ("production", PartialText::unknown("ENVIRONMENT", Shape::Any), Depends),
            ("production", PartialText::known("production"), Always),
        ] {
            assert_eq!(OldPattern::new(pattern).compare_partial(&name), expected, "{pattern} {name}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_said_of_a_partial_name_holds_for_each_value(
            pattern in "[ab/.*]{0,6}", start in "[ab/]{0,3}", value in "[ab]{1,4}", end in "[ab/]{0,3}",
        ) {
            let mut partial = PartialText::known(&start);
            partial.push(&PartialText::unknown("X", Shape::Slug));
            partial.push_known(&end);
            let compiled = OldPattern::new(&pattern);
            let whole = compiled.compare(&format!("{start}{value}{end}"));
            match compiled.compare_partial(&partial) {
                PartialVerdict::Always => proptest::prop_assert_eq!(whole, Verdict::Matches),
                PartialVerdict::Never => proptest::prop_assert_eq!(whole, Verdict::Differs),
                _ => {}
            }
        }
    }
}
