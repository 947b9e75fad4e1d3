//! Objects of JSON, member by member: what says the members knows nothing of whether a tree becomes of them or a line.
//!
//! A tree serves whoever goes on with it. A line is written as it comes, since of a large instance a line has thousands of
//! texts, and a tree of them costs many times what they do.

use std::fmt::{Display, Write as _};

use serde_json::{Map, Number, Value as Json};

use crate::access::Reach;
use crate::inventory::Inventory;
use crate::source::secrets;

/// Takes the members of an object, in order.
pub(super) trait Members: Sized {
    /// A text.
    fn text(&mut self, key: &'static str, text: &str);
    /// A whole number.
    fn number(&mut self, key: &'static str, number: impl Into<Number>);
    /// Yes or no.
    fn flag(&mut self, key: &'static str, flag: bool);
    /// A list of texts.
    fn texts(&mut self, key: &'static str, texts: impl Iterator<Item: AsRef<str>>);
    /// The paths of projects, up to so many.
    fn projects(&mut self, key: &'static str, reach: &Reach, inventory: &Inventory, most: usize);
    /// Anything else; its keys may come from a file.
    fn value(&mut self, key: &'static str, value: Json);
    /// An object.
    fn object(&mut self, key: &'static str, write: impl FnOnce(&mut Self));
    /// A list of objects.
    fn objects<T>(&mut self, key: &'static str, items: impl Iterator<Item = T>, write: impl FnMut(&mut Self, T));
}

/// Members as a tree. Texts are as they stand in files.
#[derive(Debug, Default)]
pub(super) struct Tree(Map<String, Json>);

impl Tree {
    /// The object of some members.
    pub fn of(write: impl FnOnce(&mut Self)) -> Json {
        let mut tree = Self::default();
        write(&mut tree);
        Json::Object(tree.0)
    }

    fn insert(&mut self, key: &'static str, value: impl Into<Json>) {
        self.0.insert(key.to_owned(), value.into());
    }
}

impl Members for Tree {
    fn text(&mut self, key: &'static str, text: &str) {
        self.insert(key, text);
    }

    fn number(&mut self, key: &'static str, number: impl Into<Number>) {
        self.insert(key, Json::Number(number.into()));
    }

    fn flag(&mut self, key: &'static str, flag: bool) {
        self.insert(key, flag);
    }

    fn texts(&mut self, key: &'static str, texts: impl Iterator<Item: AsRef<str>>) {
        self.insert(key, texts.map(|text| Json::from(text.as_ref())).collect::<Json>());
    }

    fn projects(&mut self, key: &'static str, reach: &Reach, inventory: &Inventory, most: usize) {
        self.texts(key, reach.projects(inventory).take(most).map(|project| &*project.path));
    }

    fn value(&mut self, key: &'static str, value: Json) {
        self.insert(key, value);
    }

    fn object(&mut self, key: &'static str, write: impl FnOnce(&mut Self)) {
        self.insert(key, Self::of(write));
    }

    fn objects<T>(&mut self, key: &'static str, items: impl Iterator<Item = T>, mut write: impl FnMut(&mut Self, T)) {
        self.insert(key, items.map(|item| Self::of(|tree| write(tree, item))).collect::<Json>());
    }
}

/// Members as the text of a line, without secrets.
#[derive(Debug, Default)]
pub(super) struct Line {
    text: String,
    listed: Option<Listed>,
}

impl Line {
    /// The line of the object of some members. It stands until the next one is written.
    pub fn of(&mut self, write: impl FnOnce(&mut Self)) -> &str {
        self.text.clear();
        self.braces(write);
        &self.text
    }

    fn braces(&mut self, write: impl FnOnce(&mut Self)) {
        self.text.push('{');
        write(self);
        self.text.push('}');
    }

    fn key(&mut self, key: &'static str) {
        // A text ends with a quote, so that it is the brace of the object.
        if !self.text.ends_with('{') {
            self.text.push(',');
        }
        push_text(&mut self.text, key);
        self.text.push(':');
    }

    fn shown(&mut self, key: &'static str, shown: impl Display) {
        self.key(key);
        // A text takes everything.
        let _ = write!(self.text, "{shown}");
    }

    fn list<T>(&mut self, key: &'static str, items: impl Iterator<Item = T>, mut write: impl FnMut(&mut Self, T)) {
        self.key(key);
        self.text.push('[');
        for (number, item) in items.enumerate() {
            if number > 0 {
                self.text.push(',');
            }
            write(self, item);
        }
        self.text.push(']');
    }
}

impl Members for Line {
    fn text(&mut self, key: &'static str, text: &str) {
        self.key(key);
        push_text(&mut self.text, &secrets::mask_member(key, text));
    }

    fn number(&mut self, key: &'static str, number: impl Into<Number>) {
        self.shown(key, number.into());
    }

    fn flag(&mut self, key: &'static str, flag: bool) {
        self.shown(key, flag);
    }

    fn texts(&mut self, key: &'static str, texts: impl Iterator<Item: AsRef<str>>) {
        self.list(key, texts, |line, text| push_text(&mut line.text, &secrets::mask_member(key, text.as_ref())));
    }

    fn projects(&mut self, key: &'static str, reach: &Reach, inventory: &Inventory, most: usize) {
        self.key(key);
        let listed = self.listed.get_or_insert_with(|| Listed::of(key, inventory));
        self.text.push('[');
        listed.push(reach, most, &mut self.text);
        self.text.push(']');
    }

    fn value(&mut self, key: &'static str, value: Json) {
        let mut member = Json::Object(Map::from_iter([(key.to_owned(), value)]));
        secrets::mask_json(&mut member);
        self.shown(key, member.get(key).unwrap_or(&Json::Null));
    }

    fn object(&mut self, key: &'static str, write: impl FnOnce(&mut Self)) {
        self.key(key);
        self.braces(write);
    }

    fn objects<T>(&mut self, key: &'static str, items: impl Iterator<Item = T>, mut write: impl FnMut(&mut Self, T)) {
        self.list(key, items, |line, item| line.braces(|line| write(line, item)));
    }
}

/// The paths of all projects as they stand in lists, in the order of [`Inventory::ordered`]: those that an entry names stand together,
/// and an instance's projects are listed with many entries.
#[derive(Debug)]
struct Listed {
    /// Each with a comma behind it.
    text: String,
    /// Where each begins, and where the last one ends.
    starts: Vec<usize>,
}

impl Listed {
    fn of(key: &'static str, inventory: &Inventory) -> Self {
        let projects = inventory.ordered(0..inventory.project_count());
        let mut text = String::with_capacity(projects_length(inventory));
        let mut starts = Vec::with_capacity(inventory.projects().len() + 1);
        starts.push(0);
        for project in projects {
            push_text(&mut text, &secrets::mask_member(key, &project.path));
            text.push(',');
            starts.push(text.len());
        }
        Self { text, starts }
    }

    /// Writes the first of the projects that something reaches, with commas between them.
    fn push(&self, reach: &Reach, most: usize, text: &mut String) {
        let before = text.len();
        let mut left = most;
        for places in reach.places() {
            let start = places.start as usize;
            let end = (places.end as usize).min(start.saturating_add(left));
            left -= end.saturating_sub(start);
            let ends = self.starts.get(start).zip(self.starts.get(end));
            text.push_str(ends.and_then(|(start, end)| self.text.get(*start..*end)).unwrap_or_default());
        }
        if text.len() > before {
            text.pop();
        }
    }
}

/// How long the list of all projects becomes, unless something in their paths has to be escaped.
fn projects_length(inventory: &Inventory) -> usize {
    inventory.projects().iter().map(|project| project.path.len() + "\"\",".len()).sum()
}

/// Writes a text in quotes.
fn push_text(line: &mut String, text: &str) {
    // Most texts stay as they are, which is seen of many bytes at once.
    let is_escaped = text.bytes().fold(false, |is_one, byte| is_one | (byte < b' ') | matches!(byte, b'"' | b'\\'));
    if is_escaped {
        // A text takes everything.
        let _ = write!(line, "{}", Json::from(text));
    } else {
        line.push('"');
        line.push_str(text);
        line.push('"');
    }
}
