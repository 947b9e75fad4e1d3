//! What `access` tells of the jobs of CI files, through the real binary.

use std::fmt::Write as _;

use serde_json::Value as Json;

use crate::common::{folder_with, kaslint, write};

#[test]
fn of_a_project_that_the_inventory_does_not_list_nothing_is_guessed() {
    let config = "ci_access: {groups: [{id: acme, environments: [production]}]}\n";
    let ci = "deploy:\n  script: [kubectl config use-context acme/agents:production, kubectl get pods]\n";
    let folder = folder_with(&[(".gitlab-ci.yml", ci.as_bytes())]);
    write(folder.path(), "i/projects/acme/agents/.gitlab/agents/production/config.yaml", config.as_bytes());
    let listed = "projects: [{path: acme/agents, agents: [production]}, {path: acme/web/shop}]\n";
    let unlisted = "projects: [{path: acme/agents, agents: [production]}]\n";
    let check = |inventory: &str| {
        write(folder.path(), "i/inventory.yaml", inventory.as_bytes());
        let arguments =
            ["check", "--inventory", "i/inventory.yaml", "--project", "acme/web/shop", "--format", "concise"];
        let run = kaslint(folder.path(), &[&arguments[..], &["--ignore", "config-project-bypass"]].concat());
        assert_eq!(run.stderr, "");
        run.stdout
    };
    let told = check(listed);
    assert!(told.starts_with(".gitlab-ci.yml:2:39: error[environment-not-granted]"), "{told}");
    assert_eq!(
        check(unlisted),
        "No findings in 2 configurations.\nNot checked: which agents let the jobs of acme/web/shop in (the inventory does not list it).\n"
    );
    let access = kaslint(
        folder.path(),
        &["access", "--inventory", "i/inventory.yaml", "--for", "acme/web/shop", "--environment", "x"],
    );
    assert_eq!((access.code, &*access.stderr), (2, "error: the inventory has no project `acme/web/shop`\n"));
}

