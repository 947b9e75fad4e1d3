//! What environments get of the agents that jobs name for them, on worlds made at random and on some made by hand.

use std::fmt::Write as _;

use kaslint::access::{Certainly, Dashboard, DropReason, Query, Settings, Unmade};
use kaslint::gitlab::releases::{
    MANAGED_RESOURCES_WITHOUT_FLAG, USER_ACCESS_ACROSS_HIERARCHIES, USER_ACCESS_AS_OPTIONAL,
};
use kaslint::gitlab::{NEWEST, Tier, Version, ancestor_paths};
use proptest::prelude::*;

use crate::setting::{PREMIUM, Setting};

const PROJECTS: [&str; 6] =
    ["acme/agents", "acme/web/shop", "acme/web/eu/site", "acme/tool", "globex/agents", "globex/x/y"];
const GROUPS: [&str; 5] = ["acme", "acme/web", "acme/web/eu", "globex", "globex/x"];

/// An entry of `ci_access`.
#[derive(Clone, Debug)]
struct Entry {
    id: &'static str,
    is_restricted: bool,
    is_on: Option<bool>,
    is_paid: bool,
}

#[derive(Clone, Debug)]
struct File {
    home: &'static str,
    projects: Vec<Entry>,
    groups: Vec<Entry>,
    user_projects: Vec<&'static str>,
    user_groups: Vec<&'static str>,
}

impl File {
    fn text(&self) -> String {
        format!("{}{}", self.ci_access(), self.user_access())
    }

    fn ci_access(&self) -> String {
        let mut text = "ci_access:\n".to_owned();
        for (key, entries) in [("projects", &self.projects), ("groups", &self.groups)] {
            let _ = writeln!(text, "  {key}:");
            for Entry { id, is_restricted, is_on, is_paid } in entries {
                let restricted =
                    if *is_restricted { ", protected_branches_only: true, environments: [production]" } else { "" };
                let on = is_on.map(|is_on| format!(", resource_management: {{enabled: {is_on}}}")).unwrap_or_default();
                let paid = if *is_paid { ", access_as: {ci_job: {}}" } else { "" };
                let _ = writeln!(text, "    - {{id: {id}{restricted}{on}{paid}}}");
            }
        }
        text
    }

    fn user_access(&self) -> String {
        let list = |ids: &[&str]| ids.iter().map(|id| format!("{{id: {id}}}")).collect::<Vec<_>>().join(", ");
        format!(
            "user_access:\n  access_as: {{agent: {{}}}}\n  projects: [{}]\n  groups: [{}]\n",
            list(&self.user_projects),
            list(&self.user_groups)
        )
    }
}

fn entries(ids: &'static [&'static str]) -> impl Strategy<Value = Vec<Entry>> {
    let entry = (prop::sample::select(ids), any::<bool>(), any::<Option<bool>>(), any::<bool>());
    let entry = entry.prop_map(|(id, is_restricted, is_on, is_paid)| Entry { id, is_restricted, is_on, is_paid });
    prop::collection::vec(entry, 0..5)
}

fn file() -> impl Strategy<Value = File> {
    let home = prop::sample::select(vec!["acme/agents", "globex/agents"]);
    let users = |ids: &'static [&'static str]| prop::collection::vec(prop::sample::select(ids), 0..4);
    (home, entries(&PROJECTS), entries(&GROUPS), users(&PROJECTS), users(&GROUPS)).prop_map(
        |(home, projects, groups, user_projects, user_groups)| File {
            home,
            projects,
            groups,
            user_projects,
            user_groups,
        },
    )
}

fn settings() -> impl Strategy<Value = Settings> {
    let tier = prop::sample::select(vec![None, Some(Tier::Free), Some(Tier::Premium)]);
    let instance = prop::sample::select(vec![None, Some(false), Some(true)]);
    (tier, instance).prop_map(|(tier, instance_authorization)| Settings {
        version: NEWEST,
        is_release_assumed: false,
        tier,
        instance_authorization,
    })
}

