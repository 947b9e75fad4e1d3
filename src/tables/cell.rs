//! One value of a row.

use std::borrow::Cow;

use super::masked;
use super::parquet::TextId;

/// One value of a row.
#[derive(Debug)]
pub enum Cell<'c> {
    /// None.
    Null,
    /// A text.
    Text(Cow<'c, str>),
    /// A text that many rows of a group share.
    Shared(TextId),
    /// A whole number.
    Number(i64),
    /// True or false.
    Flag(bool),
}

impl<'c> Cell<'c> {
    /// A text out of a file or an inventory, without its secrets.
    pub(super) fn text(text: &'c str) -> Self {
        Self::Text(masked(text))
    }

    /// A text that was put together.
    pub(super) fn owned(text: String) -> Self {
        match masked(&text) {
            Cow::Borrowed(_) => Self::Text(Cow::Owned(text)),
            Cow::Owned(masked) => Self::Text(Cow::Owned(masked)),
        }
    }

    /// A word of kaslint's own.
    pub(super) fn word(word: &'static str) -> Self {
        Self::Text(Cow::Borrowed(word))
    }

    pub(super) fn or_null<T>(value: Option<T>, cell: impl FnOnce(T) -> Self) -> Self {
        value.map_or(Self::Null, cell)
    }

    /// A word of kaslint's own in place of none.
    pub(super) fn or_word(self, word: &'static str) -> Self {
        match self {
            Self::Null => Self::word(word),
            cell => cell,
        }
    }

    /// A line or another count.
    pub(super) fn count(count: usize) -> Self {
        Self::Number(i64::try_from(count).unwrap_or(i64::MAX))
    }
}
