//! Patterns as automata over the characters of environment names.

use std::collections::{HashMap, HashSet};

use regex_automata::nfa::thompson::{Compiler, Config, NFA, State as RegexState, WhichCaptures};
use regex_automata::util::look::Look;
use regex_automata::util::primitives::StateID;
use regex_automata::util::syntax;

use super::pattern::NamePattern;
use crate::access::environment_pattern::{OldPattern, Reading, RubyOnly};
use crate::gitlab::{MAX_ENVIRONMENT_NAME, PartialText, TextPart};

/// The characters of names, in the order in which examples prefer them.
pub(super) const CHARACTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789-/_.ABCDEFGHIJKLMNOPQRSTUVWXYZ ${}";

/// A set of characters, a bit for each of [`CHARACTERS`].
pub(super) type Characters = u128;

/// Every character that a name can have.
pub(super) const ALL: Characters = (1 << CHARACTERS.len()) - 1;

/// The set with one character; empty for what no name has.
fn only(character: u8) -> Characters {
    CHARACTERS.iter().position(|known| *known == character).map_or(0, |at| 1 << at)
}

/// The most bytes of the automaton of one expression.
const MAX_EXPRESSION_SIZE: usize = 1 << 20;

/// Why there is no automaton of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unjudged {
    /// GitLab's server raises an error.
    Raises,
    /// Only Ruby can judge it.
    Ruby(RubyOnly),
}

/// One state.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    /// Where characters lead.
    pub steps: Vec<(Characters, Vec<u32>)>,
    /// Whether a name that ends here is matched.
    pub ends: bool,
    /// Whether every name is matched that goes on from here.
    pub matched: bool,
}

/// The names that some pattern of a list matches.
#[derive(Clone, Debug, Default)]
pub struct Automaton {
    pub(super) states: Vec<State>,
    /// Where a name begins.
    pub(super) first: Vec<u32>,
    /// Those of them that are there behind every character as well.
    pub(super) always: Vec<u32>,
    /// What all its names begin with.
    pub(super) beginning: Vec<u8>,
    /// The sets of characters that its steps tell apart, each once.
    pub(super) told_apart: Vec<Characters>,
}