/// What holds of managed resources and dashboards for each project, told in short.
fn told(setting: &Setting) -> Vec<(String, String)> {
    setting.with(|index| {
        let (agent, _) = index.agent_ids().next().expect("an agent");
        let of_project = |project: &&str| {
            let mut cases: Vec<String> = index
                .managed_resources(agent, project)
                .cases
                .iter()
                .map(|case| {
                    format!(
                        "{:?} {:?} {:?}",
                        case.conditions,
                        case.winner.and_then(|winner| winner.route()),
                        case.unmade
                    )
                })
                .collect();
            cases.sort();
            (cases.join("\n"), format!("{:?}", short(&index.dashboard(agent, project))))
        };
        PROJECTS.iter().map(of_project).collect()
    })
}

/// The entries that count, or may; why none does.
fn short(dashboard: &Dashboard<'_>) -> Result<Vec<String>, String> {
    match dashboard {
        Dashboard::Named { grants, .. } => {
            Ok(grants.iter().map(|grant| format!("{:?} {:?}", grant.entry.kind, grant.target)).collect())
        }
        Dashboard::NotNamed(dropped) => Err(format!("{:?}", dropped.iter().map(|(_, why)| why).collect::<Vec<_>>())),
        Dashboard::Nobody(denial) => Err(format!("{denial:?}")),
        Dashboard::Unknown(step) => Err(format!("{step:?}")),
    }
}

fn world(file: &File, settings: Settings, text: &str) -> Setting {
    Setting::new(settings).projects(&[], &PROJECTS).agent(file.home, "prod", text)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// What an entry asks of environments and refs changes nothing of managed resources, nor of dashboards.
    #[test]
    fn restrictions_do_not_bind(file in file(), settings in settings()) {
        let mut free = file.clone();
        free.projects.iter_mut().chain(&mut free.groups).for_each(|entry| entry.is_restricted = false);
        prop_assert_eq!(told(&world(&file, settings, &file.text())), told(&world(&file, settings, &free.text())));
    }

    /// Resources are made by the entry that decides about the project's jobs, where it turns them on and the licence has them.
    #[test]
    fn the_entry_that_decides_has_them_made(file in file(), is_paid in any::<bool>(), instance in any::<bool>()) {
        let tier = Some(if is_paid { Tier::Premium } else { Tier::Free });
        let settings = Settings { version: NEWEST, is_release_assumed: false, tier, instance_authorization: Some(instance) };
        world(&file, settings, &file.text()).with(|index| {
            let (agent, _) = index.agent_ids().next().expect("an agent");
            for project in PROJECTS {
                let rows = index.query_agent(agent, &Query::new(project, Some("production"), Some(true)));
                let entry = rows[0].winner.and_then(|winner| winner.entry);
                let is_on = is_paid && entry.is_some_and(|entry| entry.manages_resources());
                let expected = if is_on { Certainly::Yes } else { Certainly::No };
                prop_assert_eq!(index.managed_resources(agent, project).are_made(), Some(expected), "{}", project);
            }
            Ok(())
        })?;
    }

    /// `ci_access` has no part in dashboards.
    #[test]
    fn dashboards_rest_on_user_access(file in file(), settings in settings()) {
        let dashboards = |text: &str| -> Vec<String> {
            told(&world(&file, settings, text)).into_iter().map(|(_, dashboard)| dashboard).collect()
        };
        prop_assert_eq!(dashboards(&file.text()), dashboards(&file.user_access()));
    }

    /// An environment gets a dashboard, or may, exactly where an entry counts, or may, that names the project or a group above it.
    #[test]
    fn dashboards_are_those_of_the_project_and_of_groups_above(file in file(), settings in settings()) {
        world(&file, settings, &file.text()).with(|index| {
            let (agent, _) = index.agent_ids().next().expect("an agent");
            let granted = index.user_grants(agent);
            for project in PROJECTS {
                let is_named = granted.grants.iter().filter(|grant| grant.dropped().is_none()).any(|grant| {
                    let id = grant.target.unwrap_or_default();
                    id == project || ancestor_paths(project).any(|group| group == id)
                });
                let is_shown = matches!(index.dashboard(agent, project), Dashboard::Named { .. });
                prop_assert_eq!(is_shown, is_named, "{}", project);
            }
            Ok(())
        })?;
    }
}

