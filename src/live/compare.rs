//! Prediction against what is stored, and what explains the difference.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::ask::{Evidence, Stored};
use crate::access::{Agent, AgentId, Candidate, CandidateKind, Condition, Index, Unknown};
use crate::agent_config::{AgentConfig, EntryKind};
use crate::gitlab::lower_path;

/// What became of one agent and one project.
#[derive(Clone, Debug)]
pub enum Compared {
    /// The same; where that hangs on something that is not known, GitLab has settled it.
    Same(Vec<Condition>),
    /// Not the same.
    Differs(Difference),
    /// Not compared, and why.
    NotCompared(String),
}

/// A prediction that is not what is stored.
#[derive(Clone, Debug)]
pub struct Difference {
    /// The settings that are predicted; `None` for no access.
    pub predicted: Option<Value>,
    /// The settings that are stored; `None` for no access.
    pub stored: Option<Value>,
    /// By what access is predicted.
    pub kind: Option<CandidateKind>,
    /// The entry that is predicted to count, as `ci_access.groups[0]`.
    pub route: Option<String>,
    /// Another entry of the file that has the stored settings.
    pub other_entry: Option<String>,
    /// Whether the id that counts lies under another top-level group, or the entry is the instance's.
    pub hangs_on_instance: bool,
}

/// What may explain a difference.
///
/// Source: what `ciAccessAuthorizedAgents` shows is what the agent server last accepted and sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The agent has no token, so it never sent anything.
    NotConnected,
    /// The file was changed after the agent was last there.
    NotSynced {
        /// When its folder was changed.
        changed: String,
        /// When its token was last used; `None` for never.
        last_used: Option<String>,
    },
    /// An id was moved, renamed or made after the file was last sent: another entry of the file is in force.
    OtherEntry(String),
    /// The instance setting was switched, or the id made, after the file was last sent.
    InstanceSetting,
    /// An id that is predicted to count is not stored at all; it may have been made, moved or renamed after the file was last sent.
    IdIsNewer,
    /// None of them as far as it is told: when the agent last sent its file is not.
    NotShown,
    /// None of them: kaslint may be wrong.
    None,
}

/// The configurations of agents in the form in which the agent server sends them, each decoded once.
pub struct Configurations(HashMap<AgentId, Value>);

impl Cause {
    /// Its name in machine formats.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::NotConnected => "not_connected",
            Self::NotSynced { .. } => "not_synced",
            Self::OtherEntry(_) => "other_entry",
            Self::InstanceSetting => "instance_setting",
            Self::IdIsNewer => "id_is_newer",
            Self::NotShown => "not_shown",
            Self::None => "none",
        }
    }
}

impl Configurations {
    /// Those of all agents. Costs in proportion to their files.
    #[must_use]
    pub fn of(index: &Index<'_>) -> Self {
        let canonical = |(id, agent): (AgentId, &Agent<'_>)| {
            let source = agent.file?.source?;
            Some((id, AgentConfig::read(source, index.settings().version).canonical()?))
        };
        Self(index.agent_ids().filter_map(canonical).collect())
    }
}

/// Holds what is predicted for a project against what is stored, for each agent of which either tells.
#[must_use]
pub fn compare(
    index: &Index<'_>,
    configurations: &Configurations,
    project: &str,
    stored: &[Stored],
) -> Vec<(String, Compared)> {
    let mut by_context: HashMap<String, &Stored> =
        stored.iter().map(|stored| (without_case(&stored.context), stored)).collect();
    let mut compared = Vec::new();
    for (id, agent) in index.agent_ids() {
        let context = agent.context();
        let stored = by_context.remove(&without_case(&context));
        let canonical = configurations.0.get(&id);
        let about = one(index, (id, agent, canonical), project, stored.map(|stored| &stored.config));
        compared.extend(about.map(|about| (context, about)));
    }
    for (_, stored) in by_context {
        compared.push((stored.context.clone(), Compared::NotCompared("its configuration is not at hand".to_owned())));
    }
    compared.sort_by(|(one, _), (other, _)| one.cmp(other));
    compared
}

/// A context by which two are the same agent: letter case counts in its name alone.
fn without_case(context: &str) -> String {
    match context.split_once(':') {
        Some((path, name)) => format!("{}:{name}", lower_path(path)),
        None => context.to_owned(),
    }
}

