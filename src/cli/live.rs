//! `kaslint access --live`.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use serde_json::json;

use super::remote::RemoteArguments;
use super::{Exit, output};
use crate::access::Index;
use crate::inventory::Inventory;
use crate::live::{Cause, Compared, Configurations, Difference, Evidence, cause, compare, evidence, stored};
use crate::project::Unusable;
use crate::words;

/// A project and an agent, and what became of them.
struct Row {
    project: String,
    context: String,
    compared: Compared,
    cause: Option<Cause>,
}

/// A project of which it is not known what is stored, and why.
type Hidden<'h> = (&'h str, &'h str);

/// Compares, and shows what differs.
///
/// # Errors
/// Where nothing can be asked, or nothing compared.
pub(super) fn run(
    index: &Index<'_>,
    listed: Option<&Inventory>,
    wanted: Option<&str>,
    (remote, is_offline): (&RemoteArguments, bool),
    is_json: bool,
) -> Result<Exit, Unusable> {
    let projects: Vec<&str> = match (wanted, listed) {
        (Some(project), _) => vec![project],
        (None, Some(inventory)) => inventory.projects().iter().map(|project| &*project.path).collect(),
        (None, None) => {
            return Err(Unusable::new(
                "`access --live` compares projects: name one with `--for`, or an inventory with `--inventory`",
            ));
        }
    };
    let connection = remote.connect("access --live", is_offline)?;
    remote.hold(&connection, listed.and_then(|inventory| inventory.instance().url.as_deref()))?;
    let client = connection.client();
    let unusable = |error: crate::api::ApiError| Unusable::new(format!("{}: {error}", connection.base()));
    let stored = stored(&client, connection.base(), &projects).map_err(unusable)?;
    let mut rows = Vec::new();
    let mut hidden = Vec::new();
    let configurations = Configurations::of(index);
    let mut of_agents: HashMap<String, Evidence> = HashMap::new();
    for project in &projects {
        let stored = match stored.get(&*crate::gitlab::lower_path(project)) {
            Some(Ok(stored)) => stored,
            Some(Err(why)) => {
                hidden.push((*project, why.as_str()));
                continue;
            }
            None => continue,
        };
        for (context, compared) in compare(index, &configurations, project, stored) {
            let cause = match &compared {
                Compared::Differs(difference) => {
                    let known = match of_agents.entry(context.clone()) {
                        Entry::Occupied(known) => known.into_mut(),
                        Entry::Vacant(place) => place.insert(evidence(&client, &context).map_err(unusable)?),
                    };
                    Some(cause(difference, known))
                }
                _ => None,
            };
            rows.push(Row { project: (*project).to_owned(), context, compared, cause });
        }
    }
    let compared = rows.iter().filter(|row| !matches!(row.compared, Compared::NotCompared(_))).count();
    let differing = rows.iter().filter(|row| matches!(row.compared, Compared::Differs(_))).count();
    let is_any_shown = hidden.len() < projects.len();
    output::to_stdout(&|out| if is_json { tell_json(&rows, &hidden, out) } else { tell(&rows, &hidden, out) })?;
    if !is_any_shown || (compared == 0 && !rows.is_empty()) {
        return Err(Unusable::new("nothing could be compared"));
    }
    Ok(if differing > 0 { Exit::Found } else { Exit::Fine })
}

pub(super) fn settings(value: Option<&serde_json::Value>) -> String {
    match value {
        None => "no access".to_owned(),
        Some(value) if value.as_object().is_some_and(serde_json::Map::is_empty) => {
            "access without restriction".to_owned()
        }
        Some(value) => {
            let mut value = value.clone();
            crate::source::secrets::mask_json(&mut value);
            value.to_string()
        }
    }
}

