//! Where the cursor stands in a YAML file that somebody is typing.
//!
//! A parser wants a whole text, and what is being typed is none: half a key, a bracket that is not closed yet. This reads
//! lines by their indentation, keeps what it cannot make sense of from touching the lines around it, and knows just enough of
//! YAML for the path to the cursor and the keys beside it. What GitLab reads is none of its business.

use crate::source::{Source, Span};

/// How deep is looked; what GitLab reads has a dozen levels.
const MAX_DEPTH: usize = 100;

/// A step from a node to one below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// To the value of a key.
    Key(String),
    /// To an item of a list.
    Item(usize),
}

/// What could be written at the cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    /// A key of the mapping at the path.
    Key,
    /// The node at the path: its text, or the first key of it.
    Node,
    /// An item of the list at the path, with its `-`.
    Item,
}

/// How what could be written stands in its lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// On a line of its own.
    Line,
    /// Behind the `-` of an item.
    Dash,
    /// Behind a key, on its line.
    Inline,
    /// Within brackets or braces.
    Flow,
}

/// The place of the cursor.
#[derive(Clone, Debug)]
pub(super) struct CursorPlace {
    /// From the root to what `slot` speaks of.
    pub path: Vec<Step>,
    /// What could be written.
    pub slot: Slot,
    /// How it stands there.
    pub form: Form,
    /// The word under the cursor, quotes included.
    pub typed: Span,
    /// The column of the word, from 0, which is that of the mapping if it becomes a key.
    pub column: usize,
    /// Whether a colon follows the word, so that it is a key with a value.
    pub has_colon: bool,
    /// Whether a blank is missing in front of the cursor: `key:|`.
    pub wants_blank: bool,
    /// The other keys of the mapping.
    pub present: Vec<String>,
    /// By how many columns the file indents.
    pub step: usize,
}

/// A text that stands somewhere in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Leaf {
    /// From the root to it.
    pub path: Vec<Step>,
    /// What it says, without quotes.
    pub text: String,
    /// Where it is written, quotes included.
    pub span: Span,
}

/// What is known of a file around a cursor.
#[derive(Clone, Debug, Default)]
pub(super) struct CursorContext {
    /// The place of the cursor; `None` where nothing could be written.
    pub place: Option<CursorPlace>,
    /// The texts of the file, if they were asked for.
    pub leaves: Vec<Leaf>,
    /// Whether the cursor stands in a text of several lines, in which `#` opens no comment.
    pub is_in_text: bool,
}

impl CursorContext {
    /// Reads a file. All of its texts are kept if somebody needs them; a large file is read no further than the place asks for
    /// otherwise.
    pub fn of(source: &Source, cursor: usize, keeps_leaves: bool) -> Self {
        let mut reader = Reader {
            source,
            text: source.text(),
            cursor: source.floor(cursor),
            stack: Vec::new(),
            line: 0,
            found: None,
            open_mapping: None,
            has_root: false,
            step: None,
            marks: 0,
            keeps_leaves,
            context: Self::default(),
        };
        reader.run();
        let Reader { found, mut context, .. } = reader;
        context.place = found;
        context
    }
}

#[derive(Debug)]
enum Holder {
    Mapping { keys: Vec<String>, current: Option<String> },
    Sequence { index: usize },
}

#[derive(Debug)]
struct Frame {
    column: usize,
    holder: Holder,
    /// Whether the current key or item has its value.
    filled: bool,
}

impl Frame {
    fn is_sequence(&self) -> bool {
        matches!(self.holder, Holder::Sequence { .. })
    }
}

struct Reader<'s> {
    source: &'s Source,
    text: &'s str,
    cursor: usize,
    stack: Vec<Frame>,
    /// The line that is read next.
    line: usize,
    found: Option<CursorPlace>,
    /// The depth of the mapping whose keys belong to the place, while it is open.
    open_mapping: Option<usize>,
    has_root: bool,
    /// By how many columns the first mapping within a mapping is indented.
    step: Option<usize>,
    /// How many marks, anchors and tags were met in front of what a line begins with.
    marks: usize,
    keeps_leaves: bool,
    context: CursorContext,
}

