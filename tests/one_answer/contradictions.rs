//! Repositories about which the sources of answers once contradicted each other, each as small as it can be.

use crate::property::agree;
use crate::repository::{
    Agent, Below, Entry, FOLDERS_BELOW, Form, Git, Id, Inventory, Job, Listed, Padding, Project, Repository, Runs,
    Selects, Settings, Spelling, Start,
};

const SHOP: &str = "acme/web/shop";
const AGENTS: &str = "acme/agents";

fn entry(id: &'static str, environments: Option<Vec<&'static str>>) -> Entry {
    Entry { is_group: false, id: Id::Path(id), environments, is_protected_only: false, access_as: "" }
}

/// An agent that lets a project in.
fn agent_for(id: &'static str) -> Agent {
    Agent { entries: vec![entry(id, None)], ..Agent::default() }
}

fn agents(agents: Vec<Agent>) -> Project {
    Project { agents, jobs: None }
}

/// A job that selects the context of the first agent.
fn job(environment: Option<&'static str>) -> Job {
    Job { environment, runs: Runs::Anywhere, selects: Selects::Agent(0) }
}

fn git() -> Git {
    Git { remote: None }
}

fn example() -> Below {
    Below { folder: FOLDERS_BELOW[0], git: None, project: agents(vec![Agent::default()]) }
}

fn listed(path: &'static str, project: Project) -> Listed {
    Listed { path, project, ..Listed::default() }
}

/// The place of the question whether jobs of `SHOP` without environment get in on protected refs.
const ABOUT_SHOP: usize = 10;

#[test]
fn a_file_over_the_limit_is_refused_for_all() {
    agree(&Repository {
        top: Some(agents(vec![Agent { padding: Padding::Much, ..agent_for(SHOP) }])),
        project: Some(AGENTS),
        question: ABOUT_SHOP,
        ..Repository::default()
    });
}

#[test]
fn the_limit_of_the_settings_holds_for_all() {
    for (limit, padding) in [(262_144, Padding::Much), (400, Padding::Little)] {
        let agent = Agent { padding, ..agent_for(SHOP) };
        agree(&Repository {
            top: Some(Project { agents: vec![agent], jobs: Some(vec![job(None)]) }),
            settings: Some(Settings { project: Some(AGENTS), limit: Some(limit), ..Settings::default() }),
            ..Repository::default()
        });
    }
}

#[test]
fn a_link_is_read_by_nobody() {
    agree(&Repository {
        top: Some(agents(vec![Agent { form: Form::Link, ..agent_for(SHOP) }])),
        settings: Some(Settings { project: Some(AGENTS), ..Settings::default() }),
        question: ABOUT_SHOP,
        ..Repository::default()
    });
}

#[test]
fn a_folder_in_place_of_a_file_is_refused_for_all() {
    agree(&Repository {
        top: Some(agents(vec![Agent { form: Form::Directory, ..Agent::default() }])),
        project: Some(AGENTS),
        ..Repository::default()
    });
}

#[test]
fn the_path_of_the_top_is_the_same_everywhere() {
    agree(&Repository {
        top: Some(Project { agents: Vec::new(), jobs: Some(vec![job(None)]) }),
        inventory: Some(Inventory {
            listed: vec![listed(AGENTS, agents(vec![agent_for(SHOP)]))],
            others: vec![SHOP],
            ..Inventory::default()
        }),
        pipeline: Some(SHOP),
        ..Repository::default()
    });
}

#[test]
fn every_diagnostic_has_its_page() {
    let top = || Some(agents(vec![Agent::default()]));
    agree(&Repository {
        top: top(),
        settings: Some(Settings { is_flawed: true, ..Settings::default() }),
        ..Repository::default()
    });
    agree(&Repository {
        top: top(),
        inventory: Some(Inventory { is_flawed: true, ..Inventory::default() }),
        ..Repository::default()
    });
}

#[test]
fn settings_that_an_option_names_are_settings_in_the_editor() {
    agree(&Repository {
        top: Some(agents(vec![Agent::default()])),
        settings: Some(Settings { is_flawed: true, is_option: true, ..Settings::default() }),
        ..Repository::default()
    });
}

#[test]
fn a_pattern_of_another_agent_that_raises_fails_the_job() {
    let raises = Agent { entries: vec![entry(SHOP, Some(vec!["(*"]))], ..Agent::default() };
    let shop = Project { agents: Vec::new(), jobs: Some(vec![job(Some("production"))]) };
    agree(&Repository {
        inventory: Some(Inventory {
            listed: vec![listed(AGENTS, agents(vec![agent_for(SHOP), raises])), listed(SHOP, shop)],
            version: Some("18.4"),
            ..Inventory::default()
        }),
        ..Repository::default()
    });
}

#[test]
fn a_project_that_the_inventory_does_not_list_gets_no_answer_anywhere() {
    let shop = Project { agents: Vec::new(), jobs: Some(vec![job(None)]) };
    agree(&Repository {
        top: Some(shop),
        inventory: Some(Inventory {
            listed: vec![listed(AGENTS, agents(vec![Agent::default()]))],
            ..Inventory::default()
        }),
        project: Some(SHOP),
        ..Repository::default()
    });
}

