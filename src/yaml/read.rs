//! From the text of a file to its first document and everything that makes GitLab's parser refuse it.
//!
//! After a syntax error reading goes on behind it, so that one run shows every mistake of a file: a character that
//! needs quotes is taken as if it had them, anything else is skipped up to the next top-level key.

use std::borrow::Cow;
use std::collections::HashSet;

use super::reading::{KeyError, Reading};
use super::recover::{Parsed, SyntaxError, SyntaxErrorKind, parse};
use super::scalar::{Scalar, ScalarError, scalar};
use super::tree::{Data, NodeId, Style, Tree};
use super::{gate, libyaml, plain, tokens};
use crate::source::{Source, Span};

/// Why GitLab's parser refuses the text, or cannot make JSON of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProblemKind {
    /// Bytes that are neither UTF-8 nor UTF-16 with a mark; the first of them.
    Encoding(u8),
    /// A character that YAML does not allow in a file.
    ControlCharacter(char),
    /// A tab where indentation is expected.
    Tab,
    /// A value that starts with `*`, `&`, `@`, a backtick or `%`.
    ReservedStart(char),
    /// A quote that is never closed.
    UnclosedQuote,
    /// A `[` or `{` that is never closed, or a missing comma.
    UnclosedFlow,
    /// A key without `:`, or text where a key belongs.
    ExpectedKey,
    /// A second `: ` in a plain value.
    NestedColon,
    /// Indentation that fits no enclosing block.
    Indentation,
    /// A backslash sequence that double quotes do not know.
    Escape,
    /// A tag or directive that is not understood.
    TagOrDirective,
    /// Nested deeper than the parser goes.
    TooDeep,
    /// A `?` in a plain value within `[…]` or `{…}`.
    QuestionMark,
    /// A tag within `[…]` or `{…}` that touches the brace, bracket or comma behind it.
    TagTouchesIndicator,
    /// Another syntax error, in a parser's words.
    Syntax(String),
    /// An alias to an anchor that is not defined before it.
    UnknownAnchor(String),
    /// An anchor whose value contains its own alias.
    SelfReference(String),
    /// Aliases that make the document many times larger.
    ExcessiveAliasing,
    /// A merge of something that is no mapping.
    BadMerge,
    /// A list or mapping as a key.
    CollectionKey,
    /// A null key.
    NullKey,
    /// An integer key over 63 bits.
    UnsignedKey,
    /// A tag that asks for another type than the text has.
    TagMismatch {
        /// `!!int`, say.
        tag: String,
        /// What the text is.
        found: &'static str,
    },
    /// `!!binary` with something that is not base64.
    Base64,
    /// `.inf` or `.nan`: JSON has no such number.
    NotJson,
}

/// One reason for which GitLab's parser refuses the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong.
    pub kind: ProblemKind,
    /// Where.
    pub span: Span,
    /// Another place that explains it, such as the bracket that is not closed.
    pub cause: Option<Span>,
}

/// The first document of a file, as GitLab reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    tree: Tree,
    problems: Vec<Problem>,
    ignored: Option<Span>,
    skipped: Vec<Span>,
    unshown: bool,
    follow_merges: bool,
}

impl Document {
    /// The same with nothing but what is wrong with it.
    #[must_use]
    pub fn without_tree(self) -> Self {
        Self { tree: Tree::default(), ..self }
    }

    /// The tree, as far as it could be built.
    #[must_use]
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// The view of the tree with merges and equal keys settled.
    #[must_use]
    pub fn reading(&self) -> Reading<'_> {
        Reading::new(&self.tree, self.follow_merges)
    }

    /// Why the parser refuses the file; empty for a file that it takes.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// What follows the first document and is therefore ignored.
    #[must_use]
    pub fn ignored(&self) -> Option<Span> {
        self.ignored
    }

    /// Parts of the text that a syntax error kept from being read.
    #[must_use]
    pub fn skipped(&self) -> &[Span] {
        &self.skipped
    }

    /// Whether GitLab's parser takes the file and this one cannot show all of it.
    #[must_use]
    pub fn unshown(&self) -> bool {
        self.unshown
    }
}

/// How often reading goes on behind a syntax error.
const MAX_REPAIRS: usize = 25;

/// How many bytes are read again and again behind syntax errors, so that a large broken file costs little more than a
/// small one.
const MAX_REPAIRED: usize = 8 << 20;

