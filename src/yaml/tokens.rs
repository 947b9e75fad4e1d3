//! What yaml.v2's scanner does otherwise than libyaml's: which characters a tag takes, and how far it looks behind a `{}` at the root.
//!
//! Both are found with libyaml's tokens. With `libyaml.rs` the only place that knows `libyaml-safer`.
//!
//! Source: `scannerc.go` of yaml.v2 2.4.2 (`yaml_parser_scan_tag_uri`, `yaml_parser_fetch_more_tokens`,
//! `yaml_parser_decrease_flow_level`).

use std::borrow::Cow;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

use libyaml_safer::{ScalarStyle, Scanner, TokenData};

use super::libyaml::is_break;

/// How often a text is scanned to tell its tags from what only looks like one.
const MAX_PASSES: usize = 50;

/// What stands in the place of a comma or bracket in a tag. A tag with one of those is known to nobody, and with this
/// neither; unlike a letter or `-` it ends no handle (`![x!y`).
const STAND_IN: &str = ".";

/// Puts another character in the place of each comma and bracket within a tag, where libyaml would end the tag: yaml.v2
/// takes them into it, up to the next blank. Lengths stay.
pub(super) fn hide_in_tags(text: &mut Cow<'_, str>) {
    let candidates = candidates(text);
    if candidates.is_empty() {
        return;
    }
    let mut is_hidden = vec![true; candidates.len()];
    // Whatever stands before the first one that was taken for the wrong thing is settled, so each pass settles one at least.
    for _ in 0..MAX_PASSES {
        let starts = tag_starts(&hidden(text, &candidates, &is_hidden));
        let mut end = 0;
        let found: Vec<bool> = candidates
            .iter()
            .map(|candidate| {
                let is_tag = candidate.start >= end && starts.binary_search(&candidate.start).is_ok();
                if is_tag {
                    end = candidate.end;
                }
                is_tag
            })
            .collect();
        if found == is_hidden {
            break;
        }
        is_hidden = found;
    }
    if is_hidden.contains(&true) {
        *text = hidden(text, &candidates, &is_hidden).into();
    }
}

/// What would be a tag with a comma or bracket in it if a tag can start there.
fn candidates(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let starts = text.match_indices('!').map(|(start, _)| start);
    let follows_word =
        |start: usize| start > 0 && (bytes[start - 1].is_ascii_alphanumeric() || matches!(bytes[start - 1], b'_' | b'!'));
    starts
        .filter(|&start| !follows_word(start) && bytes.get(start + 1) != Some(&b'<'))
        .map(|start| start..bytes[start..].iter().position(|byte| !is_in_tag(*byte)).map_or(bytes.len(), |at| start + at))
        .filter(|range| bytes[range.clone()].iter().any(is_taken_by_yaml_v2))
        .collect()
}

fn is_in_tag(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_-;/?:@&=+$,.!~*'()[]%".contains(&byte)
}

fn is_taken_by_yaml_v2(byte: &u8) -> bool {
    matches!(byte, b',' | b'[' | b']')
}

fn hidden(text: &str, candidates: &[Range<usize>], is_hidden: &[bool]) -> String {
    let mut changed = String::with_capacity(text.len());
    for (range, _) in candidates.iter().zip(is_hidden).filter(|(_, is_hidden)| **is_hidden) {
        // One candidate may lie within another.
        let Some(tail) = text.get(changed.len().max(range.start)..range.end) else { continue };
        changed.push_str(&text[changed.len()..range.end - tail.len()]);
        changed.push_str(&tail.replace([',', '[', ']'], STAND_IN));
    }
    changed.push_str(&text[changed.len()..]);
    changed
}

/// The starts of the tags of the first document, in order, as far as it can be scanned.
fn tag_starts(text: &str) -> Vec<usize> {
    let root = root_start(text);
    let is_flow = text[root..].starts_with(['{', '[']);
    let start = if is_flow { root } else { text.len() - text.trim_start_matches(MARK).len() };
    let mut starts = Vec::new();
    let mut has_begun = is_flow;
    let on_token = &mut |token: &TokenData, span: Range<usize>| {
        match token {
            TokenData::Tag { .. } => starts.push(span.start),
            TokenData::DocumentStart if !has_begun => {}
            TokenData::DocumentStart | TokenData::DocumentEnd => return false,
            _ => {}
        }
        has_begun |= !matches!(
            token,
            TokenData::StreamStart { .. } | TokenData::VersionDirective { .. } | TokenData::TagDirective { .. }
        );
        true
    };
    match is_flow {
        true => scan_without_key(text, start, on_token),
        false => scan(&text[start..], &mut |token, span| on_token(token, span.start + start..span.end + start)),
    }
    starts
}

/// Where the token behind the first document starts, if that is one collection as [`end_without_key`] describes: yaml.v2 looks
/// no further than that token, libyaml on to the end of the line. `None` for every other text, and where the token is an error.
pub(super) fn end_of_root(text: &str) -> Option<usize> {
    let end = end_without_key(text, root_start(text))?;
    let start = behind_blanks(text, end, true);
    if start == text.len() || is_end_of_document(text, end) {
        return (start < text.len()).then_some(start);
    }
    let mut is_token = false;
    let on_token = &mut |token: &TokenData, _: Range<usize>| {
        is_token = !matches!(token, TokenData::StreamStart { .. } | TokenData::DocumentStart);
        !is_token
    };
    match text[end..start].rfind(is_break) {
        // With its line, as a directive or a mark is one at the start of a line only.
        Some(line_break) => scan(&format!("---{}", &text[end + line_break..]), on_token),
        None => scan_without_key(text, start, on_token),
    }
    is_token.then_some(start)
}

