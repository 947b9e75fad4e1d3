//! Where something stands in a text that may give a secret away, found in one pass.
//!
//! The first two characters say which signs may begin at a place, by a table that is made when kaslint is built: most runs are over before a
//! larger automaton would have been made.

use super::prefixes::PREFIXES;
use super::values::NAMES;
use super::{SIGNS, Sign};
use crate::source::Span;

/// How many signs there are.
const COUNT: usize = SIGNS.len() + PREFIXES.len() + NAMES.len();

const _: () = assert!(COUNT <= u8::MAX as usize, "the tables have numbers of one byte");

/// How many bits of the second character count; letters differ in them, whatever their case.
const BITS: u32 = 5;

/// The bit that tells small letters from capitals.
const CASE: u8 = 0x20;

/// For each pair of characters, the first sign that may begin with it, counted from one; zero where there is none.
static FIRST: [u8; 1 << (8 + BITS)] = tables().0;

/// What tells quickly that a sign does not stand at a place.
static SIGN_TESTS: [SignTest; COUNT] = tables().1;

#[derive(Clone, Copy)]
struct SignTest {
    /// How long the sign is.
    length: u8,
    /// Its last character, without the bit that tells small letters from capitals.
    last: u8,
    /// The next sign that begins with the same pair, counted from one; zero behind the last.
    next: u8,
}

impl SignTest {
    fn holds(self, bytes: &[u8], start: usize) -> bool {
        bytes.get(start + usize::from(self.length) - 1).is_some_and(|byte| byte | CASE == self.last)
    }

    /// The number of the next sign that begins with the same pair.
    fn next(self) -> Option<usize> {
        usize::from(self.next).checked_sub(1)
    }
}

/// What the sign with this number looks like; case does not count.
const fn text(number: usize) -> &'static str {
    let (prefix, name) = (SIGNS.len(), SIGNS.len() + PREFIXES.len());
    if number < prefix {
        SIGNS[number].0
    } else if number < name {
        PREFIXES[number - prefix].text
    } else {
        NAMES[number - name].0
    }
}

/// What the sign with this number says.
fn sign(number: usize) -> Option<Sign> {
    let (prefix, name) = (SIGNS.len(), SIGNS.len() + PREFIXES.len());
    match number {
        _ if number < prefix => SIGNS.get(number).map(|known| known.1),
        _ if number < name => PREFIXES.get(number - prefix).map(Sign::Prefix),
        _ => NAMES.get(number - name).map(|known| Sign::Key(known.1)),
    }
}

const fn pair(first: u8, second: u8) -> usize {
    (first as usize) << BITS | (second & ((1 << BITS) - 1)) as usize
}

#[allow(clippy::cast_possible_truncation, reason = "signs are short, and how many there are is looked at above")]
const fn tables() -> ([u8; 1 << (8 + BITS)], [SignTest; COUNT]) {
    let mut first = [0; 1 << (8 + BITS)];
    let mut tests = [SignTest { length: 0, last: 0, next: 0 }; COUNT];
    // Signs of one character begin with any pair that has it; they end the chains.
    let mut is_long = false;
    loop {
        let mut number = COUNT;
        while number > 0 {
            let text = text(number - 1).as_bytes();
            let (lower, upper) = (text[0].to_ascii_lowercase(), text[0].to_ascii_uppercase());
            let mut second = 0;
            while (text.len() > 1) == is_long && second < 1 << BITS {
                if !is_long || second == text[1] & ((1 << BITS) - 1) {
                    tests[number - 1] = SignTest {
                        length: text.len() as u8,
                        last: text[text.len() - 1] | CASE,
                        next: first[pair(lower, second)],
                    };
                    first[pair(lower, second)] = number as u8;
                    first[pair(upper, second)] = number as u8;
                }
                second += 1;
            }
            number -= 1;
        }
        if is_long {
            return (first, tests);
        }
        is_long = true;
    }
}

