//! `access --who`: every project, job and person that reaches an agent, through the real binary.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value as Json;

use crate::common::{folder_with, kaslint, root, write};

/// The lines of a call as JSON.
fn lines(folder: &Path, arguments: &[&str]) -> Vec<Json> {
    let run = kaslint(folder, &[&["access", "--format", "json"], arguments].concat());
    assert_eq!(run.code, 0, "{}", run.stderr);
    run.stdout.lines().map(|line| serde_json::from_str(line).expect("an object a line")).collect()
}

/// Project, job, environment, whether on protected refs, entry, conditions.
type Fact = (String, String, String, bool, String, String);

fn texts(value: &Json) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Json::as_str).collect()
}

/// What `--jobs` says of an agent.
fn by_jobs(lines: &[Json], context: &str) -> BTreeSet<Fact> {
    let mut facts = BTreeSet::new();
    for project in lines {
        for job in project["jobs"].as_array().expect("jobs") {
            for case in job["cases"].as_array().expect("cases") {
                for (protected, name) in [(true, "protected"), (false, "unprotected")] {
                    let rows = case[name]["allowed"].as_array().into_iter().flatten();
                    facts.extend(rows.filter(|row| row["context"] == context).map(|row| {
                        let environment = case["environment"].as_str().unwrap_or_default().to_owned();
                        let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
                        let conditions = texts(&row["conditions"]).join("; ");
                        let entry = row["entry"].to_string();
                        (text(&project["project"]), text(&job["name"]), environment, protected, entry, conditions)
                    }));
                }
            }
        }
    }
    facts
}

/// The same by `--who`; jobs that are not at hand apart.
fn by_who(lines: &[Json]) -> BTreeSet<Fact> {
    let mut facts = BTreeSet::new();
    for line in lines.iter().filter(|line| line["job"].is_string()) {
        let mut environments = texts(&line["environments"]);
        if environments.is_empty() {
            environments.push("");
        }
        for environment in environments {
            for reference in texts(&line["refs"]) {
                let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
                facts.insert((
                    text(&line["project"]),
                    text(&line["job"]),
                    environment.to_owned(),
                    reference == "protected",
                    line["entry"].to_string(),
                    texts(&line["conditions"]).join("; "),
                ));
            }
        }
    }
    facts
}

#[test]
fn who_reaches_an_agent_is_what_jobs_are_answered() {
    let mut held = 0;
    let mut hold = |folder: &Path| {
        let inventory = ["--inventory", "inventory.yaml"];
        let jobs = lines(folder, &[&inventory[..], &["--jobs"]].concat());
        for agent in lines(folder, &inventory) {
            let context = agent["context"].as_str().expect("a context");
            let who = by_who(&lines(folder, &[&inventory[..], &["--who", context]].concat()));
            assert_eq!(who, by_jobs(&jobs, context), "{} {context}", folder.display());
            held += who.len();
        }
    };
    for tier in ["", "premium"] {
        hold(crate::job_access::world(tier).path());
    }
    for world in ["matrix", "protected-refs", "replaced-own-access", "rules-variables", "ci-job", "environments"] {
        hold(&root().join("fixtures/jobs").join(world));
    }
    assert!(held > 100, "{held}");
}

/// What calls print, one below the other.
fn transcript(folder: &Path, calls: &[&str]) -> String {
    let mut text = String::new();
    for call in calls {
        let arguments: Vec<&str> = std::iter::once("access").chain(call.split(' ')).collect();
        write!(text, "# {call}\n{}\n", kaslint(folder, &arguments).transcript()).expect("a text");
    }
    text
}

#[test]
fn who_reaches_an_agent_in_every_format() {
    let folder = crate::job_access::world("premium");
    write(
        folder.path(),
        "projects/acme/agents/.gitlab/agents/people/config.yaml",
        b"ci_access:\n  groups: [{id: acme/web}]\nuser_access:\n  access_as: {user: {}}\n  projects: [{id: acme/web/shop}, {id: acme/none}]\n  groups: [{id: acme}]\n",
    );
    let inventory = std::fs::read_to_string(folder.path().join("inventory.yaml")).expect("the inventory");
    let inventory = inventory.replace("{name: staging, id: 8}", "{name: staging, id: 8}, people");
    write(folder.path(), "inventory.yaml", inventory.as_bytes());
    let calls = [
        "--inventory inventory.yaml --who production",
        "--inventory inventory.yaml --who acme/agents:people",
        "--inventory inventory.yaml --who staging --environment review/1",
        "--inventory inventory.yaml --environment production/eu",
        "--inventory inventory.yaml --who people --format json",
        "--inventory inventory.yaml --who people --format csv",
        "--inventory inventory.yaml --who people --format markdown",
    ];
    insta::assert_snapshot!(transcript(folder.path(), &calls));
}

#[test]
fn who_reaches_an_agent_of_which_little_is_known() {
    let config = b"ci_access:\n  projects: [{id: acme/web/shop, environments: [production]}]\n  groups: [{id: acme, protected_branches_only: true, access_as: {ci_job: {}}}]\n  instance: {}\n";
    let folder = folder_with(&[
        (".gitlab/agents/prod/config.yaml", &config[..]),
        (".gitlab/agents/broken/config.yaml", b"ci_access: {project: []}\n"),
    ]);
    let calls = [
        "--who prod",
        "--project acme/agents --who prod",
        "--project acme/agents --who prod --format json",
        "--who broken",
        "--who broken --format json",
        "--who prd",
        "--who acme/agents:prd --project acme/agents",
        "--who prod --for acme/web/shop",
    ];
    insta::assert_snapshot!(transcript(folder.path(), &calls));
}

/// However many projects there are, people are told in a few lines, and programs of each.
#[test]
fn two_thousand_projects_stay_readable() {
    let projects: String = (0..2_000).fold(String::new(), |mut text, number| {
        writeln!(text, "  - {{path: acme/team-{}/app-{number:04}}}", number % 7).expect("a text");
        text
    });
    let inventory = format!(
        "gitlab: {{version: '19.5', tier: premium}}\nprojects:\n  - {{path: acme/agents, agents: [prod]}}\n{projects}"
    );
    let config = b"ci_access: {groups: [{id: acme, environments: ['review/*']}, {id: acme/team-1}]}\n";
    let folder = folder_with(&[
        ("inventory.yaml", inventory.as_bytes()),
        ("projects/acme/agents/.gitlab/agents/prod/config.yaml", &config[..]),
    ]);
    insta::assert_snapshot!(transcript(folder.path(), &["--inventory inventory.yaml --who prod"]));
    assert_eq!(lines(folder.path(), &["--inventory", "inventory.yaml", "--who", "prod"]).len(), 2_001);
}