/// Whether a document that is complete at an offset ends there for yaml.v2, although libyaml finds something wrong behind it: on
/// a line of its own stands a collection as [`end_without_key`] describes, behind which only libyaml looks for a colon.
pub(super) fn is_end_of_document(text: &str, end: usize) -> bool {
    let start = behind_blanks(text, end, true);
    text.get(end..start).is_some_and(|gap| gap.contains(is_break)) && end_without_key(text, start).is_some()
}

/// How far the scanner has to see to know the token that starts behind a document: that far a text must be readable.
pub(super) fn lookahead_end(text: &str, end: usize) -> usize {
    // So many characters are asked for where a token starts.
    const ASKED_FOR: usize = 4;
    let start = behind_blanks(text, end, true);
    let rest = text.get(start..).unwrap_or_default();
    let asked_for = rest.char_indices().nth(ASKED_FOR).map_or(text.len(), |(at, _)| start + at);
    let mut token_end = start;
    scan_without_key(text, start, &mut |token, span| {
        match token {
            TokenData::StreamStart { .. } => return true,
            // A text may go on behind blanks, on the next line too.
            TokenData::Scalar { style: ScalarStyle::Plain, .. } => token_end = behind_blanks(text, span.end, true),
            _ => token_end = token_end.max(span.end),
        }
        // A key is known as one by the colon behind it.
        span.is_empty()
    });
    asked_for.max(token_end)
}

/// The end of the `{…}` or `[…]` at an offset, if none of its entries starts with a key or value, as in `{}` and `{? a : b}`:
/// yaml.v2 then forgets at the closing bracket that the collection could be a key itself.
fn end_without_key(text: &str, start: usize) -> Option<usize> {
    if !text.get(start..)?.starts_with(['{', '[']) {
        return None;
    }
    let mut depth = 0_usize;
    // Whether what comes next may be a key without `?`.
    let mut may_be_key = false;
    let mut end = None;
    scan_without_key(text, start, &mut |token, span| {
        match token {
            TokenData::FlowSequenceStart | TokenData::FlowMappingStart => {
                if depth == 1 && may_be_key {
                    return false;
                }
                depth += 1;
                may_be_key = depth == 1;
            }
            TokenData::FlowSequenceEnd | TokenData::FlowMappingEnd => {
                depth = depth.saturating_sub(1);
                end = (depth == 0).then_some(span.end);
                return depth > 0;
            }
            _ if depth != 1 => {}
            TokenData::FlowEntry | TokenData::BlockEntry => may_be_key = true,
            // That of `?` has a length.
            TokenData::Key => may_be_key &= span.is_empty(),
            TokenData::Value => may_be_key = false,
            _ if may_be_key => return false,
            _ => {}
        }
        true
    });
    end
}

/// The offset of the first character of the first document's content that is no blank, comment or mark.
fn root_start(text: &str) -> usize {
    let mut at = behind_blanks(text, 0, false);
    while text[at..].starts_with('%') && text[..at].chars().next_back().is_none_or(|before| is_break(before) || before == MARK) {
        at = behind_blanks(text, at + text[at..].find(is_break).unwrap_or(text.len() - at), false);
    }
    match text[at..].strip_prefix("---") {
        Some(rest) if rest.starts_with([' ', '\t']) || rest.starts_with(is_break) => behind_blanks(text, at + 3, true),
        _ => at,
    }
}

/// The offset of the first character at or behind another that is no blank, comment or byte-order mark. A tab is a blank only
/// behind something else on its line.
fn behind_blanks(text: &str, start: usize, is_behind_token: bool) -> usize {
    let mut rest = text.get(start..).unwrap_or_default();
    let mut takes_tabs = is_behind_token;
    loop {
        match rest.chars().next() {
            Some('\t') if !takes_tabs => break,
            Some('#') => rest = rest.find(is_break).map_or("", |end| &rest[end..]),
            Some(character) if matches!(character, ' ' | '\t' | MARK) || is_break(character) => {
                takes_tabs &= !is_break(character);
                rest = &rest[character.len_utf8()..];
            }
            _ => break,
        }
    }
    text.len() - rest.len()
}

const MARK: char = '\u{FEFF}';

/// Gives the tokens behind an offset, at which no key can start.
fn scan_without_key(text: &str, start: usize, on_token: &mut dyn FnMut(&TokenData, Range<usize>) -> bool) {
    const NO_KEY: &str = "--- ";
    let offset = |offset: usize| (offset + start).saturating_sub(NO_KEY.len());
    let input = format!("{NO_KEY}{}", &text[start..]);
    scan(&input, &mut |token, span| match token {
        TokenData::DocumentStart if span.start == 0 => true,
        _ => on_token(token, offset(span.start)..offset(span.end)),
    });
}

/// Gives the tokens of a text to `on_token`, until that answers `false` or the text cannot be scanned further.
fn scan(text: &str, on_token: &mut dyn FnMut(&TokenData, Range<usize>) -> bool) {
    // The port panics where a tag ends with a comma.
    let scanned = catch_unwind(AssertUnwindSafe(|| {
        let mut bytes = text.as_bytes();
        let mut scanner: Scanner<&mut &[u8]> = Scanner::new();
        scanner.set_input_string(&mut bytes);
        let offset = |index: u64| usize::try_from(index).map_or(text.len(), |index| index.min(text.len()));
        for token in scanner.map_while(Result::ok) {
            let span = offset(token.start_mark.index)..offset(token.end_mark.index);
            if token.data == TokenData::StreamEnd || !on_token(&token.data, span) {
                break;
            }
        }
    }));
    drop(scanned);
}
