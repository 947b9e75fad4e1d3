//! `html`: one page that holds all that it needs, made of what `json` says.
//!
//! `web/` has its source; `page.html` is what that is built to. It holds a policy that lets nothing in but its own script and style, by their
//! hashes, and two places for what is told here: data for the script, and a table for who runs none.

mod world;

use std::fmt;
use std::io;

use serde_json::{Value as Json, json};

use super::AccessReport;
use crate::access::jobs::ProjectJobs;
use crate::diagnostic::Finding;
use crate::outlet::Outlet;
use crate::source::secrets;
use world::World;

/// The page as it is built.
const PAGE: &str = include_str!("page.html");

/// What stands in the page for the table of those who run no script.
const TABLE: &str = "<!--kaslint:table-->";

/// What stands in the page for the data.
const DATA: &str = "<!--kaslint:data-->";

/// More rows than these no page holds.
pub const MOST_ROWS: usize = 100_000;

/// One state of the world, and what is known beside who gets in.
#[derive(Clone, Copy, Debug)]
pub struct Side<'s, 'w> {
    /// What it grants.
    pub report: &'s AccessReport<'s, 'w>,
    /// What it is called where there are two.
    pub label: Option<&'s str>,
    /// The jobs of CI files at hand.
    pub jobs: &'s [&'s ProjectJobs<'s>],
    /// What `check` finds.
    pub findings: &'s [Finding],
}

/// A page.
#[derive(Debug)]
pub struct Page {
    sides: Vec<World>,
    difference: Option<Json>,
}

/// A page would have more than `MOST_ROWS` rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyRows(pub usize);

impl fmt::Display for TooManyRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(rows) = self;
        write!(
            f,
            "a page holds at most {MOST_ROWS} rows, and this would have {rows}; `--agent` shows one agent, and `kaslint access --format parquet` writes tables to ask with SQL"
        )
    }
}

impl Page {
    /// The page of one state.
    #[must_use]
    pub fn of(side: Side<'_, '_>) -> Self {
        Self { sides: vec![World::of(side)], difference: None }
    }

    /// The page of two states, with what `diff` says of them as JSON.
    #[must_use]
    pub fn of_both(before: Side<'_, '_>, after: Side<'_, '_>, mut difference: Json) -> Self {
        secrets::mask_json(&mut difference);
        Self { sides: vec![World::of(before), World::of(after)], difference: Some(difference) }
    }

    /// That the page does not have too many rows.
    ///
    /// # Errors
    /// When it has.
    pub fn check(&self) -> Result<(), TooManyRows> {
        let most = self.sides.iter().map(|side| side.rows).max().unwrap_or_default();
        if most > MOST_ROWS { Err(TooManyRows(most)) } else { Ok(()) }
    }

    /// Writes the page.
    ///
    /// # Errors
    /// When the receiver does not take it.
    pub fn write(&self, out: &mut Outlet<'_>) -> io::Result<()> {
        let (before, rest) = PAGE.split_once(TABLE).unwrap_or((PAGE, ""));
        let (between, behind) = rest.split_once(DATA).unwrap_or((rest, ""));
        out.syntax(before)?;
        self.write_table(out)?;
        out.syntax(between)?;
        let sides: Vec<&Json> = self.sides.iter().map(|side| &side.json).collect();
        let program = concat!("kaslint ", env!("CARGO_PKG_VERSION"));
        out.json_in_html(&json!({ "program": program, "sides": sides, "difference": self.difference }))?;
        out.syntax(behind)
    }

    /// The agents, for who runs no script.
    fn write_table(&self, out: &mut Outlet<'_>) -> io::Result<()> {
        let Some(side) = self.sides.last() else { return Ok(()) };
        if side.agents.is_empty() {
            return out.syntax("<p>There are no agents.</p>");
        }
        out.syntax("<table><caption>Agents</caption><thead><tr><th scope=\"col\">Agent</th><th scope=\"col\">File</th><th scope=\"col\">Entries</th><th scope=\"col\">Projects let in</th></tr></thead><tbody>")?;
        for agent in &side.agents {
            out.syntax("<tr><th scope=\"row\">")?;
            out.html_text(&agent.context)?;
            out.syntax("</th>")?;
            for text in [&agent.file, &agent.entries.to_string(), &agent.projects] {
                out.syntax("<td>")?;
                out.html_text(text)?;
                out.syntax("</td>")?;
            }
            out.syntax("</tr>")?;
        }
        out.syntax("</tbody></table>")
    }
}
