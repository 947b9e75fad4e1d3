//! The variables of a shell as far as its script sets them.

use crate::gitlab::{ByName, PartialText, Shape, TextPart};

/// The longest value that is kept, in bytes and parts.
pub(super) const MAX_VALUE: usize = 1024;

/// The size of a text in bytes and parts.
pub(super) fn size(text: &PartialText) -> usize {
    let length = |part: &TextPart| match part {
        TextPart::Known(text) => text.len(),
        TextPart::Unknown { name, .. } => name.len() + 16,
    };
    text.parts().iter().map(length).sum()
}

/// Variables with a log of what they were, so that branches and subshells can be left.
#[derive(Default)]
pub(super) struct Env {
    values: ByName<String, PartialText>,
    log: Vec<(String, Option<PartialText>)>,
}

impl Env {
    pub fn get(&self, name: &str) -> Option<&PartialText> {
        self.values.get(name)
    }

    /// Sets a variable. What `A=$A$A` can blow up is not kept.
    pub fn set(&mut self, name: &str, value: PartialText) {
        let value = if size(&value) > MAX_VALUE { PartialText::unknown(name, Shape::Any) } else { value };
        let old = self.values.insert(name.to_owned(), value);
        self.log.push((name.to_owned(), old));
    }

    /// The names of the variables that were ever set.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }

    /// The moment to go back to.
    pub fn mark(&self) -> usize {
        self.log.len()
    }

    /// Goes back; returns the names of what had been set since.
    pub fn undo(&mut self, mark: usize) -> Vec<String> {
        let mut names = Vec::new();
        while self.log.len() > mark {
            let Some((name, old)) = self.log.pop() else { break };
            match old {
                Some(value) => self.values.insert(name.clone(), value),
                None => self.values.remove(&name),
            };
            names.push(name);
        }
        names
    }

    /// What may or may not have been set is not known.
    pub fn forget(&mut self, names: &[String]) {
        for name in names {
            self.set(name, PartialText::unknown(name, Shape::Any));
        }
    }
}
