//! What is said the same way everywhere, once: how texts out of files are shown, lists of names, entries, conditions, reasons.
//!
//! Words know what is decided ([`crate::access`]) and what is written; nothing that reports, checks or edits.

pub mod answer;
pub mod value;
