//! A pattern together with the matcher that compares it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use crate::access::environment_pattern::{Fault, NewPattern, OldPattern, Verdict, is_expression};

/// Of how many expressions it is kept whether they raise.
const KEPT: usize = 1024;

thread_local! {
    /// Whether expressions raise: comparisons ask about the same ones again and again, and compiling one takes long.
    static FAULTS: RefCell<HashMap<Arc<str>, Option<Fault>>> = RefCell::default();
}

/// A pattern as one of the two matchers compares it. Texts without `*` are the same under both.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NamePattern {
    text: Arc<str>,
    /// Whether the new matcher compares it; never for a text without `*`.
    is_new: bool,
}

impl NamePattern {
    /// A pattern under the new matcher, or under the old one.
    #[must_use]
    pub fn new(text: &str, is_new: bool) -> Self {
        Self { text: text.into(), is_new: is_new && text.contains('*') }
    }

    /// As it is written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the matcher makes a difference.
    #[must_use]
    pub fn has_star(&self) -> bool {
        self.text.contains('*')
    }

    /// Whether the new matcher compares it.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    /// Whether it matches a name; `None` where only Ruby can tell, or where it raises.
    #[must_use]
    pub fn matches(&self, name: &str) -> Option<bool> {
        if self.is_new {
            return Some(NewPattern::new(&self.text).matches(name));
        }
        match OldPattern::new(&self.text).compare(name) {
            Verdict::Matches => Some(true),
            Verdict::Differs => Some(false),
            Verdict::Raises(_) | Verdict::Unknown(_) => None,
        }
    }

    /// Whether it is a regular expression with more than stars, which takes long to be read.
    #[must_use]
    pub fn is_expression(&self) -> bool {
        !self.is_new && is_expression(&self.text)
    }

    /// Why GitLab's server raises an error in the place of an answer; only the old matcher does.
    #[must_use]
    pub fn fault(&self) -> Option<Fault> {
        if self.is_new || !is_expression(&self.text) {
            return None;
        }
        FAULTS.with_borrow_mut(|faults| {
            if let Some(fault) = faults.get(&self.text) {
                return *fault;
            }
            if faults.len() >= KEPT {
                faults.clear();
            }
            let fault = OldPattern::new(&self.text).fault();
            faults.insert(Arc::clone(&self.text), fault);
            fault
        })
    }
}
