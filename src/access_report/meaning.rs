//! What a written result says: who gets in, without where that stands in a file and in which order.
//!
//! A result that was recorded is compared by this, so that a comment, a moved line or another order of entries changes nothing.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Map, Value as Json};
use unicode_width::UnicodeWidthChar as _;

use super::Format;

/// Where something stands, in JSON and CSV.
const PLACES: [&str; 2] = ["line", "route"];

/// By what an object is named in the facts below it, the first that it has.
const NAMES: [&str; 5] = ["context", "project", "job", "name", "id"];

/// The facts of a result, sorted: each tells what it is about.
#[must_use]
pub fn facts(format: Format, text: &str) -> Vec<String> {
    let mut facts = match format {
        Format::Json => of_json(text),
        Format::Csv => of_csv(text),
        Format::Human => of_human(text),
        Format::Markdown => of_markdown(text),
        Format::Html => text.lines().map(str::to_owned).collect(),
    };
    facts.sort();
    facts
}

fn of_json(text: &str) -> Vec<String> {
    let mut facts = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        match serde_json::from_str(line) {
            Ok(Json::Object(object)) => add_object(&object, "", &mut facts),
            _ => facts.push(line.to_owned()),
        }
    }
    facts
}

/// Adds what an object says itself, and what each of the objects in it does.
fn add_object(object: &Map<String, Json>, heading: &str, facts: &mut Vec<String>) {
    let said = object.iter().filter(|(key, _)| !PLACES.contains(&key.as_str()));
    let (lists, own): (Vec<_>, Vec<_>) = said.partition(|(_, value)| holds_objects(value));
    let own: Map<String, Json> = own.into_iter().map(|(key, value)| (key.clone(), unordered(value))).collect();
    let own_text = Json::Object(own.clone()).to_string();
    let name = NAMES.iter().find_map(|key| own.get(*key)?.as_str());
    if name.is_some() || lists.is_empty() {
        facts.push(format!("{heading}{own_text}"));
    }
    let below = format!("{heading}{}: ", name.unwrap_or(&own_text));
    for (key, value) in lists {
        match value {
            Json::Object(object) => add_object(object, &format!("{below}{key}: "), facts),
            Json::Array(list) => {
                for object in list.iter().filter_map(Json::as_object) {
                    add_object(object, &format!("{below}{key}: "), facts);
                }
            }
            _ => {}
        }
    }
}

/// Whether a value is a list of objects, or an object with one.
fn holds_objects(value: &Json) -> bool {
    match value {
        Json::Array(list) => !list.is_empty() && list.iter().all(Json::is_object),
        Json::Object(object) => object.values().any(holds_objects),
        _ => false,
    }
}

/// The value with its lists sorted, and without places.
fn unordered(value: &Json) -> Json {
    match value {
        Json::Array(list) => {
            let mut list: Vec<Json> = list.iter().map(unordered).collect();
            list.sort_by_cached_key(Json::to_string);
            Json::Array(list)
        }
        Json::Object(object) => {
            let said = object.iter().filter(|(key, _)| !PLACES.contains(&key.as_str()));
            Json::Object(said.map(|(key, value)| (key.clone(), unordered(value))).collect())
        }
        other => other.clone(),
    }
}

fn of_csv(text: &str) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let Ok(header) = reader.headers().cloned() else { return text.lines().map(str::to_owned).collect() };
    let rows = reader.records().map(|row| match row {
        Ok(row) => {
            let cells = header.iter().chain(std::iter::repeat("")).zip(&row);
            let said = cells.filter(|(column, cell)| !PLACES.contains(column) && !cell.is_empty());
            said.map(|(column, cell)| format!("{column}: {cell}")).collect::<Vec<_>>().join(", ")
        }
        Err(error) => error.to_string(),
    });
    rows.collect()
}

/// The lines of a report for people, each behind those that it stands below; without the column of lines, and with notes in the place of
/// their numbers.
fn of_human(text: &str) -> Vec<String> {
    let mut facts = Vec::new();
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    for section in lines.chunk_by(|_, next| next.starts_with(' ')) {
        let notes = notes(section);
        let mut above: Vec<(usize, String)> = Vec::new();
        let mut column: Option<Column> = None;
        for line in section {
            let indent = line.len() - line.trim_start().len();
            // What is deeper is the rest of a row.
            let cut = column.as_ref().filter(|lines| indent >= lines.indent).and_then(|lines| lines.without(line));
            if cut.is_none() {
                column = Column::of_lines(line, indent);
            }
            let cut = cut.or_else(|| column.as_ref()?.without_header(line));
            let text = normalized(cut.as_deref().unwrap_or(line), &notes);
            if is_note(line) {
                continue;
            }
            above.retain(|(other, _)| *other < indent);
            let parts = above.iter().map(|(_, text)| text.as_str()).chain([text.as_str()]);
            facts.push(parts.collect::<Vec<_>>().join(" / "));
            above.push((indent, text));
        }
    }
    facts
}

/// The column of a table that says in which lines entries stand.
struct Column {
    indent: usize,
    /// In columns of the terminal.
    start: usize,
    end: usize,
}

