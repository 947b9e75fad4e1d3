//! For people, in a terminal: the verdict, then what was told first, then changes by danger.

use std::io;

use super::DiffReport;
use super::sentences::{open_sentences, refused_sentence, sentence_behind, settle, why};
use crate::access::{EnvironmentMatcher, Settings};
use crate::diff::{Change, Effect, Kind, OpenFact, Verdict};
use crate::gitlab::{NEWEST, Tier};
use crate::outlet::{Outlet, Tone};
use crate::words::{self, count};

/// So many changes are told.
pub(super) const TOLD: usize = 20;

/// Columns before a sentence.
const INDENT: usize = 10;

/// The least of columns for a sentence; a narrower terminal breaks lines itself.
const LEAST: usize = 20;

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
    let mut is_said = write_changes_behind(report, out)?;
    if !diff.would_be.is_empty() {
        out.line(format_args!("What the author of a refused file meant, and does not happen:"))?;
        for change in &diff.would_be {
            let sentence = sentence_behind(change, report, &mut is_said);
            entry(report, out, "would be", Tone::Plain, &sentence, &why(change, report))?;
        }
    }
    wrapped(report, out, "", &verdict(report))
}

/// The changes and what is unknown, without a verdict.
pub(super) fn write_changes(report: &DiffReport<'_>, out: &mut Outlet<'_>) -> io::Result<()> {
    write_changes_behind(report, out).map(|_| ())
}

/// The changes and what is unknown; whether what is said once was said.
fn write_changes_behind(report: &DiffReport<'_>, out: &mut Outlet<'_>) -> io::Result<bool> {
    let diff = report.diff;
    let told = if report.is_whole { diff.changes.len() } else { TOLD };
    let mut is_said = false;
    let (before, behind): (Vec<&Change>, Vec<&Change>) =
        diff.changes.iter().take(told).partition(|change| stands_before_unknown(change));
    all(report, out, &before, &mut is_said)?;
    for open in &diff.unknown {
        // What settles that stands in its sentence.
        let settled = match open.fact {
            OpenFact::Identity(..) => String::new(),
            _ => format!("settled by {}", settle(&open.fact)),
        };
        entry(report, out, "unknown", Tone::Doubtful, &open_sentences(open, report), &settled)?;
    }
    all(report, out, &behind, &mut is_said)?;
    if diff.changes.len() > told {
        let more = diff.changes.get(told..).unwrap_or_default();
        let counts = [Effect::Widened, Effect::Changed, Effect::Narrowed].map(|effect| {
            let number = more.iter().filter(|change| change.effect == effect).count();
            (number > 0).then(|| format!("{number} {}", effect.name()))
        });
        let counts: Vec<String> = counts.into_iter().flatten().collect();
        out.line(format_args!("… and {} more: {}; --all tells them.", more.len(), counts.join(", ")))?;
    }
    Ok(is_said)
}

fn place(path: &str, line: Option<usize>) -> String {
    line.map_or_else(|| path.to_owned(), |line| format!("{path}:{line}"))
}

/// What is widened, and the exchange of an identity, which what is unknown of it explains.
pub(super) fn stands_before_unknown(change: &Change) -> bool {
    change.effect == Effect::Widened || (change.effect == Effect::Changed && change.kind == Kind::Identity)
}

/// Changes, of which those that one entry is behind say so once.
fn all(report: &DiffReport<'_>, out: &mut Outlet<'_>, changes: &[&Change], is_said: &mut bool) -> io::Result<()> {
    let whys: Vec<String> = changes.iter().map(|change| why(change, report)).collect();
    let mut alike = 0;
    for (number, (change, why)) in changes.iter().zip(&whys).enumerate() {
        let tone = match change.effect {
            Effect::Widened => Tone::Bad,
            Effect::Changed => Tone::Doubtful,
            Effect::Narrowed => Tone::Good,
        };
        alike += 1;
        let goes_on = whys.get(number + 1) == Some(why);
        let told = match alike {
            _ if goes_on || why.is_empty() => String::new(),
            1 => why.clone(),
            2 => format!("both {why}"),
            _ => format!("all {alike} {why}"),
        };
        entry(report, out, change.effect.name(), tone, &sentence_behind(change, report, is_said), &told)?;
        if !goes_on {
            alike = 0;
        }
    }
    Ok(())
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
    words::in_lines(&words::printable(text), report.width.saturating_sub(INDENT).max(LEAST), "", "")
}

fn wrapped(report: &DiffReport<'_>, out: &mut Outlet<'_>, indent: &str, text: &str) -> io::Result<()> {
    let lines = words::in_lines(&words::printable(text), report.width.max(LEAST), "", indent);
    lines.iter().try_for_each(|line| out.line(format_args!("{line}")))
}

/// The verdict, with how far it goes.
pub(super) fn verdict(report: &DiffReport<'_>) -> String {
    let diff = report.diff;
    let widened = diff.changes.iter().filter(|change| change.effect == Effect::Widened).count();
    let assumed = match report.head.settings.is_release_assumed || report.base.settings.is_release_assumed {
        true => format!(" No release of GitLab is named: {NEWEST} is assumed."),
        false => String::new(),
    };
    match diff.verdict {
        Verdict::NewAccess => {
            format!("New access: {} more in.{assumed}", plural(widened, "change lets", "changes let"))
        }
        Verdict::NoNewAccess => {
            let compared = match diff.proof.comparisons {
                0 => String::new(),
                number => format!(" and {} of pattern lists", count(number, "comparison")),
            };
            format!(
                "No new access: proved for every project, environment name and ref, over {}{compared} ({}; the API aside).",
                count(diff.proof.cells, "cell"),
                settings(report)
            )
        }
        Verdict::NotProved => {
            let open = plural(diff.unknown.len().max(1), "thing stands", "things stand");
            format!("Not proved that nobody is let in: {open} in the way.{assumed}")
        }
    }
}

fn plural(number: usize, one: &str, more: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {more}") }
}

/// By which release, licence and setting both sides were judged.
pub(super) fn settings(report: &DiffReport<'_>) -> String {
    let (base, head) = (report.base.settings, report.head.settings);
    let rest = |settings: Settings| (settings.tier, settings.instance_authorization);
    let before = format!("before it {}", release(base));
    match (release(base) == release(head), rest(base) == rest(head)) {
        (true, true) => format!("GitLab {}, {}", release(head), licence(head)),
        (false, true) => format!("GitLab {}, {before}, {}", release(head), licence(head)),
        (true, false) => format!("GitLab {}, {}, before it {}", release(head), licence(head), licence(base)),
        (false, false) => format!("GitLab {}, {}, {before}, {}", release(head), licence(head), licence(base)),
    }
}

fn release(settings: Settings) -> String {
    let matcher = match settings.environment_matcher() {
        EnvironmentMatcher::Old => "the old environment matcher",
        EnvironmentMatcher::New => "the new environment matcher",
        EnvironmentMatcher::Either => "either environment matcher",
    };
    let assumed = if settings.is_release_assumed { ", which is assumed," } else { "" };
    format!("{}{assumed} with {matcher}", settings.version.line())
}

fn licence(settings: Settings) -> String {
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
    format!("{tier}, {setting}")
}