/// A word as written.
struct Token {
    text: String,
    span: Span,
}

impl Token {
    /// A word without quotes that starts here, with blanks behind it.
    fn plain(written: &str, start: usize) -> Self {
        let text = written.trim_end_matches(is_blank);
        Self { text: text.to_owned(), span: Span::new(start, start + text.len()) }
    }

    /// A word that starts with a quote and does not end with one, with blanks behind it.
    fn open(written: &str, start: usize) -> Self {
        let Self { text, span } = Self::plain(written, start);
        Self { text: text.strip_prefix(['"', '\'']).map(str::to_owned).unwrap_or(text), span }
    }
}

impl<'s> Reader<'s> {
    fn run(&mut self) {
        let lines = self.source.line_index(self.text.len()) + 1;
        while self.line < lines {
            let mut span = self.source.line_span(self.line);
            if self.line == 0 && self.text.starts_with('\u{feff}') {
                span.start = (span.start + '\u{feff}'.len_utf8()).min(span.end);
            }
            // Whatever a line holds, the next to be read is one further down.
            self.line += 1;
            let is_known = span.start > self.cursor && self.open_mapping.is_none();
            if (is_known && !self.keeps_leaves) || !self.read_line(span) {
                break;
            }
        }
        self.truncate(0);
    }

    fn has_cursor(&self, span: Span) -> bool {
        span.start <= self.cursor && self.cursor <= span.end
    }