impl Automaton {
    /// The union of patterns. Costs in proportion to their length.
    ///
    /// # Errors
    /// At the first pattern that cannot be judged, with its position.
    pub fn of<'p>(patterns: impl IntoIterator<Item = &'p NamePattern>) -> Result<Self, (usize, Unjudged)> {
        let mut union = Self::default();
        for (position, pattern) in patterns.into_iter().enumerate() {
            union.add(pattern).map_err(|unjudged| (position, unjudged))?;
        }
        Ok(union.finished())
    }

    /// The union of expressions in the syntax of Rust, which match anywhere unless they say `^` and `$`. `None` where one is too large.
    #[must_use]
    pub fn of_expressions<'e>(expressions: impl IntoIterator<Item = &'e str>) -> Option<Self> {
        let mut union = Self::default();
        for expression in expressions {
            union.add_expression(&nfa(expression)?);
        }
        Some(union.finished())
    }

    /// The names that a text may be of which parts hang on variables. Equal variables are not held to equal values.
    #[must_use]
    pub fn of_partial(name: &PartialText) -> Self {
        // A state before each character that is there for certain and one at the end, each with the characters at which it stays.
        let mut wanted: Vec<Characters> = Vec::new();
        let mut stays: Vec<Characters> = vec![0];
        for part in name.parts() {
            match part {
                TextPart::Known(text) => {
                    for character in text.chars() {
                        wanted.push(u8::try_from(character).map_or(0, only));
                        stays.push(0);
                    }
                }
                TextPart::Unknown { shape, .. } => {
                    let allowed = CHARACTERS.iter().filter(|character| shape.allows(char::from(**character)));
                    let allowed = allowed.fold(0, |all, character| all | only(*character));
                    // What may be empty allows every character, so that it takes in what the part before it stays at.
                    if !shape.may_be_empty() {
                        wanted.push(allowed);
                        stays.push(0);
                    }
                    stays.last_mut().into_iter().for_each(|at| *at |= allowed);
                }
            }
        }
        let mut automaton = Self::default();
        if wanted.len() > MAX_ENVIRONMENT_NAME || wanted.contains(&0) {
            return automaton;
        }
        automaton.first.push(0);
        for (number, &stays) in (0..).zip(&stays) {
            let next = wanted.get(number as usize).copied();
            let mut state = State { steps: Vec::new(), ends: next.is_none(), matched: next.is_none() && stays == ALL };
            let on = next.unwrap_or_default();
            let steps =
                [(on & stays, vec![number, number + 1]), (on & !stays, vec![number + 1]), (stays & !on, vec![number])];
            state.steps.extend(steps.into_iter().filter(|(characters, _)| *characters != 0));
            automaton.push(state);
        }
        automaton.finished()
    }

    /// With its first states in order, and what searches ask of it worked out once.
    fn finished(mut self) -> Self {
        for states in [&mut self.first, &mut self.always] {
            states.sort_unstable();
            states.dedup();
        }
        let steps = self.states.iter().flat_map(|state| &state.steps);
        self.told_apart = steps.map(|(characters, _)| *characters).collect();
        self.told_apart.sort_unstable();
        self.told_apart.dedup();
        self.beginning = self.fixed_beginning();
        self
    }

    /// The characters that follow each other from the only first state, until there is a choice or an end.
    fn fixed_beginning(&self) -> Vec<u8> {
        let mut beginning = Vec::new();
        let mut at = &self.first[..];
        while let [only] = at
            && beginning.len() < MAX_ENVIRONMENT_NAME
            && let Some(State { steps, ends: false, matched: false }) = self.states.get(*only as usize)
            && let [(characters, to)] = &steps[..]
            && characters.is_power_of_two()
            && let Some(character) = CHARACTERS.get(characters.trailing_zeros() as usize)
        {
            beginning.push(*character);
            at = to;
        }
        beginning
    }

    /// Whether it is seen at once, by how they begin, that no name is in both.
    pub(super) fn is_apart_from(&self, other: &Self) -> bool {
        self.beginning.iter().zip(&other.beginning).any(|(one, other)| one != other)
    }

    /// Whether a name is in it; what has a character that no name has is not.
    #[must_use]
    pub fn holds(&self, name: &str) -> bool {
        let state = |number: &u32| self.states.get(*number as usize);
        let mut at = self.first.clone();
        for character in name.bytes() {
            if at.iter().filter_map(state).any(|state| state.matched) {
                break;
            }
            let is_on = |(characters, _): &&(Characters, Vec<u32>)| characters & only(character) != 0;
            let steps = at.iter().filter_map(state).flat_map(|state| state.steps.iter().filter(is_on));
            let mut next: Vec<u32> = steps.flat_map(|(_, to)| to).copied().collect();
            next.sort_unstable();
            next.dedup();
            at = next;
        }
        at.iter().filter_map(state).any(|state| state.ends || state.matched)
            && name.bytes().all(|character| only(character) != 0)
    }

    fn add(&mut self, pattern: &NamePattern) -> Result<(), Unjudged> {
        let text = pattern.text();
        if pattern.is_new() {
            self.add_parts(&tokens(text, false), true);
            return Ok(());
        }
        match OldPattern::new(text).reading() {
            Reading::Exact(text) => self.add_parts(&tokens(text, false), true),
            Reading::Parts(text) => self.add_parts(&tokens(text, true), false),
            Reading::Expression(expression) => {
                let nfa = nfa(expression).ok_or(Unjudged::Ruby(RubyOnly::TooLarge))?;
                self.add_expression(&nfa);
            }
            Reading::Raises(_) => return Err(Unjudged::Raises),
            Reading::Unknown(unknown) => return Err(Unjudged::Ruby(unknown)),
        }
        Ok(())
    }

    fn push(&mut self, state: State) -> u32 {
        let number = u32::try_from(self.states.len()).unwrap_or(u32::MAX);
        self.states.push(state);
        number
    }

    /// Parts between stars, from the start to the end of a name or anywhere in it. One state stands before each character and one at the end;
    /// it stays where it is as long as a star is in front.
    fn add_parts(&mut self, tokens: &[Token], is_whole: bool) {
        let mut wanted: Vec<Characters> = Vec::new();
        let mut stays = vec![!is_whole];
        for token in tokens {
            match token {
                Token::Star => stays.last_mut().into_iter().for_each(|stays| *stays = true),
                Token::One(characters) => {
                    wanted.push(*characters);
                    stays.push(false);
                }
            }
        }
        if !is_whole {
            stays.last_mut().into_iter().for_each(|stays| *stays = true);
        }
        // No name is longer, and none has what no name can have.
        if wanted.len() > MAX_ENVIRONMENT_NAME || wanted.contains(&0) {
            return;
        }
        let first = u32::try_from(self.states.len()).unwrap_or(u32::MAX);
        self.first.push(first);
        self.always.extend(stays.first().filter(|stays| **stays).map(|_| first));
        for (number, stays) in (first..).zip(&stays) {
            let next = wanted.get((number - first) as usize);
            let mut state = State { steps: Vec::new(), ends: next.is_none(), matched: next.is_none() && *stays };
            match (next, stays) {
                (Some(next), true) => {
                    state.steps.push((*next, vec![number, number + 1]));
                    state.steps.push((ALL & !next, vec![number]));
                }
                (Some(next), false) => state.steps.push((*next, vec![number + 1])),
                (None, true) => state.steps.push((ALL, vec![number])),
                (None, false) => {}
            }
            self.push(state);
        }
    }

    /// An expression that may match anywhere in a name. Names have no line breaks, so `^` holds at their start and `$` at their end alone.
    fn add_expression(&mut self, nfa: &NFA) {
        let mut numbers: HashMap<StateID, u32> = HashMap::new();
        let states: Vec<StateID> = (0..nfa.states().len()).filter_map(|at| StateID::new(at).ok()).collect();
        for &id in &states {
            let is_kept = match nfa.state(id) {
                RegexState::ByteRange { .. }
                | RegexState::Sparse(_)
                | RegexState::Dense(_)
                | RegexState::Match { .. } => true,
                RegexState::Look { look, .. } => matches!(look, Look::End | Look::EndLF),
                _ => false,
            };
            if is_kept {
                numbers.insert(id, self.push(State::default()));
            }
        }
        let is_match = |id: &StateID| matches!(nfa.state(*id), RegexState::Match { .. });
        let matches: HashSet<u32> = numbers.iter().filter(|(id, _)| is_match(id)).map(|(_, number)| *number).collect();
        let reach = |from: StateID, at_start: bool, at_end: bool| reachable(nfa, &numbers, from, at_start, at_end);
        for (&id, &number) in &numbers {
            let mut steps: Vec<(Characters, Vec<u32>)> = Vec::new();
            let mut step = |start: u8, end: u8, next: StateID| {
                let characters = (start..=end).fold(0, |all, byte| all | only(byte));
                if characters != 0 {
                    steps.push((characters, reach(next, false, false)));
                }
            };
            let (mut ends, mut matched) = (false, false);
            match nfa.state(id) {
                RegexState::ByteRange { trans } => step(trans.start, trans.end, trans.next),
                RegexState::Sparse(sparse) => {
                    sparse.transitions.iter().for_each(|trans| step(trans.start, trans.end, trans.next));
                }
                RegexState::Dense(dense) => {
                    (0..=u8::MAX).for_each(|byte| {
                        if let Some(next) = dense.matches_byte(byte) {
                            step(byte, byte, next);
                        }
                    });
                }
                RegexState::Match { .. } => (ends, matched) = (true, true),
                RegexState::Look { next, .. } => {
                    ends = reach(*next, false, true).iter().any(|number| matches.contains(number));
                }
                _ => {}
            }
            if let Some(state) = self.states.get_mut(number as usize) {
                *state = State { steps, ends, matched };
            }
        }
        // It may begin at the start, or behind any character: one state stays there, and all that it leads to is there behind each character.
        let start = nfa.start_anchored();
        let again = reach(start, false, false);
        self.first.extend(reach(start, true, false));
        if again.is_empty() {
            return;
        }
        let before = self.push(State::default());
        let mut behind = again.clone();
        behind.push(before);
        if let Some(state) = self.states.get_mut(before as usize) {
            state.steps.push((ALL, behind.clone()));
        }
        self.first.push(before);
        self.always.extend(behind);
    }
}