#[test]
fn the_option_belongs_to_the_top_whatever_lies_below() {
    for git in [Some(git()), None] {
        agree(&Repository {
            git,
            top: Some(agents(vec![agent_for("other/tool")])),
            below: vec![example()],
            project: Some(SHOP),
            ..Repository::default()
        });
    }
}

#[test]
fn the_pipeline_belongs_to_the_top_without_git_as_well() {
    for git in [Some(git()), None] {
        agree(&Repository {
            git,
            top: Some(agents(vec![agent_for("other/tool")])),
            below: vec![example()],
            pipeline: Some(SHOP),
            ..Repository::default()
        });
    }
}

fn repository_below(top: Option<Project>, project: Option<&'static str>, pipeline: Option<&'static str>) {
    let below = Below { git: Some(Git { remote: Some("acme/cloned") }), ..example() };
    agree(&Repository { git: Some(git()), top, below: vec![below], project, pipeline, ..Repository::default() });
}

#[test]
fn a_git_repository_below_is_not_the_pipelines() {
    repository_below(Some(agents(vec![Agent::default()])), None, Some(AGENTS));
}

#[test]
fn a_git_repository_below_is_not_the_options() {
    repository_below(Some(agents(vec![Agent::default()])), Some(AGENTS), None);
}

#[test]
fn a_git_repository_below_is_not_the_pipelines_even_alone() {
    repository_below(None, None, Some(AGENTS));
}

#[test]
fn an_example_beside_a_ci_file_is_no_project() {
    agree(&Repository {
        top: Some(Project { agents: Vec::new(), jobs: Some(vec![job(None)]) }),
        below: vec![example()],
        ..Repository::default()
    });
}

#[test]
fn two_projects_below_one_folder() {
    let other = Below { folder: FOLDERS_BELOW[1], git: None, project: agents(vec![agent_for(SHOP)]) };
    for pipeline in [None, Some(AGENTS)] {
        agree(&Repository { below: vec![example(), other.clone()], pipeline, ..Repository::default() });
    }
}

#[test]
fn an_example_beside_an_inventory_is_no_project() {
    agree(&Repository {
        top: Some(agents(vec![Agent::default()])),
        below: vec![example()],
        inventory: Some(Inventory { others: vec![SHOP], ..Inventory::default() }),
        ..Repository::default()
    });
}

#[test]
fn a_pipelines_path_that_fits_no_project() {
    let top = Project { agents: vec![agent_for(SHOP)], jobs: Some(vec![job(None)]) };
    let inventory = Inventory { listed: vec![listed(AGENTS, agents(vec![Agent::default()]))], ..Inventory::default() };
    for inventory in [None, Some(inventory)] {
        agree(&Repository { top: Some(top.clone()), inventory, pipeline: Some("ghost/none"), ..Repository::default() });
    }
}

fn named_twice(spelling: Spelling) {
    for git in [Some(git()), None] {
        agree(&Repository {
            git,
            top: Some(agents(vec![Agent { entries: vec![entry(SHOP, Some(Vec::new()))], ..Agent::default() }])),
            pipeline: Some(AGENTS),
            twice: Some(spelling),
            ..Repository::default()
        });
    }
}

#[test]
fn a_file_that_is_named_twice_is_one_file() {
    named_twice(Spelling::Dotted);
}

#[test]
fn a_file_that_is_named_by_its_whole_path_as_well_is_one_file() {
    named_twice(Spelling::Absolute);
}

#[test]
fn a_folder_of_the_inventory_is_one_project_in_the_editor() {
    let shop = Project { agents: Vec::new(), jobs: Some(vec![job(None)]) };
    agree(&Repository {
        inventory: Some(Inventory {
            is_option: true,
            listed: vec![listed(AGENTS, agents(vec![agent_for(SHOP)])), listed(SHOP, shop)],
            others: vec!["acme/named"],
            ..Inventory::default()
        }),
        project: Some("acme/named"),
        ..Repository::default()
    });
}

fn asked_from(start: Start) {
    let shop = Project { agents: Vec::new(), jobs: Some(vec![job(None)]) };
    agree(&Repository {
        git: Some(git()),
        top: Some(agents(vec![agent_for(SHOP)])),
        inventory: Some(Inventory {
            top: Some(AGENTS),
            listed: vec![listed(SHOP, shop), listed("other/tool", agents(vec![Agent::default()]))],
            ..Inventory::default()
        }),
        settings: Some(Settings { tier: Some("premium"), ..Settings::default() }),
        start,
        ..Repository::default()
    });
}

#[test]
fn the_working_directory_that_is_named_is_the_default() {
    asked_from(Start::Dot);
}

#[test]
fn the_folder_that_is_named_counts_and_not_the_working_directory_beside_it() {
    asked_from(Start::Beside);
}

#[test]
fn the_folder_that_is_named_counts_and_not_the_working_directory_above_it() {
    asked_from(Start::Above);
}