impl Column {
    /// That of a table's header; `None` for any other line.
    fn of_lines(line: &str, indent: usize) -> Option<Self> {
        static HEADER: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^ *\S.*?  (line(?:  +|$))").ok());
        let found = HEADER.as_ref()?.captures(line)?.get(1)?;
        // A header is in small letters of ASCII, so that its bytes are its columns.
        let end = if found.end() == line.len() { usize::MAX } else { found.end() };
        line.is_ascii().then_some(Self { indent, start: found.start(), end })
    }

    /// A row of the table without its lines; `None` for what is no such row.
    fn without(&self, line: &str) -> Option<String> {
        let (kept, cut) = self.split(line);
        let is_lines = |c: char| c.is_ascii_digit() || " ,–-…".contains(c);
        cut.chars().all(is_lines).then_some(kept)
    }

    fn without_header(&self, line: &str) -> Option<String> {
        let (kept, cut) = self.split(line);
        (cut.trim() == "line").then_some(kept)
    }

    fn split(&self, line: &str) -> (String, String) {
        let (mut kept, mut cut) = (String::new(), String::new());
        let mut at = 0;
        for c in line.chars() {
            if (self.start..self.end).contains(&at) { &mut cut } else { &mut kept }.push(c);
            at += c.width().unwrap_or(0);
        }
        (kept, cut)
    }
}

fn is_note(line: &str) -> bool {
    static NOTE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^ *\[\d+\] ").ok());
    NOTE.as_ref().is_some_and(|note| note.is_match(line))
}

/// The notes of a section by their mark, `[1]`.
fn notes(section: &[&str]) -> BTreeMap<String, String> {
    let notes = section.iter().filter(|line| is_note(line)).filter_map(|line| {
        let (mark, text) = line.trim_start().split_once(' ')?;
        Some((mark.to_owned(), text.to_owned()))
    });
    notes.collect()
}

/// A line without places, with one blank between words, and with notes in the place of their marks.
fn normalized(line: &str, notes: &BTreeMap<String, String>) -> String {
    static PLACE: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"(\.ya?ml):\d+(?::\d+)?| \(lines? \d[\d, –-]*\)|^\s*\d+ │").ok());
    let text = PLACE.as_ref().map_or(line.into(), |place| place.replace_all(line, "$1"));
    let mut text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for (mark, note) in notes {
        text = text.replace(mark, &format!("({note})"));
    }
    text
}

/// The lines of a comment on a merge request, each behind its headings; of tables each row, without the column of lines.
fn of_markdown(text: &str) -> Vec<String> {
    let mut facts = Vec::new();
    let mut headings: Vec<(usize, String)> = Vec::new();
    let mut lines_column = None;
    let mut is_in_table = false;
    for line in text.lines() {
        let depth = line.len() - line.trim_start_matches('#').len();
        let is_row = line.starts_with('|');
        if is_row && !is_in_table {
            lines_column = line.split('|').position(|cell| cell.trim().eq_ignore_ascii_case("line"));
        }
        is_in_table = is_row;
        if depth > 0 {
            headings.retain(|(other, _)| *other < depth);
            headings.push((depth, line.trim_start_matches('#').trim().to_owned()));
            continue;
        }
        let kept = match lines_column.filter(|_| is_row) {
            Some(column) => {
                let cells = line.split('|').enumerate().filter(|(at, _)| *at != column);
                cells.map(|(_, cell)| cell).collect::<Vec<_>>().join("|")
            }
            None => line.to_owned(),
        };
        let text = normalized(&kept, &BTreeMap::new());
        if !text.is_empty() {
            let above = headings.iter().map(|(_, text)| text.as_str()).chain([text.as_str()]);
            facts.push(above.collect::<Vec<_>>().join(" / "));
        }
    }
    facts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_order_say_nothing() {
        let before = "Rules.\n\nacme/agents:prod\n  entry                  line  environments  if\n  acme/agents itself           all\n  \
                      project acme/web/shop  3     production    [1]\n  group acme/ops         16    all           [2]\n  [1] counts if `acme` is a group\n  \
                      [2] counts if it is not\n  users  project acme/web/shop (line 9)\n";
        let after = "Rules.\n\nacme/agents:prod\n  entry                  line  environments  if\n  acme/agents itself           all\n  \
                     group acme/ops         4     all           [1]\n  project acme/web/shop  107   production    [2]\n  [1] counts if it is not\n  \
                     [2] counts if `acme` is a group\n  users  project acme/web/shop (line 12)\n";
        assert_eq!(facts(Format::Human, before), facts(Format::Human, after));
        for (what, instead) in [
            ("production", "staging   "),
            ("itself ", "others "),
            ("[1] counts if it is not", "[1] counts if it is"),
            ("prod\n", "dev\n"),
        ] {
            assert_ne!(facts(Format::Human, before), facts(Format::Human, &after.replace(what, instead)), "{what}");
        }
    }

    #[test]
    fn a_row_stays_with_its_agent() {
        let table = |one: &str, other: &str| {
            format!("a:x\n  entry  line  refs\n  {one}\n\nb:x\n  entry  line  refs\n  {other}\n")
        };
        let (one, other) = ("c      3     all", "d      3     all");
        assert_ne!(facts(Format::Human, &table(one, other)), facts(Format::Human, &table(other, one)));
    }
}