/// A part of a pattern.
enum Token {
    /// Any run of characters.
    Star,
    /// One of these characters.
    One(Characters),
}

fn tokens(text: &str, dot_is_any: bool) -> Vec<Token> {
    let token = |character: char| match character {
        '*' => Token::Star,
        '.' if dot_is_any => Token::One(ALL),
        character => Token::One(u8::try_from(character).map_or(0, only)),
    };
    text.chars().map(token).collect()
}

fn nfa(expression: &str) -> Option<NFA> {
    let build = |unicode: bool| {
        let config =
            Config::new().utf8(false).which_captures(WhichCaptures::None).nfa_size_limit(Some(MAX_EXPRESSION_SIZE));
        let syntax = syntax::Config::new().unicode(unicode).utf8(false);
        Compiler::new().syntax(syntax).configure(config).build(expression).ok()
    };
    // Names are ASCII, so that what is a letter in Unicode makes no difference; an expression that has one is read with it.
    build(false).or_else(|| build(true))
}

/// The kept states that are reached without a character.
fn reachable(nfa: &NFA, numbers: &HashMap<StateID, u32>, from: StateID, at_start: bool, at_end: bool) -> Vec<u32> {
    let mut seen = HashSet::new();
    let mut reached = Vec::new();
    let mut open = vec![from];
    while let Some(id) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        match nfa.state(id) {
            RegexState::Union { alternates } => open.extend(alternates.iter().copied()),
            RegexState::BinaryUnion { alt1, alt2 } => open.extend([*alt1, *alt2]),
            RegexState::Capture { next, .. } => open.push(*next),
            RegexState::Look { look: Look::Start | Look::StartLF, next } => {
                if at_start {
                    open.push(*next);
                }
            }
            RegexState::Look { look: Look::End | Look::EndLF, next } => {
                reached.extend(numbers.get(&id));
                if at_end {
                    open.push(*next);
                }
            }
            RegexState::Look { .. } | RegexState::Fail => {}
            _ => reached.extend(numbers.get(&id)),
        }
    }
    reached.sort_unstable();
    reached.dedup();
    reached
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::names::is_name;
    use crate::gitlab::Shape;

    #[test]
    fn a_partial_name_has_the_names_that_it_could_be() {
        let variable = |shape| PartialText::unknown("NAME", shape);
        let shapes = [Shape::Any, Shape::NotEmpty, Shape::Slug, Shape::Digits, Shape::Hex];
        let known = ["", "a", "/", "1-"].map(PartialText::known);
        let parts: Vec<PartialText> = known.into_iter().chain(shapes.map(variable)).collect();
        // All texts of up to four characters of these.
        let mut names = vec![String::new()];
        for from in [0, 1, 6, 31] {
            let longer =
                names.iter().skip(from).flat_map(|name| "a1-/G".chars().map(move |next| format!("{name}{next}")));
            names = names.iter().cloned().chain(longer.collect::<Vec<_>>()).collect();
        }
        for first in &parts {
            for second in &parts {
                for third in &parts {
                    let mut text = first.clone();
                    text.push(second);
                    text.push(third);
                    let automaton = Automaton::of_partial(&text);
                    for name in names.iter().filter(|name| is_name(name)) {
                        assert_eq!(automaton.holds(name), text.could_be(name), "{text} {name}");
                    }
                }
            }
        }
    }
}
