//! The edits that are tried.

use std::collections::{BTreeSet, HashMap};

use super::uses::Use;
use super::{Kind, UsedBy, entries};
use crate::access::names::NamePattern;
use crate::access::{EnvironmentMatcher, Index};
use crate::agent_config::{CiEntry, EntryKind};
use crate::gitlab::{PartialText, TextPart, lower_path};
use crate::project::AgentFile;
use crate::rules::insertion::{self, Insertion, line_break};
use crate::rules::removal::Cuts;
use crate::source::{Source, Span};
use crate::words::{brief, entry_name, list_and};
use crate::yaml::written;

/// In place of how many projects at most a group is taken out.
const MOST_PROJECTS: usize = 10;

/// An edit, and why.
pub(super) struct Edit {
    pub kind: Kind,
    /// The entry.
    pub route: String,
    /// Where a report points.
    pub head: Span,
    /// What the entry names.
    pub target: Option<String>,
    pub title: String,
    pub used_by: Vec<UsedBy>,
    /// The parts that are replaced, apart from each other.
    parts: Vec<Insertion>,
}

impl Edit {
    /// The text with it.
    pub fn applied(&self, source: &Source) -> Option<Source> {
        let mut parts: Vec<&Insertion> = self.parts.iter().collect();
        parts.sort_by_key(|(span, _)| (span.start, span.end));
        let (mut text, mut end) = (String::with_capacity(source.text().len()), 0);
        for (span, new) in parts {
            text.push_str(source.text().get(end..span.start)?);
            text.push_str(new);
            end = span.end;
        }
        text.push_str(source.text().get(end..)?);
        Some(source.with_text(text))
    }
}

