//! The shell's expansions: quotes, variables, substitutions.

use std::ops::Range;

use brush_parser::ParserOptions;
use brush_parser::ast;
use brush_parser::word::{
    Parameter, ParameterExpr, ParameterTestType, SpecialParameter, WordPiece, WordPieceWithSource, parse,
};

use smallvec::{SmallVec, smallvec};

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
        let mut word = Word { pieces: SmallVec::new(), whole: whole.clone() };
        let source = Source { text: value, place };
        let is_read = match simple_pieces(value) {
            Some(simple) => {
                simple.iter().for_each(|piece| self.simple_piece(piece, &source, &mut word));
                true
            }
            None => pieces_of(value).map(|pieces| self.pieces(&pieces, &source, false, &mut word)).is_some(),
        };
        if is_read {
            let total: usize = word.pieces.iter().map(|piece| if piece.literal { 0 } else { size(&piece.text) }).sum();
            if total <= MAX_EXPANDED {
                return word;
            }
        }
        let text = PartialText::unknown("$(…)", Shape::Any);
        word.pieces = smallvec![Piece { text, range: whole, literal: false, quoted: false }];
        word
    }

    fn simple_piece(&self, piece: &Simple<'_>, source: &Source<'_>, word: &mut Word) {
        let literal = source.is_exact() && piece.name.is_none();
        let text = match piece.name {
            Some(name) => self.variable(name),
            None => PartialText::known(source.text.get(piece.range.clone()).unwrap_or_default()),
        };
        let range = source.range(piece.range.start, piece.range.end);
        word.pieces.push(Piece { text, range, literal, quoted: piece.quoted });
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
        self.word_at(&frame, text, 0..text.len()).text().into_owned()
    }
}

/// A part of a word that is letters, or the value of a variable.
#[derive(Debug, PartialEq)]
struct Simple<'t> {
    /// Its place in the word, without quotes.
    range: Range<usize>,
    /// The variable's name.
    name: Option<&'t str>,
    quoted: bool,
}

/// The pieces of a word of letters, quotes and plain variables, as most are: what the parser of words makes of it, without that.
fn simple_pieces(value: &str) -> Option<SmallVec<[Simple<'_>; 4]>> {
    const SPECIAL: [u8; 6] = [b'\'', b'"', b'\\', b'$', b'`', b'~'];
    let bytes = value.as_bytes();
    let mut pieces = SmallVec::new();
    if !bytes.iter().any(|byte| SPECIAL.contains(byte)) {
        pieces.push(Simple { range: 0..value.len(), name: None, quoted: false });
        return Some(pieces);
    }
    let quote_behind = |start: usize| Some(start + bytes.get(start..)?.iter().position(|byte| *byte == b'\'')?);
    if bytes.first() == Some(&b'\'') && quote_behind(1)? + 1 == value.len() {
        pieces.push(Simple { range: 1..value.len() - 1, name: None, quoted: true });
        return Some(pieces);
    }
    if value.len() > MAX_WORD {
        return None;
    }
    let mut at = 0;
    // Behind the double quote that is open.
    let mut open = None;
    while let Some(&byte) = bytes.get(at) {
        let quoted = open.is_some();
        match byte {
            b'"' => {
                // Nothing between quotes is a piece as well.
                if open == Some(at) {
                    pieces.push(Simple { range: at..at, name: None, quoted });
                }
                at += 1;
                open = if quoted { None } else { Some(at) };
            }
            b'\'' if !quoted => {
                let end = quote_behind(at + 1)?;
                pieces.push(Simple { range: at + 1..end, name: None, quoted: true });
                at = end + 1;
            }
            b'$' => {
                let is_braced = bytes.get(at + 1) == Some(&b'{');
                let start = if is_braced { at + 2 } else { at + 1 };
                let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_';
                let end = start + bytes.get(start..)?.iter().take_while(is_name).count();
                let name = value.get(start..end).filter(|name| !name.is_empty())?;
                if name.as_bytes()[0].is_ascii_digit() || is_braced && bytes.get(end) != Some(&b'}') {
                    return None;
                }
                let behind = if is_braced { end + 1 } else { end };
                pieces.push(Simple { range: at..behind, name: Some(name), quoted });
                at = behind;
            }
            b'\\' | b'`' | b'~' => return None,
            _ => {
                let is_text = |byte: &&u8| !SPECIAL.contains(byte) || quoted && **byte == b'\'';
                let end = at + bytes.get(at..)?.iter().take_while(is_text).count();
                pieces.push(Simple { range: at..end, name: None, quoted });
                at = end;
            }
        }
    }
    open.is_none().then_some(pieces)
}

