//! An inventory: the reading that builds no tree against the one that does, and access worked out by what it says.

use kaslint::access::{Query, Settings, World};
use kaslint::inventory::{self, Inventory};
use kaslint::source::Source;

/// Both ways of reading give the same, and places of problems lie on the text.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let loaded = inventory::read(&Source::new("inventory.yaml", &*text));
    let problems = |loaded: &inventory::Loaded, before: usize| -> Vec<String> {
        let told = |problem: &inventory::Problem| {
            let span = problem.span;
            format!("{:?} {:?}", span.start.checked_sub(before), problem.message())
        };
        loaded.problems.iter().map(told).collect()
    };
    for problem in &loaded.problems {
        let span = problem.span;
        assert!(text.get(span.start..span.end).is_some(), "{span:?}");
    }
    // An anchor that nothing refers to changes nothing, and what has one is read by building a tree.
    const ANCHOR: &str = "--- &anchor\n";
    let is_plain = loaded.problems.is_empty() && text.starts_with(|first: char| first.is_ascii_lowercase());
    if is_plain {
        let anchored = inventory::read(&Source::new("inventory.yaml", format!("{ANCHOR}{text}")));
        assert_eq!(problems(&loaded, 0), problems(&anchored, ANCHOR.len()));
        assert_eq!(told(&loaded.inventory), told(&anchored.inventory));
    }
    if loaded.problems.is_empty() {
        let inventory = &loaded.inventory;
        let world = World { inventory: Some(inventory), files: Vec::new(), settings: Settings::of(inventory) };
        let index = world.authorize();
        for project in inventory.projects().iter().take(8) {
            for protected in [None, Some(true)] {
                let answer = index.query(&Query::new(&project.path, Some("production"), protected));
                // An agent without a file lets its own project in, and no other.
                let is_own = |agent| index.agent(agent).project == Some(&*project.path);
                assert!(answer.allowed.iter().all(|row| is_own(row.agent)), "an agent lets {} in", project.path);
            }
        }
    }
}

/// What an inventory says, without places.
fn told(inventory: &Inventory) -> Vec<String> {
    let project = |project: &inventory::Project| {
        let agents: Option<Vec<_>> =
            project.agents.as_ref().map(|agents| agents.iter().map(|agent| (&agent.name, agent.id)).collect());
        format!(
            "{:?}",
            (
                (&project.path, project.id, project.namespace, &project.default_branch, agents),
                (&project.protected_branches, &project.protected_tags, &project.environments, project.archived),
                &project.repository
            )
        )
    };
    inventory.projects().iter().map(project).collect()
}