    fn slice(&self, start: usize, end: usize) -> &'s str {
        self.text.get(start..end).unwrap_or_default()
    }

    /// Returns whether more of the document may follow.
    fn read_line(&mut self, span: Span) -> bool {
        self.marks = 0;
        let line = self.slice(span.start, span.end);
        let indent = line.len() - line.trim_start_matches(' ').len();
        let start = span.start + indent;
        let rest = self.slice(start, span.end);
        if is_all_blank(rest) {
            if self.has_cursor(span) && rest.is_empty() {
                self.blank(self.cursor - span.start);
            }
            return true;
        }
        if rest.starts_with(['#', '\t']) || (indent == 0 && rest.starts_with('%')) {
            return true;
        }
        if indent == 0 && is_marker(rest, "---") {
            if self.has_root {
                return false;
            }
            self.value(span.start + 3, span.end);
            return true;
        }
        if indent == 0 && is_marker(rest, "...") {
            return false;
        }
        self.entry(start, span.end, indent, true);
        true
    }

    /// Takes frames off down to a depth; the keys of the place's mapping are then all known.
    fn truncate(&mut self, depth: usize) {
        if self.open_mapping.is_some_and(|open| open >= depth) {
            let open = self.open_mapping.take().unwrap_or_default();
            if let (Some(place), Some(Frame { holder: Holder::Mapping { keys, .. }, .. })) =
                (&mut self.found, self.stack.get_mut(open))
            {
                place.present = std::mem::take(keys);
            }
        }
        self.stack.truncate(depth);
    }

    /// Takes frames off that a line at this column ends; a list at this very column stays if it may go on.
    fn close_above(&mut self, column: usize, keeps_list: bool) {
        let stays =
            |frame: &Frame| frame.column < column || (frame.column == column && (keeps_list || !frame.is_sequence()));
        let depth = self.stack.iter().rposition(stays).map_or(0, |at| at + 1);
        self.truncate(depth);
    }

    fn path(&self) -> Vec<Step> {
        self.path_to(self.stack.len())
    }

    fn path_to(&self, depth: usize) -> Vec<Step> {
        let steps = self.stack.iter().take(depth).map_while(|frame| match &frame.holder {
            Holder::Mapping { current, .. } => current.clone().map(Step::Key),
            Holder::Sequence { index } => Some(Step::Item(*index)),
        });
        steps.collect()
    }

    /// Whether a node may begin at this column.
    fn may_begin(&self, column: usize) -> bool {
        match self.stack.last() {
            None => !self.has_root,
            Some(frame) => {
                let has_key = !matches!(frame.holder, Holder::Mapping { current: None, .. });
                !frame.filled && has_key && column > frame.column
            }
        }
    }

    fn fill(&mut self) {
        self.has_root = true;
        if let Some(frame) = self.stack.last_mut() {
            frame.filled = true;
        }
    }

    fn push(&mut self, column: usize, holder: Holder) {
        self.fill();
        self.stack.push(Frame { column, holder, filled: false });
    }

    fn push_mapping(&mut self, column: usize) {
        if let Some(frame) = self.stack.last().filter(|frame| !frame.is_sequence() && column != usize::MAX) {
            self.step = self.step.or(column.checked_sub(frame.column).filter(|&step| step > 0));
        }
        self.push(column, Holder::Mapping { keys: Vec::new(), current: None });
    }

    /// Puts the mapping at this column on top, a new one if need be.
    fn enter_mapping(&mut self, column: usize) {
        if !self.is_in_mapping(column) {
            self.push_mapping(column);
        }
    }

    fn is_in_mapping(&self, column: usize) -> bool {
        self.stack.last().is_some_and(|frame| !frame.is_sequence() && frame.column == column)
    }

    fn set_key(&mut self, key: Option<&str>, is_cursor: bool) {
        if let Some(Frame { holder: Holder::Mapping { keys, current }, filled, .. }) = self.stack.last_mut() {
            keys.extend(key.filter(|_| !is_cursor).map(str::to_owned));
            *current = key.map(str::to_owned);
            *filled = false;
        }
    }

    fn find(&mut self, path: Vec<Step>, slot: Slot, form: Form, typed: Span, column: usize) {
        // What is begun here indents as far as it stands, and what stands elsewhere tells for the rest.
        let begun = match (self.stack.last(), slot, form) {
            (Some(frame), Slot::Node, Form::Line) if !frame.is_sequence() => column.checked_sub(frame.column),
            _ => None,
        };
        let step = begun.or(self.step).unwrap_or(2);
        self.found.get_or_insert(CursorPlace {
            path,
            slot,
            form,
            typed,
            column,
            has_colon: false,
            wants_blank: false,
            present: Vec::new(),
            step,
        });
    }

    /// The cursor is at a key of the mapping on top.
    fn find_key(&mut self, form: Form, typed: Span, column: usize, has_colon: bool) {
        let depth = self.stack.len().saturating_sub(1);
        self.find(self.path_to(depth), Slot::Key, form, typed, column);
        self.open_mapping = Some(depth);
        if let Some(place) = &mut self.found {
            place.has_colon = has_colon;
        }
    }

    /// The cursor is at a node that may become a mapping whose further keys follow.
    fn find_node(&mut self, form: Form, typed: Span, column: usize) {
        self.find(self.path(), Slot::Node, form, typed, column);
        if matches!(form, Form::Line | Form::Dash) {
            self.push_mapping(column);
            self.open_mapping = Some(self.stack.len() - 1);
        }
    }

    /// A line on which there is nothing but the cursor.
    fn blank(&mut self, column: usize) {
        self.word(Span::empty(self.cursor), column);
    }

    /// A word under the cursor, on a line of its own, of which the column says where it belongs.
    fn word(&mut self, typed: Span, column: usize) {
        self.close_above(column, true);
        if self.stack.last().is_some_and(|frame| frame.is_sequence() && frame.column == column) {
            // The key of a list whose items stand in its own column.
            let below = self.stack.len().checked_sub(2).and_then(|at| self.stack.get(at));
            if below.is_some_and(|frame| !frame.is_sequence() && frame.column == column) {
                self.truncate(self.stack.len() - 1);
            } else {
                let path = self.path_to(self.stack.len() - 1);
                self.find(path, Slot::Item, Form::Line, typed, column);
                return;
            }
        }
        if self.is_in_mapping(column) {
            self.set_key(None, true);
            self.find_key(Form::Line, typed, column, false);
        } else if self.may_begin(column) && !self.begins_below(column) {
            self.find_node(Form::Line, typed, column);
        }
    }

    /// Whether the node that could begin at this column is there already, further down: further left, or within braces.
    fn begins_below(&self, column: usize) -> bool {
        let outer = self.stack.last().map(|frame| frame.column);
        let below = (self.line..self.source.line_count()).map(|line| self.source.line_span(line)).find_map(|span| {
            let line = self.slice(span.start, span.end);
            let content = line.trim_start_matches(' ');
            let is_flow = content.starts_with(['{', '[']);
            (!is_all_blank(content) && !content.starts_with('#')).then_some((line.len() - content.len(), is_flow))
        });
        below.is_some_and(|(below, is_flow)| (below < column || is_flow) && outer.is_none_or(|outer| below > outer))
    }

    /// What begins at a column of a line: an item, a key, a text.
    fn entry(&mut self, start: usize, end: usize, column: usize, is_first: bool) {
        if self.is_too_deep() {
            return;
        }
        let rest = self.slice(start, end);
        if is_marker(rest, "-") {
            self.item(start, end, column);
            return;
        }
        if let Some((key, colon)) = self.key_at(start, end, false) {
            if is_first {
                self.close_above(column, false);
            }
            self.enter_mapping(column);
            let is_cursor = self.has_cursor(key.span);
            if is_cursor {
                self.find_key(if is_first { Form::Line } else { Form::Dash }, key.span, column, true);
            }
            self.set_key(Some(&key.text), is_cursor);
            self.value(colon + 1, end);
            return;
        }
        if rest.starts_with(['&', '!']) {
            let length = rest.find(is_blank).unwrap_or(rest.len());
            let next = end - self.slice(start + length, end).trim_start_matches(is_blank).len();
            if next < end {
                self.entry(next, end, column + self.slice(start, next).chars().count(), is_first);
            }
            return;
        }
        if rest.starts_with(['[', '{', '|', '>', '*']) {
            if is_first {
                self.close_above(column, false);
            }
            self.value(start, end);
            return;
        }
        let token = self.scalar(start, end);
        if self.has_cursor(token.span) {
            if is_first {
                self.word(token.span, column);
            } else if self.may_begin(column) {
                self.find_node(Form::Dash, token.span, column);
            }
            return;
        }
        if is_first {
            self.close_above(column, false);
        }
        if self.may_begin(column) {
            self.leaf(token);
        }
    }

    /// Whether a line goes deeper than anything that somebody means.
    fn is_too_deep(&mut self) -> bool {
        self.marks += 1;
        self.marks > MAX_DEPTH
    }

    fn item(&mut self, start: usize, end: usize, column: usize) {
        self.close_above(column, true);
        match self.stack.last_mut() {
            Some(Frame { column: at, holder: Holder::Sequence { index }, filled }) if *at == column => {
                *index += 1;
                *filled = false;
            }
            _ => self.push(column, Holder::Sequence { index: 0 }),
        }
        let behind = self.slice(start + 1, end);
        let blanks = behind.len() - behind.trim_start_matches(' ').len();
        let next = start + 1 + blanks;
        let is_empty = next == end || (blanks > 0 && self.slice(next, end).starts_with('#'));
        if !is_empty {
            self.entry(next, end, column + 1 + blanks, false);
        } else if self.cursor == start + 1 && next == end {
            let path = self.path_to(self.stack.len() - 1);
            self.find(path, Slot::Item, Form::Line, Span::new(start, start + 1), column);
        } else if start + 1 < self.cursor && self.cursor <= next && !self.begins_below(column + self.cursor - start) {
            self.find_node(Form::Dash, Span::empty(self.cursor), column + self.cursor - start);
        }
    }

    /// What stands behind a colon.
    fn value(&mut self, start: usize, end: usize) {
        let behind = self.slice(start, end);
        let blanks = behind.len() - behind.trim_start_matches(is_blank).len();
        let at = start + blanks;
        let rest = self.slice(at, end);
        if rest.is_empty() || (rest.starts_with('#') && blanks > 0) {
            let is_here = start <= self.cursor && self.cursor <= at && (rest.is_empty() || self.cursor < at);
            if is_here && self.may_begin(usize::MAX) {
                self.find_node(Form::Inline, Span::empty(self.cursor), 0);
                let wants_blank = self.cursor == start && self.slice(0, start).ends_with(':');
                self.found.iter_mut().for_each(|place| place.wants_blank = wants_blank);
            }
            return;
        }
        match rest.as_bytes().first() {
            Some(b'&' | b'!') => {
                let length = rest.find(is_blank).unwrap_or(rest.len());
                if at + length < end && !self.is_too_deep() {
                    self.value(at + length, end);
                }
            }
            Some(b'*') => self.fill(),
            Some(b'|' | b'>') => {
                self.fill();
                self.block_text();
            }
            Some(b'[' | b'{') => self.flow(at),
            _ => {
                let token = self.scalar(at, end);
                if self.has_cursor(token.span) {
                    self.find_node(Form::Inline, token.span, 0);
                }
                let is_open = token.span.end == end && is_unclosed(self.slice(token.span.start, end));
                self.leaf(token);
                if is_open && !self.has_cursor(Span::new(at, end)) {
                    self.open_quote(rest);
                }
            }
        }
    }

    fn leaf(&mut self, token: Token) {
        if self.keeps_leaves && self.stack.len() <= MAX_DEPTH {
            self.context.leaves.push(Leaf { path: self.path(), text: token.text, span: token.span });
        }
        self.fill();
    }

    /// Skips the further lines of a text behind `|` or `>`.
    fn block_text(&mut self) {
        let outer = self.stack.last().map(|frame| frame.column);
        while let Some((span, indent, is_blank)) = self.peek() {
            let is_inside = outer.is_none_or(|outer| indent > outer);
            let is_left =
                is_blank && self.has_cursor(span) && outer.is_some_and(|outer| self.cursor - span.start <= outer);
            if is_left || (!is_blank && !is_inside) {
                return;
            }
            self.context.is_in_text |= self.has_cursor(span);
            self.line += 1;
        }
    }

    /// Skips the further lines of a quoted text, unless it looks as if the quote was forgotten.
    fn open_quote(&mut self, written: &str) {
        let Some(quote) = written.chars().next() else { return };
        let outer = self.stack.last().map(|frame| frame.column);
        let before = self.line;
        while let Some((span, indent, is_blank)) = self.peek() {
            if !is_blank && outer.is_some_and(|outer| indent <= outer) {
                break;
            }
            self.line += 1;
            if self.slice(span.start, span.end).contains(quote) {
                return;
            }
        }
        self.line = before;
    }

    /// The line that is read next: its span, its indentation and whether it is blank.
    fn peek(&self) -> Option<(Span, usize, bool)> {
        let span = self.source.line_span(self.line);
        if span.start >= self.text.len() && self.line > self.source.line_index(self.text.len()) {
            return None;
        }
        let line = self.slice(span.start, span.end);
        Some((span, line.len() - line.trim_start_matches(' ').len(), is_all_blank(line)))
    }

    /// A key at this place with the place of its colon.
    fn key_at(&self, start: usize, end: usize, in_flow: bool) -> Option<(Token, usize)> {
        let rest = self.slice(start, end);
        if rest.starts_with(['"', '\'']) {
            let token = self.quoted(start, end)?;
            let behind = self.slice(token.span.end, end);
            let behind = behind.trim_start_matches(' ');
            let follows = behind.strip_prefix(':')?;
            let is_key = in_flow || follows.is_empty() || follows.starts_with(is_blank);
            return is_key.then_some((token, end - behind.len()));
        }
        if rest.starts_with(['[', '{', '#', '&', '!', '*', '|', '>', ',', ']', '}']) {
            return None;
        }
        let mut before = ' ';
        let mut characters = rest.char_indices().peekable();
        while let Some((at, character)) = characters.next() {
            let ends = match character {
                ':' => match characters.peek() {
                    None => true,
                    Some((_, ',' | '[' | ']' | '{' | '}')) => in_flow,
                    Some((_, next)) => is_blank(*next),
                },
                '#' if is_blank(before) => return None,
                ',' | '[' | ']' | '{' | '}' if in_flow => return None,
                _ => false,
            };
            if ends {
                return Some((Token::plain(rest.get(..at)?, start), start + at));
            }
            before = character;
        }
        None
    }

    /// A text within one line.
    fn scalar(&self, start: usize, end: usize) -> Token {
        let rest = self.slice(start, end);
        if rest.starts_with(['"', '\'']) {
            return self.quoted(start, end).unwrap_or_else(|| Token::open(rest, start));
        }
        let length = [" #", "\t#"].iter().filter_map(|mark| rest.find(mark)).min().unwrap_or(rest.len());
        Token::plain(rest.get(..length).unwrap_or_default(), start)
    }

    /// A quoted text that ends on its line.
    fn quoted(&self, start: usize, end: usize) -> Option<Token> {
        let rest = self.slice(start, end);
        let quote = rest.chars().next()?;
        let mut text = String::new();
        let mut characters = rest.char_indices().skip(1).peekable();
        while let Some((at, character)) = characters.next() {
            match character {
                '\\' if quote == '"' => text.extend(characters.next().map(|(_, escaped)| escaped)),
                '\'' if quote == '\'' && characters.peek().is_some_and(|(_, next)| *next == '\'') => {
                    text.push('\'');
                    characters.next();
                }
                _ if character == quote => return Some(Token { text, span: Span::new(start, start + at + 1) }),
                _ => text.push(character),
            }
        }
        None
    }

    /// Reads from a bracket or brace to the one that closes it.
    fn flow(&mut self, start: usize) {
        let base = self.stack.len();
        let outer = self.stack.last().map(|frame| frame.column);
        let mut at = start;
        let mut line = self.source.line_index(start);
        let mut end = self.source.line_span(line).end;
        let mut in_comment = false;
        loop {
            if at >= end {
                if !std::mem::take(&mut in_comment) {
                    self.gap(at, base);
                }
                line += 1;
                let span = self.source.line_span(line);
                // Whoever types has not closed it yet where the next line looks like one of the block around it.
                if line > self.source.line_index(self.text.len()) || self.is_outside(span, outer) {
                    break;
                }
                (at, end) = (span.start, span.end);
                continue;
            }
            let rest = self.slice(at, end);
            let Some(first) = rest.chars().next() else { break };
            // Each of these marks is taken whole, so that the next place is one further on and never inside a character.
            let behind = at + first.len_utf8();
            match first {
                _ if is_blank(first) => {
                    self.gap(at, base);
                    at = behind;
                }
                '#' if self.slice(0, at).ends_with(|before| is_blank(before) || matches!(before, '\n' | '\r')) => {
                    in_comment = true;
                    at = end;
                }
                ',' => {
                    self.gap(at, base);
                    match self.stack.last_mut() {
                        Some(Frame { holder: Holder::Sequence { index }, filled, .. }) => {
                            *index += 1;
                            *filled = false;
                        }
                        _ => self.set_key(None, true),
                    }
                    at = behind;
                }
                '[' | '{' => {
                    match first {
                        '[' => self.push(usize::MAX, Holder::Sequence { index: 0 }),
                        _ => self.push_mapping(usize::MAX),
                    }
                    at = behind;
                }
                ']' | '}' => {
                    self.gap(at, base);
                    self.truncate(self.stack.len().saturating_sub(1).max(base));
                    at = behind;
                    if self.stack.len() <= base {
                        line += 1;
                        break;
                    }
                }
                ':' => {
                    at = behind;
                    if self.cursor == at && self.found.is_none() {
                        self.gap(at, base);
                        self.found.iter_mut().for_each(|place| place.wants_blank = place.slot == Slot::Node);
                    }
                }
                '&' | '!' | '*' => {
                    let ends = |character| is_blank(character) || matches!(character, ',' | ']' | '}');
                    at += rest.find(ends).unwrap_or(rest.len());
                    if first == '*' {
                        self.fill();
                    }
                }
                _ => at = self.flow_word(at, end).max(behind),
            }
        }
        self.truncate(base);
        self.fill();
        self.line = self.line.max(line);
    }

    /// Whether a line belongs to the block around an open bracket.
    fn is_outside(&self, span: Span, outer: Option<usize>) -> bool {
        let line = self.slice(span.start, span.end);
        let indent = line.len() - line.trim_start_matches(' ').len();
        let start = span.start + indent;
        let rest = self.slice(start, span.end);
        let is_block =
            is_marker(rest, "-") || self.key_at(start, span.end, true).is_some_and(|(key, _)| !key.text.is_empty());
        outer.is_some_and(|outer| indent <= outer) && is_block
    }

    /// The cursor may stand between two words within brackets.
    fn gap(&mut self, at: usize, base: usize) {
        if self.cursor != at || self.found.is_some() || self.stack.len() <= base {
            return;
        }
        match self.stack.last() {
            Some(Frame { holder: Holder::Mapping { current: None, .. }, filled: false, .. }) => {
                self.find_key(Form::Flow, Span::empty(at), 0, false);
            }
            Some(Frame { filled: false, .. }) => self.find_node(Form::Flow, Span::empty(at), 0),
            _ => {}
        }
    }

    /// Reads a word within brackets, and gives where it ends.
    fn flow_word(&mut self, start: usize, end: usize) -> usize {
        let is_key = matches!(self.stack.last(), Some(Frame { holder: Holder::Mapping { current: None, .. }, .. }));
        if is_key && let Some((key, colon)) = self.key_at(start, end, true) {
            let is_cursor = self.has_cursor(key.span);
            if is_cursor {
                self.find_key(Form::Flow, key.span, 0, true);
            }
            self.set_key(Some(&key.text), is_cursor);
            return colon;
        }
        let token = self.flow_scalar(start, end);
        let next = token.span.end;
        let is_cursor = self.has_cursor(token.span);
        match (is_key, is_cursor) {
            (true, true) => {
                self.find_key(Form::Flow, token.span, 0, false);
                self.set_key(None, true);
                self.fill();
            }
            (true, false) => {
                self.set_key(Some(&token.text), false);
                self.fill();
            }
            (false, _) => {
                let is_free = self.stack.last().is_some_and(|frame| !frame.filled);
                if is_cursor && is_free {
                    self.find_node(Form::Flow, token.span, 0);
                }
                self.leaf(token);
            }
        }
        next
    }

    fn flow_scalar(&self, start: usize, end: usize) -> Token {
        let rest = self.slice(start, end);
        if rest.starts_with(['"', '\'']) {
            return self.quoted(start, end).unwrap_or_else(|| {
                // A quote that is being typed ends where the item does.
                let length = rest.find([',', ']', '}']).unwrap_or(rest.len());
                Token::open(rest.get(..length).unwrap_or_default(), start)
            });
        }
        let mut length = rest.find([',', '[', ']', '{', '}']).unwrap_or(rest.len());
        for mark in [" #", "\t#", ": "] {
            length = rest.get(..length).and_then(|rest| rest.find(mark)).unwrap_or(length);
        }
        let word = rest.get(..length).unwrap_or_default().trim_end_matches(is_blank);
        Token::plain(if length == rest.len() { word.trim_end_matches(':') } else { word }, start)
    }
}

/// Whether a line begins with a mark that stands alone.
fn is_marker(rest: &str, mark: &str) -> bool {
    rest.strip_prefix(mark).is_some_and(|rest| rest.is_empty() || rest.starts_with(is_blank))
}

/// Whether a character separates words: a blank, a tab, or what YAML 1.1 takes for a line break and editors do not. All others
/// that look like blanks are text for GitLab, such as U+00A0 and U+3000 (`is_blank` and `is_break` of yaml.v2's `yamlprivateh.go`).
fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn is_all_blank(text: &str) -> bool {
    text.chars().all(is_blank)
}

/// Whether a text opens a quote and does not close it.
fn is_unclosed(written: &str) -> bool {
    let Some(quote) = written.chars().next().filter(|first| matches!(first, '"' | '\'')) else { return false };
    written.len() < 2 || !written.ends_with(quote)
}