/// All edits of a file, in the order in which they are tried: entries by specificity, then lists, then protection.
pub(super) fn all(file: &AgentFile, index: &Index<'_>, uses: &[&Use<'_>], read: &BTreeSet<String>) -> Vec<Edit> {
    let Some(cuts) = Cuts::of(file) else { return Vec::new() };
    let maker = Maker { file, index, cuts };
    let mut by_entry: HashMap<(EntryKind, usize), Vec<&Use<'_>>> = HashMap::new();
    for used in uses {
        used.entries(index).into_iter().for_each(|entry| by_entry.entry(entry).or_default().push(used));
    }
    let used: Vec<(&CiEntry, Vec<&Use<'_>>)> = entries(file)
        .into_iter()
        .map(|entry| (entry, by_entry.remove(&(entry.kind, entry.index)).unwrap_or_default()))
        .collect();
    let mut all = Vec::new();
    for (entry, by) in &used {
        if !by.iter().any(|used| used.is_certain) {
            all.extend(maker.without(entry));
        }
    }
    for (entry, by) in used.iter().filter(|(_, by)| !by.is_empty()) {
        all.extend(maker.fewer_projects(entry, by, read));
    }
    for (entry, by) in used.iter().filter(|(_, by)| !by.is_empty()) {
        all.extend(maker.with_environments(entry, by));
        all.extend(maker.fewer_names(entry, by));
    }
    for (entry, by) in used.iter().filter(|(_, by)| !by.is_empty()) {
        all.extend(maker.protected(entry, by));
    }
    all
}

struct Maker<'a, 'w> {
    file: &'a AgentFile,
    index: &'a Index<'w>,
    cuts: Cuts<'a>,
}

impl Maker<'_, '_> {
    fn edit(&self, kind: Kind, entry: &CiEntry, title: String, by: &[&Use<'_>], parts: Vec<Insertion>) -> Edit {
        let mut used_by: Vec<UsedBy> = by.iter().filter(|used| used.is_certain).map(|used| told(used)).collect();
        used_by.sort();
        used_by.dedup();
        let target = entry.id.as_ref().map(|id| id.value.clone());
        Edit { kind, route: entry.route(), head: entry.head, target, title, used_by, parts }
    }

    fn removal(&self, entry: &CiEntry) -> Option<Span> {
        match entry.kind {
            EntryKind::Instance => self.cuts.key_at(entry.head).or_else(|| self.cuts.item_at(entry.span)),
            _ => self.cuts.item_at(entry.span),
        }
    }

    fn without(&self, entry: &CiEntry) -> Option<Edit> {
        let parts = match self.removal(entry) {
            Some(span) => vec![(span, String::new())],
            None => {
                // The last entry of all: GitLab takes an empty list, which lets in nobody.
                let (behind_key, cut) = self.emptied(entry)?;
                vec![behind_key, (cut, String::new())]
            }
        };
        let title = format!("remove {}", entry_name(entry));
        Some(self.edit(Kind::UnusedEntry, entry, title, &[], parts))
    }

    /// What leaves an empty list, or an empty `ci_access`, where an entry is all that there is.
    fn emptied(&self, entry: &CiEntry) -> Option<(Insertion, Span)> {
        self.cuts.emptied(if entry.kind == EntryKind::Instance { entry.head } else { entry.span })
    }

    /// The lines of `groups` where an entry is all of it and nothing else stands in `ci_access`; `None` where a comment would go as well.
    fn whole_key(&self, entry: &CiEntry) -> Option<Span> {
        let ((behind_key, _), cut) = self.emptied(entry)?;
        let source = &*self.file.source;
        let between = source.slice(Span::new(behind_key.start, cut.start));
        let line = source.line_span(source.line_index(behind_key.start));
        between.trim().is_empty().then(|| Span::new(line.start, cut.end))
    }

    /// Entries for projects in place of one for their group.
    fn fewer_projects(&self, entry: &CiEntry, by: &[&Use<'_>], read: &BTreeSet<String>) -> Option<Edit> {
        let group = entry.id.as_ref().filter(|_| entry.kind == EntryKind::Group)?;
        let projects: BTreeSet<&str> = by.iter().map(|used| used.project).collect();
        let below = format!("{}/", lower_path(&group.value));
        let of_group = read.iter().filter(|path| path.starts_with(&below)).count();
        if projects.len() > MOST_PROJECTS || projects.len() * 2 > of_group {
            return None;
        }
        let cut = self.removal(entry).or_else(|| self.whole_key(entry))?;
        let mut at = None;
        let mut text = String::new();
        for project in &projects {
            let (span, new) = insertion::of_project(self.file, project, entry)?;
            // A key of its own is written once.
            let is_headed = at.is_some() && new.trim_start().starts_with("projects:");
            text.push_str(if is_headed { new.split_once('\n')?.1 } else { &new });
            at = Some(span);
        }
        let at = at.filter(|at| at.start <= cut.start || at.start >= cut.end)?;
        let names: Vec<String> = projects.iter().map(|project| brief(project)).collect();
        let entries = if names.len() == 1 { "an entry" } else { "entries" };
        let title = format!("put {entries} for {} in its place", list_and(&names));
        Some(self.edit(Kind::BroaderGroup, entry, title, by, vec![(at, text), (cut, String::new())]))
    }

    /// A list of environments where there is none.
    fn with_environments(&self, entry: &CiEntry, by: &[&Use<'_>]) -> Option<Edit> {
        if entry.environments_key.is_some() || !entry.environments.is_empty() {
            return None;
        }
        let names = by.iter().map(|used| self.pattern(used.case.environment.as_ref()?));
        let names: BTreeSet<String> = names.collect::<Option<_>>()?;
        let listed: Vec<String> = names.iter().map(|name| written(name, true, None)).collect();
        let listed = listed.join(", ");
        let part = self.key(entry, &format!("environments: [{listed}]"))?;
        let title = format!("add environments: [{listed}]");
        Some(self.edit(Kind::MissingEnvironments, entry, title, by, vec![part]))
    }

    /// A pattern for a name: the name itself where it is known, and what begins as it does where the unknown part is behind.
    fn pattern(&self, name: &PartialText) -> Option<String> {
        if let Some(known) = name.as_known() {
            return (!known.contains('*')).then(|| known.to_owned());
        }
        let [TextPart::Known(first), TextPart::Unknown { .. }, rest @ ..] = name.parts() else { return None };
        let is_behind = rest.iter().all(|part| matches!(part, TextPart::Unknown { .. }));
        let anchor = if self.index.settings().environment_matcher() == EnvironmentMatcher::Old { "^" } else { "" };
        (is_behind && first.len() > 1 && !first.contains('*')).then(|| format!("{anchor}{first}*"))
    }

    /// One name in place of a pattern, and nothing in place of one that no name needs.
    fn fewer_names(&self, entry: &CiEntry, by: &[&Use<'_>]) -> Vec<Edit> {
        let names: Option<BTreeSet<&str>> =
            by.iter().map(|used| used.case.environment.as_ref().and_then(PartialText::as_known)).collect();
        let mut edits = Vec::new();
        let matcher = self.index.settings().environment_matcher();
        for pattern in &entry.environments {
            let listed: Vec<&str> = entry.environments.iter().map(|pattern| &*pattern.value).collect();
            if entry.environments.len() > 1
                && let Some(cut) = self.cuts.item_at(pattern.span)
            {
                let title = format!("take {} out of its environments", brief(&pattern.value));
                edits.push(self.edit(Kind::BroaderPattern, entry, title, by, vec![(cut, String::new())]));
            }
            let Some(names) = names.as_ref().filter(|_| pattern.value.contains('*')) else { continue };
            let is_new = matcher == EnvironmentMatcher::New;
            let compared = NamePattern::new(&pattern.value, is_new);
            let met: Vec<&str> = names
                .iter()
                .copied()
                .filter(|name| !listed.contains(name) && compared.matches(name) != Some(false))
                .collect();
            let [name] = met.as_slice() else { continue };
            let open = self.file.source.slice(pattern.span).chars().next().filter(|first| ['"', '\''].contains(first));
            let text = match open {
                Some('"') => format!("\"{name}\""),
                Some(_) => format!("'{name}'"),
                None => written(name, true, None),
            };
            if name.contains(['"', '\'', '\\']) {
                continue;
            }
            let title = format!("list {} in place of {}", brief(name), brief(&pattern.value));
            edits.push(self.edit(Kind::BroaderPattern, entry, title, by, vec![(pattern.span, text)]));
        }
        edits
    }

    fn protected(&self, entry: &CiEntry, by: &[&Use<'_>]) -> Option<Edit> {
        let is_protected = by.iter().all(|used| used.asked.iter().all(|(protected, _)| *protected == Some(true)));
        if entry.is_protected_only() || !is_protected {
            return None;
        }
        let part = match &entry.protected_branches_only {
            Some(written) => (written.span, "true".to_owned()),
            None => self.key(entry, "protected_branches_only: true")?,
        };
        let title = "add protected_branches_only: true".to_owned();
        Some(self.edit(Kind::UnprotectedNotNeeded, entry, title, by, vec![part]))
    }

    /// A key behind the id of an entry.
    fn key(&self, entry: &CiEntry, text: &str) -> Option<Insertion> {
        let source = &*self.file.source;
        let id = entry.id.as_ref()?.span;
        if !entry.span.contains(id) {
            return None;
        }
        let line = source.line_span(source.line_index(id.start));
        let whole = source.slice(entry.span).trim_start();
        if whole.starts_with('{') {
            return Some((Span::empty(id.end), format!(", {text}")));
        }
        // `- id: …` or `id: …` behind other keys, each at the start of its line.
        let before = source.slice(Span::new(line.start, id.start));
        let key = before.find("id")?;
        let indent = before.get(..key)?;
        if !indent.chars().all(|character| matches!(character, ' ' | '-')) || before.get(key..)?.trim() != "id:" {
            return None;
        }
        let rest = source.slice(Span::new(id.end, line.end)).trim_start();
        if !(rest.is_empty() || rest.starts_with('#')) {
            return None;
        }
        let blanks = " ".repeat(indent.len());
        Some((Span::empty(line.end), format!("{}{blanks}{text}", line_break(source))))
    }
}

fn told(used: &Use<'_>) -> UsedBy {
    UsedBy {
        project: used.project.to_owned(),
        job: used.case.name.to_string(),
        environment: used.case.environment.as_ref().map(ToString::to_string),
        path: used.path.clone(),
        line: used.line,
    }
}
