//! Puts the values of variables into a text.

use super::predefined::{is_persisted, shape};
use super::scope::{Binding, Scope};
use crate::ci::inputs::next_block;
use crate::gitlab::{PartialText, Shape};

/// How long a value may become.
const MAX_SIZE: usize = 64 * 1024;

/// How deep variables may stand in values of variables.
const MAX_NESTING: usize = 20;

/// Where a text stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// In a keyword that GitLab expands; `$$` is no escape there.
    ///
    /// Source: `VARIABLES_REGEXP` in `lib/expand_variables.rb`.
    Keyword,
    /// In the value of a variable, where `$$` stands for `$`.
    ///
    /// Source: `VARIABLES_REGEXP` in `lib/gitlab/ci/variables/collection/item.rb`; the runner makes one `$` of it.
    Variable,
    /// In the value of a variable with `expand: false`.
    Raw,
}

pub(super) struct Expansion<'a> {
    scope: &'a Scope,
    /// Whether variables that exist only once a job does are empty.
    is_before_job: bool,
    open: Vec<&'a str>,
    left: usize,
}

impl<'a> Expansion<'a> {
    pub fn new(scope: &'a Scope, is_before_job: bool) -> Self {
        Self { scope, is_before_job, open: Vec::new(), left: MAX_SIZE }
    }

    fn spend(&mut self, size: usize) -> bool {
        let enough = self.left > size;
        self.left = self.left.saturating_sub(size + 1);
        enough
    }

    pub fn text(&mut self, text: &'a str, whose: Whose) -> PartialText {
        let mut expanded = PartialText::default();
        let mut rest = text;
        while let Some(at) = rest.find(['$', '%']) {
            let (before, from) = rest.split_at(at);
            expanded.push_known(before);
            let (part, length) = self.reference(from, whose);
            match part {
                Some(Part::Known(text)) => expanded.push_known(text),
                Some(Part::Value(value)) => expanded.append(value),
                None => expanded.push_known(from.get(..length).unwrap_or_default()),
            }
            rest = from.get(length..).unwrap_or_default();
        }
        expanded.push_known(rest);
        expanded
    }

    /// What a text that starts with `$` or `%` starts with, and how long that is.
    fn reference(&mut self, from: &'a str, whose: Whose) -> (Option<Part>, usize) {
        if from.starts_with("$[[")
            && let Some(block) = next_block(from)
        {
            return (Some(Part::Value(PartialText::unknown(&block.name(), Shape::Any))), block.end);
        }
        if whose == Whose::Raw {
            return (None, 1);
        }
        if whose == Whose::Variable && from.starts_with("$$") {
            return (Some(Part::Known("$")), 2);
        }
        if whose == Whose::Variable && from.starts_with("%%") {
            return (None, 2);
        }
        match name_at(from) {
            Some((name, length)) => (Some(Part::Value(self.variable(name))), length),
            None => (None, 1),
        }
    }

    pub fn variable(&mut self, name: &'a str) -> PartialText {
        let unknown = || PartialText::unknown(name, Shape::Any);
        match self.scope.binding(name) {
            Some(Binding::Known(value)) => value.clone(),
            Some(Binding::Unset) => PartialText::default(),
            Some(Binding::Written { value, expand }) => {
                let is_circle = self.open.contains(&name);
                if is_circle || self.open.len() >= MAX_NESTING || !self.spend(value.len()) {
                    return unknown();
                }
                self.open.push(name);
                let value = self.text(value, if *expand { Whose::Variable } else { Whose::Raw });
                self.open.pop();
                value
            }
            Some(Binding::Forwarded { value, expand, within }) => {
                // There are no more levels of these than of child pipelines.
                let mut expansion =
                    Expansion { scope: within, is_before_job: false, open: vec![name], left: self.left };
                let value = expansion.text(value, if *expand { Whose::Variable } else { Whose::Raw });
                self.left = expansion.left.saturating_sub(1);
                value
            }
            None if self.is_before_job && is_persisted(name) => PartialText::default(),
            None => PartialText::unknown(name, shape(name)),
        }
    }
}

enum Part {
    Known(&'static str),
    Value(PartialText),
}

/// The name in `$NAME`, `${NAME}` or `%NAME%` at the start of a text, and how long the whole is.
fn name_at(text: &str) -> Option<(&str, usize)> {
    let (opening, closing) = match text.get(..2)? {
        "${" => (2, "}"),
        two if two.starts_with('%') => (1, "%"),
        _ => (1, ""),
    };
    let inner = text.get(opening..)?;
    let length = inner.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
    let name = inner.get(..length)?;
    let starts_well = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    let is_closed = inner.get(length..)?.starts_with(closing);
    (starts_well && is_closed).then_some((name, opening + length + closing.len()))
}