/// Whose reading of YAML counts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Parser {
    /// yaml.v2 of the agent server.
    Go,
    /// libyaml itself, as in Ruby's Psych.
    Libyaml,
}

/// Reads the first document of a file.
///
/// One of a plain text, as most are, is read in one pass; any other as [`read_with_parser()`] does.
#[must_use]
pub fn read(source: &Source) -> Document {
    plain_document(source, Parser::Go).unwrap_or_else(|| read_as(source, Parser::Go, 0))
}

/// Reads the first document of a file with a parser of all of YAML, plain or not: what [`read()`] gives has to be equal to this.
#[must_use]
pub fn read_with_parser(source: &Source) -> Document {
    read_as(source, Parser::Go, 0)
}

/// Reads the first document at or behind an offset as libyaml itself does, with which Ruby and so GitLab's CI reads.
///
/// It is read as if nothing but blanks stood before the offset, and spans are those of the whole file: with the start of
/// [`Document::ignored`] it reads the second document. The problems are those of syntax and of anchors; what yaml.v2 or JSON
/// would refuse is none here.
#[must_use]
pub fn read_libyaml(source: &Source, start: usize) -> Document {
    let plain = if start == 0 { plain_document(source, Parser::Libyaml) } else { None };
    plain.unwrap_or_else(|| read_as(source, Parser::Libyaml, start))
}

/// Reads the first document as [`read_libyaml()`] does from the start, always with libyaml: what that gives has to be equal to this.
#[must_use]
pub fn read_libyaml_with_parser(source: &Source) -> Document {
    read_as(source, Parser::Libyaml, 0)
}

/// The document of a plain text, which has no problems and nothing behind it.
fn plain_document(source: &Source, parser: Parser) -> Option<Document> {
    // What looks like a tag in a comment or within quotes is for the parser to tell apart.
    if parser == Parser::Go && tokens::may_hide(source.text()) {
        return None;
    }
    let tree = plain::tree(source)?;
    Some(Document {
        tree,
        problems: Vec::new(),
        ignored: None,
        skipped: Vec::new(),
        unshown: false,
        follow_merges: true,
    })
}

fn read_as(source: &Source, parser: Parser, start: usize) -> Document {
    let is_go = parser == Parser::Go;
    let max_repairs = if is_go { MAX_REPAIRS } else { MAX_REPAIRS.min(1 + MAX_REPAIRED / (source.text().len() + 1)) };
    let mut problems = Vec::new();
    let mut skipped = Vec::new();
    let mut text = blank_up_to(source.text(), start);

    let control = first_control_character(&text);
    if control.is_some() {
        text = without_control_characters(&text).into();
    }

    let mut stand_ins = StandIns::default();
    if is_go {
        stand_ins.hide_marks(&mut text);
    }

    let mut unshown = false;
    let mut certain = true;
    let mut parsed;
    let mut attempt = 0;
    loop {
        // A text that the port reads needs no second opinion; one that it does not read is judged by libyaml itself.
        let accepted = match is_go {
            true => {
                tokens::hide_in_tags(&mut text);
                let end = tokens::end_of_root(&text);
                end.map_or_else(|| libyaml::parse(&text), |end| libyaml::parse_up_to(&text, end))
            }
            false => libyaml::parse(&text),
        };
        let refusal = if accepted.is_none() { gate::check(&text).err() } else { None };
        if let Some(refusal) = &refusal
            && is_go
            && (stand_ins.hide_colon(&mut text, refusal) || stand_ins.hide_escaped_quotes(&mut text, refusal))
        {
            continue;
        }
        parsed = match accepted {
            Some(accepted) => accepted,
            None => {
                let recovered = parse(&text);
                unshown = refusal.is_none() && recovered.error.is_some();
                recovered
            }
        };
        let error = match (parsed.error.clone(), refusal) {
            (None, None) => break,
            _ if unshown => break,
            (Some(error), _) => error,
            // An alias to nothing is found in the tree, with its span, unless the other parser has read none there.
            (None, Some(refusal)) if refusal.message.starts_with("unknown anchor") => {
                if !has_unknown_alias(&parsed.tree) {
                    problems.push(unknown_anchor(&text, refusal.offset));
                }
                break;
            }
            (None, Some(refusal)) => from_refusal(&text, refusal),
        };
        let repair = repair(&text, &error, parsed.open_flow);
        if certain || repair.certain {
            problems.push(to_problem(&text, &error, &parsed));
        }
        certain &= repair.certain;
        if attempt == max_repairs || repair.text == *text {
            break;
        }
        skipped.extend(repair.skipped);
        text = repair.text.into();
        attempt += 1;
    }
    unshown &= attempt == 0;
    let end = parsed.end;
    // What lies behind the first document counts if the parser has to see that much, and as it reads in blocks of 512 bytes,
    // what lies in the same block.
    let needed =
        end.filter(|_| control.is_some() || source.invalid().is_some()).map(|end| tokens::lookahead_end(&text, end));
    let reach = needed.map_or(usize::MAX, |needed| (source.position(needed).byte / 512 + 1) * 512);
    let counts = |span: Span| source.position(span.start).byte < reach;
    if let Some((span, character)) = control.filter(|(span, _)| counts(*span)) {
        problems.push(Problem { kind: ProblemKind::ControlCharacter(character), span, cause: None });
    }
    if let Some(invalid) = source.invalid().filter(|invalid| match invalid.is_cut_off {
        // That something is missing is noticed only at the end of the file.
        true => needed.is_none_or(|needed| needed > invalid.span.start),
        false => counts(invalid.span),
    }) {
        problems.push(Problem { kind: ProblemKind::Encoding(invalid.byte), span: invalid.span, cause: None });
    }

    let mut tree = parsed.tree;
    stand_ins.restore(&mut tree);
    if is_go {
        stricter_than_libyaml(source, &tree, &mut problems);
    }
    alias_problems(&tree, &mut problems);
    let follow_merges = !problems
        .iter()
        .any(|problem| matches!(problem.kind, ProblemKind::ExcessiveAliasing | ProblemKind::SelfReference(_)));
    if is_go {
        let reading = Reading::new(&tree, follow_merges);
        node_problems(&reading, &mut problems);
        json_problems(&reading, &mut problems);
    } else {
        problems.retain(|problem| problem.kind != ProblemKind::ExcessiveAliasing);
    }
    problems.sort_by_key(|problem| problem.span);
    problems.dedup();

    let ignored = parsed.rest.map(|start| Span::new(start, text.trim_end().len()));
    Document { tree, problems, ignored, skipped, unshown, follow_merges }
}

