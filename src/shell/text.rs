//! The items of one shell as one text, and the way back from its bytes to an item's.

use std::ops::Range;
use std::rc::Rc;

use super::action::Item;

/// Items joined with line breaks, as the runner writes them into one script.
pub(super) struct Joined {
    pub text: String,
    /// The item and where it starts.
    starts: Vec<(usize, usize)>,
}

impl Joined {
    /// Joins the items of these numbers. Every byte of an item keeps its place from the item's start.
    pub fn new(items: &[Item<'_>], numbers: &[usize]) -> Self {
        let mut joined = Self { text: String::new(), starts: Vec::new() };
        for &number in numbers {
            let Some(item) = items.get(number) else { continue };
            joined.starts.push((number, joined.text.len()));
            // A carriage return before a line break would become part of a word.
            for (at, line) in item.text.split("\r\n").enumerate() {
                joined.text.push_str(if at > 0 { " \n" } else { "" });
                joined.text.push_str(line);
            }
            joined.text.push('\n');
        }
        joined
    }

    /// How many bytes the items have together; what is counted on from there stands in no item.
    pub fn len(&self) -> usize {
        self.text.len()
    }

    /// Shows each item's text with its place.
    pub fn each(&self, mut show: impl FnMut(String, usize)) {
        for (index, &(_, start)) in self.starts.iter().enumerate() {
            let end = self.starts.get(index + 1).map_or(self.text.len(), |&(_, next)| next);
            show(self.text.get(start..end).unwrap_or_default().to_owned(), start);
        }
    }

    /// The item that a range starts in, and the range in it, cut at the item's end.
    pub fn locate(&self, range: &Range<usize>) -> (usize, Range<usize>) {
        let index = self.starts.partition_point(|&(_, start)| start <= range.start).saturating_sub(1);
        let Some(&(item, start)) = self.starts.get(index) else { return (0, 0..0) };
        let end = self.starts.get(index + 1).map_or(self.text.len(), |&(_, next)| next).saturating_sub(1);
        let local = |offset: usize| offset.clamp(start, end.max(start)) - start;
        (item, local(range.start)..local(range.end))
    }
}

/// Where the bytes of a piece of shell stand in the joined text.
#[derive(Clone, Debug)]
pub(super) enum FramePlace {
    /// Byte for byte from this offset on.
    At(usize),
    /// Somewhere in this range: quotes or escapes lie between.
    Within(Range<usize>),
}

/// A piece of shell that is parsed on its own.
pub(super) struct Frame {
    pub text: Rc<str>,
    pub place: FramePlace,
    /// The byte of each character, if bytes and characters differ.
    bytes: Option<Vec<usize>>,
}

impl Frame {
    pub fn new(text: impl Into<Rc<str>>, place: FramePlace) -> Self {
        let text: Rc<str> = text.into();
        let bytes = (!text.is_ascii()).then(|| text.char_indices().map(|(at, _)| at).collect());
        Self { text, place, bytes }
    }

    /// The byte at which the character of this number starts.
    pub fn byte(&self, character: usize) -> usize {
        match &self.bytes {
            None => character.min(self.text.len()),
            Some(bytes) => bytes.get(character).copied().unwrap_or(self.text.len()),
        }
    }

    /// The range in the joined text of a range of this text.
    pub fn global(&self, range: &Range<usize>) -> Range<usize> {
        match &self.place {
            FramePlace::At(base) => base + range.start..base + range.end,
            FramePlace::Within(whole) => whole.clone(),
        }
    }
}
