//! Policies, held against answers about single jobs.

use std::sync::Arc;

use kaslint::access::{AgentId, Certainly, Identity, Index, Query, Settings};
use kaslint::diff::State;
use kaslint::gitlab::{EnvironmentTier, Tier};
use kaslint::policy::{Holding, Outcome, Policy, Shown, Violation};
use kaslint::project;
use kaslint::rules;
use kaslint::source::Source;
use proptest::prelude::*;

use crate::setting::{PREMIUM, Setting};

fn policies(text: &str) -> Arc<[Policy]> {
    let source = Arc::new(Source::new(".kaslint.yaml", text));
    project::settings::Settings::read(&source, rules::TABLE).expect("settings").policies
}

/// The messages of one agent's violations.
fn told(setting: &Setting, text: &str) -> Vec<String> {
    let policies = policies(&format!("policy:\n{text}"));
    setting.with(|index| {
        let state = State::of(index);
        let mut holding = Holding::of(&state, &policies);
        let mut told = Vec::new();
        for (id, agent) in index.agent_ids() {
            let violations = holding.agent(id);
            told.extend(violations.iter().map(|violation| violation.message(&policies[violation.policy], agent)));
        }
        told
    })
}

const INVENTORY: &str = "
groups: [{path: acme, id: 1}, {path: acme/web, id: 2}]
projects:
  - {path: acme/agents, id: 1}
  - path: acme/web/shop
    id: 2
    environments: [eu-live, {name: blue, tier: production}, {name: prod, tier: development}]
";

fn world(text: &str) -> Setting {
    Setting::new(PREMIUM).inventory(INVENTORY).agent("acme/agents", "prod", text)
}

#[test]
fn what_is_proved_to_hold_is_silent() {
    let own = "ci_access: {projects: [{id: acme/agents, environments: [none]}, ";
    let closed = "- {name: p, environments: [prod*], require: {protected_branches_only: true}}";
    for (entry, policy) in [
        ("{id: acme/web/shop, environments: [prod*], protected_branches_only: true}", closed),
        ("{id: acme/web/shop, environments: ['^review/*']}", closed),
        ("{id: acme/web/shop, environments: [staging, dev]}", closed),
        (
            "{id: acme/web/shop, environments: [production]}",
            "- {name: p, projects: [acme/agents], forbid: {environments: [p*]}}",
        ),
        (
            "{id: acme/web/shop, access_as: {ci_job: {}}}",
            "- {name: p, projects: ['acme/web/*'], require: {identity: [ci_job, impersonate]}}",
        ),
        (
            "{id: acme/web/shop, environments: ['^dev-*$']}",
            "- {name: p, projects: ['acme/web/**'], require: {tier: [development]}}",
        ),
        ("{id: acme/web/shop}", "- {name: p, agents: ['acme/agents:dev*', 'Acme/agents:prod', 'acme*'], forbid: {}}"),
        ("{id: acme/web/shop}", "- {name: p, people: ['**', administrators], forbid: {}}"),
    ] {
        let (entry, policy) = (format!("{own}{entry}]}}"), policy);
        let told = told(&world(&entry), policy);
        assert_eq!(told, [""; 0], "{entry} {policy}");
    }
}

