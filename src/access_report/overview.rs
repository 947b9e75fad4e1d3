//! What an agent grants, condensed for readers: entries that differ only in what they name stand together, each reason
//! is told once.

use super::AccessReport;
use crate::access::{
    Agent, AgentId, Authorization, Case, Condition, Effect, Grant, Settings, Terms, UserGrants, UserIdentity,
};
use crate::agent_config::UserEntry;
use crate::words;

/// An agent with what it grants.
pub(super) struct Overview {
    pub context: String,
    /// What is to be known before anything else: not registered, refused.
    pub remarks: Vec<String>,
    /// Of how many projects jobs get in; empty where no inventory tells.
    pub answer: String,
    /// What holds in all cases first, then what each adds to it.
    pub cases: Vec<CaseView>,
    pub users: Users,
}

/// What jobs get under some conditions.
pub(super) struct CaseView {
    /// "If …"; empty where nothing is open.
    pub heading: String,
    pub rows: Vec<RowView>,
    /// The entries by which GitLab makes managed resources.
    pub managed_resources: Vec<Resources>,
    pub without_effect: Vec<Reason>,
}

/// Entries by which GitLab makes managed resources.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Resources {
    /// Each with its line.
    pub names: Vec<String>,
    /// What must hold; empty for nothing.
    pub condition: String,
}

impl Resources {
    /// "made on any ref and for any environment … : project a (line 3)".
    pub fn in_words(&self, most: usize) -> String {
        let condition = if self.condition.is_empty() { String::new() } else { format!(", if {}", self.condition) };
        format!(
            "made on any ref and for any environment, where a job names the agent in `environment:kubernetes`{condition}: {}",
            words::some_of(&self.names, most)
        )
    }
}

/// Entries that differ only in what they name.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct RowView {
    pub names: Vec<String>,
    /// The lines of the first and of the last.
    pub lines: Option<(usize, usize)>,
    /// How many projects they decide about; `None` without an inventory.
    pub projects: Option<u32>,
    /// Empty for all.
    pub environments: Vec<String>,
    pub is_protected_only: bool,
    pub identity: Vec<String>,
    pub namespace: String,
    /// What must hold for them to count; empty for nothing.
    pub condition: String,
}

/// Entries without effect, and why.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Reason {
    pub names: Vec<String>,
    /// A clause that follows the names: "lies in another top-level group".
    pub clause: String,
}

/// Who gets in as a user.
pub(super) struct Users {
    /// As whom; or why nobody.
    pub summary: String,
    pub is_nobody: bool,
    /// Whether administrators get in, members or not.
    pub has_administrators: bool,
    pub names: Vec<String>,
    pub without_effect: Vec<Reason>,
}

/// By which rules of GitLab all of it is worked out.
pub(super) fn by_which_rules(report: &AccessReport<'_, '_>) -> String {
    let settings = report.index.settings();
    let with = report.environment.map(|name| {
        format!(" Of the entries those are shown that let a job with environment `{}` in.", words::printable(name))
    });
    let tier = settings.tier.map_or("tier unknown".to_owned(), |tier| tier.to_string());
    format!(
        "By the rules of GitLab {}, {tier}. Of the entries for a project and for groups above it the most specific decides alone.{}",
        settings.version,
        with.unwrap_or_default()
    )
}

impl Users {
    /// As whom who gets in: "as the agent's service account: Developers and above of …".
    pub fn in_words(&self, most: usize) -> String {
        match &self.names[..] {
            _ if self.is_nobody => self.summary.clone(),
            [] => format!("as {}: nobody, since no entry counts", self.summary),
            names => {
                let administrators = if self.has_administrators { "; administrators as well" } else { "" };
                format!("as {}: Developers and above of {}{administrators}", self.summary, words::some_of(names, most))
            }
        }
    }
}

impl Overview {
    pub fn of(report: &AccessReport<'_, '_>, id: AgentId) -> Self {
        let index = report.index;
        let agent = index.agent(id);
        let granted = report.agent_grants(id);
        let mut remarks = Vec::new();
        if !agent.is_registered {
            remarks
                .push("No agent of this name is registered there, so GitLab never reads the file. It says:".to_owned());
        } else if agent.file.is_none() {
            remarks.push("It has no file, so its configuration is empty.".to_owned());
        }
        if let Some(step) = granted.refused {
            remarks.push(format!(
                "GitLab refuses the file ({}), and what was configured before stays in force. Once mended, it says:",
                step.name()
            ));
        }
        let cases: Vec<CaseView> = granted.cases.iter().map(|case| case_view(case, agent, index.settings())).collect();
        let is_in_force = agent.is_registered && granted.refused.is_none();
        Self {
            context: words::printable(&agent.context()),
            remarks,
            answer: answer(&cases).filter(|_| is_in_force).unwrap_or_default(),
            cases: common_first(cases),
            users: users(&index.user_grants(id), agent),
        }
    }
}

