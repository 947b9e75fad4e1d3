//! What agents grant, read back from a result of `--format json`: a state that can be compared with the one of now.
//!
//! Entries are taken as they were written, those aside that did not count. What else decides, release, licence and inventory, is that of
//! now: what a recording says of it is compared by itself (`told_of_the_world`).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json};

use crate::access::AgentFile;
use crate::agent_config::{
    AccessAs, CiAccess, CiEntry, EntryKind, Impersonation, Mode, Spanned, UserAccess, UserEntry,
};
use crate::gitlab::lower_path;
use crate::source::Span;

/// So many stars stand for a secret: what they hide cannot be compared.
const MASKED: &str = "****";

/// The agents of a result.
#[derive(Debug)]
pub(super) struct Recording {
    agents: BTreeMap<String, Recorded>,
}

/// An agent of a result.
#[derive(Debug)]
pub(super) struct Recorded {
    /// Its line.
    pub object: Map<String, Json>,
    project: Option<String>,
    name: String,
    path: String,
    ci_access: CiAccess,
    user_access: Option<UserAccess>,
}

impl Recording {
    /// Reads a result; `None` where it is not of what agents grant.
    pub fn read(text: &str) -> Option<Self> {
        let mut agents = BTreeMap::new();
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let Ok(Json::Object(object)) = serde_json::from_str(line) else { return None };
            let context = text_of(&object, "context")?.to_owned();
            agents.insert(context, Recorded::of(object)?);
        }
        Some(Self { agents })
    }

    /// Its agents, by context.
    pub fn agents(&self) -> impl Iterator<Item = (&str, &Recorded)> {
        self.agents.iter().map(|(context, agent)| (&**context, agent))
    }

    /// An agent, by context.
    pub fn agent(&self, context: &str) -> Option<&Recorded> {
        self.agents.get(context)
    }
}

impl Recorded {
    fn of(object: Map<String, Json>) -> Option<Self> {
        let agent = object.get("agent")?.as_object()?;
        let (project, name) = (text_of(agent, "project").map(str::to_owned), text_of(agent, "name")?.to_owned());
        let mut ci_access = CiAccess { projects: Vec::new(), groups: Vec::new(), instance: None };
        let mut path = format!(".gitlab/agents/{name}/config.yaml");
        let mut known = BTreeSet::new();
        object.get("cases")?;
        for case in objects(object.get("cases")) {
            for written in objects(case.get("entries")) {
                let Some(entry) = ci_entry(written) else { continue };
                // What counts in one case counts, and what manages resources in one case is written to.
                if written.contains_key("dropped") {
                    continue;
                }
                if !known.insert(entry.route()) {
                    let lists =
                        ci_access.projects.iter_mut().chain(&mut ci_access.groups).chain(&mut ci_access.instance);
                    let same = lists.into_iter().find(|same| (same.kind, same.index) == (entry.kind, entry.index));
                    if let (Some(same), Some(managed)) = (same, entry.resource_management) {
                        same.resource_management = Some(managed);
                    }
                    continue;
                }
                if let Some(file) = written.get("entry").and_then(|entry| entry.get("path")).and_then(Json::as_str) {
                    file.clone_into(&mut path);
                }
                match entry.kind {
                    EntryKind::Project => ci_access.projects.push(entry),
                    EntryKind::Group => ci_access.groups.push(entry),
                    EntryKind::Instance => ci_access.instance = Some(entry),
                }
            }
        }
        let user_access = object.get("user_access").and_then(Json::as_object).and_then(user_access);
        Some(Self { object, project, name, path, ci_access, user_access })
    }

