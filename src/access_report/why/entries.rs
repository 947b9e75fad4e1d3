//! What may let the project in, what became of each, and which one decides.

use super::step::{Note, Step, Subject};
use crate::access::{Candidate, CandidateKind, DropReason};
use crate::agent_config::{CiEntry, Mode};
use crate::gitlab::{ancestor_paths, lower_path};
use crate::schema::nearest;
use crate::words;

/// How many entries that may have been meant are shown.
const MOST_MEANT: usize = 3;

/// What becomes of a candidate in this branch.
enum Fate<'s> {
    Wins,
    Overridden,
    Dropped(&'s DropReason),
}

pub(super) fn steps(subject: &Subject<'_, '_, '_>) -> Vec<Step> {
    let mut fates = fates(subject);
    fates.sort_by_key(|(candidate, _)| rank(candidate));
    if fates.is_empty() {
        return vec![nothing(subject)];
    }
    let text = if fates.len() == 1 {
        format!("Only this might let {} in:", subject.project())
    } else {
        format!("What might let {} in, the most specific first:", subject.project())
    };
    let mut step = Step::new("entries", text);
    step.has_paths = true;
    step.notes = fates.iter().map(|(candidate, fate)| note(subject, candidate, fate)).collect();
    vec![step, winner(subject)]
}

fn fates<'s, 'w>(subject: &Subject<'s, 'w, '_>) -> Vec<(Candidate<'w>, Fate<'s>)> {
    let row = subject.row;
    let dropped = row.fell_out.iter().map(|(candidate, reason)| (*candidate, Fate::Dropped(reason)));
    let overridden = row.overridden.iter().map(|candidate| (*candidate, Fate::Overridden));
    dropped.chain(row.winner.map(|winner| (winner, Fate::Wins))).chain(overridden).collect()
}

/// The place in the order of precedence: project, implicit, groups from the innermost, instance; then in the list.
fn rank(candidate: &Candidate<'_>) -> (u8, std::cmp::Reverse<usize>, usize) {
    let place = match candidate.kind {
        CandidateKind::Project => 0,
        CandidateKind::Implicit => 1,
        CandidateKind::Group => 2,
        CandidateKind::Instance => 3,
    };
    let depth = candidate.target.map_or(0, |target| target.matches('/').count());
    (place, std::cmp::Reverse(depth), candidate.entry.map_or(0, |entry| entry.index))
}

fn note(subject: &Subject<'_, '_, '_>, candidate: &Candidate<'_>, fate: &Fate<'_>) -> Note {
    let name = words::candidate(candidate);
    let (state, text) = match fate {
        Fate::Wins => ("wins", format!("{name}{}: kept, and it decides", licence(subject, candidate))),
        Fate::Overridden => {
            ("overridden", format!("{name}{}: kept, but overridden as a whole", licence(subject, candidate)))
        }
        Fate::Dropped(reason) => {
            ("dropped", format!("{name}: dropped, since it {}", drop_reason(subject, candidate, reason)))
        }
    };
    let line = candidate.entry.and_then(|entry| subject.line(entry.head));
    Note { line, route: candidate.route(), state, text }
}

/// The mode of an entry that takes a licence.
fn licence(subject: &Subject<'_, '_, '_>, candidate: &Candidate<'_>) -> String {
    let tier = subject.index.settings().tier;
    match (candidate.mode(), tier) {
        (Mode::Agent, _) => String::new(),
        (mode, Some(tier)) => format!(" (`{}`, which {tier} has)", mode.key()),
        (mode, None) => format!(" (`{}`, which Premium and Ultimate have)", mode.key()),
    }
}

fn drop_reason(subject: &Subject<'_, '_, '_>, candidate: &Candidate<'_>, reason: &DropReason) -> String {
    match reason {
        DropReason::Replaced(index) => {
            let access = subject.agent.file.and_then(|file| file.ci_access);
            let is_it = |entry: &&CiEntry| entry.index == *index && candidate.kind == entry.kind.into();
            let line = access.and_then(|access| subject.agent.line(access.entries().find(is_it)?.head));
            let on = line.map_or(String::new(), |line| format!(", on line {line}"));
            format!("is replaced by a later entry of the same id{on}")
        }
        DropReason::Tier => format!("gives `{}`, and the licence of the job's project is Free", candidate.mode().key()),
        reason => words::dropped(reason),
    }
}

/// What decides.
fn winner(subject: &Subject<'_, '_, '_>) -> Step {
    let row = subject.row;
    let text = match row.winner {
        None => "Nothing is left that lets the project in.".to_owned(),
        Some(winner) if winner.kind == CandidateKind::Implicit => format!(
            "{} is the configuration project, which gets in without an entry and without restriction.",
            subject.project()
        ),
        Some(winner) => {
            let name = capitalized(&words::candidate(&winner));
            if row.overridden.is_empty() {
                format!("{name} decides.")
            } else {
                format!("{name} decides alone: nothing of what it overrides is merged into it.")
            }
        }
    };
    Step::new("winner", text)
}

fn capitalized(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().map(|first| first.to_uppercase().chain(rest).collect()).unwrap_or_default()
}

/// No entry names the project; perhaps one was meant to.
fn nothing(subject: &Subject<'_, '_, '_>) -> Step {
    let project = subject.project();
    let above: Vec<String> = ancestor_paths(subject.answer.project_path()).map(words::printable).collect();
    let above = match &above[..] {
        [] => String::new(),
        [only] => format!(", the group {only}"),
        above => format!(", a group above it ({})", above.join(", ")),
    };
    let access = subject.agent.file.and_then(|file| file.ci_access);
    let entries = access.map(|access| (access.projects.len(), access.groups.len())).unwrap_or_default();
    let held = match entries {
        (0, 0) => "The file has no entries".to_owned(),
        (projects, groups) => {
            format!("The file lists {} and {}", words::count(projects, "project"), words::count(groups, "group"))
        }
    };
    let held = if subject.agent.file.is_some() { format!(" {held}.") } else { String::new() };
    let text = format!(
        "Nothing in its configuration names {project}{above} or the instance, and {project} is not its configuration project. So the job does not see the agent.{held}"
    );
    let mut step = Step::new("entries", text);
    step.has_paths = true;
    for candidate in meant(subject) {
        step = step.note(candidate.0, "other", candidate.1);
    }
    step
}

/// Entries that look as if they were to name the project.
fn meant(subject: &Subject<'_, '_, '_>) -> Vec<(Option<super::Line>, String)> {
    let Some(access) = subject.agent.file.and_then(|file| file.ci_access) else { return Vec::new() };
    let project = lower_path(subject.answer.project_path());
    let looks = |id: &str| {
        let lower = lower_path(id);
        lower.contains(&*project) || nearest(&project, std::iter::once(&*lower)).is_some()
    };
    let entries = access.entries().filter_map(|entry| Some((entry, entry.id.as_ref()?)));
    let alike = entries.filter(|(_, id)| looks(&id.value)).take(MOST_MEANT);
    alike
        .map(|(entry, id)| {
            let text =
                format!("this entry names `{}`, which is not {}", words::printable(&id.value), subject.project());
            (subject.line(entry.head), text)
        })
        .collect()
}