/// Characters in whose place others stand while libyaml reads, where it differs from yaml.v2.
#[derive(Default)]
struct StandIns {
    pairs: Vec<(char, char)>,
    passes: usize,
}

/// How often characters are hidden before a text is taken as it is.
const MAX_HIDING_PASSES: usize = 200;

impl StandIns {
    /// A byte-order mark inside the text is content for yaml.v2; libyaml skips it at the start of a line.
    fn hide_marks(&mut self, text: &mut Cow<'_, str>) {
        const MARK: char = '\u{FEFF}';
        let body = text.trim_start_matches(MARK);
        if !body.contains(MARK) {
            return;
        }
        // Characters of three bytes, as the mark.
        let Some(stand_in) = ('\u{E000}'..'\u{E100}').find(|&candidate| !body.contains(candidate)) else { return };
        let start = text.len() - body.len();
        let hidden = format!("{}{}", &text[..start], body.replace(MARK, stand_in.encode_utf8(&mut [0; 4])));
        *text = hidden.into();
        self.pairs.push((stand_in, MARK));
    }

    /// Within `[…]`, `x:` before a comma or bracket is a text for yaml.v2 and an error for libyaml.
    fn hide_colon(&mut self, text: &mut Cow<'_, str>, refusal: &gate::Refusal) -> bool {
        let is_that = refusal.message.starts_with("found unexpected ':'");
        if !is_that || self.passes == MAX_HIDING_PASSES || text.as_bytes().get(refusal.offset) != Some(&b':') {
            return false;
        }
        let known = self.pairs.iter().find(|pair| pair.1 == ':').map(|pair| pair.0);
        let free = || ['=', '+', '^', ';', '$', '<', '(', '_', 'q', '7'].into_iter().find(|&c| !text.contains(c));
        let Some(stand_in) = known.or_else(free) else { return false };
        if known.is_none() {
            self.pairs.push((stand_in, ':'));
        }
        self.passes += 1;
        text.to_mut().replace_range(refusal.offset..=refusal.offset, stand_in.encode_utf8(&mut [0; 4]));
        true
    }

