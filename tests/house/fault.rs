//! What is wrong with the house, and what to do.

use std::fmt;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// The file, from the top of the project.
    pub file: String,
    /// Its line, from 1.
    pub line: usize,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub todo: String,
}

impl Fault {
    /// A fault at a line of a file.
    pub fn new(file: &str, line: usize, what: String, todo: &str) -> Self {
        Self { file: file.to_owned(), line, what, todo: todo.to_owned() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}: {}", self.file, self.line, self.what, self.todo)
    }
}

/// Faults as a test shows them, one a line.
pub fn listed(faults: &[Fault]) -> String {
    faults.iter().map(|fault| format!("{fault}\n")).collect()
}
