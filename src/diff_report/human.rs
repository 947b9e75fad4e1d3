//! For people, in a terminal: the verdict, then what was told first, then changes by danger.

use std::io;

use super::DiffReport;
use super::sentences::{open_sentences, refused_sentence, sentence, settle, why};
use crate::access::EnvironmentMatcher;
use crate::diff::{Change, Effect, Verdict};
use crate::gitlab::Tier;
use crate::outlet::{Outlet, Tone};
use crate::words::{self, count};

/// So many changes are told.
pub(super) const TOLD: usize = 20;

/// Columns before a sentence.
const INDENT: usize = 10;

pub(super) fn write(report: &DiffReport<'_>, out: &mut Outlet<'_>) -> io::Result<()> {
    let diff = report.diff;
    for evidence in &report.evidence {
        entry(report, out, "first", Tone::Doubtful, &evidence.message, "")?;
    }
    for finding in &report.findings {
        entry(report, out, "policy", Tone::Bad, &finding.message, &place(&finding.path, finding.line))?;
    }
    for (side, refused) in &diff.refused {
        entry(
            report,
            out,
            "refused",
            Tone::Doubtful,
            &refused_sentence(*side, refused),
            &place(&refused.path, refused.line),
        )?;
    }
    let told = if report.is_whole { diff.changes.len() } else { TOLD };
    let (before, behind): (Vec<&Change>, Vec<&Change>) =
        diff.changes.iter().take(told).partition(|change| change.effect == Effect::Widened);
    for change in before {
        one(report, out, change)?;
    }
    for open in &diff.unknown {
        entry(
            report,
            out,
            "unknown",
            Tone::Doubtful,
            &open_sentences(open, report),
            &format!("settled by {}", settle(&open.fact)),
        )?;
    }
    for change in behind {
        one(report, out, change)?;
    }
    if diff.changes.len() > told {
        let more = diff.changes.get(told..).unwrap_or_default();
        let counts = [Effect::Widened, Effect::Changed, Effect::Narrowed].map(|effect| {
            let number = more.iter().filter(|change| change.effect == effect).count();
            (number > 0).then(|| format!("{number} {}", effect.name()))
        });
        let counts: Vec<String> = counts.into_iter().flatten().collect();
        out.line(format_args!("… and {} more: {}; --all tells them.", more.len(), counts.join(", ")))?;
    }
    if !diff.would_be.is_empty() {
        out.line(format_args!("What the author of a refused file meant, and does not happen:"))?;
        for change in &diff.would_be {
            entry(report, out, "would be", Tone::Plain, &sentence(change, report), &why(&change.because))?;
        }
    }
    wrapped(report, out, "", &verdict(report))
}

fn place(path: &str, line: Option<usize>) -> String {
    line.map_or_else(|| path.to_owned(), |line| format!("{path}:{line}"))
}

fn one(report: &DiffReport<'_>, out: &mut Outlet<'_>, change: &Change) -> io::Result<()> {
    let tone = match change.effect {
        Effect::Widened => Tone::Bad,
        Effect::Changed => Tone::Doubtful,
        Effect::Narrowed => Tone::Good,
    };
    entry(report, out, change.effect.name(), tone, &sentence(change, report), &why(&change.because))
}

fn entry(
    report: &DiffReport<'_>,
    out: &mut Outlet<'_>,
    head: &str,
    tone: Tone,
    text: &str,
    why: &str,
) -> io::Result<()> {
    let lines = lines(report, text);
    for (number, line) in lines.iter().enumerate() {
        let head = if number == 0 { head } else { "" };
        out.parts(&[(tone, &format!("{head:<INDENT$}")), (Tone::Plain, line)])?;
    }
    if !why.is_empty() {
        for line in self::lines(report, why) {
            out.line(format_args!("{:INDENT$}{line}", ""))?;
        }
    }
    Ok(())
}

fn lines(report: &DiffReport<'_>, text: &str) -> Vec<String> {
    let options = textwrap::Options::new(report.width.saturating_sub(INDENT).max(20)).break_words(false);
    textwrap::wrap(&words::printable(text), options).into_iter().map(std::borrow::Cow::into_owned).collect()
}

fn wrapped(report: &DiffReport<'_>, out: &mut Outlet<'_>, indent: &str, text: &str) -> io::Result<()> {
    let options = textwrap::Options::new(report.width.max(20)).subsequent_indent(indent).break_words(false);
    let text = words::printable(text);
    textwrap::wrap(&text, options).iter().try_for_each(|line| out.line(format_args!("{line}")))
}

/// The verdict, with how far it goes.
pub(super) fn verdict(report: &DiffReport<'_>) -> String {
    let diff = report.diff;
    let of = |effect: Effect| diff.changes.iter().filter(|change| change.effect == effect).count();
    match diff.verdict {
        Verdict::NewAccess => {
            format!("New access: {} more in.", plural(of(Effect::Widened), "change lets", "changes let"))
        }
        Verdict::NoNewAccess => format!(
            "No new access: proved for every project, environment name and ref, over {} and {} of pattern lists ({}; the API aside).",
            count(diff.proof.cells, "cell"),
            count(diff.proof.comparisons, "comparison"),
            settings(report)
        ),
        Verdict::NotProved => {
            format!("Not proved: {} in the way.", plural(diff.unknown.len().max(1), "thing stands", "things stand"))
        }
    }
}

fn plural(number: usize, one: &str, more: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {more}") }
}

fn settings(report: &DiffReport<'_>) -> String {
    let settings = report.head.settings;
    let matcher = match settings.environment_matcher() {
        EnvironmentMatcher::Old => "the old environment matcher",
        EnvironmentMatcher::New => "the new environment matcher",
        EnvironmentMatcher::Either => "either environment matcher",
    };
    let tier = match settings.tier {
        None => "any licence",
        Some(Tier::Free) => "Free",
        Some(Tier::Premium) => "Premium",
        Some(Tier::Ultimate) => "Ultimate",
    };
    let setting = match settings.instance_authorization {
        None => "instance setting on or off",
        Some(true) => "instance setting on",
        Some(false) => "instance setting off",
    };
    format!("GitLab {} with {matcher}, {tier}, {setting}", report.releases())
}
