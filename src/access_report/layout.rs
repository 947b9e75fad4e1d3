//! Text within the columns of a terminal: wrapped sentences, and tables whose names are never cut. They are broken at `/` where they must be,
//! and where even that does not do, the table is turned on its side.

use std::io;

use comfy_table::{ColumnConstraint, ContentArrangement, Width};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::outlet::{Outlet, Tone};
use crate::source::Printable;
use crate::words;

/// The narrowest a report is made; a narrower terminal breaks lines itself.
const LEAST_WIDTH: usize = 20;

/// The narrowest that a sentence behind a mark becomes.
const LEAST_COLUMN: usize = 10;

/// How many blanks stand between columns.
const GAP: usize = 2;

/// The width for reports where the terminal has so many columns.
pub(super) fn usable(width: usize) -> usize {
    width.max(LEAST_WIDTH)
}

/// Lines of at most `width` columns, broken at blanks; a longer word has a line of its own.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    words::in_lines(text, width, "", "")
}

/// The lines of a sentence behind a mark of its own, further lines under its start.
pub(super) fn hanging(mark: &str, text: &Printable, width: usize) -> Vec<String> {
    let indent = mark.width();
    let lines = wrap(text, width.saturating_sub(indent).max(LEAST_COLUMN));
    let blank = " ".repeat(indent);
    lines.iter().enumerate().map(|(at, line)| format!("{}{line}", if at == 0 { mark } else { &blank })).collect()
}

/// The tone of a verdict.
pub(super) fn tone_of(verdict: &str) -> Tone {
    match verdict {
        "yes" => Tone::Good,
        "no" => Tone::Bad,
        "unknown" | "it depends" => Tone::Doubtful,
        _ => Tone::Plain,
    }
}

/// The line before a column of the terminal, and from there on.
fn split_at_column(line: &str, column: usize) -> (&str, &str) {
    let mut width = 0;
    for (at, character) in line.char_indices() {
        if width >= column {
            return line.split_at(at);
        }
        width += character.width().unwrap_or(0);
    }
    (line, "")
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
    /// The column of verdicts, which have tones.
    of_verdicts: Option<&'static str>,
}