fn tell(rows: &[Row], hidden: &[Hidden<'_>], out: &mut output::Outlet<'_>) -> std::io::Result<()> {
    let wrapped = |indent: &str, text: &str| words::in_lines(text, output::width(), indent, indent);
    for row in rows {
        let Compared::Differs(difference) = &row.compared else { continue };
        out.line(format_args!("{} in {}", words::printable(&row.context), words::printable(&row.project)))?;
        let by = difference.route.as_ref().map(|route| format!(", by {route}")).unwrap_or_default();
        for line in wrapped("  ", &format!("predicted  {}{by}", settings(difference.predicted.as_ref()))) {
            out.line(format_args!("{}", words::printable(&line)))?;
        }
        for line in wrapped("  ", &format!("stored     {}", settings(difference.stored.as_ref()))) {
            out.line(format_args!("{}", words::printable(&line)))?;
        }
        for line in wrapped("  ", &explained(row.cause.as_ref(), difference)) {
            out.line(format_args!("{}", words::printable(&line)))?;
        }
        out.line(format_args!(""))?;
    }
    let count = |wanted: fn(&Compared) -> bool| rows.iter().filter(|row| wanted(&row.compared)).count();
    let same = count(|compared| matches!(compared, Compared::Same(_)));
    let differing = count(|compared| matches!(compared, Compared::Differs(_)));
    let mut reasons: std::collections::BTreeMap<&str, usize> = std::collections::BTreeMap::new();
    for row in rows {
        if let Compared::NotCompared(reason) = &row.compared {
            *reasons.entry(reason).or_default() += 1;
        }
    }
    for (reason, count) in reasons {
        let pairs =
            if count == 1 { "1 agent and project".to_owned() } else { format!("{count} pairs of agent and project") };
        let text = format!("Not compared: {pairs}, {reason}.");
        wrapped("", &text).iter().try_for_each(|line| out.line(format_args!("{line}")))?;
    }
    let mut reasons: std::collections::BTreeMap<&str, usize> = std::collections::BTreeMap::new();
    hidden.iter().for_each(|(_, why)| *reasons.entry(*why).or_default() += 1);
    for (why, count) in reasons {
        let text = format!("Not compared: {}, {why}.", super::gathering::counted(count, "project"));
        wrapped("", &text).iter().try_for_each(|line| out.line(format_args!("{line}")))?;
    }
    if rows.is_empty() && hidden.is_empty() {
        return out.line(format_args!("No agent is stored for these projects, and none is predicted."));
    }
    if same + differing == 0 {
        return Ok(());
    }
    let said = if differing == 0 { String::new() } else { format!(", {differing} not") };
    let text = format!(
        "{same} as predicted{said}. Compared is the configuration at hand, which should be the default branch's, before environments and refs."
    );
    wrapped("", &text).iter().try_for_each(|line| out.line(format_args!("{line}")))
}

fn explained(cause: Option<&Cause>, difference: &Difference) -> String {
    match cause {
        Some(Cause::NotConnected) if difference.stored.is_none() => {
            "The agent has no active token, so it cannot have sent its configuration.".to_owned()
        }
        Some(Cause::NotConnected) => {
            "The agent has no active token, so it cannot send what changed since it had one.".to_owned()
        }
        Some(Cause::NotSynced { changed, last_used }) => {
            let last_used = last_used.as_deref().map_or_else(|| "was never used".to_owned(), |time| format!("was last used {time}"));
            format!("Not sent yet: its folder was changed {changed}, and its token {last_used}.")
        }
        Some(Cause::OtherEntry(other)) => {
            format!("Stored is what {other} says: an id may have been moved, renamed or made after the file was last sent. A commit to the file sends it again.")
        }
        Some(Cause::InstanceSetting) => {
            "The instance setting \"Enable instance level authorization\" may have been switched, or the id made, after the file was last sent.".to_owned()
        }
        Some(Cause::IdIsNewer) if difference.predicted.is_some() => {
            "The id may have been made, moved or renamed after the file was last sent. A commit to the file sends it again.".to_owned()
        }
        Some(Cause::NotShown) => {
            "When the agent last sent its configuration is not shown to this token, and nothing else explains it.".to_owned()
        }
        _ => "No known cause fits, so kaslint may be wrong: please report these lines, with the release and the entry.".to_owned(),
    }
}

fn tell_json(rows: &[Row], hidden: &[Hidden<'_>], out: &mut output::Outlet<'_>) -> std::io::Result<()> {
    for row in rows {
        let mut line = json!({ "project": row.project, "context": row.context });
        match &row.compared {
            Compared::Same(conditions) => {
                line["result"] = json!("same");
                if !conditions.is_empty() {
                    line["conditions"] = conditions.iter().map(words::condition).collect();
                }
            }
            Compared::Differs(difference) => {
                line["result"] = json!("differs");
                line["predicted"] = json!(difference.predicted);
                line["stored"] = json!(difference.stored);
                line["route"] = json!(difference.route);
                line["cause"] = json!(row.cause.as_ref().map(Cause::name));
                line["explanation"] = json!(explained(row.cause.as_ref(), difference));
            }
            Compared::NotCompared(reason) => {
                line["result"] = json!("not compared");
                line["reason"] = json!(reason);
            }
        }
        crate::source::secrets::mask_json(&mut line);
        out.json_line(&line)?;
    }
    for (project, why) in hidden {
        out.json_line(&json!({ "project": project, "result": "not compared", "reason": why }))?;
    }
    Ok(())
}
