//! Effective access of a large instance: 200,000 projects in 20,000 groups, 300 agents of 500 entries each, and two
//! smaller sizes. Loading and 1,000 queries should take less than 3 s and 600 MB on two cores, all grants less
//! than 10 s, and each should grow with entries plus projects rather than with their product.
//!
//! `cargo bench --bench access`, or with `-- yaml 50000` for one size. Each size runs in a process of its own, so that
//! its peak of memory is its own.

#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "tests lay out folders and run programs")]
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used, reason = "a program for developers")]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use kaslint::access::{AgentFile, Effect, Index, Query, Settings, World};
use kaslint::access_report::json::{self, rows};
use kaslint::agent_config::{AgentConfig, CiAccess};
use kaslint::gitlab::NEWEST;
use kaslint::inventory::{self, Inventory};
use kaslint::source::Source;
use rayon::prelude::*;

/// Entries of each agent, half of them projects.
const ENTRIES: usize = 500;
const QUERIES: usize = 1_000;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["measure", folder] => measure(Path::new(folder)),
        [format, projects] => in_own_process(format, projects.parse().expect("a number of projects")),
        _ => {
            println!("{:>8} {:>8} {:>7} {:>9}", "projects", "groups", "agents", "inventory");
            for format in ["yaml", "json"] {
                for projects in [12_500, 50_000, 200_000] {
                    in_own_process(format, projects);
                }
            }
        }
    }
}

fn in_own_process(format: &str, projects: usize) {
    let (groups, agents) = (projects / 10, projects * 3 / 2_000);
    let folder = tempfile::tempdir().unwrap();
    let size = generate(folder.path(), format, projects, groups, agents);
    println!("{projects:>8} {groups:>8} {agents:>7} {:>6} MB {format}", size / 1_000_000);
    let status = Command::new(std::env::current_exe().unwrap()).arg("measure").arg(folder.path()).status().unwrap();
    assert!(status.success());
}

/// Numbers that are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end
    }
}

/// Writes an inventory and agents' files; answers with the size of the inventory.
fn generate(folder: &Path, format: &str, projects: usize, groups: usize, agents: usize) -> usize {
    let mut dice = Dice(1);
    let mut group_paths: Vec<String> = (0..20).map(|number| format!("division-{number}")).collect();
    while group_paths.len() < groups {
        let parent = &group_paths[dice.below(group_paths.len())];
        if parent.matches('/').count() < 6 {
            group_paths.push(format!("{parent}/team-{}", group_paths.len()));
        }
    }
    let project_paths: Vec<String> =
        (0..projects).map(|number| format!("{}/service-{number}", group_paths[dice.below(groups)])).collect();
    let inventory = match format {
        "json" => json_inventory(&group_paths, &project_paths),
        _ => yaml_inventory(&group_paths, &project_paths),
    };
    fs::write(folder.join("inventory.yaml"), &inventory).unwrap();
    fs::create_dir(folder.join("agents")).unwrap();
    for agent in 0..agents {
        let home = &project_paths[dice.below(projects)];
        let text = agent_file(&mut dice, &group_paths, &project_paths);
        fs::write(folder.join(format!("agents/{agent:04}")), format!("# {home}\n{text}")).unwrap();
    }
    let mut queries = String::new();
    for _ in 0..QUERIES {
        let environment = ["production", "review/1", "preprod", ""][dice.below(4)];
        writeln!(queries, "{}\t{environment}", project_paths[dice.below(projects)]).unwrap();
    }
    fs::write(folder.join("queries"), queries).unwrap();
    inventory.len()
}

fn yaml_inventory(groups: &[String], projects: &[String]) -> String {
    let mut text = "gitlab: {version: \"18.4\", tier: premium, instance_authorization: true}\ngroups:\n".to_owned();
    for (number, path) in groups.iter().enumerate() {
        writeln!(text, "  - {{path: {path}, id: {}}}", number + 1).unwrap();
    }
    text.push_str("projects:\n");
    for (number, path) in projects.iter().enumerate() {
        write!(
            text,
            "  - path: {path}\n    id: {}\n    default_branch: main\n    protected_branches: [main, release/*]\n    \
             environments: [production, {{name: staging, tier: staging}}]\n",
            number + 1
        )
        .unwrap();
    }
    text
}

fn json_inventory(groups: &[String], projects: &[String]) -> String {
    let groups: Vec<_> =
        groups.iter().enumerate().map(|(number, path)| serde_json::json!({"path": path, "id": number + 1})).collect();
    let projects = projects.iter().enumerate().map(|(number, path)| {
        serde_json::json!({
            "path": path, "id": number + 1, "default_branch": "main", "protected_branches": ["main", "release/*"],
            "environments": ["production", {"name": "staging", "tier": "staging"}],
        })
    });
    let gitlab = serde_json::json!({"version": "18.4", "tier": "premium", "instance_authorization": true});
    let inventory = serde_json::json!({"gitlab": gitlab, "groups": groups, "projects": projects.collect::<Vec<_>>()});
    serde_json::to_string_pretty(&inventory).unwrap()
}

