//! For a comment on a merge request, which a later one takes the place of.

use std::io;

use super::human::{TOLD, settings, stands_before_unknown, verdict};
use super::sentences::{open_sentences, refused_sentence, sentence_behind, settle, why};
use super::{DiffReport, NOTE_MARKER, State};
use crate::diff::{Change, Effect, OpenFact, Verdict};
use crate::outlet::Outlet;
use crate::report::markup::{code, escape};
use crate::words::count;

/// The most bytes of a comment; GitLab takes a million characters, and nobody reads so many.
const MOST: usize = 60_000;

/// Of these, what is kept for the lines that close and count.
const KEPT: usize = 2_000;

/// The most lines before the table.
const FIRST: usize = 20;

/// The lines of a comment, no more than fit.
struct Note {
    lines: Vec<String>,
    left: usize,
}

impl Note {
    /// A line of what is counted; whether it fitted.
    fn adds(&mut self, line: &str) -> bool {
        let fits = line.len() < self.left;
        if fits {
            self.own(line);
        }
        fits
    }

    /// A line of the comment's own, for which there is room.
    fn own(&mut self, line: impl Into<String>) {
        let line = line.into();
        self.left = self.left.saturating_sub(line.len() + 1);
        self.lines.push(line);
    }

    /// Lines, and how many are left out, where some are.
    fn all(&mut self, lines: Vec<String>, most: usize) {
        let number = lines.len();
        let told = lines.into_iter().take(most).take_while(|line| self.adds(line)).count();
        let left_out = number - told;
        if left_out > 0 {
            self.own("");
            self.own(format!("… and {left_out} more, which `kaslint diff --all` tells."));
        }
    }

    fn folded(&mut self, summary: &str, body: impl FnOnce(&mut Self)) {
        self.own("");
        self.own(format!("<details><summary>{summary}</summary>"));
        self.own("");
        body(self);
        self.own("");
        self.own("</details>");
    }

    fn table(&mut self, rows: Vec<String>) {
        self.own("| | What changes | Why |");
        self.own("| --- | --- | --- |");
        self.all(rows, usize::MAX);
    }
}

pub(super) fn write(report: &DiffReport<'_>, out: &mut Outlet<'_>) -> io::Result<()> {
    let diff = report.diff;
    let mut note = Note { lines: Vec::new(), left: MOST - KEPT };
    note.own(NOTE_MARKER);
    note.own(format!("**{}**", escape(&verdict(report))));
    let evidence = report.evidence.iter().map(|evidence| evidence.message.clone());
    let findings = report.findings.iter().map(|finding| finding.message.clone());
    let refused = diff.refused.iter().map(|(side, refused)| refused_sentence(*side, refused));
    let first: Vec<String> =
        evidence.chain(findings).chain(refused).map(|text| format!("- {}", escape(&text))).collect();
    if !first.is_empty() {
        note.own("");
        note.all(first, FIRST);
    }
    let (mut rows, mut is_said) = (Rows::default(), false);
    let (before, behind): (Vec<&Change>, Vec<&Change>) =
        diff.changes.iter().partition(|change| stands_before_unknown(change));
    before.iter().for_each(|change| rows.add_change(report, change, &mut is_said));
    for open in &diff.unknown {
        let settled = match open.fact {
            OpenFact::Identity(..) => String::new(),
            _ => format!("settled by {}", settle(&open.fact)),
        };
        rows.add("unknown", &open_sentences(open, report), settled);
    }
    behind.iter().for_each(|change| rows.add_change(report, change, &mut is_said));
    let mut rows = rows.rows;
    if !rows.is_empty() {
        let rest = rows.split_off(rows.len().min(TOLD));
        note.own("");
        note.table(rows);
        if !rest.is_empty() {
            note.folded(&format!("{} more", rest.len()), |note| note.table(rest));
        }
    }
    if !diff.would_be.is_empty() {
        let mut rows = Rows::default();
        diff.would_be.iter().for_each(|change| rows.add_change(report, change, &mut is_said));
        note.folded("What the author of a refused file meant, and does not happen", |note| note.table(rows.rows));
    }
    // A proof says so itself.
    if diff.verdict != Verdict::NoNewAccess {
        let state = |state: &State| match state {
            State::Revision(name) | State::Path(name) => code(name),
        };
        note.folded("What was compared", |note| {
            let (base, head) = (state(&report.base.state), state(&report.head.state));
            let settings = escape(&settings(report));
            let cells = count(diff.proof.cells, "cell");
            note.own(format!("{base} with {head}, over {cells}: {settings}."));
        });
    }
    note.lines.iter().try_for_each(|line| match line.is_empty() {
        true => out.empty_line(),
        false => out.line(format_args!("{line}")),
    })
}

/// Rows of a table.
#[derive(Default)]
struct Rows {
    rows: Vec<String>,
    last: String,
}

impl Rows {
    fn add_change(&mut self, report: &DiffReport<'_>, change: &Change, is_said: &mut bool) {
        let effect = if change.effect == Effect::Widened { "**widened**" } else { change.effect.name() };
        self.add(effect, &sentence_behind(change, report, is_said), why(change, report));
    }

    fn add(&mut self, effect: &str, sentence: &str, why: String) {
        let told = if !why.is_empty() && why == self.last { "as above".to_owned() } else { escape(&why) };
        self.rows.push(format!("| {effect} | {} | {told} |", escape(sentence)));
        self.last = why;
    }
}