const INVENTORY: &str = "gitlab: {version: '18.4', TIERinstance_authorization: false}
groups: [{path: acme, id: 1}, {path: acme/web, id: 2}]
projects:
  - path: acme/agents
    id: 100
    agents: [{name: production, id: 7}, {name: staging, id: 8}]
  - path: acme/web/shop
    id: 150
    default_branch: main
    protected_branches: [main, release/*]
    protected_tags: [v*]
  - path: acme/web/blog
    id: 151
    default_branch: main
    protected_branches: [main]
    protected_tags: []
";

const PRODUCTION: &str = "ci_access:
  projects:
    - id: acme/web/shop
      environments: [production/eu, production/us, production/asia]
      default_namespace: shop
      protected_branches_only: true
      access_as: {ci_job: {}}
  groups:
    - id: acme/web
      environments: [production]
";

const STAGING: &str = "ci_access:
  groups:
    - id: acme
      environments: [staging, 'review/*']
";

const SHOP: &str = "stages: [build, test, deploy]
variables:
  AGENTS: acme/agents
include: ci/review.yml
.deploy:
  before_script:
    - kubectl config use-context \"$AGENTS:$AGENT\"
  script:
    - kubectl apply -f app.yaml

build:
  script: cargo build

deploy:
  extends: .deploy
  variables: {AGENT: production}
  environment:
    name: production/$REGION
    deployment_tier: production
  parallel:
    matrix:
      - REGION: [eu, us, asia, africa]
  rules:
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH
    - if: $CI_COMMIT_TAG

staging:
  extends: .deploy
  variables: {AGENT: staging}
  environment: staging
  rules:
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH
      changes: [app/*]

forgotten:
  script:
    - helm upgrade shop chart
  environment: staging

typo:
  script: kubectl --context acme/agents:stagin get pods
  environment: staging

cloud:
  script:
    - aws eks update-kubeconfig --name shop
    - kubectl apply -f app.yaml

script:
  script: ./deploy.sh glpat-aAbBcCdDeEfFgGhHiIjJ
  environment: staging

never:
  script: kubectl get pods
  rules:
    - when: never
";

const REVIEW: &str = "review:
  extends: .deploy
  variables: {AGENT: staging}
  environment:
    name: review/$CI_COMMIT_REF_SLUG
    on_stop: stop
  rules:
    - if: $CI_PIPELINE_SOURCE == 'merge_request_event'
stop:
  extends: review
  environment:
    name: review/$CI_COMMIT_REF_SLUG
    action: stop
";

/// As Auto DevOps does it: the context in a variable, if there is one.
const BLOG: &str = "include:
  - template: Jobs/Build.gitlab-ci.yml
  - project: acme/pipelines
    file: deploy.yml
production:
  script:
    - if [ -n \"$KUBE_CONTEXT\" ]; then
        kubectl config use-context \"$KUBE_CONTEXT\";
      fi
    - helm upgrade blog chart
  environment: production
preview:
  script:
    - kubectl config use-context acme/agents:staging
    - kubectl get pods
  environment: $STAGE
  rules:
    - if: $CI_PIPELINE_SOURCE == 'schedule'
      variables: {STAGE: staging}
    - if: $CI_COMMIT_BRANCH
      variables: {STAGE: review/$CI_COMMIT_BRANCH}
    - if: $CI_COMMIT_TAG
";

/// Two projects with jobs, and two agents.
pub fn world(tier: &str) -> tempfile::TempDir {
    let tier = if tier.is_empty() { String::new() } else { format!("tier: {tier}, ") };
    folder_with(&[
        ("inventory.yaml", INVENTORY.replace("TIER", &tier).as_bytes()),
        ("projects/acme/agents/.gitlab/agents/production/config.yaml", PRODUCTION.as_bytes()),
        ("projects/acme/agents/.gitlab/agents/staging/config.yaml", STAGING.as_bytes()),
        ("projects/acme/web/shop/.gitlab-ci.yml", SHOP.as_bytes()),
        ("projects/acme/web/shop/ci/review.yml", REVIEW.as_bytes()),
        ("projects/acme/web/blog/.gitlab-ci.yml", BLOG.as_bytes()),
    ])
}

/// What calls in a world print, one below the other.
fn transcript(tier: &str, calls: &[&[&str]]) -> String {
    let folder = world(tier);
    let mut transcript = String::new();
    for call in calls {
        let arguments = [&["access", "--inventory", "inventory.yaml"], *call].concat();
        write!(transcript, "# {}\n{}", call.join(" "), kaslint(folder.path(), &arguments).transcript())
            .expect("a text");
    }
    assert!(!transcript.contains("glpat-"), "secrets are masked");
    transcript
}

#[test]
fn jobs_of_all_projects() {
    insta::assert_snapshot!(transcript("premium", &[&["--jobs"], &["--jobs", "--agent", "staging"]]));
}

#[test]
fn who_asks_about_an_agent_hears_the_same_of_jobs() {
    for format in ["json", "csv"] {
        let said = transcript("premium", &[&["--jobs", "--format", format]]);
        let of_one = transcript("premium", &[&["--jobs", "--format", format, "--agent", "staging"]]);
        assert_eq!(of_one.replace(" --agent staging", ""), said);
    }
}

#[test]
fn jobs_stand_behind_the_picture_and_the_answer() {
    insta::assert_snapshot!(transcript("", &[&[], &["--for", "acme/web/shop"]]));
}

#[test]
fn the_way_of_one_job() {
    insta::assert_snapshot!(transcript(
        "premium",
        &[
            &["--job", "deploy: [eu]", "--why"],
            &["--job", "review", "--why"],
            &["--job", "staging"],
            &["--job", "forgotten", "--why", "--agent", "production"],
            &["--job", "build", "--why"],
            &["--job", "preview", "--why"],
            &["--job", "never", "--why"],
        ]
    ));
}

#[test]
fn jobs_for_merge_requests_and_spreadsheets() {
    insta::assert_snapshot!(transcript(
        "",
        &[
            &["--jobs", "--for", "acme/web/shop", "--format", "markdown"],
            &["--job", "review", "--why", "--format", "markdown"],
            &["--job", "staging", "--format", "csv"],
        ]
    ));
}

#[test]
fn a_job_for_programs() {
    let folder = world("premium");
    let run = kaslint(
        folder.path(),
        &["access", "--inventory", "inventory.yaml", "--job", "deploy: [eu]", "--format", "json"],
    );
    let mut line: Json = serde_json::from_str(&run.stdout).expect("a line");
    // The rows are those of questions, which have tests of their own.
    let case = &mut line["jobs"][0]["cases"][0];
    for (protection, allowed, denied) in [("protected", 1, 1), ("unprotected", 0, 2)] {
        let count = |list: &str| case[protection][list].as_array().map(Vec::len);
        assert_eq!((count("allowed"), count("denied")), (Some(allowed), Some(denied)), "{protection}");
        case[protection] = Json::Null;
    }
    insta::assert_snapshot!(serde_json::to_string_pretty(&line).expect("JSON"));
}

#[test]
fn a_lone_repository() {
    let ci = SHOP.replace("acme/agents", "$CI_PROJECT_PATH").replace("include: ci/review.yml\n", "");
    let folder = folder_with(&[
        (".gitlab-ci.yml", ci.as_bytes()),
        (".gitlab/agents/production/config.yaml", b"ci_access: {}\n"),
        (".gitlab/agents/staging/config.yaml", b"ci_access: {project: []}\n"),
    ]);
    let mut transcript = String::new();
    for call in [&["--jobs"][..], &["--jobs", "--project", "acme/web/shop"], &["--job", "staging", "--why"]] {
        let arguments = [&["access"], call].concat();
        write!(transcript, "# {}\n{}", call.join(" "), kaslint(folder.path(), &arguments).transcript())
            .expect("a text");
    }
    insta::assert_snapshot!(transcript);
}

#[test]
fn a_bad_question_about_jobs_ends_with_status_2() {
    insta::assert_snapshot!(transcript(
        "premium",
        &[
            &["--job", "stagin"],
            &["--job", "deploi", "--for", "acme/web/blog"],
            &["--jobs", "--for", "acme/agents"],
            &["--jobs", "--for", "acme/none"],
            &["--jobs", "--environment", "staging", "--for", "acme/web/shop"],
            &["--why"],
        ]
    ));
}

/// Four hundred jobs and a matrix of twenty.
fn large_world() -> tempfile::TempDir {
    let mut ci = "many:\n  script: [kubectl --context acme/agents:agent-3 get pods]\n  environment: production/$REGION\n  parallel:\n    matrix: [{REGION: [".to_owned();
    ci.push_str(&(0..20).map(|number| format!("region-{number}")).collect::<Vec<_>>().join(", "));
    ci.push_str("]}]\n");
    let rules = [
        "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH",
        "$CI_COMMIT_TAG =~ /^v/",
        "$CI_PIPELINE_SOURCE == 'merge_request_event'",
    ];
    for number in 0..400 {
        let (agent, rule) = (number % 37, rules[number % 3]);
        writeln!(
            ci,
            "deploy-service-{number:03}:\n  environment: services/service-{number:03}/production\n  script:\n    - kubectl config \
             use-context acme/agents:agent-{agent}\n    - helm upgrade service chart\n  rules: [{{if: \"{rule}\"}}]"
        )
        .expect("a text");
    }
    let folder = folder_with(&[
        (
            "inventory.yaml",
            b"gitlab: {version: '18.4', tier: premium}\nprojects:\n  - path: acme/agents\n  - {path: acme/web/shop, default_branch: main, protected_branches: [main], protected_tags: []}\n",
        ),
        ("projects/acme/web/shop/.gitlab-ci.yml", ci.as_bytes()),
    ]);
    for number in 0..300 {
        let entry = match number % 3 {
            0 => "groups: [{id: acme}]",
            1 => "groups: [{id: acme, protected_branches_only: true}]",
            _ => "groups: [{id: acme/web, environments: ['services/*', 'production/*']}]",
        };
        let path = format!("projects/acme/agents/.gitlab/agents/agent-{number}/config.yaml");
        write(folder.path(), &path, format!("ci_access:\n  {entry}\n").as_bytes());
    }
    folder
}

#[test]
fn four_hundred_jobs_stay_readable() {
    let folder = large_world();
    let run = kaslint(folder.path(), &["access", "--inventory", "inventory.yaml", "--jobs"]);
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert!(lines.iter().all(|line| line.chars().count() <= 100), "{}", run.stdout);
    // The first jobs, and what stands below all of them.
    let (first, last) = (&lines[..lines.len().min(24)], &lines[lines.len() - 28..]);
    insta::assert_snapshot!(format!("{}\n…\n{}", first.join("\n"), last.join("\n")));
}

#[test]
fn nothing_out_of_a_ci_file_is_markup_formula_or_control() {
    let ci = "include: [{remote: 'https://x.example/<b>|y.yml'}]
\"=cmd|'`<img src=x>`\\e[31m\":
  script: kubectl --context \"@a|*b*\\e[31m\" get pods
  environment: '=1+1|<b>'
  only: ['`<i>|x`']
after:
  extends: .elsewhere
  script: [kubectl config use-context acme/shop:prod]
  after_script: [kubectl get pods]
  environment: {name: prod, kubernetes: {agent: 'acme/shop:prod'}}
broken: 1
";
    let folder = folder_with(&[
        (".gitlab-ci.yml", ci.as_bytes()),
        (".gitlab/agents/prod/config.yaml", b"ci_access: {projects: [{id: acme/shop, environments: ['prod*']}]}\n"),
    ]);
    let mut transcript = String::new();
    for format in ["human", "markdown", "csv", "json"] {
        let run = kaslint(folder.path(), &["access", "--project", "acme/shop", "--jobs", "--format", format]);
        assert!(!run.stdout.contains('\u{1b}'));
        if format != "json" {
            write!(transcript, "# {format}\n{}", run.transcript()).expect("a text");
        }
    }
    insta::assert_snapshot!(transcript);
}

/// A folder of fixtures, asked in one way after the other.
fn of_fixtures(folder: &str, calls: &[&[&str]]) -> String {
    let folder = crate::common::root().join("fixtures/jobs").join(folder);
    let mut transcript = String::new();
    for call in calls {
        let run = kaslint(&folder, &[&["access", "--inventory", "inventory.yaml"], *call].concat());
        write!(transcript, "# access {}\n{}", call.join(" "), run.transcript()).expect("a text");
    }
    transcript
}

#[test]
fn dashboards_are_answered_from_user_access() {
    insta::assert_snapshot!(of_fixtures(
        "dashboard-of-other-projects",
        &[
            &["--for", "acme/web/shop", "--jobs"],
            &["--job", "project", "--why"],
            &["--job", "above", "--why"],
            &["--job", "in another group", "--why"],
            &["--job", "one of several: [below]", "--format", "markdown"],
            &["--job", "stops", "--format", "csv"],
        ]
    ));
}

#[test]
fn jobs_of_child_pipelines_stand_below_what_starts_them() {
    let calls: [&[&str]; 4] = [
        &["--jobs"],
        &["--job", "review", "--why"],
        &["--jobs", "--format", "markdown"],
        &["--job", "typo", "--format", "csv"],
    ];
    insta::assert_snapshot!(of_fixtures("child-pipeline-variables", &calls));
    insta::assert_snapshot!(of_fixtures("child-pipeline-levels", &[&["--jobs"], &["--job", "second-job", "--why"]]));
    insta::assert_snapshot!(of_fixtures("child-pipeline-broken", &[&["--jobs"]]));
}

#[test]
fn what_starts_a_child_pipeline_is_there_for_programs() {
    let told = of_fixtures("child-pipeline-levels", &[&["--jobs", "--format", "json"]]);
    let line = told.lines().find(|line| line.starts_with('{')).expect("an object");
    let told: Json = serde_json::from_str(line).expect("JSON");
    let started_by = |name: &str| {
        let jobs = told["jobs"].as_array().expect("jobs");
        let job = jobs.iter().find(|job| job["name"] == name).expect("the job");
        job["started_by"].to_string()
    };
    let main = r#"{"name":"first","path":"projects/acme/web/shop/.gitlab-ci.yml","line":1}"#;
    let second = r#"{"name":"second","path":"projects/acme/web/shop/ci/first.yml","line":7}"#;
    assert_eq!(started_by("second-job"), format!(r#"[{{"jobs":[{main}],"count":1}},{{"jobs":[{second}],"count":1}}]"#));
    assert_eq!(started_by("make"), "null");
    assert_eq!(
        told["not_read"].to_string(),
        r#"[{"name":"made.yml","kind":"a file that a job writes","path":"projects/acme/web/shop/.gitlab-ci.yml","line":4,"job":"made","reason":"written by a job"}]"#
    );
}

#[test]
fn managed_resources_are_told_where_they_pass_by_restrictions() {
    insta::assert_snapshot!(of_fixtures(
        "managed-resources-on-any-ref",
        &[
            &[],
            &["--tier", "free"],
            &["--jobs"],
            &["--job", "review", "--why"],
            &["--for", "acme/web/shop", "--environment", "production", "--unprotected"],
            &["--format", "markdown"],
            &["--format", "csv"],
            &["--job", "review", "--format", "csv"],
        ]
    ));
}

#[test]
fn what_environments_get_is_there_for_programs() {
    let folder = |name: &str| crate::common::root().join("fixtures/jobs").join(name);
    let selects = |name: &str, job: &str| -> Json {
        let arguments = ["access", "--inventory", "inventory.yaml", "--job", job, "--format", "json"];
        let line: Json = serde_json::from_str(&kaslint(&folder(name), &arguments).stdout).expect("a line");
        line["jobs"][0]["cases"][0]["selects"].clone()
    };
    let mut told = Vec::new();
    for job in ["project", "above", "below", "stops"] {
        told.push(selects("dashboard-of-other-projects", job));
    }
    told.push(selects("managed-resources-on-any-ref", "review"));
    insta::assert_snapshot!(serde_json::to_string_pretty(&told).expect("JSON"));
}
