//! How far a run is, for whoever shows it.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts steps: each agent configuration and each CI file is one when it is read, and [`Steps::A_FILE`] when it is analysed.
#[derive(Debug, Default)]
pub struct Steps {
    done: AtomicUsize,
    files: AtomicUsize,
}

impl Steps {
    /// The steps of an analysis for each file: it is decoded, or its jobs worked out, and then checked.
    pub const A_FILE: usize = 2;

    /// Counts steps.
    pub fn add(&self, count: usize) {
        self.done.fetch_add(count, Ordering::Relaxed);
    }

    /// The steps so far.
    #[must_use]
    pub fn count(&self) -> usize {
        self.done.load(Ordering::Relaxed)
    }

    /// Says that so many files were found.
    pub fn expect(&self, files: usize) {
        self.files.fetch_add(files, Ordering::Relaxed);
    }

    /// How many files were found so far.
    #[must_use]
    pub fn files(&self) -> usize {
        self.files.load(Ordering::Relaxed)
    }
}