    /// Its file, as far as it is recorded.
    pub fn file(&self) -> AgentFile<'_> {
        AgentFile {
            project: self.project.as_deref(),
            name: &self.name,
            path: &self.path,
            source: None,
            ci_access: Some(&self.ci_access),
            user_access: self.user_access.as_ref(),
            refused: None,
        }
    }

    /// Whether all that its file says is there to be compared.
    pub fn is_comparable(&self) -> bool {
        !self.object.contains_key("refused_at") && !self.object.values().any(|value| value.to_string().contains(MASKED))
    }

    /// Projects that it lists as let in.
    pub fn projects(&self) -> BTreeSet<&str> {
        let listed = self.entries().filter_map(|(_, _, entry)| entry.get("projects")?.as_array()).flatten();
        listed.filter_map(Json::as_str).collect()
    }

    /// What is written in entries, by what tells them apart: of those that count, or of those that do not.
    pub fn written(&self, that_count: bool) -> BTreeSet<(String, String)> {
        let entries = self.entries().filter(|(_, _, entry)| entry.contains_key("dropped") != that_count);
        let terms = |entry: &Map<String, Json>| -> Vec<String> {
            TERMS.iter().map(|term| entry.get(*term).map(Json::to_string).unwrap_or_default()).collect()
        };
        entries.map(|(key, _, entry)| (key, terms(entry).join(" "))).collect()
    }

    /// Its entries with a key that tells them apart, and the conditions of their case.
    fn entries(&self) -> impl Iterator<Item = (String, Vec<&str>, &Map<String, Json>)> {
        let jobs = objects(self.object.get("cases")).flat_map(|case| {
            let conditions: Vec<&str> = texts(case, "conditions").collect();
            objects(case.get("entries")).filter_map(move |entry| {
                Some((key("ci_access", entry.get("entry")?.as_object()?), conditions.clone(), entry))
            })
        });
        let people = objects(self.object.get("user_access").and_then(|people| people.get("entries")));
        jobs.chain(people.map(|entry| (key("user_access", entry), Vec::new(), entry)))
    }

    /// What it says beside what files say: registration, and of each entry by kind and id on what it hangs and why it does not count.
    pub fn told_of_the_world(&self) -> BTreeMap<String, BTreeSet<String>> {
        let mut told: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let registered = match self.object.get("registered") {
            Some(Json::Bool(false)) => "not registered",
            _ => "registered",
        };
        told.insert("agent".to_owned(), BTreeSet::from([registered.to_owned()]));
        if let Some(people) = self.object.get("user_access").and_then(Json::as_object) {
            let mut entries = objects(people.get("entries"));
            let is_somebody = !people.contains_key("denied") && entries.any(|entry| !entry.contains_key("dropped"));
            told.insert(
                PEOPLE.to_owned(),
                BTreeSet::from([match is_somebody {
                    true => counts(texts(people, "conditions")),
                    false => NOBODY.to_owned(),
                }]),
            );
        }
        let cases = objects(self.object.get("cases")).count();
        let mut counting: BTreeMap<(String, Vec<&str>), BTreeSet<Vec<&str>>> = BTreeMap::new();
        for (key, of_case, entry) in self.entries().filter(|(_, _, entry)| !entry.contains_key("dropped")) {
            counting.entry((key, texts(entry, "conditions").collect())).or_default().insert(of_case);
        }
        for ((key, conditions), of_cases) in counting {
            let states = told.entry(key).or_default();
            // What holds in every case hangs on none.
            if of_cases.len() == cases {
                states.insert(counts(conditions.into_iter()));
                continue;
            }
            states.extend(
                of_cases.into_iter().map(|of_case| counts(of_case.into_iter().chain(conditions.iter().copied()))),
            );
        }
        told
    }
}

/// On what something hangs, in words.
fn counts<'o>(conditions: impl Iterator<Item = &'o str>) -> String {
    let conditions: Vec<&str> = conditions.collect();
    if conditions.is_empty() { "counts".to_owned() } else { format!("counts if {}", conditions.join(" and ")) }
}

/// What tells an entry apart: its section, kind and id.
fn key(section: &str, entry: &Map<String, Json>) -> String {
    let part = |key: &str| text_of(entry, key).unwrap_or_default();
    format!("{section} {} {}", part("kind"), lower_path(part("id"))).trim_end().to_owned()
}

