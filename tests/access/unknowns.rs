//! What is not known is not guessed: both outcomes are told, or none.

use kaslint::access::{Identity, JobEnvironment, Query, Row, Settings};
use kaslint::gitlab::{NEWEST, PartialText, Shape};
use kaslint::words;

use crate::setting::{PREMIUM, Setting};

const UNKNOWN: Settings =
    Settings { version: NEWEST, is_release_assumed: false, tier: None, instance_authorization: None };

#[test]
fn an_unknown_licence_gives_both_outcomes() {
    let setting = Setting::new(Settings { tier: None, ..PREMIUM }).projects(&[], &["acme/agents", "acme/shop"]).agent(
        "acme/agents",
        "a",
        "ci_access:\n  projects: [{id: acme/shop, access_as: {ci_job: {}}, environments: [prod]}]\n  groups: [{id: acme}]\n",
    );
    assert_eq!(
        setting.ask("acme/shop", Some("prod"), None),
        [
            "+ a by projects[0] as ci_job if the job's project has Premium or Ultimate",
            "+ a by groups[0] as agent if the job's project is on Free",
        ]
    );
    assert_eq!(
        setting.ask("acme/shop", Some("dev"), None),
        [
            "+ a by groups[0] as agent if the job's project is on Free",
            "- a by projects[0] if the job's project has Premium or Ultimate",
        ]
    );
}

#[test]
fn an_unknown_ref_matters_only_where_it_decides() {
    let setting = Setting::new(PREMIUM).projects(&[], &["acme/agents", "acme/shop"]).agent(
        "acme/agents",
        "a",
        "ci_access: {groups: [{id: acme, protected_branches_only: true}]}",
    );
    assert_eq!(
        setting.ask("acme/shop", None, None),
        ["+ a by groups[0] as agent if the ref is protected", "- a by groups[0] if the ref is not protected"]
    );
    assert_eq!(setting.ask("acme/agents", None, None), ["+ a by implicit as agent"]);
}

#[test]
fn facts_are_asked_once() {
    let setting = Setting::new(Settings { tier: None, instance_authorization: None, ..PREMIUM })
        .projects(&[], &["acme/agents", "globex/x/shop"])
        .agent(
            "acme/agents",
            "a",
            "ci_access:\n  projects: [{id: globex/x/shop, access_as: {ci_job: {}}}]\n  groups: [{id: globex/x, access_as: \
             {ci_job: {}}}, {id: globex}]\n  instance: {protected_branches_only: true}\n",
        );
    let setting_is = "the instance setting \"Enable instance level authorization\" is";
    assert_eq!(
        setting.ask("globex/x/shop", None, Some(true)),
        [
            format!("+ a by projects[0] as ci_job if {setting_is} on and the job's project has Premium or Ultimate"),
            format!("+ a by groups[1] as agent if {setting_is} on and the job's project is on Free"),
            format!("- a by nothing if {setting_is} off"),
        ]
    );
}

#[test]
fn a_pattern_that_only_ruby_can_judge_gives_both_outcomes() {
    let setting = Setting::new(PREMIUM).projects(&[], &["acme/agents", "acme/shop"]).agent(
        "acme/agents",
        "a",
        "ci_access: {groups: [{id: acme, environments: ['(?i)prod*', 'live*']}]}",
    );
    assert_eq!(
        setting.ask("acme/shop", Some("live-1"), None),
        ["+ a by groups[0] as agent"],
        "the second matches anyway"
    );
    assert_eq!(
        setting.ask("acme/shop", Some("Prod"), None),
        [
            "+ a by groups[0] as agent if `(?i)prod*`, which only Ruby can judge, matches the environment",
            "- a by groups[0] if `(?i)prod*`, which only Ruby can judge, does not match the environment",
        ]
    );
    assert_eq!(setting.ask("acme/shop", None, None), ["- a by groups[0]"], "no environment, no pattern");
}