impl Table {
    pub fn new(header: &[&'static str]) -> Self {
        Self { header: header.to_vec(), rows: Vec::new(), of_words: Vec::new(), of_verdicts: None }
    }

    /// Takes these columns for words: they are broken at blanks, header included.
    pub fn of_words(mut self, columns: &[usize]) -> Self {
        self.of_words = columns.to_vec();
        self
    }

    /// Takes the column of this name for verdicts.
    pub fn of_verdicts(mut self, column: &'static str) -> Self {
        self.of_verdicts = Some(column);
        self
    }

    /// Writes the table, each line behind an indent and all within `width`. Tones are given to what is laid out, and count in no width.
    pub fn write(&self, indent: &str, width: usize, out: &mut Outlet<'_>) -> io::Result<()> {
        let lines = self.lines(width.saturating_sub(indent.width()));
        let shown: Vec<usize> = (0..self.header.len()).filter(|&column| self.is_said(column)).collect();
        let widths = self.widths(&shown, width.saturating_sub(indent.width()));
        let Some(widths) = widths else {
            let label_width = self.label_width(&shown);
            return lines.iter().try_for_each(|line| {
                let (label, cell) = line.split_at_checked(label_width).unwrap_or((line, ""));
                let is_verdict = self.of_verdicts.is_some_and(|column| label.trim_end() == column);
                let tone = if is_verdict { tone_of(cell) } else { Tone::Plain };
                out.parts(&[(Tone::Plain, indent), (Tone::Title, label), (tone, cell)])
            });
        };
        let heads = shown.iter().zip(&widths).map(|(&column, &width)| wrap(self.header[column], width).len());
        let head = heads.max().unwrap_or(0);
        let position =
            shown.iter().position(|&column| self.of_verdicts.is_some_and(|name| self.header[column] == name));
        let before = position.map(|at| widths.iter().take(at).map(|width| width + GAP).sum::<usize>());
        for (number, line) in lines.iter().enumerate() {
            if number < head {
                out.parts(&[(Tone::Plain, indent), (Tone::Title, line)])?;
                continue;
            }
            let (start, rest) = before.map_or((line.as_str(), ""), |before| split_at_column(line, before));
            let (verdict, end) = rest.split_at(rest.find(' ').unwrap_or(rest.len()));
            out.parts(&[(Tone::Plain, indent), (Tone::Plain, start), (tone_of(verdict), verdict), (Tone::Plain, end)])?;
        }
        Ok(())
    }

    fn label_width(&self, shown: &[usize]) -> usize {
        shown.iter().map(|&column| self.header[column].width()).max().unwrap_or(0) + GAP
    }

    /// Adds a row, made printable before anything of it is cut.
    pub fn add(&mut self, row: Vec<Cell>) {
        let printable = |cell: Cell| cell.iter().map(|part| Printable::of(part)).collect();
        self.rows.push(row.into_iter().map(printable).collect());
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The lines, none wider than `width` unless a name has no place where it may be broken.
    pub fn lines(&self, width: usize) -> Vec<String> {
        let shown: Vec<usize> = (0..self.header.len()).filter(|&column| self.is_said(column)).collect();
        let Some(widths) = self.widths(&shown, width) else { return self.on_its_side(&shown, width) };
        let mut table = comfy_table::Table::new();
        // Which columns give way is decided here, since names must not be torn; the drawing is not.
        table.load_style(comfy_table::presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        let header = shown.iter().zip(&widths).map(|(&column, &width)| wrap(self.header[column], width).join("\n"));
        table.set_header(header);
        for row in &self.rows {
            let cells = shown
                .iter()
                .zip(&widths)
                .filter_map(|(&column, &width)| Some(self.cell_lines(column, row.get(column)?, width).join("\n")));
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

    /// A line for each cell of each row, behind the name of its column.
    fn on_its_side(&self, shown: &[usize], width: usize) -> Vec<String> {
        let label_width = self.label_width(shown);
        let mut lines = Vec::new();
        for row in &self.rows {
            if !lines.is_empty() {
                lines.push(String::new());
            }
            for &column in shown {
                let Some(cell) = row.get(column).filter(|cell| cell.iter().any(|part| !part.is_empty())) else {
                    continue;
                };
                let mut label = self.header[column];
                for line in self.cell_lines(column, cell, width.saturating_sub(label_width).max(LEAST_COLUMN)) {
                    lines.push(format!("{label:label_width$}{line}"));
                    label = "";
                }
            }
        }
        lines
    }

    fn cell_lines(&self, column: usize, cell: &PrintableCell, width: usize) -> Vec<String> {
        if self.of_words.contains(&column) { words_lines(cell, width) } else { name_lines(cell, width) }
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

    /// Columns give way, the widest first: lists are broken, then names are. `None` where that is not enough.
    fn widths(&self, shown: &[usize], width: usize) -> Option<Vec<usize>> {
        let of_column = |column: usize, measure: &dyn Fn(&PrintableCell) -> usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column)).map(measure).max().unwrap_or(0);
            cells.max(self.header_width(column))
        };
        let whole = |cell: &PrintableCell| cell.iter().map(|part| part.width() + 2).sum::<usize>().saturating_sub(2);
        let longest = |column: usize| -> &dyn Fn(&PrintableCell) -> usize {
            if self.of_words.contains(&column) { &longest_word } else { &longest_part }
        };
        let mut widths: Vec<usize> = shown.iter().map(|&column| of_column(column, &whole)).collect();
        let unbroken: Vec<usize> = shown.iter().map(|&column| of_column(column, longest(column))).collect();
        let least: Vec<usize> = shown.iter().map(|&column| of_column(column, &longest_piece)).collect();
        let room = width.saturating_sub(GAP * shown.len().saturating_sub(1));
        // What a row is about stands in the first column, and keeps twice the room of others.
        let share = |at: usize, width: usize| if at == 0 { width } else { 2 * width };
        for floors in [&unbroken, &least] {
            let mut excess = widths.iter().sum::<usize>().saturating_sub(room);
            while excess > 0 {
                let widest =
                    (0..widths.len()).filter(|&at| widths[at] > floors[at]).max_by_key(|&at| share(at, widths[at]));
                let Some(widest) = widest else { break };
                widths[widest] -= 1;
                excess -= 1;
            }
        }
        (widths.iter().sum::<usize>() <= room).then_some(widths)
    }
}

/// The parts of a cell, each with the comma that belongs to it.
fn parts(cell: &PrintableCell) -> impl DoubleEndedIterator<Item = (&str, usize)> {
    let last = cell.len().saturating_sub(1);
    cell.iter().enumerate().map(move |(at, part)| (&**part, usize::from(at < last)))
}

fn longest_part(cell: &PrintableCell) -> usize {
    parts(cell).map(|(part, comma)| part.width() + comma).max().unwrap_or(0)
}

/// The longest word of a cell, with the comma behind it.
fn longest_word(cell: &PrintableCell) -> usize {
    let of_part = |(part, comma): (&str, usize)| {
        let mut words = part.split(' ').map(str::width).rev();
        let final_word = words.next().unwrap_or(0) + comma;
        words.max().unwrap_or(0).max(final_word)
    };
    parts(cell).map(of_part).max().unwrap_or(0)
}

/// The longest piece of a cell that may not be broken, with the comma behind it.
fn longest_piece(cell: &PrintableCell) -> usize {
    parts(cell)
        .flat_map(|(part, comma)| pieces(part).map(move |piece| piece.trim_end().width() + comma))
        .max()
        .unwrap_or(0)
}

/// What a name is made of, broken where paths and contexts may be.
fn pieces(name: &str) -> impl Iterator<Item = &str> {
    name.split_inclusive(['/', ':', ' '])
}

fn joined(cell: &PrintableCell) -> String {
    cell.iter().map(|part| &**part).collect::<Vec<_>>().join(", ")
}

/// The lines of a cell of words.
fn words_lines(cell: &PrintableCell, width: usize) -> Vec<String> {
    wrap(&joined(cell), width.max(1)).into_iter().flat_map(|line| broken(&line, width)).collect()
}

/// The lines of a cell: names are broken where they must be, and one line takes as many as fit.
fn name_lines(cell: &PrintableCell, width: usize) -> Vec<String> {
    let texts: Vec<String> = parts(cell).flat_map(|(part, comma)| broken(part, width.saturating_sub(comma))).collect();
    if texts.len() == cell.len() {
        return pack(texts.iter().map(String::as_str), ", ", width);
    }
    // Where one is broken, each begins a line.
    let lines = parts(cell).flat_map(|(part, comma)| {
        let mut lines = broken(part, width.saturating_sub(comma));
        if let Some(last) = lines.last_mut().filter(|_| comma > 0) {
            last.push(',');
        }
        lines
    });
    lines.collect()
}

/// A name in lines of at most `width` columns, as long as its pieces have no more.
fn broken(name: &str, width: usize) -> Vec<String> {
    if name.width() <= width {
        return vec![name.to_owned()];
    }
    let mut lines: Vec<String> = Vec::new();
    for piece in pieces(name) {
        match lines.last_mut() {
            Some(line) if line.width() + piece.trim_end().width() <= width => line.push_str(piece),
            _ => lines.push(piece.to_owned()),
        }
    }
    lines.iter().map(|line| line.trim_end().to_owned()).collect()
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
        assert_eq!(table.lines(27)[1..3], ["project acme/  production,", "web/shop       staging,"]);
        for width in 22..90 {
            let lines = table.lines(width);
            assert!(lines.iter().all(|line| line.width() <= width), "{width}");
            let text: String = lines.join("").split_whitespace().collect();
            assert!(text.contains("web/") && text.contains("shop") && !text.contains('…'), "{width}");
        }
    }

    #[test]
    fn a_table_without_room_is_turned_on_its_side() {
        let mut table = Table::new(&["entry", "environments"]);
        table.add(vec![cell(&["project acme/web/shop"]), cell(&["production", "staging"])]);
        table.add(vec![cell(&["group a/very-long-name-of-a-group"]), cell(&[""])]);
        assert_eq!(
            table.lines(24),
            [
                "entry         project",
                "              acme/web/",
                "              shop",
                "environments  production,",
                "              staging",
                "",
                "entry         group a/",
                "              very-long-name-of-a-group",
            ]
        );
    }

    #[test]
    fn sentences_hang_under_their_start() {
        let sentence = Printable::of("one two three four");
        assert_eq!(hanging("  1. ", &sentence, 15), ["  1. one two", "     three four"]);
        assert_eq!(cut_end("abcdef", 4), "abc…");
    }
}