#[test]
fn violations_show_who_gets_in() {
    let shop = |terms: &str| world(&format!("ci_access: {{projects: [{{id: acme/web/shop{terms}}}]}}"));
    let of_shop = "projects: [acme/web/shop]";
    let only = |setting: &Setting, policy: &str| -> String {
        let told = told(setting, &format!("- {{name: p, {policy}}}"));
        assert_eq!(told.len(), 1, "{policy}: {told:?}");
        let message = &told[0];
        message.split_once(" breaks the policy `p`: ").map_or(message.clone(), |(_, rest)| rest.to_owned())
    };
    assert_eq!(
        only(&shop(""), &format!("{of_shop}, require: {{protected_branches_only: true}}")),
        "a job of `acme/web/shop` without an environment, on a ref that is not protected, gets `acme/agents:prod` as the agent's service account"
    );
    assert_eq!(
        only(&shop(""), &format!("{of_shop}, environments: [eu-*], forbid: {{protected_branches_only: true}}")),
        "a job of `acme/web/shop` in the environment `eu-live`, on a protected ref, gets `acme/agents:prod` as the agent's service account",
        "an environment that the inventory has"
    );
    // `prod` is known to be of another tier, `blue` of this one.
    assert_eq!(
        only(&shop(", environments: [blue, prod]"), &format!("{of_shop}, forbid: {{tier: [production]}}")),
        "a job of `acme/web/shop` in the environment `blue` (tier production), on a ref that is not protected, gets `acme/agents:prod` as the agent's service account"
    );
    assert_eq!(
        told(&shop(", environments: [prod]"), &format!("- {{name: p, {of_shop}, forbid: {{tier: [production]}}}}")),
        [""; 0]
    );
    assert_eq!(
        only(
            &shop(", environments: [production], protected_branches_only: true, resource_management: {enabled: true}"),
            &format!("{of_shop}, require: {{environments: [production]}}")
        ),
        "`acme/agents:prod` has resources managed for a job of `acme/web/shop` in the environment `eu-live`, on a ref that is not protected"
    );
    assert_eq!(
        only(&world(""), "forbid: {}"),
        "a job of `acme/agents` without an environment, on a ref that is not protected, gets `acme/agents:prod` as the agent's service account",
        "the configuration project's own access"
    );
    let below = world("ci_access: {groups: [{id: acme/web}]}");
    assert_eq!(
        only(&below, "projects: ['acme/web/*/x'], forbid: {}"),
        "a job of a project such as `acme/web/a/x` without an environment, on a ref that is not protected, gets `acme/agents:prod` as the agent's service account",
        "one that may come"
    );
    assert_eq!(
        told(
            &below,
            "- {name: p, projects: ['acme/*', 'other/**'], agents: [acme/agents:p*], forbid: {projects: ['acme/web*/**', 'other/**']}}"
        ),
        [""; 0]
    );
}

#[test]
fn people_are_held_to_rules_about_people_alone() {
    let setting =
        world("user_access: {access_as: {user: {}}, groups: [{id: acme/web}], projects: [{id: acme/agents}]}");
    let people = |policy: &str| told(&setting, &format!("- {{name: p, {policy}}}"));
    assert_eq!(
        people("people: [acme/web], forbid: {}"),
        [
            "`acme/web` breaks the policy `p`: members of the group `acme/web` (Developer or more) use `acme/agents:prod` as the GitLab user"
        ]
    );
    assert_eq!(
        people("people: ['**'], require: {people: [acme, acme/web]}"),
        [
            "`acme/agents` breaks the policy `p`: members of the project `acme/agents` (Developer or more) use `acme/agents:prod` as the GitLab user"
        ]
    );
    assert_eq!(people("people: ['**', administrators], require: {identity: [user]}"), [""; 0]);
    assert_eq!(people("people: ['**'], require: {identity: [agent]}").len(), 2, "one for each entry");
    assert_eq!(people("people: [administrators], forbid: {}"), [""; 0], "not before 19.5");
    let newer = Settings { version: "19.5".parse().unwrap(), ..PREMIUM };
    let setting =
        Setting::new(newer).inventory(INVENTORY).agent("acme/agents", "prod", "user_access: {groups: [{id: acme}]}");
    let told = told(&setting, "- {name: p, people: [administrators], forbid: {}}");
    assert!(told[0].contains("administrators of the instance"), "{told:?}");
}

#[test]
fn what_is_not_proved_is_told() {
    let hard = world("ci_access: {projects: [{id: acme/web/shop, environments: ['(?<n>x*)\\k<n>']}]}");
    let told = told(&hard, "- {name: p, projects: [acme/web/shop], environments: [z], forbid: {}}");
    assert!(told.len() == 1 && told[0].contains("only Ruby can tell"), "{told:?}");
}

#[test]
fn conditions_are_told() {
    let settings = Settings { version: "19.0".parse().unwrap(), ..PREMIUM };
    let setting = Setting::new(settings).inventory(INVENTORY).agent(
        "acme/agents",
        "prod",
        "ci_access: {projects: [{id: acme/web/shop, environments: ['prod*']}]}",
    );
    let told = told(&setting, "- {name: p, projects: [acme/web/shop], forbid: {environments: [preprod]}}");
    assert!(told.len() == 1 && told[0].contains(", if "), "only the old matcher takes it: {told:?}");
}

// Everything that is let in at some points, asked one by one, against what is proved for all.

const PROJECTS: [&str; 6] = ["acme/agents", "acme/web/shop", "acme/web/new", "acme/web/a/b", "acme/x", "other/y"];
const NAMES: [&str; 9] = ["production", "preprod", "prod-eu", "prod/eu", "staging", "review/1", "dev", "x", "qa"];

