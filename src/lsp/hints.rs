//! What each entry of a file comes to, at the end of its line: for inlay hints and code lenses.

use super::entries;
use super::world::World;
use crate::source::Span;

/// The entries of an agent's file within a part of it, each with what it comes to.
pub(super) fn of_entries(world: &World, (project, input): (usize, usize), part: Span) -> Vec<(Span, String)> {
    world.look(|facts| {
        let file = facts.files.get(project).and_then(|files| files.get(input)?.as_ref());
        let Some((file, known)) = file.zip(facts.projects.get(project)) else { return Vec::new() };
        let Some(index) = facts.workspace.index(known, project) else { return Vec::new() };
        let Some(agent) = entries::agent_of(index, file.source.path()) else { return Vec::new() };
        let picture = index.picture(agent);
        // Of a file that is refused nothing is in force, and the diagnostics say so.
        if picture.refused.is_some() || index.agent(agent).unregistered().is_some() {
            return Vec::new();
        }
        let inventory = known.context.inventory.as_deref();
        let mut hints = Vec::new();
        for (entry, _) in index.entry_standings(agent) {
            if entry.head.start < part.start || entry.head.start > part.end {
                continue;
            }
            let effects = entries::effects(&picture, entry, inventory);
            if !effects.is_empty() {
                hints.push((entry.head, effects.join("; ")));
            }
        }
        hints
    })
}
