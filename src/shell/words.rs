//! Words after the shell's expansions, each piece with its place.

use std::borrow::Cow;
use std::ops::Range;

use smallvec::{SmallVec, smallvec};

use super::action::Argument;
use crate::gitlab::{PartialText, Shape, TextPart};

/// A word of a command.
#[derive(Clone, Debug, Default)]
pub(super) struct Word {
    pub pieces: SmallVec<[Piece; 1]>,
    /// The word with its quotes, in the joined text.
    pub whole: Range<usize>,
}

/// A part of a word that one expansion or one run of letters gives.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub text: PartialText,
    /// Its place in the joined text, without quotes.
    pub range: Range<usize>,
    /// Whether the text stands at the place letter by letter.
    pub literal: bool,
    /// Whether quotes keep it one word.
    pub quoted: bool,
}

impl Word {
    /// The value.
    pub fn text(&self) -> Cow<'_, PartialText> {
        if let [piece] = &self.pieces[..] {
            return Cow::Borrowed(&piece.text);
        }
        let mut text = PartialText::default();
        for piece in &self.pieces {
            text.push(&piece.text);
        }
        Cow::Owned(text)
    }

    /// A word that comes from somewhere else.
    pub fn of_unknown(source: &str, range: Range<usize>) -> Self {
        let text = PartialText::unknown(source, Shape::NotEmpty);
        let piece = Piece { text, range: range.clone(), literal: false, quoted: true };
        Self { pieces: smallvec![piece], whole: range }
    }

    /// The value, if it is known; empty otherwise.
    pub fn known(&self) -> Cow<'_, str> {
        match self.text() {
            Cow::Borrowed(text) => text.as_known().unwrap_or_default().into(),
            Cow::Owned(text) => text.as_known().unwrap_or_default().to_owned().into(),
        }
    }

    /// Whether the value is known to be this.
    pub fn is(&self, text: &str) -> bool {
        let rest = self.pieces.iter().try_fold(text, |rest, piece| rest.strip_prefix(piece.text.as_known()?));
        rest == Some("")
    }

    /// The known letters that it starts with.
    pub fn start(&self) -> Cow<'_, str> {
        let mut start = Cow::Borrowed("");
        for piece in &self.pieces {
            match (piece.text.known_start(), &*start) {
                ("", _) => {}
                (more, "") => start = more.into(),
                (more, _) => start.to_mut().push_str(more),
            }
            if piece.text.as_known().is_none() {
                break;
            }
        }
        start
    }

    /// Whether its known start begins with this.
    pub fn begins_with(&self, text: &str) -> bool {
        let first = self.pieces.iter().find(|piece| !piece.text.is_empty());
        match first.and_then(|piece| piece.text.as_known()) {
            Some(known) if known.len() >= text.len() => known.starts_with(text),
            _ => self.start().starts_with(text),
        }
    }

    /// Whether the word is all arguments of a function: `"$@"`.
    pub fn is_all_arguments(&self) -> bool {
        let [piece] = &self.pieces[..] else { return false };
        matches!(piece.text.parts(), [TextPart::Unknown { name, .. }] if matches!(&**name, "$@" | "$*" | "${@}" | "${*}"))
    }

    /// The word as it stands where something puts it in: not letter by letter.
    pub fn at(mut self, place: &Range<usize>) -> Self {
        self.whole = place.clone();
        for piece in &mut self.pieces {
            piece.range = place.clone();
            piece.literal = false;
        }
        self
    }

    /// The place: without quotes if what remains is one piece of text.
    pub fn range(&self) -> Range<usize> {
        let adjacent = self.pieces.windows(2).all(|pair| pair[0].range.end == pair[1].range.start);
        match (self.pieces.first(), self.pieces.last()) {
            (Some(first), Some(last)) if adjacent => first.range.start..last.range.end,
            _ => self.whole.clone(),
        }
    }

    /// The word without the first bytes of its known start.
    pub fn after(&self, mut bytes: usize) -> Self {
        let mut rest = Self { pieces: SmallVec::new(), whole: self.whole.clone() };
        for piece in &self.pieces {
            let length = piece.text.as_known().map_or(0, str::len);
            let skip = bytes.min(length);
            bytes -= skip;
            let Some(text) = piece.text.as_known().filter(|_| skip > 0) else {
                rest.pieces.push(piece.clone());
                continue;
            };
            let Some(text) = text.get(skip..) else { continue };
            let start = if piece.literal { piece.range.start + skip } else { piece.range.start };
            rest.whole.start = rest.whole.start.max(start);
            if !text.is_empty() {
                let text = PartialText::known(text);
                rest.pieces.push(Piece { text, range: start..piece.range.end, ..piece.clone() });
            }
        }
        if rest.pieces.is_empty() {
            rest.whole.start = rest.whole.end;
        }
        rest
    }

    /// Value and place, for an action.
    pub fn argument(&self) -> Argument {
        Argument { text: self.text().into_owned(), range: self.range() }
    }

    /// Whether the shell may make several words of it, options among them: `$HELM_ARGS`.
    pub fn may_hold_options(&self) -> bool {
        const HINTS: [&str; 9] = ["ARG", "OPT", "FLAG", "PARAM", "KUBE", "HELM", "CMD", "$(", "`"];
        let hints = |piece: &Piece| {
            piece.text.variables().any(|name| {
                let name = name.to_ascii_uppercase();
                matches!(&*name, "$@" | "$*") || !piece.quoted && HINTS.iter().any(|hint| name.contains(hint))
            })
        };
        self.start().is_empty() && self.pieces.iter().any(hints)
    }

    /// What the shell splits it into: values of unquoted variables at their blanks.
    pub fn split(self) -> SmallVec<[Self; 1]> {
        let splits = |piece: &Piece| {
            !piece.quoted
                && !piece.literal
                && piece
                    .text
                    .parts()
                    .iter()
                    .any(|part| matches!(part, TextPart::Known(text) if text.contains(char::is_whitespace)))
        };
        let vanishes = |piece: &Piece| !piece.quoted && piece.text.is_empty();
        if self.pieces.iter().all(vanishes) && !self.pieces.is_empty() {
            return SmallVec::new();
        }
        if !self.pieces.iter().any(splits) {
            return smallvec![self];
        }
        let mut words: SmallVec<[Self; 1]> = smallvec![Self { pieces: SmallVec::new(), whole: self.whole.clone() }];
        for piece in self.pieces {
            if !splits(&piece) {
                words.last_mut().map(|word| word.pieces.push(piece)).unwrap_or_default();
                continue;
            }
            for part in piece.text.parts() {
                let known = match part {
                    TextPart::Known(known) => known,
                    TextPart::Unknown { name, shape } => {
                        let text = PartialText::unknown(name, *shape);
                        words
                            .last_mut()
                            .map(|word| word.pieces.push(Piece { text, ..piece.clone() }))
                            .unwrap_or_default();
                        continue;
                    }
                };
                for (index, part) in known.split(char::is_whitespace).enumerate() {
                    if index > 0 {
                        words.push(Self { pieces: SmallVec::new(), whole: self.whole.clone() });
                    }
                    if let (Some(word), false) = (words.last_mut(), part.is_empty()) {
                        word.pieces.push(Piece { text: PartialText::known(part), ..piece.clone() });
                    }
                }
            }
        }
        words.retain(|word: &mut Self| !word.pieces.is_empty());
        words
    }
}
