//! What yaml.v2's scanner does otherwise than libyaml's: which characters a tag takes, and how far it looks behind a `{}` at the root.
//!
//! Both are found with libyaml's tokens. With `libyaml.rs` the only place that knows `libyaml-safer`.
//!
//! Source: `scannerc.go` of yaml.v2 2.4.2 (`yaml_parser_scan_tag_uri`, `yaml_parser_fetch_more_tokens`,
//! `yaml_parser_decrease_flow_level`).

use std::borrow::Cow;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

use libyaml_safer::{Mark, ScalarStyle, Scanner, TokenData};

use super::libyaml::is_break;

/// How often a text is scanned to tell its tags from what only looks like one: so often at least, and as long as no more bytes than these
/// are scanned in all.
const MAX_PASSES: usize = 50;
const MAX_SCANNED: usize = 2 << 20;

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
    // Each pass settles all up to and with the first one that was taken for a tag and stands in a text of a flow collection.
    for _ in 0..MAX_PASSES.max(MAX_SCANNED / text.len().max(1)) {
        let found = tags(&hidden(text, &candidates, &is_hidden));
        let mut end = 0;
        let mut has_changed = false;
        for (candidate, is_hidden) in candidates.iter().zip(&mut is_hidden) {
            let is_tag = candidate.start >= end && found.starts.binary_search(&candidate.start).is_ok();
            if is_tag {
                end = candidate.end;
            }
            let was_hidden = std::mem::replace(is_hidden, is_tag);
            if was_hidden && !is_tag && found.ends_at_comma(candidate.start) {
                has_changed = true;
                break;
            }
        }
        if !has_changed {
            break;
        }
    }
    if is_hidden.contains(&true) {
        *text = hidden(text, &candidates, &is_hidden).into();
    }
}

/// Whether [`hide_in_tags`] has anything to decide about in a text.
pub(super) fn may_hide(text: &str) -> bool {
    text.contains('!') && !candidates(text).is_empty()
}

