//! Text within the columns of a terminal: wrapped sentences, cut names, tables whose names stay whole if they can.

use comfy_table::{ColumnConstraint, ContentArrangement, Width};
use unicode_width::UnicodeWidthStr as _;

use crate::source::Printable;

/// The narrowest a report is made; a narrower terminal breaks lines itself.
const LEAST_WIDTH: usize = 60;

/// The narrowest a column of a table becomes.
const LEAST_COLUMN: usize = 10;

/// Names longer than this are cut before shorter ones are.
const LONG_NAME: usize = 18;

/// How many blanks stand between columns.
const GAP: usize = 2;

/// The width for reports where the terminal has so many columns.
pub(super) fn usable(width: usize) -> usize {
    width.max(LEAST_WIDTH)
}

/// Lines of at most `width` columns, broken at blanks; a longer word has a line of its own.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let options = textwrap::Options::new(width)
        .break_words(false)
        .word_separator(textwrap::WordSeparator::AsciiSpace)
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
        .wrap_algorithm(textwrap::WrapAlgorithm::FirstFit);
    textwrap::wrap(text, options).into_iter().map(|line| line.into_owned()).collect()
}

/// The lines of a sentence behind a mark of its own, further lines under its start.
pub(super) fn hanging(mark: &str, text: &Printable, width: usize) -> Vec<String> {
    let indent = mark.width();
    let lines = wrap(text, width.saturating_sub(indent).max(LEAST_COLUMN));
    let blank = " ".repeat(indent);
    lines.iter().enumerate().map(|(at, line)| format!("{}{line}", if at == 0 { mark } else { &blank })).collect()
}

/// The text within `width` columns; of a longer one the middle makes way, since paths differ at their ends.
pub(super) fn cut_middle(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let room = width.saturating_sub(1);
    let tail: Vec<char> = text.chars().rev().take(room / 2).collect();
    let head: String = text.chars().take(room - tail.len()).collect();
    format!("{head}…{}", tail.into_iter().rev().collect::<String>())
}

/// The text within `width` columns; of a longer one the end makes way.
pub(super) fn cut_end(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let head: String = text.chars().take(width.saturating_sub(1)).collect();
    format!("{head}…")
}

fn pack<'t>(parts: impl Iterator<Item = &'t str>, separator: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        // What separates a part from the next stays behind it where the line breaks.
        let behind = if parts.peek().is_some() { separator.trim_end().width() } else { 0 };
        match lines.last_mut() {
            Some(line) if line.width() + separator.width() + part.width() + behind <= width => {
                line.push_str(separator);
                line.push_str(part);
            }
            Some(line) => {
                line.push_str(separator.trim_end());
                lines.push(part.to_owned());
            }
            None => lines.push(part.to_owned()),
        }
    }
    lines
}

/// A cell: names that are kept whole as long as there is room.
pub(super) type Cell = Vec<String>;

/// A cell that may be cut and broken into lines.
type PrintableCell = Vec<Printable>;

/// Rows under a header. A column in which nothing is said is left out.
#[derive(Debug)]
pub(super) struct Table {
    header: Vec<&'static str>,
    rows: Vec<Vec<PrintableCell>>,
    /// The columns of words, which are broken at blanks where names would be cut.
    of_words: Vec<usize>,
}