#[test]
fn a_pattern_that_raises_takes_all_agents_away() {
    let setting = Setting::new(PREMIUM)
        .projects(&[], &["acme/agents", "acme/shop"])
        .agent("acme/agents", "bad", "ci_access: {groups: [{id: acme, environments: [prod, '(*']}]}")
        .agent("acme/agents", "good", "ci_access: {groups: [{id: acme}]}");
    assert_eq!(setting.ask("acme/shop", Some("dev"), None), ["- bad by groups[0]", "- good by groups[0]"]);
    // The first pattern that matches is the last that is looked at.
    assert_eq!(
        setting.ask("acme/shop", Some("prod"), None),
        ["+ bad by groups[0] as agent", "+ good by groups[0] as agent"]
    );
    assert_eq!(setting.ask("acme/shop", None, None), ["+ good by groups[0] as agent", "- bad by groups[0]"]);
    // The configuration project needs no entry, so no pattern is looked at.
    assert_eq!(
        setting.ask("acme/agents", Some("dev"), None),
        ["+ bad by implicit as agent", "+ good by implicit as agent"]
    );
}

#[test]
fn a_pattern_that_may_raise_makes_the_others_hang_on_it() {
    let setting = Setting::new(Settings { tier: None, ..PREMIUM })
        .projects(&[], &["acme/agents", "acme/shop"])
        .agent("acme/agents", "bad", "ci_access: {groups: [{id: acme, access_as: {ci_job: {}}, environments: ['(*']}]}")
        .agent("acme/agents", "good", "ci_access: {groups: [{id: acme}]}");
    let fails = |holds: &str| format!("the request for the job's agents {holds} at another agent's pattern");
    assert_eq!(
        setting.ask("acme/shop", Some("dev"), None),
        [
            format!("+ good by groups[0] as agent if {}", fails("does not fail")),
            "- bad by groups[0] if the job's project has Premium or Ultimate".to_owned(),
            "- bad by nothing if the job's project is on Free".to_owned(),
            format!("- good by groups[0] if {}", fails("fails")),
        ]
    );
}

#[test]
fn a_refused_file_leaves_the_unknown_one_before_it_in_force() {
    let setting = Setting::new(PREMIUM).projects(&[], &["acme/agents", "acme/shop"]).agent(
        "acme/agents",
        "a",
        "ci_access: {project: [{id: acme/shop}]}",
    );
    assert_eq!(setting.ask("acme/shop", None, None), ["? a by nothing"]);
    assert_eq!(setting.ask("acme/agents", None, None), ["? a by nothing"]);
}

#[test]
fn without_an_inventory_paths_say_what_they_can() {
    let file = "ci_access:\n  projects: [{id: acme/web/shop, environments: [prod]}, {id: globex/x}]\n  groups: [{id: acme}, {id: globex}]\n";
    let setting = Setting::new(UNKNOWN).agent("acme/platform/agents", "a", file);
    assert_eq!(setting.ask("acme/web/shop", Some("prod"), None), ["+ a by projects[0] as agent"]);
    assert_eq!(setting.ask("acme/web/shop", Some("dev"), None), ["- a by projects[0]"]);
    assert_eq!(setting.ask("acme/web/site", Some("dev"), None), ["+ a by groups[0] as agent"]);
    assert_eq!(setting.ask("acme/platform/agents", None, None), ["+ a by implicit as agent"]);
    assert_eq!(setting.ask("initech/x", None, None), [""; 0], "nothing names it");
    let is_on = |state: &str| format!("the instance setting \"Enable instance level authorization\" is {state}");
    assert_eq!(
        setting.ask("globex/y", None, None),
        [
            format!("+ a by groups[1] as agent if `globex` is a group and {}", is_on("on")),
            format!("- a by nothing if `globex` is a group and {}", is_on("off")),
            "- a by nothing if `globex` is a user".to_owned(),
        ]
    );
}

#[test]
fn without_an_inventory_a_short_path_may_be_a_users() {
    let setting = Setting::new(Settings { tier: None, ..PREMIUM }).agent(
        "acme/agents",
        "a",
        "ci_access: {projects: [{id: acme/shop}], groups: [{id: acme}]}",
    );
    assert_eq!(setting.ask("acme/shop", None, None), ["+ a by projects[0] as agent"]);
    assert_eq!(
        setting.ask("acme/site", None, None),
        ["+ a by groups[0] as agent if `acme` is a group", "- a by nothing if `acme` is a user"]
    );
}

#[test]
fn without_the_projects_path_the_hierarchy_is_open() {
    let setting = Setting::new(UNKNOWN).agent_of(None, "a", "ci_access: {projects: [{id: acme/shop}]}");
    let lies = |word: &str| format!("`acme/shop` {word} in the hierarchy of the configuration project");
    assert_eq!(
        setting.ask("acme/shop", None, None),
        [
            format!("+ a by projects[0] as agent if {}", lies("lies")),
            format!(
                "+ a by implicit as agent if {} and the job's project is the configuration project",
                lies("does not lie")
            ),
            format!(
                "- a by nothing if {} and the job's project is not the configuration project",
                lies("does not lie")
            ),
        ]
    );
}

