//! What stands under the cursor.

use crate::shape::{Data, Field, MessageValue, Value};
use crate::source::{Source, Span};

/// Whether a place and a cursor meet; a cursor stands between two characters and meets both.
pub(super) fn touches(span: Span, offset: usize) -> bool {
    span.start <= offset && offset <= span.end
}

/// The key under the cursor, in a file that a table describes.
pub(super) fn key_at(message: &MessageValue, offset: usize) -> Option<&Field> {
    message.fields.iter().find_map(|field| match touches(field.key_span, offset) {
        true => Some(field),
        false => key_in(&field.value, offset),
    })
}

fn key_in(value: &Value, offset: usize) -> Option<&Field> {
    if !touches(value.span, offset) {
        return None;
    }
    match &value.data {
        Data::Message(message) => key_at(message, offset),
        Data::List(items) => items.iter().find_map(|item| key_in(item, offset)),
        Data::Map(entries) => entries.iter().find_map(|(_, _, value)| key_in(value, offset)),
        _ => None,
    }
}

/// The word of letters, digits, `-` and `_` under the cursor.
pub(super) fn word_at(source: &Source, offset: usize) -> Option<Span> {
    let is_part = |character: char| character.is_ascii_alphanumeric() || character == '-' || character == '_';
    let text = source.text();
    let (before, behind) = (text.get(..offset)?, text.get(offset..)?);
    let start = before.trim_end_matches(is_part).len();
    let end = text.len() - behind.trim_start_matches(is_part).len();
    (start < end).then(|| Span::new(start, end))
}
