//! What an expression can turn out as.
//!
//! GitLab's expressions have Ruby's values: `nil`, `true`, `false`, texts, regular expressions. An empty text is true
//! to `&&` and `||`, but an expression as a whole does not hold if it gives one. So a part is evaluated to the set of
//! values that it can have, and only the whole becomes a yes, no or maybe.

use std::sync::Arc;

use crate::gitlab::{PartialText, Shape, TextPart};

use super::expression::Node;
use super::lexer::Operator;
use super::regexp::Regexp;
use super::truth::Truth;

/// The value of a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// There is no such variable.
    Unset,
    /// The variable has this value.
    Text(PartialText),
    /// The variable has this value, which is none of those: "another branch".
    Other(PartialText, Arc<[PartialText]>),
    /// The variable may have any value, or be unset.
    Unknown,
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl Value {
    /// What it is as a text.
    fn as_text(&self) -> Option<Text> {
        match self {
            Self::Text(text) => Some(text.clone().into()),
            Self::Other(text, not) => Some(Text { text: text.clone(), not: Some(not.clone()) }),
            Self::Unset | Self::Unknown => None,
        }
    }

    /// Whether it is this text.
    pub(super) fn equals(&self, text: &str) -> Truth {
        self.as_text().map_or(Truth::Maybe, |own| same_text(&own, &PartialText::known(text).into()))
    }

    /// Whether the regular expression matches it.
    pub(super) fn matches(&self, regexp: &Regexp) -> Truth {
        self.as_text().map_or(Truth::Maybe, |own| regexp.matches(&own))
    }
}

/// A text that a part of an expression can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Text {
    pub(super) text: PartialText,
    /// What it is not, though its parts would allow it.
    not: Option<Arc<[PartialText]>>,
}

impl From<PartialText> for Text {
    fn from(text: PartialText) -> Self {
        Self { text, not: None }
    }
}

/// The longest text that is compared with a text of unknown parts.
const MAX_COMPARED: usize = 1_000;

/// The most parts of a text that is compared with another, for the same reason: the effort grows with both.
const MAX_PARTS: usize = 20;

/// Whether the text can be this one.
pub(super) fn could_be(text: &Text, known: &str) -> bool {
    let is_excluded = |text: &PartialText| text.as_known() == Some(known);
    let is_excluded = text.not.as_ref().is_some_and(|not| not.iter().any(is_excluded));
    let is_too_large = known.len() > MAX_COMPARED || text.text.parts().len() > MAX_PARTS;
    !is_excluded && (is_too_large || text.text.could_be(known))
}

/// The values that a part can have.
#[derive(Clone, Debug, Default)]
struct Possible<'n> {
    null: bool,
    no: bool,
    yes: bool,
    texts: Vec<Text>,
    regexp: Option<&'n Regexp>,
    /// Something that is not understood.
    strange: bool,
}

/// More texts than these are as good as any text.
const MAX_TEXTS: usize = 8;

/// Whether the expression holds.
pub(super) fn evaluate(root: &Node, variables: &dyn Fn(&str) -> Value) -> Truth {
    possible(root, variables).presence()
}

fn possible<'n>(node: &'n Node, variables: &dyn Fn(&str) -> Value) -> Possible<'n> {
    match node {
        Node::Null => Possible { null: true, ..Possible::default() },
        Node::Boolean(value) => Possible::of_truth((*value).into()),
        Node::Text(text) => Possible::of_text(PartialText::known(text).into()),
        Node::Regexp(regexp) => Possible { regexp: Some(regexp), ..Possible::default() },
        Node::Input(name) => Possible { strange: true, ..Possible::unknown(name) },
        Node::Variable(name) => match variables(name) {
            Value::Unset => Possible { null: true, ..Possible::default() },
            Value::Text(text) => Possible::of_text(text.into()),
            Value::Other(text, not) => Possible::of_text(Text { text, not: Some(not) }),
            Value::Unknown => Possible::unknown(name),
        },
        Node::Not(operand) => Possible::of_truth(possible(operand, variables).presence().negated()),
        Node::Binary(operator, left, right) => possible(left, variables).binary(*operator, possible(right, variables)),
    }
}

impl<'n> Possible<'n> {
    fn of_truth(truth: Truth) -> Self {
        Self { yes: truth != Truth::No, no: truth != Truth::Yes, ..Self::default() }
    }

    fn of_text(text: Text) -> Self {
        Self { texts: vec![text], ..Self::default() }
    }

    fn unknown(name: &str) -> Self {
        Self { null: true, ..Self::of_text(PartialText::unknown(name, Shape::Any).into()) }
    }

    fn binary(self, operator: Operator, right: Self) -> Self {
        match operator {
            Operator::Equals => Self::of_truth(self.equals(&right)),
            Operator::NotEquals => Self::of_truth(self.equals(&right).negated()),
            Operator::Matches => Self::of_truth(self.matches(&right)),
            Operator::NotMatches => Self::of_truth(self.matches(&right).negated()),
            Operator::And => self.and(right),
            Operator::Or | Operator::Not => self.or(right),
        }
    }

    /// Whether it can be something that is false to Ruby: `nil` or `false`.
    fn can_be_falsy(&self) -> bool {
        self.null || self.no || self.strange
    }

    fn can_be_truthy(&self) -> bool {
        self.yes || !self.texts.is_empty() || self.regexp.is_some() || self.strange
    }

    /// The left one if that is false to Ruby, else the right one.
    fn and(self, right: Self) -> Self {
        let falsy = Self { null: self.null, no: self.no, strange: self.strange, ..Self::default() };
        if self.can_be_truthy() { falsy.joined(right) } else { falsy }
    }

