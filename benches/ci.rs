//! A CI file of 3,000 lines with 400 jobs, half of which talk to a cluster, checked beside an inventory through the binary.
//! That should take less than 50 ms of processor.
//!
//! `cargo bench --bench ci`, or with `-- write FOLDER` to keep what it checks.

#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "tests lay out folders and run programs")]
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used, reason = "a program for developers")]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

const JOBS: usize = 400;
const RUNS: u32 = 20;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["write", folder] => write(Path::new(folder)),
        _ => {
            let folder = tempfile::tempdir().unwrap();
            write(folder.path());
            measure(folder.path());
        }
    }
}

fn write(folder: &Path) {
    let repository = folder.join("projects/acme/web/shop");
    let agents = folder.join("projects/acme/agents/.gitlab/agents");
    fs::create_dir_all(&repository).unwrap();
    for agent in ["production", "staging", "review"] {
        let config = format!(
            "ci_access:\n  projects:\n    - id: acme/web/shop\n      environments: [{agent}, {agent}/*]\n  groups:\n    \
             - id: acme/web\n      environments: [{agent}*]\n"
        );
        fs::create_dir_all(agents.join(agent)).unwrap();
        fs::write(agents.join(agent).join("config.yaml"), config).unwrap();
    }
    let mut inventory = "gitlab: {version: \"18.4\", tier: premium}\nprojects:\n  \
                         - {path: acme/agents, agents: [production, staging, review]}\n"
        .to_owned();
    inventory.push_str("  - {path: acme/web/shop, default_branch: main, protected_branches: [main, release/*]}\n");
    for number in 0..200 {
        writeln!(inventory, "  - {{path: acme/web/service-{number}, environments: [production, staging]}}").unwrap();
    }
    fs::write(folder.join("inventory.yaml"), inventory).unwrap();
    let text = ci_file();
    println!("{} lines, {JOBS} jobs", text.lines().count());
    fs::write(repository.join(".gitlab-ci.yml"), text).unwrap();
}

fn ci_file() -> String {
    let mut text = String::from(HEAD);
    for number in 0..JOBS / 2 {
        let agent = ["production", "staging", "review"][number % 3];
        write!(
            text,
            "\ndeploy service-{number}:\n  extends: [.kubernetes, .{agent}]\n  variables:\n    SERVICE: service-{number}\n  \
             script:\n    - kubectl -n \"$SERVICE\" apply -f \"services/$SERVICE/\"\n    \
             - helm upgrade --install \"$SERVICE\" chart --set image.tag=$CI_COMMIT_SHORT_SHA\n    \
             - kubectl -n \"$SERVICE\" rollout status \"deployment/$SERVICE\" --timeout=5m\n"
        )
        .unwrap();
        write!(
            text,
            "\ntest service-{number}:\n  stage: test\n  needs: []\n  script:\n    - make -C services/service-{number} test\n"
        )
        .unwrap();
    }
    text
}

const HEAD: &str = "stages: [test, deploy]

variables:
  AGENTS: acme/agents

workflow:
  rules:
    - if: $CI_PIPELINE_SOURCE == \"merge_request_event\"
    - if: $CI_COMMIT_BRANCH && $CI_OPEN_MERGE_REQUESTS
      when: never
    - if: $CI_COMMIT_BRANCH

.kubernetes:
  stage: deploy
  image: alpine/k8s:1.30.2
  before_script:
    - kubectl config use-context \"$AGENTS:$AGENT\"

.production:
  variables: {AGENT: production}
  environment: {name: production/$SERVICE, deployment_tier: production}
  rules:
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH
      when: manual

.staging:
  variables: {AGENT: staging}
  environment: {name: staging}
  rules:
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH
    - if: $CI_COMMIT_BRANCH =~ /^release-/

.review:
  variables: {AGENT: review}
  environment: {name: review/$CI_COMMIT_REF_SLUG}
  rules:
    - if: $CI_MERGE_REQUEST_IID
";

/// Runs the binary and tells its time on the clock and on the processor.
fn measure(folder: &Path) {
    let run = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kaslint"));
        command.args(["check", "--inventory", "inventory.yaml", "--fail-on", "never", "--format", "concise"]);
        let output = command.current_dir(folder).stdin(Stdio::null()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    };
    println!("{}", String::from_utf8_lossy(&run()).lines().last().unwrap_or_default());
    let (start, before) = (Instant::now(), processor());
    for _ in 0..RUNS {
        run();
    }
    let whole = start.elapsed() / RUNS;
    println!("{whole:.1?} a run, {:.0} ms of processor", (processor() - before) * 1_000.0 / f64::from(RUNS));
}

/// Seconds of processor that this process's children have used; 0 where the system does not say.
fn processor() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |field: usize| fields.get(field).and_then(|field| field.parse::<f64>().ok()).unwrap_or_default();
    (ticks(13) + ticks(14)) / 100.0
}