/// Whether a pattern of a policy matches, worked out anew.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    match pattern {
        [] => text.is_empty(),
        // Any folders, or none.
        [b'/', b'*', b'*', b'/', rest @ ..] => {
            let mut ends = (0..text.len()).filter(|at| text[*at] == b'/');
            text.first() == Some(&b'/') && ends.any(|at| glob(rest, &text[at + 1..]))
        }
        [b'*', b'*', rest @ ..] => (0..=text.len()).any(|at| glob(rest, &text[at..])),
        [b'*', rest @ ..] => {
            let stop = text.iter().position(|byte| *byte == b'/').unwrap_or(text.len());
            (0..=stop).any(|at| glob(rest, &text[at..]))
        }
        [first, rest @ ..] => text.first() == Some(first) && glob(rest, &text[1..]),
    }
}

#[derive(Clone, Debug, Default)]
struct Asks {
    protected: Option<bool>,
    environments: Option<&'static str>,
    identity: Option<&'static str>,
    tier: Option<EnvironmentTier>,
    projects: Option<&'static str>,
}

#[derive(Clone, Debug)]
struct Written {
    projects: Option<&'static str>,
    environments: Option<&'static str>,
    is_forbid: bool,
    asks: Asks,
}

impl Written {
    fn text(&self) -> String {
        let mut parts = vec!["name: p".to_owned()];
        parts.extend(self.projects.map(|glob| format!("projects: ['{glob}']")));
        parts.extend(self.environments.map(|glob| format!("environments: ['{glob}']")));
        let Asks { protected, environments, identity, tier, projects } = &self.asks;
        let mut asked = Vec::new();
        asked.extend(protected.map(|wanted| format!("protected_branches_only: {wanted}")));
        asked.extend(environments.map(|glob| format!("environments: ['{glob}']")));
        asked.extend(identity.map(|mode| format!("identity: [{mode}]")));
        asked.extend(tier.map(|tier| format!("tier: [{tier}]")));
        asked.extend(projects.map(|glob| format!("projects: ['{glob}']")));
        let key = if self.is_forbid { "forbid" } else { "require" };
        parts.push(format!("{key}: {{{}}}", asked.join(", ")));
        format!("policy: [{{{}}}]", parts.join(", "))
    }

    /// Whether a job breaks it; `None` as whom for managed resources.
    fn is_broken_by(&self, project: &str, environment: Option<&str>, protected: bool, mode: Option<&str>) -> bool {
        let path = |pattern: &str| glob(pattern.as_bytes(), project.as_bytes());
        let name = |pattern: &str| environment.is_some_and(|name| glob(pattern.as_bytes(), name.as_bytes()));
        if !self.projects.is_none_or(path) || !self.environments.is_none_or(name) {
            return false;
        }
        let Asks { protected: wanted, environments, identity, tier, projects } = &self.asks;
        let answers = [
            wanted.map(|wanted| wanted == protected),
            environments.map(name),
            identity.and_then(|wanted| mode.map(|mode| mode == wanted)),
            tier.map(|tier| environment.is_some_and(|name| EnvironmentTier::guess(name) == tier)),
            projects.map(path),
        ];
        let mut answers = answers.into_iter().flatten();
        if self.is_forbid { answers.all(|holds| holds) } else { answers.any(|holds| !holds) }
    }
}

fn some<T: Clone + std::fmt::Debug + 'static>(all: Vec<T>) -> impl Strategy<Value = Option<T>> {
    proptest::option::of(proptest::sample::select(all))
}

fn written() -> impl Strategy<Value = Written> {
    let names = vec!["production", "prod*", "**", "*", "*/*", "x"];
    let paths = vec!["acme/web/*", "acme/**", "**", "acme/agents", "*/x", "acme/*/shop", "acme/web/**/b"];
    let asks = (
        some(vec![true, false]),
        some(names.clone()),
        some(vec!["agent", "ci_job", "impersonate"]),
        some(EnvironmentTier::ALL.to_vec()),
        some(paths.clone()),
    );
    let asks = asks.prop_map(|(protected, environments, identity, tier, projects)| Asks {
        protected,
        environments,
        identity,
        tier,
        projects,
    });
    (some(paths), some(names), any::<bool>(), asks)
        .prop_map(|(projects, environments, is_forbid, asks)| Written { projects, environments, is_forbid, asks })
        .prop_filter("a policy that asks for nothing is a mistake", |written| {
            let Asks { protected, environments, identity, tier, projects } = &written.asks;
            let asks = protected.is_some() || environments.is_some() || identity.is_some() || tier.is_some();
            written.is_forbid || asks || projects.is_some()
        })
}