    /// Within double quotes, `\\'` is a single quote for yaml.v2 and an error for the ports of libyaml.
    fn hide_escaped_quotes(&mut self, text: &mut Cow<'_, str>, refusal: &gate::Refusal) -> bool {
        /// Escapes that stand for a character which no file can hold otherwise.
        const ESCAPES: [(char, char); 6] =
            [('a', '\x07'), ('e', '\x1B'), ('v', '\x0B'), ('f', '\x0C'), ('b', '\x08'), ('0', '\0')];
        let is_that = refusal.message.starts_with("found unknown escape character");
        let is_quote = text.get(refusal.offset..).is_some_and(|rest| rest.starts_with("\\'"));
        if !is_that || !is_quote || self.passes == MAX_HIDING_PASSES {
            return false;
        }
        let known = self.pairs.iter().find(|pair| pair.1 == '\'').map(|pair| pair.0);
        let free = || {
            let written = text.to_lowercase();
            ESCAPES.into_iter().find(|&(letter, character)| {
                let code = u32::from(character);
                let ways = [
                    format!("\\{letter}"),
                    format!("\\x{code:02x}"),
                    format!("\\u{code:04x}"),
                    format!("\\u{code:08x}"),
                ];
                !ways.iter().any(|way| written.contains(way))
            })
        };
        let Some((letter, stand_in)) = ESCAPES.into_iter().find(|escape| Some(escape.1) == known).or_else(free) else {
            return false;
        };
        if known.is_none() {
            self.pairs.push((stand_in, '\''));
        }
        self.passes += 1;
        // All of the same text at once.
        let text = text.to_mut();
        let mut at = refusal.offset;
        while let Some(next) = text.get(at..).and_then(|rest| rest.find(['\\', '"'])).map(|found| at + found) {
            match text.as_bytes().get(next..next + 2) {
                Some(b"\\'") => text.replace_range(next + 1..next + 2, letter.encode_utf8(&mut [0; 4])),
                Some([b'\\', _]) => {}
                _ => break,
            }
            at = next + 2;
        }
        true
    }

    /// Puts the characters back into the values.
    fn restore(&self, tree: &mut Tree) {
        if self.pairs.is_empty() {
            return;
        }
        for node in &mut tree.nodes {
            if let Data::Scalar { text, .. } = &mut node.data {
                for &(stand_in, original) in &self.pairs {
                    if text.contains(stand_in) {
                        *text = text.replace(stand_in, original.encode_utf8(&mut [0; 4])).into();
                    }
                }
            }
        }
    }
}

/// For each node, whether it stands within `[…]` or `{…}`.
fn in_flow(tree: &Tree) -> Vec<bool> {
    let mut in_flow = vec![false; tree.nodes.len()];
    // Parents come before their children.
    for (id, node) in tree.nodes() {
        match &node.data {
            Data::Sequence { items, flow } => {
                let is_flow = *flow || in_flow[id.index()];
                items.iter().for_each(|item| in_flow[item.index()] = is_flow);
            }
            Data::Mapping { entries, flow } => {
                let is_flow = *flow || in_flow[id.index()];
                for (key, value) in entries {
                    in_flow[key.index()] = is_flow;
                    in_flow[value.index()] = is_flow;
                }
            }
            Data::Scalar { .. } | Data::Alias { .. } => {}
        }
    }
    in_flow
}

/// What yaml.v2's scanner refuses and libyaml's takes (`scannerc.go`: `scan_plain_scalar`, `scan_tag_uri`,
/// `scan_flow_scalar`).
fn stricter_than_libyaml(source: &Source, tree: &Tree, problems: &mut Vec<Problem>) {
    let in_flow = in_flow(tree);
    for (id, node) in tree.nodes() {
        match &node.data {
            Data::Scalar { style: Style::Plain, .. } if in_flow[id.index()] => {
                if let Some(at) = source.slice(node.span).find('?') {
                    let start = node.span.start + at;
                    problems.push(Problem {
                        kind: ProblemKind::QuestionMark,
                        span: node.span,
                        cause: Some(Span::new(start, start + 1)),
                    });
                }
            }
            Data::Scalar { style: Style::DoubleQuoted, .. } => {
                if let Some(at) = escaped_slash(source.slice(node.span)) {
                    let start = node.span.start + at;
                    problems.push(Problem {
                        kind: ProblemKind::Escape,
                        span: Span::new(start, start + 2),
                        cause: None,
                    });
                }
            }
            _ => {}
        }
        if let Some(tag) = node.tag.as_ref().filter(|_| in_flow[id.index()]) {
            let behind = source.text().as_bytes().get(tag.span.end);
            if matches!(behind, Some(b'{' | b'}' | b',' | b'[' | b']')) {
                problems.push(Problem { kind: ProblemKind::TagTouchesIndicator, span: tag.span, cause: None });
            }
        }
    }
}