/// Of how many projects jobs get in: "Jobs of 12 projects get in."
fn answer(cases: &[CaseView]) -> Option<String> {
    let certain = cases.iter().map(|case| {
        let rows = case.rows.iter().filter(|row| row.condition.is_empty());
        rows.map(|row| row.projects).try_fold(0, |sum: u32, projects| Some(sum.saturating_add(projects?)))
    });
    let certain: Vec<u32> = certain.collect::<Option<_>>()?;
    let hangs = cases.iter().flat_map(|case| &case.rows).any(|row| !row.condition.is_empty());
    let (least, most) = (certain.iter().min()?, certain.iter().max()?);
    let projects = |number: &u32| words::count(usize::try_from(*number).unwrap_or(usize::MAX), "project");
    Some(match (least == most && !hangs, least) {
        (true, 0) => "No job gets in.".to_owned(),
        (true, number) => format!("Jobs of {} get in.", projects(number)),
        (false, number) => format!("Jobs of {} get in for certain.", projects(number)),
    })
}

/// What a grant comes to, as far as it decides where the grant is told.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Validity {
    Counts,
    CountsIf(String),
    Without(String),
}

fn validity(grant: &Grant<'_>) -> Validity {
    let unknowns = match &grant.effect {
        Effect::Decides(reach) if reach.count() == Some(0) => {
            return Validity::Without(
                if grant.candidate.entry.is_none() {
                    "is replaced by the entry for it"
                } else {
                    "decides about no project: there is none, or entries for what lies within cover all"
                }
                .to_owned(),
            );
        }
        Effect::Decides(_) => &[][..],
        Effect::Depends(unknowns, _) => unknowns,
        Effect::Dropped(reason) => return Validity::Without(words::dropped_alike(reason)),
    };
    let clauses = [words::conditions_of_entries(unknowns), words::conditions(&grant.needs)];
    let clauses: Vec<&str> = clauses.iter().map(String::as_str).filter(|clause| !clause.is_empty()).collect();
    if clauses.is_empty() { Validity::Counts } else { Validity::CountsIf(clauses.join(" and ")) }
}

/// Takes what is the same in several cases out of them, so that it is told once and they show what they differ in.
fn common_first(mut cases: Vec<CaseView>) -> Vec<CaseView> {
    let Some((first, others)) = cases.split_first().filter(|(_, others)| !others.is_empty()) else { return cases };
    let rows = first.rows.iter().filter(|row| others.iter().all(|other| other.rows.contains(row)));
    let reasons = first.without_effect.iter();
    let reasons = reasons.filter(|reason| others.iter().all(|other| other.without_effect.contains(reason)));
    let managed = first.managed_resources.iter();
    let managed = managed.filter(|resources| others.iter().all(|other| other.managed_resources.contains(resources)));
    let common = CaseView {
        heading: "In any case:".to_owned(),
        rows: rows.cloned().collect(),
        managed_resources: managed.cloned().collect(),
        without_effect: reasons.cloned().collect(),
    };
    for case in &mut cases {
        case.rows.retain(|row| !common.rows.contains(row));
        case.managed_resources.retain(|resources| !common.managed_resources.contains(resources));
        case.without_effect.retain(|reason| !common.without_effect.contains(reason));
    }
    if !common.rows.is_empty() || !common.managed_resources.is_empty() || !common.without_effect.is_empty() {
        cases.insert(0, common);
    }
    cases
}

