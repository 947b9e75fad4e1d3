//! Small worlds with the answers that a model written apart from this one gives: `fixtures/access/NN`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use kaslint::access::jobs::Admissions;
use kaslint::access::{AgentFile, Answer, Index, Query, Settings, World};
use kaslint::access_report::json::rows as json;
use kaslint::agent_config::AgentConfig;
use kaslint::inventory;
use kaslint::source::Source;
use serde_json::Value as Json;

/// A file of an agent with what says whose it is.
struct File {
    project: String,
    name: String,
    source: Source,
}

fn read(path: &Path) -> Source {
    Source::from_bytes(path.to_string_lossy(), fs::read(path).unwrap())
}

/// The agents' files below `projects/`.
fn files(root: &Path) -> Vec<File> {
    let mut files = Vec::new();
    let mut folders = vec![root.join("projects")];
    while let Some(folder) = folders.pop() {
        let agents = folder.join(".gitlab/agents");
        if agents.is_dir() {
            let project = folder.strip_prefix(root.join("projects")).unwrap().to_str().unwrap().to_owned();
            for agent in fs::read_dir(agents).unwrap().map(Result::unwrap) {
                let name = agent.file_name().into_string().unwrap();
                let source = read(&agent.path().join("config.yaml"));
                files.push(File { project: project.clone(), name, source });
            }
        }
        let below = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
        folders.extend(below.filter(|path| path.is_dir() && !path.ends_with(".gitlab")));
    }
    files
}

fn lines(path: &Path) -> Vec<Json> {
    fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// An answer in the form of `expected.jsonl`.
fn summary(index: &Index<'_>, answer: &Answer<'_, '_>) -> Json {
    let line = json::answer(index, answer);
    let rows = line["allowed"].as_array().unwrap().iter().map(|row| {
        serde_json::json!({
            "context": row["context"],
            "kind": row["entry"]["kind"],
            "id": row["entry"]["id"],
            "mode": row["identity"]["mode"],
            "namespace": row["namespace"],
        })
    });
    serde_json::json!({ "query": line["query"], "allowed": rows.collect::<Vec<_>>() })
}

fn check(root: &Path) -> usize {
    let source = read(&root.join("inventory.yaml"));
    let loaded = inventory::read(&source);
    assert!(loaded.problems.is_empty(), "{}: {:?}", root.display(), loaded.problems);
    let files = files(root);
    let version = loaded.inventory.instance().version.unwrap();
    let configs: Vec<AgentConfig> = files.iter().map(|file| AgentConfig::read(&file.source, version)).collect();
    let world = World {
        inventory: Some(&loaded.inventory),
        files: files
            .iter()
            .zip(&configs)
            .map(|(file, config)| AgentFile::new(Some(&file.project), &file.name, &file.source, config))
            .collect(),
        settings: Settings::of(&loaded.inventory),
    };
    let index = world.authorize();
    let expected = lines(&root.join("expected.jsonl"));
    for expected in &expected {
        let query = &expected["query"];
        let project = query["project"].as_str().unwrap();
        let query = Query::new(project, query["environment"].as_str(), query["protected"].as_bool());
        let answer = index.query(&query);
        assert_eq!(summary(&index, &answer), *expected, "{}", root.display());
        let rows = || answer.allowed.iter().chain(&answer.denied);
        assert!(rows().all(|row| row.conditions.is_empty()), "everything is known: {}", root.display());
    }
    check_who(&index, &loaded.inventory, &expected);
    expected.len()
}

/// Who reaches an agent is what the answer for each project says, with each environment and on each kind of ref.
fn check_who(index: &Index<'_>, inventory: &inventory::Inventory, expected: &[Json]) {
    let environments: BTreeSet<Option<&str>> =
        expected.iter().map(|expected| expected["query"]["environment"].as_str()).collect();
    for (id, _) in index.agent_ids() {
        for &environment in &environments {
            let mut who = BTreeSet::new();
            for project in Admissions::new(index, &[], environment).of(id) {
                assert!(project.list.iter().all(|admission| admission.job.is_none() && !project.could_have));
                // Without an environment only entries without patterns let in.
                let asked =
                    project.list.iter().filter(|admission| environment.is_some() || admission.environments.is_none());
                for admission in asked {
                    let refs = [(true, admission.on_protected), (false, admission.on_others)];
                    let path = project.project.as_deref().expect("a project of the inventory").to_owned();
                    who.extend(refs.into_iter().filter(|(_, is_let_in)| *is_let_in).map(|(protected, _)| {
                        (path.clone(), protected, admission.by.route(), format!("{:?}", admission.identity))
                    }));
                }
            }
            let mut each = BTreeSet::new();
            for project in inventory.projects() {
                for protected in [true, false] {
                    let answer = index.query(&Query::new(&project.path, environment, Some(protected)));
                    each.extend(answer.allowed.iter().filter(|row| row.agent == id).map(|row| {
                        let identity = format!("{:?}", answer.identity(row, index.agent(id)));
                        (project.path.to_string(), protected, row.winner.and_then(|winner| winner.route()), identity)
                    }));
                }
            }
            assert_eq!(who, each, "{} {environment:?}", index.agent(id).context());
        }
    }
}

/// How many worlds there are, and queries in them, all of which agree.
fn check_all(folder: &str) -> (usize, usize) {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(folder);
    let mut worlds: Vec<PathBuf> = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    worlds.sort();
    (worlds.len(), worlds.iter().map(|world| check(world)).sum())
}

#[test]
fn every_world_agrees_on_every_query() {
    let (worlds, queries) = check_all("access");
    assert!(worlds >= 40 && queries >= 2690, "{worlds} worlds, {queries} queries");
}

#[test]
fn worlds_of_19_5_agree_where_patterns_are_compared_with_the_whole_name() {
    let (worlds, queries) = check_all("access-19");
    assert!(worlds >= 25 && queries >= 1_430, "{worlds} worlds, {queries} queries");
}
