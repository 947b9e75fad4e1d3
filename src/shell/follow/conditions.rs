//! Conditions of scripts that can be told: what a script does for one argument is not said of another.

use std::rc::Rc;

use brush_parser::ast::{
    self, BinaryPredicate, CaseItemPostAction, Command, CommandPrefixOrSuffixItem, CompoundList, ExtendedTestExpr,
    UnaryPredicate,
};

use super::super::text::Frame;
use super::super::walk::Walker;

impl Walker<'_> {
    /// Whether conditions that stand in a text are worked out: those of files are.
    pub(in super::super) fn decides(&self, frame: &Frame) -> bool {
        self.following.is_in_file(frame.global(&(0..0)).start)
    }

    /// The outcome of a list that is one test.
    pub(in super::super) fn outcome(&mut self, frame: &Rc<Frame>, list: &CompoundList) -> Option<bool> {
        let [item] = &list.0[..] else { return None };
        if !item.0.additional.is_empty() || !self.decides(frame) {
            return None;
        }
        self.outcome_of(frame, &item.0.first)
    }

    /// The outcome of a pipeline that is one test.
    pub(in super::super) fn outcome_of(&mut self, frame: &Rc<Frame>, pipeline: &ast::Pipeline) -> Option<bool> {
        let [command] = &pipeline.seq[..] else { return None };
        let holds = match command {
            Command::ExtendedTest(test) => self.test(frame, &test.expr),
            Command::Simple(simple) => self.simple_test(frame, simple),
            _ => None,
        };
        holds.map(|holds| holds != pipeline.bang)
    }

    fn known(&mut self, frame: &Frame, word: &ast::Word) -> Option<String> {
        self.word(frame, word).text().as_known().map(str::to_owned)
    }

    fn test(&mut self, frame: &Frame, test: &ExtendedTestExpr) -> Option<bool> {
        match test {
            ExtendedTestExpr::And(left, right) => match (self.test(frame, left), self.test(frame, right)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            },
            ExtendedTestExpr::Or(left, right) => match (self.test(frame, left), self.test(frame, right)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            },
            ExtendedTestExpr::Not(inner) => self.test(frame, inner).map(|holds| !holds),
            ExtendedTestExpr::Parenthesized(inner) => self.test(frame, inner),
            ExtendedTestExpr::UnaryTest(predicate, word) => {
                let is_empty = self.emptiness(frame, word);
                match predicate {
                    UnaryPredicate::StringHasZeroLength => is_empty,
                    UnaryPredicate::StringHasNonZeroLength => is_empty.map(|is_empty| !is_empty),
                    _ => None,
                }
            }
            ExtendedTestExpr::BinaryTest(predicate, left, right) => {
                let (left, right) = (self.known(frame, left)?, self.known(frame, right)?);
                match predicate {
                    BinaryPredicate::StringExactlyMatchesString => Some(left == right),
                    BinaryPredicate::StringDoesNotExactlyMatchString => Some(left != right),
                    BinaryPredicate::StringExactlyMatchesPattern => matches(&left, &right),
                    BinaryPredicate::StringDoesNotExactlyMatchPattern => matches(&left, &right).map(|holds| !holds),
                    _ => None,
                }
            }
        }
    }

    fn emptiness(&mut self, frame: &Frame, word: &ast::Word) -> Option<bool> {
        let word = self.word(frame, word);
        is_empty(&word.text())
    }

    /// `[ "$1" = deploy ]`, `test -n "$X"`, `true`.
    fn simple_test(&mut self, frame: &Frame, simple: &ast::SimpleCommand) -> Option<bool> {
        if simple.prefix.as_ref().is_some_and(|prefix| !prefix.0.is_empty()) {
            return None;
        }
        let name = simple.word_or_name.as_ref()?.value.as_str();
        let suffix = simple.suffix.iter().flat_map(|suffix| &suffix.0);
        let words: Option<Vec<&ast::Word>> = suffix
            .map(|item| match item {
                CommandPrefixOrSuffixItem::Word(word) | CommandPrefixOrSuffixItem::AssignmentWord(_, word) => {
                    Some(word)
                }
                _ => None,
            })
            .collect();
        let mut words = words?;
        match name {
            "true" | ":" => return Some(true),
            "false" => return Some(false),
            "[" => drop(words.pop().filter(|last| last.value == "]")?),
            "test" => {}
            _ => return None,
        }
        let is_not = words.first().is_some_and(|first| first.value == "!");
        let words = words.get(usize::from(is_not)..).unwrap_or_default();
        let holds = match words {
            [operator, word] if operator.value == "-z" => self.emptiness(frame, word),
            [operator, word] if operator.value == "-n" => self.emptiness(frame, word).map(|is_empty| !is_empty),
            [word] => self.emptiness(frame, word).map(|is_empty| !is_empty),
            [left, operator, right] => {
                let (left, right) = (self.known(frame, left)?, self.known(frame, right)?);
                match operator.value.as_str() {
                    "=" | "==" => Some(left == right),
                    "!=" => Some(left != right),
                    "-eq" | "-ne" | "-gt" | "-ge" | "-lt" | "-le" => {
                        let (left, right) = (left.parse::<i64>().ok()?, right.parse::<i64>().ok()?);
                        Some(match operator.value.as_str() {
                            "-eq" => left == right,
                            "-ne" => left != right,
                            "-gt" => left > right,
                            "-ge" => left >= right,
                            "-lt" => left < right,
                            _ => left <= right,
                        })
                    }
                    _ => None,
                }
            }
            _ => None,
        };
        holds.map(|holds| holds != is_not)
    }

    /// The arm that `case` takes, by its number; `Some(None)` for none, `None` where that cannot be told.
    pub(in super::super) fn arm_of(
        &mut self,
        frame: &Rc<Frame>,
        case: &ast::CaseClauseCommand,
    ) -> Option<Option<usize>> {
        if !self.decides(frame) {
            return None;
        }
        let subject = self.known(frame, &case.value)?;
        for (number, item) in case.cases.iter().enumerate() {
            if !matches!(item.post_action, CaseItemPostAction::ExitCase) {
                return None;
            }
            for pattern in &item.patterns {
                let pattern = self.known(frame, pattern)?;
                if matches(&subject, &pattern)? {
                    return Some(Some(number));
                }
            }
        }
        Some(None)
    }
}

