//! The new matcher: the whole name, in which only `*` stands for anything but itself.
//!
//! `*` is any run of characters but a line break. Letter case counts. Nothing can raise, and every pattern is decided.

use smallvec::SmallVec;

use super::{MOST_PARTS, PartialVerdict};
use crate::gitlab::{MAX_ENVIRONMENT_NAME, PartialText, TextPart, is_environment_character};

/// A pattern as the new matcher compares it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewPattern<'p>(&'p str);

impl<'p> NewPattern<'p> {
    /// Reads a pattern; any text is one.
    #[must_use]
    pub fn new(pattern: &'p str) -> Self {
        Self(pattern)
    }

    /// Whether the pattern matches the full name of an environment. Costs in proportion to both.
    #[must_use]
    pub fn matches(&self, environment: &str) -> bool {
        let Some((first, rest)) = self.0.split_once('*') else { return self.0 == environment };
        let (middle, last) = rest.rsplit_once('*').unwrap_or(("", rest));
        let Some(behind) = environment.strip_prefix(first) else { return false };
        let Some(mut between) = behind.strip_suffix(last) else { return false };
        // The first occurrence of each part leaves most room for those behind it, so no other needs to be tried.
        for part in middle.split('*').filter(|part| !part.is_empty()) {
            let Some((skipped, behind)) = between.split_once(part) else { return false };
            if skipped.contains('\n') {
                return false;
            }
            between = behind;
        }
        !between.contains('\n')
    }

    /// Compares the pattern with the name of an environment that is known in part.
    #[must_use]
    pub fn compare_partial(&self, environment: &PartialText) -> PartialVerdict {
        match environment.as_known() {
            Some(known) => self.matches(known).into(),
            None if environment.parts().len() > MOST_PARTS => PartialVerdict::Depends,
            None if self.matches_for_sure(environment) => PartialVerdict::Always,
            None if self.could_match(environment) => PartialVerdict::Depends,
            None => PartialVerdict::Never,
        }
    }

    /// The first character of the pattern that no environment's name can have, so that it matches none.
    #[must_use]
    pub fn impossible_character(&self) -> Option<char> {
        self.0.chars().find(|character| *character != '*' && !is_environment_character(*character))
    }

    /// Whether what is known of the name is enough: its start and end, and in between the other parts in their order.
    fn matches_for_sure(&self, name: &PartialText) -> bool {
        let Some((first, rest)) = self.0.split_once('*') else { return false };
        let (middle, last) = rest.rsplit_once('*').unwrap_or(("", rest));
        // No two known parts stand side by side, so what is known at the ends of a name in parts is not the same text.
        let mut known: SmallVec<[&str; 4]> = name.parts().iter().map(known_text).collect();
        if known.iter().any(|known| known.contains('\n')) {
            return false;
        }
        let Some(start) = known.first_mut() else { return false };
        match start.strip_prefix(first) {
            Some(behind) => *start = behind,
            None => return false,
        }
        let Some(end) = known.last_mut() else { return false };
        match end.strip_suffix(last) {
            Some(before) => *end = before,
            None => return false,
        }
        let mut known = known.into_iter();
        let mut rest = known.next().unwrap_or_default();
        middle.split('*').all(|part| {
            loop {
                match rest.split_once(part) {
                    Some((_, behind)) => {
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

    /// Whether the variables can have values with which the pattern matches.
    ///
    /// Keeps the set of how much of the pattern may have been met.
    fn could_match(&self, name: &PartialText) -> bool {
        // Most of a list of patterns differ at the start.
        let literal = self.0.split('*').next().unwrap_or_default();
        if literal.bytes().zip(name.known_start().bytes()).any(|(wanted, known)| wanted != known) {
            return false;
        }
        let mut wanted: Vec<char> = self.0.chars().collect();
        wanted.dedup_by(|one, other| *one == '*' && *other == '*');
        // Bounds the work as well: no name is longer.
        if wanted.iter().filter(|wanted| **wanted != '*').count() > MAX_ENVIRONMENT_NAME {
            return false;
        }
        let is_star = |at: usize| wanted.get(at) == Some(&'*');
        // A star may stand for nothing.
        let open = |met: &mut [bool]| {
            for at in 0..wanted.len() {
                met[at + 1] |= met[at] && is_star(at);
            }
        };
        let step = |met: &[bool], fits: &dyn Fn(char) -> bool| -> Vec<bool> {
            let mut next = vec![false; met.len()];
            for (at, &character) in wanted.iter().enumerate().filter(|(at, _)| met[*at]) {
                match character {
                    '*' => next[at] = true,
                    character if fits(character) => next[at + 1] = true,
                    _ => {}
                }
            }
            open(&mut next);
            next
        };
        let mut met = vec![false; wanted.len() + 1];
        met[0] = true;
        open(&mut met);
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
}

fn known_text(part: &TextPart) -> &str {
    match part {
        TextPart::Known(text) => text,
        TextPart::Unknown { .. } => "",
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
            ("view/*", review(Shape::Slug, ""), Never),
            ("*prod*", review(Shape::Slug, ""), Depends),
            ("*PROD*", review(Shape::Slug, ""), Never),
            ("*PROD", review(Shape::NotEmpty, ""), Depends),
            ("*prod", review(Shape::Digits, ""), Never),
            ("*/eu", review(Shape::Slug, "/eu"), Always),
            ("*/eu", review(Shape::Slug, "/eu-1"), Never),
            ("review/x*/us", review(Shape::Slug, "/eu"), Never),
            ("re*eu", review(Shape::Slug, "/eu"), Always),
            ("review/.*", review(Shape::Slug, ""), Never),
            ("review/1", review(Shape::Digits, ""), Depends),
            ("production", review(Shape::Slug, ""), Never),
            ("*", PartialText::unknown("ENVIRONMENT", Shape::Any), Always),
            ("production*", PartialText::unknown("ENVIRONMENT", Shape::Any), Depends),
            ("production*", PartialText::known("production"), Always),
        ] {
            assert_eq!(NewPattern::new(pattern).compare_partial(&name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn a_character_that_no_name_can_have_is_seen() {
        for (pattern, character) in [
            ("prod*", None),
            ("${X}*", None),
            ("a b/c_d-e.f*", None),
            ("prod-(eu|us)*", Some('(')),
            ("^prod*", Some('^')),
            ("prod?", Some('?')),
            ("pröd*", Some('ö')),
            ("a\n*", Some('\n')),
        ] {
            assert_eq!(NewPattern::new(pattern).impossible_character(), character, "{pattern}");
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
            let pattern = NewPattern::new(&pattern);
            let whole = pattern.matches(&format!("{start}{value}{end}"));
            match pattern.compare_partial(&partial) {
                PartialVerdict::Always => proptest::prop_assert!(whole),
                PartialVerdict::Never => proptest::prop_assert!(!whole),
                verdict => proptest::prop_assert_eq!(verdict, PartialVerdict::Depends),
            }
        }
    }
}
