//! What `recommend` takes away, through the real binary.

use std::fs;

use tempfile::TempDir;

use crate::common::{folder_with, kaslint, write};

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