impl Table {
    pub fn new(header: &[&'static str]) -> Self {
        Self { header: header.to_vec(), rows: Vec::new(), of_words: Vec::new() }
    }

    /// Takes these columns for words: they are broken at blanks, header included.
    pub fn of_words(mut self, columns: &[usize]) -> Self {
        self.of_words = columns.to_vec();
        self
    }

    /// Adds a row, made printable before anything of it is cut.
    pub fn add(&mut self, row: Vec<Cell>) {
        let printable = |cell: Cell| cell.iter().map(|part| Printable::of(part)).collect();
        self.rows.push(row.into_iter().map(printable).collect());
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The lines, none wider than `width` as long as every column can have its least.
    pub fn lines(&self, width: usize) -> Vec<String> {
        let shown: Vec<usize> = (0..self.header.len()).filter(|&column| self.is_said(column)).collect();
        let widths = self.widths(&shown, width);
        let mut table = comfy_table::Table::new();
        // Which columns give way is decided here, since names must not be torn; the drawing is not.
        table.load_style(comfy_table::presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        let header = shown.iter().zip(&widths).map(|(&column, &width)| wrap(self.header[column], width).join("\n"));
        table.set_header(header);
        for row in &self.rows {
            let cells = shown.iter().zip(&widths).filter_map(|(&column, &width)| {
                let cell = row.get(column)?;
                Some(if self.of_words.contains(&column) { words_text(cell, width) } else { cell_text(cell, width) })
            });
            table.add_row(cells);
        }
        for (column, width) in table.column_iter_mut().zip(&widths) {
            column.set_padding((0, u16::try_from(GAP).unwrap_or_default()));
            column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(
                u16::try_from(width + GAP).unwrap_or(u16::MAX),
            )));
        }
        table.lines().map(|line| line.trim_end().to_owned()).collect()
    }

    fn is_said(&self, column: usize) -> bool {
        self.rows.iter().any(|row| row.get(column).is_some_and(|cell| cell.iter().any(|part| !part.is_empty())))
    }

    fn header_width(&self, column: usize) -> usize {
        let header = self.header[column];
        if self.of_words.contains(&column) {
            header.split(' ').map(str::width).max().unwrap_or(0)
        } else {
            header.width()
        }
    }

    /// Columns give way, the widest first: lists are broken, then long names are cut, then all.
    fn widths(&self, shown: &[usize], width: usize) -> Vec<usize> {
        let of_column = |column: usize, measure: &dyn Fn(&PrintableCell) -> usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column)).map(measure).max().unwrap_or(0);
            cells.max(self.header_width(column))
        };
        let whole = |cell: &PrintableCell| cell.iter().map(|part| part.width() + 2).sum::<usize>().saturating_sub(2);
        // The comma behind a part belongs to it.
        let longest = |cell: &PrintableCell| {
            let last = cell.len().saturating_sub(1);
            cell.iter().enumerate().map(|(at, part)| part.width() + usize::from(at < last)).max().unwrap_or(0)
        };
        let mut widths: Vec<usize> = shown.iter().map(|&column| of_column(column, &whole)).collect();
        let unbroken: Vec<usize> = shown
            .iter()
            .map(|&column| {
                if self.of_words.contains(&column) {
                    of_column(column, &longest_word)
                } else {
                    of_column(column, &longest)
                }
            })
            .collect();
        let least: Vec<usize> = shown
            .iter()
            .zip(&unbroken)
            .map(|(&column, &parts)| parts.min(LEAST_COLUMN.max(self.header_width(column))))
            .collect();
        let room = width.saturating_sub(GAP * shown.len().saturating_sub(1));
        // What a row is about stands in the first column, and keeps twice the room of others.
        let share = |at: usize, width: usize| if at == 0 { width } else { 2 * width };
        let long = |(at, &parts): (usize, &usize)| parts.min(if at == 0 { 2 * LONG_NAME } else { LONG_NAME });
        let shortened: Vec<usize> = unbroken.iter().enumerate().map(long).collect();
        for floors in [&unbroken, &shortened, &least] {
            let mut excess = widths.iter().sum::<usize>().saturating_sub(room);
            while excess > 0 {
                let widest =
                    (0..widths.len()).filter(|&at| widths[at] > floors[at]).max_by_key(|&at| share(at, widths[at]));
                let Some(widest) = widest else { break };
                widths[widest] -= 1;
                excess -= 1;
            }
        }
        widths
    }
}

/// The longest word of a cell, with the comma behind it.
fn longest_word(cell: &PrintableCell) -> usize {
    let last = cell.len().saturating_sub(1);
    let of_part = |(at, part): (usize, &Printable)| {
        let mut words = part.split(' ').map(str::width).rev();
        let final_word = words.next().unwrap_or(0) + usize::from(at < last);
        words.max().unwrap_or(0).max(final_word)
    };
    cell.iter().enumerate().map(of_part).max().unwrap_or(0)
}

fn joined(cell: &PrintableCell) -> String {
    cell.iter().map(|part| &**part).collect::<Vec<_>>().join(", ")
}

/// The lines of a cell of words.
fn words_text(cell: &PrintableCell, width: usize) -> String {
    let lines = wrap(&joined(cell), width.max(1));
    lines.iter().map(|line| cut_middle(line, width)).collect::<Vec<_>>().join("\n")
}

/// The lines of a cell: parts are cut where they must be, and one line takes as many as fit.
fn cell_text(cell: &PrintableCell, width: usize) -> String {
    let last = cell.len().saturating_sub(1);
    let room = |at: usize| width - usize::from(at < last).min(width);
    let parts: Vec<String> = cell.iter().enumerate().map(|(at, part)| cut_middle(part, room(at))).collect();
    pack(parts.iter().map(String::as_str), ", ", width).join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(parts: &[&str]) -> Cell {
        parts.iter().map(|&part| part.to_owned()).collect()
    }

    #[test]
    fn lists_are_broken_before_names_are_cut() {
        let mut table = Table::new(&["entry", "none", "environments"]);
        table.add(vec![cell(&["project acme/web/shop"]), cell(&[""]), cell(&["production", "staging", "review/*"])]);
        assert_eq!(
            table.lines(80),
            ["entry                  environments", "project acme/web/shop  production, staging, review/*"]
        );
        let broken = table.lines(42);
        assert_eq!(broken[1..], ["project acme/web/shop  production,", "                       staging, review/*"]);
        assert_eq!(table.lines(28)[1], "project…b/shop  production,");
        for width in 28..90 {
            assert!(table.lines(width).iter().all(|line| line.width() <= width), "{width}");
        }
    }

    #[test]
    fn sentences_hang_under_their_start() {
        let sentence = Printable::of("one two three four");
        assert_eq!(hanging("  1. ", &sentence, 15), ["  1. one two", "     three four"]);
        assert_eq!(cut_end("abcdef", 4), "abc…");
    }
}
