//! Comments that hide the findings of a rule, written into a text.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::RuleTable;
use super::suppression::{MARK, directives};
use crate::source::{Source, Span};
use crate::yaml::{self, Data, Document};

/// How often a text is read at the most to tell the lines that can have a comment from those that cannot.
const MOST_READINGS: usize = 100;

/// Where a comment stands that speaks of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Behind,
    Above,
}

/// A comment for a line, counted from 0.
type Comment = (usize, Way);

/// A text with comments.
#[derive(Debug)]
pub struct AddedIgnores {
    /// The text.
    pub source: Arc<Source>,
    /// The lines, counted from 0, that have none, since where it would stand it would be no comment, or others would not be read as before.
    pub left: BTreeSet<usize>,
}

impl AddedIgnores {
    /// Writes a comment for each of these lines of a text, counted from 0, behind it or above it; above is not for those that are marked.
    ///
    /// A comment that is there stays as it is. All else is read as before. However many lines there are, the text is read a bounded number of
    /// times.
    #[must_use]
    pub fn of(
        source: &Arc<Source>,
        lines: &BTreeMap<usize, bool>,
        (rule, reason): (&'static str, &str),
        table: RuleTable,
    ) -> Self {
        let document = yaml::read(source);
        let commented =
            document.tree().comments().iter().map(|comment| source.line_index(comment.span.start)).collect();
        let mut search = Search {
            source,
            document: &document,
            commented,
            lines,
            rule,
            text: format!("# {MARK} ignore[{rule}] {reason}"),
            table,
            admitted: BTreeMap::new(),
            left: BTreeSet::new(),
            readings: 0,
        };
        search.run();
        Self { source: search.with(&search.admitted), left: search.left }
    }
}

struct Search<'s> {
    source: &'s Arc<Source>,
    document: &'s Document,
    commented: BTreeSet<usize>,
    lines: &'s BTreeMap<usize, bool>,
    rule: &'static str,
    text: String,
    table: RuleTable,
    admitted: BTreeMap<usize, Way>,
    left: BTreeSet<usize>,
    readings: usize,
}

/// What comes of some comments together.
enum Trial {
    Fine,
    /// On these lines it is no comment, but part of a text.
    NoComment(BTreeSet<usize>),
    Harm,
}

impl Search<'_> {
    fn run(&mut self) {
        let mut first = Vec::new();
        for &line in self.lines.keys() {
            let way = if self.commented.contains(&line) { self.next(Way::Behind, line) } else { Some(Way::Behind) };
            self.put(line, way, &mut first);
        }
        let mut groups = vec![first];
        while let Some(mut group) = groups.pop() {
            if group.is_empty() {
                continue;
            }
            if self.readings == MOST_READINGS {
                self.left.extend(group.into_iter().map(|(line, _)| line));
                continue;
            }
            self.readings += 1;
            match self.trial(&group) {
                Trial::Fine => self.admitted.extend(group),
                Trial::NoComment(lines) => {
                    let (text, comments): (Vec<_>, Vec<_>) =
                        group.into_iter().partition(|(line, _)| lines.contains(line));
                    groups.push(self.otherwise(text));
                    groups.push(comments);
                }
                Trial::Harm if group.len() == 1 => groups.push(self.otherwise(group)),
                Trial::Harm => {
                    let half = group.split_off(group.len() / 2);
                    groups.push(half);
                    groups.push(group);
                }
            }
        }
    }

    /// The same lines with the comment elsewhere; those without another place are left.
    fn otherwise(&mut self, group: Vec<Comment>) -> Vec<Comment> {
        let mut others = Vec::new();
        for (line, way) in group {
            let way = self.next(way, line);
            self.put(line, way, &mut others);
        }
        others
    }

    fn next(&self, way: Way, line: usize) -> Option<Way> {
        let may_be_above = !self.lines.get(&line).copied().unwrap_or_default();
        (way == Way::Behind && may_be_above).then_some(Way::Above)
    }

    fn put(&mut self, line: usize, way: Option<Way>, group: &mut Vec<Comment>) {
        match way {
            Some(way) => group.push((line, way)),
            None => {
                self.left.insert(line);
            }
        }
    }

    fn trial(&self, group: &[Comment]) -> Trial {
        let mut all = self.admitted.clone();
        all.extend(group.iter().copied());
        let changed = self.with(&all);
        let document = yaml::read(&changed);
        if document.problems().len() > self.document.problems().len() {
            return Trial::Harm;
        }
        let (directives, _) = directives(&changed, document.tree().comments(), self.table);
        let heard: BTreeSet<usize> = directives
            .iter()
            .filter(|directive| directive.names(self.rule))
            .map(|directive| directive.line())
            .collect();
        let (mut above, mut unheard) = (0, BTreeSet::new());
        for (&line, &way) in &all {
            above += usize::from(way == Way::Above);
            if !heard.contains(&(line + above + 1)) {
                unheard.insert(line);
            }
        }
        match unheard.is_empty() {
            true if is_same(self.document, &document) => Trial::Fine,
            false if !unheard.iter().any(|line| self.admitted.contains_key(line)) => Trial::NoComment(unheard),
            _ => Trial::Harm,
        }
    }

    /// The text with these comments.
    fn with(&self, comments: &BTreeMap<usize, Way>) -> Arc<Source> {
        if comments.is_empty() {
            return Arc::clone(self.source);
        }
        let text = self.source.text();
        let line_break = if text.contains("\r\n") { "\r\n" } else { "\n" };
        let mut changed = String::with_capacity(text.len() + comments.len() * (self.text.len() + 8));
        let mut written = 0;
        for (&index, way) in comments {
            let line = self.source.line_span(index);
            let at = if *way == Way::Above { line.start } else { line.end };
            changed.push_str(self.source.slice(Span::new(written, at)));
            written = at;
            match way {
                Way::Behind => {
                    changed.push_str("  ");
                    changed.push_str(&self.text);
                }
                Way::Above => {
                    changed.extend(self.source.slice(line).chars().take_while(|character| *character == ' '));
                    changed.push_str(&self.text);
                    changed.push_str(line_break);
                }
            }
        }
        changed.push_str(text.get(written..).unwrap_or_default());
        Arc::new(self.source.with_text(changed))
    }
}

/// Whether two documents hold the same.
fn is_same(one: &Document, other: &Document) -> bool {
    let is_same_data = |(one, other): (&Data, &Data)| match (one, other) {
        (Data::Scalar { text: one, style }, Data::Scalar { text: other, style: other_style }) => {
            one == other && style == other_style
        }
        (Data::Sequence { items: one, .. }, Data::Sequence { items: other, .. }) => one.len() == other.len(),
        (Data::Mapping { entries: one, .. }, Data::Mapping { entries: other, .. }) => one.len() == other.len(),
        (Data::Alias { name: one, .. }, Data::Alias { name: other, .. }) => one == other,
        _ => false,
    };
    let (one, other) = (one.tree().nodes(), other.tree().nodes());
    let (one, other): (Vec<_>, Vec<_>) = (one.collect(), other.collect());
    one.len() == other.len()
        && one.iter().zip(&other).all(|((_, one), (_, other))| is_same_data((&one.data, &other.data)))
}