/// Where `\/` stands in a quoted text.
fn escaped_slash(quoted: &str) -> Option<usize> {
    let mut bytes = quoted.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        if byte == b'\\' && bytes.next().is_some_and(|(_, escaped)| escaped == b'/') {
            return Some(at);
        }
    }
    None
}

/// What the reader of yaml.v2 refuses: everything outside tab, line breaks and printable characters.
fn is_control(character: char) -> bool {
    !matches!(character,
        '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{A0}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}'
        | '\u{10000}'..='\u{10FFFF}')
}

fn first_control_character(text: &str) -> Option<(Span, char)> {
    let (start, character) = text.char_indices().find(|&(_, character)| is_control(character))?;
    Some((Span::new(start, start + character.len_utf8()), character))
}

/// The text with blanks, as many as the character is long, in the place of each character before an offset; line breaks stay.
fn blank_up_to(text: &str, offset: usize) -> Cow<'_, str> {
    if offset == 0 {
        return Cow::Borrowed(text);
    }
    let (before, behind) = text.split_at(floor(text, offset));
    let mut blank = String::with_capacity(text.len());
    for character in before.chars() {
        match character {
            '\n' | '\r' => blank.push(character),
            _ => blank.extend(std::iter::repeat_n(' ', character.len_utf8())),
        }
    }
    blank.push_str(behind);
    Cow::Owned(blank)
}

/// The text with blanks, as many as the character is long, in the place of each control character.
fn without_control_characters(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for character in text.chars() {
        if is_control(character) {
            clean.extend(std::iter::repeat_n(' ', character.len_utf8()));
        } else {
            clean.push(character);
        }
    }
    clean
}

fn from_refusal(text: &str, refusal: gate::Refusal) -> SyntaxError {
    let offset = refusal.offset.min(text.len());
    let rest = text.get(offset..).unwrap_or_default();
    let before = text.get(..offset).unwrap_or_default();
    let kind = match (rest.chars().next(), before.chars().next_back()) {
        (Some('\t'), _) => SyntaxErrorKind::Tab,
        (Some(character @ ('*' | '&' | '@' | '`' | '%')), _) | (_, Some(character @ ('*' | '&'))) => {
            SyntaxErrorKind::ReservedStart(character)
        }
        _ => SyntaxErrorKind::Other,
    };
    let message = refusal.message.split(" at line ").next().unwrap_or_default();
    SyntaxError { offset, kind, detail: message.to_owned() }
}

struct Repair {
    text: String,
    /// Whether what the author meant is plain, so that what follows is still what was written.
    certain: bool,
    skipped: Option<Span>,
}

fn repair(text: &str, error: &SyntaxError, open_flow: Option<usize>) -> Repair {
    match error.kind {
        SyntaxErrorKind::ReservedStart(character) => {
            let at = reserved_offset(text, error.offset, character);
            let skipped = Span::new(at, after(text, at));
            let mut repaired = text.to_owned();
            repaired.replace_range(skipped.start..skipped.end, &"x".repeat(skipped.len()));
            Repair { text: repaired, certain: true, skipped: Some(skipped) }
        }
        SyntaxErrorKind::Tab => Repair { text: without_tab_indentation(text), certain: true, skipped: None },
        SyntaxErrorKind::TooDeep => Repair { text: text.to_owned(), certain: false, skipped: None },
        _ => {
            // What is broken starts where a bracket was opened that is not closed.
            let from = open_flow.map_or(error.offset, |open| open.min(error.offset));
            let start = text[..floor(text, from)].rfind('\n').map_or(0, |at| at + 1);
            let end = next_top_level_key(text, start);
            let blank = |part: &str| -> String {
                part.chars()
                    .flat_map(|c| std::iter::repeat_n(if c == '\n' { '\n' } else { ' ' }, c.len_utf8()))
                    .collect()
            };
            let repaired = format!("{}{}{}", &text[..start], blank(&text[start..end]), &text[end..]);
            Repair { text: repaired, certain: false, skipped: Some(Span::new(start, end)) }
        }
    }
}

