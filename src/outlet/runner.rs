//! Commands of GitHub's runner (actions/runner, `ActionCommand.cs`): `::name::` where a line begins, blanks not counted, and `##[name]`
//! anywhere in a line; and of the agent of Azure Pipelines (microsoft/azure-pipelines-agent, `Command.cs`): `##vso[name]` anywhere in a line.

use std::borrow::Cow;

use crate::source::{acts, push_visibly, visible};

/// What stands before the bracket of a command of Azure Pipelines, letter case aside.
const AZURE: [char; 5] = ['#', '#', 'v', 's', 'o'];

/// Whether a runner may take a line for a command, whether or not colours are taken out of it.
pub(super) fn is_read(line: &str) -> bool {
    let begins = || {
        let first = line.trim_start_matches(is_blank);
        first.starts_with([':', '\u{1b}'])
    };
    line.contains("##") || (line.contains('#') && line.contains('\u{1b}')) || begins()
}

/// What is passed over in front of a command: .NET's `String.Trim`, and a mark that readers of files pass over.
fn is_blank(character: char) -> bool {
    character.is_whitespace() || character == '\u{feff}'
}

/// The line so that it is no command.
pub(super) fn disarmed(line: &str, links: Option<&str>) -> String {
    let mut shown = String::with_capacity(line.len() + 8);
    // What stands in the line so far, colours not counted: whether it is blank, whether a first colon, and how many `#` end it.
    let (mut is_start, mut is_colon, mut signs) = (true, false, 0);
    // The last characters, as many as the name of a command of Azure has before its bracket.
    let mut last = [' '; AZURE.len()];
    let mut rest = line;
    while let Some(character) = rest.chars().next() {
        if let Some(length) = kept(rest, links) {
            let (kept, behind) = rest.split_at(length);
            shown.push_str(kept);
            rest = behind;
            continue;
        }
        match character {
            ':' if is_colon => push_visibly(&mut shown, character),
            '[' if signs >= 2 || last == AZURE => push_visibly(&mut shown, character),
            other => shown.push(other),
        }
        is_colon = is_start && character == ':';
        is_start = is_start && is_blank(character);
        signs = if character == '#' { signs + 1 } else { 0 };
        last.rotate_left(1);
        if let Some(end) = last.last_mut() {
            *end = character.to_ascii_lowercase();
        }
        rest = rest.get(character.len_utf8()..).unwrap_or_default();
    }
    shown
}

/// JSON with an escape for each bracket that begins a command.
pub(super) fn disarmed_json(json: &str) -> String {
    let mut shown = String::with_capacity(json.len() + 8);
    let mut parts = json.split('[');
    shown.extend(parts.next());
    for part in parts {
        let before: Vec<char> = shown.chars().rev().take(AZURE.len()).collect();
        let is_azure = before.iter().rev().map(char::to_ascii_lowercase).eq(AZURE);
        shown.push_str(if is_azure || shown.ends_with("##") { "\\u005b" } else { "[" });
        shown.push_str(part);
    }
    shown
}

/// The line with escapes for everything that acts but tabs, and but what is kept, of which the length is told where it begins.
pub(super) fn escaped(line: &str, kept: impl Fn(&str) -> Option<usize>) -> String {
    let mut shown = String::with_capacity(line.len() + 16);
    let mut rest = line;
    while let Some(character) = rest.chars().next() {
        let length = match kept(rest) {
            Some(length) => {
                shown.push_str(rest.get(..length).unwrap_or_default());
                length
            }
            None if acts(character) && character != '\t' => {
                push_visibly(&mut shown, character);
                character.len_utf8()
            }
            None => {
                shown.push(character);
                character.len_utf8()
            }
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    shown
}

/// How long the sequence is that sets a colour or style, or begins or ends a link to an address of this base, where one begins here.
pub(super) fn kept(text: &str, links: Option<&str>) -> Option<usize> {
    colour(text).or_else(|| link(text, links?))
}

/// How long the sequence is that begins a link to an address of this base, or ends a link, where one begins here (OSC 8, as terminals
/// have it in common).
fn link(text: &str, base: &str) -> Option<usize> {
    const BEGIN: &str = "\u{1b}]8;;";
    const END: &str = "\u{1b}\\";
    let behind = text.strip_prefix(BEGIN)?;
    let length = behind.bytes().take(256).take_while(|byte| byte.is_ascii_graphic()).count();
    let (address, behind) = behind.split_at_checked(length)?;
    let is_ours = address.is_empty() || (!base.is_empty() && address.starts_with(base));
    (is_ours && behind.starts_with(END)).then_some(BEGIN.len() + length + END.len())
}

/// How long the sequence is that sets a colour or style (ECMA-48's SGR), where one begins here.
fn colour(text: &str) -> Option<usize> {
    let behind = text.strip_prefix("\u{1b}[")?;
    let length = behind.bytes().take(32).take_while(|byte| byte.is_ascii_digit() || *byte == b';').count();
    (behind.as_bytes().get(length) == Some(&b'm')).then_some(2 + length + 1)
}

/// A workflow command (docs.github.com, "Workflow commands for GitHub Actions").
pub(super) fn command(name: &str, properties: &[(&str, &str)], message: &[&str]) -> String {
    let properties: Vec<String> =
        properties.iter().map(|(key, value)| format!("{key}={}", property(&without_command(value)))).collect();
    let lines: Vec<String> = message.iter().map(|line| data(&without_command(&visible(line)))).collect();
    format!("::{name} {}::{}", properties.join(","), lines.join("%0A"))
}

/// A text within a command: the older kind of command may stand anywhere, and its escapes are others.
pub(super) fn without_command(text: &str) -> Cow<'_, str> {
    if is_read(text) { Cow::Owned(disarmed(text, None)) } else { Cow::Borrowed(text) }
}

/// A message: what would end the command is encoded, as `@actions/core` does it.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property, which ends with a comma or colon. It keeps its line breaks, which have an encoding; for other characters that
/// act GitHub has none.
fn property(text: &str) -> String {
    let encoded = data(text).replace(':', "%3A").replace(',', "%2C");
    visible(&encoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_a_command_is_encoded() {
        let written = command("error", &[("file", "a:b,c%\n\u{1b}")], &["50% of\r\n::error::x, y", "::b"]);
        assert_eq!(written, "::error file=a%3Ab%2Cc%25%0A\\u{1b}::50%25 of\\r\\n::error::x, y%0A:\\u{3a}b");
    }
}