/// `None` where neither tells of the agent.
fn one(
    index: &Index<'_>,
    (id, agent, canonical): (AgentId, &Agent<'_>, Option<&Value>),
    project: &str,
    stored: Option<&Value>,
) -> Option<Compared> {
    if agent.is_refused() {
        let why = "GitLab refuses the file at hand, so what is stored comes from an older one";
        return stored.map(|_| Compared::NotCompared(why.to_owned()));
    }
    let mut outcomes: Vec<(Vec<Condition>, Option<Value>, Option<Candidate<'_>>)> = Vec::new();
    for (conditions, winner) in index.authorized(id, project) {
        let winner = winner.filter(|_| agent.is_registered);
        let settings = winner.map(|winner| settings_of(winner, canonical));
        outcomes.push((conditions, settings, winner));
    }
    let stored = stored.map(normal);
    if let Some((conditions, ..)) = outcomes.iter().find(|(_, predicted, _)| *predicted == stored) {
        let says_something = stored.is_some() || outcomes.len() > 1;
        return says_something.then(|| Compared::Same(conditions.clone()));
    }
    let (_, predicted, winner) = outcomes.first()?.clone();
    let other_entry = stored.as_ref().and_then(|stored| entry_with(stored, canonical, winner));
    let needs_setting = |condition: &Condition| condition.unknown == Unknown::InstanceAuthorization;
    let hangs_on_instance = winner.is_some_and(|winner| winner.kind == CandidateKind::Instance)
        || outcomes.iter().any(|(conditions, ..)| conditions.iter().any(needs_setting))
        || is_elsewhere(agent, project);
    Some(Compared::Differs(Difference {
        predicted,
        stored,
        kind: winner.map(|winner| winner.kind),
        route: winner.and_then(|winner| winner.entry).map(crate::agent_config::CiEntry::route),
        other_entry,
        hangs_on_instance,
    }))
}

/// Whether the project lies under another top-level group than the agent.
fn is_elsewhere(agent: &Agent<'_>, project: &str) -> bool {
    let root = crate::gitlab::root_path(project);
    agent.root().is_some_and(|of_agent| !of_agent.eq_ignore_ascii_case(root))
}

/// The settings of what counts, as they are stored: the entry without its id.
fn settings_of(winner: Candidate<'_>, canonical: Option<&Value>) -> Value {
    let entry = winner.entry.and_then(|entry| {
        let access = canonical?.get("ci_access")?;
        match entry.kind {
            EntryKind::Instance => access.get("instance"),
            kind => access.get(kind.key())?.get(entry.index),
        }
    });
    entry.map_or_else(|| Value::Object(Map::new()), normal)
}

/// Settings without the id of the entry, and without what says nothing.
fn normal(settings: &Value) -> Value {
    match settings {
        Value::Object(settings) => {
            let rest = settings.iter().filter(|(key, value)| *key != "id" && !value.is_null());
            Value::Object(rest.map(|(key, value)| (key.clone(), value.clone())).collect())
        }
        other => other.clone(),
    }
}

/// An entry of the file, other than the one that counts, that has these settings.
fn entry_with(stored: &Value, canonical: Option<&Value>, winner: Option<Candidate<'_>>) -> Option<String> {
    let access = canonical?.get("ci_access")?;
    let counting = winner.and_then(|winner| winner.entry).map(crate::agent_config::CiEntry::route);
    let lists = [EntryKind::Project, EntryKind::Group].into_iter().flat_map(|kind| {
        let items = access.get(kind.key()).and_then(Value::as_array).into_iter().flatten();
        items.enumerate().map(move |(index, item)| (format!("ci_access.{}[{index}]", kind.key()), item))
    });
    let instance = access.get("instance").map(|item| ("ci_access.instance".to_owned(), item));
    let mut others = lists.chain(instance).filter(|(route, _)| Some(route) != counting.as_ref());
    others.find(|(_, item)| normal(item) == *stored).map(|(route, _)| route)
}

/// What explains a difference, by the evidence; the first that fits.
#[must_use]
pub fn cause(difference: &Difference, evidence: &Evidence) -> Cause {
    let told = |time: jiff::Timestamp| time.strftime("%Y-%m-%d %H:%M UTC").to_string();
    if evidence.has_token == Some(false) {
        return Cause::NotConnected;
    }
    if let Some(changed) = evidence.changed
        && evidence.has_token.is_some()
        && evidence.last_used.is_none_or(|last_used| last_used < changed)
    {
        return Cause::NotSynced { changed: told(changed), last_used: evidence.last_used.map(told) };
    }
    // Switched, it gives access, takes it away, or lets another entry count. No settings come of it that the file does not have.
    if difference.hangs_on_instance && (difference.stored.is_none() || difference.other_entry.is_some()) {
        return Cause::InstanceSetting;
    }
    match (&difference.other_entry, &difference.stored) {
        (Some(other), _) => Cause::OtherEntry(other.clone()),
        (None, None) if difference.kind != Some(CandidateKind::Implicit) => Cause::IdIsNewer,
        _ if evidence.has_token.is_none() || evidence.changed.is_none() => Cause::NotShown,
        _ => Cause::None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::access::{AgentFile, Settings, World};
    use crate::inventory;
    use crate::source::Source;

    const PROJECTS: [&str; 4] = ["acme/agents", "acme/web/shop", "acme/web/eu/api", "other/tool"];
    const GROUPS: [&str; 4] = ["acme", "acme/web", "acme/web/eu", "other"];

    fn entry(ids: [&'static str; 4]) -> impl Strategy<Value = Value> {
        let environments =
            prop::option::of(prop::collection::vec(prop::sample::select(vec!["production", "review/*"]), 1..3));
        let namespace = prop::option::of(prop::sample::select(vec!["web", "shop"]));
        (prop::sample::select(ids.to_vec()), environments, namespace, prop::option::of(Just(true))).prop_map(
            |(id, environments, namespace, protected)| {
                let mut entry = json!({ "id": id });
                let settings = [
                    ("environments", environments.map(Value::from)),
                    ("default_namespace", namespace.map(Value::from)),
                    ("protected_branches_only", protected.map(Value::from)),
                ];
                for (key, value) in settings {
                    if let Some(value) = value {
                        entry[key] = value;
                    }
                }
                entry
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

        /// Whatever is predicted, held against itself, is no difference, and with another setting is one.
        #[test]
        fn a_prediction_is_as_predicted(
            of_projects in prop::collection::vec(entry(PROJECTS), 0..4),
            of_groups in prop::collection::vec(entry(GROUPS), 0..4),
            setting: Option<bool>,
            tier in prop::option::of(prop::sample::select(vec!["free", "premium"])),
        ) {
            let mut told = json!({
                "gitlab": { "version": "18.9" },
                "groups": GROUPS.map(|path| json!({ "path": path })),
                "projects": PROJECTS.map(|path| json!({ "path": path })),
            });
            told["projects"][0]["agents"] = json!([{ "name": "prod" }]);
            if let Some(setting) = setting {
                told["gitlab"]["instance_authorization"] = json!(setting);
            }
            if let Some(tier) = tier {
                told["gitlab"]["tier"] = json!(tier);
            }
            let loaded = inventory::read(&Source::from_bytes("inventory.yaml", told.to_string().as_bytes()));
            prop_assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
            let text = json!({ "ci_access": { "projects": of_projects, "groups": of_groups } }).to_string();
            let source = Source::from_bytes("config.yaml", text.as_bytes());
            let settings = Settings::of(&loaded.inventory);
            let config = AgentConfig::read(&source, settings.version);
            let file = AgentFile::new(Some("acme/agents"), "prod", &source, &config);
            let index = World { inventory: Some(&loaded.inventory), files: vec![file], settings }.authorize();
            let configurations = Configurations::of(&index);
            let (id, agent) = index.agent_ids().next().unwrap();
            for project in PROJECTS {
                for (_, winner) in index.authorized(id, project) {
                    let config = winner.map(|winner| match winner.entry {
                        Some(entry) if entry.kind == EntryKind::Project => of_projects[entry.index].clone(),
                        Some(entry) => of_groups[entry.index].clone(),
                        None => json!({}),
                    });
                    let stored = |config: Value| Stored { context: agent.context().replace("acme", "Acme"), config };
                    let same: Vec<Stored> = config.iter().cloned().map(stored).collect();
                    for (context, compared) in compare(&index, &configurations, project, &same) {
                        prop_assert!(matches!(compared, Compared::Same(_)), "{context} in {project}: {compared:?}");
                    }
                    let mut other = config.unwrap_or_else(|| json!({}));
                    other["default_namespace"] = json!("elsewhere");
                    let compared = compare(&index, &configurations, project, &[stored(other)]);
                    prop_assert!(matches!(compared[..], [(_, Compared::Differs(_))]), "{project}: {compared:?}");
                }
            }
        }
    }
}
