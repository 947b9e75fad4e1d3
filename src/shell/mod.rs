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
mod follow;
#[cfg(test)]
mod laws;
mod library;
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
use std::sync::Arc;

pub use action::{Action, ActionKind, Argument, ClusterCommand, Contact, Item, Lookup, Section, Tool};
pub use flow::HomeKubeconfig;
pub use library::{Library, NotRead, Repository, RepositoryFile};
pub use state::{InForce, Why};

use crate::source::Source;

use parse::Program;
use text::{Frame, FramePlace, Joined};
use walk::Walker;

/// What the scripts of a job do.
#[derive(Clone, Debug, Default)]
pub struct Script {
    /// In the order of a run. The body of a function appears at each of its calls.
    pub actions: Vec<Action>,
    /// Items of which some part is no shell that can be read, e.g. PowerShell; in order, each once.
    pub not_understood: Vec<usize>,
    /// The files of the repository that it runs, in the order of their first run.
    pub files: Vec<ScriptFile>,
    /// What it runs and was not read.
    pub not_read: Vec<NotReadHere>,
    /// The section of each item.
    sections: Vec<Section>,
    /// What has happened before each action.
    standings: Vec<flow::FlowState>,
    /// What the script puts together itself.
    made: flow::Made,
}

/// A file of the repository that a script runs.
#[derive(Clone, Debug)]
pub struct ScriptFile {
    /// Its path from the top of the repository.
    pub path: String,
    /// Its text.
    pub source: Arc<Source>,
}

/// Something that a script runs and was not read.
#[derive(Clone, Debug)]
pub struct NotReadHere {
    /// Its name as written.
    pub name: String,
    /// The item that runs it, or that runs the file that does.
    pub item: usize,
    /// The file that names it; `None` for the item.
    pub file: Option<usize>,
    /// Where it is named, in bytes of the file's or the item's text.
    pub range: Range<usize>,
    /// Why it was not read.
    pub why: NotRead,
}

/// Reads the items of a job's `before_script`, `script` and `after_script`, and nothing that they run.
#[must_use]
pub fn read(items: &[Item<'_>], lookup: &dyn Lookup) -> Script {
    read_with(items, lookup, &Library::empty())
}

/// The same with what they run of the repository's files.
#[must_use]
pub fn read_with(items: &[Item<'_>], lookup: &dyn Lookup, library: &Library<'_>) -> Script {
    Shells::of(items).read(lookup, library)
}

/// The items of a job, parsed: what they do with one value of a variable or another can be read from it.
pub struct Shells {
    sections: Vec<Section>,
    /// `before_script` and `script` share one shell.
    shells: [Shell; 2],
}

/// What one shell runs.
struct Shell {
    joined: Joined,
    program: Option<(Rc<Frame>, Program)>,
}

impl Shells {
    /// Parses the items of a job's `before_script`, `script` and `after_script`.
    #[must_use]
    pub fn of(items: &[Item<'_>]) -> Self {
        let shell = |is_after: bool| {
            let is_here = |number: &usize| items[*number].section.is_after() == is_after;
            let numbers: Vec<usize> = (0..items.len()).filter(is_here).collect();
            let joined = Joined::new(items, &numbers);
            let frame = || Rc::new(Frame::new(&*joined.text, FramePlace::At(0)));
            let program = parse::parse(&joined.text).map(|program| (frame(), program));
            Shell { joined, program }
        };
        Self { sections: items.iter().map(|item| item.section).collect(), shells: [shell(false), shell(true)] }
    }

    /// Reads what they do.
    #[must_use]
    pub fn read(&self, lookup: &dyn Lookup, library: &Library<'_>) -> Script {
        let mut script = Script { sections: self.sections.clone(), ..Script::default() };
        let mut forks = 0;
        for shell in &self.shells {
            forks = read_shell(shell, (lookup, library), forks, &mut script);
        }
        script.standings = flow::standings(&script.actions, &script.sections);
        script.made = flow::Made::of(&script.actions, &script.sections);
        script.not_understood.sort_unstable();
        script.not_understood.dedup();
        script
    }
}

impl Section {
    fn is_after(self) -> bool {
        self == Self::AfterScript
    }
}

/// Reads what one shell runs. Places where scripts branch are counted on from `forks`.
fn read_shell(
    Shell { joined, program }: &Shell,
    (lookup, library): (&dyn Lookup, &Library<'_>),
    forks: u32,
    script: &mut Script,
) -> u32 {
    let mut walker = Walker::new(lookup, library, joined.len(), forks);
    match program {
        Some((frame, program)) => walker.program(frame, program),
        // What is no shell as a whole may be so item by item.
        None => joined.each(|text, start| walker.text(text, FramePlace::At(start))),
    }
    walker.uncalled_functions();
    let Walker { found, following, not_understood, forks, .. } = walker;
    let first_file = script.files.len();
    // An item's number, a file's number, and what a range is there.
    let locate = |range: &Range<usize>, top: &Range<usize>| match following.file_at(range.start) {
        Some(file) => (joined.locate(top).0, Some(first_file + file), following.within(file, range)),
        None => {
            let (item, range) = joined.locate(range);
            (item, None, range)
        }
    };
    for found in found {
        let (item, file, range) = locate(&found.range, &found.top);
        let within = |range: &Range<usize>| match file {
            Some(file) => following.within(file - first_file, range),
            None => joined.locate(range).1,
        };
        let mut kind = found.kind;
        kind.each_range(&mut |range| *range = within(range));
        let (command, certain) = (within(&found.command), found.path.is_empty());
        script.actions.push(Action { item, file, range, command, certain, kind, path: found.path });
    }
    for found in &following.not_read {
        let (item, file, range) = locate(&found.range, &found.top);
        script.not_read.push(NotReadHere { name: found.name.clone(), item, file, range, why: found.why });
    }
    for (range, top) in &not_understood {
        script.not_understood.push(locate(range, top).0);
    }
    let files = following.files.into_iter();
    script.files.extend(files.map(|file| ScriptFile { path: file.path, source: file.source }));
    forks
}