/// A sign in a text: in the order of ends, and of those that end in one place the longest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Found {
    end: usize,
    start: usize,
    number: usize,
}

/// Gives all signs of a text, also those within others, in the order of their ends.
pub(super) fn each(within: &str, mut take: impl FnMut(Span, Sign)) {
    let mut take = |found: Found| {
        if let Some(sign) = sign(found.number) {
            take(Span::new(found.start, found.end), sign);
        }
    };
    // What may end behind another one that begins later.
    let mut waiting: Vec<Found> = Vec::new();
    let bytes = within.as_bytes();
    let mut at = 0;
    while let Some((start, first)) = next_start(bytes, at) {
        at = start + 1;
        let mut next = Some(first);
        while let Some(number) = next {
            let test = SIGN_TESTS[number];
            next = test.next();
            if test.holds(bytes, start) && is_written(bytes, start, number) {
                waiting.sort_unstable();
                let settled = waiting.partition_point(|found| found.end <= start);
                waiting.drain(..settled).for_each(&mut take);
                waiting.push(Found { end: start + usize::from(test.length), start, number });
            }
        }
    }
    waiting.sort_unstable();
    waiting.into_iter().for_each(take);
}

/// The next place at or behind an offset where a sign may begin, and the first of those that may. By itself, as each character of each text passes
/// here and little else then needs a register.
#[inline(never)]
fn next_start(bytes: &[u8], from: usize) -> Option<(usize, usize)> {
    let rest = bytes.get(from..)?;
    for (at, two) in rest.windows(2).enumerate() {
        if let Some(number) = usize::from(FIRST[pair(two[0], two[1])]).checked_sub(1) {
            let test = SIGN_TESTS[number];
            if test.next != 0 || test.holds(rest, at) {
                return Some((from + at, number));
            }
        }
    }
    let (&last, before) = rest.split_last()?;
    usize::from(FIRST[pair(last, 0)]).checked_sub(1).map(|number| (from + before.len(), number))
}

fn is_written(bytes: &[u8], start: usize, number: usize) -> bool {
    let sign = text(number).as_bytes();
    bytes.get(start..start + sign.len()).is_some_and(|written| written.eq_ignore_ascii_case(sign))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As it would be done without any haste.
    fn one_by_one(text: &str) -> Vec<(Span, usize)> {
        let mut all = Vec::new();
        for end in 0..=text.len() {
            for start in 0..end {
                let numbers = (0..COUNT)
                    .filter(|number| text.as_bytes()[start..end].eq_ignore_ascii_case(self::text(*number).as_bytes()));
                all.extend(numbers.map(|number| (Span::new(start, end), number)));
            }
        }
        all
    }

    fn in_one_pass(text: &str) -> Vec<Span> {
        let mut all = Vec::new();
        each(text, |span, _| all.push(span));
        all
    }

    proptest! {
        #[test]
        fn one_pass_finds_all_signs_in_order(parts in prop::collection::vec((0..COUNT, 0..30usize, "[a-zA-Z@ .:é]{0,3}"), 0..6)) {
            let mut text = String::new();
            for (number, length, between) in parts {
                let sign = self::text(number);
                text.push_str(sign.get(..length).unwrap_or(sign));
                text.push_str(&between);
            }
            for text in [text.to_uppercase(), text] {
                let expected = one_by_one(&text);
                prop_assert_eq!(in_one_pass(&text), expected.iter().map(|found| found.0).collect::<Vec<_>>(), "{}", text);
            }
        }
    }

    #[test]
    fn every_sign_is_found_and_said() {
        for number in 0..COUNT {
            let mut found = Vec::new();
            each(text(number), |span, _| found.push(span));
            assert!(found.contains(&Span::new(0, text(number).len())), "{}", text(number));
        }
        assert!(sign(COUNT - 1).is_some() && sign(COUNT).is_none());
    }
}