fn is_empty(text: &crate::gitlab::PartialText) -> Option<bool> {
    use crate::gitlab::TextPart;
    let has_something = |part: &TextPart| match part {
        TextPart::Known(text) => !text.is_empty(),
        TextPart::Unknown { shape, .. } => !shape.may_be_empty(),
    };
    match text.as_known() {
        Some(known) => Some(known.is_empty()),
        None => text.parts().iter().any(has_something).then_some(false),
    }
}

/// Whether a text matches a pattern of the shell with `*` and `?`; `None` for patterns with more.
fn matches(text: &str, pattern: &str) -> Option<bool> {
    const MOST: usize = 512;
    if text.len() > MOST || pattern.len() > MOST || pattern.contains(['[', '\\']) || pattern.contains("(") {
        return None;
    }
    let (text, pattern): (Vec<char>, Vec<char>) = (text.chars().collect(), pattern.chars().collect());
    let (mut at, mut in_pattern) = (0, 0);
    let (mut star, mut after_star) = (None, 0);
    while at < text.len() {
        match pattern.get(in_pattern) {
            Some('*') => {
                star = Some(in_pattern);
                after_star = at;
                in_pattern += 1;
            }
            Some(letter) if *letter == '?' || Some(letter) == text.get(at) => {
                at += 1;
                in_pattern += 1;
            }
            _ => match star {
                Some(star) => {
                    after_star += 1;
                    at = after_star;
                    in_pattern = star + 1;
                }
                None => return Some(false),
            },
        }
    }
    Some(pattern.get(in_pattern..).unwrap_or_default().iter().all(|letter| *letter == '*'))
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_of_case() {
        for (text, pattern, holds) in [
            ("deploy", "deploy", true),
            ("deploy", "de*", true),
            ("deploy", "*y", true),
            ("deploy", "*", true),
            ("", "*", true),
            ("deploy", "d?ploy", true),
            ("deploy", "build", false),
            ("deploy", "*x*", false),
            ("", "?", false),
        ] {
            assert_eq!(matches(text, pattern), Some(holds), "{text} {pattern}");
        }
        assert_eq!(matches("a", "[ab]"), None);
    }
}
