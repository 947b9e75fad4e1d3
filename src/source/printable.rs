//! Characters that act on what shows them, and how they are written so that they can be seen.
//!
//! Control characters move a terminal's cursor, colour it, or open and close sections of GitLab's job log, line separators begin a line
//! that nobody wrote, and bidirectional controls let a text look like another one (CVE-2021-42574, "Trojan Source").

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::ops::Deref;

use super::secrets;

/// Whether a character acts in place of being shown: a control character (C0, DEL, C1), a line or paragraph separator, or one that
/// sets the direction of text (Unicode Standard Annex 9, 2.1 to 2.6).
#[must_use]
pub fn acts(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Writes a character as Rust's literals have it: `\n`, `\u{1b}`.
pub fn push_visibly(text: &mut String, character: char) {
    match character {
        '\n' => text.push_str("\\n"),
        '\r' => text.push_str("\\r"),
        '\t' => text.push_str("\\t"),
        // A text takes everything.
        other => {
            let _ = write!(text, "\\u{{{:x}}}", u32::from(other));
        }
    }
}

/// The text with an escape for every character that acts, line breaks and tabs included, so that it is one line.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    replaced(text, acts, push_visibly)
}

/// A text of JSON with JSON's escapes for the characters that act, which stand nowhere in it but within its texts.
///
/// Line breaks and tabs between its parts stay: within a text, JSON has none.
#[must_use]
pub fn json_escaped(json: &str) -> Cow<'_, str> {
    let acts_in_json = |character| acts(character) && !matches!(character, '\n' | '\t');
    // Each of them is one unit of UTF-16.
    replaced(json, acts_in_json, |text, character| {
        let _ = write!(text, "\\u{:04x}", u32::from(character));
    })
}

fn replaced(text: &str, is_one: impl Fn(char) -> bool, push: impl Fn(&mut String, char)) -> Cow<'_, str> {
    // Most texts are printable ASCII, of which nothing acts.
    if is_printable_ascii(text) {
        return Cow::Borrowed(text);
    }
    let Some(first) = text.find(&is_one) else { return Cow::Borrowed(text) };
    let (before, rest) = text.split_at(first);
    let mut shown = String::with_capacity(text.len() + 16);
    shown.push_str(before);
    for character in rest.chars() {
        if is_one(character) { push(&mut shown, character) } else { shown.push(character) }
    }
    Cow::Owned(shown)
}

/// Whether a text has nothing but printable ASCII. Looked at in portions, which the compiler makes wide instructions of.
fn is_printable_ascii(text: &str) -> bool {
    let is_printable = |portion: &[u8]| portion.iter().fold(true, |is_all, byte| is_all & matches!(byte, b' '..=b'~'));
    text.as_bytes().chunks(PORTION).all(is_printable)
}

/// How many bytes are looked at at once.
const PORTION: usize = 1 << 10;

/// A text that may be shown to people: on one line, without secrets, and with escapes for the characters that act.
///
/// It can be made of any text, and of nothing else can a part of a drawn report be made.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Printable(String);

impl Printable {
    /// The text without secrets first: cut or escaped, they could not be told any more.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let masked = secrets::mask(text);
        match visible(&masked) {
            Cow::Owned(visible) => Self(visible),
            Cow::Borrowed(_) => Self(masked.into_owned()),
        }
    }

    /// The text itself.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

impl Deref for Printable {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Printable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_acts_becomes_visible_and_the_rest_stays() {
        let text = "a\u{1b}[31m\r\n\tb\u{85}\u{9b}\u{2028}\u{202e}\u{2066}\u{61c}\u{200f}\u{7f} é\u{200b}日\\";
        let expected =
            "a\\u{1b}[31m\\r\\n\\tb\\u{85}\\u{9b}\\u{2028}\\u{202e}\\u{2066}\\u{61c}\\u{200f}\\u{7f} é\u{200b}日\\";
        assert_eq!(visible(text), expected);
        assert_eq!(Printable::of(text).into_string(), expected);
    }

    proptest! {
        #[test]
        fn a_printable_text_stays_as_it_is(text in "\\PC{0,8}[\u{0}-\u{20}\u{7f}-\u{a0}\u{200e}-\u{202f}]{0,8}[ -~]{0,8}") {
            let printable = Printable::of(&text);
            prop_assert!(!printable.contains(acts));
            prop_assert_eq!(Printable::of(&printable), printable);
        }

        #[test]
        fn json_keeps_its_values(text in "[\u{0}-\u{20}\u{7f}-\u{a0}\u{200e}-\u{202f}\u{2066}-\u{2069}a-c\"\\\\]{0,16}") {
            let json = serde_json::json!({ "key": text }).to_string();
            let escaped = json_escaped(&json);
            prop_assert!(!escaped.contains(acts));
            let read: serde_json::Value = serde_json::from_str(&escaped).expect("JSON");
            prop_assert_eq!(read["key"].as_str(), Some(&*text));
        }
    }
}