#[test]
fn the_reasons_for_no_resources_are_told_apart() {
    let file = "ci_access:\n  projects: [{id: acme/tool, resource_management: {enabled: false}}]\n  groups: [{id: acme/web, resource_management: {enabled: true}}]\n";
    let unmade = |settings: Settings, project: &str| -> Vec<Option<Unmade>> {
        let setting = Setting::new(settings).projects(&[], &PROJECTS).agent("acme/agents", "prod", file);
        setting.with(|index| {
            let (agent, _) = index.agent_ids().next().expect("an agent");
            let mut unmade: Vec<_> =
                index.managed_resources(agent, project).cases.iter().map(|case| case.unmade).collect();
            unmade.sort_by_key(|unmade| format!("{unmade:?}"));
            unmade
        })
    };
    let at = |minor: u16, tier: Option<Tier>| {
        let version = Version::new(MANAGED_RESOURCES_WITHOUT_FLAG.major, minor);
        Settings { version, tier, ..PREMIUM }
    };
    let without_flag = MANAGED_RESOURCES_WITHOUT_FLAG.minor;
    assert_eq!(unmade(PREMIUM, "acme/web/shop"), [None]);
    assert_eq!(unmade(PREMIUM, "acme/tool"), [Some(Unmade::Off)]);
    assert_eq!(unmade(PREMIUM, "acme/agents"), [Some(Unmade::Implicit)], "its own access goes before a group's entry");
    assert_eq!(unmade(PREMIUM, "globex/x/y"), [Some(Unmade::NoEntry)]);
    assert_eq!(unmade(at(without_flag, Some(Tier::Free)), "acme/web/shop"), [Some(Unmade::Tier)]);
    assert_eq!(unmade(at(without_flag, None), "acme/web/shop"), [None, Some(Unmade::Tier)]);
    assert_eq!(unmade(at(without_flag - 1, Some(Tier::Premium)), "acme/web/shop"), [None, Some(Unmade::Flag)]);
    assert_eq!(
        unmade(at(without_flag - 1, None), "acme/web/shop"),
        [None, Some(Unmade::Flag), Some(Unmade::Tier)],
        "what the flag keeps back hangs on no licence"
    );
}

#[test]
fn a_dashboard_across_top_level_groups_hangs_on_the_setting() {
    let file = "user_access: {access_as: {agent: {}}, groups: [{id: globex}]}\n";
    let shown = |version: Version, instance_authorization: Option<bool>| {
        let settings = Settings { version, instance_authorization, ..PREMIUM };
        let setting = Setting::new(settings).projects(&[], &PROJECTS).agent("acme/agents", "prod", file);
        setting.with(|index| {
            let (agent, _) = index.agent_ids().next().expect("an agent");
            match index.dashboard(agent, "globex/x/y") {
                Dashboard::Named { grants, .. } => format!("{:?}", grants[0].authorization),
                Dashboard::NotNamed(dropped) => {
                    assert!(matches!(dropped[..], [(_, DropReason::Outside(_))]), "{dropped:?}");
                    "dropped".to_owned()
                }
                other => format!("{other:?}"),
            }
        })
    };
    assert_eq!(shown(USER_ACCESS_ACROSS_HIERARCHIES, Some(true)), "Kept");
    assert_eq!(shown(USER_ACCESS_ACROSS_HIERARCHIES, Some(false)), "dropped");
    assert!(shown(USER_ACCESS_ACROSS_HIERARCHIES, None).starts_with("Depends"));
    assert_eq!(shown(USER_ACCESS_AS_OPTIONAL, Some(true)), "dropped", "the release before");
}