/// A word's pieces; `None` where it is not read within bounds.
fn pieces_of(value: &str) -> Option<Vec<WordPieceWithSource>> {
    if value.len() > MAX_WORD || substitutions(value) > MAX_SUBSTITUTIONS {
        return None;
    }
    std::panic::catch_unwind(|| parse(value, &ParserOptions::default()).ok()).ok().flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What the parser of words makes of a word, if that is letters, quotes and plain variables.
    fn parsed(value: &str) -> Option<Vec<Simple<'_>>> {
        fn add<'t>(
            value: &'t str,
            pieces: &[WordPieceWithSource],
            quoted: bool,
            all: &mut Vec<Simple<'t>>,
        ) -> Option<()> {
            for piece in pieces {
                let (start, end) = (piece.start_index, piece.end_index);
                let mut push = |range: Range<usize>, name, quoted| all.push(Simple { range, name, quoted });
                match &piece.piece {
                    WordPiece::Text(text) => {
                        assert_eq!(value.get(start..end), Some(&**text));
                        push(start..end, None, quoted);
                    }
                    WordPiece::SingleQuotedText(text) => {
                        assert_eq!(value.get(start + 1..end - 1), Some(&**text));
                        push(start + 1..end - 1, None, true);
                    }
                    WordPiece::DoubleQuotedSequence(inner) if inner.is_empty() => push(start + 1..end - 1, None, true),
                    WordPiece::DoubleQuotedSequence(inner) => add(value, inner, true, all)?,
                    WordPiece::ParameterExpansion(ParameterExpr::Parameter {
                        parameter: Parameter::Named(name),
                        indirect: false,
                    }) => {
                        let written = value.get(start..end)?;
                        let at = start + written.find(&**name)?;
                        push(start..end, value.get(at..at + name.len()), quoted);
                    }
                    _ => return None,
                }
            }
            Some(())
        }
        let mut all = Vec::new();
        add(value, &pieces_of(value)?, false, &mut all)?;
        Some(all)
    }

    #[test]
    fn words_as_most_are_need_no_parser() {
        for word in
            ["a", "'a b'", "\"\"", "\"$A:${B}\"", "--context=$A/b\"c'd\"'e'", "$A$B", "\"a\"'b'é", "''", "a''\"\"b"]
        {
            let simple = simple_pieces(word).map(|pieces| pieces.into_vec());
            assert!(simple.is_some(), "{word}");
            assert_eq!(simple, parsed(word), "{word}");
        }
        for word in [
            "$1", "$@", "${A:-b}", "$(a)", "`a`", "a\\b", "~", "\"a", "'a", "$", "${A", "$'a'", "\"$\"", "${#A}",
            "$((1))",
        ] {
            assert_eq!(simple_pieces(word), None, "{word}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]
        #[test]
        fn a_word_without_the_parser_is_what_the_parser_makes_of_it(word in "([a-c=:/{}!*?\\[\\]é,@#%^+ \n\t;&|<>()-]|\\$[AB_]|\\$\\{[AB]1?\\}|['\"]){0,12}") {
            // A word of nothing is a piece here.
            if let Some(simple) = simple_pieces(&word).filter(|_| !word.is_empty()) {
                prop_assert_eq!(Some(simple.into_vec()), parsed(&word));
            }
        }
    }
}
