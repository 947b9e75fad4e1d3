//! What `recommend` takes away, through the real binary.

use std::fs;

use proptest::prelude::*;
use serde_json::json;
use tempfile::TempDir;

use crate::common::{folder_with, kaslint, kaslint_with_input, write};

const INVENTORY: &str = "gitlab: {version: '18.4', tier: premium, instance_authorization: false}
groups: [{path: acme, id: 1}, {path: acme/web, id: 2}]
projects:
  - {path: acme/agents, id: 100, agents: [{name: prod, id: 7}]}
  - {path: acme/web/shop, id: 150, default_branch: main, protected_branches: [main], protected_tags: []}
  - {path: acme/web/blog, id: 151, default_branch: main, protected_branches: [main], protected_tags: []}
  - {path: acme/web/wiki, id: 152, default_branch: main, protected_branches: [main], protected_tags: []}
  - {path: acme/web/docs, id: 153, default_branch: main, protected_branches: [main], protected_tags: []}
";

const CONFIG: &str = "# Who deploys to production.
ci_access:
  projects:
    # The wiki was here once.
    - id: acme/web/wiki
    - id: acme/web/shop # the shop
    - id: acme/web/docs
      environments:
        - production
        - staging
        - prod*
  groups:
    - id: acme/web
      environments: [production]
";

const SMALLER: &str = "# Who deploys to production.
ci_access:
  projects:
    # The wiki was here once.
    - id: acme/web/shop # the shop
      protected_branches_only: true
      environments: [production]
    - id: acme/web/docs
      protected_branches_only: true
      environments:
        - production
    - id: acme/web/blog
      protected_branches_only: true
      environments: [production]
";