/// What would be a tag with a comma or bracket in it if a tag can start there.
fn candidates(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let starts = text.match_indices('!').map(|(start, _)| start);
    let follows_word = |start: usize| {
        start > 0 && (bytes[start - 1].is_ascii_alphanumeric() || matches!(bytes[start - 1], b'_' | b'!'))
    };
    starts
        .filter(|&start| !follows_word(start) && bytes.get(start + 1) != Some(&b'<'))
        .map(|start| {
            start..bytes[start..].iter().position(|byte| !is_in_tag(*byte)).map_or(bytes.len(), |at| start + at)
        })
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

/// The tags of the first document, as far as it can be scanned, and what commas and brackets mean something to.
struct Tags {
    /// Where they start, in order.
    starts: Vec<usize>,
    /// Plain texts in flow collections, in order: they end at a comma or bracket.
    texts: Vec<Range<usize>>,
}

impl Tags {
    /// Whether a comma at or behind this offset would end a text that holds the offset.
    fn ends_at_comma(&self, offset: usize) -> bool {
        let following = self.texts.partition_point(|text| text.end <= offset);
        self.texts.get(following).is_some_and(|text| text.contains(&offset))
    }
}

fn tags(text: &str) -> Tags {
    let root = root_start(text);
    let is_flow = text[root..].starts_with(['{', '[']);
    let start = if is_flow { root } else { text.len() - text.trim_start_matches(MARK).len() };
    let mut tags = Tags { starts: Vec::new(), texts: Vec::new() };
    let mut has_begun = is_flow;
    let mut depth = 0_usize;
    let mut on_token = |token: &TokenData, span: Range<usize>| {
        match token {
            TokenData::Tag { .. } => tags.starts.push(span.start),
            TokenData::Scalar { style: ScalarStyle::Plain, .. } if depth > 0 => tags.texts.push(span),
            TokenData::FlowSequenceStart | TokenData::FlowMappingStart => depth += 1,
            TokenData::FlowSequenceEnd | TokenData::FlowMappingEnd => depth = depth.saturating_sub(1),
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
    let bad_tag = match is_flow {
        true => scan_without_key(text, start, &mut on_token),
        false => scan(&text[start..], &mut |token, span| on_token(token, span.start + start..span.end + start))
            .map(|offset| offset + start),
    };
    // It is one that goes on with a character that no tag can hold.
    tags.starts.extend(bad_tag);
    tags
}

/// Where the token behind the first document starts, if that is one collection as [`end_without_key`] describes: yaml.v2 looks
/// no further than that token, libyaml on to the end of the line. `None` for every other text, and where the token is an error.
pub(super) fn end_of_root(text: &str) -> Option<usize> {
    let root = root_start(text);
    let end = end_without_key(text, root)?;
    let start = behind_blanks(text, end, true);
    if start == text.len() {
        return None;
    }
    let mut is_token = is_end_of_document(text, end) || is_colon_of_key(text, root, start);
    if !is_token {
        scan_behind(text, start, &mut |_, _| {
            is_token = true;
            false
        });
    }
    is_token.then_some(start)
}

/// Whether the colon at an offset makes a key of what starts before it: within a line, and within 1024 characters.
fn is_colon_of_key(text: &str, key: usize, offset: usize) -> bool {
    let behind = text[offset..].strip_prefix(':');
    behind.is_some_and(|behind| behind.chars().next().is_none_or(|next| matches!(next, ' ' | '\t') || is_break(next)))
        && !text[key..offset].contains(is_break)
        && text[key..offset].chars().count() <= 1024
}

/// Whether a document that is complete at an offset ends there for yaml.v2, although libyaml finds something wrong behind it: on
/// a line of its own stands a collection as [`end_without_key`] describes, behind which only libyaml looks for a colon.
pub(super) fn is_end_of_document(text: &str, end: usize) -> bool {
    let start = behind_blanks(text, end, true);
    text.get(end..start).is_some_and(|gap| gap.contains(is_break)) && end_without_key(text, start).is_some()
}

/// How far the scanner has to see to know the token that starts behind a document: that far a text must be readable.
pub(super) fn lookahead_end(text: &str, end: usize) -> usize {
    let start = behind_blanks(text, end, true);
    let mut token_end = start;
    let mut needed = start;
    let mut is_first = true;
    let mut may_be_key = false;
    scan_behind(text, start, &mut |token, span| {
        token_end = token_end.max(span.end);
        // A text may go on behind blanks, on the next line too, so that what follows is seen.
        needed = match token {
            TokenData::Scalar { style: ScalarStyle::Plain, .. } => behind_blanks(text, span.end, true) + 1,
            _ => token_end,
        };
        may_be_key = is_first
            && matches!(
                token,
                TokenData::Scalar {
                    style: ScalarStyle::Plain | ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted,
                    ..
                } | TokenData::FlowSequenceStart
                    | TokenData::FlowMappingStart
                    | TokenData::Anchor { .. }
                    | TokenData::Alias { .. }
                    | TokenData::Tag { .. }
            );
        is_first = false;
        // A key is known as one by the colon behind it.
        span.is_empty()
    });
    let starts_line = text[..start].rfind(is_break).is_some_and(|at| behind_blanks(text, at, false) == start);
    let is_on_one_line = text.get(start..token_end).is_some_and(|token| !token.contains(is_break));
    if may_be_key && starts_line && is_on_one_line && end_without_key(text, start).is_none() {
        // Whether it is a key only the next line tells.
        let line_end = text[token_end..].find(is_break).map_or(text.len(), |at| token_end + at);
        needed = needed.max(asked_for(text, behind_blanks(text, line_end, true)));
    }
    needed.max(asked_for(text, start))
}

/// How far the scanner wants to see where a token starts.
fn asked_for(text: &str, start: usize) -> usize {
    const CHARACTERS: usize = 4;
    let rest = text.get(start..).unwrap_or_default();
    rest.char_indices().nth(CHARACTERS).map_or(text.len(), |(at, _)| start + at)
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
    while text[at..].starts_with('%')
        && text[..at].chars().next_back().is_none_or(|before| is_break(before) || before == MARK)
    {
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

/// Gives the tokens that start at an offset behind a document.
fn scan_behind(text: &str, start: usize, on_token: &mut dyn FnMut(&TokenData, Range<usize>) -> bool) {
    const MARKER: &str = "---";
    let line_break = text[..start].rfind(is_break).filter(|&at| behind_blanks(text, at, false) == start);
    let Some(from) = line_break else {
        scan_without_key(text, start, on_token);
        return;
    };
    // With the whole line, as a directive or a marker is one only at its start.
    let offset = |offset: usize| (offset + from).saturating_sub(MARKER.len());
    scan(&format!("{MARKER}{}", &text[from..]), &mut |token, span| match token {
        TokenData::StreamStart { .. } => true,
        TokenData::DocumentStart if span.start == 0 => true,
        _ => on_token(token, offset(span.start)..offset(span.end)),
    });
}

/// Gives the tokens behind an offset, at which no key can start. The rest is as for [`scan`].
fn scan_without_key(
    text: &str,
    start: usize,
    on_token: &mut dyn FnMut(&TokenData, Range<usize>) -> bool,
) -> Option<usize> {
    const NO_KEY: &str = "--- ";
    let offset = |offset: usize| (offset + start).saturating_sub(NO_KEY.len());
    let bad_tag = scan(&format!("{NO_KEY}{}", &text[start..]), &mut |token, span| match token {
        TokenData::StreamStart { .. } => true,
        TokenData::DocumentStart if span.start == 0 => true,
        _ => on_token(token, offset(span.start)..offset(span.end)),
    });
    bad_tag.map(offset)
}

/// Gives the tokens of a text to `on_token`, until that answers `false` or the text cannot be scanned further. Answers where the
/// tag starts that keeps it from being scanned, if it is one.
fn scan(text: &str, on_token: &mut dyn FnMut(&TokenData, Range<usize>) -> bool) -> Option<usize> {
    // The port panics where a tag ends with a comma.
    let scanned = catch_unwind(AssertUnwindSafe(|| {
        let mut bytes = text.as_bytes();
        let mut scanner: Scanner<&mut &[u8]> = Scanner::new();
        scanner.set_input_string(&mut bytes);
        let offset = |mark: Mark| usize::try_from(mark.index).map_or(text.len(), |index| index.min(text.len()));
        for token in scanner {
            match token {
                Ok(token) => {
                    let span = offset(token.start_mark)..offset(token.end_mark);
                    if token.data == TokenData::StreamEnd || !on_token(&token.data, span) {
                        return None;
                    }
                }
                Err(error) => {
                    let is_tag = error.context().is_some_and(|context| context == "while scanning a tag");
                    return error.context_mark().filter(|_| is_tag).map(offset);
                }
            }
        }
        None
    }));
    scanned.ok().flatten()
}