#[test]
fn a_project_outside_the_inventory_gets_no_answer() {
    let setting = Setting::new(PREMIUM).projects(&[], &["acme/agents"]).agent(
        "acme/agents",
        "a",
        "ci_access: {groups: [{id: acme}]}",
    );
    assert_eq!(setting.ask("acme/shop", None, None), [""; 0]);
    setting.with(|index| {
        let query = Query::new("acme/shop", None, None);
        assert!(index.query(&query).is_unknown_project());
    });
}

#[test]
fn folders_and_registrations_need_each_other() {
    let setting = Setting::new(PREMIUM)
        .inventory("projects: [{path: acme/agents, agents: [{name: real}, {name: idle, id: 7}]}, {path: acme/shop}]")
        .agent("acme/agents", "real", "ci_access: {groups: [{id: acme}]}")
        .agent("acme/agents", "ghost", "ci_access: {groups: [{id: acme}]}");
    assert_eq!(setting.ask("acme/shop", None, None), ["+ real by groups[0] as agent"]);
    assert_eq!(setting.ask("acme/agents", None, None), ["+ idle by implicit as agent", "+ real by implicit as agent"]);
    let registered: Vec<(String, bool)> =
        setting.with(|index| index.agents().iter().map(|agent| (agent.name.to_owned(), agent.is_registered)).collect());
    let expected = [("ghost", false), ("idle", true), ("real", true)];
    assert_eq!(registered, expected.map(|(name, is_registered)| (name.to_owned(), is_registered)));
}

#[test]
fn an_environment_that_is_known_in_part_forks_only_where_the_rest_decides() {
    let config = "ci_access:\n  projects:\n    - {id: acme/shop, environments: [review/*, review/main]}\n";
    let other =
        "ci_access:\n  projects:\n    - {id: acme/shop, environments: [review/main, eu], access_as: {ci_job: {}}}\n";
    let none = "ci_access:\n  projects:\n    - {id: acme/shop, environments: [production]}\n";
    let setting = Setting::new(PREMIUM)
        .projects(&[], &["acme/agents", "acme/shop"])
        .agent("acme/agents", "always", config)
        .agent("acme/agents", "maybe", other)
        .agent("acme/agents", "never", none);
    let mut name = PartialText::known("review/");
    name.push(&PartialText::unknown("CI_COMMIT_REF_SLUG", Shape::Slug));
    setting.with(|index| {
        let environment = Some(JobEnvironment::Partly(&name));
        let answer = index.query(&Query {
            project: "acme/shop",
            environment,
            tier: None,
            protected: Some(true),
            is_merge_request: false,
        });
        let told = |rows: &[Row<'_>]| -> Vec<String> {
            let name = |row: &Row<'_>| index.agent(row.agent).name.to_owned();
            rows.iter()
                .map(|row| format!("{}: {}", name(row), words::reason(&answer, row, index.agent(row.agent))))
                .collect()
        };
        assert_eq!(
            told(&answer.allowed),
            [
                "always: the entry for the project itself, ci_access.projects[0], lets the job in",
                "maybe: the entry for the project itself, ci_access.projects[0], lets the job in; this is so if the \
                 environment `review/$CI_COMMIT_REF_SLUG` is one that the entry lists",
            ]
        );
        assert_eq!(
            told(&answer.denied),
            [
                "maybe: the entry for the project itself, ci_access.projects[0], decides, and none of its environments \
                 matches `review/$CI_COMMIT_REF_SLUG`; this is so if the environment `review/$CI_COMMIT_REF_SLUG` is \
                 none that the entry lists",
                "never: the entry for the project itself, ci_access.projects[0], decides, and none of its environments \
                 matches `review/$CI_COMMIT_REF_SLUG`",
            ]
        );
        let row = &answer.allowed[1];
        let Identity::CiJob(job) = answer.identity(row, index.agent(row.agent)) else { panic!("a CI job") };
        assert!(
            job.groups.contains(&"gitlab:project_env:2:<slug of review/$CI_COMMIT_REF_SLUG>".to_owned()),
            "{job:?}"
        );
    });
}
