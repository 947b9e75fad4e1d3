//! The shell's expansions: quotes, variables, substitutions.

use std::ops::Range;

use brush_parser::ParserOptions;
use brush_parser::ast;
use brush_parser::word::{
    Parameter, ParameterExpr, ParameterTestType, SpecialParameter, WordPiece, WordPieceWithSource, parse,
};

use super::env::size;
use super::parse::substitutions;
use super::text::{Frame, FramePlace};
use super::walk::Walker;
use super::words::{Piece, Word};
use crate::gitlab::{PartialText, Shape};

/// The longest word that is expanded.
const MAX_WORD: usize = 8 * 1024;
/// The longest value of a word that holds variables.
const MAX_EXPANDED: usize = 16 * 1024;
/// How many substitutions a word may hold: the parser of words takes 2ⁿ steps over n nested ones.
const MAX_SUBSTITUTIONS: usize = 8;

/// Where a word's text stands.
#[derive(Clone)]
struct Source<'t> {
    text: &'t str,
    place: FramePlace,
}

impl Source<'_> {
    fn range(&self, start: usize, end: usize) -> Range<usize> {
        match &self.place {
            FramePlace::At(base) => base + start..base + end,
            FramePlace::Within(whole) => whole.clone(),
        }
    }

    fn raw(&self, piece: &WordPieceWithSource) -> String {
        self.text.get(piece.start_index..piece.end_index).unwrap_or_default().to_owned()
    }

    fn is_exact(&self) -> bool {
        matches!(self.place, FramePlace::At(_))
    }
}