fn floor(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

/// Where the reserved character stands: at the error, or just before it.
fn reserved_offset(text: &str, offset: usize, character: char) -> usize {
    let offset = floor(text, offset);
    if text[offset..].starts_with(character) { offset } else { floor(text, offset.saturating_sub(1)) }
}

/// The start of the first line behind the one at `start` that begins with what looks like a key.
fn next_top_level_key(text: &str, start: usize) -> usize {
    let mut offset = start;
    for (index, line) in text[start..].split_inclusive('\n').enumerate() {
        let first = line.chars().next();
        let looks_like_key = first.is_some_and(|c| c.is_ascii_alphabetic() || c == '"' || c == '\'' || c == '_');
        if index > 0 && looks_like_key && line.contains(':') {
            return offset;
        }
        offset += line.len();
    }
    text.len()
}

/// Every tab of every line's indentation as one blank, which keeps offsets and, mostly, the nesting meant.
fn without_tab_indentation(text: &str) -> String {
    let mut repaired = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let indentation = line.len() - line.trim_start_matches([' ', '\t']).len();
        repaired.extend(std::iter::repeat_n(' ', indentation));
        repaired.push_str(&line[indentation..]);
    }
    repaired
}

/// The end of the character that an offset lies in.
fn after(text: &str, offset: usize) -> usize {
    let start = floor(text, offset);
    start + text[start..].chars().next().map_or(0, char::len_utf8)
}

fn to_problem(text: &str, error: &SyntaxError, parsed: &Parsed) -> Problem {
    let offset = floor(text, error.offset);
    let line_end = text[offset..].find(['\n', '\r']).map_or(text.len(), |at| offset + at);
    let token_end = text[offset..line_end].find([' ', ',', ']', '}', '#']).map_or(line_end, |at| offset + at);
    let mut span = Span::new(offset, token_end.max(offset));
    let mut cause = parsed.open_flow.map(|start| Span::new(floor(text, start), after(text, start)));
    let kind = match error.kind {
        SyntaxErrorKind::Tab => {
            let line_start = text[..offset].rfind('\n').map_or(0, |at| at + 1);
            let tab = text[line_start..].find('\t').map_or(offset, |at| line_start + at);
            span = Span::new(tab, after(text, tab));
            ProblemKind::Tab
        }
        SyntaxErrorKind::ReservedStart(character) => {
            let start = reserved_offset(text, offset, character);
            span = Span::new(start, token_end.max(after(text, start)));
            ProblemKind::ReservedStart(character)
        }
        SyntaxErrorKind::UnclosedQuote => {
            span = Span::new(offset, line_end);
            ProblemKind::UnclosedQuote
        }
        SyntaxErrorKind::UnclosedFlow => ProblemKind::UnclosedFlow,
        SyntaxErrorKind::ExpectedKey => ProblemKind::ExpectedKey,
        SyntaxErrorKind::NestedColon => ProblemKind::NestedColon,
        SyntaxErrorKind::Indentation => ProblemKind::Indentation,
        SyntaxErrorKind::Escape => ProblemKind::Escape,
        SyntaxErrorKind::TagOrDirective => ProblemKind::TagOrDirective,
        SyntaxErrorKind::TooDeep => ProblemKind::TooDeep,
        SyntaxErrorKind::Other => ProblemKind::Syntax(error.detail.clone()),
    };
    if !matches!(kind, ProblemKind::UnclosedFlow | ProblemKind::Syntax(_)) {
        cause = None;
    }
    if span.is_empty() && span.start < text.len() && !text[span.start..].starts_with(['\n', '\r']) {
        let width = text[span.start..].chars().next().map_or(0, char::len_utf8);
        span = Span::new(span.start, span.start + width);
    }
    Problem { kind, span, cause }
}

fn has_unknown_alias(tree: &Tree) -> bool {
    tree.nodes().any(|(_, node)| matches!(node.data, Data::Alias { target: None, .. }))
}

/// The alias at an offset, which names nothing.
fn unknown_anchor(text: &str, offset: usize) -> Problem {
    let start = floor(text, offset);
    let name: String = text[start..]
        .trim_start_matches('*')
        .chars()
        .take_while(|character| character.is_ascii_alphanumeric() || matches!(character, '_' | '-'))
        .collect();
    let span = Span::new(start, (start + 1 + name.len()).min(text.len()));
    Problem { kind: ProblemKind::UnknownAnchor(name), span, cause: None }
}