    /// The left one unless that is false to Ruby, else the right one.
    fn or(self, right: Self) -> Self {
        let can_be_falsy = self.can_be_falsy();
        let truthy = Self { null: false, no: false, ..self };
        if can_be_falsy { truthy.joined(right) } else { truthy }
    }

    fn joined(mut self, other: Self) -> Self {
        for text in other.texts {
            if !self.texts.contains(&text) {
                self.texts.push(text);
            }
        }
        Self {
            null: self.null || other.null,
            no: self.no || other.no,
            yes: self.yes || other.yes,
            strange: self.strange
                || other.strange
                || self.texts.len() > MAX_TEXTS
                || self.regexp.is_some() && other.regexp.is_some(),
            regexp: self.regexp.or(other.regexp),
            texts: self.texts,
        }
    }

    /// Whether it is `present?` to Rails.
    fn presence(&self) -> Truth {
        let texts = self.texts.iter().map(|text| presence(&text.text));
        let truths = texts
            .chain(self.yes.then_some(Truth::Yes))
            .chain(self.regexp.map(|_| Truth::Yes))
            .chain((self.null || self.no).then_some(Truth::No))
            .chain(self.strange.then_some(Truth::Maybe));
        agreed(truths)
    }

    fn equals(&self, other: &Self) -> Truth {
        if self.strange || other.strange || self.regexp.is_some() || other.regexp.is_some() {
            return Truth::Maybe;
        }
        let texts = self.texts.iter().flat_map(|left| other.texts.iter().map(|right| same_text(left, right)));
        let same = [self.null && other.null, self.no && other.no, self.yes && other.yes];
        let kinds = |possible: &Self| [possible.null, possible.no, possible.yes, !possible.texts.is_empty()];
        let (left, right) = (kinds(self), kinds(other));
        let can_differ_in_kind = (0..4).any(|at| left[at] && (0..4).any(|other| other != at && right[other]));
        let truths =
            texts.chain(same.contains(&true).then_some(Truth::Yes)).chain(can_differ_in_kind.then_some(Truth::No));
        agreed(truths)
    }

    /// `=~`. Source: `lexeme/matches.rb`.
    fn matches(&self, right: &Self) -> Truth {
        if self.strange || right.strange || self.regexp.is_some() || right.yes {
            return Truth::Maybe;
        }
        let mut lefts = self.texts.clone();
        let others = [(self.null, ""), (self.yes, "true"), (self.no, "false")];
        lefts.extend(others.iter().filter(|(is, _)| *is).map(|(_, text)| PartialText::known(text).into()));
        let by_regexp = right.regexp.iter().flat_map(|regexp| lefts.iter().map(|left| regexp.matches(left)));
        let by_text = right.texts.iter().flat_map(|right| lefts.iter().map(|left| matches_text(left, right)));
        // Nothing matches what is not set.
        agreed(by_regexp.chain(by_text).chain((right.null || right.no).then_some(Truth::No)))
    }
}

/// What all truths say; a maybe if they differ.
fn agreed(truths: impl Iterator<Item = Truth>) -> Truth {
    truths.reduce(|left, right| if left == right { left } else { Truth::Maybe }).unwrap_or(Truth::Maybe)
}

/// Whether a text is `present?`: not empty, and not blank. A variable of which all that is known is that it is not
/// empty counts as present: what is meant are names of refs, numbers and the like, which are not blank.
fn presence(text: &PartialText) -> Truth {
    let mut answer = Truth::No;
    for part in text.parts() {
        answer = answer.or(match part {
            TextPart::Known(known) => known.chars().any(|character| !character.is_whitespace()).into(),
            TextPart::Unknown { shape, .. } if shape.may_be_empty() => Truth::Maybe,
            TextPart::Unknown { .. } => Truth::Yes,
        });
    }
    answer
}

/// Whether two texts are the same. The same variable has the same value on both sides.
fn same_text(left: &Text, right: &Text) -> Truth {
    let excludes = |text: &Text, other: &Text| text.not.as_ref().is_some_and(|not| not.contains(&other.text));
    if excludes(left, right) || excludes(right, left) {
        return Truth::No;
    }
    match (left.text.as_known(), right.text.as_known()) {
        _ if left.text == right.text => Truth::Yes,
        (Some(_), Some(_)) => Truth::No,
        (Some(known), None) if !could_be(right, known) => Truth::No,
        (None, Some(known)) if !could_be(left, known) => Truth::No,
        (None, None) => {
            let (left, right) = (left.text.known_start(), right.text.known_start());
            if left.starts_with(right) || right.starts_with(left) { Truth::Maybe } else { Truth::No }
        }
        _ => Truth::Maybe,
    }
}

/// `=~` with a text on the right. One that is no regular expression in slashes is searched for the left one, the other
/// way round than one would think. Sources: `lexeme/pattern.rb`; "Unexpected behavior from regular expression matching"
/// in `doc/ci/jobs/job_rules.md`.
fn matches_text(left: &Text, right: &Text) -> Truth {
    let Some(known) = right.text.as_known().filter(|known| !known.contains('\n')) else { return Truth::Maybe };
    match (Regexp::of_text(known), left.text.as_known()) {
        (Some(regexp), _) => regexp.matches(left),
        (None, Some(left)) => known.contains(left).into(),
        (None, None) => Truth::Maybe,
    }
}

#[cfg(test)]
#[path = "evaluate_tests.rs"]
mod tests;