fn entry() -> impl Strategy<Value = (bool, String)> {
    let lists = vec!["", "production", "prod*, staging", "'*'", "'^prod*'", "'*/*'", "qa, dev", "'[ab'"];
    let terms = (
        proptest::sample::select(lists),
        proptest::bool::weighted(0.3),
        proptest::sample::select(vec!["agent", "ci_job", "impersonate"]),
        proptest::bool::weighted(0.2),
    );
    let ids = vec![
        (true, "acme/agents"),
        (true, "acme/web/shop"),
        (true, "acme/x"),
        (false, "acme"),
        (false, "acme/web"),
        (false, "acme/web/a"),
    ];
    (proptest::sample::select(ids), terms).prop_map(|((is_project, id), (list, is_protected, mode, is_managed))| {
        let list = if list.is_empty() { String::new() } else { format!(", environments: [{list}]") };
        let protected = if is_protected { ", protected_branches_only: true" } else { "" };
        let managed = if is_managed { ", resource_management: {enabled: true}" } else { "" };
        let identity =
            if mode == "impersonate" { "impersonate: {username: u}".to_owned() } else { format!("{mode}: {{}}") };
        (is_project, format!("{{id: {id}{list}{protected}{managed}, access_as: {{{identity}}}}}"))
    })
}

fn configuration(entries: &[(bool, String)]) -> String {
    let of = |wanted: bool| {
        let entries = entries.iter().filter(|(is_project, _)| *is_project == wanted);
        entries.map(|(_, entry)| &**entry).collect::<Vec<_>>().join(", ")
    };
    format!("ci_access: {{projects: [{}], groups: [{}]}}", of(true), of(false))
}

/// Whether an agent lets in such a job, or may, so that it breaks the policy.
fn is_broken_at(
    index: &Index<'_>,
    agent: AgentId,
    written: &Written,
    (project, environment, protected): (&str, Option<&str>, bool),
) -> (bool, bool) {
    let answer = index.answer_of(agent, &Query::new(project, environment, Some(protected)));
    let rows = answer.allowed.iter().chain(&answer.unknown).filter(|row| row.is_allowed() && row.agent == agent);
    let mut modes = rows.map(|row| match answer.identity(row, index.agent(agent)) {
        Identity::Agent => "agent",
        Identity::CiJob(_) => "ci_job",
        Identity::Impersonate(_) => "impersonate",
    });
    let job = modes.any(|mode| written.is_broken_by(project, environment, protected, Some(mode)));
    let made = index.managed_resources(agent, project).are_made();
    let managed = environment.is_some()
        && matches!(made, Some(Certainly::Yes | Certainly::Depends))
        && written.is_broken_by(project, environment, protected, None);
    (job, managed)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn policies_hold_exactly_where_no_job_breaks_them(
        written in written(),
        entries in proptest::collection::vec(entry(), 0..4),
        version in proptest::sample::select(vec!["18.4", "19.0", "19.6"]),
        tier in some(vec![Tier::Free, Tier::Premium]),
    ) {
        let settings = Settings { version: version.parse().unwrap(), tier, ..PREMIUM };
        let setting = Setting::new(settings).agent("acme/agents", "prod", &configuration(&entries));
        let policies = policies(&written.text());
        setting.with(|index| {
            let state = State::of(index);
            let (agent, _) = index.agent_ids().next().unwrap();
            let violations = Holding::of(&state, &policies).agent(agent);
            let is_proved = violations.iter().all(|Violation { outcome, .. }| matches!(outcome, Outcome::Broken { .. }));
            prop_assert!(is_proved, "{violations:?}");
            for Violation { outcome, .. } in &violations {
                let Outcome::Broken { shown: Shown::Job { project, environment, protected, managed, .. }, .. } = outcome else {
                    continue;
                };
                let (by_job, by_managed) = is_broken_at(index, agent, &written, (project, environment.as_deref(), *protected));
                prop_assert!(if *managed { by_managed } else { by_job }, "{} {outcome:?}", written.text());
            }
            for project in PROJECTS {
                for environment in NAMES.into_iter().map(Some).chain([None]) {
                    for protected in [true, false] {
                        let (by_job, by_managed) = is_broken_at(index, agent, &written, (project, environment, protected));
                        let is_told = !violations.is_empty();
                        prop_assert!(
                            is_told || !(by_job || by_managed),
                            "{}: {} at {project} {environment:?} {protected}",
                            written.text(),
                            configuration(&entries)
                        );
                    }
                }
            }
            Ok(())
        })?;
    }
}