/// Aliases to nothing, to themselves, or too many of them.
fn alias_problems(tree: &Tree, problems: &mut Vec<Problem>) {
    if !tree.has_aliases() {
        return;
    }
    for (_, node) in tree.nodes() {
        if let Data::Alias { name, target: None } = &node.data {
            let kind = ProblemKind::UnknownAnchor(name.to_string());
            problems.push(Problem { kind, span: node.span, cause: None });
        }
    }
    if let Err((kind, id)) = decode_count(tree) {
        problems.push(Problem { kind, span: tree.node(id).span, cause: None });
    }
}

/// Walks the document as yaml.v2's decoder does and counts as it counts (`decoder.unmarshal` in `decode.go`): more
/// than 99 % of the steps spent inside aliases is excessive, sinking to 10 % between 400,000 and 4,000,000 steps.
#[allow(clippy::cast_precision_loss)]
fn decode_count(tree: &Tree) -> Result<(), (ProblemKind, NodeId)> {
    enum Work {
        Node(NodeId),
        Merge(NodeId),
        LeaveAlias(NodeId),
    }
    let allowed = |steps: f64| match steps {
        steps if steps <= 400_000.0 => 0.99,
        steps if steps >= 4_000_000.0 => 0.10,
        steps => 0.99 - 0.89 * ((steps - 400_000.0) / 3_600_000.0),
    };
    let reading = Reading::new(tree, false);
    let (mut steps, mut in_alias) = (0u64, 0u64);
    let mut inside: HashSet<NodeId> = HashSet::new();
    let mut work: Vec<Work> = tree.root().map(Work::Node).into_iter().collect();
    while let Some(step) = work.pop() {
        match step {
            Work::LeaveAlias(id) => {
                inside.remove(&id);
            }
            Work::Merge(value) => match &tree.node(value).data {
                // Applied from the end: the first to be popped is the last item.
                Data::Sequence { items, .. } => work.extend(items.iter().map(|&item| Work::Node(item))),
                _ => work.push(Work::Node(value)),
            },
            Work::Node(id) => {
                steps += 1;
                in_alias += u64::from(!inside.is_empty());
                // The document itself is a step of yaml.v2's as well, hence the one more.
                if in_alias > 100 && steps >= 1000 && in_alias as f64 / (steps + 1) as f64 > allowed((steps + 1) as f64)
                {
                    return Err((ProblemKind::ExcessiveAliasing, first_alias(tree).unwrap_or(id)));
                }
                match &tree.node(id).data {
                    Data::Scalar { .. } => {}
                    Data::Sequence { items, .. } => work.extend(items.iter().rev().map(|&item| Work::Node(item))),
                    Data::Mapping { entries, .. } => {
                        for &(key, value) in entries.iter().rev() {
                            if reading.is_merge(key) {
                                work.push(Work::Merge(value));
                            } else {
                                work.push(Work::Node(value));
                                work.push(Work::Node(key));
                            }
                        }
                    }
                    Data::Alias { name, target } => {
                        let Some(target) = *target else { continue };
                        if !inside.insert(id) {
                            return Err((ProblemKind::SelfReference(name.to_string()), id));
                        }
                        work.push(Work::LeaveAlias(id));
                        work.push(Work::Node(target));
                    }
                }
            }
        }
    }
    Ok(())
}

fn first_alias(tree: &Tree) -> Option<NodeId> {
    tree.nodes().find(|(_, node)| matches!(node.data, Data::Alias { .. })).map(|(id, _)| id)
}

/// What the parser refuses wherever it stands, overridden or not.
fn node_problems(reading: &Reading<'_>, problems: &mut Vec<Problem>) {
    let tree = reading.tree();
    for (_, node) in tree.nodes() {
        match &node.data {
            Data::Scalar { text, style } if node.tag.is_some() => {
                let kind = match scalar(node, text, *style) {
                    Ok(_) => continue,
                    Err(ScalarError::TagMismatch { tag, found }) => ProblemKind::TagMismatch { tag, found },
                    Err(ScalarError::Base64) => ProblemKind::Base64,
                };
                let cause = node.tag.as_ref().map(|tag| tag.span);
                problems.push(Problem { kind, span: node.span, cause });
            }
            Data::Mapping { entries, .. } => {
                for &(key, value) in entries {
                    if reading.is_merge(key) {
                        let bad = bad_merge(tree, value);
                        problems.extend(bad.map(|id| Problem {
                            kind: ProblemKind::BadMerge,
                            span: tree.node(id).span,
                            cause: Some(tree.node(key).span),
                        }));
                    } else if reading.key(key) == Err(KeyError::Collection) {
                        let span = tree.node(key).span;
                        problems.push(Problem { kind: ProblemKind::CollectionKey, span, cause: None });
                    }
                }
            }
            _ => {}
        }
    }
}