const DEPLOY: &str = "deploy:
  script: [kubectl config use-context acme/agents:prod, kubectl get pods]
  environment: production
  rules: [{if: $CI_COMMIT_BRANCH == \"main\"}]
";

const FILE: &str = "projects/acme/agents/.gitlab/agents/prod/config.yaml";

/// The projects with jobs that use nothing, and those that deploy.
fn world(config: &str, idle: &[&str], deploying: &[&str]) -> TempDir {
    let folder = folder_with(&[("inventory.yaml", INVENTORY.as_bytes()), (FILE, config.as_bytes())]);
    let texts = idle.iter().map(|path| (path, "build: {script: [echo]}\n"));
    for (path, text) in texts.chain(deploying.iter().map(|path| (path, DEPLOY))) {
        write(folder.path(), &format!("projects/{path}/.gitlab-ci.yml"), text.as_bytes());
    }
    folder
}

fn run(folder: &TempDir, arguments: &[&str]) -> crate::common::Run {
    kaslint(folder.path(), &[&["recommend", "--inventory", "inventory.yaml"], arguments].concat())
}

#[test]
fn every_use_stays_and_the_rest_goes_with_comments_kept() {
    let deploying = ["acme/web/shop", "acme/web/blog", "acme/web/docs"];
    let folder = world(CONFIG, &["acme/agents", "acme/web/wiki"], &deploying);
    let told = run(&folder, &["--format", "json"]);
    assert_eq!(told.code, 1, "{}", told.stderr);
    let rules: Vec<String> = told.json()["recommendations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["rule"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        rules,
        [
            "unused-entry",
            "broader-group",
            "missing-environments",
            "broader-pattern",
            "broader-pattern",
            "unprotected-not-needed",
            "unprotected-not-needed",
            "unprotected-not-needed",
        ]
    );
    assert_eq!(fs::read_to_string(folder.path().join(FILE)).unwrap(), CONFIG, "nothing is written unasked");
    assert_eq!(run(&folder, &["--write"]).code, 1);
    assert_eq!(fs::read_to_string(folder.path().join(FILE)).unwrap(), SMALLER);
    // What comes of it is as small as it gets.
    let again = run(&folder, &[]);
    assert!(again.code == 0 && again.stdout.starts_with("Nothing to recommend.\n"), "{}", again.stdout);
    let before = world(CONFIG, &["acme/agents", "acme/web/wiki"], &deploying);
    let paths = [before.path().to_str().unwrap(), folder.path().to_str().unwrap()];
    let diff = kaslint(folder.path(), &["diff", paths[0], paths[1], "--format", "json"]);
    assert_eq!((diff.code, diff.json()["verdict"].as_str()), (0, Some("no-new-access")));
}

#[test]
fn what_was_not_read_loses_nothing_unless_it_is_assumed_to_be() {
    // Of the wiki no CI file is at hand.
    let config = "ci_access: {projects: [{id: acme/web/wiki}]}\n";
    let folder = world(config, &["acme/agents"], &[]);
    let kept = run(&folder, &["--format", "json"]);
    assert_eq!((kept.code, &kept.json()["kept"][0]["project"]), (0, &"acme/web/wiki".into()));
    let assumed = run(&folder, &["--assume-read", "--format", "json"]);
    assert_eq!((assumed.code, &assumed.json()["recommendations"][0]["rule"]), (1, &"unused-entry".into()));
}

#[test]
fn a_script_that_is_not_seen_may_use_every_agent() {
    let folder = world("ci_access: {projects: [{id: acme/web/wiki}]}\n", &["acme/agents"], &[]);
    write(folder.path(), "projects/acme/web/wiki/.gitlab-ci.yml", b"build: {script: [make]}\n");
    assert_eq!(run(&folder, &[]).code, 0);
    assert_eq!(run(&folder, &["--assume-read"]).code, 1);
}

#[test]
fn an_entry_that_shuts_others_out_stays() {
    // Without the entry, that for the group would let every environment of the shop in.
    let config = "ci_access:
  projects:
    - id: acme/web/shop
      environments: [production]
  groups:
    - id: acme/web
";
    let folder = world(config, &["acme/agents", "acme/web/shop"], &["acme/web/blog", "acme/web/docs", "acme/web/wiki"]);
    assert_eq!(run(&folder, &["--write"]).code, 1);
    let written = fs::read_to_string(folder.path().join(FILE)).unwrap();
    assert!(written.contains("    - id: acme/web/shop\n"), "{written}");
}

#[test]
fn what_is_denied_today_is_no_use() {
    let config = "ci_access: {projects: [{id: acme/web/shop, environments: [staging]}]}\n";
    let folder = world(config, &["acme/agents"], &["acme/web/shop"]);
    let told = run(&folder, &["--format", "json"]).json();
    assert_eq!((&told["uses"], &told["recommendations"][0]["rule"]), (&0.into(), &"unused-entry".into()));
}

/// What is left of a file where the shop alone has jobs that use an agent.
fn left_at(version: &str, config: &str, jobs: &str) -> String {
    let folder = world(config, &["acme/agents", "acme/web/blog", "acme/web/wiki", "acme/web/docs"], &[]);
    write(folder.path(), "inventory.yaml", INVENTORY.replace("18.4", version).as_bytes());
    write(folder.path(), "projects/acme/web/shop/.gitlab-ci.yml", jobs.as_bytes());
    run(&folder, &["--write"]);
    let again = run(&folder, &[]);
    assert!(again.code == 0 && again.stdout.starts_with("Nothing to recommend.\n"), "{}", again.stdout);
    fs::read_to_string(folder.path().join(FILE)).unwrap()
}

/// A job with an environment, which runs on any ref.
fn deploy_to(environment: &str) -> String {
    format!("deploy:\n  script: [kubectl --context acme/agents:prod get pods]\n  environment: {environment}\n")
}

#[test]
fn a_name_that_a_variable_may_give_stays() {
    let with = |list: &str| format!("ci_access:\n  projects:\n    - id: acme/web/shop\n      environments: [{list}]\n");
    let by_branch = format!(
        "workflow:
  rules:
    - if: $CI_COMMIT_BRANCH == \"main\"
      variables: {{TARGET: production}}
    - if: $CI_COMMIT_BRANCH == \"develop\"
      variables: {{TARGET: staging}}
{}",
        deploy_to("$TARGET")
    );
    let review = deploy_to("review/$CI_COMMIT_REF_SLUG");
    for (jobs, listed, left) in [
        (deploy_to("$TARGET"), "production, staging", "production, staging"),
        (by_branch, "production, staging", "production, staging"),
        (deploy_to("$TARGET"), "production, review/*", "production, review/*"),
        (deploy_to("prod-$TARGET"), "production, prod-eu, prod-us", "prod-eu, prod-us"),
        (review.clone(), "review/f*, review/b*, x/*", "review/f*, review/b*"),
        // No slug has a slash, so that the second takes nothing from the job.
        (review.clone(), "review/f*, review/*/eu", "review/f*"),
        (review.clone(), "review/main, review/x_y, review/UP", "review/main"),
        (deploy_to("run-$CI_PIPELINE_IID"), "run-1*, run-2*, run-x*", "run-1*, run-2*"),
        (deploy_to("$A-$B"), "production, a-b, x-*, -", "a-b, x-*, -"),
    ] {
        for version in ["18.4", "19.1", "19.5"] {
            assert_eq!(left_at(version, &with(listed), &jobs), with(left), "{version}: {jobs}");
        }
    }
    // The old matcher looks anywhere in a name, the new one at the whole of it.
    for (version, left) in [("18.4", "view/*, review/f*"), ("19.5", "review/f*")] {
        assert_eq!(left_at(version, &with("view/*, review/f*"), &review), with(left), "{version}");
    }
}

/// The projects of which not all is known, and the entries that are recommended to be smaller.
fn open_and_recommended(folder: &TempDir) -> (Vec<String>, usize) {
    let told = run(folder, &["--format", "json"]).json();
    let unread = told["unread"].as_array().unwrap().iter().map(|one| one["project"].as_str().unwrap().to_owned());
    (unread.collect(), told["recommendations"].as_array().unwrap().len())
}

#[test]
fn a_job_that_hangs_on_what_is_included_may_use_all_that_it_could() {
    let config = "ci_access: {projects: [{id: acme/web/shop, environments: [production, staging]}]}\n";
    let folder = world(config, &["acme/agents", "acme/web/wiki", "acme/web/blog", "acme/web/docs"], &[]);
    let write =
        |path: &str, text: &str| drop(write(folder.path(), &format!("projects/acme/web/shop/{path}"), text.as_bytes()));
    let deploy = "deploy: {environment: $TARGET, script: [kubectl --context acme/agents:prod get pods]}\n";
    let include = "include: [ci/base.yml, {local: ci/a.yml, rules: [{if: $A}]}]\n";
    write(".gitlab-ci.yml", include);
    write("ci/base.yml", &format!("variables: {{TARGET: production}}\n{deploy}"));
    for text in [
        "variables: {TARGET: staging}\n",
        "deploy: {environment: staging}\n",
        "deploy: {rules: [{when: never}]}\n",
        "deploy: {script: [echo]}\n",
        "workflow: {rules: [{if: $CI_MERGE_REQUEST_ID}]}\n",
    ] {
        write("ci/a.yml", text);
        assert_eq!(open_and_recommended(&folder), (vec!["acme/web/shop".to_owned()], 0), "{text}");
    }
    // What only adds a job, or says the same, leaves nothing open.
    for text in ["other: {script: [echo]}\n", "variables: {TARGET: production}\n"] {
        write("ci/a.yml", text);
        assert_eq!(open_and_recommended(&folder), (vec![], 1), "{text}");
    }
}

#[test]
fn a_group_gives_way_with_all_names_that_a_variable_may_give() {
    let config = "ci_access:\n  groups:\n    - id: acme/web\n      environments: [production, staging, other]\n";
    let jobs = deploy_to("$TARGET").replace("$TARGET", "$TARGET\n  rules: [{if: $CI_COMMIT_BRANCH == \"main\"}]");
    let left = "ci_access:
  projects:
    - id: acme/web/shop
      protected_branches_only: true
      environments: [production, staging, other]
";
    assert_eq!(left_at("19.5", config, &jobs), left);
    // An entry that shuts names out is no more than the one behind it for those that it takes, and less for the others.
    let config = "ci_access:
  projects:
    - id: acme/web/shop
      environments: [production, staging]
  groups:
    - id: acme/web
      environments: [production]
";
    let left = "ci_access:
  projects:
    - id: acme/web/shop
      environments: [production, staging]
";
    assert_eq!(left_at("19.5", config, &deploy_to("$TARGET")), left);
}

#[test]
fn two_projects_of_a_group_come_below_one_key() {
    let config = "ci_access:\n  groups:\n    - id: acme/web\n      environments: [production]\n";
    let folder = world(config, &["acme/agents", "acme/web/wiki", "acme/web/docs"], &["acme/web/shop", "acme/web/blog"]);
    assert_eq!(run(&folder, &["--write"]).code, 1);
    let entry = |name: &str| {
        format!("    - id: acme/web/{name}\n      protected_branches_only: true\n      environments: [production]\n")
    };
    let left = format!("ci_access:\n  projects:\n{}{}", entry("blog"), entry("shop"));
    assert_eq!(fs::read_to_string(folder.path().join(FILE)).unwrap(), left);
}

#[test]
fn the_last_entry_of_all_goes_as_well() {
    let idle = "build: {script: [echo]}\n";
    for (config, left) in [
        ("ci_access: {projects: [{id: acme/web/wiki}]}\n", "ci_access: {projects: []}\n"),
        ("ci_access:\n  projects:\n    - id: acme/web/wiki\n", "ci_access:\n  projects: []\n"),
        ("ci_access:\n  groups:\n  - id: acme/web\n    environments: [a]\n", "ci_access:\n  groups: []\n"),
        ("ci_access:\n  projects:\n    - id: acme/web/wiki\n    - id: acme/web/docs\n", "ci_access:\n  projects: []\n"),
        (
            "# Who.\nci_access: # one\n  projects: # two\n    # The wiki.\n    - id: acme/web/wiki # here\n# end\n",
            "# Who.\nci_access: # one\n  projects: [] # two\n    # The wiki.\n# end\n",
        ),
    ] {
        assert_eq!(left_at("18.4", config, idle), left);
        let folder = folder_with(&[(FILE, left.as_bytes()), ("inventory.yaml", INVENTORY.as_bytes())]);
        let told = kaslint(folder.path(), &["check", "--inventory", "inventory.yaml"]);
        assert_eq!(told.code, 0, "{}", told.transcript());
    }
}

#[test]
fn the_entry_for_the_instance_goes_as_well() {
    let folder = world("ci_access:\n  instance:\n    environments: [a]\n", &["acme/agents"], &[]);
    write(folder.path(), "inventory.yaml", INVENTORY.replace("n: false", "n: true").as_bytes());
    assert_eq!(run(&folder, &["--write", "--assume-read"]).code, 1);
    assert_eq!(fs::read_to_string(folder.path().join(FILE)).unwrap(), "ci_access: {}\n");
}

/// Environments with variables, each with names that it may have.
const PARTIAL: [(&str, &[&str]); 7] = [
    ("$TARGET", &["production", "staging", "review/f", "review/b/eu", "x/1", "production-eu", "eu"]),
    ("review/$CI_COMMIT_REF_SLUG", &["review/f", "review/b1", "review/eu", "review/main"]),
    ("review/$NAME", &["review/f", "review/b/eu", "review/eu", "review/x/1"]),
    ("$NAME/eu", &["review/eu", "x/eu", "review/b/eu"]),
    ("production$SUFFIX", &["production", "production-eu", "production/eu"]),
    ("x/$CI_PIPELINE_IID", &["x/1", "x/2", "x/19"]),
    ("production", &["production"]),
];

/// Which of them hangs on the ref.
const OF_REF: usize = 1;

/// Patterns of entries.
const LISTED: [&str; 10] =
    ["production", "staging", "review/f*", "review/b*", "review/*", "x/*", "*/eu", "x/1*", "prod*", "*"];

/// The entry for the shop and the one for its group, each with restrictions if there is one.
fn access() -> impl Strategy<Value = String> {
    let list = prop::collection::btree_set(prop::sample::select(&LISTED[..]), 0..5);
    let entry = (list, any::<bool>(), any::<bool>());
    (prop::option::weighted(0.8, entry.clone()), prop::option::weighted(0.6, entry)).prop_map(|(project, group)| {
        let mut text = "ci_access:\n".to_owned();
        for (kind, id, entry) in [("projects", "acme/web/shop", project), ("groups", "acme/web", group)] {
            let Some((list, is_protected, is_job)) = entry else { continue };
            text.push_str(&format!("  {kind}:\n    - id: {id}\n"));
            if !list.is_empty() {
                text.push_str("      environments:\n");
                list.iter().for_each(|name| text.push_str(&format!("        - \"{name}\"\n")));
            }
            text.push_str(if is_protected { "      protected_branches_only: true\n" } else { "" });
            text.push_str(if is_job { "      access_as: {ci_job: {}}\n" } else { "" });
        }
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    /// What is written answers every name that a job may have as what was there before.
    #[test]
    fn each_name_that_a_job_may_have_is_answered_as_before(
        agents in prop::collection::vec((access(), 0..PARTIAL.len()), 8),
        version in prop::sample::select(vec!["18.4", "19.5"]),
    ) {
        // Each agent counts as registered that has a file.
        let inventory = INVENTORY.replace("18.4", version).replace(", agents: [{name: prod, id: 7}]", "");
        let folder = folder_with(&[("inventory.yaml", inventory.as_bytes())]);
        let mut jobs = String::new();
        for (at, (config, partial)) in agents.iter().enumerate() {
            write(folder.path(), &format!("projects/acme/agents/.gitlab/agents/a{at}/config.yaml"), config.as_bytes());
            let job = deploy_to(PARTIAL[*partial].0).replace("deploy:", &format!("to{at}:"));
            jobs.push_str(&job.replace("agents:prod", &format!("agents:a{at}")));
        }
        for idle in ["acme/agents", "acme/web/blog", "acme/web/wiki", "acme/web/docs"] {
            write(folder.path(), &format!("projects/{idle}/.gitlab-ci.yml"), b"build: {script: [echo]}\n");
        }
        write(folder.path(), "projects/acme/web/shop/.gitlab-ci.yml", jobs.as_bytes());
        // Each agent with the names that its own job may have.
        let asked: Vec<(usize, &str, bool)> = agents
            .iter()
            .enumerate()
            .flat_map(|(at, (_, partial))| PARTIAL[*partial].1.iter().map(move |name| (at, *name)))
            .flat_map(|(at, name)| [true, false].map(|protected| (at, name, protected)))
            // The one protected ref is main.
            .filter(|(at, name, protected)| !protected || agents[*at].1 != OF_REF || *name == "review/main")
            .collect();
        let queries: String = asked
            .iter()
            .map(|(_, name, protected)| {
                format!("{}\n", json!({"project": "acme/web/shop", "environment": name, "protected": protected}))
            })
            .collect();
        let answers = || -> Vec<Option<serde_json::Value>> {
            let arguments = ["access", "--inventory", "inventory.yaml", "--queries", "-", "--format", "json"];
            let told = kaslint_with_input(folder.path(), &arguments, queries.as_bytes());
            assert_eq!(told.stdout.lines().count(), asked.len(), "{}", told.stderr);
            let lines = told.stdout.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
            lines.zip(&asked).map(|(answer, (at, ..))| {
                let context = format!("acme/agents:a{at}");
                let row = answer["allowed"].as_array().unwrap().iter().find(|row| row["context"] == context.as_str());
                row.map(|row| row["identity"].clone())
            }).collect()
        };
        let before = answers();
        prop_assume!(before.iter().any(Option::is_some));
        let told = run(&folder, &["--write"]);
        let after = answers();
        for ((asked, before), after) in asked.iter().zip(before).zip(after) {
            prop_assert_eq!(before, after, "{:?}: {}{}", asked, agents[asked.0].0, told.stdout);
        }
    }
}

#[test]
fn a_pattern_that_the_name_of_an_environment_may_match_stays() {
    let config = "ci_access: {projects: [{id: acme/web/shop, environments: [production, staging, REVIEW]}]}\n";
    let folder = world(config, &["acme/agents", "acme/web/wiki", "acme/web/blog", "acme/web/docs"], &[]);
    let deploy = "deploy: {environment: NAME, script: [kubectl --context acme/agents:prod get pods]}\n";
    let recommended = |name: &str| {
        let text = deploy.replace("NAME", name);
        write(folder.path(), "projects/acme/web/shop/.gitlab-ci.yml", text.as_bytes());
        let told = run(&folder, &["--format", "json"]).json();
        let all = told["recommendations"].as_array().unwrap().iter().map(|one| one["title"].as_str().unwrap());
        all.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(recommended("$TARGET"), [""; 0]);
    let others = ["take `production` out of its environments", "take `REVIEW` out of its environments"];
    assert_eq!(recommended("s$TARGET"), others, "neither can begin so");
}
