//! What stands under the cursor.

use crate::schema::{Data, Field, MessageValue, Value};
use crate::source::{Source, Span};

/// Whether a place and a cursor meet; a cursor stands between two characters and meets both.
pub(super) fn touches(span: Span, offset: usize) -> bool {
    span.start <= offset && offset <= span.end
}

/// The key under the cursor in a file that a table describes, behind those that it stands below; none where there is no key.
pub(super) fn keys_at(message: &MessageValue, offset: usize) -> Vec<&Field> {
    for field in &message.fields {
        if touches(field.key_span, offset) {
            return vec![field];
        }
        let mut below = keys_in(&field.value, offset);
        if !below.is_empty() {
            below.insert(0, field);
            return below;
        }
    }
    Vec::new()
}

fn keys_in(value: &Value, offset: usize) -> Vec<&Field> {
    if !touches(value.span, offset) {
        return Vec::new();
    }
    match &value.data {
        Data::Message(message) => keys_at(message, offset),
        Data::List(items) => {
            items.iter().map(|item| keys_in(item, offset)).find(|keys| !keys.is_empty()).unwrap_or_default()
        }
        Data::Map(entries) => {
            let values = entries.iter().map(|(_, _, value)| keys_in(value, offset));
            values.into_iter().find(|keys| !keys.is_empty()).unwrap_or_default()
        }
        _ => Vec::new(),
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
