//! What each entry of a file comes to, at the end of its line: for inlay hints and code lenses.

use super::documents::Document;
use super::entries;
use super::options::EditorOptions;
use super::session::Session;
use super::world::{Role, World};
use crate::source::Span;

/// What is shown of an entry.
pub(super) struct Hint {
    /// Where its id stands, or what stands for it.
    pub place: Span,
    /// `4/5 · agent`
    pub short: String,
    /// The same in a sentence.
    pub whole: String,
}

/// The hints of an agent's file that is open, within a part of it, where the settings ask for them.
pub(super) fn shown(
    session: &mut Session,
    document: &Document,
    is_on: fn(&EditorOptions) -> bool,
    part: Span,
) -> Vec<Hint> {
    session.catch_up();
    let role = session.world.role(document).filter(|_| is_on(session.world.options_for(&document.path)));
    match role {
        Some(Role::Agent(project, input)) => of_entries(&session.world, (project, input), part),
        _ => Vec::new(),
    }
}

/// The entries of an agent's file within a part of it, each with what it comes to.
fn of_entries(world: &World, (project, input): (usize, usize), part: Span) -> Vec<Hint> {
    world.show(|facts| {
        let file = facts.files.get(project).and_then(|files| files.get(input)?.as_ref());
        let Some((file, known)) = file.zip(facts.subjects.get(project).map(|subject| &*subject.project)) else {
            return Vec::new();
        };
        let Some(index) = facts.index(project) else { return Vec::new() };
        let Some(agent) = entries::agent_of(index, file.source.path()) else { return Vec::new() };
        let granted = index.agent_grants(agent);
        // Of a file that is refused nothing is in force, and the diagnostics say so.
        if granted.refused.is_some() || !index.agent(agent).is_registered {
            return Vec::new();
        }
        let inventory = known.context.inventory.as_deref();
        let mut hints = Vec::new();
        for (entry, _) in index.entry_authorizations(agent) {
            if entry.head.start < part.start || entry.head.start > part.end {
                continue;
            }
            if let Some(short) = entries::hint(&granted, entry, inventory) {
                let whole = entries::effects(&granted, entry, inventory).join("; ");
                hints.push(Hint { place: entry.head, short, whole });
            }
        }
        hints
    })
}
