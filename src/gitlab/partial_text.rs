//! Texts of which parts hang on CI/CD variables that are not known: `review/$CI_COMMIT_REF_SLUG`.

use std::fmt;

use smallvec::{SmallVec, smallvec};

/// What the value of a variable that is not known looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shape {
    /// Any text, the empty one included.
    Any,
    /// Any text but the empty one, e.g. a branch's name.
    NotEmpty,
    /// Lower-case letters, digits and `-`, at least one: `CI_COMMIT_REF_SLUG` and its like.
    Slug,
    /// Digits, at least one: `CI_MERGE_REQUEST_IID`, `CI_PIPELINE_ID`.
    Digits,
    /// Lower-case hexadecimal digits, at least one: `CI_COMMIT_SHA`.
    Hex,
}

impl Shape {
    /// Whether a value of this shape may hold the character.
    #[must_use]
    pub fn allows(self, character: char) -> bool {
        match self {
            Self::Any | Self::NotEmpty => true,
            Self::Slug => character.is_ascii_lowercase() || character.is_ascii_digit() || character == '-',
            Self::Digits => character.is_ascii_digit(),
            Self::Hex => character.is_ascii_digit() || matches!(character, 'a'..='f'),
        }
    }

    /// Whether a value of this shape may be empty.
    #[must_use]
    pub fn may_be_empty(self) -> bool {
        self == Self::Any
    }
}

/// A part of a [`PartialText`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TextPart {
    /// These characters.
    Known(String),
    /// The value of a variable.
    Unknown {
        /// The variable's name, or the source of whatever gives the value, e.g. `$(git describe)`.
        name: Box<str>,
        /// What the value looks like.
        shape: Shape,
    },
}

/// A text of known parts and variables.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartialText {
    // Nearly all texts have one part.
    parts: SmallVec<[TextPart; 1]>,
}

impl PartialText {
    /// A text that is known as a whole.
    #[must_use]
    pub fn known(text: &str) -> Self {
        let mut partial = Self::default();
        partial.push_known(text);
        partial
    }

    /// The value of one variable.
    #[must_use]
    pub fn unknown(name: &str, shape: Shape) -> Self {
        Self { parts: smallvec![TextPart::Unknown { name: name.into(), shape }] }
    }

    /// Adds known characters at the end.
    pub fn push_known(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        if let Some(TextPart::Known(last)) = self.parts.last_mut() {
            last.push_str(text);
        } else {
            self.parts.push(TextPart::Known(text.into()));
        }
    }

    /// Adds another text at the end.
    pub fn push(&mut self, other: &Self) {
        for part in &other.parts {
            match part {
                TextPart::Known(text) => self.push_known(text),
                unknown @ TextPart::Unknown { .. } => self.parts.push(unknown.clone()),
            }
        }
    }

    /// Adds another text at the end.
    pub fn append(&mut self, other: Self) {
        match self.is_empty() {
            true => *self = other,
            false => self.push(&other),
        }
    }

    /// The parts; no two known ones stand side by side, and none is empty.
    #[must_use]
    pub fn parts(&self) -> &[TextPart] {
        &self.parts
    }

    /// The text, if no part of it is unknown.
    #[must_use]
    pub fn as_known(&self) -> Option<&str> {
        match &self.parts[..] {
            [] => Some(""),
            [TextPart::Known(text)] => Some(text),
            _ => None,
        }
    }

    /// Whether it is known to have no character.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// The names of the variables in it, in order.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            TextPart::Unknown { name, .. } => Some(&**name),
            TextPart::Known(_) => None,
        })
    }

    /// What stands before the first unknown part.
    #[must_use]
    pub fn known_start(&self) -> &str {
        match self.parts.first() {
            Some(TextPart::Known(text)) => text,
            _ => "",
        }
    }

    /// Whether the variables can have values with which it is this text. Equal variables are not held to equal values.
    #[must_use]
    pub fn could_be(&self, text: &str) -> bool {
        if !text.starts_with(self.known_start()) {
            return false;
        }
        // The offsets at which the parts so far can end.
        let mut ends = vec![false; text.len() + 1];
        ends[0] = true;
        for part in &self.parts {
            let mut next = vec![false; text.len() + 1];
            for (start, _) in ends.iter().enumerate().filter(|(_, is_end)| **is_end) {
                let rest = text.get(start..).unwrap_or_default();
                match part {
                    TextPart::Known(known) if rest.starts_with(&**known) => next[start + known.len()] = true,
                    TextPart::Known(_) => {}
                    TextPart::Unknown { shape, .. } => {
                        next[start] |= shape.may_be_empty();
                        let allowed = rest.char_indices().take_while(|(_, character)| shape.allows(*character));
                        for (at, character) in allowed {
                            next[start + at + character.len_utf8()] = true;
                        }
                    }
                }
            }
            ends = next;
        }
        ends[text.len()]
    }
}

impl fmt::Display for PartialText {
    /// As it would be written in a CI file: `review/$CI_COMMIT_REF_SLUG`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, part) in self.parts.iter().enumerate() {
            match part {
                TextPart::Known(text) => f.write_str(text)?,
                TextPart::Unknown { name, .. } if name.starts_with('$') => f.write_str(name)?,
                TextPart::Unknown { name, .. } => {
                    let goes_on = |part: &TextPart| match part {
                        TextPart::Known(text) => {
                            text.starts_with(|next: char| next.is_ascii_alphanumeric() || next == '_')
                        }
                        TextPart::Unknown { .. } => false,
                    };
                    match self.parts.get(index + 1).is_some_and(goes_on) {
                        true => write!(f, "${{{name}}}")?,
                        false => write!(f, "${name}")?,
                    }
                }
            }
        }
        Ok(())
    }
}

impl From<&str> for PartialText {
    fn from(text: &str) -> Self {
        Self::known(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn review(shape: Shape) -> PartialText {
        let mut text = PartialText::known("review/");
        text.push(&PartialText::unknown("NAME", shape));
        text.push_known("/eu");
        text
    }

    #[test]
    fn a_text_could_be_what_its_variables_allow() {
        for (shape, name, could) in [
            (Shape::Slug, "review/a-1/eu", true),
            (Shape::Slug, "review/A/eu", false),
            (Shape::Slug, "review//eu", false),
            (Shape::Any, "review//eu", true),
            (Shape::NotEmpty, "review//eu", false),
            (Shape::NotEmpty, "review/ü/eu/eu", true),
            (Shape::Digits, "review/12/eu", true),
            (Shape::Digits, "review/1x/eu", false),
            (Shape::Hex, "review/deadbeef/eu", true),
            (Shape::Any, "review/x", false),
        ] {
            assert_eq!(review(shape).could_be(name), could, "{name}");
        }
        assert!(PartialText::known("prod").could_be("prod"));
        assert!(PartialText::default().could_be(""));
    }

    #[test]
    fn a_text_is_shown_as_it_would_be_written() {
        let mut text = review(Shape::Any);
        assert_eq!(text.to_string(), "review/$NAME/eu");
        text.push(&PartialText::unknown("A", Shape::Any));
        text.push_known("b");
        text.push(&PartialText::unknown("$(date)", Shape::Any));
        assert_eq!(text.to_string(), "review/$NAME/eu${A}b$(date)");
        assert_eq!(text.variables().collect::<Vec<_>>(), ["NAME", "A", "$(date)"]);
    }
}