impl Walker<'_> {
    /// A word of the syntax tree after its expansions, before it is split.
    pub(super) fn word(&mut self, frame: &Frame, word: &ast::Word) -> Word {
        let local = word.loc.as_ref().map_or(0..0, |loc| frame.byte(loc.start.index)..frame.byte(loc.end.index));
        self.word_at(frame, &word.value, local)
    }

    /// The same for a text at a place of the frame.
    pub(super) fn word_at(&mut self, frame: &Frame, value: &str, local: Range<usize>) -> Word {
        // The tokenizer counts joined lines before a word as part of it.
        let written = frame.text.get(local.clone()).unwrap_or_default();
        let local = if written.ends_with(value) { local.end - value.len()..local.end } else { local };
        let whole = frame.global(&local);
        let is_exact = frame.text.get(local) == Some(value) && matches!(frame.place, FramePlace::At(_));
        let place = if is_exact { FramePlace::At(whole.start) } else { FramePlace::Within(whole.clone()) };
        let mut word = Word { pieces: Vec::new(), whole: whole.clone() };
        let source = Source { text: value, place };
        if let Some(pieces) = pieces_of(value) {
            self.pieces(&pieces, &source, false, &mut word);
            let total: usize = word.pieces.iter().map(|piece| if piece.literal { 0 } else { size(&piece.text) }).sum();
            if total <= MAX_EXPANDED {
                return word;
            }
        }
        let text = PartialText::unknown("$(…)", Shape::Any);
        word.pieces = vec![Piece { text, range: whole, literal: false, quoted: false }];
        word
    }

    fn pieces(&mut self, pieces: &[WordPieceWithSource], source: &Source<'_>, quoted: bool, word: &mut Word) {
        for piece in pieces {
            let (start, end) = (piece.start_index, piece.end_index);
            let literal = source.is_exact();
            let mut add = |text: PartialText, start: usize, end: usize, literal: bool, quoted: bool| {
                word.pieces.push(Piece { text, range: source.range(start, end), literal, quoted });
            };
            match &piece.piece {
                WordPiece::Text(text) => add(PartialText::known(text), start, end, literal, quoted),
                WordPiece::SingleQuotedText(text) => add(PartialText::known(text), start + 1, end - 1, literal, true),
                WordPiece::AnsiCQuotedText(text) if !text.contains('\\') => {
                    add(PartialText::known(text), start + 2, end - 1, literal, true);
                }
                WordPiece::EscapeSequence(text) => {
                    let text = text.strip_prefix('\\').unwrap_or(text);
                    add(PartialText::known(if text == "\n" { "" } else { text }), start, end, false, true);
                }
                WordPiece::TildePrefix(user) if user.is_empty() => {
                    add(self.variable("HOME"), start, end, false, true);
                }
                WordPiece::DoubleQuotedSequence(inner) | WordPiece::GettextDoubleQuotedSequence(inner) => {
                    if inner.is_empty() {
                        add(PartialText::default(), start + 1, end - 1, literal, true);
                    }
                    self.pieces(inner, source, true, word);
                }
                WordPiece::ParameterExpansion(expression) => {
                    let text = self.parameter(expression, &source.raw(piece));
                    add(text, start, end, false, quoted);
                }
                WordPiece::CommandSubstitution(inner) | WordPiece::BackquotedCommandSubstitution(inner)
                    if let Some(place) = self.place_of_script(inner) =>
                {
                    add(place, start, end, false, true);
                }
                WordPiece::CommandSubstitution(_) | WordPiece::BackquotedCommandSubstitution(_) => {
                    add(PartialText::unknown(&source.raw(piece), Shape::Any), start, end, false, quoted);
                    self.substitution(&piece.piece, source, start);
                }
                WordPiece::AnsiCQuotedText(_) | WordPiece::TildePrefix(_) | WordPiece::ArithmeticExpression(_) => {
                    let raw = source.raw(piece);
                    let name = if raw.starts_with('$') { raw } else { format!("$({raw})") };
                    add(PartialText::unknown(&name, Shape::NotEmpty), start, end, false, true);
                }
            }
        }
    }

    /// Reads the commands of `$(…)`, which run in a shell of their own.
    fn substitution(&mut self, piece: &WordPiece, source: &Source<'_>, start: usize) {
        let (text, opener) = match piece {
            WordPiece::CommandSubstitution(text) => (text, 2),
            WordPiece::BackquotedCommandSubstitution(text) => (text, 1),
            _ => return,
        };
        let begin = start + opener;
        let is_exact = source.is_exact() && source.text.get(begin..begin + text.len()) == Some(text);
        let range = source.range(begin, begin + text.len());
        let place = if is_exact { FramePlace::At(range.start) } else { FramePlace::Within(range) };
        self.subshell_text(text.clone(), place);
    }

    fn parameter(&mut self, expression: &ParameterExpr, raw: &str) -> PartialText {
        let unknown = || PartialText::unknown(raw, Shape::Any);
        let assigns = matches!(expression, ParameterExpr::AssignDefaultValues { .. });
        match expression {
            ParameterExpr::Parameter { parameter: Parameter::Named(name), indirect: false }
            | ParameterExpr::IndicateErrorIfNullOrUnset {
                parameter: Parameter::Named(name), indirect: false, ..
            } => self.variable(name),
            ParameterExpr::Parameter { parameter: Parameter::Positional(number), indirect: false } => {
                let number = number.to_string();
                self.env.get(&number).cloned().unwrap_or_else(unknown)
            }
            ParameterExpr::Parameter {
                parameter: Parameter::Special(SpecialParameter::PositionalParameterCount),
                indirect: false,
            } => self.count_of_arguments().unwrap_or_else(unknown),
            ParameterExpr::UseDefaultValues {
                parameter: Parameter::Positional(number),
                indirect: false,
                default_value,
                test_type: ParameterTestType::UnsetOrNull,
            } => match self.env.get(&number.to_string()).cloned() {
                Some(value) if value.is_empty() => self.inner(default_value.as_deref()),
                Some(value) if value.as_known().is_some() => value,
                _ => unknown(),
            },
            ParameterExpr::UseDefaultValues {
                parameter: Parameter::Named(name),
                indirect: false,
                default_value,
                test_type,
            }
            | ParameterExpr::AssignDefaultValues {
                parameter: Parameter::Named(name),
                indirect: false,
                default_value,
                test_type,
            } => {
                let value = self.variable(name);
                let empty_counts = matches!(test_type, ParameterTestType::UnsetOrNull);
                match value.as_known() {
                    Some("") if empty_counts => {
                        let default = self.inner(default_value.as_deref());
                        if assigns {
                            self.env.set(name, default.clone());
                        }
                        default
                    }
                    Some(_) => value,
                    None if value.known_start().is_empty() => unknown(),
                    None => value,
                }
            }
            ParameterExpr::UseAlternativeValue {
                parameter: Parameter::Named(name),
                indirect: false,
                alternative_value,
                ..
            } => match self.variable(name).as_known() {
                Some("") => PartialText::default(),
                Some(_) => self.inner(alternative_value.as_deref()),
                None => unknown(),
            },
            _ => unknown(),
        }
    }

    /// The value of a text within `${…}`.
    fn inner(&mut self, text: Option<&str>) -> PartialText {
        let text = text.unwrap_or_default();
        let frame = Frame::new(text.to_owned(), FramePlace::Within(0..0));
        self.word_at(&frame, text, 0..text.len()).text()
    }
}

/// A word's pieces; `None` where it is not read within bounds.
fn pieces_of(value: &str) -> Option<Vec<WordPieceWithSource>> {
    const SPECIAL: [char; 6] = ['\'', '"', '\\', '$', '`', '~'];
    if !value.contains(SPECIAL) {
        let piece = WordPiece::Text(value.to_owned());
        return Some(vec![WordPieceWithSource { piece, start_index: 0, end_index: value.len() }]);
    }
    let quoted =
        value.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')).filter(|inner| !inner.contains('\''));
    if let Some(quoted) = quoted {
        let piece = WordPiece::SingleQuotedText(quoted.to_owned());
        return Some(vec![WordPieceWithSource { piece, start_index: 0, end_index: value.len() }]);
    }
    if value.len() > MAX_WORD || substitutions(value) > MAX_SUBSTITUTIONS {
        return None;
    }
    std::panic::catch_unwind(|| parse(value, &ParserOptions::default()).ok()).ok().flatten()
}
