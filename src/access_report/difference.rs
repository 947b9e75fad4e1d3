//! The difference between a recorded result and the one of now.

use std::io;

use super::{Format, facts};
use crate::outlet::Outlet;
use crate::words;

/// Whether two results say the same of who gets in, wherever it stands in files and in which order.
#[must_use]
pub fn is_same(format: Format, recorded: &str, found: &str) -> bool {
    recorded == found || facts(format, recorded) == facts(format, found)
}

/// Writes what a recorded result says and the one of now does not, and the other way round: a line each, behind `-` and `+`.
///
/// # Errors
/// When the receiver does not take it.
pub fn write_difference(format: Format, recorded: (&str, &str), found: &str, out: &mut Outlet<'_>) -> io::Result<()> {
    let (name, recorded) = recorded;
    let (before, after) = (facts(format, recorded), facts(format, found));
    out.line(format_args!("--- {}", words::printable(name)))?;
    out.line(format_args!("+++ now"))?;
    let mut changes: Vec<(&str, char, &str)> = Vec::new();
    for (mark, facts, others) in [('-', &before, &after), ('+', &after, &before)] {
        // Both are sorted.
        let mut others = others.iter().peekable();
        for fact in facts {
            while others.next_if(|other| *other < fact).is_some() {}
            if others.next_if(|other| *other == fact).is_none() {
                changes.push((heading(fact), mark, fact));
            }
        }
    }
    // What is gone stands before what is new below the same heading.
    changes.sort_by_key(|(heading, mark, fact)| (*heading, *mark == '+', *fact));
    changes.iter().try_for_each(|(_, mark, fact)| out.line(format_args!("{mark}{}", words::printable(fact))))
}

/// Below what a fact stands.
fn heading(fact: &str) -> &str {
    let end = fact.rfind(" / ").or_else(|| fact.rfind(": {")).unwrap_or(0);
    fact.get(..end).unwrap_or_default()
}