fn agent_file(dice: &mut Dice, groups: &[String], projects: &[String]) -> String {
    const TERMS: [&str; 5] = [
        "",
        "      environments: [production, \"review/*\"]\n",
        "      environments: [\"prod*\"]\n      protected_branches_only: true\n",
        "      access_as: {ci_job: {}}\n",
        "      default_namespace: apps\n      access_as: {impersonate: {username: deployer, groups: [deployers]}}\n",
    ];
    let mut text = "ci_access:\n".to_owned();
    for (key, paths) in [("projects", projects), ("groups", groups)] {
        writeln!(text, "  {key}:").unwrap();
        for _ in 0..ENTRIES / 2 {
            write!(text, "    - id: {}\n{}", paths[dice.below(paths.len())], TERMS[dice.below(TERMS.len())]).unwrap();
        }
    }
    text
}

/// An agent's file after reading, without the document.
struct Loaded {
    source: Source,
    access: Option<CiAccess>,
    home: String,
}

fn load_agent(path: &Path) -> Loaded {
    let source = Source::from_bytes(path.to_string_lossy(), fs::read(path).unwrap());
    let home = source.text().lines().next().unwrap().trim_start_matches("# ").to_owned();
    let config = AgentConfig::read(&source, NEWEST);
    assert_eq!(config.refused_at(), None);
    Loaded { source, access: config.ci_access, home }
}

fn load_inventory(folder: &Path) -> (Inventory, Duration) {
    let start = Instant::now();
    let source = Source::from_bytes("inventory.yaml", fs::read(folder.join("inventory.yaml")).unwrap());
    let loaded = inventory::read(&source);
    assert!(loaded.problems.is_empty(), "{:?}", loaded.problems.first());
    (loaded.inventory, start.elapsed())
}

fn load_agents(folder: &Path) -> (Vec<Loaded>, Duration) {
    let start = Instant::now();
    let mut paths: Vec<_> = fs::read_dir(folder.join("agents")).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    (paths.par_iter().map(|path| load_agent(path)).collect(), start.elapsed())
}

fn measure(folder: &Path) {
    let start = Instant::now();
    let ((inventory, inventory_time), (agents, agents_time)) =
        rayon::join(|| load_inventory(folder), || load_agents(folder));
    let loaded = start.elapsed();
    let names: Vec<String> = (0..agents.len()).map(|number| format!("agent-{number}")).collect();
    let files = agents.iter().zip(&names).map(|(agent, name)| AgentFile {
        project: Some(&agent.home),
        name,
        path: agent.source.path(),
        source: Some(&agent.source),
        ci_access: agent.access.as_ref(),
        user_access: None,
        refused: None,
    });
    let world = World { inventory: Some(&inventory), files: files.collect(), settings: Settings::of(&inventory) };
    let index = world.authorize();
    let authorized = start.elapsed();
    let rows = answer(&index, folder);
    let answered = start.elapsed();
    println!(
        "         load {loaded:.2?} (inventory {inventory_time:.2?}, agents {agents_time:.2?}), authorize {:.2?}, \
         {QUERIES} queries as JSON {:.2?} ({rows} rows): {answered:.2?} in all, {:.2} s of processor, {} MB",
        authorized - loaded,
        answered - authorized,
        processor(),
        peak()
    );
    let start = Instant::now();
    let (grants, covered) = granted(&index);
    println!(
        "         all grants {:.2?}: {grants} entries, {covered} grants of a project, {} MB",
        start.elapsed(),
        peak()
    );
}

fn answer(index: &Index<'_>, folder: &Path) -> usize {
    let queries = fs::read_to_string(folder.join("queries")).unwrap();
    let lines: Vec<&str> = queries.lines().collect();
    let rows = lines.par_iter().map(|line| {
        let (project, environment) = line.split_once('\t').unwrap();
        let environment = Some(environment).filter(|environment| !environment.is_empty());
        let query = Query::new(project, environment, Some(project.len() % 2 == 0));
        let answer = index.query(&query);
        assert!(rows::answer(index, &answer).to_string().starts_with("{\"query\""));
        answer.allowed.len() + answer.denied.len()
    });
    rows.sum()
}

fn granted(index: &Index<'_>) -> (usize, u64) {
    let agents: Vec<_> = index.agent_ids().map(|(id, _)| id).collect();
    let of_agent = agents.par_iter().map(|&agent| {
        let granted = index.agent_grants(agent);
        let written = json::agent_grants(index, &granted, 100).to_string();
        assert!(!written.is_empty());
        let grants = granted.cases.iter().flat_map(|case| &case.grants);
        let counts = grants.map(|grant| match &grant.effect {
            Effect::Decides(reach) | Effect::Depends(_, reach) => u64::from(reach.count().unwrap_or_default()),
            Effect::Dropped(_) => 0,
        });
        let counts: Vec<u64> = counts.collect();
        (counts.len(), counts.iter().sum())
    });
    of_agent.reduce(|| (0, 0), |one, other| (one.0 + other.0, one.1 + other.1))
}

/// Seconds of processor that this process has used, on all cores, which others on the machine hardly change; 0 where the
/// system does not say.
fn processor() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    // User and system time, in hundredths of a second on every Linux that matters.
    let ticks = |field: usize| fields.get(field).and_then(|field| field.parse::<f64>().ok()).unwrap_or_default();
    (ticks(11) + ticks(12)) / 100.0
}

/// The most memory that this process has had, in megabytes; 0 where the system does not say.
fn peak() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<usize>().ok()).unwrap_or_default() / 1_000
}
