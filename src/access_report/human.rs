//! `human`: tables and sentences.

use std::io;

use comfy_table::{ContentArrangement, Table};

use super::AccessReport;
use crate::access::{Answer, CandidateKind, Case, Condition, Effect, Grant, Identity};
use crate::secrets;

/// One answer.
pub(super) fn answer(
    report: &AccessReport<'_, '_>,
    answer: &Answer<'_, '_>,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let environment =
        answer.query.environment.map_or("without environment".to_owned(), |name| format!("in environment `{name}`"));
    let on = match answer.query.protected {
        Some(true) => ", on a protected ref",
        Some(false) => ", on a ref that is not protected",
        None => "",
    };
    writeln!(out, "Jobs of {} {environment}{on}:", answer.project_path())?;
    let mut is_empty = true;
    for (word, rows) in [("yes", &answer.allowed), ("no", &answer.denied), ("unknown", &answer.unknown)] {
        for row in rows {
            is_empty = false;
            let agent = report.index.agent(row.agent);
            writeln!(out, "  {word:7} {}", agent.context())?;
            if row.is_allowed() {
                let namespace =
                    answer.namespace(row).map_or(String::new(), |namespace| format!(", namespace {}", namespace.value));
                writeln!(out, "          as {}{namespace}", identity(&answer.identity(row, agent)))?;
            }
            writeln!(out, "          {}", secrets::mask(&answer.reason(row)))?;
        }
    }
    if is_empty {
        writeln!(out, "  no agent's configuration names this project or a group above it")?;
    }
    Ok(())
}

fn identity(identity: &Identity<'_>) -> String {
    match identity {
        Identity::Agent => "the agent's service account".to_owned(),
        Identity::CiJob(_) => "the CI job (gitlab:ci_job:<job id>)".to_owned(),
        Identity::Impersonate(user) => match user.and_then(|user| user.username.as_ref()) {
            Some(name) => format!("the user {}", name.value),
            None => "a fixed user".to_owned(),
        },
    }
}

/// Every agent with its entries and what each comes to, for people.
pub(super) fn pictures(report: &AccessReport<'_, '_>, out: &mut dyn io::Write) -> io::Result<()> {
    let index = report.index;
    let settings = index.world().settings;
    let tier = settings.tier.map_or("tier unknown".to_owned(), |tier| tier.to_string());
    let version = settings.version;
    writeln!(
        out,
        "By the rules of GitLab {version}, {tier}. An entry for a project overrides the groups above it, whole."
    )?;
    for (id, agent) in index.agent_ids().filter(|(id, _)| report.is_asked(*id)) {
        writeln!(out, "\n{}", agent.context())?;
        if !agent.is_registered {
            writeln!(out, "  is not registered, so its file is never read")?;
        }
        if agent.is_refused() {
            writeln!(
                out,
                "  GitLab refuses its file, so what was configured before stays in force; once mended, it says"
            )?;
        }
        for case in &index.picture(id).cases {
            if !case.conditions.is_empty() {
                let conditions: Vec<String> = case.conditions.iter().map(ToString::to_string).collect();
                writeln!(out, "  if {}:", conditions.join(" and "))?;
            }
            for line in table(case, agent.project, report.width).lines() {
                writeln!(out, "  {}", secrets::mask(line.trim_end()))?;
            }
        }
    }
    Ok(())
}

/// A row for each group of entries that differ only in what they name.
fn table(case: &Case<'_>, project: Option<&str>, width: usize) -> String {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(width).unwrap_or(u16::MAX));
    table.set_header(["who", "projects", "environments", "refs", "as", "namespace", "effect"]);
    for group in case.grouped() {
        let names: Vec<String> = group.grants.iter().map(|grant| name_of(grant, project)).collect();
        let names = match &names[..] {
            [first, second, _, rest @ ..] if !rest.is_empty() => {
                format!("{first}, {second} and {} more", names.len() - 2)
            }
            names => names.join(", "),
        };
        let terms = &group.terms;
        let environments = if terms.environments.is_empty() { "all".to_owned() } else { terms.environments.join(", ") };
        let entry = group.grants.first().and_then(|grant| grant.candidate.entry);
        let user = entry.and_then(|entry| entry.access_as.as_ref()?.impersonation.as_ref()?.username.as_ref());
        table.add_row([
            names,
            group.projects.map_or(String::new(), |count| count.to_string()),
            environments,
            if terms.protected_only { "protected" } else { "all" }.to_owned(),
            user.map_or(terms.mode.key().to_owned(), |user| format!("user {}", user.value)),
            terms.namespace.unwrap_or_default().to_owned(),
            effect_of(&group.grants),
        ]);
    }
    table.to_string()
}

fn name_of(grant: &Grant<'_>, project: Option<&str>) -> String {
    let candidate = &grant.candidate;
    match candidate.kind {
        CandidateKind::Implicit => format!("{}, its own project", project.unwrap_or("the configuration project")),
        CandidateKind::Instance => "the whole instance".to_owned(),
        kind => format!("{} {}", kind.name(), candidate.target.unwrap_or_default()),
    }
}

/// What the grants come to: the reasons of those that are dropped or in doubt, each once.
fn effect_of(grants: &[&Grant<'_>]) -> String {
    let mut effects: Vec<String> = Vec::new();
    for grant in grants {
        let effect = match &grant.effect {
            Effect::Decides(reach) if reach.count() == Some(0) => match grant.candidate.kind {
                CandidateKind::Implicit => "replaced by the entry for it".to_owned(),
                _ => "decides about no project: none, or entries for what lies within cover all".to_owned(),
            },
            Effect::Decides(_) => "lets in".to_owned(),
            Effect::Depends(facts, _) => {
                let facts = facts.iter().map(|fact| Condition { fact: fact.clone(), holds: true }.to_string());
                format!("lets in if {}", facts.collect::<Vec<_>>().join(" and "))
            }
            Effect::Dropped(drop) => format!("dropped: it {drop}"),
        };
        if !effects.contains(&effect) {
            effects.push(effect);
        }
    }
    match effects.len() {
        0..=2 => effects.join("; "),
        count => format!("{}; and {} more reasons", effects[0], count - 1),
    }
}
