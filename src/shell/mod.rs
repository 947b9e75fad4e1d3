//! What the shell scripts of a CI/CD job do with Kubernetes contexts.
//!
//! [`read`] walks the scripts as their shell would, as far as that can be told without running them, and lists what bears on
//! contexts: [`Action`]s in order. [`Script::in_force`] then says which context a command works with. What is not seen or not
//! understood is an unknown and no guess. Whether the contexts exist is for others to say.

mod action;
mod commands;
mod env;
mod expand;
mod flow;
#[cfg(test)]
mod laws;
mod parse;
mod simple;
#[cfg(test)]
mod slow;
mod state;
#[cfg(test)]
mod tests;
mod text;
mod walk;
mod words;

use std::ops::Range;
use std::rc::Rc;

pub use action::{Action, ActionKind, Argument, ClusterCommand, Contact, Item, Lookup, Section, Tool};
pub use flow::HomeKubeconfig;
pub use state::{InForce, Why};

use text::{Frame, FramePlace, Joined};
use walk::Walker;

/// What the scripts of a job do.
#[derive(Clone, Debug, Default)]
pub struct Script {
    /// In the order of a run. The body of a function appears at each of its calls.
    pub actions: Vec<Action>,
    /// Items of which some part is no shell that can be read, e.g. PowerShell; in order, each once.
    pub not_understood: Vec<usize>,
    /// The section of each item.
    sections: Vec<Section>,
    /// What has happened before each action.
    standings: Vec<flow::FlowState>,
    /// What the script puts together itself.
    made: flow::Made,
}

/// Reads the items of a job's `before_script`, `script` and `after_script`.
#[must_use]
pub fn read(items: &[Item<'_>], lookup: &dyn Lookup) -> Script {
    let sections: Vec<Section> = items.iter().map(|item| item.section).collect();
    let mut script = Script { sections, ..Script::default() };
    let mut forks = 0;
    // `before_script` and `script` share one shell.
    for is_after in [false, true] {
        let is_here = |number: &usize| items[*number].section.is_after() == is_after;
        let numbers: Vec<usize> = (0..items.len()).filter(is_here).collect();
        forks = read_shell(items, &numbers, lookup, forks, &mut script);
    }
    script.standings = flow::standings(&script.actions, &script.sections);
    script.made = flow::Made::of(&script.actions, &script.sections);
    script.not_understood.sort_unstable();
    script.not_understood.dedup();
    script
}

impl Section {
    fn is_after(self) -> bool {
        self == Self::AfterScript
    }
}

/// Reads the items that one shell runs. Places where scripts branch are counted on from `forks`.
fn read_shell(items: &[Item<'_>], numbers: &[usize], lookup: &dyn Lookup, forks: u32, script: &mut Script) -> u32 {
    let joined = Joined::new(items, numbers);
    let mut walker = Walker::new(lookup, forks);
    match parse::parse(&joined.text) {
        Some(program) => {
            let frame = Rc::new(Frame::new(joined.text.clone(), FramePlace::At(0)));
            walker.program(&frame, &program);
        }
        // What is no shell as a whole may be so item by item.
        None => joined.each(|text, start| walker.text(text, FramePlace::At(start))),
    }
    walker.uncalled_functions();
    for found in walker.found {
        let (item, range) = joined.locate(&found.range);
        let mut kind = found.kind;
        kind.each_range(&mut |range| *range = joined.locate(range).1);
        let command = joined.locate(&found.command).1;
        script.actions.push(Action { item, range, command, certain: found.path.is_empty(), kind, path: found.path });
    }
    script.not_understood.extend(walker.not_understood.iter().map(|range: &Range<usize>| joined.locate(range).0));
    walker.forks
}