fn ci_entry(written: &Map<String, Json>) -> Option<CiEntry> {
    let entry = written.get("entry")?.as_object()?;
    let kind = match text_of(entry, "kind")? {
        "project" => EntryKind::Project,
        "group" => EntryKind::Group,
        "instance" => EntryKind::Instance,
        _ => return None,
    };
    let index = text_of(entry, "route").and_then(|route| route.rsplit_once('[')?.1.strip_suffix(']')?.parse().ok());
    let identity = written.get("identity").and_then(Json::as_object);
    let mode = match identity.and_then(|identity| text_of(identity, "mode")) {
        Some("ci_job") => Mode::CiJob,
        Some("impersonate") => Mode::Impersonate,
        _ => Mode::Agent,
    };
    let impersonation = identity.filter(|_| mode == Mode::Impersonate).map(impersonation);
    Some(CiEntry {
        kind,
        index: index.unwrap_or_default(),
        span: NOWHERE,
        head: NOWHERE,
        id: text_of(entry, "id").map(spanned),
        default_namespace: text_of(written, "namespace").map(spanned),
        access_as: Some(AccessAs { mode, span: NOWHERE, impersonation }),
        environments: texts(written, "environments").map(spanned).collect(),
        environments_key: None,
        protected_branches_only: (written.get("protected_branches_only") == Some(&Json::Bool(true))).then_some(YES),
        resource_management: written.contains_key("resource_management").then_some(YES),
    })
}

fn impersonation(identity: &Map<String, Json>) -> Impersonation {
    let extra = identity.get("extra").and_then(Json::as_object).into_iter().flatten();
    let values = |values: &Json| -> Vec<String> {
        values.as_array().into_iter().flatten().filter_map(Json::as_str).map(str::to_owned).collect()
    };
    Impersonation {
        username: text_of(identity, "username").map(spanned),
        groups: texts(identity, "groups").map(spanned).collect(),
        uid: text_of(identity, "uid").map(spanned),
        extra: extra.map(|(key, list)| (spanned(key), values(list))).collect(),
    }
}

fn user_access(people: &Map<String, Json>) -> Option<UserAccess> {
    let mode = match people.get("identity")?.get("mode").and_then(Json::as_str) {
        Some("user") => Mode::User,
        _ => Mode::Agent,
    };
    let access_as = Some(AccessAs { mode, span: NOWHERE, impersonation: None });
    let mut section = UserAccess { projects: Vec::new(), groups: Vec::new(), access_as, key_span: NOWHERE };
    for entry in objects(people.get("entries")).filter(|entry| !entry.contains_key("dropped")) {
        let (kind, list) = match text_of(entry, "kind") {
            Some("project") => (EntryKind::Project, &mut section.projects),
            Some("group") => (EntryKind::Group, &mut section.groups),
            _ => continue,
        };
        list.push(UserEntry { kind, index: list.len(), span: NOWHERE, id: text_of(entry, "id").map(spanned) });
    }
    Some(section)
}

/// The keys of what is written in an entry beside its id.
const TERMS: [&str; 4] = ["identity", "environments", "protected_branches_only", "namespace"];

/// What is told of `user_access` as a whole.
pub(super) const PEOPLE: &str = "user_access";

/// That `user_access` lets nobody in.
pub(super) const NOBODY: &str = "nobody gets in";

const NOWHERE: Span = Span { start: 0, end: 0 };
const YES: Spanned<bool> = Spanned { value: true, span: NOWHERE };

fn spanned(text: &str) -> Spanned<String> {
    Spanned { value: text.to_owned(), span: NOWHERE }
}

/// The objects of a list.
fn objects(list: Option<&Json>) -> impl Iterator<Item = &Map<String, Json>> {
    list.and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_object)
}

fn text_of<'o>(object: &'o Map<String, Json>, key: &str) -> Option<&'o str> {
    object.get(key)?.as_str()
}

fn texts<'o>(object: &'o Map<String, Json>, key: &str) -> impl Iterator<Item = &'o str> {
    object.get(key).and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str)
}
