//! `patterns`: the patterns of environments, with expressions that others can read.

use std::io;

use super::{Cell, Push, Rows, Table, Tables, entries, key, masked, number, optional, text};
use crate::access::EnvironmentMatcher;
use crate::access::portable::PortablePattern;

pub(super) const TABLE: Table = Table {
    name: "patterns",
    row: "a pattern of `environments`, for each matcher that the release may compare it with: one, or two where it is not known which of them a release has",
    columns: &[
        text("agent", "the agent, as `agents` has it"),
        text("entry", "the entry that has it"),
        number("position", "its place in the list, from 0"),
        text("pattern", "the pattern, as it is written"),
        text("matcher", "`old` or `new`: which of GitLab's matchers this row is about"),
        optional(text(
            "expression",
            "a regular expression for RE2 and `java.util.regex`, to be looked for anywhere in the environment's name; null where there is none",
        )),
        optional(text(
            "reason",
            "why there is none: `raises` (Ruby refuses it, and the request fails), `ruby_alone` (only Ruby can tell), `costly` (Java might not come to an end), `secret` (a part is masked)",
        )),
    ],
    rows: Rows::One(rows),
};

fn rows(tables: &Tables<'_, '_>, push: &mut Push<'_>) -> io::Result<()> {
    let matcher = tables.index.settings().environment_matcher();
    for agent in tables.index.agents() {
        for entry in entries::of(agent) {
            for (position, pattern) in entry.environments.iter().enumerate() {
                for (matcher, read) in PortablePattern::of(&pattern.value, matcher) {
                    let (expression, reason) = match &read.expression {
                        Ok(expression) => (Cell::Text(expression.as_str().into()), Cell::Null),
                        Err(reason) => (Cell::Null, Cell::word(reason.name())),
                    };
                    push(&mut [
                        Cell::owned(key(agent)),
                        Cell::owned(entry.route()),
                        Cell::count(position),
                        Cell::Text(masked(&pattern.value)),
                        Cell::word(if matcher == EnvironmentMatcher::Old { "old" } else { "new" }),
                        expression,
                        reason,
                    ])?;
                }
            }
        }
    }
    Ok(())
}
