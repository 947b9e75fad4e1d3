//! Rules that changed between releases, and with the licence or the instance setting.

use kaslint::access::Settings;
use kaslint::gitlab::{Tier, Version};

use crate::setting::{PREMIUM, Setting};

const PROJECTS: [&str; 8] = [
    "acme/platform/agents",
    "acme/platform/tools",
    "acme/web/shop",
    "acme/site",
    "globex/shop",
    "jdoe/agents",
    "jdoe/toy",
    "mroe/toy",
];

/// What an agent with an entry for everything lets in: projects first, then groups by a project below them.
fn lets_in(home: &str, settings: Settings) -> Vec<&'static str> {
    let groups = ["acme", "acme/platform", "acme/web", "globex"];
    let projects: Vec<String> = PROJECTS.iter().map(|path| format!("  - id: {path}\n")).collect();
    let groups: Vec<String> = groups.iter().map(|path| format!("  - id: {path}\n")).collect();
    let world = || Setting::new(settings).projects(&["jdoe", "mroe"], &PROJECTS);
    let by_project = world().agent(home, "a", &format!("ci_access:\n  projects:\n{}", projects.concat()));
    let by_group = world().agent(home, "a", &format!("ci_access:\n  groups:\n{}", groups.concat()));
    let allowed = |setting: &Setting, project: &str, list: &str| {
        let rows = setting.ask(project, None, Some(true));
        rows.iter().any(|row| row.starts_with(&format!("+ a by {list}")))
    };
    let through_projects = PROJECTS.into_iter().filter(|project| allowed(&by_project, project, "projects"));
    let through_groups = PROJECTS.into_iter().filter(|project| allowed(&by_group, project, "groups"));
    through_projects.chain(["|"]).chain(through_groups).collect()
}

fn at(major: u16, minor: u16, instance_authorization: bool) -> Settings {
    Settings { version: Version::new(major, minor), instance_authorization: Some(instance_authorization), ..PREMIUM }
}

#[test]
fn the_hierarchy_grew() {
    let home = "acme/platform/agents";
    let platform = ["acme/platform/agents", "acme/platform/tools"];
    // The configuration project itself is let in implicitly, which goes before groups.
    assert_eq!(lets_in(home, at(15, 5, false)), [&platform[..], &["|", "acme/platform/tools"]].concat());
    let acme = ["acme/platform/agents", "acme/platform/tools", "acme/web/shop", "acme/site"];
    let from_15_6 = [&acme[..], &["|"], &acme[1..]].concat();
    assert_eq!(lets_in(home, at(15, 6, false)), from_15_6);
    assert_eq!(lets_in(home, at(18, 4, false)), from_15_6);
    assert_eq!(lets_in(home, at(18, 0, true)), from_15_6, "the setting does not reach across groups yet");
    let everywhere = [&PROJECTS[..], &["|"], &acme[1..], &["globex/shop"]].concat();
    assert_eq!(lets_in(home, at(18, 1, true)), everywhere);
}

#[test]
fn personal_namespaces_name_no_groups() {
    assert_eq!(lets_in("jdoe/agents", at(15, 6, false)), ["|"]);
    assert_eq!(lets_in("jdoe/agents", at(15, 7, false)), ["jdoe/agents", "jdoe/toy", "|"]);
    assert_eq!(lets_in("jdoe/agents", at(18, 0, true)), ["jdoe/agents", "jdoe/toy", "|"]);
    // With the instance setting groups match like those of any other configuration project, and projects of all groups.
    let groups: Vec<&str> =
        PROJECTS.into_iter().filter(|path| path.starts_with("acme/") || path.starts_with("globex/")).collect();
    assert_eq!(lets_in("jdoe/agents", at(18, 1, true)), [&PROJECTS[..], &["|"], &groups].concat());
    assert_eq!(lets_in("jdoe/agents", at(18, 1, false)), ["jdoe/agents", "jdoe/toy", "|"]);
}

