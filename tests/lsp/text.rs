//! Positions in texts, counted anew rather than by what is tested.

use serde_json::{Value as Json, json};

/// How many columns a text takes.
fn columns(text: &str, encoding: &str) -> usize {
    match encoding {
        "utf-8" => text.len(),
        "utf-32" => text.chars().count(),
        _ => text.chars().map(char::len_utf16).sum(),
    }
}

/// The position of an offset. Lines end with `\n`.
pub fn position(text: &str, offset: usize, encoding: &str) -> Json {
    let before = &text[..offset];
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    json!({"line": before.matches('\n').count(), "character": columns(&text[start..offset], encoding)})
}

/// The range of the only place where a piece stands in a text.
pub fn range_of(text: &str, piece: &str, encoding: &str) -> Json {
    assert_eq!(text.matches(piece).count(), 1, "{piece:?} in {text:?}");
    let start = text.find(piece).expect("a place");
    json!({"start": position(text, start, encoding), "end": position(text, start + piece.len(), encoding)})
}

/// A change that puts something else in the only place of a piece, made in the text as well.
pub fn edit(text: &mut String, piece: &str, other: &str, encoding: &str) -> Json {
    let range = range_of(text, piece, encoding);
    *text = text.replace(piece, other);
    json!({"range": range, "text": other})
}

/// The text of a range.
pub fn text_of<'t>(text: &'t str, range: &Json, encoding: &str) -> &'t str {
    let offset = |position: &Json| {
        let line = position["line"].as_u64().expect("a line") as usize;
        let column = position["character"].as_u64().expect("a column") as usize;
        let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
        let rest = &text[start..];
        let ends = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
        let at = ends.filter(|at| columns(&rest[..*at], encoding) == column);
        start + at.min().unwrap_or_else(|| panic!("{position} is within a character of {text:?}"))
    };
    &text[offset(&range["start"])..offset(&range["end"])]
}