/// The node that makes a merge invalid.
fn bad_merge(tree: &Tree, value: NodeId) -> Option<NodeId> {
    let is_mapping = |id: NodeId| match tree.follow(id) {
        Some(target) => matches!(tree.node(target).data, Data::Mapping { .. }),
        // An alias to nothing is a problem of its own.
        None => true,
    };
    match &tree.node(value).data {
        Data::Sequence { items, .. } => items.iter().copied().find(|&item| !is_mapping(item)),
        _ => (!is_mapping(value)).then_some(value),
    }
}

/// What cannot become JSON, and so counts only where it survives duplicates and merges.
fn json_problems(reading: &Reading<'_>, problems: &mut Vec<Problem>) {
    let tree = reading.tree();
    let is_number_for_json = |id: NodeId| {
        let node = tree.node(id);
        match &node.data {
            Data::Scalar { text, style } => {
                !matches!(scalar(node, text, *style), Ok(Scalar::Float(value)) if !value.is_finite())
            }
            _ => true,
        }
    };
    let has_candidates = tree.nodes().any(|(id, node)| match &node.data {
        Data::Mapping { entries, .. } => {
            entries.iter().any(|entry| matches!(reading.key(entry.0), Err(KeyError::Null | KeyError::Unsigned)))
        }
        Data::Scalar { .. } => !is_number_for_json(id),
        _ => false,
    });
    if !has_candidates {
        return;
    }
    let mut visited = HashSet::new();
    let mut work: Vec<NodeId> = tree.root().into_iter().collect();
    while let Some(id) = work.pop() {
        let Some(id) = tree.follow(id).filter(|&id| visited.insert(id)) else { continue };
        match &tree.node(id).data {
            Data::Scalar { .. } if !is_number_for_json(id) => {
                problems.push(Problem { kind: ProblemKind::NotJson, span: tree.node(id).span, cause: None });
            }
            Data::Sequence { items, .. } => work.extend(items),
            Data::Mapping { .. } => {
                for entry in reading.raw_entries(id) {
                    let kind = match reading.key(entry.key) {
                        Err(KeyError::Null) => ProblemKind::NullKey,
                        Err(KeyError::Unsigned) => ProblemKind::UnsignedKey,
                        _ => continue,
                    };
                    problems.push(Problem { kind, span: tree.node(entry.key).span, cause: None });
                    work.push(entry.value);
                }
                work.extend(reading.entries(id).into_iter().map(|entry| entry.value));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_document_has_the_spans_of_the_file() {
        for text in ["a: 1\n---\nb: é\nc: 2\n", "\u{FEFF}---\r\na: ü\r\n--- # more\r\nb: é\r\nc: 2\r\n"] {
            let source = Source::new("a", text);
            let rest = read_libyaml(&source, 0).ignored().expect("a second document");
            let document = read_libyaml(&source, rest.start);
            let tree = document.tree();
            let written: Vec<&str> = tree
                .nodes()
                .filter(|(_, node)| matches!(node.data, Data::Scalar { .. }))
                .map(|(_, node)| source.slice(node.span))
                .collect();
            assert_eq!(written, ["b", "é", "c", "2"], "{text:?}");
            assert!(document.problems().is_empty() && document.ignored().is_none());
        }
    }

    #[test]
    fn what_stands_before_the_start_does_not_count() {
        let source = Source::new("a", "a: [\u{1}\n---\nb: [\n");
        let problems = read_libyaml(&source, 6).problems().to_vec();
        assert!(!problems.is_empty() && problems.iter().all(|problem| problem.span.start > 6), "{problems:?}");
        assert!(read_libyaml(&source, 1000).tree().root().is_none());
    }

    #[test]
    fn libyaml_is_not_held_to_what_only_yaml_v2_refuses() {
        for text in ["[a?b]", "\"\\/\"", "~: .inf", "a: !!int x", "[1]: 2", "? {}\n: 18446744073709551615"] {
            assert_eq!(read_libyaml(&Source::new("a", text), 0).problems(), [], "{text}");
        }
        // yaml.v2 takes this one.
        assert!(!read_libyaml(&Source::new("a", "a: [x:]"), 0).problems().is_empty());
        assert!(read(&Source::new("a", "a: [x:]")).problems().is_empty());
    }
}