#[test]
fn groups_of_a_personal_namespaces_project_hang_on_a_setting_that_is_not_known() {
    let settings = Settings { instance_authorization: None, ..PREMIUM };
    let setting = Setting::new(settings).projects(&["jdoe"], &["jdoe/agents", "acme/shop"]).agent(
        "jdoe/agents",
        "a",
        "ci_access: {groups: [{id: acme}]}",
    );
    let setting_is = "the instance setting \"Enable instance level authorization\" is";
    assert_eq!(
        setting.ask("acme/shop", None, Some(false)),
        [format!("+ a by groups[0] as agent if {setting_is} on"), format!("- a by nothing if {setting_is} off")]
    );
}

#[test]
fn the_instance_needs_its_setting() {
    let ask = |setting: bool| {
        Setting::new(at(18, 4, setting))
            .projects(&["jdoe"], &["acme/agents", "jdoe/toy"])
            .agent("acme/agents", "a", "ci_access: {instance: {default_namespace: x}}")
            .ask("jdoe/toy", None, Some(false))
    };
    assert_eq!(ask(true), ["+ a by instance as agent"]);
    assert_eq!(ask(false), ["- a by nothing"]);
}

const IDENTITIES: &str = "ci_access:
  projects: [{id: acme/shop, access_as: {ci_job: {}}}]
  groups: [{id: acme, access_as: {agent: {}}}]
";

#[test]
fn unusable_entries_fall_out_before_the_choice() {
    let ask = |tier: Option<Tier>| {
        Setting::new(Settings { tier, ..PREMIUM })
            .projects(&[], &["acme/agents", "acme/shop"])
            .agent("acme/agents", "a", IDENTITIES)
            .ask("acme/shop", None, Some(false))
    };
    assert_eq!(ask(Some(Tier::Free)), ["+ a by groups[0] as agent"]);
    assert_eq!(ask(Some(Tier::Premium)), ["+ a by projects[0] as ci_job"]);
    assert_eq!(ask(Some(Tier::Ultimate)), ["+ a by projects[0] as ci_job"]);
}

#[test]
fn protected_refs_are_behind_a_flag_at_first() {
    let ask = |version: Version, protected: Option<bool>| {
        Setting::new(Settings { version, ..PREMIUM })
            .projects(&[], &["acme/agents", "acme/shop"])
            .agent("acme/agents", "a", "ci_access: {groups: [{id: acme, protected_branches_only: true}]}")
            .ask("acme/shop", None, protected)
    };
    let flag = "the feature flag `kubernetes_agent_protected_branches` is";
    let released = Version::new(17, 10);
    assert_eq!(ask(released, Some(true)), ["+ a by groups[0] as agent"]);
    assert_eq!(ask(released, Some(false)), ["- a by groups[0]"]);
    let flagged = Version::new(17, 9);
    assert_eq!(ask(flagged, Some(true)), ["+ a by groups[0] as agent"]);
    assert_eq!(
        ask(flagged, Some(false)),
        [format!("+ a by groups[0] as agent if {flag} off"), format!("- a by groups[0] if {flag} on")]
    );
}

#[test]
fn lists_grew_with_17() {
    let ask = |version: Version, position: usize| {
        let mut text = "ci_access:\n  projects:\n".to_owned();
        for index in 0..=position {
            let id = if index == position { "acme/shop".to_owned() } else { format!("acme/none-{index}") };
            text.push_str(&format!("  - id: {id}\n"));
        }
        let setting = Setting::new(Settings { version, ..PREMIUM }).projects(&[], &["acme/agents", "acme/shop"]);
        setting.agent("acme/agents", "a", &text).ask("acme/shop", None, None)
    };
    for (version, limit) in [(Version::new(16, 11), 100), (Version::new(17, 0), 500)] {
        assert_eq!(ask(version, limit - 1), [format!("+ a by projects[{}] as agent", limit - 1)]);
        assert_eq!(ask(version, limit), ["- a by nothing"]);
    }
}
