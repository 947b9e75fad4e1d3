//! How much is said beside the findings: `--quiet` and `--verbose`.

use super::output;
use crate::analysis::Subject;
use crate::project::paths::{folder_or_here, shown_path};
use crate::project::{Origin, Project};
use crate::rules::{self, RULES};

/// The options that say how much to say.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Report")]
pub(super) struct Manners {
    /// Findings only: no summary, no remarks, no progress. Errors are told, and the exit status is the same.
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Tell on standard error, for each project, where it lies, what is known of it from where, and which files are checked
    /// with how many rules.
    #[arg(short, long)]
    pub verbose: bool,
}

/// Tells on standard error what `--verbose` asks for of a project; `subject` where it is checked.
pub(super) fn tell(project: &Project, subject: Option<&Subject>) {
    let folder = folder_or_here(&project.folder);
    let from = |origin: Option<Origin>| origin.map_or_else(String::new, |origin| format!(" ({origin})"));
    let (context, origins) = (&project.context, project.origins);
    let or = |text: Option<String>, otherwise: &str| text.unwrap_or_else(|| otherwise.to_owned());
    let path = or(context.project.as_ref().map(ToString::to_string), "unknown");
    let settings = or(project.settings.file.as_deref().map(shown_path), "none");
    let inventory = or(project.inventory.as_ref().map(|inventory| shown_path(&inventory.file)), "none");
    let is_meant = |path: &&str| project.named.as_ref().is_none_or(|named| named.contains(*path));
    let excluded = subject.map(Subject::excluded).unwrap_or_default();
    let is_meant = |path: &&str| is_meant(path) && !excluded.contains(*path);
    let files: Vec<String> = project.files().into_iter().filter(is_meant).map(str::to_owned).collect();
    let version_from = origins.version.map_or_else(|| " (the newest known)".to_owned(), |origin| from(Some(origin)));
    let tier = or(context.tier.map(|tier| tier.to_string()), "unknown");
    let counted = |count: usize, one: &str| format!("{count} {one}{}", if count == 1 { "" } else { "s" });
    let files_counted = counted(files.len(), "file");
    let work = match subject {
        Some(subject) => {
            let rules = RULES.iter().filter(|rule| subject.selection.runs(rule.info())).count();
            format!("checked    {files_counted}, {}", counted(rules, "rule"))
        }
        None => format!("read       {files_counted}"),
    };
    let schema = context.agent_schema.as_ref();
    let keys = schema.map(|schema| format!("  keys       {}{}", shown_path(&schema.file), from(origins.agent_schema)));
    let mut lines = vec![
        format!("project {}", shown_path(folder)),
        format!("  path       {path}{}", from(origins.project)),
        format!("  settings   {settings}"),
        format!("  inventory  {inventory}{}", from(origins.inventory)),
        format!("  GitLab     {}{version_from}", context.version),
        format!("  licence    {tier}{}", from(origins.tier)),
        format!("  {work}"),
    ];
    if let Some(keys) = keys {
        lines.insert(5, keys);
    }
    let off = subject
        .map(|subject| &subject.selection)
        .map(|selection| selection.rules_off(rules::TABLE, files.iter().map(|path| selection.at(path))));
    let off: Vec<&str> = off.into_iter().flatten().map(|(rule, _)| rule).collect();
    lines.extend(files.iter().map(|file| format!("    {file}")));
    if !off.is_empty() {
        lines.push(format!("  turned off {}", off.join(", ")));
    }
    if !excluded.is_empty() {
        lines.push(format!("  excluded   {}", counted(excluded.len(), "file")));
        lines.extend(excluded.iter().map(|file| format!("    {file}")));
    }
    lines.iter().for_each(|line| output::complain(line));
}