fn case_view(case: &Case<'_>, agent: &Agent<'_>, settings: Settings) -> CaseView {
    let mut rows: Vec<(Terms<'_>, Validity, RowView)> = Vec::new();
    let mut known: std::collections::HashMap<(Terms<'_>, Validity), usize> = std::collections::HashMap::new();
    let mut without_effect = Vec::new();
    let mut managed_resources: Vec<Resources> = Vec::new();
    for grant in &case.grants {
        let validity = validity(grant);
        if let Validity::Without(clause) = validity {
            let line = grant.candidate.entry.and_then(|entry| agent.line(entry.head));
            add_reason(&mut without_effect, with_line(words::candidate_name(&grant.candidate, agent), line), clause);
            continue;
        }
        if let Some(needs) = managed(grant, settings, &case.conditions) {
            let condition = words::conditions_for_users(&needs);
            let line = grant.candidate.entry.and_then(|entry| agent.line(entry.head));
            let name = with_line(words::candidate_name(&grant.candidate, agent), line);
            match managed_resources.iter_mut().find(|resources| resources.condition == condition) {
                Some(resources) => resources.names.push(name),
                None => managed_resources.push(Resources { names: vec![name], condition }),
            }
        }
        let key = (grant.terms(), validity);
        let at = *known.entry(key.clone()).or_insert(rows.len());
        match rows.get_mut(at) {
            Some((_, _, row)) => row.add(grant, agent),
            None => {
                let row = row_view(grant, &key.0, &key.1, agent);
                rows.push((key.0, key.1, row));
            }
        }
    }
    CaseView {
        heading: match &*words::conditions(&case.conditions) {
            "" => String::new(),
            conditions => format!("If {conditions}:"),
        },
        rows: rows.into_iter().map(|(_, _, row)| row).collect(),
        managed_resources,
        without_effect,
    }
}

/// What must hold for a grant to have resources made; `None` where none are.
fn managed(grant: &Grant<'_>, settings: Settings, known: &[Condition]) -> Option<Vec<Condition>> {
    let mut needs = match &grant.effect {
        Effect::Depends(unknowns, _) => {
            unknowns.iter().map(|unknown| Condition { unknown: unknown.clone(), holds: true }).collect()
        }
        Effect::Decides(_) | Effect::Dropped(_) => Vec::new(),
    };
    needs.extend(grant.managed_resources(settings, known)?);
    Some(needs)
}

fn row_view(grant: &Grant<'_>, terms: &Terms<'_>, validity: &Validity, agent: &Agent<'_>) -> RowView {
    // The fixed user among them are texts to compare by.
    let Terms { kind: _, has_effect: _, mode: _, user: _, environments, protected_only, namespace } = terms;
    let access_as = grant.candidate.entry.and_then(|entry| entry.access_as.as_ref());
    let mut row = RowView {
        names: Vec::new(),
        lines: None,
        projects: Some(0),
        environments: environments.iter().map(|pattern| words::printable(pattern)).collect(),
        is_protected_only: *protected_only,
        identity: words::identity_parts(access_as),
        namespace: words::printable(namespace.unwrap_or_default()),
        condition: match validity {
            Validity::CountsIf(condition) => condition.clone(),
            _ => String::new(),
        },
    };
    row.add(grant, agent);
    row
}

impl RowView {
    fn add(&mut self, grant: &Grant<'_>, agent: &Agent<'_>) {
        self.names.push(words::candidate_name(&grant.candidate, agent));
        let line = grant.candidate.entry.and_then(|entry| agent.line(entry.head));
        self.lines = match (self.lines, line) {
            (Some((first, last)), Some(line)) => Some((first.min(line), last.max(line))),
            (lines, line) => lines.or(line.map(|line| (line, line))),
        };
        let more = match &grant.effect {
            Effect::Decides(reach) | Effect::Depends(_, reach) => reach.count(),
            Effect::Dropped(_) => Some(0),
        };
        self.projects = self.projects.zip(more).map(|(before, more)| before + more);
    }

    /// The lines as "3" or "3–502".
    pub fn lines_in_words(&self) -> String {
        match self.lines {
            Some((first, last)) if first == last => first.to_string(),
            Some((first, last)) => format!("{first}–{last}"),
            None => String::new(),
        }
    }
}

/// Who gets in as a user.
pub(super) fn users(granted: &UserGrants<'_>, agent: &Agent<'_>) -> Users {
    let is_nobody = matches!(granted.identity, UserIdentity::Nobody(_));
    let mut summary = words::user_identity(granted.identity);
    if !granted.conditions.is_empty() {
        summary.push_str(&format!(", if {}", words::conditions_for_users(&granted.conditions)));
    }
    let has_administrators = granted.lets_in_administrators;
    let mut users = Users { summary, is_nobody, has_administrators, names: Vec::new(), without_effect: Vec::new() };
    for grant in &granted.grants {
        let UserEntry { kind: _, index: _, span, id: _ } = grant.entry;
        let name = with_line(words::user_entry_name(grant), agent.line(*span));
        match &grant.authorization {
            Authorization::Kept => users.names.push(name),
            Authorization::Dropped(reason) => add_reason(&mut users.without_effect, name, words::dropped_alike(reason)),
            Authorization::Depends(needs) => {
                let unknowns: Vec<Condition> =
                    needs.iter().map(|(unknown, _)| Condition { unknown: unknown.clone(), holds: true }).collect();
                users.names.push(format!("{name} if {}", words::conditions_for_users(&unknowns)));
            }
        }
    }
    users
}

fn with_line(name: String, line: Option<usize>) -> String {
    line.map_or(name.clone(), |line| format!("{name} (line {line})"))
}

fn add_reason(reasons: &mut Vec<Reason>, name: String, clause: String) {
    match reasons.iter_mut().find(|reason| reason.clause == clause) {
        Some(reason) => reason.names.push(name),
        None => reasons.push(Reason { names: vec![name], clause }),
    }
}

impl Reason {
    /// "project a (line 3) lies in …", "project a, project b and 7 more: each lies in …".
    pub fn in_words(&self, most: usize) -> String {
        let each = if self.names.len() > 1 { ": each" } else { "" };
        format!("{}{each} {}", words::some_of(&self.names, most), self.clause)
    }
}
